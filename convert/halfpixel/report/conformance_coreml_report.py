"""A conformance run on Core ML, as text, JSON and Markdown."""

from collections import Counter
from collections.abc import Iterator, Sequence

from halfpixel.conforming.coreml import CoremlCase, CoremlResult
from halfpixel.quoting import json_text, markdown_cell


def dumps(results: Sequence[CoremlResult], runtime: str) -> str:
    """Return a run as JSON text, one row an operation and compute unit."""
    rows = [
        {
            "op": one.config.op,
            "attributes": dict(one.config.attributes),
            "version": one.config.version,
            "input": list(one.config.shape),
            "output": list(one.config.output),
            "unit": one.unit,
            "verdict": one.verdict,
            "open": one.doubt or None,
            "max_abs": None if one.difference is None else one.difference.max_abs,
            "words": one.words or None,
        }
        for one in results
    ]
    return json_text({"version": 1, "runtime": runtime, "rows": rows}, indent=1) + "\n"


def summary(results: Sequence[CoremlResult], runtime: str) -> Iterator[str]:
    """Yield the counts of each compute unit, what differs, and what is settled of open cases."""
    yield f"{runtime}: {len(results)} runs of single operations against their exact weights"
    for unit in dict.fromkeys(one.unit for one in results):
        counts = Counter(one.verdict for one in results if one.unit == unit)
        yield f"{unit}: " + ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
    for one in results:
        if one.verdict != "equal" or one.doubt:
            yield f"  {one.unit}: {_text(one.config)}: {_said(one)}"


def markdown(results: Sequence[CoremlResult], runtime: str) -> Iterator[str]:
    """Yield a table: an operation a row, a compute unit a column."""
    units = list(dict.fromkeys(one.unit for one in results))
    yield f"# Core ML: {runtime}"
    yield ""
    yield f"| operation | open | {' | '.join(units)} |"
    yield f"| --- | --- |{' --- |' * len(units)}"
    by_config: dict[str, dict[str, CoremlResult]] = {}
    for one in results:
        by_config.setdefault(_text(one.config), {})[one.unit] = one
    for text, found in by_config.items():
        first = next(iter(found.values()))
        cells = [markdown_cell(_said(found[unit])) if unit in found else "" for unit in units]
        yield f"| `{text}` | {first.doubt} | {' | '.join(cells)} |"


def _text(config: CoremlCase) -> str:
    lengths = "x".join(map(str, config.shape[-2:])), "x".join(map(str, config.output[-2:]))
    words = ", ".join(f"{name}={value}" for name, value in config.attributes.items())
    return f"{config.op}({words}) {lengths[0]} to {lengths[1]}"


def _said(one: CoremlResult) -> str:
    if one.verdict == "refused":
        return f"refused: {one.words}"
    if one.verdict == "equal" or one.difference is None:
        return one.verdict
    return f"different by {one.difference.max_abs:.3g}"
