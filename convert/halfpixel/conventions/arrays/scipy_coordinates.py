"""SciPy's names: ndimage.map_coordinates and affine_transform, where their coordinates are a grid.

========================================================= ==============
coordinates                                               along each axis
========================================================= ==============
np.meshgrid(np.linspace(0, h - 1, H), ..., indexing="ij") align_corners
affine_transform(x, [h / H, ...], [h / H / 2 - 0.5, ...])  half_pixel
affine_transform(x, [h / H, ...])                         asymmetric
np.mgrid[0:479:224j, ...], (np.indices((H, W)) + 1) / 3   a line
========================================================= ==============

Order, mode and prefilter are those of ndimage.zoom (`scipy_zoom.py`), and so is what is beyond the
border. An axis reads a line, step * i + start (`grid_syntax.py`). Where lengths are in it that are
open, the rule is told that it comes to at all of them, and a line that comes to none is refused. So
are splines along a line without lengths, unless it ends at a last pixel.

Source: SciPy 1.17 `ndimage/_interpolation.py` (map_coordinates, affine_transform),
`ndimage/src/ni_interpolation.c` (NI_GeometricTransform, map_coordinate).
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import ceil
from typing import Final

from msgspec import Struct

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.arrays.grid_syntax import (
    AXES,
    MOST_NODES,
    Lengths,
    Places,
    grid_places,
    matrix_places,
)
from halfpixel.conventions.arrays.scipy_lines import along
from halfpixel.conventions.arrays.scipy_zoom import CUT_OFF
from halfpixel.conventions.meaning import MOST, flag, whole
from halfpixel.conventions.python_call import call_node, name_of, parse
from halfpixel.errors import ConventionError
from halfpixel.sampling import Coordinate, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.coordinate import Axis, Line, source_line

RULES: Final[tuple[Coordinate, ...]] = ("align_corners", "half_pixel", "asymmetric")
MOST_POWERS: Final = 4
"""How often the input length of an axis may stand in its coordinates, and how often the output's.

