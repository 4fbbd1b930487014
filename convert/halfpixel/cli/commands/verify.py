"""halfpixel verify."""

import sys
from typing import TYPE_CHECKING, Annotated

import click
from msgspec import Struct

from halfpixel.cli.console import say
from halfpixel.cli.options import (
    CLEAN,
    FOUND,
    AllowFallback,
    MaxWork,
    command,
    parse_range,
)
from halfpixel.cli.output import Color, Output, OutputFormat, Page, Quiet, write_report
from halfpixel.cli.progress import progress
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from halfpixel.cli.progress import Told
    from halfpixel.verifying.one_model import SiteVerification
    from halfpixel.verifying.result import Verification, VerifySettings
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
    quiet: Quiet
    color: Color


@command(__name__, Options)
def verify_command(options: Options) -> None:
    """Run A and B, and say whether they compute the same, and which node parts them.

    A and B are a model (model.onnx, model.onnx@cuda, model.onnx@reference), a .pt2 or TorchScript
    file, a PyTorch module as package.module:factory, or an .npz of recorded inputs and outputs. A
    Core ML model runs on Core ML as model.mlpackage@coreml (macOS), and elsewhere its ML Program is
    lowered to ONNX: model.mlpackage, model.mlpackage@cuda. A LiteRT model runs in ai-edge-litert's
    interpreter: model.tflite, with XNNPACK, or @builtin or @reference without; where one side has
    the channels last and the other has them first, that is seen through and told. Without B, every
    resampling node of A runs by itself and is held against its exact weights and the PyTorch call
    that it is. Equal is what stays within the tolerance and is no more than rounding does: the
    noise floor is measured on the sides. Two sites of different conventions are a difference,
    however little of it reaches the outputs; --tolerance overrides both. Made inputs are white
    noise, which shows each tap of a kernel, and a picture with edges, as it is and moved by a
    pixel, which shows what is done to images; of 0 to 1, which most networks take, and of 0 to 255,
    of normalised images and of -1 to 1 where that leaves outputs one number throughout. Lengths
    that are free are made such as both sides take, and such as check names in what it finds. What
    the optimiser changes in a file, and what rounding alone flips, such as ties of a top-k, is
    told, and does not decide. Exit code 1 says that something differs or is refused, that nothing
    was compared, or that a node never ran, in a branch that no input takes, of which check has an
    error or a warning; 2 that a file, a provider or an input is missing or cannot be used, or that
    a Core ML model cannot be lowered as a whole.
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
    from halfpixel.verifying.verify import verify

    with progress() as told:
        found = verify(a, b, settings, _stages(told))
    _show(options, found)
    sys.exit(CLEAN if found.equal else FOUND)


def _sites(asked: Options, settings: "VerifySettings") -> int:
    """Verify the sites of one model; return the exit code."""
    from halfpixel.runtime import parse_provider
    from halfpixel.verifying.one_model import verify_sites

    places = [parse_provider(one) for one in asked.provider]
    with progress(remaining=False) as told:
        stage = None if told is None else told.stage
        found = verify_sites(asked.a, settings, places, asked.max_work, stage)
    _show(asked, found)
    return CLEAN if found.equal else FOUND


def _show(options: Options, found: "Verification | SiteVerification") -> None:
    """Print or write what was seen: as JSON, as a page, as a run, or as text.

    What a format does not need is not imported: verify of small models is quick.
    """
    from halfpixel.verifying.result import Verification

    if options.output_format == "json":
        from halfpixel.report import verify_json

        text = (
            verify_json.dumps(found)
            if isinstance(found, Verification)
            else verify_json.dumps_sites(found)
        )
        write_report(text, options.output)
    elif options.output_format == "html":
        from halfpixel.report.html import tables, verify_page

        shown = (
            verify_page.page_of(found)
            if isinstance(found, Verification)
            else verify_page.page_of_sites(options.a, found)
        )
        write_report(tables.dumps(shown), options.output)
    elif options.output_format != "text":
        from halfpixel.report.machine import of_verify
        from halfpixel.report.machine.write import written

        run = (
            of_verify.run_of(found)
            if isinstance(found, Verification)
            else of_verify.run_of_sites(options.a, found)
        )
        write_report(written(run, options.output_format), options.output)
    else:
        from halfpixel.report import verify_report

        page = Page(options.output, options.color)
        if isinstance(found, Verification):
            lines, closing = verify_report.lines(found, page.width), verify_report.closing(found)
        else:
            lines = verify_report.site_lines(found, page.width)
            closing = verify_report.site_closing(found)
        page.tell([closing] if options.quiet else lines)
        page.close()


def _stages(told: "Told | None") -> "Callable[[Stage], None] | None":
    """Return what tells of the stages; what came of the first case stays, above the bar."""
    if told is None:
        return None

    def tell(stage: "Stage") -> None:
        if stage.result and stage.done == 1:
            with told.aside():
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


COMMAND = verify_command
