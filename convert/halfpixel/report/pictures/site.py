"""The picture of a site: where its output samples read the input, beside where they were meant to."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from halfpixel.report.pictures.canvas import Canvas
from halfpixel.report.pictures.drawable import Drawable, Drawing, Pair, drawing
from halfpixel.report.pictures.legend import draw_legend
from halfpixel.report.pictures.letters import wrapped
from halfpixel.report.pictures.palette import Theme
from halfpixel.report.pictures.plane import (
    Axes,
    Side,
    corner_texts,
    draw_input,
    draw_moves,
    draw_output,
    label_corners,
    move_texts,
    place,
)
from halfpixel.report.pictures.reads import Reads
from halfpixel.report.pictures.strip import Window, draw_names, draw_window, rows_at
from halfpixel.report.pictures.words import AXES, facts, moved, worst

PLANE_TO: Final = 16
"""Input length up to which an image is drawn in two dimensions."""

SAMPLES_TO: Final = 33
"""Output length up to which it is."""

WIDE: Final = 960.0
MARGIN: Final = 20.0
PANEL: Final = 280.0
"""Width of one of three images."""

LARGEST: Final = 96.0
"""Side of the largest input pixel."""

GUTTER: Final = 118.0
"""Room for the names of a strip's rows."""


def picture_of_site(  # noqa: PLR0913 - what is drawn, and what is written on it
    found: Drawable,
    meant: Drawable | None = None,
    *,
    lengths: Sequence[Pair],
    title: str = "",
    labels: tuple[str, str] = ("file", "meant"),
    calls: tuple[str, str] = ("", ""),
    notes: Sequence[str] = (),
    theme: Theme = "auto",
) -> str:
    """Return where the samples of an operator read its input, beside where they were meant to.

    Up to `PLANE_TO` input pixels an axis, one or two axes are drawn as images, with the frames of
    input and output, the samples and the worst ones' displacement; and below, the axis that is
    farthest off, enlarged, with each coordinate. Longer axes, and three, are drawn one by one, at
    both borders and in the middle. Coordinates are not clamped: those beyond the outermost centres
    are hollow, and a dotted line leads to where the border rule reads.

    Args:
        found: what the file computes: a `Sampling` of every axis alike, a sampling an axis (None
            copies it), or an operator such as `Resize`, `GridSample` or `RoiAlign`.
        meant: what was meant; None where nothing is to be compared.
        lengths: (input length, output length) of each axis that is drawn, height before width;
            one to three. An operator whose coordinates are data has its output lengths from there.
        title: the first line; who does not see the picture is told it too.
        labels: what the two sides are called.
        calls: each side in words, such as the PyTorch call that it is.
        notes: lines under the title.
        theme: `light` or `dark`, or `auto` for what the reader's system prefers.

    Returns:
        The picture as SVG, the same text for the same arguments.

    Raises:
        ValueError: no lengths, one below 1, or a table that was made for other lengths.

    >>> from halfpixel.sampling import Linear, Sampling
    >>> corners, half = (Sampling(c, Linear()) for c in ("align_corners", "half_pixel"))
    >>> svg = picture_of_site(corners, half, lengths=[(4, 8), (4, 8)], title="up")
    >>> svg.startswith("<svg "), "up to 0.25 px along an axis, at both ends" in svg
    (True, True)
    """
    if not lengths:
        raise ValueError("a picture has one axis at least, and no lengths are given")
    one = drawing(found, lengths)
    other = None if meant is None else drawing(meant, lengths)
    canvas = Canvas()
    y = _head(canvas, title, notes)
    sides = [one.axes] if other is None else [one.axes, other.axes]
    if len(lengths) <= 2 and all(_small(axis) for axes in sides for axis in axes):
        y = _planes(canvas, y, one, other, labels, calls)
    else:
        y = _facts(canvas, y, one, other, labels, calls)
    for number in _enlarged(one, other):
        y = _strip(canvas, y + 20, one, other, number, labels)
    y = draw_legend(canvas, y + 22, MARGIN, WIDE - 2 * MARGIN, one, other, labels)
    return canvas.svg(title or "where the output samples read", theme, wide=WIDE, margin=16)