So often in the line and in the count that the rule takes, and once in the rule: two such quotients
that are the same at one length more than that, of each, are the same at all.
"""

TRIED: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)
"""Lengths at which a line is held against a rule."""

OTHERS: Final = (31, 37)
"""Input and output length of the other axes then, which say nothing of this one."""

ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "map_coordinates": ("input", "coordinates", "output", "order", "mode", "cval", "prefilter"),
    "affine_transform": (
        "input", "matrix", "offset", "output_shape", "output", "order", "mode", "cval", "prefilter",
    ),
}  # fmt: skip


class _Grid(Struct, frozen=True):
    """The coordinates of a call: what they are at lengths."""

    image: str
    nodes: tuple[ast.expr, ...]
    places: Callable[[Lengths], list[Places]]

    def at(self, ins: Sequence[int], outs: Sequence[int]) -> tuple[list[Places], Lengths]:
        """Return the coordinates at lengths, and what the names in them stand for."""
        lengths = Lengths(self.image, ins, outs)
        found = self.places(lengths)
        if not 1 <= len(found) <= AXES:
            raise ConventionError(f"coordinates along {len(found)} axes, expected 1 to {AXES}")
        return found, lengths


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    if call.last not in ORDERS:
        raise ConventionError(f"{call.last} is not map_coordinates or affine_transform")
    given = call.bind(*ORDERS[call.last])
    order = whole("order", given.get("order", 3))
    mode = str(name_of(given.get("mode", "constant")))
    prefilter = flag("prefilter", given.get("prefilter", True))
    try:
        grid = _grid(text, call.last)
        usual, lengths = grid.at((OTHERS[0],) * AXES, (OTHERS[1],) * AXES)
        if max(_powers(grid.nodes, lengths)) > MOST_POWERS:
            raise ConventionError(
                f"a length stands more than {MOST_POWERS} times in its coordinates"
            )
        tried = [_tried(grid, axis) for axis in range(len(usual))]
        lines: list[Coordinate | Line] = [_line(found, axis) for axis, found in enumerate(tried)]
        counts = [_count(found, axis) for axis, found in enumerate(tried)]
    except RecursionError as error:
        raise ConventionError("its coordinates are nested too deep") from error
    known: list[int | None] = []  # the input length that a line without lengths is for
    samplings: list[Sampling] = []
    for line, count in zip(lines, counts, strict=True):
        n_out = count if isinstance(count, int) else None
        made, n_in = along(line, n_out, order, mode, prefilter=prefilter)
        samplings.append(made)
        known.append(n_in)
    outs = tuple(count if isinstance(count, int) else None for count in counts)
    taken = sorted(name for name, (is_output, _) in lengths.names.items() if not is_output)
    remarks = (_taken(taken),) if taken else ()

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        for axis, (n, wanted) in enumerate(zip(ins, known, strict=True)):
            if wanted is not None and n != wanted:
                raise ConventionError(
                    f"the spline's coordinates of axis {axis} are for {wanted} pixels, it has {n}"
                )
        places, _ = grid.at((*ins, *ins[-1:] * AXES), (OTHERS[1],) * AXES)
        made = tuple(
            ceil(places[axis].count) if count == BY_LENGTHS else outs[axis]
            for axis, count in enumerate(counts)
        )
        if any(n is not None and n < 1 for n in made):
            raise ConventionError("the output has length 0")
        return Reading(tuple(samplings), made, remarks)

    hangs = BY_LENGTHS in counts or any(n is not None for n in known)
    found = Reading(tuple(samplings), outs, remarks, by_lengths if hangs else None)
    if length is None or not hangs or any(n is not None for n in known):
        return found
    return by_lengths((length,) * len(outs))


def _powers(nodes: Sequence[ast.expr], at: Lengths) -> list[int]:
    """Return how often the input and the output length of each axis stand in expressions."""
    found = [0] * (2 * AXES)
    for part in (part for node in nodes for part in ast.walk(node)):
        match part:
            case ast.Name(id=name) if name in at.names:
                is_output, axis = at.names[name]
                found[2 * axis + is_output] += 1
            case ast.Subscript(
                value=ast.Attribute(attr="shape"), slice=ast.Constant(value=int() as k)
            ):
                found[2 * min(k, AXES - 1)] += 1
            case _:
                pass
    return found


def _taken(names: Sequence[str]) -> Remark:
    told = "is taken for a length" if len(names) == 1 else "are taken for lengths"
    return Remark("lengths", f"{', '.join(names)} {told} of the image, along the axis of its place")


BY_LENGTHS: Final = "by lengths"
OPEN: Final = "open"


def _grid(text: str, name: str) -> _Grid:
    """Return the coordinates of a call as they are written."""
    node = call_node(text)
    nodes = dict(zip(ORDERS[name], node.args, strict=False))
    nodes |= {word.arg: word.value for word in node.keywords if word.arg is not None}
    if sum(1 for one in nodes.values() for _ in ast.walk(one)) > MOST_NODES:
        raise ConventionError("its coordinates are too long")
    image = ast.unparse(nodes["input"]) if "input" in nodes else ""
    if name == "affine_transform":
        where = ("matrix", "offset", "output_shape")
        written = tuple(nodes[one] for one in where if one in nodes)
        return _Grid(image, written, lambda at: matrix_places(nodes, at))
    if "coordinates" not in nodes:
        raise ConventionError("coordinates are not given")
    coordinates = nodes["coordinates"]
    return _Grid(image, (coordinates,), lambda at: grid_places(coordinates, at))


def _along(
    grid: _Grid, axis: int, n_in: int, n_out: int, others: tuple[int, int] = OTHERS
) -> Places:
    ins, outs = ([other] * AXES for other in others)
    ins[axis], outs[axis] = n_in, n_out
    return grid.at(ins, outs)[0][axis]


def _tried(grid: _Grid, axis: int) -> dict[tuple[int, int], Places]:
    """Return the coordinates of an axis, by its input and its output length.

    Raises:
        ConventionError: they hang on the lengths of another.
    """
    one, other = (_along(grid, axis, 2, 3, others) for others in (OTHERS, (OTHERS[1], OTHERS[0])))
    if one != other:
        raise ConventionError(f"the coordinates of axis {axis} hang on the lengths of another")
    return {(n, m): _along(grid, axis, n, m) for n, m in product(TRIED, TRIED)}


def _line(found: Mapping[tuple[int, int], Places], axis: int) -> Coordinate | Line:
    """Return the rule that the coordinates of an axis follow, or the line that is written out.

    Raises:
        ConventionError: they hang on lengths, and follow no rule.
    """
    lines = {Line(one.step, one.start) for one in found.values()}
    if len(lines) == 1:
        return lines.pop()
    for rule in RULES:
        if all(
            one.count.denominator == 1
            and one.count >= 1
            and source_line(rule, Axis(n, int(one.count))) == Line(one.step, one.start)
            for (n, _), one in found.items()
        ):
            return rule
    raise ConventionError(f"the coordinates of axis {axis} follow no rule that is described")


def _count(found: Mapping[tuple[int, int], Places], axis: int) -> int | str:
    """Return how many samples an axis has; `OPEN` where a name says it."""
    part = next(
        (one for one in found.values() if one.count.denominator != 1 and not one.is_range), None
    )
    if part is not None:
        raise ConventionError(f"{part.count} samples along axis {axis}, expected a whole number")
    if any(len({found[n, m].count for n in TRIED}) > 1 for m in TRIED):
        return BY_LENGTHS
    counts = {one.count for one in found.values()}
    if len(counts) > 1:
        return OPEN
    count = ceil(counts.pop())
    if not 1 <= count < MOST:
        raise ConventionError(f"{count} samples along axis {axis}, expected 1 or more")
    return count


LINSPACES: Final = ", ".join(
    f"np.linspace(0, x.shape[{axis}] - 1, {name})" for axis, name in enumerate(("height", "width"))
)
CORNERS: Final = f'ndimage.map_coordinates(x, np.meshgrid({LINSPACES}, indexing="ij")'
STEPS: Final = "[x.shape[0] / height, x.shape[1] / width]"
STARTS: Final = "[x.shape[0] / height / 2 - 0.5, x.shape[1] / width / 2 - 0.5]"
ROOTS: Final[Mapping[Coordinate, str]] = {
    "align_corners": CORNERS,
    "half_pixel": f"ndimage.affine_transform(x, {STEPS}, {STARTS}, (height, width)",
    "asymmetric": f"ndimage.affine_transform(x, {STEPS}, 0, (height, width)",
}
SAID: Final[Mapping[Coordinate, tuple[tuple[int, str], ...]]] = {
    "align_corners": ((0, ""), (1, ""), (3, ""), (3, "reflect"), (3, "nearest")),
    "half_pixel": ((0, "nearest"), (1, "nearest"), (1, "mirror"), (3, "nearest"), (3, "reflect")),
    "asymmetric": ((0, "nearest"), (1, "nearest")),
}
"""(order, mode) of the examples; no mode is the default."""


def _texts() -> Iterator[tuple[str, Sampling]]:
    for rule, root in ROOTS.items():
        for order, mode in SAID[rule]:
            more = f', mode="{mode}"' if mode else ""
            yield f"{root}, order={order}{more})", along(rule, None, order, mode or "constant")[0]


EXAMPLES: Final = dict(_texts())


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial != 2 or sampling.scale not in {None, 1}:
        return None
    wanted = canonical(sampling.by_size())
    return next((text for text, one in EXAMPLES.items() if canonical(one) == wanted), None)


CONVENTION = Convention(
    "SciPy map_coordinates",
    tuple(f"{root}ndimage.{name}" for root in ("scipy.", "") for name in ORDERS)
    + tuple(f"ndi.{name}" for name in ORDERS),
    _read,
    _write,
    examples=tuple(EXAMPLES.items()),
    source="SciPy 1.17 ndimage/_interpolation.py, ndimage/src/ni_interpolation.c",
    ran="SciPy 1.17.1",
    remarks=(
        Remark("axis order", "coordinates are those of rows before those of columns"),
        Remark(
            "arithmetic",
            "a coordinate in float64 may be beyond the last pixel, where mode constant gives cval",
            ran="SciPy 1.17.1",
        ),
        CUT_OFF,
    ),
    library=Library(
        (("scipy", "scipy"), ("ndimage", "scipy.ndimage"), ("np", "numpy")),
        lambda image: image,
        lambda made: made,
    ),
)
