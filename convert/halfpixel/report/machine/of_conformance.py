"""What a conformance run saw, as a run: a case a configuration."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from halfpixel.conforming.causes import cause_of
from halfpixel.conforming.conformance import Result
from halfpixel.conforming.coreml import CoremlCase, CoremlResult
from halfpixel.conforming.litert import causes as of_litert
from halfpixel.conforming.litert.conformance import LitertResult
from halfpixel.report.conformance_litert_report import called
from halfpixel.report.machine.entry import Entry, Run

if TYPE_CHECKING:
    from halfpixel.conforming.models import Config
    from halfpixel.rule import Severity


def run_of(results: Sequence[Result], runtime: str, provider: str) -> Run:
    """Return what a provider makes of every configuration."""
    file = f"{runtime}, {provider}"
    entries = tuple(entry for one in results for entry in _entry(file, one))
    looked = tuple((file, name_of(one.config)) for one in results)
    return Run("conformance", entries, looked, closing(file, [one.verdict for one in results]))


def closing(file: str, verdicts: Sequence[str]) -> str:
    """Return a run in one line.

    >>> closing("ort", ["equal", "equal", "refused"])
    'ort: 3 configurations: 2 equal, 1 refused'
    """
    listed = ", ".join(f"{count} {one}" for one, count in Counter(verdicts).most_common())
    return f"{file}: {len(verdicts)} configurations: {listed}"


def name_of(config: "Config") -> str:
    """Return what a configuration is called: the node, its lengths and its attributes."""
    said = [f"{key}={value}" for key, value in config.attributes]
    head = f"{config.op}-{config.opset} {config.dtype} {'x'.join(map(str, config.shape))}"
    return " ".join((head, *filter(None, (config.case, config.by)), *said))


def _entry(file: str, one: Result) -> Iterator[Entry]:
    name, op = name_of(one.config), one.config.op
    if one.verdict == "different":
        cause = cause_of(one)
        text = f"off by up to {one.worst:.3g}"
        if cause is None:
            yield Entry(file, "error", "unexplained", text, name, op)
        else:
            kind = cause.name.replace(" ", "-")
            yield Entry(file, "note", kind, f"{text}: {cause.text}", name, op)
    elif one.verdict != "equal":
        yield Entry(file, "note", one.verdict, one.words or "left to the CPU", name, op)


def run_of_coreml(results: Sequence[CoremlResult], runtime: str) -> Run:
    """Return what Core ML's compute units make of single operations."""
    entries = tuple(_coreml(runtime, results))
    looked = tuple((runtime, coreml_name(one.config, one.unit)) for one in results)
    verdicts = [one.verdict for one in results]
    return Run("conformance", entries, looked, closing(runtime, verdicts))


def coreml_name(config: CoremlCase, unit: str) -> str:
    """Return what an operation on a compute unit is called."""
    words = " ".join(f"{name}={value}" for name, value in config.attributes.items())
    lengths = " to ".join("x".join(map(str, shape)) for shape in (config.shape, config.output))
    return f"{config.op} {lengths} {words} on {unit}"


def _coreml(runtime: str, results: Iterable[CoremlResult]) -> Iterator[Entry]:
    for one in results:
        name, op = coreml_name(one.config, one.unit), one.config.op
        if one.verdict == "different":
            apart = "" if one.difference is None else f"off by up to {one.difference.max_abs:.3g}"
            severity: Severity = "note" if one.doubt else "error"
            yield Entry(runtime, severity, "different", one.doubt or apart, name, op)
        elif one.verdict != "equal":
            yield Entry(runtime, "note", one.verdict, one.words, name, op)


def run_of_litert(results: Sequence[LitertResult], runtime: str) -> Run:
    """Return what LiteRT's kernels make of single resizes."""
    entries = tuple(entry for one in results for entry in _litert(runtime, one))
    looked = tuple((runtime, litert_name(one)) for one in results)
    return Run("conformance", entries, looked, closing(runtime, [one.verdict for one in results]))


def litert_name(one: LitertResult) -> str:
    """Return what a resize on a set of kernels is called."""
    return f"{called(one.config)}, {one.config.case} on {one.kernels}"


def _litert(runtime: str, one: LitertResult) -> Iterator[Entry]:
    name, op = litert_name(one), one.config.op
    if one.verdict == "different":
        cause = of_litert.cause_of(one)
        text = f"off by up to {one.worst:.3g}" if one.worst else "what its flags mean is not known"
        if cause is None:
            yield Entry(runtime, "error", "unexplained", text, name, op)
        else:
            kind = cause.name.replace(" ", "-")
            yield Entry(runtime, "note", kind, f"{text}: {cause.text}", name, op)
    elif one.verdict == "refused":
        yield Entry(runtime, "note", one.verdict, one.words, name, op)
