"""A report of conformance as one HTML file: what a runtime computes, against exact weights."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from halfpixel.conforming.causes import CAUSES, cause_of
from halfpixel.conforming.conformance import Result
from halfpixel.conforming.coreml import CoremlResult
from halfpixel.conforming.litert import causes as of_litert
from halfpixel.conforming.litert.conformance import LitertResult
from halfpixel.conforming.reproducer import reproducer, smallest
from halfpixel.report.conformance_litert_report import called, reason_of
from halfpixel.report.html.gallery import Gallery
from halfpixel.report.html.tables import Detail, Heads, Line, Mood, Part, Table, Tables, dumps

__all__ = ["dumps", "page_of", "page_of_coreml", "page_of_litert"]

VERDICTS = ("equal", "different", "refused", "fallback")
COUNTS: Heads = tuple((name, "number") for name in VERDICTS)


def page_of(results: Sequence[Result], runtime: str, provider: str) -> Tables:
    """Return the page of a provider."""
    new = [one for one in results if one.verdict == "different" and cause_of(one) is None]
    parts = (
        Part("Operators", "operators", (_operators(results),)),
        Part("Causes of differences", "causes", tuple(_causes(results, provider))),
        Part("Refused", "refused", tuple(_refused(results))),
        Part("Not equal", "combinations", tuple(_rows(results))),
    )
    counts = Counter[str](one.verdict for one in results)
    verdict, mood = _verdict(counts, len(new))
    told = tuple((counts[name], name) for name in VERDICTS)
    return Tables("conformance", verdict, mood, (f"{runtime}, {provider}",), told, parts, Gallery())


def _verdict(counts: Counter[str], new: int) -> tuple[str, Mood]:
    if new:
        return f"{new} differences have no known cause", "error"
    if counts["different"]:
        return f"{counts['different']} differences, each with a known cause", "warning"
    return "Every combination that runs equals its exact weights", "good"


def _operators(results: Sequence[Result]) -> Table:
    lines: list[Line] = []
    for op in dict.fromkeys(one.config.op for one in results):
        counts = Counter[str](one.verdict for one in results if one.config.op == op)
        cells = (op, str(sum(counts.values())), *(str(counts[name]) for name in VERDICTS))
        lines.append(Line(cells))
    heads: Heads = (("Operator", ""), ("Configurations", "number"), *COUNTS)
    return Table("What came of each operator", heads, tuple(lines))


def _causes(results: Sequence[Result], provider: str) -> Iterator[Detail]:
    different = [one for one in results if one.verdict == "different"]
    for cause in (*CAUSES, None):
        found = [one for one in different if cause_of(one) == cause]
        if not found:
            continue
        worst = max(one.worst for one in found)
        facts = [("configurations", str(len(found))), ("worst error", f"{worst:.3g}")]
        if cause is not None:
            facts += [("at fault", f"the {cause.wrong}"), ("source", cause.source)]
            facts += [("reported", link) for link in cause.reports]
        title = "Unexplained" if cause is None else cause.name.capitalize()
        text = "" if cause is None else cause.text
        code = reproducer(smallest(found).config, provider).rstrip()
        yield Detail(title, "different", "", tuple(facts), text, code=code)


def _refused(results: Sequence[Result]) -> Iterator[Table]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for one in results:
        if one.verdict == "refused":
            groups[one.words].append(one)
    lines: list[Line] = []
    for words, found in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        kinds = sorted({f"{r.config.op}-{r.config.opset} {r.config.dtype}" for r in found})
        lines.append(Line((str(len(found)), ", ".join(kinds), words), "refused"))
    if lines:
        heads: Heads = (
            ("Count", "number"), ("Operators and types", ""), ("The runtime's words", ""),
        )  # fmt: skip
        yield Table("What the provider refuses", heads, tuple(lines))


def _rows(results: Sequence[Result]) -> Iterator[Table]:
    rows: dict[object, list[Result]] = defaultdict(list)
    for one in results:
        rows[one.config.row].append(one)
    lines: list[Line] = []
    for found in rows.values():
        counts = Counter[str](one.verdict for one in found)
        group = next((name for name in VERDICTS[1:] if counts[name]), "equal")
        if group == "equal":
            continue
        config = found[0].config
        words = ", ".join(f"{name}={value}" for name, value in config.attributes)
        head = f"{config.op}-{config.opset}({', '.join(filter(None, (words, config.by)))})"
        worst = max((one.worst for one in found), default=0.0)
        cells = (
            head, f"{config.dtype}, rank {len(config.shape)}", group,
            *(str(counts[name]) for name in VERDICTS), f"{worst:.3g}" if worst else "",
        )  # fmt: skip
        lines.append(Line(cells, group))
    if lines:
        heads: Heads = (
            ("Node", "code"), ("Type", ""), ("Verdict", "badge"), *COUNTS, ("Worst error",
            "number"),
        )  # fmt: skip
        yield Table("Over the lengths of each combination", heads, tuple(lines))


def page_of_coreml(results: Sequence[CoremlResult], runtime: str) -> Tables:
    """Return the page of Core ML's compute units."""
    counts = Counter[str](one.verdict for one in results)
    new = sum(one.verdict == "different" and not one.doubt for one in results)
    verdict, mood = _verdict(counts, new)
    lines = tuple(_coreml(one) for one in results)
    heads: Heads = (
        ("Operation", "code"), ("Lengths", ""), ("Unit", ""), ("Verdict", "badge"), ("Max abs",
        "number"),
        ("What is open, or its words", ""),
    )  # fmt: skip
    parts = (Part("Operations", "operations", (Table("Each on a compute unit", heads, lines),)),)
    told = tuple((counts[name], name) for name in VERDICTS[:3])
    return Tables("conformance", verdict, mood, (runtime,), told, parts, Gallery())


def _coreml(one: CoremlResult) -> Line:
    config = one.config
    words = ", ".join(f"{name}={value}" for name, value in config.attributes.items())
    lengths = " to ".join("x".join(map(str, shape)) for shape in (config.shape, config.output))
    apart = "" if one.difference is None else f"{one.difference.max_abs:.3g}"
    cells = f"{config.op}({words})", lengths, one.unit, one.verdict, apart, one.doubt or one.words
    return Line(cells, one.verdict)


def page_of_litert(results: Sequence[LitertResult], runtime: str) -> Tables:
    """Return the page of LiteRT's kernels."""
    counts = Counter[str](one.verdict for one in results)
    different = [one for one in results if one.verdict == "different"]
    verdict, mood = _verdict(counts, sum(of_litert.cause_of(one) is None for one in different))
    heads: Heads = (
        ("Resize", "code"), ("Lengths", ""), ("Kernels", ""), ("Verdict", "badge"),
        ("Max abs", "number"), ("Cause, or its words", ""),
    )  # fmt: skip
    lines = tuple(
        Line(
            (called(one.config), one.config.case, one.kernels, one.verdict,
             f"{one.worst:.3g}" if one.worst else "", reason_of(one)),
            one.verdict,
        )
        for one in results
        if one.verdict != "equal"
    )  # fmt: skip
    parts = (Part("Not equal", "combinations", (Table("Each set of kernels", heads, lines),)),)
    told = tuple((counts[name], name) for name in VERDICTS[:3])
    return Tables("conformance", verdict, mood, (runtime,), told, parts, Gallery())
