"""A conformance table as a target: what `halfpixel conformance --output-format json` wrote."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from msgspec import Struct

from halfpixel.conditions.facts import resized_axes
from halfpixel.conventions.onnx.resize import DEFAULTS, FIRST_RESIZE
from halfpixel.sampling import AffineGrid, GridSample, Resize, RoiAlign
from halfpixel.site import Operation
from halfpixel.targets.row import Verdict

VERSION: Final = 1
BY_CHANCE: Final = frozenset({"float32 tie"})
"""Causes that show at some lengths only, and say nothing of others."""

MODES: Final[Mapping[str, str]] = {"bilinear": "linear", "bicubic": "cubic"}
SMOOTH: Final = ("antialias", "exclude_outside")

Key = tuple[object, ...]


class Seen(Struct, frozen=True):
    """What was seen of one combination at some lengths: verdict, cause or words, largest error."""

    verdict: Verdict
    reason: str = ""
    worst: float | None = None


EQUAL: Final = Seen("native")


class Table(Struct, frozen=True):
    """One table.

    Attributes:
        runtime: the runtime and its version.
        provider: the execution provider.
        rows: what is not equal, by combination of attributes and then by lengths.
        cases: names of the lengths that were run, likewise.
    """

    runtime: str
    provider: str
    rows: Mapping[Key, Mapping[str, Seen]]
    cases: Mapping[Key, tuple[str, ...]]

    def seen(self, operation: Operation) -> Seen | None:
        """Return what was seen of an operation; None where nothing like it was run."""
        key = key_of(operation)
        if key is None or key not in self.cases:
            return None
        seen, run = self.rows[key], self.cases[key]
        case = case_of(operation)
        if case in run:
            found = seen.get(case)
            return EQUAL if found is None or found.reason in BY_CHANCE else found
        every = {seen.get(name, EQUAL) for name in run}
        every = {EQUAL if one.reason in BY_CHANCE else one for one in every}
        if len(every) == 1:
            return next(iter(every))
        refused = {one for one in every if one.verdict in {"refused", "fallback"}}
        return next(iter(refused)) if len(refused) == 1 and EQUAL not in every else None


def parse_table(body: Mapping[str, object]) -> Table:
    """Return a table.

    Raises:
        KeyError: it lacks something.
        ValueError: it is of another version.
        TypeError: it is no table.
    """
    if body["version"] != VERSION:
        raise ValueError("version")
    reasons = cast("Sequence[str]", body["reasons"])
    sets = cast("Sequence[Sequence[str]]", body["cases"])
    rows: dict[Key, dict[str, Seen]] = {}
    cases: dict[Key, tuple[str, ...]] = {}
    for row in cast("Sequence[Mapping[str, object]]", body["rows"]):
        key = _row_key(row)
        listed = cast("Mapping[str, tuple[Verdict, float | None, int]]", row["not_equal"])
        for case, (verdict, worst, place) in listed.items():
            rows.setdefault(key, {})[case] = Seen(verdict, reasons[place], worst)
        rows.setdefault(key, {})
        cases[key] = (*cases.get(key, ()), *sets[cast("int", row["cases"])])
    return Table(str(body["runtime"]), str(body["provider"]), rows, cases)


def _row_key(row: Mapping[str, object]) -> Key:
    match row["op"]:
        case "Resize":
            return ("Resize", *_resize_attributes(row), row["by"], row["rank"], row["dtype"])
        case "GridSample":
            mode = MODES.get(str(row["mode"]), row["mode"])
            opset = cast("int", row["opset"])
            kernel = mode, row["padding_mode"], row["align_corners"]
            return ("GridSample", opset, *kernel, row["rank"], row["dtype"])
        case "AffineGrid":
            return ("AffineGrid", row["align_corners"], row["dtype"])
        case _:
            coordinate = row.get("coordinate_transformation_mode")
            adaptive = row["sampling_ratio"] == 0
            return ("RoiAlign", row["opset"], row["mode"], coordinate, adaptive, row["dtype"])


def _resize_attributes(given: Mapping[str, object]) -> tuple[object, ...]:
    """Return the attributes that decide, defaults filled in."""
    values = {key: given.get(key, value) for key, value in DEFAULTS.items()}
    mode, coordinate = values["mode"], values["coordinate_transformation_mode"]
    if mode == "nearest":
        return (mode, coordinate, values["nearest_mode"])
    smooth = tuple(values[key] for key in SMOOTH)
    if mode == "linear":
        return (mode, coordinate, *smooth)
    a = -0.5 if abs(float(cast("float", values["cubic_coeff_a"])) + 0.5) < 1e-6 else -0.75
    return (mode, coordinate, *smooth, a)


def key_of(operation: Operation) -> Key | None:
    """Return the row that an operation belongs to; None where no table has such a row."""
    operator, given = operation.operator, operation.attributes
    dtype = operation.dtype or "float32"
    if operation.hidden:
        return None
    match operator:
        case Resize():
            return _resize_key(operation, dtype)
        case GridSample():
            opset = max(n for n in (16, 20, 22) if n <= max(operation.opset, 16))
            kernel = operator.mode, operator.padding, int(operator.align_corners)
            return ("GridSample", opset, *kernel, operation.rank, dtype)
        case AffineGrid():
            return ("AffineGrid", int(operator.align_corners), dtype)
        case RoiAlign():
            opset = max(n for n in (10, 16, 22) if n <= max(operation.opset, 10))
            default = None if opset < 16 else "half_pixel"
            coordinate = given.get("coordinate_transformation_mode", default)
            adaptive = given.get("sampling_ratio", 0) == 0
            return ("RoiAlign", opset, given.get("mode", "avg"), coordinate, adaptive, dtype)
        case _:
            return None


def _resize_key(operation: Operation, dtype: str) -> Key | None:
    rank = operation.rank
    if operation.opset < FIRST_RESIZE or not set(resized_axes(operation)) <= set(range(2, rank)):
        return None
    by, kind = (operation.by, rank) if dtype == "float32" else ("sizes", 4)
    return ("Resize", *_resize_attributes(operation.attributes), by, kind, dtype)


def case_of(operation: Operation) -> str:
    """Return which of a table's lengths stand for those of an operation; empty where unknown."""
    if isinstance(operation.operator, AffineGrid):
        return _grid_case(operation)
    if not isinstance(operation.operator, Resize):
        return ""
    ins, outs = operation.lengths
    moved = resized_axes(operation)
    last = [axis for axis in moved if axis >= operation.rank - 2] or moved
    pairs = [(ins[axis], outs[axis]) for axis in last]
    known = [(n, m) for n, m in pairs if n is not None and m is not None]
    if len(known) < len(pairs) or not known:
        return ""
    stays = all(n == m for n, m in known)
    if stays and any(scale != 1 for scale in operation.scales or ()):
        return "kept"
    tests = {
        "one axis": any(n == m for n, m in known),
        "to 1": all(m == 1 for _, m in known),
        "from 1": all(n == 1 for n, _ in known),
        "up 7/3": all(3 * m == 7 * n for n, m in known),
        "down 7": all(n == 7 * m for n, m in known),
        "up 2": all(m > n and m % n == 0 for n, m in known),
        "up 3/2": all(m > n for n, m in known),
        "down 2": all(m < n and n % m == 0 for n, m in known),
        "down 5/3": all(m < n for n, m in known),
    }
    return next((name for name, holds in tests.items() if holds), "mixed")


def _grid_case(operation: Operation) -> str:
    """Return which lengths stand for those of an AffineGrid's output."""
    lengths = (operation.sizes or ())[2:]
    if 1 in lengths:
        return "1x5"
    known = bool(lengths) and None not in lengths
    return ("2x3x4" if len(lengths) == 3 else "4x5") if known else ""
