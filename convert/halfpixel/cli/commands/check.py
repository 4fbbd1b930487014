"""halfpixel check."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
from msgspec import Struct

from halfpixel.address import is_address
from halfpixel.cli import adoption
from halfpixel.cli.console import say
from halfpixel.cli.files import check_shaped, model_files
from halfpixel.cli.many_options import (
    CacheFolder,
    EngineName,
    FilesFrom,
    Jobs,
    NoCache,
    Scheduler,
    Summary,
    Timeout,
)
from halfpixel.cli.options import (
    CLEAN,
    FAILED,
    FOUND,
    Expect,
    Ignore,
    MaxWork,
    Shape,
    command,
    select_option,
    severity_option,
    target_names,
)
from halfpixel.cli.output import (
    FORMATS,
    PARQUET,
    Color,
    Output,
    Quiet,
    Verbose,
    format_option,
    no_model,
)
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.address import Location
    from halfpixel.cli.many import Many
    from halfpixel.rule import Severity
    from halfpixel.settings.configuration import Configuration

STANDARD_INPUT: Final = "-"


class Options(Struct, frozen=True):
    """What is checked, for what, and how it is shown."""

    paths: Annotated[tuple[str, ...], click.argument("paths", nargs=-1, metavar="PATH...")]
    select: Annotated[
        tuple[str, ...],
        select_option("Rules to ask (names or patterns)."),
    ]
    ignore: Ignore
    expect: Expect
    output_format: Annotated[str, format_option((*FORMATS, PARQUET))]
    output: Output
    quiet: Quiet
    verbose: Verbose
    color: Color
    severity: Annotated[
        "Severity | None",
        severity_option(
            "The mildest severity that is shown.  [default: warning, and a count of the notes; "
            "note with --select and for programs]"
        ),
    ]
    target: Annotated[
        tuple[str, ...],
        click.option(
            "--target",
            multiple=True,
            metavar="NAME",
            shell_complete=target_names,
            help="A runtime that the models are to run on, such as tensorrt, or a file; several "
            "times.",
        ),
    ]
    preprocess: Annotated[
        str | None,
        click.option(
            "--preprocess",
            metavar="FILE",
            help="How images were readied for training, such as preprocessor_config.json, or a "
            "call: what the model does with them is held to it.",
        ),
    ]
    sarif: Annotated[
        str | None,
        click.option(
            "--sarif",
            metavar="FILE",
            callback=no_model,
            help="Write what is found to a file as SARIF, too.",
        ),
    ]
    statistics: Annotated[
        bool,
        click.option(
            "--statistics",
            is_flag=True,
            help="Count the findings of each rule, in text and json.",
        ),
    ]
    exit_zero: Annotated[
        bool,
        click.option(
            "--exit-zero", is_flag=True, help="Exit with 0 even where there are findings."
        ),
    ]
    shape: Shape
    max_work: MaxWork
    fix: Annotated[
        bool,
        click.option("--fix", is_flag=True, help="Write NAME.fixed.onnx with safe fixes made."),
    ]
    unsafe_fixes: Annotated[
        bool,
        click.option(
            "--unsafe-fixes", is_flag=True, help="With --fix: those that assume something too."
        ),
    ]
    in_place: Annotated[
        bool,
        click.option("--in-place", is_flag=True, help="With --fix: replace the model's own file."),
    ]
    force: Annotated[
        bool,
        click.option(
            "--force", is_flag=True, help="With --fix: replace NAME.fixed.onnx if it is there."
        ),
    ]
    exit_non_zero_on_fix: adoption.ExitNonZeroOnFix
    fail_on: adoption.FailOn
    config: adoption.Config
    exclude: adoption.Exclude
    force_exclude: adoption.ForceExclude
    show_settings: adoption.ShowSettings
    baseline: adoption.KnownFindings
    write_baseline: adoption.WriteBaseline
    ignore_suppressions: adoption.IgnoreSuppressions
    stdin_filename: adoption.StdinFilename
    watch: adoption.Watch
    files_from: FilesFrom
    jobs: Jobs
    timeout: Timeout
    cache: CacheFolder
    no_cache: NoCache
    engine: EngineName
    scheduler: Scheduler
    summary: Summary


@command(__name__, Options)
def check_command(options: Options) -> None:
    """Judge every resampling operator of the models in PATH...

    A path is a file, a folder, a pattern, an address, or @LIST, a file that lists some.

    Notes alone leave the exit code at 0; errors and warnings make it 1, and a file that
    cannot be read, or a node that is too much work to be judged, makes it 2.
    """
    _refuse(options)
    if options.show_settings:
        configuration = _configuration(options)
        files = model_files(_paths(options), configuration)
        for line in adoption.show_settings(files, configuration):
            say(line)
    elif options.watch:
        from halfpixel.cli.watching import watch

        watch(_paths(options), lambda: _check(options))
    else:
        _check(options)


def _configuration(options: Options) -> "Configuration":
    """Return what is settled for the files of a check; raises as `configuration_of`."""
    return adoption.configuration_of(options, options.fail_on, options.baseline, options.preprocess)


def _refuse(options: Options) -> None:
    """Refuse options that are for others that are not given.

    Raises:
        UsageError: such options.
    """
    if not options.fix and (options.unsafe_fixes or options.in_place or options.force):
        raise UsageError("--unsafe-fixes, --in-place and --force are for --fix")
    if not options.fix and options.exit_non_zero_on_fix:
        raise UsageError("--exit-non-zero-on-fix is for --fix")
    _refuse_sources(options)
    if options.watch and options.force:
        raise UsageError("--watch --force would write on every change, its own among them")
    if options.watch and options.output is not None:
        raise UsageError("--watch shows what it finds, and --output writes it once")
    if options.no_cache and options.cache is not None:
        raise UsageError("--no-cache and --cache are two ways")
    if options.scheduler is not None and options.engine is None:
        raise UsageError("--scheduler is for --engine dask")


def _refuse_sources(options: Options) -> None:
    """Refuse models that do not come in the way that is asked for; raises as `_refuse`."""
    if not options.paths and options.files_from is None:
        raise click.UsageError("Missing argument 'PATH...'.")
    piped = STANDARD_INPUT in options.paths
    others = len(options.paths) > 1 or options.files_from is not None
    if piped and (others or options.fix or options.watch):
        raise UsageError("- is one model from standard input: it is checked alone, and not fixed")
    if options.stdin_filename is not None and not piped:
        raise UsageError("--stdin-filename is for the model that - reads")
    if options.watch and any(map(is_address, options.paths)):
        raise UsageError("--watch is for files on this disk, which the system tells of")
    if options.watch and options.files_from == STANDARD_INPUT:
        raise UsageError("--watch reads its list more than once, and standard input comes once")


def _check(options: Options) -> None:
    """Check once, and exit."""
    from halfpixel.cli.judging import Judging, fixed_first
    from halfpixel.cli.telling import tell

    configuration = _configuration(options)
    changes, unwritten = 0, False
    nothing: dict[str, str] = {}
    piped = STANDARD_INPUT in options.paths
    paths = _paths(options)
    if piped:
        from halfpixel.cli.standard_input import NAME

        files: list[Location] = [Path(options.stdin_filename or NAME)]
    else:
        files = model_files(paths, configuration, nothing)
    if options.fix:
        check_shaped(files, configuration.given.shapes)
        files, changes, unwritten = fixed_first(files, configuration, options)
    many = _many(files, configuration, options)
    if many is None and not piped and not options.fix:
        check_shaped(files, configuration.given.shapes)
    judging = Judging(
        files, configuration, nothing, piped=piped, many=many, summary=options.summary
    )
    if options.write_baseline is not None:
        say(judging.written_baseline(options.write_baseline))
        sys.exit(FAILED if judging.tally.failed or unwritten else CLEAN)
    tell(options, judging)
    if not options.quiet:
        for line in judging.notices(paths):
            say(line, err=True)
    if judging.tally.failed or unwritten:
        sys.exit(FAILED)
    found = judging.fails and not options.exit_zero
    sys.exit(FOUND if found or (changes and options.exit_non_zero_on_fix) else CLEAN)


def _paths(options: Options) -> Sequence[str]:
    """Return what is named, on the command line or in lists.

    Raises:
        UsageError: nothing is, or a list cannot be read.
    """
    if options.files_from is None and not any(path.startswith("@") for path in options.paths):
        return options.paths
    from halfpixel.cli.listing import named_paths

    return named_paths(options.paths, options.files_from)


def _many(
    files: "Sequence[Location]", configuration: "Configuration", options: Options
) -> "Many | None":
    """Return how files are judged by several processes; None for one file, and for few."""
    asked = (options.jobs, options.timeout, options.cache, options.engine)
    if STANDARD_INPUT in options.paths or (len(files) == 1 and asked == (None,) * len(asked)):
        return None
    from halfpixel.cli.many import many_of

    return many_of(files, configuration, options)


COMMAND = check_command
