"""halfpixel verify."""

import sys
from typing import TYPE_CHECKING, Annotated

import click
from msgspec import Struct

from halfpixel.cli.console import say
from halfpixel.cli.options import (
    CLEAN,
    FAILED,
    FOUND,
    AllowFallback,
    MaxWork,
    command,
    parse_range,
)
from halfpixel.cli.output import Output, OutputFormat, write_report
from halfpixel.cli.progress import progress
from halfpixel.errors import GraphError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from halfpixel.cli.progress import Told
    from halfpixel.report.machine.entry import Run
    from halfpixel.verifying.result import VerifySettings
    from halfpixel.verifying.side import Stage


class Options(Struct, frozen=True):
    """What is run, on which inputs, and what counts as equal."""

    a: Annotated[str, click.argument("a", metavar="A")]
    b: Annotated[str | None, click.argument("b", metavar="[B]", required=False)]
    inputs: Annotated[
        tuple[str, ...],
        click.option(
            "--inputs",
            multiple=True,
            metavar="PATH",
            help="An .npz of inputs by name, NAME=FILE.npy or .pb, an .npy, a folder of images or "
            "arrays, or package.module:function.",
        ),
    ]
    shape: Annotated[
        tuple[str, ...],
        click.option(
            "--shape", multiple=True, metavar="NAME=1x3x64x64", help="Shape of a made input."
        ),
    ]
    limits: Annotated[
        str | None,
        click.option(
            "--range",
            "limits",
            metavar="LOW,HIGH",
            help="Range of made floats.  [default: 0,1, and others where that leaves outputs one "
            "number throughout]",
        ),
    ]
    seed: Annotated[
        int,
        click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the made inputs."),
    ]
    tolerance: Annotated[
        tuple[str, ...],
        click.option(
            "--tolerance",
            multiple=True,
            metavar="[TYPE=]ABS[,REL]",
            help="What is equal, and nothing else decides; REL is of the number or its tensor.",
        ),
    ]
    task: Annotated[
        str | None,
        click.option(
            "--task",
            metavar="NAME[:LEAST]",
            help="Measure outputs as argmax, boxes or depth; LEAST decides, such as argmax:0.999.",
        ),
    ]
    provider: Annotated[
        tuple[str, ...],
        click.option(
            "--provider",
            multiple=True,
            metavar="NAME[:KEY=VALUE,...]",
            help="Without B: where each site runs.  [default: cpu]",
        ),
    ]
    allow_fallback: AllowFallback
    no_optimiser: Annotated[
        bool,
        click.option(
            "--no-optimiser", is_flag=True, help="Do not run onnxruntime unoptimised as well."
        ),
    ]
    max_work: MaxWork
    output_format: OutputFormat
    output: Output


@command(__name__, Options)
def verify_command(options: Options) -> None:
    """Run A and B, and say whether they compute the same, and which node parts them.

    A and B are a model (model.onnx, model.onnx@cuda, model.onnx@reference), a .pt2 or TorchScript
    file, a PyTorch module as package.module:factory, or an .npz of recorded inputs and outputs.
    A Core ML model runs on Core ML as model.mlpackage@coreml (macOS), and elsewhere its ML Program
    is lowered to ONNX: model.mlpackage, model.mlpackage@cuda. Without B, every resampling node of
    A runs by itself and is held against its exact weights and the PyTorch call that it is. Equal is
    what stays within the tolerance and is no more than rounding does: the noise floor is measured
    on the sides. Two sites of different conventions are a difference, however little of it
    reaches the outputs; --tolerance overrides both. Made inputs are white noise, which shows
    each tap of a kernel, and a picture with edges, as it is and moved by a pixel, which shows
    what is done to images; of 0 to 1, which most networks take, and of 0 to 255, of normalised
    images and of -1 to 1 where that leaves outputs one number throughout. Lengths that are free
    are made such as both sides take. What the optimiser changes in a file, and what rounding alone
    flips, such as ties of a top-k, is told, and does not decide. Exit
    code 1 says that something differs or is refused, or that nothing was compared; 2 that a file,
    a provider or an input is missing or cannot be used, or that a Core ML model cannot be lowered
    as a whole.
    """
    from halfpixel.checking.shapes import parse_shapes
    from halfpixel.runtimes.feed_files import read_feeds, split_images
    from halfpixel.runtimes.feeds import FeedSettings
    from halfpixel.verifying.measure import parse_tolerances
    from halfpixel.verifying.result import VerifySettings

    a, b = options.a, options.b
    low, high = parse_range(options.limits)
    _check_task(options.task)
    images, texts = split_images(options.inputs)
    shapes, given = parse_shapes(options.shape), read_feeds(texts)
    ranged = options.limits is not None
    settings = VerifySettings(
        FeedSettings(shapes, low, high, options.seed, given, ranged=ranged, images=images),
        parse_tolerances(options.tolerance),
        options.allow_fallback,
        not options.no_optimiser,
        options.task or "",
    )
    if b is None:
        sys.exit(_sites(options, settings))
    if options.provider:
        raise UsageError("--provider is for a model alone; write B as model.onnx@cuda")
    from halfpixel.report import verify_report
    from halfpixel.report.html import verify_page
    from halfpixel.report.machine import of_verify, verify_json
    from halfpixel.verifying.verify import verify

    with progress() as told:
        found = verify(a, b, settings, _stages(told))
    _show(
        options,
        lambda: verify_json.dumps(found),
        lambda: of_verify.run_of(found),
        lambda console: verify_report.show(found, console),
        lambda: verify_page.dumps(verify_page.page_of(found)),
    )
    ran = any(case.outputs for case in found.cases)
    if not ran and found.cases and all(case.equal for case in found.cases):
        sys.exit(FAILED)  # neither side takes these inputs
    sys.exit(CLEAN if found.equal else FOUND)


