"""The report of check, as a reader meets it in a browser."""

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import pytest

import example_models as models
from halfpixel.checking.check import Settings, check_paths
from halfpixel.report.html import check_page, gallery, proof, sections

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    Visitor = Callable[..., Page]

pytestmark = pytest.mark.browser

FILES = [models.MISMATCHES / f"{case}.onnx" for case in ("A1", "A3", "B3b", "B6")] + [
    models.CORPUS / "unet_ac0-t1.12.1-o10.onnx",
    models.CORPUS / "bicubic_x2_ac0-t2.13.0d-o21.onnx",
]


SITES = 7


@lru_cache(maxsize=1)
def html() -> str:
    """Return a report of errors, warnings, notes and sites without any, by several producers."""
    return check_page.dumps(check_paths(FILES, Settings()))


def shown(page: "Page", what: str) -> list[str]:
    """Return the texts of the elements that can be seen, from top to bottom."""
    found = [one for one in page.query_selector_all(what) if one.is_visible()]
    boxes = [(one.bounding_box() or {"y": -1.0})["y"] for one in found]
    order = sorted(range(len(found)), key=lambda place: boxes[place])
    return [found[place].inner_text() for place in order]


def rows(page: "Page") -> list[str]:
    return shown(page, "#site-rows .row")


def test_it_opens_on_the_verdict(visit: "Visitor") -> None:
    page = visit(html())
    heading = page.locator("h1")
    assert "4 errors and 2 warnings in 5 of 6 files" in heading.inner_text()
    box = heading.bounding_box()
    assert box is not None
    assert box["y"] < 200
    assert "4 errors" in page.title()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_every_filter_works(visit: "Visitor", *, script: bool) -> None:
    page = visit(html(), script=script)
    everything = rows(page)
    assert len(everything) == SITES
    page.uncheck("#show-error")
    assert 0 < len(rows(page)) < len(everything)
    assert not any(row.startswith("error") for row in rows(page))
    assert not any(text.startswith("error") for text in shown(page, ".finding > summary"))
    page.check("#show-error")
    page.select_option("#pick-rule", label="scale-or-size")
    assert rows(page)
    assert all("scale-or-size" in row for row in rows(page))
    assert all("scale-or-size" in text for text in shown(page, ".finding > summary"))
    page.select_option("#pick-rule", "")
    page.select_option("#pick-producer", label="pytorch 1.12.1")
    assert all("t1.12.1" in row for row in rows(page))
    page.select_option("#pick-producer", "")
    page.select_option("#pick-file", label=str(FILES[0]))
    (row,) = rows(page)
    assert FILES[0].name in row


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_order_can_be_chosen(visit: "Visitor", *, script: bool) -> None:
    page = visit(html(), script=script)
    names = ["clean", "note", "warning", "error"]
    grave = [row.split("\n")[0].replace("no finding", "clean") for row in rows(page)]
    assert [names.index(one) for one in grave] == sorted(map(names.index, grave), reverse=True)
    page.select_option("#sort", "node")
    nodes = [row.split("\n")[1] for row in rows(page)]
    assert nodes == sorted(nodes, key=lambda name: name.replace("_7", "_07").lower())


def test_a_heading_sorts_and_says_so(visit: "Visitor") -> None:
    page = visit(html())
    head = page.locator('.row.head [role="columnheader"]').nth(1)
    button = head.locator("button")
    button.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    nodes = page.locator("#site-rows .row .node")  # what is not on the screen has no inner text
    first = nodes.all_text_contents()
    button.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert nodes.all_text_contents()[0] == first[-1]
    assert rows(page)[0].split("\n")[1] in first[-1]


def test_search_finds_words_in_any_order(visit: "Visitor") -> None:
    page = visit(html())
    page.fill("#search", "A3.onnx UPSAMPLE")
    (row,) = rows(page)
    assert "A3.onnx" in row
    assert page.locator("#matches").inner_text() == f"1 of {SITES} sites shown"
    assert len(shown(page, ".finding > summary")) == 1
    page.fill("#search", "")
    assert len(rows(page)) == SITES


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_link_to_a_finding_opens_it(visit: "Visitor", *, script: bool) -> None:
    page = visit(html(), script=script)
    last = page.locator(".finding").last
    anchor = last.locator(".inside").get_attribute("id")
    assert last.get_attribute("open") is None
    page = visit(html(), at=f"#{anchor}", script=script)
    target = page.locator(f"#{anchor} .message")
    assert target.is_visible()
    box = target.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900
    assert check_page.dumps(check_paths(FILES, Settings())).count(f'id="{anchor}"') == 1


def test_it_is_worked_by_keys_alone(visit: "Visitor") -> None:
    page = visit(html())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    for wanted in ("search", "show-error", "pick-rule", "pick-producer", "pick-file", "sort"):
        assert wanted in seen
    assert {"A", "BUTTON", "SUMMARY"} <= set(seen)
    summary = page.locator(".finding:not([open]) > summary").first
    name = summary.inner_text()
    summary.press("Enter")
    assert name in page.locator(".finding[open] > summary").all_inner_texts()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_narrow_screen_never_scrolls_sideways(visit: "Visitor", *, script: bool) -> None:
    page = visit(
        html().replace('<details class="finding"', '<details open class="finding"'),
        width=390,
        script=script,
    )
    assert page.locator("figure svg.picture:visible").count() > 4
    wide = page.locator("html").evaluate("root => root.scrollWidth")
    assert wide <= 390


