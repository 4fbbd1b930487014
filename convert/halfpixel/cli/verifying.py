"""halfpixel verify."""

import sys
from typing import TYPE_CHECKING

import click

from halfpixel.cli.files import CLEAN, FOUND
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from halfpixel.verification import VerifySettings


@click.command("verify")
@click.argument("a", metavar="A")
@click.argument("b", metavar="[B]", required=False)
@click.option(
    "--inputs",
    multiple=True,
    metavar="FILE",
    help="An .npz of inputs by name, NAME=FILE.npy or .pb, or package.module:function.",
)
@click.option("--shape", multiple=True, metavar="NAME=1x3x64x64", help="Shape of a made input.")
@click.option("--range", "limits", metavar="LOW,HIGH", help="Range of made floats.  [default: 0,1]")
@click.option("--seed", type=int, default=0, help="Of the made inputs.")
@click.option(
    "--tolerance",
    multiple=True,
    metavar="[TYPE=]ABS[,REL]",
    help="What counts as equal; REL is of the tensor's largest magnitude.",
)
@click.option(
    "--task",
    type=click.Choice(["argmax", "boxes", "depth"]),
    help="Measure the outputs as masks, boxes or depth too.",
)
@click.option(
    "--provider",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="Without B: where each site runs.  [default: cpu]",
)
@click.option("--allow-fallback", is_flag=True, help="Resampling nodes may fall back to the CPU.")
@click.option("--no-optimiser", is_flag=True, help="Do not run onnxruntime unoptimised as well.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def verify_command(  # noqa: PLR0913, PLR0917 - one argument an option
    a: str,
    b: str | None,
    inputs: tuple[str, ...],
    shape: tuple[str, ...],
    limits: str | None,
    seed: int,
    tolerance: tuple[str, ...],
    task: str | None,
    provider: tuple[str, ...],
    output_format: str,
    *,
    allow_fallback: bool,
    no_optimiser: bool,
) -> None:
    """Run A and B, and say whether they compute the same, and which node parts them.

    A and B are a model (model.onnx, model.onnx@cuda, model.onnx@reference), a .pt2 or TorchScript
    file, a PyTorch module as package.module:factory, or an .npz of recorded inputs and outputs.
    Without B, every resampling node of A runs by itself and is held against its exact weights
    and the PyTorch call that it is. Exit code 1 says that something differs, 2 that a file, a
    runtime or a provider is missing or cannot be used.
    """
    from halfpixel.feeds import FeedSettings, parse_shapes, read
    from halfpixel.measure import parse_tolerances
    from halfpixel.verification import VerifySettings

    low, high = _limits(limits)
    feeds = FeedSettings(parse_shapes(shape), low, high, seed, read(inputs))
    settings = VerifySettings(
        feeds, parse_tolerances(tolerance), allow_fallback, not no_optimiser, task or ""
    )
    if b is None:
        sys.exit(_sites(a, provider, settings, output_format))
    if provider:
        raise UsageError("--provider is for a model alone; write B as model.onnx@cuda")
    from halfpixel.report import verify_report
    from halfpixel.verify import verify

    found = verify(a, b, settings)
    if output_format == "json":
        click.echo(verify_report.dumps(found))
    else:
        verify_report.show(found, _console())
    sys.exit(CLEAN if found.equal and not found.optimiser else FOUND)


def _sites(a: str, providers: tuple[str, ...], settings: "VerifySettings", form: str) -> int:
    """Verify the sites of one model; return the exit code."""
    from halfpixel.report import verify_report
    from halfpixel.runtime import parse_side
    from halfpixel.site_check import SiteCheck
    from halfpixel.verify import verify

    side = parse_side(a)
    asked = [parse_side(f"x@{one}") for one in providers or (side.where or "cpu",)]
    places = tuple((one.where, one.options or side.options) for one in asked)
    check = SiteCheck(side.source, places, settings.tolerances, settings.fallback)
    results = list(check.results())
    optimiser = verify(side, side, settings).optimiser if settings.optimiser else ()
    if form == "json":
        click.echo(verify_report.dumps_sites(results, optimiser))
    else:
        verify_report.show_sites(results, optimiser, _console())
    differs = any(one.exact is not None and not one.exact.equal for one in results)
    return FOUND if differs or optimiser else CLEAN


def _limits(text: str | None) -> tuple[float, float]:
    if text is None:
        return 0.0, 1.0
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--range {text!r}: expected LOW,HIGH") from None
    if not low <= high:
        raise UsageError(f"--range {text!r}: expected LOW no greater than HIGH")
    return low, high


def _console() -> "Console":
    from rich.console import Console

    width = None if sys.stdout.isatty() else 160
    return Console(width=width, soft_wrap=not sys.stdout.isatty())
