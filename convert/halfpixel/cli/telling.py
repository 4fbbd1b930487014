"""What a check found, told: as text while files are judged, or in a format for programs."""

from typing import TYPE_CHECKING, Final, Protocol

from halfpixel.checking.result import Report
from halfpixel.cli.console import say
from halfpixel.cli.output import PARQUET, Page, write_report, write_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from halfpixel.checking.result import FileReport
    from halfpixel.cli.judging import Judging

WHOLE: Final = frozenset({"json", "jsonl", "sarif", "html", PARQUET})
"""Formats that have every finding, whatever people are shown."""

STREAMED: Final = frozenset({"json", "jsonl", "csv", "concise", PARQUET})
"""Formats that are written while files are judged."""

COUNTED: Final = {"--statistics": ("text", "json"), "--summary": ("text", "json", "markdown")}
"""Formats that have a place for an option."""


class Shown(Protocol):
    """The options that say how a check is told."""

    @property
    def output_format(self) -> str:
        """The format."""
        ...

    @property
    def output(self) -> str | None:
        """The file that it goes to."""
        ...

    @property
    def sarif(self) -> str | None:
        """The file that it goes to as SARIF, too."""
        ...

    @property
    def color(self) -> str:
        """When there are colours."""
        ...

    @property
    def quiet(self) -> bool:
        """What is wrong is told alone."""
        ...

    @property
    def verbose(self) -> bool:
        """Every site is told."""
        ...

    @property
    def statistics(self) -> bool:
        """The findings of each rule are counted."""
        ...

    @property
    def summary(self) -> bool:
        """Files are counted by producer, opset and rule."""
        ...

    @property
    def expect(self) -> tuple[str, ...]:
        """What is meant."""
        ...

    @property
    def select(self) -> tuple[str, ...]:
        """Rules to ask."""
        ...

    @property
    def ignore(self) -> tuple[str, ...]:
        """Rules to leave out."""
        ...

    @property
    def max_work(self) -> int:
        """Steps that a file may take."""
        ...


def tell(options: Shown, judging: "Judging") -> None:
    """Judge files, and tell of each as it comes where the format lets that.

    Raises:
        UsageError: a setting is wrong.
    """
    form = options.output_format
    kept: list[FileReport] = []
    if form == "text":
        _text(options, judging, kept)
    elif form == PARQUET or (form in STREAMED and not options.expect and options.sarif is None):
        _stream(options, judging, kept)
    else:
        report = judging.report()
        judging.check_expected()
        kept += report.files
        told = report if form in WHOLE else judging.all_shown(report)
        write_report(_document(told, form, options, judging), options.output)
    for option, asked in (("--statistics", options.statistics), ("--summary", options.summary)):
        places = COUNTED[option]
        if asked and form not in places:
            said = f"{', '.join(places[:-1])} and {places[-1]}"
            say(f"{option}: {form} has no place for it, {said} do", err=True)
    if options.sarif is not None:
        write_report(_document(Report(tuple(kept)), "sarif", options, judging), options.sarif)


def _text(options: Shown, judging: "Judging", kept: "list[FileReport]") -> None:
    """Tell the files on a page, in the order in which they are judged."""
    from halfpixel.report.as_text import Text

    page = Page(options.output, options.color)
    text = Text(len(judging.files), judging.least, verbose=options.verbose, quiet=options.quiet)
    for file in judging.each(in_order=options.sarif is not None):
        if options.sarif is not None:
            kept.append(file)
        if lines := [*text.file(judging.shown(file))]:
            with judging.aside():
                page.tell(lines)
    judging.check_expected()
    if judging.summary is not None:
        page.tell(judging.summary.lines(page.width))
    partial = bool(options.select or options.ignore) or judging.partial
    page.tell(text.end(statistics=options.statistics, partial=partial))
    page.close()


def _stream(options: Shown, judging: "Judging", kept: "list[FileReport]") -> None:
    """Write the files as they come, in their order."""
    from halfpixel.report.streaming import streamed

    def files() -> "Iterator[FileReport]":
        for file in judging.each():
            if options.sarif is not None:
                kept.append(file)
            yield file if options.output_format in WHOLE else judging.shown(file)
        judging.check_expected()

    pieces = streamed(
        files(), options.output_format, judging.fail_on, judging.least,
        statistics=options.statistics, summary=options.summary,
    )  # fmt: skip
    write_stream(pieces, options.output)


def _document(report: Report, form: str, options: Shown, judging: "Judging") -> str:
    """Return a report in a format for programs, or as a page."""
    if form in STREAMED:
        from halfpixel.report.streaming import streamed

        pieces = streamed(
            report.files, form, judging.fail_on, judging.least,
            statistics=options.statistics, summary=options.summary,
        )  # fmt: skip
        return "".join(piece for piece in pieces if isinstance(piece, str))
    if form == "sarif":
        from halfpixel.report.machine.as_sarif import dumps as sarif

        return sarif(report)
    if form == "html":
        from halfpixel.report.html import check_page

        return check_page.dumps(report, judging.least, options.max_work)
    from halfpixel.report.machine.of_check import run_of
    from halfpixel.report.machine.write import written

    text = written(run_of(report, judging.least, judging.fail_on), form)
    if form == "markdown" and judging.summary is not None:
        from halfpixel.report.machine.as_markdown import tables

        return f"{text}\n\n{tables(judging.summary)}"
    return text
