"""A page of a model whose every string is a script: nothing runs, nothing is asked for."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import onnx
import pytest
from msgspec.structs import replace

import example_models as models
from halfpixel.checking.check import Settings, check, check_paths
from halfpixel.checking.result import FileReport, Report, SiteFinding
from halfpixel.origin import Intent
from halfpixel.report.html import check_page
from halfpixel.report.html.page import render
from hostile import files
from hostile.names import UGLY, check_told

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    Visitor = Callable[..., Page]

pytestmark = pytest.mark.browser

SCRIPTS: Final = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=https://example.invalid/a onerror=alert(3)>',
    "' onmouseover='alert(4)' autofocus onfocus='alert(4)",
    "</style><style>@import 'https://example.invalid/b.css';",
    "</title></textarea><svg onload=alert(5)><use href='https://example.invalid/c.svg#d'/>",
    "{{ 7 * 7 }}{% raw %}<iframe srcdoc='<script>parent.alert(6)</script>'>",
    "javascript:alert(7)",
    "--><base href='https://example.invalid/'><link rel=stylesheet href=e>",
    UGLY,
)


def spoiled(texts: Sequence[str]) -> Report:
    """Return a report of errors whose every text is hostile."""
    (file,) = check(models.MISMATCHES / "A3.onnx").files
    return Report(tuple(one for text in texts for one in spoiled_files(file, text)))


def spoiled_files(file: FileReport, text: str) -> tuple[FileReport, FileReport]:
    """Return a file with two findings, and one that cannot be read, of one text throughout."""
    (site,) = file.sites
    operation = replace(
        site.operation,
        op=text,
        torch_call=text,
        torch_where=text,
        input_shape=(1, text, text, text),
        origin=replace(site.operation.origin, intent=Intent("recorded", text, text)),
    )
    named = replace(site, name=text, graph=text, operation=operation, source=text, source_text=text)
    page = f"{text}\n\n## Why it matters\n{text}\n\n- {text}"
    rule = replace(file.findings[0].rule, page=page)
    said = replace(file.findings[0].finding, message=text)
    declined = replace(said, fix=None, declined=text)
    found = [SiteFinding(rule, named, one, text) for one in (said, declined)]
    return (
        FileReport(text, (named,), tuple(found), repaired=(text,), faults=(text,)),
        FileReport(text, error=text),
    )


def read_all(page: "Page") -> str:
    """Open and point at whatever can be, and return what is read then."""
    for summary in page.locator("details:not([open]) > summary").all():
        if summary.is_visible():
            summary.click()
    for place in page.locator(".row, .finding, figure").all():
        if place.is_visible():
            place.hover(force=True)
    page.locator("#playground").scroll_into_view_if_needed()
    page.wait_for_selector("#playground-verdict p")
    page.fill("#search", "alert")
    page.fill("#search", "")
    page.wait_for_timeout(100)
    assert page.evaluate("document.querySelectorAll('iframe,img,base,object,embed').length") == 0
    return page.locator("main").inner_text()


def tags(page: "Page") -> Counter[str]:
    """Return how many elements of each kind a page has."""
    names = page.evaluate("[...document.querySelectorAll('*')].map(one => one.tagName)")
    return Counter(names)


def test_no_text_runs(visit: "Visitor") -> None:
    plain = visit(check_page.dumps(spoiled([f"name {place}" for place in range(len(SCRIPTS))])))
    page = visit(check_page.dumps(spoiled(SCRIPTS)))
    read_all(plain)
    told = read_all(page)
    for text in SCRIPTS[:-1]:
        assert text in told
    check_told(told)
    assert tags(page).keys() <= tags(plain).keys()
    for name in ("SCRIPT", "STYLE", "META", "LINK", "A", "SUMMARY"):
        assert tags(page)[name] == tags(plain)[name]


def test_no_text_is_too_long_for_a_narrow_screen(visit: "Visitor") -> None:
    texts = ["x" * 2000, "\u540d" * 700, "/a.very.long" * 90, SCRIPTS[-1] * 5]
    html = check_page.dumps(spoiled(texts)).replace("<details ", "<details open ")
    page = visit(html, width=390)
    assert page.locator("html").evaluate("root => root.scrollWidth") <= 390


def test_a_model_of_hostile_names_is_read_and_shown(visit: "Visitor", tmp_path: Path) -> None:
    for name, model in (("whole", files.whole()), ("inside", files.inside())):
        onnx.save(model, tmp_path / f"{name}.onnx")
    report = check_paths(sorted(tmp_path.glob("*.onnx")), Settings())
    assert report.findings
    read_all(visit(check_page.dumps(report)))


def test_a_script_that_got_in_would_not_run(chromium: "Browser", tmp_path: Path) -> None:
    from markupsafe import Markup

    run, asked = "<script>document.title = 'forged'</script>", "https://example.invalid/a.png"
    forged = Markup(f"{run}<img src='{asked}' onerror='document.title = 1'>")  # noqa: S704
    values = {"title": "t", "version": forged, "verdict": "v", "mood": "good"}
    path = tmp_path / "report.html"
    path.write_text(render("base.html", values), encoding="utf-8")
    with chromium.new_context() as context:
        page = context.new_page()
        blocked: list[str] = []
        page.on("console", lambda message: blocked.append(message.text))
        page.goto(path.as_uri())
        page.wait_for_timeout(100)
        assert page.title() == "v - t"
    refused = [text for text in blocked if "Content Security Policy" in text]
    assert any("script" in text for text in refused)
    assert any(asked in text for text in refused)
