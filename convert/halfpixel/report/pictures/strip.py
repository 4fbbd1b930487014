"""One axis, enlarged: its pixels, and where the samples found and meant lie, number by number."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

from halfpixel.report.pictures.plane import draw_marks
from halfpixel.report.pictures.reads import TABLE, Reads
from halfpixel.report.pictures.sheet.canvas import Canvas, arrow
from halfpixel.report.pictures.sheet.letters import apart, width
from halfpixel.report.pictures.words import coordinate

SMALL: Final = 11.0
BAND: Final = 52.0
"""Height of the row of pixels."""

GAP: Final = 8.0
"""Least room between two labels of a row."""

ROOM: Final = 12.0
"""How far a label may reach out of its window."""

MOST_CELLS: Final = 120
"""Pixels that are drawn one by one; more would be a grey area."""


class Window(Struct, frozen=True):
    """A part of an axis on the canvas.

    Attributes:
        low: input coordinate at its left end.
        high: input coordinate at its right end.
        left: where it starts on the canvas.
        wide: how wide it is there.
    """

    low: Fraction
    high: Fraction
    left: float
    wide: float

    def at(self, place: Fraction) -> float:
        """Return where an input coordinate lies on the canvas."""
        return self.left + float((place - self.low) / (self.high - self.low)) * self.wide

    def holds(self, place: Fraction) -> bool:
        """Whether an input coordinate lies within, with room for half a mark."""
        return self.low <= place <= self.high

    @property
    def side(self) -> float:
        """Side of an input pixel on the canvas."""
        return self.wide / float(self.high - self.low)


class Rows(Struct, frozen=True):
    """Lines on which the parts of a strip stand, from the top.

    Attributes:
        pixels: numbers of the input pixels.
        names: numbers of the samples.
        found: coordinates of what is found.
        band: upper edge of the pixels.
        meant: coordinates of what was meant.
        moves: by how much.
        bottom: where the strip ends.
    """

    pixels: float
    names: float
    found: float
    band: float
    meant: float
    moves: float
    bottom: float


def rows_at(y: float, *, both: bool) -> Rows:
    """Return the lines of a strip that starts at y."""
    band = y + 62
    under = band + BAND
    return Rows(y + 12, y + 30, y + 47, band, under + 23, under + 41, under + (48 if both else 14))


def draw_names(
    canvas: Canvas, rows: Rows, x: float, labels: tuple[str, str], sides: Sequence[Reads]
) -> None:
    """Write what each row is, right-aligned before the windows."""
    both = len(sides) > 1
    most = x - 20
    for text, y, name in (
        ("input pixel", rows.pixels, "dim"),
        ("grid value" if sides[0].names else "output sample", rows.names, "ink"),
        (labels[0] if both else "reads", rows.found, "found-word"),
    ):
        canvas.text(x, y, text, size=SMALL, name=name, anchor="end", most=most)
    if both:
        canvas.text(
            x, rows.meant, labels[1], size=SMALL, name="meant-word", anchor="end", most=most
        )
        canvas.text(x, rows.moves, "displacement", size=SMALL, anchor="end", most=most)


def draw_window(
    canvas: Canvas, window: Window, rows: Rows, found: Reads, meant: Reads | None
) -> None:
    """Draw one part of an axis."""
    _pixels(canvas, window, rows, found.n_in)
    sides = [("found", found, rows.found)]
    if meant is not None:
        sides.append(("meant", meant, rows.meant))
        _moves(canvas, window, rows, found, meant)
    for side, axis, line in sides:
        _samples(canvas, window, rows, axis, side)
        places = [axis.places[i] for i in shown(window, axis)]
        _labels(canvas, window, line, [(one, coordinate(one)) for one in places], f"{side}-word")
    names = [(found.places[i], found.name(i)) for i in shown(window, found)]
    _labels(canvas, window, rows.names, names, "ink", bold=True)


def shown(window: Window, axis: Reads) -> list[int]:
    """Return the samples that lie in a window, with room for a mark at its ends."""
    spare = Fraction(4 / window.side).limit_denominator(1 << 16)
    low, high = window.low + spare, window.high - spare
    places = axis.places
    if axis.kernel != TABLE and places[0] < places[-1]:  # ascending
        return list(range(bisect_left(places, low), bisect_right(places, high)))
    return [i for i, place in enumerate(places) if low <= place <= high]


def _pixels(canvas: Canvas, window: Window, rows: Rows, n_in: int) -> None:
    first = max(0, math.ceil(window.low - Fraction(1, 2)))
    last = min(n_in - 1, math.floor(window.high + Fraction(1, 2)))
    each = last - first < MOST_CELLS
    with canvas.group("cells"):
        if each:
            for pixel in range(first, last + 1):
                _cell(canvas, window, rows, pixel, pixel)
        else:
            _cell(canvas, window, rows, first, last)
    with canvas.group("frame"):
        for edge, end in ((Fraction(-1, 2), first), (Fraction(2 * n_in - 1, 2), last)):
            if window.low <= edge <= window.high and end in {0, n_in - 1}:
                x = window.at(edge)
                canvas.line([(x, rows.band), (x, rows.band + BAND)])
        ends = max(window.low, Fraction(-1, 2)), min(window.high, Fraction(2 * n_in - 1, 2))
        for y in (rows.band, rows.band + BAND):
            canvas.line([(window.at(ends[0]), y), (window.at(ends[1]), y)])
    radius = max(1.2, min(5.0, window.side * 0.06))
    if each and window.side >= 5:
        with canvas.group("centres"):
            for pixel in range(first, last + 1):
                if window.holds(Fraction(pixel)):
                    canvas.circle(window.at(Fraction(pixel)), rows.band + BAND / 2, radius)
    inside = [pixel for pixel in range(first, last + 1) if window.holds(Fraction(pixel))]
    inside = inside if len(inside) < MOST_CELLS else inside[:: len(inside) // 8]
    numbers = [(Fraction(pixel), str(pixel)) for pixel in inside]
    _labels(canvas, window, rows.pixels, numbers, "dim")


def _labels(  # noqa: PLR0913 - where they stand, and how they are written
    canvas: Canvas,
    window: Window,
    y: float,
    labels: Sequence[tuple[Fraction, str]],
    name: str,
    *,
    bold: bool = False,
) -> None:
    """Write labels at places of a window, none of which touches another or what is beside it."""
    low, high = window.left - ROOM, window.left + window.wide + ROOM
    inside: list[tuple[float, str]] = []
    for place, text in labels:
        x, half = window.at(place), width(text, SMALL, bold=bold) / 2
        if low <= x - half and x + half <= high:
            inside.append((x, text))
    xs, texts = [x for x, _ in inside], [text for _, text in inside]
    for k in apart(xs, texts, SMALL, GAP):
        canvas.text(xs[k], y, texts[k], size=SMALL, name=name, anchor="middle", bold=bold)


def _cell(canvas: Canvas, window: Window, rows: Rows, first: int, last: int) -> None:
    low = max(window.low, first - Fraction(1, 2))
    high = min(window.high, last + Fraction(1, 2))
    if high > low:
        x, u = window.at(low), window.at(high)
        canvas.rect(x, rows.band, u - x, BAND)


def _samples(canvas: Canvas, window: Window, rows: Rows, axis: Reads, side: str) -> None:
    """Draw the samples of one side, and dotted lines to where the border rule or nearest reads."""
    inside = shown(window, axis)
    y, middle = rows.band + (0 if side == "found" else BAND), rows.band + BAND / 2
    apart_by = float(abs(axis.step)) * window.side
    radius = max(1.2, min(4.4, apart_by * 0.3))
    with canvas.group(f"{side}-tails"):
        for i in inside:
            end = axis.landing(i)
            if end is not None and end != axis.places[i] and window.holds(end):
                start = window.at(axis.places[i]), y
                canvas.line([start, (window.at(end), middle)])
    points: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for i in inside:
        points[axis.outside(i)].append((window.at(axis.places[i]), y))
    draw_marks(canvas, side, points, radius)


def _moves(canvas: Canvas, window: Window, rows: Rows, found: Reads, meant: Reads) -> None:
    """Draw an arrow from each sample to where it was meant, and write how far that is."""
    if found.n_out != meant.n_out:
        return
    inside = [i for i in shown(window, found) if window.holds(meant.places[i])]
    heads: list[str] = []
    picks = found.kernel.startswith("nearest") or meant.kernel.startswith("nearest")
    with canvas.group("arrows"):
        for i in [] if picks else inside:
            start = window.at(found.places[i]), rows.band
            end = window.at(meant.places[i]), rows.band + BAND - 6
            shaft, head = arrow(start, end)
            canvas.line(shaft)
            heads.append(head)
    with canvas.group("heads"):
        for head in heads:
            canvas.path(head)
    labels = [
        (
            (found.places[i] + meant.places[i]) / 2,
            coordinate(meant.reading(i) - found.reading(i), sign=True),
        )
        for i in inside
    ]
    _labels(canvas, window, rows.moves, labels, "ink")
