"""What `check` found, for programs, file by file as it comes: formats that need nothing of all."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from halfpixel.checking.result import FileReport
from halfpixel.report.machine.of_check import entries_of
from halfpixel.rule import SEVERITIES, Severity


def streamed(  # noqa: PLR0913 - one keyword an option of the command
    files: Iterable[FileReport],
    form: str,
    fail_on: Callable[[str], Severity],
    least: Severity,
    *,
    statistics: bool = False,
    summary: bool = False,
) -> Iterator[str | bytes]:
    """Yield a report in pieces.

    Args:
        files: what was found in each file.
        form: json, jsonl, csv, concise or parquet.
        fail_on: the mildest severity that makes the exit code 1, of a file.
        least: the mildest severity that people are shown.
        statistics: count the findings of each rule, where the format has a place for it.
        summary: count by producer, opset and rule, likewise.
    """
    coming = iter(files)
    files = chain(list(islice(coming, 1)), coming)  # what stops a run stops it before a word is out
    if form == "json":
        from halfpixel.report.machine.as_json import pieces

        yield from pieces(files, statistics=statistics, summary=summary)
    elif form == "jsonl":
        from halfpixel.report.machine.as_json import lines

        yield from lines(files)
    elif form == "parquet":
        from halfpixel.report.machine.as_parquet import parts

        yield from parts(files)
    else:
        entries = (one for file in files for one in entries_of(file, fail_on(file.path)))
        if form == "csv":
            from halfpixel.report.machine.as_csv import pieces as rows

            yield from rows(entries)
        else:
            from halfpixel.report.machine.as_concise import line

            rank = SEVERITIES.index
            yield from (f"{line(one)}\n" for one in entries if rank(one.severity) <= rank(least))
