"""The picture of a kernel: the weights of its taps along one period of source coordinates."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

from halfpixel.report.pictures.drawable import Drawing, Pair
from halfpixel.report.pictures.legend import draw_side_legend
from halfpixel.report.pictures.plane import draw_marks
from halfpixel.report.pictures.reads import Reads
from halfpixel.report.pictures.scene import INNER, MARGIN, WIDE, Scene, draw_head, scene
from halfpixel.report.pictures.sheet.canvas import Canvas
from halfpixel.report.pictures.sheet.letters import apart
from halfpixel.report.pictures.sheet.palette import Theme
from halfpixel.report.pictures.words import coordinate
from halfpixel.sampling import Cubic, Linear, Sampling
from halfpixel.sampling.coordinate import stretch
from halfpixel.sampling.kernel import Taps, smooth_taps

GUTTER: Final = 150.0
SMALL: Final = 11.0
CURVE: Final = 150.0
"""Height of the kernel's curve, from its lowest value to its highest."""

BAR: Final = 34.0
"""Height of a weight of 1, in the row of a sample."""

PHASES: Final = 5
"""Samples that are shown beside the first one, whose border counts."""

PARTS: Final = 16
"""Points of a curve, an input pixel."""

POINTS: Final = 400
"""Points of a curve, or taps, that are drawn: a kernel may be as wide as an image."""

Point = tuple[Fraction, Fraction]
"""Distance of a pixel from the source coordinate, in input pixels, and its weight."""


class Curve(Struct, frozen=True):
    """A kernel: weight by distance, and the taps that a resize takes of it.

    Attributes:
        points: the curve, by ascending distance; none for a kernel that is no curve.
        taps: what the samples of one period take.
    """

    points: tuple[Point, ...]
    taps: tuple[Point, ...]


def picture_of_kernel(  # noqa: PLR0913 - what is drawn, and what is written on it
    found: Sampling,
    meant: Sampling | None = None,
    *,
    lengths: Pair,
    title: str = "",
    labels: tuple[str, str] = ("file", "meant"),
    theme: Theme = "auto",
) -> str:
    """Return the weights that a kernel gives the pixels around a sample, along one period.

    Above, the kernel as a curve, weight by distance, with the taps that are taken of it; below, the
    first sample, where the border rule counts, and one sample of each phase, with their weights.

    Args:
        found: what the file computes along one axis.
        meant: what was meant; None where nothing is to be compared.
        lengths: (input length, output length).
        title: as of `picture_of_site`, and so the others.
        labels: what the two are called.
        theme: light, dark or auto.

    Raises:
        ValueError: a length is below 1, or a table was made for other lengths.

    >>> from halfpixel.sampling import Cubic
    >>> svg = picture_of_kernel(Sampling("half_pixel", Cubic()), lengths=(8, 16))
    >>> "one period: 2 samples over 1 pixel" in svg
    True
    """
    canvas = Canvas()
    drawn = scene(found, meant, [lengths], labels)
    draw_kernel(canvas, draw_head(canvas, title, ()), drawn, 0)
    return canvas.svg(title or "the weights of a kernel", theme, wide=WIDE, margin=16)


def has_kernel(drawn: Scene, number: int) -> bool:
    """Whether the weights along an axis are worth a picture: cubic ones, and those of antialias."""
    kernels = [s.kernel for _, side, _, _ in drawn.sides if (s := _sampling(side, number))]
    return any(isinstance(one, Cubic) or getattr(one, "antialias", False) for one in kernels)


def _sampling(side: Drawing, number: int) -> Sampling | None:
    one = side.samplings[number] if side.samplings else None
    return None if side.axes[number].copied else one


def draw_kernel(canvas: Canvas, y: float, drawn: Scene, number: int) -> float:
    """Draw the weights along one axis of both sides from y on; return where they end."""
    sides = [(side, _sampling(what, number), what.axes[number]) for side, what, _, _ in drawn.sides]
    for (side, _, axis), label in zip(sides, drawn.labels, strict=False):
        y += 20
        text = f"{label}: " if label else ""
        text += f"{axis.kernel}; {_period(axis)}"
        canvas.text(MARGIN, y, text, size=13, name=f"{side}-word", most=INNER)
    curves = [(side, curve(sampling, axis)) for side, sampling, axis in sides]
    if any(one.points for _, one in curves):
        y = _curves(canvas, y + 24, curves)
    y = _samples(canvas, y + 22, [(side, axis) for side, _, axis in sides])
    return draw_side_legend(canvas, y + 20, MARGIN, drawn.labels[: len(sides)])


def _period(axis: Reads) -> str:
    """Return how many samples it takes until the weights come again."""
    step = axis.step
    if axis.copied or axis.n_out < 2:
        return "one sample stands for all"
    samples, wide = step.denominator, step.numerator
    count = f"{samples} sample{'s' if samples > 1 else ''}"
    return f"one period: {count} over {wide} pixel{'s' if wide > 1 else ''}"


def curve(sampling: Sampling | None, axis: Reads) -> Curve:
    """Return the curve of a kernel at the lengths of an axis, and the taps of one period."""
    kernel = None if sampling is None else sampling.kernel
    if sampling is None or not isinstance(kernel, Linear | Cubic):
        return Curve((), ())
    width = stretch(sampling.coordinate, sampling.axis(axis.n_in, axis.n_out))
    taps: dict[Point, None] = {}
    for i in phases(axis):
        frac = axis.places[i] % 1
        taps |= dict.fromkeys((k - frac, weight) for k, weight in smooth_taps(kernel, frac, width))
    points: dict[Fraction, Fraction] = {}
    parts = max(1, min(PARTS, int(POINTS / width)))
    for part in range(parts):
        frac = Fraction(part, parts)
        points |= {offset - frac: weight for offset, weight in smooth_taps(kernel, frac, width)}
    ends = min(points), max(points)
    part_of = Fraction(1, parts)
    points |= {ends[0] - part_of: Fraction(0), ends[1] + part_of: Fraction(0)}
    return Curve(_some(sorted(points.items())), _some(list(taps)))


