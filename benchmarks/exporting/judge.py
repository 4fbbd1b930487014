"""Whether a row of an exporters' table is so: what it says was meant, against what was computed.

A case is one call that was exported, with the framework's own output. Of the node that came out the
rows that speak of it are asked, as a check asks them, and what they say was meant is computed at
the case's lengths: it has to be the framework's output.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from msgspec.structs import replace

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
    Spoken = dict[Aspect, tuple[Exporter, Row]]
    Values = NDArray[Any]

COMPUTED: tuple[Aspect, ...] = (
    "mode",
    "coordinates",
    "rounding",
    "cubic",
    "align_corners",
    "antialias",
    "scales",
)
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


@dataclass(slots=True)
class Judge:
    """The rows, and what the cases of one release say of them.

    Attributes:
        release: the release that exported the cases.
        counts: by exporter and place of the row, shared by all releases.
    """

    release: str
    counts: dict[Key, Tally]

    def hear(self, folder: Path, case: dict[str, Any]) -> str:
        """Hold the rows that speak of a case's node to it; return why no node is there, or none."""
        sites = [one for one in check(folder / case["file"]).sites if not one.operation.hidden]
        if len(sites) != 1:
            return f"{len(sites)} resampling nodes"
        site = sites[0]
        rows = spoken(site)
        if not rows:
            return "a node that no row speaks of"
        if case.get("attributes"):
            for key, value in case["attributes"].items():
                written = getattr(site.operator, key, site.operation.attributes.get(key))
                if key in rows:
                    self.note(rows[cast("Aspect", key)], case, ok=value == written)
            return ""
        with np.load(folder / case["arrays"]) as arrays:
            x, y = arrays["x"], arrays["y"]
        if site.op == "Upsample" and any(m < n for n, m in zip(x.shape, y.shape, strict=True)):
            return "an Upsample that shrinks, which nothing runs"
        self.names(site.operation, rows, case, y.shape)
        self.values(site, rows, case, (x, y))
        return ""

    def names(
        self, operation: Operation, rows: Spoken, case: dict[str, Any], shape: tuple[int, ...]
    ) -> None:
        """Count what rows say of the call's name and of its size, which was a constant."""
        if "flags" in rows:
            self.note(rows["flags"], case, ok=rows["flags"][1].likely == case.get("flag"))
        known = {one for one in operation.sizes or () if one is not None}
        if "sizes" in rows and known and case.get("free"):
            self.note(rows["sizes"], case, ok=known <= set(shape))

    def values(
        self, site: Site, rows: Spoken, case: dict[str, Any], arrays: tuple[Values, Values]
    ) -> None:
        """Count what rows say was meant against the framework's output."""
        operation = site.operation
        flag = str(case.get("flag", ""))
        operator, said = intended(site, rows, flag)
        ok = agrees(operation, operator, arrays, case)
        plain = agrees(operation, operation.operator, arrays, case)
        unknown = any(row.cannot_be_known for _, row in said)
        for one in said:
            if one[1].cannot_be_known:
                tally = self.counts[key_of(one)]
                tally.right, tally.other = tally.right + plain, tally.other + (not plain)
            if one[1].cannot_be_known and flag not in one[1].readings:
                self.counts[key_of(one)].held.add(self.release)
            elif ok or flag in one[1].readings or one[1].instead or not unknown:
                self.note(one, case, ok=ok)

    def note(self, one: tuple[Exporter, Row], case: dict[str, Any], *, ok: bool) -> None:
        """Count a case for or against a row."""
        tally = self.counts[key_of(one)]
        if ok:
            tally.held.add(self.release)
        else:
            tally.broken.append(f"{self.release}: {case['call']}")


def tallies() -> dict[Key, Tally]:
    """Return empty ones, by exporter and place of the row."""
    return defaultdict(Tally)


def spoken(site: Site) -> Spoken:
    """Return the row that speaks of each aspect of a node."""
    aten = named_call(site.name)
    found = {aspect: asked(site.operation, aspect, aten) for aspect in ASPECTS}
    return {aspect: one for aspect, one in found.items() if one is not None}


def intended(site: Site, rows: Spoken, flag: str) -> tuple[object, list[tuple[Exporter, Row]]]:
    """Return what rows say was meant by a node whose call had a flag, and which rows say so."""
    operation = site.operation
    operator: object = operation.operator
    said: list[tuple[Exporter, Row]] = []
    call = rows.get("call")
    intent = meant(operation, site.name) if call is not None and call[1].call is not None else None
    if call is not None and intent is not None and intent.call is not None:
        operator, said = intent.call.resize(operation.rank), [call]
    for aspect in COMPUTED:
        one = rows.get(aspect)
        if one is None or (aspect == "rounding" and kernel_of(operation) != "Nearest"):
            continue
        other = instead(operation, aspect)
        if other is not None:
            operator = other[1]
        elif flag in one[1].readings and isinstance(operator, Resize):
            operator = with_flag(operator, flag)
        said.append(one)
    return operator, said


def kernel_of(operation: Operation) -> str:
    """Return the name of the first axis' kernel."""
    operator = operation.operator
    axes = operator.axes if isinstance(operator, Resize) else ()
    return type(axes[-1][1].kernel).__name__ if axes else ""


def key_of(one: tuple[Exporter, Row]) -> Key:
    """Return the exporter and the place of a row."""
    return one[0].name, one[0].rows.index(one[1])


def agrees(
    operation: Operation,
    operator: object,
    arrays: tuple[Values, Values],
    case: dict[str, Any],
) -> bool:
    """Whether an operator computes the framework's output, along height and width."""
    x, y = arrays
    tolerance = float(case.get("tolerance", TOLERANCE))
    if case["layout"] == "NHWC":
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
