"""halfpixel conformance."""

import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NoReturn

import click

from halfpixel.cli.console import write_document
from halfpixel.cli.options import CLEAN, FOUND, command
from halfpixel.errors import RuntimeFailure
from halfpixel.printable import printable_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from halfpixel.conforming.conformance import Conformance, Result


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and where the table goes."""

    provider: Annotated[
        str,
        click.option(
            "--provider",
            default="cpu",
            metavar="NAME[:KEY=VALUE,...]",
            help="The execution provider of onnxruntime, or coreml (macOS).  [default: cpu]",
        ),
    ]
    quick: Annotated[
        bool,
        click.option(
            "--quick", is_flag=True, help="A few hundred configurations instead of thousands."
        ),
    ]
    output: Annotated[
        str | None,
        click.option(
            "-o", "--output", metavar="OUT", help="Write there instead of standard output."
        ),
    ]
    output_format: Annotated[
        str,
        click.option(
            "--output-format", type=click.Choice(["text", "json", "markdown"]), default="text"
        ),
    ]


@command(__name__, Options)
def conformance_command(options: Options) -> None:
    """Run every combination of attributes on a provider, against the exact weights.

    With coreml, the operators of an ML Program run on each compute unit of a Mac
    (coreml:compute_units=cpu_only for one), which settles what Apple's documents leave open. Exit
    code 1 says that a difference has no known cause, 2 that the provider is missing.
    """
    from halfpixel.conforming.causes import cause_of
    from halfpixel.conforming.conformance import Conformance
    from halfpixel.report import conformance_report
    from halfpixel.runtime import parse_provider
    from halfpixel.runtimes.provider import available, library

    where, provider = parse_provider(options.provider)
    if where == "coreml":
        _on_coreml(provider, options.output, options.output_format)
    full = available(where, f"--provider {options.provider}")
    runtime = f"onnxruntime {library().__version__}"
    results = _run(Conformance(where, provider, options.quick))
    if not any(result.verdict in {"equal", "different"} for result in results):
        raise RuntimeFailure(full, "it ran none of the nodes: refused, or left to the CPU")
    match options.output_format:
        case "json":
            text = conformance_report.dumps(results, runtime, full)
        case "markdown":
            text = "\n".join(conformance_report.markdown(results, runtime, full)) + "\n"
        case _:
            text = printable_lines(conformance_report.summary(results, runtime, full)) + "\n"
    _write(text, options.output)
    new = [r for r in results if r.verdict == "different" and cause_of(r) is None]
    sys.exit(FOUND if new else CLEAN)


def _write(text: str, output: str | None) -> None:
    if output is None:
        write_document(text, end=False)
        return
    from pathlib import Path

    from halfpixel.formats import atomic

    atomic.write([text.encode()], None, Path(output), replace=True)


def _on_coreml(options: "Mapping[str, str]", output: str | None, output_format: str) -> NoReturn:
    """Run Core ML's operators on its own compute units, and settle what is left open."""
    from halfpixel.conforming.coreml import UNITS, results
    from halfpixel.report import conformance_coreml_report as report
    from halfpixel.runtimes.coreml_ import need_macos

    need_macos("--provider coreml")
    unit = options.get("compute_units", "")
    found = list(results((unit,) if unit else UNITS))
    runtime = f"macOS {platform.mac_ver()[0]}"
    lines = report.markdown if output_format == "markdown" else report.summary
    text = printable_lines(lines(found, runtime)) + "\n"
    _write(report.dumps(found, runtime) if output_format == "json" else text, output)
    new = [one for one in found if one.verdict == "different" and not one.doubt]
    sys.exit(FOUND if new else CLEAN)


def _run(conformance: "Conformance") -> "Sequence[Result]":
    if not sys.stderr.isatty():
        return list(conformance.results())
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("configurations", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        tell: Callable[[int, int], None] = told
        return list(conformance.results(tell))


COMMAND = conformance_command
