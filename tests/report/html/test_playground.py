"""The playground: two calls of any framework beside each other, computed in the page."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import example_models as models
from halfpixel.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    Visitor = Callable[..., Page]

HALF = "F.interpolate(x, scale_factor=2, mode='bilinear')"
CORNERS = "F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=True)"
RULE = "asymmetric-linear"
SMOOTH = '[["PyTorch F.interpolate",{"antialias":"True"}],["OpenCV",{}]]'


@lru_cache(maxsize=4)
def explained(*subjects: str) -> str:
    """Return the page of an explanation."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        done = CliRunner().invoke(cli, ["explain", *subjects, "--html", str(path)])
        assert done.exit_code == 0, done.output
        assert done.output.endswith(f"page: {path}\n")
        return path.read_text(encoding="utf-8")


def began(page: "Page") -> "Page":
    """Scroll to the playground, and wait until it has computed."""
    page.locator("#playground").scroll_into_view_if_needed()
    page.wait_for_selector("#playground-verdict p")
    return page


def pick(page: "Page", side: int, **options: str) -> None:
    for name, value in options.items():
        page.select_option(f"#play-{side}-{name}", value)


def said(page: "Page") -> str:
    return page.locator("#playground-verdict").inner_text()


@pytest.mark.browser
def test_two_calls_are_held_against_each_other(visit: "Visitor") -> None:
    page = began(visit(explained(HALF, CORNERS)))
    assert (
        "They part at output sample 1 of 4 to 8: the first reads at 1/4 = 0.25, the second at"
        in (said(page))
    )
    assert "up to 5/28 ≈ 0.1786 input pixels apart" in said(page)
    cells = page.locator("#playground-table tbody tr").nth(1).locator("td").all_inner_texts()
    assert cells == ["1", "1/4 = 0.25", "0: 3/4, 1: 1/4", "3/7 ≈ 0.4286", "0: 4/7, 1: 3/7"]
    assert page.locator("#playground-table tr.parted").count() == 6
    others = page.locator("#playground-others").inner_text()
    assert "coordinate_transformation_mode=half_pixel, sizes=sizes" in others
    assert 'tf.image.resize(x, size, method="bilinear")' in others
    assert page.locator("#playground-picture svg circle.first").count() == 8
    assert page.locator("figure svg.picture").is_visible()


