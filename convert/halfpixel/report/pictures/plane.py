"""An image in two dimensions: its pixels as areas, and the output's samples among them."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

from halfpixel.report.pictures.reads import Reads
from halfpixel.report.pictures.sheet.canvas import Canvas, arrow
from halfpixel.report.pictures.sheet.letters import HIGH, width
from halfpixel.report.pictures.words import coordinate

Axes = tuple[Reads, Reads]
"""Height and width."""

SMALL: Final = 11.0
"""Size of the labels at corners."""

ARROWS: Final = 14
"""Arrows along an axis up to which all are drawn."""


class Plane(Struct, frozen=True):
    """Where an image lies on the canvas.

    Attributes:
        x: where input coordinate 0 along the width lies.
        y: where input coordinate 0 along the height lies.
        side: side of an input pixel, on the canvas.
        left: left end of all that is drawn.
        top: its upper end.
        wide: how wide it is.
        high: how high.
    """

    x: float
    y: float
    side: float
    left: float
    top: float
    wide: float
    high: float

    def at(self, row: Fraction, column: Fraction) -> tuple[float, float]:
        """Return where an input coordinate lies on the canvas, across and down."""
        return self.x + float(column) * self.side, self.y + float(row) * self.side


def reach(*axes: Reads) -> tuple[float, float]:
    """Return the ends of all that is drawn along one axis, in input pixels."""
    ends = [end for one in axes for end in (*one.frame, *one.places)]
    n_in = max(one.n_in for one in axes)
    return float(min(*ends, Fraction(-1, 2))), float(max(*ends, Fraction(2 * n_in - 1, 2)))


def place(sides: list[Axes], left: float, top: float, most: float, largest: float) -> Plane:
    """Return a plane at a place of the canvas that holds all sides at one scale.

    Args:
        sides: what is drawn, on this plane and on those beside it.
        left: left end, with the room that a mark takes.
        top: upper end, likewise.
        most: how wide and how high it may be.
        largest: side of an input pixel that is not gone beyond.
    """
    (top_end, bottom), (first, last) = (reach(*(axes[axis] for axes in sides)) for axis in (0, 1))
    side = min(most / (last - first), most / (bottom - top_end), largest)
    wide, high = (last - first) * side, (bottom - top_end) * side
    start = left + (most - wide) / 2
    return Plane(start - first * side, top - top_end * side, side, start, top, wide, high)


def draw_input(canvas: Canvas, plane: Plane, axes: Axes, *, centres: bool = True) -> None:
    """Draw the input's pixels, their centres and the frame of the image."""
    rows, columns = axes[0].n_in, axes[1].n_in
    corner = plane.at(Fraction(-1, 2), Fraction(-1, 2))
    wide, high = columns * plane.side, rows * plane.side
    with canvas.group("cells"):
        canvas.rect(*corner, wide, high)
        for i in range(1, rows):
            y = corner[1] + i * plane.side
            canvas.line([(corner[0], y), (corner[0] + wide, y)])
        for j in range(1, columns):
            x = corner[0] + j * plane.side
            canvas.line([(x, corner[1]), (x, corner[1] + high)])
    with canvas.group("frame"):
        canvas.rect(*corner, wide, high)
    if centres:
        with canvas.group("centres"):
            for i in range(rows):
                for j in range(columns):
                    canvas.circle(*plane.at(Fraction(i), Fraction(j)), centre_radius(plane))


def centre_radius(plane: Plane) -> float:
    """Return how large the centre of an input pixel is drawn."""
    return max(1.6, min(5.0, plane.side * 0.09))


def radius_of(plane: Plane, axes: Axes) -> float:
    """Return how large a sample is drawn: small beside an output pixel."""
    step = min(float(abs(one.step)) for one in axes if one.step) * plane.side
    return max(1.1, min(3.6, step * 0.24))


def draw_output(canvas: Canvas, plane: Plane, axes: Axes, side: str) -> None:
    """Draw the output's pixels, its frame and its samples: hollow where the border rule counts."""
    (top, bottom), (first, last) = axes[0].frame, axes[1].frame
    with canvas.group(f"{side}-squares"):
        if axes[0].ends is None:  # values of a grid have no pixels
            for y in _edges(axes[0]):
                canvas.line([plane.at(y, first), plane.at(y, last)])
            for x in _edges(axes[1]):
                canvas.line([plane.at(top, x), plane.at(bottom, x)])
    with canvas.group(f"{side}-frame"):
        start, end = plane.at(top, first), plane.at(bottom, last)
        canvas.rect(*start, end[0] - start[0], end[1] - start[1])
    with canvas.group(f"{side}-tails"):
        for start, end in _tails(plane, axes):
            canvas.line([start, end])
    points: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    beyond = [[one.outside(i) for i in range(one.n_out)] for one in axes]
    for row, above in zip(axes[0].places, beyond[0], strict=True):
        for column, before in zip(axes[1].places, beyond[1], strict=True):
            points[above or before].append(plane.at(row, column))
    draw_marks(canvas, side, points, radius_of(plane, axes))


