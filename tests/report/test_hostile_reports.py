"""Every report of findings whose every string is hostile: nothing acts, nothing is forged."""

import csv
import io
import json
import re
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace
from tinyhtml5.parser import HTMLParser

import example_models as models
from halfpixel.checking.check import check
from halfpixel.checking.result import FileReport, Report, SiteFinding
from halfpixel.fixing.result import FixResult
from halfpixel.format import Outcome
from halfpixel.origin import Intent
from halfpixel.plugins.failure import check_failure
from halfpixel.printable import printable_line
from halfpixel.report import as_text, fix_report
from halfpixel.report.html import check_page
from halfpixel.report.layout import broken, plain
from halfpixel.report.machine import as_github, as_json, as_sarif
from halfpixel.report.machine.of_check import run_of
from halfpixel.report.machine.write import written
from halfpixel.report.pictures import picture_of_finding, picture_of_signal
from halfpixel.report.pictures.site import picture_of_site
from halfpixel.rule import Finding
from halfpixel.sampling import Linear, Sampling
from halfpixel.site import Site
from hostile.names import FORBIDDEN, NAMES, UGLY, check_tame, check_told

FOUND = check(models.MISMATCHES / "A3.onnx")


def hostile_site(site: Site, name: str, other: str) -> Site:
    """Return a site whose every text is hostile."""
    operation = site.operation
    origin = replace(operation.origin, intent=Intent("recorded", name, other))
    operation = replace(
        operation,
        op=name,
        torch_call=None,
        problem=other,
        attributes={name: other},
        input_shape=(1, name, *(operation.input_shape or ())[2:]),
        origin=origin,
    )
    line = f"{other}:{name}" if len(name) % 2 else f"{other}:12"
    return replace(site, name=name, graph=other, operation=operation, source=line, source_text=name)


def hostile_report(name: str, other: str) -> Report:
    (file,) = FOUND.files
    sites = tuple(hostile_site(site, name, other) for site in file.sites)
    told = dict(zip(map(id, file.sites), sites, strict=True))
    located = [
        SiteFinding(
            one.rule,
            told[id(one.site)],
            replace(one.finding, message=name),
            f"set mode={other}",
        )
        for one in file.findings
    ]
    none = replace(located[0], finding=Finding(other, "note", "proven", declined=name))
    return Report(
        (
            FileReport(name or "m", sites, (*located, none), repaired=(other,)),
            FileReport(other or "m", error=name),
        )
    )


def test_the_example_has_what_is_spoiled() -> None:
    assert FOUND.findings
    assert any(one.words for one in FOUND.findings)
    (one,) = FOUND.sites
    assert picture_of_finding(one)


@settings(deadline=None)
@given(NAMES, NAMES)
def test_the_text_is_tame(name: str, other: str) -> None:
    report = hostile_report(name, other)
    check_tame("\n".join(map(plain, as_text.lines(report, statistics=True))))
    check_tame(str(report))
    check_tame("\n".join(map(str, report.findings)))


@settings(deadline=None)
@given(NAMES, NAMES)
def test_a_coloured_text_is_as_tame(name: str, other: str) -> None:
    for width in (20, 80, None):
        for line in as_text.lines(hostile_report(name, other)):
            for text in broken(line, width, colour=True):
                check_tame(re.sub("\x1b\\[[0-9]*m", "", text))


@settings(deadline=None)
@given(NAMES, NAMES)
def test_workflow_commands_are_ours(name: str, other: str) -> None:
    lines = list(as_github.lines(run_of(hostile_report(name, other))))
    check_tame("\n".join(lines), commands=True)
    assert len(lines) == len(FOUND.findings) + 2


@settings(deadline=None)
@given(NAMES, NAMES)
def test_sarif_and_json_hold_the_names_as_they_are(name: str, other: str) -> None:
    report = hostile_report(name, other)
    text = as_sarif.dumps(report)
    check_tame(text)
    assert text.isascii()
    (run,) = json.loads(text)["runs"]
    where = {one["name"] for one in run["logicalLocations"]}
    assert where == {name, other or "main graph"}
    failed = run["invocations"][0]["toolExecutionNotifications"]
    for message in [one["message"]["text"] for one in [*run["results"], *failed]]:
        check_tame(message)
        assert "](" not in message.replace("\\](", "")
    plain = as_json.dumps(report)
    check_tame(plain)
    assert plain.isascii()
    (first, second) = json.loads(plain)["files"]
    assert {site["node"] for site in first["sites"]} == {name}
    assert second["error"] == name