@pytest.mark.browser
def test_options_and_lengths_are_chosen(visit: "Visitor") -> None:
    page = began(visit(explained(RULE)))
    assert page.locator("#play-0-framework").input_value() == "PyTorch F.interpolate"
    pick(page, 1, framework="ONNX Resize-19")
    pick(page, 1, mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    assert said(page).startswith("Both compute the same at 4 to 8.")
    assert "The smallest lengths at which they part: 2 to 1." in said(page)
    pick(page, 1, coordinate_transformation_mode="half_pixel")
    page.fill("#playground-in", "7")
    page.fill("#playground-out", "3")
    page.press("#playground-out", "Tab")
    assert said(page).startswith("Both compute the same at 7 to 3.")
    assert page.locator("#playground-table tbody tr").count() == 3
    pick(page, 0, mode="nearest")
    assert page.locator("#play-0-align_corners").count() == 0
    assert "They part at output sample" in said(page)


@pytest.mark.browser
def test_a_factor_is_its_own_step(visit: "Visitor") -> None:
    page = began(visit(explained(RULE)))
    page.check("#playground-by-scale")
    page.fill("#playground-scale", "3/2")
    page.fill("#playground-in", "5")
    page.press("#playground-in", "Tab")
    assert page.locator("#playground-out").input_value() == "7"
    assert "scale_factor=3/2" in page.locator("#playground-first").inner_text()
    first = page.locator("#playground-table tbody tr").nth(0).locator("td").all_inner_texts()
    assert first[1].startswith("-1/6")
    pick(page, 1, framework="OpenCV")
    second = page.locator("#playground-second")
    assert "fx=3/2, fy=3/2" in second.inner_text()
    assert "It gives another output length." in second.inner_text()  # it rounds 7.5 to 8


@pytest.mark.browser
def test_it_begins_at_a_node_of_a_model(visit: "Visitor") -> None:
    page = began(visit(explained(str(models.MISMATCHES / "A3.onnx"))))
    assert page.locator("#playground-in").input_value() == "7"  # the finding is about axis 3
    assert page.locator("#playground-out").input_value() == "3"
    first = page.locator("#playground-first code").inner_text()
    assert first == (
        'F.interpolate(x, size=(2, 3), mode="bilinear", align_corners=False, antialias=True)'
    )
    assert "scale_factor=0.5" in page.locator("#playground-second code").inner_text()
    assert "They part at output sample" in said(page)


@pytest.mark.browser
def test_it_is_there_though_nobody_scrolls(visit: "Visitor") -> None:
    """A screenshot of the whole page, and a printer, see it."""
    page = visit(explained(str(models.MISMATCHES / "A3.onnx")))
    page.wait_for_selector("#playground-verdict p", state="attached")
    assert page.evaluate("scrollY") == 0
    page.emulate_media(media="print")
    assert page.locator("#playground-picture svg").is_visible()
    assert page.locator("#playground-table table").is_visible()
    assert not page.locator("#playground-in").is_visible()


@pytest.mark.browser
def test_a_printer_does_not_wait(visit: "Visitor") -> None:
    page = visit(explained(HALF, CORNERS))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#playground-verdict p").count() > 0


@pytest.mark.browser
@pytest.mark.parametrize("typed", ["0", "-3", "2.5", "65", "", "1e1"])
def test_a_length_that_is_none_is_said(visit: "Visitor", typed: str) -> None:
    page = began(visit(explained(RULE)))
    page.fill("#playground-in", typed)
    page.press("#playground-in", "Tab")
    told = page.locator("#playground-in-says")
    assert told.inner_text() == "Expected a whole number from 1 to 64."
    assert page.locator("#playground-in").get_attribute("aria-invalid") == "true"
    assert page.locator("#playground-in").input_value() == typed
    for part in ("verdict", "picture", "table", "others"):
        assert page.locator(f"#playground-{part}").inner_html() == ""
    page.fill("#playground-in", "7")
    page.press("#playground-in", "Tab")
    assert told.inner_text() == ""
    assert "of 7 to 8" in said(page)


@pytest.mark.browser
def test_a_factor_that_is_none_is_said(visit: "Visitor") -> None:
    page = began(visit(explained(RULE)))
    page.check("#playground-by-scale")
    told = page.locator("#playground-scale-says")
    for typed, message in [
        ("two", "Expected a factor from 1/64 to 64, such as 2, 1.5 or 4/3."),
        ("-1", "Expected a factor from 1/64 to 64, such as 2, 1.5 or 4/3."),
        ("0.1", "Length 4 by this factor is none from 1 to 64."),
    ]:
        page.fill("#playground-scale", typed)
        page.press("#playground-scale", "Tab")
        assert told.inner_text() == message
        assert page.locator("#playground-verdict p").count() == 0
    page.fill("#playground-in", "20")
    page.press("#playground-in", "Tab")
    assert told.inner_text() == ""
    assert "20 to 2" in said(page)
    page.fill("#playground-scale", "x")
    page.press("#playground-scale", "Tab")
    page.check("#playground-by-size")
    assert page.locator("#playground-verdict p").count() > 0


@pytest.mark.browser
def test_the_closest_call_is_told_in_a_sentence(visit: "Visitor") -> None:
    page = began(visit(explained(RULE)))
    pick(page, 0, mode="bicubic")
    others = page.locator("#playground-others").inner_text()
    assert "None computes the same. The closest is " in others
    assert "it reads at the same places, and a weight differs by up to " in others
    assert "px and" not in others


@pytest.mark.browser
def test_what_scrolls_inside_shows_it(visit: "Visitor") -> None:
    page = began(visit(explained(HALF, CORNERS), width=390))
    for part in ("#playground-table", "#playground-picture"):
        box = page.locator(part)
        page.wait_for_selector(f"{part}.more", state="attached")
        assert box.get_attribute("tabindex") == "0"
        box.evaluate("box => { box.scrollLeft = box.scrollWidth }")
        page.wait_for_selector(f"{part}:not(.more)", state="attached")


@pytest.mark.browser
def test_labels_are_words_or_arguments(visit: "Visitor") -> None:
    page = began(visit(explained(RULE)))
    for label in page.locator("#playground label").all():
        code = label.locator("code").count() > 0
        assert code or label.inner_text().strip()[0].isupper()


@pytest.mark.browser
def test_it_looks_well_and_works_by_keys(visit: "Visitor") -> None:
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python is not installed here"
    )
    page = began(visit(explained(HALF, CORNERS), width=390))
    assert page.locator("html").evaluate("root => root.scrollWidth") <= 390
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    select = page.locator("#play-1-framework")
    select.focus()
    page.keyboard.press("ArrowDown")
    assert select.input_value() != "This page"
    assert page.evaluate("document.activeElement.id") == "play-1-framework"


@pytest.mark.browser
def test_without_a_script_it_says_so(visit: "Visitor") -> None:
    page = visit(explained(HALF, CORNERS), script=False)
    assert "The playground needs JavaScript" in page.locator("#playground").inner_text()
    assert not page.locator(".playground-body").is_visible()
    assert "different at length 4 to 8" in page.locator(".words").inner_text()


@pytest.mark.browser
def test_a_comparison_has_a_link(visit: "Visitor") -> None:
    page = began(visit(explained(RULE)))
    pick(page, 1, framework="ONNX Resize-19")
    pick(page, 1, mode="cubic", cubic_coeff_a="-0.5")
    page.fill("#playground-in", "9")
    page.press("#playground-in", "Tab")
    told, link = said(page), page.locator("#playground-link").get_attribute("href")
    assert link is not None
    again = visit(explained(RULE), at=link)
    again.wait_for_selector("#playground-verdict p")
    assert said(again) == told
    assert again.locator("#play-1-cubic_coeff_a").input_value() == "-0.5"


@pytest.mark.browser
@pytest.mark.parametrize(
    "link",
    [
        "%",
        "[]",
        '["size",1e9,8,"2",[["PyTorch F.interpolate",{}],["OpenCV",{}]]]',
        f'["scale",4,8,"1/999999999",{SMOOTH}]',
        '["size",4,8,"<b>",[["PyTorch F.interpolate",{}],["OpenCV",{}]]]',
        '["size",4,8,"2",[["x",{}],["<img src=x onerror=alert(1)>",{}]]]',
    ],
)
def test_a_link_says_only_what_can_be_chosen(visit: "Visitor", link: str) -> None:
    page = began(visit(explained(RULE), at=f"#play={link}"))
    assert said(page).startswith("They part at output sample 1 of 4 to 8")


def test_a_call_may_be_longer_than_any_name() -> None:
    text = explained(f"F.interpolate(x, scale_factor=2{' ' * 5000}, mode='bilinear')")
    assert text.count("<symbol") == 1
