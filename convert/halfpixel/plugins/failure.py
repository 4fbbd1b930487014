"""What a failing test is told: the sites, the numbers, and where their pictures lie."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from halfpixel.checking.check import check, opened
from halfpixel.checking.result import Report, SiteFinding
from halfpixel.errors import HalfpixelError
from halfpixel.printable import printable_lines
from halfpixel.report import verify_report
from halfpixel.report.as_text import lines
from halfpixel.report.layout import plain
from halfpixel.report.pictures import write_picture
from halfpixel.verifying.one_model import SiteVerification
from halfpixel.verifying.result import Verification


def check_failure(report: Report, folder: Path) -> str:
    """Return what is wrong with a model; empty where nothing is.

    Args:
        report: what was found, at the severities that fail.
        folder: where the pictures are written.
    """
    if not report.findings and not report.failed:
        return ""
    text = [plain(line) for line in lines(report)]
    return printable_lines([*text, *_pictures(report.findings, folder)])


def sites_failure(found: SiteVerification) -> str:
    """Return which sites of one model differ from their description; empty where none does."""
    if found.equal:
        return ""
    return printable_lines(map(plain, verify_report.site_lines(found)))


def verify_failure(found: Verification, sides: Sequence[object], folder: Path) -> str:
    """Return how two sides differ; empty where they do not.

    Args:
        found: what came of the comparison.
        sides: the two sides, whose models tell what the divergent node was meant to be.
        folder: where the pictures are written.
    """
    if found.equal:
        return ""
    shown = map(plain, verify_report.lines(found))
    node = found.suspected if found.first is None else found.first.node
    told = [
        line
        for letter, side in zip("ab", sides, strict=True)
        for line in _about(node, side, folder / letter)
    ]
    return printable_lines([*shown, *dict.fromkeys(told)])


def _about(node: str, side: object, folder: Path) -> Iterator[str]:
    """Yield what check says of the node at which two sides part, on one of them."""
    from halfpixel.runtime import parse_side

    model = parse_side(side).source if isinstance(side, str) else side
    try:
        sites = [site for site in opened(model).sites if site.name == node]
        report = check(model) if sites else Report()
    except (HalfpixelError, OSError):  # a PyTorch module, or recorded arrays
        return
    located = [one for one in report.findings if one.site.name == node]
    folder.mkdir()
    for one in located:
        yield f"{one.finding.severity} {one.rule.name}: {one.finding.message}"
    yield from _pictures(located, folder)
    for site in [] if located else sites:
        path = folder / f"{_file_name(site.name)}.svg"
        if write_picture(site, None, path):
            yield f"picture of {site.name}: {path}"


def _pictures(located: Sequence[SiteFinding], folder: Path) -> Iterator[str]:
    """Write a picture of each site, and yield where it lies."""
    for number, (_, group) in enumerate(groupby(located, key=lambda one: id(one.site))):
        one = next(group)
        path = folder / f"{number}-{_file_name(one.site.name)}.svg"
        if write_picture(one.site, one.finding, path):
            yield f"picture of {one.site.name}: {path}"


def _file_name(name: str) -> str:
    """Return a node's name as a file's: short, and not hidden.

    >>> _file_name("/neck/up.0/Resize")
    'neck_up.0_Resize'
    """
    kept = "".join(c if c.isalnum() or c in "-." else "_" for c in name)
    whole = kept.encode()[:80].decode(errors="ignore")
    return whole.strip("._") or "site"
