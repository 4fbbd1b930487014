"""A report for people: file, node, the PyTorch call it is, what is off, what to do."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from halfpixel.check import FileReport, Located, Report
from halfpixel.rule import SEVERITIES
from halfpixel.site import Shape, Site

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def lines(report: Report, *, statistics: bool = False) -> Iterator["str | Text"]:
    """Yield the report line by line; styled where rich is at hand to show it."""
    for file in report.files:
        yield from _file(file)
    if statistics:
        yield from _statistics(report)
    yield _summary(report)


def _file(file: FileReport) -> Iterator["str | Text"]:
    if file.error is not None:
        yield _styled(("error", STYLES["error"]), f": {file.error}")
        return
    for _, group in groupby(file.findings, key=lambda one: id(one.site)):
        yield from _site(file.path, list(group))


def _site(path: str, located: Sequence[Located]) -> Iterator["str | Text"]:
    site = located[0].site
    where = f"{site.graph}/{site.name}" if site.graph else site.name
    head = f" ({site.op}, opset {site.opset}) {_shape(site.input_shape)} -> {_shape(site.output_shape)}"
    yield _styled((f"{path}: ", "bold"), (where, "bold"), head)
    yield f"  is     {site.torch_call or _nameless(site)}"
    if site.intent is not None:
        yield f"  meant  {site.intent.text}  [{site.intent.how}: {site.intent.origin}]"
    if site.source:
        yield f"  from   {site.source}" + (f": {site.source_text}" if site.source_text else "")
    for one in located:
        finding = one.finding
        yield _styled(
            "  ",
            (finding.severity, STYLES[finding.severity]),
            f" {one.rule.name}: {finding.message} ({finding.how})",
        )
        if finding.fix is not None:
            yield f"    fix ({finding.fix.safety}): {finding.fix.advice}"
        elif finding.declined:
            yield f"    no fix: {finding.declined}"
    yield ""


def _nameless(site: Site) -> str:
    return site.operation.problem or "no single PyTorch call"


def _shape(shape: Shape | None) -> str:
    """Return a shape for people.

    >>> _shape((1, 3, "height", None))
    '1x3xheightx?'
    """
    if shape is None:
        return "?"
    return "x".join("?" if dim is None else str(dim) for dim in shape)


def _statistics(report: Report) -> Iterator[str]:
    counts = Counter((one.finding.severity, one.rule.name) for one in report.findings)
    for severity in SEVERITIES:
        rows = [(count, name) for (kind, name), count in counts.items() if kind == severity]
        for count, name in sorted(rows, key=lambda row: (-row[0], row[1])):
            yield f"{count:6d}  {severity:8s} {name}"


def _summary(report: Report) -> str:
    counts = ", ".join(
        f"{report.count(severity)} {severity}{'' if report.count(severity) == 1 else 's'}"
        for severity in SEVERITIES
    )
    files = f"{len(report.files)} file{'' if len(report.files) == 1 else 's'}"
    failed = sum(file.error is not None for file in report.files)
    unread = f", {failed} not read" if failed else ""
    return f"{len(report.sites)} resampling nodes in {files}{unread}: {counts}"


def _styled(*parts: "str | tuple[str, str]") -> "str | Text":
    """Return parts as rich text, or as plain text where rich has not been asked for."""
    import sys

    if "rich.text" not in sys.modules:
        return "".join(part if isinstance(part, str) else part[0] for part in parts)
    from rich.text import Text

    return Text.assemble(*parts)


def show(report: Report, *, colour: bool, statistics: bool = False) -> None:
    """Print the report; rich is loaded only for a terminal."""
    if not colour:
        for line in lines(report, statistics=statistics):
            print(line)  # noqa: T201 - this is the report
        return
    console: Console
    import rich.text  # noqa: F401 - lines() styles once it is there
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for line in lines(report, statistics=statistics):
        console.print(line)