def _small(axis: Reads) -> bool:
    return axis.n_in <= PLANE_TO and axis.n_out <= SAMPLES_TO


def _head(canvas: Canvas, title: str, notes: Sequence[str]) -> float:
    """Write the title and the lines below it; return where they end."""
    y = MARGIN
    if title:
        y += 16
        canvas.text(MARGIN, y, title, size=18, bold=True, most=WIDE - 2 * MARGIN)
        y += 6
    for note in notes:
        for line in wrapped(note, 13, WIDE - 2 * MARGIN)[:3]:
            y += 17
            canvas.text(MARGIN, y, line, size=13, name="dim", most=WIDE - 2 * MARGIN)
    return y + 8


def _plane_axes(one: Drawing) -> Axes:
    """Return height and width; a single axis is the width of an image that is one pixel high."""
    if len(one.axes) == 2:
        return one.axes[0], one.axes[1]
    line = Reads(
        1, (Fraction(0),), Fraction(1), "a copy", "inside", (((0, Fraction(1)),),), copied=True
    )
    return line, one.axes[0]


def _planes(
    canvas: Canvas,
    y: float,
    one: Drawing,
    other: Drawing | None,
    labels: tuple[str, str],
    calls: tuple[str, str],
) -> float:
    """Draw the images of both sides and the displacement; return where they end."""
    drawn: list[tuple[Side, Drawing]] = [("found", one)]
    if other is not None:
        drawn.append(("meant", other))
    sides = [_plane_axes(side) for _, side in drawn]
    gap = (WIDE - 2 * MARGIN - 3 * PANEL) / 2
    lefts = [MARGIN + k * (PANEL + gap) for k in range(3)]
    texts = y + 18
    called: list[list[str]] = []
    for (side, _), left, label, call in zip(drawn, lefts, labels, calls, strict=False):
        canvas.text(left, texts, label, size=16, name=f"{side}-word", bold=True, most=PANEL)
        called.append(wrapped(call, 12, PANEL + gap / 2)[:3] if call else [])
    if other is not None:
        head = f"from {labels[0]} to {labels[1]}"
        canvas.text(lefts[2], texts, head, size=16, bold=True, most=PANEL)
    deepest = max(map(len, called))
    for lines, left in zip(called, lefts, strict=False):
        for k, line in enumerate(lines):
            canvas.text(left, texts + 18 + 15 * k, line, most=PANEL + gap / 2)
    start = texts + 18 + 15 * deepest + 18
    planes = [place(sides, left + 14, start, PANEL - 28, LARGEST) for left in lefts]
    for (side, _), axes, plane in zip(drawn, sides, planes, strict=False):
        draw_input(canvas, plane, axes)
        draw_output(canvas, plane, axes, side)
        label_corners(canvas, plane, corner_texts(axes))
    below = start + planes[0].high + 46
    ends: list[float] = []
    for (_, side), left in zip(drawn, lefts, strict=False):
        ends.append(_lines(canvas, left, below, list(facts(side.axes)), PANEL))
    if other is None:
        return max(ends)
    lines = list(moved(one.axes, other.axes))
    if all(a.n_out == b.n_out for a, b in zip(sides[0], sides[1], strict=True)):
        draw_input(canvas, planes[2], sides[0], centres=False)
        draw_moves(canvas, planes[2], sides[0], sides[1])
        label_corners(canvas, planes[2], move_texts(sides[0], sides[1]))
    ends.append(_lines(canvas, lefts[2], below, lines, PANEL))
    return max(ends)


def _lines(canvas: Canvas, x: float, y: float, texts: Sequence[str], most: float) -> float:
    """Write texts below each other, wrapped; return where they end."""
    for text in texts:
        for line in wrapped(text, 12, most):
            canvas.text(x, y, line)
            y += 15
        y += 2
    return y - 12


