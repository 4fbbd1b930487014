"""What `fix` did, as a run: what is left, what was declined, what changed."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from halfpixel.fixing.result import FixResult
from halfpixel.format import Outcome
from halfpixel.report.fix_report import closing
from halfpixel.report.machine.entry import Entry, Run
from halfpixel.report.machine.of_check import finding_entry


def run_of(results: Sequence[tuple[FixResult, str]], *, changes_fail: bool = False) -> Run:
    """Return what became of files, each with where it was written.

    Args:
        results: what became of them; a finding that is left makes the exit code 1.
        changes_fail: so does a change.
    """
    entries = tuple(entry for result, _ in results for entry in _file(result, changes_fail))
    looked = tuple(
        (result.path, site.path)
        for result, _ in results
        if result.report is not None
        for site in result.report.sites
    )
    return Run("fix", entries, looked, closing(results))


def _file(result: FixResult, changes_fail: bool) -> Iterator[Entry]:  # noqa: FBT001 - as above
    if result.error is not None:
        yield Entry(result.path, "error", "unreadable", result.error, failed=True)
    for fault in result.faults:
        yield Entry(result.path, "error", "defect", fault, failed=True)
    report = result.report
    if report is not None:
        for line in report.unjudged:
            yield Entry(result.path, "error", "unjudged", line, failed=True)
        yield from (finding_entry(result.path, one, "note") for one in report.findings)
    for one in result.declined:
        if one.why.startswith("--lower"):
            yield outcome_entry(result.path, one)
    for one in result.changes:
        entry = outcome_entry(result.path, one)
        yield replace(entry, fail_on="note") if changes_fail else entry


def outcome_entry(path: str, one: Outcome) -> Entry:
    """Return what became of a change as an entry: a note where it was made."""
    node = f"{one.graph}/{one.node}" if one.graph else one.node
    if one.reason:
        message = f"declined: {one.reason}"
        return Entry(path, "warning", one.why, message, node, one.op, graph=one.graph)
    message = f"fixed ({one.safety}): {one.text}"
    return Entry(path, "note", one.why, message, node, one.op, graph=one.graph)