def draw_marks(
    canvas: Canvas, side: str, points: Mapping[bool, Sequence[tuple[float, float]]], radius: float
) -> None:
    """Draw samples: circles for what is found, diamonds for what was meant; some of them hollow.

    Args:
        canvas: what is drawn on.
        side: which of the two.
        points: places of the filled ones (False) and of the hollow ones (True).
        radius: how large.
    """
    if side == "found":
        canvas.dots("found", points.get(False, ()), radius)
    else:
        with canvas.group("meant"):
            for x, y in points.get(False, ()):
                canvas.diamond(x, y, 1.3 * radius)
    with canvas.group(f"{side}-hollow"):
        for x, y in points.get(True, ()):
            if side == "found":
                canvas.circle(x, y, radius)
            else:
                canvas.diamond(x, y, 1.3 * radius)


def _edges(axis: Reads) -> Iterator[Fraction]:
    """Yield where two output pixels meet: half a step before each, but at the frame."""
    places = sorted(axis.places)
    pairs = zip(places[axis.bins - 1 :: axis.bins], places[axis.bins :: axis.bins], strict=False)
    yield from ((one + other) / 2 for one, other in pairs)


def _tails(plane: Plane, axes: Axes) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield lines from samples to where they read after all, where that is another place."""
    (rows, rows_to), (columns, columns_to) = (
        (one.places, [_end(one, i) for i in range(one.n_out)]) for one in axes
    )
    for row, row_to in zip(rows, rows_to, strict=True):
        for column, column_to in zip(columns, columns_to, strict=True):
            if (row, column) != (row_to, column_to):
                yield plane.at(row, column), plane.at(row_to, column_to)


def _end(axis: Reads, i: int) -> Fraction:
    landing = axis.landing(i)
    return axis.places[i] if landing is None else landing


def draw_moves(canvas: Canvas, plane: Plane, found: Axes, meant: Axes) -> None:
    """Draw where each sample should have been, as an arrow from where it is."""
    heads: list[str] = []
    with canvas.group("arrows"):
        for start, end in _moves(plane, found, meant):
            shaft, head = arrow(start, end)
            if shaft:
                canvas.line(shaft)
                heads.append(head)
    with canvas.group("heads"):
        for head in heads:
            canvas.path(head)
    starts = (start for start, _ in _moves(plane, found, meant))
    canvas.dots("found", starts, min(2.4, radius_of(plane, found)))


def _some(count: int) -> list[int]:
    """Return up to `ARROWS` samples of an axis, both ends among them.

    >>> _some(3), _some(33)
    ([0, 1, 2], [0, 3, 6, 10, 13, 16, 19, 22, 26, 29, 32])
    """
    if count <= ARROWS:
        return list(range(count))
    most = ARROWS - 4 + count % 2
    return [round(k * (count - 1) / (most - 1)) for k in range(most)]


def _moves(
    plane: Plane, found: Axes, meant: Axes
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    (rows, columns), (rows_to, columns_to) = (
        tuple([one.reading(i) for i in _some(one.n_out)] for one in axes) for axes in (found, meant)
    )
    for row, row_to in zip(rows, rows_to, strict=True):
        for column, column_to in zip(columns, columns_to, strict=True):
            yield plane.at(row, column), plane.at(row_to, column_to)


def label_corners(
    canvas: Canvas, plane: Plane, texts: tuple[tuple[str, str], ...], least: float
) -> None:
    """Write a text at each corner, above and below the image, shortened until two fit in a row.

    Args:
        canvas: what is drawn on.
        plane: the image.
        texts: of each corner (top left, top right, bottom left, bottom right), a long text and a
            short one.
        least: how much room there is across, however small the image is.
    """
    room = max(plane.wide + 40, least)
    long = all(
        width(texts[k][0], SMALL) + width(texts[k + 1][0], SMALL) + 14 <= room for k in (0, 2)
    )
    shown = [pair[0 if long else 1] for pair in texts]
    if any(width(shown[k], SMALL) + width(shown[k + 1], SMALL) + 10 > room for k in (0, 2)):
        shown = [shown[0], "", "", shown[3]]
    above, below = plane.top - 9, plane.top + plane.high + HIGH * SMALL + 9
    left = plane.left + (plane.wide - room) / 2
    right = left + room
    for text, (x, y, anchor) in zip(
        shown,
        (
            (left, above, "start"),
            (right, above, "end"),
            (left, below, "start"),
            (right, below, "end"),
        ),
        strict=True,
    ):
        if text:
            canvas.text(x, y, text, size=SMALL, name="dim", anchor=anchor)


def corner_texts(axes: Axes) -> tuple[tuple[str, str], ...]:
    """Return the name of each corner sample and where it reads, and its name alone."""
    out: list[tuple[str, str]] = []
    for i in dict.fromkeys((0, axes[0].n_out - 1)) if axes[0].n_out > 1 else (0, 0):
        for j in (0, axes[1].n_out - 1):
            name = f"({axes[0].name(i)}, {axes[1].name(j)})"
            where = f"{coordinate(axes[0].places[i])}, {coordinate(axes[1].places[j])}"
            out.append((f"{name} at ({where})", name))
    return tuple(out)


def move_texts(found: Axes, meant: Axes) -> tuple[tuple[str, str], ...]:
    """Return by how much each corner sample is off, in input pixels."""
    out: list[tuple[str, str]] = []
    for i in (0, found[0].n_out - 1):
        for j in (0, found[1].n_out - 1):
            parts = [
                coordinate(to.reading(k) - of.reading(k), sign=True)
                for of, to, k in zip(found, meant, (i, j), strict=True)
            ]
            out.append((f"({', '.join(parts)})", f"({', '.join(parts)})"))
    return tuple(out)
