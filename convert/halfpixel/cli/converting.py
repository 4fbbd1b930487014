"""halfpixel convert."""

import sys
from collections.abc import Mapping
from typing import Final

import click

from halfpixel.cli.files import CLEAN, FOUND, expect_option, format_option, parse_range
from halfpixel.errors import UsageError

TORCH: Final = "torch"
EXPORTING: Final[Mapping[str, str]] = {
    "inputs": "input", "arrays": "inputs", "limits": "range", "dynamic": "dynamic",
    "opset": "opset", "exporter": "exporter", "targets": "target", "expect": "expect",
    "unsafe_fixes": "unsafe-fixes", "force_write": "force-write", "tolerance": "tolerance",
    "provider": "provider", "allow_fallback": "allow-fallback",
}  # fmt: skip
"""Options that say how a model is exported, by their parameter."""


@click.command("convert")
@click.argument("source")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[NAME=]1x3x64x64[:TYPE]",
    help="Shape of an input while exporting, in the order of forward or by name.",
)
@click.option(
    "--inputs",
    "arrays",
    multiple=True,
    metavar="FILE",
    help="Inputs to export and verify with, as verify has them: an .npz by name, NAME=FILE.npy.",
)
@click.option(
    "--range",
    "limits",
    metavar="LOW,HIGH",
    help="Range of made floats.  [default: 0,1; of a trace -1,0 too]",
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
@click.option("--allow-fallback", is_flag=True, help="Resampling nodes may fall back to the CPU.")
@format_option
def convert_command(  # noqa: PLR0913, PLR0917 - one argument an option
    source: str,
    inputs: tuple[str, ...],
    arrays: tuple[str, ...],
    limits: str | None,
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
    allow_fallback: bool,
) -> None:
    """Convert SOURCE and verify what comes out: to ONNX, to Core ML, or back to PyTorch's words.

    SOURCE is package.module:factory, a .pt2 or a TorchScript file. It is exported, every
    resampling site is held against the call that PyTorch's own graph made, what the exporter lost
    is fixed, and the file is run beside the module. A file that failed verification, or that is
    not run here, is not written. An ONNX file can be SOURCE on its way to Core ML, and is then what
    the new file is held against. With --to torch, SOURCE is a model file, and the PyTorch call of
    every site is printed, or written as a Python file with --output. Exit code 1 says that the
    exporter refuses, that the file is not verified, that findings are left, that the file is
    right at fewer lengths than the module takes, or that a site is no PyTorch call; 2 that SOURCE,
    an input, a provider or an option cannot be used, or that the file cannot be written.
    """
    given = click.get_current_context().params
    stray = [name for name in EXPORTING if given[name]]
    if to == TORCH and stray:
        raise UsageError(f"--to torch writes no model: it has no --{EXPORTING[stray[0]]}")
    if to == TORCH:
        sys.exit(_to_torch(source, output, output_format))
    if to is not None and output is not None:
        raise UsageError("--to OUT and --output OUT say the same; give one of them")
    output = output or to
    if output is None:
        raise UsageError("where to? --output model.onnx, --output model.mlpackage or --to torch")
    from halfpixel.converting.convert import convert
    from halfpixel.report import convert_report

    found = convert(
        source,
        output,
        inputs=inputs,
        dynamic=dynamic,
        opset=opset,
        exporter=exporter,  # type: ignore[arg-type] # one of the choices
        targets=targets,
        expect=expect,
        unsafe_fixes=unsafe_fixes,
        force_write=force_write,
        tolerance=tolerance,
        providers=provider,
        allow_fallback=allow_fallback,
        limits=parse_range(limits) if limits is not None else None,
        arrays=arrays,
    )
    if output_format == "json":
        click.echo(convert_report.dumps(found))
    else:
        for line in convert_report.lines(found):
            click.echo(line)
    sys.exit(CLEAN if found.ok and not found.findings else FOUND)


def _to_torch(source: str, output: str | None, output_format: str) -> int:
    """Print or write the PyTorch calls of a model; return the exit code."""
    from halfpixel.converting import torch_calls

    calls = torch_calls.calls_of(source)
    if output is not None:
        torch_calls.write(source, calls, output)
        click.echo(f"written to {output}: {len(calls)} site{'' if len(calls) == 1 else 's'}")
    elif output_format == "json":
        click.echo(torch_calls.dumps(source, calls))
    else:
        for line in torch_calls.lines(calls):
            click.echo(line)
    return CLEAN if all(one.call for one in calls) else FOUND
