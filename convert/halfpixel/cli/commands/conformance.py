"""halfpixel conformance."""

import platform
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, NoReturn

import click

from halfpixel.cli.options import CLEAN, FOUND, command
from halfpixel.cli.output import Color, Output, OutputFormat, Page, write_report
from halfpixel.cli.progress import progress
from halfpixel.errors import RuntimeFailure
from halfpixel.printable import printable_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from halfpixel.conforming.conformance import Conformance, Result
    from halfpixel.report.html.tables import Tables
    from halfpixel.report.machine.entry import Run


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and where the table goes."""

    provider: Annotated[
        str,
        click.option(
            "--provider",
            default="cpu",
            metavar="NAME[:KEY=VALUE,...]",
            help="The execution provider of onnxruntime, coreml (macOS) or litert.  [default: cpu]",
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
    color: Color


@command(__name__, Options)
def conformance_command(options: Options) -> None:
    """Run every combination of attributes on a provider, against the exact weights.

    With coreml, the operators of an ML Program run on each compute unit of a Mac
    (coreml:compute_units=cpu_only for one), which settles what Apple's documents leave open; with
    litert, LiteRT's two resizes run on its reference kernels, its optimised ones and XNNPACK. Exit
    code 1 says that a difference has no known cause, 2 that the provider is missing.
    """
    from halfpixel.conforming.causes import cause_of
    from halfpixel.conforming.conformance import Conformance
    from halfpixel.report import conformance_report
    from halfpixel.report.html import conformance_page
    from halfpixel.report.machine import of_conformance
    from halfpixel.runtime import parse_provider
    from halfpixel.runtimes.provider import available, library

    where, provider = parse_provider(options.provider)
    if where == "coreml":
        _on_coreml(provider, options)
    if where == "litert":
        _on_litert(options)
    full = available(where, f"--provider {options.provider}")
    runtime = f"onnxruntime {library().__version__}"
    results = _run(Conformance(where, provider, options.quick))
    if not any(result.verdict in {"equal", "different"} for result in results):
        raise RuntimeFailure(full, "it ran none of the nodes: refused, or left to the CPU")
    _show(
        options,
        json=lambda: conformance_report.dumps(results, runtime, full),
        page=lambda: conformance_report.markdown(results, runtime, full),
        text=lambda: conformance_report.summary(results, runtime, full),
        run=lambda: of_conformance.run_of(results, runtime, full),
        html=lambda: conformance_page.page_of(results, runtime, full),
    )
    new = [r for r in results if r.verdict == "different" and cause_of(r) is None]
    sys.exit(FOUND if new else CLEAN)


def _show(  # noqa: PLR0913 - one a format
    options: Options,
    *,
    json: "Callable[[], str]",
    page: "Callable[[], Iterable[str]]",
    text: "Callable[[], Iterable[str]]",
    run: "Callable[[], Run]",
    html: "Callable[[], Tables]",
) -> None:
    """Print or write a run in the format that is asked for."""
    match options.output_format:
        case "text":
            from halfpixel.report.layout import hung

            told = Page(options.output, options.color)
            told.tell(map(hung, text()))
            told.close()
        case "json":
            write_report(json(), options.output)
        case "markdown":
            write_report(printable_lines(page()), options.output)
        case "html":
            from halfpixel.report.html.tables import dumps

            write_report(dumps(html()), options.output)
        case form:
            from halfpixel.report.machine.write import written

            write_report(written(run(), form), options.output)


def _on_coreml(provider: "Mapping[str, str]", options: Options) -> NoReturn:
    """Run Core ML's operators on its own compute units, and settle what is left open."""
    from halfpixel.conforming.coreml import UNITS, results
    from halfpixel.report import conformance_coreml_report as report
    from halfpixel.report.html import conformance_page
    from halfpixel.report.machine import of_conformance
    from halfpixel.runtimes.coreml_ import need_macos

    need_macos("--provider coreml")
    unit = provider.get("compute_units", "")
    found = list(results((unit,) if unit else UNITS))
    runtime = f"macOS {platform.mac_ver()[0]}"
    _show(
        options,
        json=lambda: report.dumps(found, runtime),
        page=lambda: report.markdown(found, runtime),
        text=lambda: report.summary(found, runtime),
        run=lambda: of_conformance.run_of_coreml(found, runtime),
        html=lambda: conformance_page.page_of_coreml(found, runtime),
    )
    new = [one for one in found if one.verdict == "different" and not one.doubt]
    sys.exit(FOUND if new else CLEAN)


def _on_litert(options: Options) -> NoReturn:
    """Run LiteRT's resizes on each of its sets of kernels."""
    from halfpixel.conforming.litert.causes import cause_of
    from halfpixel.conforming.litert.conformance import results
    from halfpixel.conforming.litert.kernels import runtime
    from halfpixel.report import conformance_litert_report as report
    from halfpixel.report.html import conformance_page
    from halfpixel.report.machine import of_conformance

    name = runtime()
    found = list(results())
    _show(
        options,
        json=lambda: report.dumps(found, name),
        page=lambda: report.markdown(found, name),
        text=lambda: report.summary(found, name),
        run=lambda: of_conformance.run_of_litert(found, name),
        html=lambda: conformance_page.page_of_litert(found, name),
    )
    new = [one for one in found if one.verdict == "different" and cause_of(one) is None]
    sys.exit(FOUND if new else CLEAN)


def _run(conformance: "Conformance") -> "Sequence[Result]":
    with progress() as told:
        if told is None:
            return list(conformance.results())

        def tell(done: int, total: int) -> None:
            told("configurations", done, total)

        return list(conformance.results(tell))


COMMAND = conformance_command
