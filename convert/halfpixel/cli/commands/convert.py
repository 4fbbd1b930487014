"""halfpixel convert."""

import sys
from typing import TYPE_CHECKING, Annotated, Final

import click
from msgspec import Struct

from halfpixel.cli.console import say, write_document
from halfpixel.cli.options import (
    CLEAN,
    FOUND,
    AllowFallback,
    Expect,
    UnsafeFixes,
    command,
    parse_range,
)
from halfpixel.cli.output import Color, OutputFormat, Page, Quiet, ReportFile, write_report
from halfpixel.cli.progress import progress
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from halfpixel.converting.result import Conversion, Exporter

TORCH: Final = "torch"
ANY_WAY: Final = frozenset({"source", "output", "to", "output_format", "report", "color"})
"""Parameters that --to torch has too; the others say how a model is exported."""


class Options(Struct, frozen=True):
    """What is converted, to what, and how the result is verified."""

    source: Annotated[str, click.argument("source")]
    inputs: Annotated[
        tuple[str, ...],
        click.option(
            "--input",
            "inputs",
            multiple=True,
            metavar="[NAME=]1x3x64x64[:TYPE]",
            help="Shape of an input while exporting, in the order of forward or by name.",
        ),
    ]
    arrays: Annotated[
        tuple[str, ...],
        click.option(
            "--inputs",
            "arrays",
            multiple=True,
            metavar="FILE",
            help="Inputs to export and verify with, as verify has them: an .npz by name, "
            "NAME=FILE.npy.",
        ),
    ]
    limits: Annotated[
        str | None,
        click.option(
            "--range",
            "limits",
            metavar="LOW,HIGH",
            help="Range of made floats.  [default: 0,1; of a trace -1,0 too]",
        ),
    ]
    output: Annotated[
        str | None,
        click.option(
            "-o",
            "--output",
            metavar="OUT",
            help="The file: .onnx, .mlpackage, .mlmodel or .tflite.",
        ),
    ]
    to: Annotated[
        str | None,
        click.option(
            "--to",
            metavar="torch|OUT",
            help="torch: the PyTorch call of every site of a model file; else the same as "
            "--output.",
        ),
    ]
    dynamic: Annotated[
        tuple[str, ...],
        click.option(
            "--dynamic",
            multiple=True,
            metavar="all|[NAME=]AXES",
            help="Axes that are free, such as x=2,3; all: every axis but the channels. An axis may "
            "have a name and the lengths that it takes: x=0@batch,2@rows:32..1024:32 (from 32 to "
            "1024, multiples of 32).",
        ),
    ]
    input_names: Annotated[
        str | None,
        click.option(
            "--input-names", metavar="A,B", help="What the inputs are called in the file, in order."
        ),
    ]
    output_names: Annotated[
        str | None,
        click.option(
            "--output-names", metavar="A,B", help="What the outputs are called, in order."
        ),
    ]
    fast: Annotated[
        bool,
        click.option(
            "--fast",
            is_flag=True,
            help="Run the file as exported alone: what it is at other lengths and values is not "
            "known then.",
        ),
    ]
    opset: Annotated[
        int | None,
        click.option("--opset", type=click.IntRange(min=7), help="Newest opset of the file."),
    ]
    exporter: Annotated[
        "Exporter | None",
        click.option(
            "--exporter",
            type=click.Choice(["dynamo", "torchscript"]),
            help="PyTorch's exporter to ONNX.  [default: dynamo; torchscript for TorchScript "
            "files]",
        ),
    ]
    target: Annotated[
        tuple[str, ...],
        click.option(
            "--target",
            multiple=True,
            metavar="NAME",
            help="A runtime that the file is to run on, as check --target has it.",
        ),
    ]
    expect: Expect
    unsafe_fixes: UnsafeFixes
    force_write: Annotated[
        bool,
        click.option("--force-write", is_flag=True, help="Write a file that failed verification."),
    ]
    tolerance: Annotated[
        tuple[str, ...],
        click.option(
            "--tolerance", multiple=True, metavar="[TYPE=]ABS[,REL]", help="What is equal."
        ),
    ]
    provider: Annotated[
        tuple[str, ...],
        click.option(
            "--provider",
            multiple=True,
            metavar="NAME[:KEY=VALUE,...]",
            help="Verify there too, beside onnxruntime's CPU (of LiteRT: XNNPACK, reference).",
        ),
    ]
    allow_fallback: AllowFallback
    output_format: OutputFormat
    report: ReportFile
    quiet: Quiet
    color: Color


