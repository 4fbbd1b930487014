"""A comparison as a run: one entry where the two are not equal."""

from typing import Final

from halfpixel.checking.comparing.result import Answer, Comparison
from halfpixel.checking.comparing.words import instead_lines, verdict_line
from halfpixel.report.machine.entry import Entry, Run
from halfpixel.rule import Severity

SEVERITIES: Final[dict[Answer, Severity]] = {
    "equal": "note", "different": "error", "open": "warning",
}  # fmt: skip


def run_of(found: Comparison) -> Run:
    """Return what a comparison came to."""
    file, node = _place(found)
    text = verdict_line(found)
    entries: tuple[Entry, ...] = ()
    if not found.equal:
        told = "; ".join(instead_lines(found))
        exact = found.instead is not None and found.instead.equal
        op = "" if found.b.site is None else found.b.called
        calls = found.b.text, found.a.text
        fix = ("unsafe" if exact else "", told)
        severity = SEVERITIES[found.verdict]
        entries = (Entry(file, severity, found.verdict, text, node, op, calls=calls, fix=fix),)
    return Run("compare", entries, ((file, node),), f"{found.b.text}: {text}")


def _place(found: Comparison) -> tuple[str, str]:
    """Return the file of the second, and the node; the call, and what is called, of a call."""
    side = found.b
    if side.site is None:
        return side.text, side.called
    return side.subject.removesuffix(f":{side.site.path}"), side.site.path
