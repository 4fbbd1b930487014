"""Options by which a team takes halfpixel up: configuration, baselines, what fails a build."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Protocol

import click

from halfpixel.address import Location
from halfpixel.cli.options import names, read_shapes
from halfpixel.cli.output import no_model

if TYPE_CHECKING:
    from halfpixel.rule import Severity
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
        "--write-baseline",
        metavar="FILE",
        callback=no_model,
        help="Write every finding as a baseline, notes too, and end.",
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
    options: Chosen,
    fail_on: "Severity | None" = None,
    baseline: str | None = None,
    preprocess: str | None = None,
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
            preprocess,
        )
    )


def show_settings(files: Sequence[Location], configuration: "Configuration") -> "Iterator[str]":
    """Yield what is settled for files."""
    from halfpixel.settings.showing import lines

    return lines(files, configuration)
