"""What `fix` did, as a run: what is left, what was declined, what changed."""

from collections.abc import Iterator, Sequence

from halfpixel.fixing.result import FixResult
from halfpixel.format import Outcome
from halfpixel.report.fix_report import closing
from halfpixel.report.machine.entry import Entry, Run
from halfpixel.report.machine.of_check import finding_entry


def run_of(results: Sequence[tuple[FixResult, str]]) -> Run:
    """Return what became of files, each with where it was written."""
    entries = tuple(entry for result, _ in results for entry in _file(result))
    looked = tuple(
        (result.path, site.path)
        for result, _ in results
        if result.report is not None
        for site in result.report.sites
    )
    return Run("fix", entries, looked, closing(results))


def _file(result: FixResult) -> Iterator[Entry]:
    if result.error is not None:
        yield Entry(result.path, "error", "unreadable", result.error, failed=True)
    for fault in result.faults:
        yield Entry(result.path, "error", "defect", fault, failed=True)
    report = result.report
    if report is not None:
        for line in report.unjudged:
            yield Entry(result.path, "error", "unjudged", line, failed=True)
        yield from (finding_entry(result.path, one) for one in report.findings)
    for one in result.declined:
        if one.why.startswith("--lower"):
            yield outcome_entry(result.path, one)
    yield from (outcome_entry(result.path, one) for one in result.changes)


def outcome_entry(path: str, one: Outcome) -> Entry:
    """Return what became of a change as an entry: a note where it was made."""
    node = f"{one.graph}/{one.node}" if one.graph else one.node
    if one.reason:
        message = f"declined: {one.reason}"
        return Entry(path, "warning", one.why, message, node, one.op, graph=one.graph)
    message = f"fixed ({one.safety}): {one.text}"
    return Entry(path, "note", one.why, message, node, one.op, graph=one.graph)