def _some(points: Sequence[Point]) -> tuple[Point, ...]:
    return tuple(points[:: len(points) // POINTS + 1])


def phases(axis: Reads) -> list[int]:
    """Return samples of one period, from the middle of the axis on; all where there are few."""
    count = min(axis.step.denominator, PHASES, axis.n_out)
    start = max(0, min(axis.n_out // 2 - count // 2, axis.n_out - count))
    return list(range(start, start + count))


def _curves(canvas: Canvas, y: float, curves: Sequence[tuple[str, Curve]]) -> float:
    """Draw the kernels over distance; return where they end."""
    points = [point for _, one in curves for point in (*one.points, *one.taps)]
    reach = math.ceil(max(abs(distance) for distance, _ in points))
    high = float(max(*(weight for _, weight in points), Fraction(0)))
    low = float(min(*(weight for _, weight in points), Fraction(0)))
    left, wide = MARGIN + GUTTER, INNER - GUTTER
    scale = CURVE / (high - low or 1.0)
    base = y + high * scale

    def at(point: Point) -> tuple[float, float]:
        distance, weight = point
        return left + (float(distance) + reach) / (2 * reach) * wide, base - float(weight) * scale

    with canvas.group("ticks"):
        canvas.line([(left, base), (left + wide, base)])
        canvas.line([at((Fraction(0), Fraction(low))), at((Fraction(0), Fraction(high)))])
    for value in (high, 0.0, *([low] if -low * scale > SMALL + 2 else [])):
        canvas.text(
            left - 10,
            base - value * scale + 4,
            coordinate(value),
            size=SMALL,
            name="dim",
            anchor="end",
        )
    for side, one in curves:
        if one.points:
            with canvas.group(f"{side}-taps"):
                canvas.line([at(point) for point in one.points])
        draw_marks(canvas, side, {False: [at(point) for point in one.taps]}, 3.4)
    bottom = base - low * scale + 18
    numbers = list(range(-reach, reach + 1))
    xs = [at((Fraction(k), Fraction(0)))[0] for k in numbers]
    texts = [coordinate(k) for k in numbers]
    for k in apart(xs, texts, SMALL, 8):
        canvas.text(xs[k], bottom, texts[k], size=SMALL, name="dim", anchor="middle")
    canvas.text(left - 24, bottom, "distance (px)", size=SMALL, name="dim", anchor="end")
    return bottom


def _samples(canvas: Canvas, y: float, sides: Sequence[tuple[str, Reads]]) -> float:
    """Draw the weights of some samples, a row each; return where they end."""
    for i in sorted({0, *phases(sides[0][1])}):
        rows = [(side, axis.rows[i]) for side, axis in sides if i < axis.n_out]
        if not any(row for _, row in rows):
            continue
        where = dict.fromkeys(coordinate(axis.places[i]) for _, axis in sides if i < axis.n_out)
        middle, most = y + 22 + BAR / 2, GUTTER - 14
        name = f"sample {sides[0][1].name(i)}"
        canvas.text(MARGIN, middle, name, bold=True, most=most)
        at = f"at {' and '.join(where)}"
        canvas.text(MARGIN, middle + 16, at, size=SMALL, name="dim", most=most)
        y = _row(canvas, y, rows) + 16
    return y - 12


def _row(canvas: Canvas, y: float, rows: Sequence[tuple[str, Taps]]) -> float:
    """Draw the weights of one sample, both sides of each pixel; return where they end."""
    taps = [tap for _, row in rows for tap in row]
    first, last = min(j for j, _ in taps), max(j for j, _ in taps)
    left, cell = MARGIN + GUTTER, min((INNER - GUTTER) / (last - first + 1), 150.0)
    scale = BAR / max(float(abs(weight)) for _, weight in taps)
    base = y + 22 + BAR
    line = base - scale * float(min([Fraction(0), *(weight for _, weight in taps)])) + 18
    with canvas.group("ticks"):
        canvas.line([(left, base), (left + cell * (last - first + 1), base)])
    for number, (side, row) in enumerate(rows):
        shift = (number - (len(rows) - 1) / 2) * 12
        some = row[:: len(row) // POINTS + 1]
        places = [(left + (j - first + 0.5) * cell + shift, float(weight)) for j, weight in some]
        with canvas.group(f"{side}-taps"):
            for x, weight in places:
                canvas.line([(x, base), (x, base - weight * scale)])
        draw_marks(canvas, side, {False: [(x, base - w * scale) for x, w in places]}, 3)
        xs, texts = [x for x, _ in places], [coordinate(weight) for _, weight in places]
        row_y, name = (y + 10 if number == 0 else line + 15), f"{side}-word"
        for k in apart(xs, texts, SMALL, 6):
            canvas.text(xs[k], row_y, texts[k], size=SMALL, name=name, anchor="middle")
    pixels = range(first, last + 1)[:: (last - first) // POINTS + 1]
    xs = [left + (j - first + 0.5) * cell for j in pixels]
    texts = [f"pixel {j}" for j in pixels]
    for k in apart(xs, texts, SMALL, 6):
        canvas.text(xs[k], line, texts[k], size=SMALL, name="dim", anchor="middle")
    return line + (15 if len(rows) > 1 else 0)