@command(__name__, Options)
def convert_command(options: Options) -> None:
    """Convert SOURCE and verify what comes out: to ONNX, Core ML or LiteRT, or to PyTorch's words.

    SOURCE is package.module:factory, a .pt2 or a TorchScript file. It is exported, every
    resampling site is held against the call that PyTorch itself makes, what the exporter lost is
    fixed, and the file is run beside the module. A file that failed verification, or that is
    not run here, is not written. An ONNX file can be SOURCE on its way to Core ML, or to LiteRT by
    onnx2tf, and is then what the new file is held against. With --to torch, SOURCE is a model
    file, and the PyTorch call of every site is printed, or written as a Python file with --output.
    Exit code 1 says that the exporter refuses, that the file is not verified, that findings are
    left, that the file is right at fewer lengths than the module takes, or that a site is no
    PyTorch call; 2 that SOURCE, an input, a provider or an option cannot be used, or that the file
    cannot be written.
    """
    if options.to == TORCH:
        _check_none_exports(options)
        sys.exit(_to_torch(options.source, options.output, options.output_format))
    if options.to is not None and options.output is not None:
        raise UsageError("--to OUT and --output OUT say the same; give one of them")
    output = options.output or options.to
    if output is None:
        raise UsageError(
            "where to? --output model.onnx, model.mlpackage or model.tflite, or --to torch"
        )
    with progress(remaining=False) as told:
        found = _converted(options, output, None if told is None else told.stage)
    _show(found, options)
    sys.exit(CLEAN if found.ok and not found.findings else FOUND)


def _show(found: "Conversion", options: Options) -> None:
    """Print or write what came of a conversion."""
    from halfpixel.report import convert_report

    if options.output_format == "text":
        from halfpixel.report.layout import hung

        page = Page(options.report, options.color)
        lines = [convert_report.closing(found)] if options.quiet else convert_report.lines(found)
        page.tell(map(hung, lines))
        page.close()
    elif options.output_format == "json":
        write_report(convert_report.dumps(found), options.report)
    elif options.output_format == "html":
        from halfpixel.report.html import convert_page

        write_report(convert_page.dumps(convert_page.page_of(found)), options.report)
    else:
        from halfpixel.report.machine.of_convert import run_of
        from halfpixel.report.machine.write import written

        write_report(written(run_of(found), options.output_format), options.report)


def _converted(
    options: Options, output: str, stages: "Callable[[str], None] | None"
) -> "Conversion":
    from halfpixel.converting.convert import convert

    return convert(
        options.source,
        output,
        inputs=options.inputs,
        dynamic=options.dynamic,
        opset=options.opset,
        exporter=options.exporter,
        targets=options.target,
        expect=options.expect,
        unsafe_fixes=options.unsafe_fixes,
        force_write=options.force_write,
        tolerance=options.tolerance,
        providers=options.provider,
        allow_fallback=options.allow_fallback,
        limits=None if options.limits is None else parse_range(options.limits),
        arrays=options.arrays,
        input_names=options.input_names or (),
        output_names=options.output_names or (),
        fast=options.fast,
        progress=stages,
    )


def _check_none_exports(options: Options) -> None:
    """Refuse an option that says how a model is exported, where none is."""
    for parameter in COMMAND.params:
        name = str(parameter.name)
        if name not in ANY_WAY and getattr(options, name, None):
            raise UsageError(f"--to torch writes no model: it has no {parameter.opts[0]}")


def _to_torch(source: str, output: str | None, output_format: str) -> int:
    """Print or write the PyTorch calls of a model; return the exit code."""
    from halfpixel.converting import torch_calls

    calls = torch_calls.calls_of(source)
    if output is not None:
        torch_calls.write(source, calls, output)
        say(f"written to {output}: {len(calls)} site{'' if len(calls) == 1 else 's'}")
    elif output_format == "json":
        write_document(torch_calls.dumps(source, calls))
    else:
        for line in torch_calls.lines(calls):
            say(line)
    return CLEAN if all(one.call for one in calls) else FOUND


COMMAND = convert_command