def test_a_section_has_what_a_finding_rests_on(visit: "Visitor") -> None:
    page = visit(html())
    page.fill("#search", "A3.onnx scale-or-size")
    assert page.locator(".finding:visible").count() == 1
    section = page.locator(".finding:visible").first
    text = section.text_content() or ""  # what is out of sight has no inner text
    for wanted in (
        'F.interpolate(x, scale_factor=0.5, mode="bilinear", align_corners=False, antialias=True)',
        "recorded: the exporter's record",
        "samples up to 5/6 ≈ 0.833 input pixels apart",
        "set scales 1, 1, 0.5, 0.5",
        "+  input 2: y_halfpixel_scales",
        "input of the model",
        "output of the model",
        "take it as it is",
    ):
        assert wanted in text, text
    assert page.locator(".finding:visible svg.picture").first.is_visible()


def test_a_printed_page_has_every_finding(visit: "Visitor") -> None:
    page = visit(html())
    page.emulate_media(media="print")
    assert not page.locator("form.filters").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#playground-picture svg").is_visible()
    assert page.locator(".finding:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".finding:not([open])").count() > 0


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["wide", "dark"])
def test_axe_finds_nothing(visit: "Visitor", *, dark: bool, width: int) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python is not installed here"
    )
    page = visit(html(), dark=dark, width=width)
    for summary in page.locator("details:not([open]) > summary").all():
        if summary.is_visible():
            summary.click()
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    told = [
        (one["id"], one["nodes"][0]["html"], one["nodes"][0]["failureSummary"])
        for one in found["violations"]
    ]
    assert told == []
    assert len(found["passes"]) > 20


def test_a_page_of_500_sites_is_small(visit: "Visitor", tmp_path: Path) -> None:
    path = tmp_path / "many.onnx"
    onnx.save(many_sites(500), path)
    text = check_page.dumps(check_paths([path], Settings()))
    assert len(text.encode()) < 5_000_000
    page = visit(text)
    assert page.locator("#site-rows .row").count() == 500
    assert page.locator(".finding").count() >= 500
    assert (
        page.locator("symbol").count()
        == len(set(re.findall('href="#(picture-[0-9a-z]+)"', text)))
        < 20
    )
    assert page.locator(".finding[open] svg.picture").first.is_visible()
    assert page.locator("use").count() == 3  # what is not looked at is not made
    page.locator(".finding:not([open]) > summary").first.click()
    page.wait_for_function("document.querySelectorAll('use').length === 4")


def many_sites(count: int) -> onnx.ModelProto:
    """Return resizes of one image, as an exporter of old wrote them: each has a finding."""
    kinds: list[dict[str, models.Attribute]] = [
        {"coordinate_transformation_mode": "asymmetric"},
        {"mode": "cubic", "coordinate_transformation_mode": "asymmetric"},
    ]
    factors = [(2.0, 2.0), (3.0, 3.0), (4.0, 2.0)]
    nodes: list[onnx.NodeProto] = []
    for i in range(count):
        node = models.resize("x", f"y{i}", f"decoder.block{i}.up", kinds[i % 2])
        node.input[2] = f"scales{i % 3}"
        nodes.append(node)
    nodes[0].output[0] = "y"
    constants = [models.scales(1, 1, *two, name=f"scales{i}") for i, two in enumerate(factors)]
    made = models.model(nodes, (1, 3, 16, 24), constants, opset=13)
    made.producer_name, made.producer_version = "pytorch", "1.12.1"
    return made


def test_what_is_not_recorded_is_not_said_to_be_meant(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    wrong = {"coordinate_transformation_mode": "asymmetric"}
    onnx.save(models.model([models.resize(attributes=wrong)]), path)
    text = check_page.dumps(check_paths([path], Settings()))
    assert "not recorded in the file" in text
    assert "Its samples and weights beside the fix:" in text


def test_pictures_beyond_what_a_page_holds_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "MOST", 60_000)
    text = check_page.dumps(check_paths(FILES, Settings()))
    assert "pictures had no room here" in text
    assert 0 < text.count("<symbol") < text.count('<details class="finding"')


def test_findings_beyond_what_a_page_holds_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "MOST", 2)
    text = check_page.dumps(check_paths(FILES, Settings()))
    count = len(check_paths(FILES, Settings()).findings)
    assert f"{count - 2} more findings have no section here" in text
    assert text.count('<details class="finding"') == 2
    notes = check_paths(FILES, Settings()).count("note")
    assert f"<b>{notes}</b> note" in text


def test_of_many_files_a_script_chooses(visit: "Visitor", tmp_path: Path) -> None:
    data = (models.MISMATCHES / "A3.onnx").read_bytes()
    paths = [tmp_path / f"copy{place}.onnx" for place in range(62)]
    for path in paths:
        path.write_bytes(data)
    text = check_page.dumps(check_paths(paths, Settings()))
    page = visit(text)
    page.select_option("#pick-file", label=str(paths[61]))
    (row,) = rows(page)
    assert "copy61.onnx" in row
    assert page.locator("#matches").inner_text() == "1 of 62 sites shown"
    assert not visit(text, script=False).locator("#pick-file").is_visible()


def test_what_float32_parts_is_told_as_that() -> None:
    """The exact weights of a tie agree, and runtimes read other pixels."""
    report = check_paths([models.MISMATCHES / "C2.onnx"], Settings())
    axes = [axis for one in report.findings for axis in proof.axes_of(one)]
    simulated = [axis for axis in axes if axis.rests == proof.PROOFS["simulated"]]
    assert simulated
    assert all(axis.words == "different" and axis.lengths for axis in simulated)
