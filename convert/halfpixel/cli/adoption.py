"""Options by which a team takes halfpixel up: configuration, baselines, what fails a build."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import click
from msgspec.structs import replace

from halfpixel.cli.options import names, read_shapes

if TYPE_CHECKING:
    from halfpixel.checking.result import FileReport, Report
    from halfpixel.rule import Severity
    from halfpixel.settings.baseline import Baseline
    from halfpixel.settings.configuration import Configuration

Config = Annotated[
    str | None,
    click.option(
        "--config",
        metavar="FILE",
        help="The configuration, in the place of the nearest halfpixel.toml or pyproject.toml "
        "above each file.",
    ),
]
Exclude = Annotated[
    tuple[str, ...],
    click.option(
        "--exclude",
        multiple=True,
        callback=names,
        metavar="PATTERN",
        help="Files and folders to pass over where a folder or a pattern is searched.",
    ),
]
ForceExclude = Annotated[
    bool,
    click.option(
        "--force-exclude", is_flag=True, help="Pass over what is excluded though it is named."
    ),
]
IgnoreSuppressions = Annotated[
    bool,
    click.option(
        "--ignore-suppressions",
        is_flag=True,
        help="What the metadata of nodes suppresses is found all the same.",
    ),
]
ShowSettings = Annotated[
    bool,
    click.option(
        "--show-settings", is_flag=True, help="Print what is settled for the files, and end."
    ),
]
FailOn = Annotated[
    "Severity | None",
    click.option(
        "--fail-on",
        type=click.Choice(["error", "warning", "note"]),
        help="The mildest severity that makes the exit code 1.  [default: warning]",
    ),
]
KnownFindings = Annotated[
    str | None,
    click.option("--baseline", metavar="FILE", help="Findings in this file are known."),
]
WriteBaseline = Annotated[
    str | None,
    click.option(
        "--write-baseline", metavar="FILE", help="Write what is found as a baseline, and end."
    ),
]
Watch = Annotated[
    bool, click.option("--watch", is_flag=True, help="Check again whenever a model changes.")
]
StdinFilename = Annotated[
    str | None,
    click.option(
        "--stdin-filename",
        metavar="NAME",
        help="What the model that - reads is called, and where its configuration is sought.",
    ),
]
ExitNonZeroOnFix = Annotated[
    bool,
    click.option(
        "--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 where anything was fixed."
    ),
]


class Chosen(Protocol):
    """The options that configuration completes, of whichever command."""

    @property
    def select(self) -> tuple[str, ...]:
        """As in `Given`."""
        ...

    @property
    def ignore(self) -> tuple[str, ...]:
        """As in `Given`."""
        ...

    @property
    def expect(self) -> tuple[str, ...]:
        """As in `Given`."""
        ...

    @property
    def severity(self) -> "Severity | None":
        """As in `Given`."""
        ...

    @property
    def target(self) -> tuple[str, ...]:
        """As in `Given`."""
        ...

    @property
    def max_work(self) -> int:
        """As in `Given`."""
        ...

    @property
    def shape(self) -> tuple[str, ...]:
        """As in `Given`."""
        ...

    @property
    def config(self) -> str | None:
        """As in `Given`."""
        ...

    @property
    def exclude(self) -> tuple[str, ...]:
        """As in `Given`."""
        ...

    @property
    def force_exclude(self) -> bool:
        """As in `Given`."""
        ...

    @property
    def ignore_suppressions(self) -> bool:
        """As in `Given`."""
        ...


def configuration_of(
    options: Chosen, fail_on: "Severity | None" = None, baseline: str | None = None
) -> "Configuration":
    """Return what is settled for the files of a command: its options, then configuration.

    Raises:
        UsageError: an option has a value that it does not take, or --config cannot be read.
    """
    from halfpixel.settings.configuration import Configuration
    from halfpixel.settings.settled import Given

    return Configuration(
        Given(
            options.select,
            options.ignore,
            options.expect,
            options.severity,
            options.target,
            options.max_work,
            read_shapes(options.shape),
            options.config,
            options.exclude,
            options.force_exclude,
            fail_on,
            baseline,
            not options.ignore_suppressions,
        )
    )


def without_known(
    report: "Report", configuration: "Configuration"
) -> "tuple[Report, Mapping[str, Baseline]]":
    """Return a report without the findings that baselines know, and these by path.

    Raises:
        UsageError: a baseline cannot be read.
    """
    read: dict[str, Baseline] = {}

    def new(file: "FileReport") -> "FileReport":
        path = configuration.of(Path(file.path)).baseline
        if path is None:
            return file
        if path not in read:
            from halfpixel.settings.baseline import Baseline

            read[path] = Baseline(path)
        return read[path].new(file)

    return replace(report, files=tuple(map(new, report.files))), read


def fails(report: "Report", configuration: "Configuration") -> bool:
    """Whether there is a finding that makes the exit code 1."""
    from halfpixel.rule import SEVERITIES

    rank = SEVERITIES.index
    return any(
        rank(one.finding.severity) <= rank(configuration.of(Path(file.path)).fail_on)
        for file in report.files
        for one in file.findings
    )


def mildest(report: "Report", configuration: "Configuration") -> "Severity":
    """Return the mildest severity that is shown of any file."""
    from halfpixel.rule import SEVERITIES

    least = (configuration.of(Path(file.path)).check.shown for file in report.files)
    return max(least, key=SEVERITIES.index, default="warning")


def shown(report: "Report", configuration: "Configuration", least: "Severity") -> "Report":
    """Return a report without what is milder than is shown of a file, where others show more."""
    from halfpixel.rule import SEVERITIES

    rank = SEVERITIES.index

    def kept(file: "FileReport") -> "FileReport":
        own = configuration.of(Path(file.path)).check.shown
        if own == least:
            return file
        found = (one for one in file.findings if rank(one.finding.severity) <= rank(own))
        return replace(file, findings=tuple(found))

    return replace(report, files=tuple(map(kept, report.files)))


def written_baseline(report: "Report", configuration: "Configuration", path: str) -> str:
    """Write what is found as a baseline; return the line that says so."""
    from halfpixel.settings.baseline import write_baseline

    rows = [(file, configuration.of(Path(file.path)).check.shown) for file in report.files]
    count = write_baseline(rows, path)
    return f"{count} finding{'' if count == 1 else 's'} written to {path}"


def notices(
    report: "Report", configuration: "Configuration", known: "Mapping[str, Baseline]"
) -> "Iterator[str]":
    """Yield what is to be said of suppressions, baselines and patterns that matched nothing."""
    quiet = not known and not any(file.suppressed or file.notices for file in report.files)
    if quiet and not any(configuration.of(Path(file.path)).files for file in report.files):
        return  # nothing was settled anywhere, and nothing is loaded to say so
    from halfpixel.settings.notices import notices as said

    yield from said(report, configuration, known)


def show_settings(files: Sequence[Path], configuration: "Configuration") -> "Iterator[str]":
    """Yield what is settled for files."""
    from halfpixel.settings.showing import lines

    return lines(files, configuration)
