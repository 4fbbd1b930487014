"""Options by which a team takes halfpixel up: configuration, baselines, what fails a build."""

from collections.abc import Iterator, Sequence
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
    def select(self) -> tuple[str, ...]: ...
    @property
    def ignore(self) -> tuple[str, ...]: ...
    @property
    def expect(self) -> tuple[str, ...]: ...
    @property
    def severity(self) -> "Severity | None": ...
    @property
    def target(self) -> tuple[str, ...]: ...
    @property
    def max_work(self) -> int: ...
    @property
    def shape(self) -> tuple[str, ...]: ...
    @property
    def config(self) -> str | None: ...
    @property
    def exclude(self) -> tuple[str, ...]: ...
    @property
    def force_exclude(self) -> bool: ...
    @property
    def ignore_suppressions(self) -> bool: ...


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


class Known:
    """The baselines of a command, each read when the first file asks for it."""

    def __init__(self, configuration: "Configuration") -> None:
        """Begin without any."""
        self.configuration = configuration
        self.read: dict[str, Baseline] = {}

    def new(self, file: "FileReport") -> "FileReport":
        """Return a report without the findings that are known.

        Raises:
            UsageError: the baseline cannot be read.
        """
        path = self.configuration.of(Path(file.path)).baseline
        if path is None:
            return file
        if path not in self.read:
            from halfpixel.settings.baseline import Baseline

            self.read[path] = Baseline(path)
        return self.read[path].new(file)


def fails(report: "Report", configuration: "Configuration") -> bool:
    """Whether there is a finding that makes the exit code 1."""
    from halfpixel.rule import SEVERITIES

    rank = SEVERITIES.index
    for file in report.files:
        least = rank(configuration.of(Path(file.path)).fail_on)
        if any(rank(one.finding.severity) <= least for one in file.findings):
            return True
    return False


def shown(report: "Report", configuration: "Configuration") -> "tuple[Report, Severity]":
    """Return a report with what is shown of each file, and the mildest severity of all of it."""
    from halfpixel.rule import SEVERITIES

    rank = SEVERITIES.index
    least = [configuration.of(Path(file.path)).check.shown for file in report.files]
    mildest = max(least, key=rank, default="warning")
    if all(one == mildest for one in least):
        return report, mildest
    files = tuple(
        replace(
            file,
            findings=tuple(f for f in file.findings if rank(f.finding.severity) <= rank(one)),
        )
        for file, one in zip(report.files, least, strict=True)
    )
    return replace(report, files=files), mildest


def written_baseline(report: "Report", configuration: "Configuration", path: str) -> str:
    """Write what is found as a baseline; return the line that says so."""
    from halfpixel.settings.baseline import write_baseline

    rows = [(file, configuration.of(Path(file.path)).check.shown) for file in report.files]
    count = write_baseline(rows, path)
    return f"{count} finding{'' if count == 1 else 's'} written to {path}: --baseline {path}"


def notices(report: "Report", known: Known) -> "Iterator[str]":
    """Yield what is to be said of suppressions, baselines and patterns that matched nothing."""
    from halfpixel.settings.notices import notices as said

    return said(report, known.configuration, known.read)


def show_settings(files: Sequence[Path], configuration: "Configuration") -> "Iterator[str]":
    """Yield what is settled for files."""
    from halfpixel.settings.showing import lines

    return lines(files, configuration)
