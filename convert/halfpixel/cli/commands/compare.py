"""halfpixel compare."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
from msgspec import Struct

from halfpixel.cli.options import CLEAN, FAILED, FOUND, MaxWork, Shape, command, read_shapes
from halfpixel.cli.output import Color, Output, OutputFormat, Page, write_report

if TYPE_CHECKING:
    from halfpixel.checking.comparing.result import Comparison

PICTURES: Final = (".svg", ".png")
"""Endings of a file that a picture is written to."""

CODES: Final = {"equal": CLEAN, "different": FOUND, "open": FAILED}


class Options(Struct, frozen=True):
    """What is compared, and at which lengths."""

    a: Annotated[str, click.argument("a", metavar='"CALL(...)" | MODEL[:NODE]')]
    b: Annotated[str, click.argument("b", metavar='"CALL(...)" | MODEL[:NODE]')]
    size: Annotated[
        str | None,
        click.option(
            "--size",
            metavar="WxH:WxH",
            help="Compare at these lengths, width x height of the input and of the output: "
            "640x480:224x224, 7:3 for every axis, 640x480 where the calls give the output.",
        ),
    ]
    scale: Annotated[
        str | None,
        click.option(
            "--scale",
            metavar="FACTOR",
            help="Compare calls that leave the size open at this factor: 2, 0.5, 7/3.",
        ),
    ]
    measure: Annotated[
        bool,
        click.option(
            "--measure",
            is_flag=True,
            help="Run both calls on the same images too, where their libraries are installed.",
        ),
    ]
    output: Output
    output_format: OutputFormat
    color: Color
    shape: Shape
    max_work: MaxWork


@command(__name__, Options)
def compare_command(options: Options) -> None:
    """Prove two resizes equal, or show where they part: calls of any framework, nodes of models.

    Calls are written as in a program: "F.interpolate(x, size=(20, 30), mode='bilinear')",
    "cv2.resize(x, (30, 20))". Where no lengths are known, the verdict is for every length. An
    --output of .svg or .png is the picture. Exit code 0: proven equal; 1: different; 2: a call or a
    model cannot be read, or it is open: neither is proven.
    """
    from halfpixel.checking.comparing.compare import compare

    found = compare(
        options.a,
        options.b,
        size=options.size,
        scale=options.scale,
        shapes=read_shapes(options.shape),
        max_work=options.max_work,
    )
    if options.measure:
        from halfpixel.verifying.libraries.measure import measured

        found = measured(found)
    if options.output is not None and options.output.lower().endswith(PICTURES):
        from halfpixel.report.pictures.comparison import picture_of_comparison
        from halfpixel.report.pictures.file import save

        _tell(found, None, options.color)
        save(picture_of_comparison(found), Path(options.output))
    else:
        _show(found, options)
    sys.exit(CODES[found.verdict])


def _show(found: "Comparison", options: Options) -> None:
    """Print or write a comparison in the format that is asked for."""
    match options.output_format:
        case "text":
            _tell(found, options.output, options.color)
        case "json":
            from halfpixel.report.compare_json import dumps

            write_report(dumps(found), options.output)
        case "html":
            from halfpixel.report.html.compare_page import dumps

            write_report(dumps(found), options.output)
        case form:
            from halfpixel.report.machine.of_compare import run_of
            from halfpixel.report.machine.write import written

            write_report(written(run_of(found), form), options.output)


def _tell(found: "Comparison", output: str | None, color: str) -> None:
    from halfpixel.report.compare_report import text

    page = Page(output, color)
    page.tell(text(found))
    page.close()


COMMAND = compare_command