@settings(deadline=None)
@given(NAMES, NAMES)
def test_tables_and_xml_hold_no_more_than_the_report(name: str, other: str) -> None:
    run, plain_run = (run_of(hostile_report(*names)) for names in ((name, other), ("a", "b")))
    for form in ("concise", "csv", "gitlab", "junit", "markdown"):
        check_tame(written(run, form).replace("\r\n", "\n"))
    tags = [[one.tag for one in ET.fromstring(written(one, "junit")).iter()]  # noqa: S314 - our own
            for one in (run, plain_run)]  # fmt: skip
    assert sorted(tags[0]) == sorted(tags[1]) or name == other
    rows = list(csv.reader(io.StringIO(written(run, "csv"), newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    issues = json.loads(written(run, "gitlab"))
    assert len(issues) == len(rows) - 1
    text = written(run, "markdown")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inner = [one for token in tokens for one in token.children or ()]
    assert not [one for one in inner if one.type in {"link_open", "image"}]
    allowed = {"<br>", "<!-- -->", "<summary>", "</summary>"}
    assert {one.content for one in inner if one.type == "html_inline"} <= allowed


@settings(deadline=None)
@given(NAMES, NAMES)
def test_fixes_and_diffs_are_lines(name: str, other: str) -> None:
    changed = Outcome(
        name, other, name, other, "safe", name, "", (f"{name} = {other}", other), (name,)
    )
    declined = Outcome(name, other, name, other, reason=name)
    result = FixResult(name, changes=(changed,), declined=(declined,), notes=("opset 10 to 11",))
    lines = [*fix_report.lines([(result, other)]), *fix_report.diff(result)]
    check_tame("\n".join(map(printable_line, lines)))
    (file,) = json.loads(fix_report.dumps([(result, other)], diffs=True))["files"]
    check_tame(file["diff"])
    assert file["path"] == file["changes"][0]["node"] == name


@settings(deadline=None)
@given(NAMES, NAMES)
def test_a_picture_is_xml(name: str, other: str) -> None:
    (site,) = FOUND.sites
    found = hostile_site(site, name, other)
    text = picture_of_finding(found, Finding(other, "error", "proven"), file=name)
    assert text is not None
    check_tame(text)
    tags = {one.tag.rpartition("}")[2] for one in ET.fromstring(text).iter()}  # noqa: S314 - our own
    assert tags <= {"svg", "title", "style", "g", "path", "text"}
    names = {key for one in ET.fromstring(text).iter() for key in one.attrib}  # noqa: S314 - our own
    assert names <= {
        "width", "height", "viewBox", "role", "id", "font-family", "font-size", "font-weight",
        "text-anchor", "class", "d", "x", "y", "stroke-width",
    }  # fmt: skip


@settings(deadline=None, max_examples=20)
@given(NAMES, NAMES)
def test_every_text_of_a_picture_is_quoted(name: str, other: str) -> None:
    half = Sampling("half_pixel", Linear())
    site = picture_of_site(
        half, half, lengths=[(2, 4)], title=name, labels=(name, other), calls=(other, name),
        notes=[name, other],
    )  # fmt: skip
    image = picture_of_signal(half, lengths=[(2, 4)] * 2, title=name, labels=(name, other))
    for text in (site, image):
        check_tame(text)
        ET.fromstring(text)  # noqa: S314 - our own


@settings(deadline=None)
@given(st.sampled_from(["up", UGLY]), NAMES)
def test_a_failing_test_is_told_in_lines(name: str, other: str) -> None:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        check_tame(check_failure(hostile_report(name, other), Path(folder)))
        assert all(not file.name.startswith(".") for file in Path(folder).iterdir())


def test_the_rest_of_a_name_is_told() -> None:
    report = hostile_report(UGLY, UGLY)
    check_told("\n".join(map(plain, as_text.lines(report))))
    check_told("\n".join(as_github.lines(run_of(report))))
    check_told(str(report))


@settings(deadline=None, max_examples=30)
@given(NAMES, NAMES)
def test_a_page_is_html_of_the_same_elements(name: str, other: str) -> None:
    pages = [check_page.dumps(hostile_report(*names)) for names in ((name, other), ("a", "b"))]
    tags: list[set[str]] = []
    for text in pages:
        parser = HTMLParser()
        tree = parser.parse(text)
        assert parser.errors == []
        assert tree is not None
        tags.append({str(one.tag) for one in tree.iter()})
    assert tags[0] - tags[1] <= {
        "{http://www.w3.org/1999/xhtml}ul",
        "{http://www.w3.org/1999/xhtml}li",
    }
    for line in re.sub(r"<(style|script)[^>]*>.*?</\1>", "", pages[0], flags=re.DOTALL).split("\n"):
        assert not FORBIDDEN.search(line), ascii(line)
