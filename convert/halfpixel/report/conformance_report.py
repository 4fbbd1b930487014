"""A conformance run as JSON, which deployment rules read, and as a table in Markdown."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from halfpixel.conforming.causes import CAUSES, cause_of
from halfpixel.conforming.conformance import Result
from halfpixel.conforming.reproducer import reproducer, smallest
from halfpixel.quoting import json_text, markdown_cell
from halfpixel.runtimes.provider import CPU, full_name

if TYPE_CHECKING:
    from halfpixel.conforming.models import Config

VERSION = 1


def dumps(results: Sequence[Result], runtime: str, provider: str) -> str:
    """Return a run as JSON text: one row for each combination of attributes, rank and type.

    Of each row, `cases` is the place in the list of `cases` of the lengths that were run, and
    `not_equal` holds those that are not equal: [verdict, worst error or null, place in `reasons`
    of the cause or the runtime's words].
    """
    rows: dict[object, list[Result]] = defaultdict(list)
    for result in results:
        rows[result.config.row].append(result)
    counts = Counter(result.verdict for result in results)
    sets = list(dict.fromkeys(_cases(found) for found in rows.values()))
    words = sorted({_reason(result) for result in results if result.verdict != "equal"})
    places = {text: place for place, text in enumerate(words)}
    body = {
        "version": VERSION,
        "runtime": runtime,
        "provider": provider,
        "counts": dict(sorted(counts.items())),
        "reasons": words,
        "cases": sets,
        "rows": [{**_row(f, places), "cases": sets.index(_cases(f))} for f in rows.values()],
    }
    head = json_text({key: value for key, value in body.items() if key != "rows"}, indent=1)
    listed = ",\n".join(json_text(row, compact=True) for row in body["rows"])  # type: ignore[attr-defined]
    return f'{head[:-2]},\n "rows": [\n{listed}\n]}}\n'


def _reason(result: Result) -> str:
    if result.verdict == "refused":
        return result.words
    if result.verdict == "fallback":
        return "left to the CPU"
    cause = cause_of(result)
    return "unexplained" if cause is None else cause.name


def _row(found: Sequence[Result], places: dict[str, int]) -> dict[str, object]:
    config = found[0].config
    not_equal = {
        result.config.case: [result.verdict, _worst(result), places[_reason(result)]]
        for result in found
        if result.verdict != "equal"
    }
    return {
        "op": config.op,
        "opset": config.opset,
        **dict(config.attributes),
        "by": config.by,
        "rank": len(config.shape),
        "dtype": config.dtype,
        "not_equal": not_equal,
    }


def _cases(found: Sequence[Result]) -> tuple[str, ...]:
    return tuple(result.config.case for result in found)


def _worst(result: Result) -> float | None:
    known = result.verdict == "different" and math.isfinite(result.worst)
    return float(f"{result.worst:.4g}") if known else None


def markdown(results: Sequence[Result], runtime: str, provider: str) -> Iterator[str]:
    """Yield a run as a page: counts, refusals, and each cause with a reproducer."""
    yield f"# {runtime}, {provider}"
    yield ""
    yield "What the provider computes for every combination of attributes, against the exact"
    yield "weights. Built by `halfpixel conformance --output-format markdown`."
    yield ""
    yield "| operator | configurations | equal | different | refused | left to the CPU |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for op in dict.fromkeys(result.config.op for result in results):
        counts = Counter(result.verdict for result in results if result.config.op == op)
        cells = (counts["equal"], counts["different"], counts["refused"], counts["fallback"])
        yield f"| {op} | {sum(counts.values())} | {' | '.join(map(str, cells))} |"
    yield from _causes(results, provider)
    yield from _refusals(results)


def _causes(results: Sequence[Result], provider: str) -> Iterator[str]:
    different = [result for result in results if result.verdict == "different"]
    for cause in (*CAUSES, None):
        explained = [result for result in different if cause_of(result) == cause]
        if not explained:
            continue
        yield ""
        worst = max(result.worst for result in explained)
        name = "Unexplained" if cause is None else cause.name.capitalize()
        yield f"## {name}: {len(explained)}, worst error {worst:.3g}"
        yield ""
        if cause is not None:
            yield f"{cause.text} At fault: the {cause.wrong}. Source: {cause.source}."
            yield from (f"Reported: <{link}>" for link in cause.reports)
            yield ""
        yield "```python"
        yield reproducer(smallest(explained).config, provider).rstrip()
        yield "```"
    if full_name(provider) == CPU:
        yield from _beyond()


def _beyond() -> Iterator[str]:
    """Yield the causes that random nodes show, and none of these configurations."""
    for cause in CAUSES:
        if cause.beyond:
            yield ""
            yield f"## {cause.name.capitalize()}: at random nodes alone"
            yield ""
            yield f"{cause.text} At fault: the {cause.wrong}. Source: {cause.source}."


def _refusals(results: Sequence[Result]) -> Iterator[str]:
    refused = [result for result in results if result.verdict == "refused"]
    if not refused:
        return
    yield ""
    yield f"## Refused: {len(refused)}"
    yield ""
    yield "| count | operators and types | the runtime's words |"
    yield "| --- | --- | --- |"
    groups: dict[str, list[Config]] = defaultdict(list)
    for result in refused:
        groups[result.words].append(result.config)
    for words, configs in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        kinds = sorted({f"{config.op}-{config.opset} {config.dtype}" for config in configs})
        yield f"| {len(configs)} | {', '.join(kinds)} | {markdown_cell(words)} |"


def summary(results: Sequence[Result], runtime: str, provider: str) -> Iterator[str]:
    """Yield a run in a few lines."""
    counts = Counter(result.verdict for result in results)
    listed = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    yield f"{runtime}, {provider}: {len(results)} configurations: {listed}"
    reasons = Counter(_reason(r) for r in results if r.verdict == "different")
    for reason, count in reasons.most_common():
        yield f"  different: {count} {reason}"