def _facts(
    canvas: Canvas,
    y: float,
    one: Drawing,
    other: Drawing | None,
    labels: tuple[str, str],
    calls: tuple[str, str],
) -> float:
    """Write what is known of both sides beside each other, where no image is drawn."""
    columns = 1 if other is None else 3
    gap = 30.0
    most = (WIDE - 2 * MARGIN - gap * (columns - 1)) / columns
    ends: list[float] = []
    drawn: list[tuple[Side, Drawing]] = [("found", one)]
    if other is not None:
        drawn.append(("meant", other))
    for k, (side, side_drawing) in enumerate(drawn):
        left = MARGIN + k * (most + gap)
        canvas.text(left, y + 18, labels[k], size=16, name=f"{side}-word", bold=True, most=most)
        texts = [calls[k]] if calls[k] else []
        ends.append(_lines(canvas, left, y + 38, [*texts, *facts(side_drawing.axes)], most))
    if other is not None:
        left = MARGIN + 2 * (most + gap)
        head = f"from {labels[0]} to {labels[1]}"
        canvas.text(left, y + 18, head, size=16, bold=True, most=most)
        ends.append(_lines(canvas, left, y + 38, list(moved(one.axes, other.axes)), most))
    return max(ends)


def _enlarged(one: Drawing, other: Drawing | None) -> list[int]:
    """Return the axes that are enlarged: the one that is farthest off, or each where all are long."""
    if other is None:
        alike: dict[Reads, int] = {}
        for number, axis in enumerate(one.axes):
            alike.setdefault(axis, number)
        return list(alike.values())
    pairs: dict[tuple[Reads, Reads], int] = {}
    for number, pair in enumerate(zip(one.axes, other.axes, strict=True)):
        pairs.setdefault(pair, number)
    if all(_small(axis) for axes in (one.axes, other.axes) for axis in axes):
        return [worst(one.axes, other.axes)[0]]
    return list(pairs.values())


def _strip(
    canvas: Canvas,
    y: float,
    one: Drawing,
    other: Drawing | None,
    number: int,
    labels: tuple[str, str],
) -> float:
    """Draw one axis enlarged: whole where it is short, else its borders and its middle."""
    found = one.axes[number]
    meant = None if other is None else other.axes[number]
    called = AXES.get(len(one.axes), ("axis",) * len(one.axes))[number]
    alike = len(one.axes) > 1 and len(set(one.axes)) == 1
    alike = alike and (other is None or len(set(other.axes)) == 1)
    head = "along each axis" if alike else f"along the {called}"
    counts = f"{found.n_in} pixels to {found.n_out} samples"
    canvas.text(MARGIN, y + 16, f"{head}: {counts}", size=15, bold=True, most=WIDE - 2 * MARGIN)
    rows = rows_at(y + 26, both=meant is not None)
    draw_names(canvas, rows, MARGIN + GUTTER - 12, labels, both=meant is not None)
    for window in windows(found, meant, MARGIN + GUTTER, WIDE - 2 * MARGIN - GUTTER):
        draw_window(canvas, window, rows, found, meant)
    return rows.bottom


def windows(found: Reads, meant: Reads | None, left: float, wide: float) -> list[Window]:
    """Return the parts of an axis that are shown: all of a short one, else three at one scale."""
    sides = [found] if meant is None else [found, meant]
    ends = [end for one in sides for end in (*one.frame, min(one.places), max(one.places))]
    low = min(*ends, Fraction(-1, 2)) - Fraction(1, 8)
    high = max(*ends, Fraction(2 * found.n_in - 1, 2)) + Fraction(1, 8)
    step = max(one.step for one in sides)
    if all(_small(one) for one in sides) or high - low <= max(16, 12 * step):
        return [Window(low, high, left, wide)]
    gap = 34.0
    each = (wide - 2 * gap) / 3
    extent = max(Fraction(4), 4 * step)
    middle = Fraction(found.n_in - 1, 2)
    starts = (low, middle - extent / 2, high - extent)
    return [
        Window(start, start + extent, left + k * (each + gap), each)
        for k, start in enumerate(starts)
    ]
