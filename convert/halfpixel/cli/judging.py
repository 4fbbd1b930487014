"""The files of a check: each by what is settled for it, without what is known.

What is settled is a configuration's; what is known is in a baseline, or suppressed.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from halfpixel.address import Location, location
from halfpixel.checking.check import Judge
from halfpixel.checking.named_nodes import check_expected
from halfpixel.checking.result import FileReport, Report
from halfpixel.cli.console import say
from halfpixel.cli.progress import Told, progress
from halfpixel.report.tally import Tally, without_findings
from halfpixel.rule import SEVERITIES, Severity, chosen_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from halfpixel.cli.many import Many
    from halfpixel.report.summary import Summary
    from halfpixel.settings.baseline import Baseline
    from halfpixel.settings.configuration import Configuration

SLOW: Final = 20
"""Files from which on a terminal is shown progress."""


class Judging:
    """The files of a check, and what is settled for each; only counts are kept of those judged.

    Attributes:
        files: the files, in order.
        least: the mildest severity that is shown of any of them.
        tally: what was found so far.
        summary: the same by producer, opset and rule, where that is asked for.
    """

    def __init__(  # noqa: PLR0913 - one keyword an option of the command
        self,
        files: Sequence[Location],
        configuration: "Configuration",
        nothing: "Mapping[str, str] | None" = None,
        *,
        piped: bool = False,
        many: "Many | None" = None,
        summary: bool = False,
    ) -> None:
        """Settle what each file is checked by.

        Args:
            files: the files.
            configuration: what is settled for them.
            nothing: what is to be said of paths at which no model is.
            piped: the only one comes by standard input.
            many: how they are judged by several processes; None for one after the other, here.
            summary: what is found is counted by producer, opset and rule, too.

        Raises:
            UsageError: a configuration file says what it may not.
        """
        self.files = files
        self._configuration = configuration
        self._nothing = nothing or {}
        self._piped = piped
        self._many = many
        self._baselines: dict[str, Baseline] = {}
        self._told: Told | None = None
        least: set[Severity] = {configuration.of(path).check.shown for path in files}
        mildest: list[Severity] = [severity for severity in SEVERITIES if severity in least]
        self.least: Severity = mildest[-1] if mildest else "warning"
        self.tally = Tally()
        self.summary = _summary() if summary else None
        self._fails = self._suppressed = False
        self._kept: list[FileReport] = []

    def each(self, *, known: bool = True, in_order: bool = True) -> Iterator[FileReport]:
        """Yield what is found in each file, as it is judged.

        Args:
            known: what a baseline knows is left out.
            in_order: the files come in their own order, whatever is judged first.

        Raises:
            UsageError: a rule or a target that there is not, or a baseline that cannot be read.
        """
        for text, error in self._nothing.items():
            yield self._counted(FileReport(text, error=error))
        with progress(rate=True) if len(self.files) >= SLOW else nullcontext() as told:
            self._told = told
            found = self._here() if self._many is None else self._many.reports(in_order=in_order)
            for done, (path, file) in enumerate(found, 1):
                yield self._counted(self._new(file) if known else file)
                if told is not None and self._many is not None:
                    told(path.name, done, len(self.files))
            self._told = None

    def report(self, *, known: bool = True) -> Report:
        """Judge the files, and return what is found in all of them; see `each`."""
        return Report(tuple(self.each(known=known)))

    def aside(self) -> AbstractContextManager[None]:
        """Take the bar that shows how far it is away while something is printed."""
        return nullcontext() if self._told is None else self._told.aside()

    def _here(self) -> Iterator[tuple[Location, FileReport]]:
        """Judge the files here, one after the other."""
        judges: dict[int, Judge] = {}
        for done, path in enumerate(self.files):
            if self._told is not None:
                self._told(path.name, done, len(self.files))
            settings = self._configuration.of(path).check
            if id(settings) not in judges:
                judges[id(settings)] = Judge(settings)
            yield path, self._judged(judges[id(settings)], path)

    def _judged(self, judge: Judge, path: Location) -> FileReport:
        if self._piped:
            from halfpixel.cli.standard_input import check_input

            return check_input(judge, path)
        return judge.file(path, str(path))

    def _counted(self, file: FileReport) -> FileReport:
        """Return a report, and keep as little of it as what is said at the end needs."""
        self.tally.add(file)
        if self.summary is not None:
            self.summary.add(file)
        self._suppressed |= bool(file.suppressed)
        rank, fail_on = SEVERITIES.index, self.fail_on(file.path)
        self._fails |= file.mismatched
        self._fails |= any(rank(f.finding.severity) <= rank(fail_on) for f in file.findings)
        self._kept.append(without_findings(file, sites=self._names_matter(file)))
        return file

    def _names_matter(self, file: FileReport) -> bool:
        """Whether something is said of nodes by their names."""
        given = self._configuration.given.expect
        return bool(given or self._configuration.of(location(file.path)).patterns)

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

    @property
    def partial(self) -> bool:
        """Whether something is left out: rules by a configuration, findings that are known."""
        settled = {id(one): one for path in self.files for one in [self._configuration.of(path)]}
        asked = [one.check for one in settled.values()]
        left_out = any(one.select or one.ignore or one.ignored for one in asked)
        known = any(one.known for one in self._baselines.values())
        return left_out or known or self._suppressed

    def fail_on(self, path: str) -> Severity:
        """Return the mildest severity that makes the exit code 1, of a file."""
        return self._configuration.of(location(path)).fail_on

    @property
    def fails(self) -> bool:
        """Whether there is a finding that makes the exit code 1, or a size that is another."""
        return self._fails

    def check_expected(self) -> None:
        """Refuse `--expect NODE:...` for a node that no model has, where all could be judged.

        Raises:
            UsageError: such an expectation.
        """
        expect = self._configuration.given.expect
        if expect and not self.tally.failed:
            check_expected(expect, (site for file in self._kept for site in file.sites))

    def notices(self, paths: Sequence[str]) -> Iterator[str]:
        """Yield what is to be said of suppressions, baselines, and patterns without a match.

        Args:
            paths: what was named on the command line.
        """
        quiet = not self._baselines
        quiet &= not self._suppressed and not any(file.notices for file in self._kept)
        if quiet and not any(self._configuration.of(path).files for path in self.files):
            return  # nothing was settled anywhere, and nothing is loaded to say so
        from halfpixel.cli.covering import Covering
        from halfpixel.settings.notices import notices

        covering = Covering(paths, self.files, self._configuration)
        yield from notices(
            Report(tuple(self._kept)), self._configuration, self._baselines, covering
        )

    def written_baseline(self, path: str) -> str:
        """Write what is found as a baseline; return the line that says so.

        Raises:
            UsageError: as `each` and `check_expected`.
        """
        from halfpixel.settings.baseline import write_baseline

        def found() -> Iterator[FileReport]:
            yield from self.each(known=False)
            self.check_expected()

        write_baseline(found(), path)
        count, notes = self.tally.found.total(), self.tally.found["note"]
        told = f"{count} finding{'' if count == 1 else 's'} written to {path}"
        return f"{told}, {notes} of them {'a note' if notes == 1 else 'notes'}" if notes else told


def _summary() -> "Summary":
    from halfpixel.report.summary import Summary

    return Summary()


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
