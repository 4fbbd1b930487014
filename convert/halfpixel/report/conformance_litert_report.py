"""A conformance run on LiteRT, as text, JSON and Markdown: what each set of kernels makes of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from halfpixel.conforming.litert.causes import CAUSES, cause_of
from halfpixel.conforming.litert.conformance import LitertCase, LitertResult
from halfpixel.quoting import json_text, markdown_cell

Group = list[LitertResult]


def grouped(results: Sequence[LitertResult]) -> dict[str, dict[str, Group]]:
    """Return results by what was run, without its lengths, and then by kernels."""
    found: dict[str, dict[str, Group]] = defaultdict(lambda: defaultdict(list))
    for one in results:
        found[called(one.config)][one.kernels].append(one)
    return found


def called(config: LitertCase) -> str:
    """Return a resize with its flags and its type.

    >>> from halfpixel.conventions.litert.resize import Flags
    >>> called(LitertCase("RESIZE_BILINEAR", Flags(align_corners=True), "int8", "up 2"))
    'RESIZE_BILINEAR align_corners, int8'
    """
    flags = config.flags
    named = [
        name
        for name, is_set in (
            ("align_corners", flags.align_corners),
            ("half_pixel_centers", flags.half_pixel_centers),
        )
        if is_set
    ]
    return f"{config.op} {' and '.join(named) or 'no flag'}, {config.dtype}"


def reason_of(result: LitertResult) -> str:
    """Return why a result is not equal: the cause, or the runtime's words."""
    if result.verdict == "refused":
        return result.words
    cause = cause_of(result)
    return "unexplained" if cause is None else cause.name


def dumps(results: Sequence[LitertResult], runtime: str) -> str:
    """Return a run as JSON text, one row a resize and set of kernels."""
    rows = [
        {
            "op": found[0].config.op,
            "align_corners": found[0].config.flags.align_corners,
            "half_pixel_centers": found[0].config.flags.half_pixel_centers,
            "dtype": found[0].config.dtype,
            "kernels": kernels,
            "not_equal": {
                one.config.case: [one.verdict, float(f"{one.worst:.4g}"), reason_of(one)]
                for one in found
                if one.verdict != "equal"
            },
        }
        for of_kernels in grouped(results).values()
        for kernels, found in of_kernels.items()
    ]
    return json_text({"version": 1, "runtime": runtime, "rows": rows}, indent=1) + "\n"


def summary(results: Sequence[LitertResult], runtime: str) -> Iterator[str]:
    """Yield the counts of each set of kernels, and the causes of differences."""
    yield f"{runtime}: {len(results)} runs of single resizes against their exact weights"
    for kernels in dict.fromkeys(one.kernels for one in results):
        mine = [one for one in results if one.kernels == kernels]
        counts = Counter(one.verdict for one in mine)
        yield f"{kernels}: " + ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
        reasons = Counter(reason_of(one) for one in mine if one.verdict == "different")
        yield from (f"  different: {n} {reason}" for reason, n in reasons.most_common())


def markdown(results: Sequence[LitertResult], runtime: str) -> Iterator[str]:
    """Yield a page: a resize a row, a set of kernels a column, then the causes."""
    kernels = list(dict.fromkeys(one.kernels for one in results))
    yield f"# {runtime}"
    yield ""
    yield "What LiteRT's kernels compute for every combination of flags, against the exact"
    yield "weights: its reference kernels, its optimised ones, and XNNPACK, which takes what it can"
    yield "by default and leaves the rest to the optimised ones."
    yield "Built by `halfpixel conformance --provider litert --output-format markdown`."
    yield ""
    yield f"| resize | {' | '.join(kernels)} |"
    yield f"| --- |{' --- |' * len(kernels)}"
    for name, found in grouped(results).items():
        cells = [markdown_cell(_said(found[one])) for one in kernels if one in found]
        yield f"| {name} | {' | '.join(cells)} |"
    different = [one for one in results if one.verdict == "different"]
    for cause in (*CAUSES, None):
        explained = [one for one in different if cause_of(one) == cause]
        if explained:
            yield ""
            name = "Unexplained" if cause is None else cause.name.capitalize()
            yield f"## {name}: {len(explained)}"
            yield ""
        if explained and cause is not None:
            yield f"{cause.text} Source: {cause.source}."


def _said(found: Group) -> str:
    """Return what came of a resize over its lengths."""
    counts = Counter(one.verdict for one in found)
    if counts["refused"] == len(found):
        return f"refused: {found[0].words}"
    told: list[str] = []
    for reason in dict.fromkeys(reason_of(one) for one in found if one.verdict != "equal"):
        mine = [one for one in found if one.verdict != "equal" and reason_of(one) == reason]
        worst = max(one.worst for one in mine)
        told.append(
            f"{len(mine)} of {len(found)} {reason}{f', up to {worst:.3g}' if worst else ''}"
        )
    return "; ".join(told) or "equal"
