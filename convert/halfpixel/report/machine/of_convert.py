"""What `convert` did, as a run: a case a call or site, and what speaks against the file."""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.converting.result import CallSite, Conversion
from halfpixel.report.convert_report import closing
from halfpixel.report.machine.entry import Entry, Run
from halfpixel.report.machine.of_check import finding_entry
from halfpixel.report.machine.of_fix import outcome_entry
from halfpixel.report.machine.of_verify import entries_of


def run_of(found: Conversion) -> Run:
    """Return what came of a conversion."""
    file = found.output or found.source
    looked = tuple((file, _name(place, pair)) for place, pair in enumerate(found.sites, 1))
    return Run("convert", tuple(_entries(found, file)), looked, closing(found))


def _name(place: int, pair: CallSite) -> str:
    if pair.site is not None:
        return pair.site.path
    return f"{place}. {pair.call.text}" if pair.call is not None else f"{place}."


def _entries(found: Conversion, file: str) -> Iterator[Entry]:
    if found.refused:
        yield Entry(file, "error", "refused", found.refused)
    yield from (finding_entry(file, one) for one in found.remaining)
    yield from (Entry(file, "warning", "narrower", line) for line in found.narrower)
    for verification in found.verifications:
        yield from entries_of(verification, file)
    for one in (*found.changes, *found.declined):  # what is left is told above, and fails there
        yield replace(outcome_entry(file, one), fail_on="error")
    yield from (Entry(file, "note", "note", line) for line in found.notes)
