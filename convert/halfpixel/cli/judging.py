"""The files of a check, one after the other: each by what is settled for it, without what is known.

What is settled is a configuration's; what is known is in a baseline, or suppressed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from halfpixel.address import Location, location
from halfpixel.checking.check import Judge
from halfpixel.checking.result import FileReport, Report
from halfpixel.cli.console import say
from halfpixel.cli.output import Page
from halfpixel.cli.progress import progress
from halfpixel.rule import SEVERITIES, Severity, chosen_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from halfpixel.report.layout import Line
    from halfpixel.settings.baseline import Baseline
    from halfpixel.settings.configuration import Configuration

SLOW: Final = 20
"""Files from which on a terminal is shown progress."""


class Judging:
    """The files of a check, and what is settled for each.

    Attributes:
        files: the files, in order.
        least: the mildest severity that is shown of any of them.
    """

    def __init__(
        self,
        files: Sequence[Location],
        configuration: "Configuration",
        nothing: "Mapping[str, str] | None" = None,
        *,
        piped: bool = False,
    ) -> None:
        """Settle what each file is checked by.

        Args:
            files: the files.
            configuration: what is settled for them.
            nothing: what is to be said of paths at which no model is.
            piped: the only one comes by standard input.

        Raises:
            UsageError: a configuration file says what it may not.
        """
        self.files = files
        self._configuration = configuration
        self._nothing = nothing or {}
        self._piped = piped
        self._baselines: dict[str, Baseline] = {}
        least: set[Severity] = {configuration.of(path).check.shown for path in files}
        mildest: list[Severity] = [severity for severity in SEVERITIES if severity in least]
        self.least: Severity = mildest[-1] if mildest else "warning"

    def report(
        self,
        page: Page | None = None,
        lines: "Callable[[FileReport], Iterable[Line]] | None" = None,
        *,
        known: bool = True,
    ) -> Report:
        """Judge the files, and tell of each as it comes.

        Args:
            page: where lines are told.
            lines: what is told of a file that was judged.
            known: what a baseline knows is left out.

        Raises:
            UsageError: a rule or a target that there is not, or a baseline that cannot be read.
        """
        judges: dict[int, Judge] = {}
        found = [FileReport(path, error=error) for path, error in self._nothing.items()]
        if page is not None and lines is not None:
            for file in found:
                page.tell(lines(file))
        with progress() if len(self.files) >= SLOW else nullcontext() as told:
            for path in self.files:
                if told is not None:
                    told(path.name, len(found) - len(self._nothing), len(self.files))
                settings = self._configuration.of(path).check
                if id(settings) not in judges:
                    judges[id(settings)] = Judge(settings)
                file = self._judged(judges[id(settings)], path)
                found.append(self._new(file) if known else file)
                if page is not None and lines is not None and (shown := [*lines(found[-1])]):
                    with nullcontext() if told is None else told.aside():
                        page.tell(shown)
        return Report(tuple(found))

    def _judged(self, judge: Judge, path: Location) -> FileReport:
        if self._piped:
            from halfpixel.cli.standard_input import check_input

            return check_input(judge, path)
        return judge.file(path, str(path))

    def _new(self, file: FileReport) -> FileReport:
        """Return a report without the findings that are known."""
        settled = self._configuration.of(location(file.path))
        path, check = settled.baseline, settled.check
        if path is None:
            return file
        if path not in self._baselines:
            from halfpixel.settings.baseline import Baseline

            self._baselines[path] = Baseline(path)
        if not check.select and not check.ignore:
            return self._baselines[path].new(file)
        asked = {rule.name for rule in chosen_rules(check.select, check.ignore)}
        return self._baselines[path].new(file, asked)

    def shown(self, file: FileReport) -> FileReport:
        """Return a report without what is milder than is shown of it, where others show more."""
        rank = SEVERITIES.index
        least = self._configuration.of(location(file.path)).check.shown
        if least == self.least:
            return file
        found = (one for one in file.findings if rank(one.finding.severity) <= rank(least))
        return replace(file, findings=tuple(found))

    def all_shown(self, report: Report) -> Report:
        """Return `shown` of every file."""
        return Report(tuple(map(self.shown, report.files)))

    def partial(self, report: Report) -> bool:
        """Whether something is left out: rules by a configuration, findings that are known."""
        settled = [self._configuration.of(path).check for path in self.files]
        left_out = any(one.select or one.ignore or one.ignored for one in settled)
        known = any(one.known for one in self._baselines.values())
        return left_out or known or any(file.suppressed for file in report.files)

    def fail_on(self, path: str) -> Severity:
        """Return the mildest severity that makes the exit code 1, of a file."""
        return self._configuration.of(location(path)).fail_on

    def fails(self, report: Report) -> bool:
        """Whether there is a finding that makes the exit code 1, or a size that is another."""
        rank = SEVERITIES.index
        return any(file.mismatched for file in report.files) or any(
            rank(one.finding.severity) <= rank(self.fail_on(file.path))
            for file in report.files
            for one in file.findings
        )

    def notices(self, report: Report, paths: Sequence[str]) -> Iterator[str]:
        """Yield what is to be said of suppressions, baselines, and patterns without a match.

        Args:
            report: what was found.
            paths: what was named on the command line.
        """
        quiet = not self._baselines
        quiet &= not any(file.suppressed or file.notices for file in report.files)
        if quiet and not any(self._configuration.of(path).files for path in self.files):
            return  # nothing was settled anywhere, and nothing is loaded to say so
        from halfpixel.cli.covering import Covering
        from halfpixel.settings.notices import notices

        covering = Covering(paths, self.files, self._configuration)
        yield from notices(report, self._configuration, self._baselines, covering)

    def written_baseline(self, report: Report, path: str) -> str:
        """Write what is found as a baseline; return the line that says so."""
        from halfpixel.settings.baseline import write_baseline

        write_baseline(report.files, path)
        count, notes = len(report.findings), report.count("note")
        told = f"{count} finding{'' if count == 1 else 's'} written to {path}"
        return f"{told}, {notes} of them {'a note' if notes == 1 else 'notes'}" if notes else told


class Fixing(Protocol):
    """The options of a check that fixes first."""

    @property
    def unsafe_fixes(self) -> bool:
        """Fixes that rest on an assumption are made too."""
        ...

    @property
    def in_place(self) -> bool:
        """The models' own files are replaced."""
        ...

    @property
    def force(self) -> bool:
        """What is there is replaced."""
        ...


def fixed_first(
    files: Sequence[Location], configuration: "Configuration", options: Fixing
) -> tuple[list[Location], int, bool]:
    """Fix files before they are checked.

    Returns:
        What is checked, how many changes were made, and whether one failed.
    """
    from halfpixel.cli.destination import Destination, fixed
    from halfpixel.fixing.result import FixSettings
    from halfpixel.report.fix_report import lines

    def asked(path: Location) -> FixSettings:
        settings = configuration.of(path).check
        return FixSettings(replace(settings, severity=settings.shown), options.unsafe_fixes)

    where = Destination(in_place=options.in_place, force=options.force)
    where.check_beside(files)
    checked: list[Location] = []
    changes, failed = 0, False
    for result, output in fixed(files, asked, where):
        for line in lines([(result, output)]):
            say(line, err=True)
        checked.append(location(output or result.path))
        configuration.settle_alike(checked[-1], location(result.path))
        changes += 0 if result.there else len(result.changes)
        failed |= result.error is not None or bool(result.faults)
    return checked, changes, failed