def _sites(asked: Options, settings: "VerifySettings") -> int:
    """Verify the sites of one model; return the exit code."""
    from halfpixel.boundary import boundary
    from halfpixel.checking.check import opened
    from halfpixel.formats import coreml_file
    from halfpixel.report import verify_report
    from halfpixel.report.html import verify_page
    from halfpixel.report.machine import of_verify, verify_json
    from halfpixel.runtime import Side, parse_provider, parse_side
    from halfpixel.verifying.inputs import refuse_shapes
    from halfpixel.verifying.site_check import SiteCheck
    from halfpixel.verifying.verify import verify

    a = asked.a
    side = parse_side(a)
    if str(side.source).endswith(".npz"):
        raise UsageError(f"{a}: recorded arrays need a model to be held against")
    chosen = [parse_provider(one) for one in asked.provider] or [(side.where or "cpu", {})]
    places = [(where, options or dict(side.options)) for where, options in chosen]
    of_coreml = str(side.source).endswith(coreml_file.FORMAT.suffixes)
    if of_coreml and any(where == "coreml" for where, _ in places):
        told = "single sites run lowered to ONNX; hold the whole model against another side"
        raise UsageError(f"{a}: {told}, such as {side.source}")
    with boundary(side.text):
        refuse_shapes([opened(side.source)], settings.feeds)
    check = SiteCheck(
        side.source,
        places,
        settings.tolerances,
        settings.fallback,
        max_work=asked.max_work,
        shapes=settings.feeds.shapes,
    )
    results = list(check.results())
    optimiser: list[str] = []
    notes: list[str] = []
    refused = False
    for where, options in places if settings.optimiser else ():
        try:
            whole = Side(side.source, where, options)
            found = verify(whole, whole, settings)
        except (GraphError, UsageError) as error:  # not lowered, or no inputs can be made
            notes.append(f"the whole model is not looked at: {error}")
            continue
        optimiser += found.optimiser
        said = [case.refused for case in found.cases if case.refused and not case.equal]
        notes += said[:1] if not found.optimiser else []
        refused = refused or bool(said)
    notes = list(dict.fromkeys(notes))
    _show(
        asked,
        lambda: verify_json.dumps_sites(results, optimiser, notes),
        lambda: of_verify.run_of_sites(a, results, notes),
        lambda console: verify_report.show_sites(results, optimiser, console, notes),
        lambda: verify_page.dumps(verify_page.page_of_sites(a, results, optimiser, notes)),
    )
    wrong = any(one.refused_by_runtime or (one.exact and not one.agrees) for one in results)
    nothing = all(one.exact is None for one in results)
    return FOUND if wrong or refused or nothing else CLEAN


def _show(
    options: Options,
    plain: "Callable[[], str]",
    run: "Callable[[], Run]",
    text: "Callable[[Console], None]",
    page: "Callable[[], str]",
) -> None:
    """Print or write what was seen: as JSON, as a page, as a run, or as text on a console."""
    if options.output_format == "json":
        write_report(plain(), options.output)
    elif options.output_format == "html":
        write_report(page(), options.output)
    elif options.output_format != "text":
        from halfpixel.report.machine.write import written

        write_report(written(run(), options.output_format), options.output)
    elif options.output is None:
        text(_console())
    else:
        console = _console(record=True)
        text(console)
        write_report(console.export_text(), options.output)


def _stages(told: "Told | None") -> "Callable[[Stage], None] | None":
    """Return what tells of the stages; what came of the first case stays, above the bar."""
    if told is None:
        return None

    def tell(stage: "Stage") -> None:
        if stage.result and stage.done == 1:
            say(f"first result: {stage.text}", err=True)
        told(stage.text, stage.done, stage.total)

    return tell


def _check_task(text: str | None) -> None:
    from halfpixel.verifying.tasks import TASKS

    name, colon, least = (text or TASKS[0]).partition(":")
    try:
        fits = name in TASKS and (not colon or 0 <= float(least) <= 1)
    except ValueError:
        fits = False
    if not fits:
        raise UsageError(f"--task {text!r}: expected {', '.join(TASKS)}, with :LEAST of 0 to 1")


def _console(*, record: bool = False) -> "Console":
    """Return where text goes; one that records prints nothing."""
    from io import StringIO

    from rich.console import Console

    width = None if sys.stdout.isatty() and not record else 160
    file = StringIO() if record else None
    return Console(
        width=width, markup=False, emoji=False, highlight=False, record=record, file=file
    )


COMMAND = verify_command
