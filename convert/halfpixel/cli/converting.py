"""halfpixel convert."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from halfpixel.cli.files import CLEAN, FILES, FOUND, PACKAGES, expect_option, format_option
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.conversion import Conversion, ConvertSettings

TORCH: Final = "torch"
MODELS: Final = (*FILES, *PACKAGES)


@click.command("convert")
@click.argument("source")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[NAME=]1x3x64x64[:TYPE]",
    help="Shape of an input while exporting, in the order of forward or by name.",
)
@click.option("-o", "--output", metavar="OUT", help="The file: .onnx, .mlpackage or .mlmodel.")
@click.option(
    "--to",
    metavar="torch|OUT",
    help="torch: the PyTorch call of every site of a model file; else the same as --output.",
)
@click.option(
    "--dynamic",
    multiple=True,
    metavar="all|[NAME=]AXES",
    help="Axes that are free, such as x=2,3; all: every axis but the channels.",
)
@click.option("--opset", type=click.IntRange(min=7), help="Newest opset of the file.")
@click.option(
    "--exporter",
    type=click.Choice(["dynamo", "torchscript"]),
    help="PyTorch's exporter to ONNX.  [default: dynamo; torchscript for TorchScript files]",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    help="A runtime that the file is to run on, as check --target has it.",
)
@expect_option
@click.option("--unsafe-fixes", is_flag=True, help="Make fixes that rest on an assumption too.")
@click.option("--force-write", is_flag=True, help="Write a file that failed verification.")
@click.option("--tolerance", multiple=True, metavar="[TYPE=]ABS[,REL]", help="What is equal.")
@click.option(
    "--provider",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="Verify there too, beside onnxruntime's CPU.",
)
@format_option
def convert_command(  # noqa: PLR0913, PLR0917 - one argument an option
    source: str,
    inputs: tuple[str, ...],
    output: str | None,
    to: str | None,
    dynamic: tuple[str, ...],
    opset: int | None,
    exporter: str | None,
    targets: tuple[str, ...],
    expect: tuple[str, ...],
    tolerance: tuple[str, ...],
    provider: tuple[str, ...],
    output_format: str,
    *,
    unsafe_fixes: bool,
    force_write: bool,
) -> None:
    """Convert SOURCE and verify what comes out: to ONNX, to Core ML, or back to PyTorch's words.

    SOURCE is package.module:factory, a .pt2 or a TorchScript file. It is exported, every
    resampling site is held against the call that PyTorch's own graph made, what the exporter lost
    is fixed, and the file is run beside the module. A file that failed verification is not written.
    An ONNX file can be SOURCE on its way to Core ML, and is then what the new file is held against.
    With --to torch, SOURCE is a model file, and the PyTorch call of every site is printed, or
    written as a Python file with --output. Exit code 1 says that the exporter refuses, that
    verification failed, that findings are left, or that a site is no PyTorch call; 2 that SOURCE,
    an input or an option cannot be used, or that the file cannot be written.
    """
    if to == TORCH:
        sys.exit(_to_torch(source, output, output_format))
    if to is not None and output is not None:
        raise UsageError("--to OUT and --output OUT say the same; give one of them")
    output = output or to
    if output is None:
        raise UsageError("where to? --output model.onnx, --output model.mlpackage or --to torch")
    from halfpixel.conversion import ConvertSettings, parse_dynamic, parse_input
    from halfpixel.intent import parse_policy
    from halfpixel.measure import parse_tolerances

    settings = ConvertSettings(
        inputs=tuple(parse_input(text) for text in inputs),
        dynamic=parse_dynamic(dynamic),
        opset=opset,
        exporter=exporter,  # type: ignore[arg-type]
        targets=targets,
        policies=tuple(parse_policy(text) for text in expect),
        unsafe=unsafe_fixes,
        force=force_write,
        tolerances=parse_tolerances(tolerance),
        providers=provider,
    )
    found = _converted(source, output, settings)
    _show(found, output_format)
    sys.exit(CLEAN if found.ok and not found.findings else FOUND)


def _converted(source: str, output: str, settings: "ConvertSettings") -> "Conversion":
    from halfpixel.convert import convert

    return convert(source, output, settings=settings)


def _show(found: "Conversion", output_format: str) -> None:
    from halfpixel.report import convert_report

    if output_format == "json":
        click.echo(convert_report.dumps(found))
        return
    for line in convert_report.lines(found):
        click.echo(line)


def _to_torch(source: str, output: str | None, output_format: str) -> int:
    """Print or write the PyTorch calls of a model; return the exit code."""
    import json
    from dataclasses import asdict

    from halfpixel import atomic
    from halfpixel.check import opened
    from halfpixel.converting.torch_calls import script, torch_calls

    if not source.endswith(MODELS):
        raise UsageError(f"{source}: expected a model file, .onnx, .mlpackage or .mlmodel")
    calls = torch_calls(opened(source).sites)
    if output is not None:
        if not output.endswith(".py"):
            raise UsageError(f"--output {output!r}: expected a name that ends in .py")
        atomic.write([script(source, calls).encode()], None, Path(output), replace=True)
    elif output_format == "json":
        click.echo(json.dumps({"version": 1, "path": source, "sites": [asdict(c) for c in calls]}))
    else:
        for one in calls:
            where = f"  [{one.source}]" if one.source else ""
            click.echo(f"{one.name} ({one.op}): {one.call or one.reason}{where}")
    return CLEAN if all(one.call for one in calls) else FOUND
