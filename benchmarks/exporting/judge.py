"""Whether a row of an exporters' table is so: what it says was meant, against what was computed.

A case is one call that was exported, with the framework's own output. Of the node that came out the
rows that speak of it are asked, as a check asks them, and what they say was meant is computed at
the case's lengths: it has to be the framework's output.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from halfpixel.checking.check import check
from halfpixel.conditions.facts import resized_axes
from halfpixel.intents.aten_call import named_call
from halfpixel.intents.exporter import ASPECTS
from halfpixel.intents.exporter_habit import asked, instead, meant, with_flag
from halfpixel.sampling import Resize

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from halfpixel.intents.exporter import Aspect, Exporter, Row
    from halfpixel.site import Operation, Site

    Key = tuple[str, int]

COMPUTED: tuple[Aspect, ...] = ("mode", "coordinates", "rounding", "cubic", "align_corners")
TOLERANCE = 1e-4


@dataclass(slots=True)
class Tally:
    """What the cases of one row came to.

    Attributes:
        held: releases in which what the row says was meant is what the framework computed.
        broken: cases in which it is not.
        right: cases of a row by which something cannot be known, written as it was meant.
        other: those written otherwise.
    """

    held: set[str] = field(default_factory=set[str])
    broken: list[str] = field(default_factory=list[str])
    right: int = 0
    other: int = 0


Tallies = dict["Key", Tally]


def tallies() -> Tallies:
    """Return empty ones, by exporter and place of the row."""
    return defaultdict(Tally)


def judge(folder: Path, case: dict[str, Any], release: str, counts: Tallies) -> str:
    """Hold the rows that speak of a case's node to it; return why there is none, if there is not."""
    sites = [one for one in check(folder / case["file"]).sites if not one.operation.hidden]
    if len(sites) != 1:
        return f"{len(sites)} resampling nodes"
    site = sites[0]
    rows = spoken(site)
    if not rows:
        return "no row speaks of the node"
    if case.get("attributes"):
        for key, value in case["attributes"].items():
            aspect = cast("Aspect", key)
            written = getattr(site.operator, key, site.operation.attributes.get(key))
            if aspect in rows:
                note(counts, rows[aspect], ok=value == written, case=case, release=release)
        return ""
    with np.load(folder / case["arrays"]) as arrays:
        x, y = arrays["x"], arrays["y"]
    if site.op == "Upsample" and any(m < n for n, m in zip(x.shape, y.shape, strict=True)):
        return "an Upsample that shrinks, which nothing runs"
    judged(site, rows, case, (x, y), release, counts)
    return ""


def spoken(site: Site) -> dict[Aspect, tuple[Exporter, Row]]:
    """Return the row that speaks of each aspect of a node."""
    aten = named_call(site.name)
    found = {aspect: asked(site.operation, aspect, aten) for aspect in ASPECTS}
    return {aspect: one for aspect, one in found.items() if one is not None}


def judged(
    site: Site,
    rows: dict[Aspect, tuple[Exporter, Row]],
    case: dict[str, Any],
    arrays: tuple[NDArray[Any], NDArray[Any]],
    release: str,
    counts: Tallies,
) -> None:
    """Count what the rows about a node say against the framework's output."""
    operation, flag = site.operation, str(case.get("flag", ""))
    operator, said = operation.operator, list[Any]()
    if not isinstance(operator, Resize):
        return
    call = rows.get("call")
    intent = meant(operation, site.name) if call is not None and call[1].call is not None else None
    if intent is not None and intent.call is not None and call is not None:
        operator, said = intent.call.resize(operation.rank), [call]
    unknown = False
    for aspect in COMPUTED:
        one = rows.get(aspect)
        if one is None or (aspect == "rounding" and case_kernel(operation) != "Nearest"):
            continue
        other = instead(operation, aspect)
        if other is not None:
            operator = other[1]
        if flag and flag in one[1].readings:
            operator = with_flag(operator, flag)
        unknown |= bool(one[1].cannot_be_known)
        said.append(one)
    if "flags" in rows:
        note(counts, rows["flags"], ok=rows["flags"][1].likely == flag, case=case, release=release)
    sizes = rows.get("sizes")
    known = [one for one in operation.sizes or () if one is not None] if case.get("free") else []
    if sizes is not None and known:  # the call's size was a constant, and the lengths are free
        ok = set(arrays[1].shape[1:] if case["layout"] == "NHWC" else arrays[1].shape) >= set(known)
        note(counts, sizes, ok=ok, case=case, release=release)
    antialias = rows.get("antialias")
    tolerance = float(case.get("tolerance", TOLERANCE))
    ok = agrees(operation, operator, arrays, case["layout"], tolerance)
    plain = agrees(operation, operation.operator, arrays, case["layout"], tolerance)
    for one in [*said, *([antialias] if antialias is not None else [])]:
        if one[1].cannot_be_known:
            tally = counts[key_of(one)]
            tally.right, tally.other = tally.right + plain, tally.other + (not plain)
            if not one[1].readings:
                tally.held.add(release)
                continue
        elif unknown and not ok and not one[1].instead:
            continue
        note(counts, one, ok=ok, case=case, release=release)


def case_kernel(operation: Operation) -> str:
    """Return the name of the first axis' kernel."""
    operator = operation.operator
    axes = operator.axes if isinstance(operator, Resize) else ()
    return type(axes[-1][1].kernel).__name__ if axes else ""


def key_of(one: tuple[Exporter, Row]) -> Key:
    """Return the exporter and the place of a row."""
    return one[0].name, one[0].rows.index(one[1])


def note(
    counts: Tallies, one: tuple[Exporter, Row], *, ok: bool, case: dict[str, Any], release: str
) -> None:
    """Count a case for or against a row."""
    tally = counts[key_of(one)]
    if ok:
        tally.held.add(release)
    else:
        tally.broken.append(f"{release}: {case['call']}")


def agrees(
    operation: Operation,
    operator: object,
    arrays: tuple[NDArray[Any], NDArray[Any]],
    layout: str,
    tolerance: float,
) -> bool:
    """Whether an operator computes the framework's output, along height and width."""
    x, y = arrays
    if layout == "NHWC":
        x, y = np.moveaxis(x, -1, 1), np.moveaxis(y, -1, 1)
    if not isinstance(operator, Resize):
        return False
    axes = dict(operator.axes)
    moved = resized_axes(replace(operation, operator=operator))
    height = 1 if 1 in moved and operation.rank == 4 else operation.rank - 2
    out = x.astype(np.float64)
    for place, axis in ((2, height), (3, height + 1)):
        n_in, n_out = x.shape[place], y.shape[place]
        if axis in axes:
            matrix = np.asarray(axes[axis].weights(n_in, n_out).matrix(), np.float64)
            out = np.moveaxis(np.tensordot(matrix, out, (1, place)), 0, place)
    return out.shape == y.shape and bool(np.abs(out - y).max(initial=0) <= tolerance)
