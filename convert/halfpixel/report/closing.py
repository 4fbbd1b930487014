"""The one line that closes a check: what was looked at, what was found, what a fix would mend."""

from halfpixel.checking.result import Report
from halfpixel.printable import many
from halfpixel.report.tally import Tally
from halfpixel.rule import SEVERITIES, Severity

WELL = "all is as it was meant"


def closing(
    report: Report | Tally, least: Severity = "note", *, partial: bool = False, hides: bool = True
) -> str:
    """Return a check in one line.

    Args:
        report: what was found, or the counts of it.
        least: the mildest severity that is shown; milder ones are counted.
        partial: not every rule was asked, which leaves open whether all is well.
        hides: what is milder is not shown; otherwise it is told somewhere.

    >>> closing(Report())
    '0 sites in 0 files: nothing found'
    """
    tally = report if isinstance(report, Tally) else Tally(report.files)
    shown = least if hides else "note"
    told = [text for severity in SEVERITIES if (text := _found(tally, severity, shown))]
    loud = tally.mismatched or tally.found["error"] or tally.found["warning"]
    if not loud and not tally.failed:
        told.insert(0, _well(tally, partial=partial))
    if tally.mismatched:
        told.append(f"{many(tally.mismatched, 'model')} of another size of image")
    if tally.unread:
        told.append(f"{many(tally.unread, 'file')} not read")
    if tally.unjudged:
        told.append(f"{many(tally.unjudged, 'site')} not judged")
    head = f"{many(tally.sites, 'site')} in {many(tally.files, 'file')}"
    mended = _mended(tally, least)
    said = ", ".join(told) or "nothing found"
    return f"{head}: {said}; {mended}" if mended else f"{head}: {said}"


def _found(tally: Tally, severity: Severity, least: Severity) -> str:
    """Return how many findings of a severity there are, and in how many files."""
    count = tally.found[severity]
    if not count:
        return ""
    if SEVERITIES.index(severity) > SEVERITIES.index(least):
        return f"{many(count, severity)} not shown (--severity {severity})"
    where = f" in {many(tally.files_with[severity], 'file')}" if tally.files > 1 else ""
    return f"{many(count, severity)}{where}"


def _well(tally: Tally, *, partial: bool) -> str:
    """Return what is to be said where nothing above a note was found."""
    if not tally.sites or partial or tally.unknown == tally.sites:
        return "nothing found"
    return f"nothing found, {tally.unknown} of unknown intent" if tally.unknown else WELL


def _mended(tally: Tally, least: Severity) -> str:
    """Return how many of the findings that are shown a fix would mend."""
    shown = SEVERITIES[: SEVERITIES.index(least) + 1]
    safe, unsafe = (sum(tally.fixes[one, kind] for one in shown) for kind in ("safe", "unsafe"))
    if not safe and not unsafe:
        return ""
    said = [str(safe)] if safe else []
    if unsafe:
        said.append(f"{unsafe}{' more' if safe else ''} with --unsafe-fixes")
    return f"halfpixel fix would mend {', '.join(said)}"
