"""What `verify` saw, as a run: a case an output, or a site of a model on a provider."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from halfpixel.report import verify_report
from halfpixel.report.layout import plain
from halfpixel.report.machine.entry import Entry, Run
from halfpixel.report.verify_report import divergence_line, pairing_lines, unrun_lines
from halfpixel.verifying.one_model import SiteVerification
from halfpixel.verifying.result import LEFT, Output, Verdict, Verification
from halfpixel.verifying.site_check import SiteResult

if TYPE_CHECKING:
    from halfpixel.rule import Severity


def run_of(found: Verification) -> Run:
    """Return what came of comparing two sides; the second is the file that is judged."""
    looked = tuple((file_of(found.names[1]), one.name) for one in found.outputs)
    entries = _with_verdict(entries_of(found), file_of(found.names[1]), found.verdict)
    return Run("verify", entries, looked, closing(found))


def _with_verdict(entries: Iterable[Entry], file: str, verdict: Verdict) -> tuple[Entry, ...]:
    """Return entries, with the verdict as one of them where it is a failure that none tells."""
    told = tuple(entries)
    if verdict == "equal" or any(one.severity == "error" for one in told):
        return told
    return (*told, Entry(file, "error", verdict.replace(" was ", "-"), verdict))


def closing(found: Verification) -> str:
    """Return a verification in one line."""
    return f"{' against '.join(found.names)}: {plain(verify_report.closing(found))}"


def file_of(side: str) -> str:
    """Return the file of a side, without the runtime behind it.

    >>> file_of("nets/m.onnx@cpu"), file_of("m.npz")
    ('nets/m.onnx', 'm.npz')
    """
    file, _, runtime = side.rpartition("@")
    return side if not file or "/" in runtime else file


def entries_of(found: Verification, file: str = "") -> Iterator[Entry]:
    """Yield what speaks against the sides being equal, and notes.

    Args:
        found: what came of comparing them.
        file: what is judged; the second side unless told.
    """
    file = file or file_of(found.names[1])
    for one in found.outputs:
        if not one.difference.equal and not one.blank:
            yield Entry(file, "error", "output-differs", _apart(one), one.name)
    for case in found.cases:
        if case.refused and not case.equal:
            yield Entry(file, "error", "refused", f"{case.lengths}: {case.refused}")
    first = found.first
    if first is not None:
        yield Entry(file, "error", "divergence", divergence_line(first), first.node, first.op)
    if found.proven:
        yield Entry(file, "error", "convention", found.proven)
    if found.verdict == "nothing was compared":
        yield Entry(file, "error", "nothing-compared", found.verdict)
    yield from _unrun(found, file)
    for line in pairing_lines(found.pairing):
        yield Entry(file, "note", "pairing", line.strip())
    for line in found.optimiser:
        yield Entry(file, "note", "optimiser", line)


def _unrun(found: Verification, file: str) -> Iterator[Entry]:
    """Yield the sites that ran in no case: errors where they decide."""
    for one in found.unrun:
        (line,) = unrun_lines([one])
        severity: Severity = "error" if found.verdict == LEFT and one.suspected else "note"
        yield Entry(file, severity, "never-ran", line, one.node, one.op, graph=one.graph)


def _apart(one: Output) -> str:
    apart = one.difference
    if apart.reason:
        return apart.reason
    return f"off by up to {apart.max_abs:.3g}, {apart.beyond} of {apart.size} beyond the tolerance"


def run_of_sites(side: str, found: SiteVerification) -> Run:
    """Return what every site of a file does on every provider."""
    file = file_of(side)
    entries = [entry for one in found.results for entry in _site(file, one)]
    entries += [Entry(file, "note", "optimiser", line) for line in found.optimiser]
    severity: Severity = "error" if found.refused else "note"
    entries += [Entry(file, severity, "whole-model", note) for note in found.notes]
    looked = tuple((file, _place(one)) for one in found.results)
    told = plain(verify_report.site_closing(found))
    spoken = _with_verdict(entries, file, found.verdict)
    return Run("verify", spoken, looked, f"{file}: {told}")


def _place(one: SiteResult) -> str:
    lengths = "x".join(map(str, one.shape))
    return f"{one.site.path} on {one.provider or one.where}, {lengths}"


def _site(file: str, one: SiteResult) -> Iterator[Entry]:
    worst = one.worst
    place, op = _place(one), one.site.op
    if one.exact is None:
        severity: Severity = "error" if one.refused_by_runtime else "note"
        yield Entry(file, severity, "not-run", one.refused, place, op, graph=one.site.graph)
    elif not one.agrees and worst is not None:
        message = worst.reason or f"off by up to {worst.max_abs:.3g}"
        yield Entry(file, "error", "site-differs", message, place, op, graph=one.site.graph)
