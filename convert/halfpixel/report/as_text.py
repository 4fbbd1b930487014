"""A report for people: file, node, the PyTorch call it is, what is off, what to do."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from halfpixel.checking.result import FileReport, Report, SiteFinding
from halfpixel.printable import printable, printable_line
from halfpixel.report.closing import closing, many
from halfpixel.report.notes import KNOWN, nodes, shown
from halfpixel.rule import SEVERITIES, Severity
from halfpixel.site import Site
from halfpixel.surroundings import Shape

Part = tuple[str, str]
"""A piece of text and its style, in rich's words; an empty style is plain."""

Line = tuple[Part, ...]

VERDICTS: Final = {
    "native": "native",
    "fallback": "left to the CPU",
    "refused": "refused",
    "different": "computed differently",
}
"""What a target makes of a site, for people."""

STYLES: Final = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def lines(report: Report, *, statistics: bool = False, least: Severity = "note") -> Iterator[Line]:
    """Yield the report line by line; names in it are as the files have them.

    Args:
        report: what was found.
        statistics: count the findings of each rule.
        least: the mildest severity that is shown; milder ones are counted.
    """
    for file in report.files:
        yield from _file(file, least)
    if statistics:
        yield from _statistics(report)
    yield _plain(closing(report, least))


def plain(line: Line) -> str:
    """Return a line without its styles, printable."""
    return printable_line("".join(text for text, _ in line))


def styled(line: Line) -> Line:
    """Return a line, printable, with its styles; plain where a name reaches over two of them."""
    parts = tuple((printable(text), style) for text, style in line)
    whole = plain(line)
    return parts if "".join(text for text, _ in parts) == whole else _plain(whole)


def _plain(text: str) -> Line:
    return ((text, ""),)


def _file(file: FileReport, least: Severity) -> Iterator[Line]:
    if file.error is not None:
        yield (("error", STYLES["error"]), (f": {file.error}", ""))
        return
    if file.repaired:
        changes = many(len(file.repaired), "change")
        yield _plain(f"{file.path}: repaired before by halfpixel: {changes} recorded")
    told = shown(file, least)
    for _, group in groupby(told.single, key=lambda one: id(one.site)):
        yield from _site(file.path, list(group))
    for alike in told.alike:
        yield (f"{file.path}: ", "bold"), *_finding(alike[0])[1:], (f": {nodes(alike)}", "")
        yield from _fix(alike[0])
        yield _plain("")
    for fault in file.faults:
        yield (("error", STYLES["error"]), (f": {fault}", ""))
    for line in file.unjudged:
        yield (("error", STYLES["error"]), (f": {line}", ""))


def _site(path: str, located: Sequence[SiteFinding]) -> Iterator[Line]:
    site = located[0].site
    operation = site.operation
    shapes = f"{_shape(operation.input_shape)} -> {_shape(operation.output_shape)}"
    kind = f" ({site.op}, {operation.version}) {shapes}"
    yield ((f"{path}: {site.path}", "bold"), (kind, ""))
    yield _plain(f"  is     {operation.claim or operation.problem or 'no single PyTorch call'}")
    if site.intent is not None:
        intent = site.intent
        yield _plain(f"  meant  {intent.text}  [{intent.how}: {intent.origin}]")
    for name in operation.origin.targets:
        yield _plain(f"  on     {name}: {_verdict(site, name)}")
    if site.source:
        text = f": {site.source_text}" if site.source_text else ""
        yield _plain(f"  from   {site.source}{text}")
    for one in located:
        yield _finding(one)
        yield from _fix(one)
    yield _plain("")


def _finding(one: SiteFinding) -> Line:
    finding = one.finding
    said = f" {one.rule.name}: {finding.message} ({KNOWN.get(finding.how, finding.how)})"
    return ("  ", ""), (finding.severity, STYLES[finding.severity]), (said, "")


def _fix(one: SiteFinding) -> Iterator[Line]:
    finding = one.finding
    if finding.fix is not None:
        yield _plain(f"    fix ({finding.fix.safety}): {one.words}")
    elif finding.declined:
        yield _plain(f"    no fix: {finding.declined}")


def _verdict(site: Site, name: str) -> str:
    from halfpixel.targets.target import load_target

    said = load_target(name).says(site.operation)
    return "not known" if said is None else VERDICTS[said.verdict]


def _shape(shape: Shape | None) -> str:
    """Return a shape for people.

    >>> _shape((1, 3, "height", None))
    '1x3xheightx?'
    """
    if shape is None:
        return "?"
    return "x".join("?" if dim is None else str(dim) for dim in shape)


def _statistics(report: Report) -> Iterator[Line]:
    counts = Counter((one.finding.severity, one.rule.name) for one in report.findings)
    for severity in SEVERITIES:
        rows = [(count, name) for (kind, name), count in counts.items() if kind == severity]
        for count, name in sorted(rows, key=lambda row: (-row[0], row[1])):
            yield _plain(f"{count:6d}  {severity:8s} {name}")


def show(
    report: Report, *, colour: bool, statistics: bool = False, least: Severity = "note"
) -> None:
    """Print the report as `lines` has it; rich is loaded only for a terminal."""
    if not colour:
        for line in lines(report, statistics=statistics, least=least):
            print(plain(line))  # noqa: T201 - this is the report
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in lines(report, statistics=statistics, least=least):
        console.print(Text.assemble(*styled(line)))
