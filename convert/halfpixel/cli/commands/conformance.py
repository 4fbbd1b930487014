"""halfpixel conformance."""

import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NoReturn

import click

from halfpixel.cli.options import CLEAN, FOUND, command
from halfpixel.cli.output import Output, OutputFormat, write_report
from halfpixel.cli.progress import progress
from halfpixel.errors import RuntimeFailure
from halfpixel.printable import printable_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    output: Output
    output_format: OutputFormat


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
        case "text":
            text = printable_lines(conformance_report.summary(results, runtime, full)) + "\n"
        case "html":
            from halfpixel.report.html import conformance_page

            text = conformance_page.dumps(conformance_page.page_of(results, runtime, full))
        case form:
            from halfpixel.report.machine.of_conformance import run_of
            from halfpixel.report.machine.write import written

            text = written(run_of(results, runtime, full), form)
    write_report(text, options.output)
    new = [r for r in results if r.verdict == "different" and cause_of(r) is None]
    sys.exit(FOUND if new else CLEAN)


def _on_coreml(options: "Mapping[str, str]", output: str | None, output_format: str) -> NoReturn:
    """Run Core ML's operators on its own compute units, and settle what is left open."""
    from halfpixel.conforming.coreml import UNITS, results
    from halfpixel.report import conformance_coreml_report as report
    from halfpixel.runtimes.coreml_ import need_macos

    need_macos("--provider coreml")
    unit = options.get("compute_units", "")
    found = list(results((unit,) if unit else UNITS))
    runtime = f"macOS {platform.mac_ver()[0]}"
    match output_format:
        case "json":
            text = report.dumps(found, runtime)
        case "markdown":
            text = printable_lines(report.markdown(found, runtime))
        case "text":
            text = printable_lines(report.summary(found, runtime))
        case "html":
            from halfpixel.report.html import conformance_page

            text = conformance_page.dumps(conformance_page.page_of_coreml(found, runtime))
        case form:
            from halfpixel.report.machine.of_conformance import run_of_coreml
            from halfpixel.report.machine.write import written

            text = written(run_of_coreml(found, runtime), form)
    write_report(text, output)
    new = [one for one in found if one.verdict == "different" and not one.doubt]
    sys.exit(FOUND if new else CLEAN)


def _run(conformance: "Conformance") -> "Sequence[Result]":
    with progress() as told:
        tell = None if told is None else lambda done, total: told("configurations", done, total)
        return list(conformance.results(tell))


COMMAND = conformance_command
