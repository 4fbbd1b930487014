"""The picture of a site: where its output samples read, beside where they were meant to."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from halfpixel.printable import many
from halfpixel.report.pictures.drawable import Drawable, Pair
from halfpixel.report.pictures.kernel import draw_kernel, has_kernel
from halfpixel.report.pictures.legend import draw_legend
from halfpixel.report.pictures.panels import draw_panels
from halfpixel.report.pictures.reads import Reads
from halfpixel.report.pictures.scene import (
    INNER,
    MARGIN,
    WIDE,
    Scene,
    draw_head,
    draw_lines,
    is_small,
    scene,
)
from halfpixel.report.pictures.sheet.canvas import Canvas
from halfpixel.report.pictures.sheet.letters import width
from halfpixel.report.pictures.sheet.palette import Theme
from halfpixel.report.pictures.strip import SMALL, Window, draw_names, draw_window, rows_at
from halfpixel.report.pictures.words import AXES, facts, moved, worst

GUTTER: Final = (110.0, 190.0)
"""Least and most room for the names of a strip's rows."""


FEW: Final = 48
"""Samples that can be told apart beside each other."""


def picture_of_site(  # noqa: PLR0913 - what is drawn, and what is written on it
    found: Drawable,
    meant: Drawable | None = None,
    *,
    lengths: Sequence[Pair],
    title: str = "",
    labels: tuple[str, str] = ("file", "meant"),
    calls: tuple[str, str] = ("", ""),
    notes: Sequence[str] = (),
    kernel: bool = False,
    theme: Theme = "auto",
) -> str:
    """Return where the samples of an operator read its input, beside where they were meant to.

    Up to 16 input pixels an axis, one or two axes are drawn as images, with the frames of input and
    output, the samples and their displacement; and below, the axis that is farthest off, enlarged,
    with each coordinate. Longer axes, and three, are drawn one by one, at both borders and in the
    middle. Coordinates are not clamped: those beyond the outermost centres are hollow, and a dotted
    line leads to where the border rule reads.

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
        kernel: the weights are drawn too, where the kernel is cubic or one of antialias.
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
    drawn = scene(found, meant, lengths, labels, calls)
    canvas = Canvas()
    y = draw_site(canvas, draw_head(canvas, title, notes), drawn)
    if kernel:
        draw_kernels(canvas, y, drawn)
    return canvas.svg(title or "where the output samples read", theme, wide=WIDE, margin=16)


def draw_site(canvas: Canvas, y: float, drawn: Scene) -> float:
    """Draw where samples read from y on; return where that ends."""
    y = draw_panels(canvas, y, drawn) if drawn.small else _facts(canvas, y, drawn)
    for number in _enlarged(drawn):
        y = _strip(canvas, y + 20, drawn, number)
    return draw_legend(canvas, y + 22, drawn)


def draw_kernels(canvas: Canvas, y: float, drawn: Scene) -> float:
    """Draw the weights of a kernel that is worth it, of one axis; return where they end."""
    axes = [number for number in _enlarged(drawn) if has_kernel(drawn, number)]
    if not axes:
        return y
    head = f"the weights {_along(drawn, axes[0])}"
    canvas.text(MARGIN, y + 40, head, size=15, bold=True, most=INNER)
    return draw_kernel(canvas, y + 44, drawn, axes[0])


def _facts(canvas: Canvas, y: float, drawn: Scene) -> float:
    """Write what is known of both sides beside each other, where no image is drawn."""
    columns = 1 if drawn.meant is None else 3
    gap = 30.0
    most = (INNER - gap * (columns - 1)) / columns
    ends: list[float] = []
    for k, (side, what, label, call) in enumerate(drawn.sides):
        left = MARGIN + k * (most + gap)
        canvas.text(left, y + 18, label, size=16, name=f"{side}-word", bold=True, most=most)
        texts = [call] if call else []
        ends.append(draw_lines(canvas, left, y + 38, [*texts, *facts(what.axes)], most))
    if drawn.meant is not None:
        left = MARGIN + 2 * (most + gap)
        canvas.text(left, y + 18, "displacement", size=16, bold=True)
        said = list(moved(drawn.found.axes, drawn.meant.axes, drawn.labels))
        ends.append(draw_lines(canvas, left, y + 38, said, most))
    return max(ends)


def _enlarged(drawn: Scene) -> list[int]:
    """Return the axes that are enlarged: the one that is farthest off; each one where none is."""
    if drawn.copied:
        return []
    found = drawn.found.axes
    meant = found if drawn.meant is None else drawn.meant.axes
    if drawn.meant is not None and drawn.small:
        return [worst(found, meant)[0]]
    pairs: dict[tuple[Reads, Reads], int] = {}
    for number, pair in enumerate(zip(found, meant, strict=True)):
        pairs.setdefault(pair, number)
    return list(pairs.values())


def _strip(canvas: Canvas, y: float, drawn: Scene, number: int) -> float:
    """Draw one axis enlarged: whole where it is short, else its borders and its middle."""
    found = drawn.found.axes[number]
    meant = None if drawn.meant is None else drawn.meant.axes[number]
    canvas.text(MARGIN, y + 16, _strip_head(drawn, number), size=15, bold=True, most=INNER)
    sides = [found] if meant is None else [found, meant]
    rows = rows_at(y + 26, both=meant is not None)
    widest = max(width(label, SMALL) for label in drawn.labels) if meant is not None else 0
    gutter = min(max(GUTTER[0], widest + 20), GUTTER[1])
    draw_names(canvas, rows, MARGIN + gutter - 14, drawn.labels, sides)
    for window in windows(found, meant, MARGIN + gutter, INNER - gutter):
        draw_window(canvas, window, rows, found, meant)
    return rows.bottom


def _strip_head(drawn: Scene, number: int) -> str:
    found = drawn.found.axes[number]
    counts = f"{many(found.n_in, 'pixel')} to {many(found.n_out, 'sample')}"
    if drawn.meant is not None and drawn.meant.axes[number].n_out != found.n_out:
        counts += f", {drawn.meant.axes[number].n_out} {drawn.labels[1]}"
    return f"{_along(drawn, number)}: {counts}"


def _along(drawn: Scene, number: int) -> str:
    axes = drawn.found.axes
    if len(axes) > 1 and all(len(set(side.axes)) == 1 for _, side, _, _ in drawn.sides):
        return "along each axis"
    return f"along the {AXES.get(len(axes), ('axis',) * len(axes))[number]}"


def windows(found: Reads, meant: Reads | None, left: float, wide: float) -> list[Window]:
    """Return the parts of an axis that are shown: all of a short one, else three at one scale.

    Args:
        found: where the samples read.
        meant: where they were meant to.
        left: where the windows start on the canvas.
        wide: how wide they are there, all together.
    """
    sides = [found] if meant is None else [found, meant]
    ends = [end for one in sides for end in (*one.frame, min(one.places), max(one.places))]
    low = min(*ends, Fraction(-1, 2)) - Fraction(1, 8)
    high = max(*ends, Fraction(2 * found.n_in - 1, 2)) + Fraction(1, 8)
    step = max(one.step for one in sides)
    few = all(one.n_out <= FEW for one in sides)
    if all(map(is_small, sides)) or (few and high - low <= max(Fraction(16), 12 * step)):
        return [Window(low, high, left, wide)]
    gap = 34.0
    each = (wide - 2 * gap) / 3
    extent = max(min(Fraction(4), FEW * step), 4 * step)
    middle = Fraction(found.n_in - 1, 2)
    starts = (low, middle - extent / 2, high - extent)
    return [
        Window(start, start + extent, left + k * (each + gap), each)
        for k, start in enumerate(starts)
    ]
