"""The picture of a signal: a test image through both operators, and their difference as a map."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.report.pictures.drawable import OWN, Drawable, Drawing, Pair
from halfpixel.report.pictures.images import pattern
from halfpixel.report.pictures.reads import Reads
from halfpixel.report.pictures.scene import (
    INNER,
    MARGIN,
    WIDE,
    Scene,
    draw_head,
    draw_lines,
    scene,
)
from halfpixel.report.pictures.sheet.canvas import Canvas
from halfpixel.report.pictures.sheet.letters import width
from halfpixel.report.pictures.sheet.palette import RAMP, Theme, grey, signed
from halfpixel.report.pictures.words import coordinate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.float64]

GAP: Final = 20.0
MOST: Final = 64
"""Longest side of an image: each of its pixels is drawn."""

LARGEST: Final = 90.0
"""Side of the largest pixel that is drawn."""

WRITTEN: Final = 9
"""Longest side of an image whose values are written."""

NOTHING: Final = 1e-9
"""A difference below which there is none: images are added up in floats."""

NUMBER: Final = 10.0
"""Size of the font of a value in its pixel."""


class Panel(Struct, frozen=True):
    """One image and what stands above it.

    Attributes:
        label: its name.
        style: style of the name.
        image: its pixels.
        ends: the values that are drawn black and white, or blue and orange.
        map: it is a difference.
    """

    label: str
    style: str
    image: "Image"
    ends: tuple[float, float]
    map: bool = False


def picture_of_signal(  # noqa: PLR0913 - what is drawn, and what is written on it
    found: Drawable,
    meant: Drawable | None = None,
    *,
    lengths: Sequence[Pair],
    image: "str | NDArray[np.floating]" = "zone plate",
    title: str = "",
    labels: tuple[str, str] = ("file", "meant"),
    theme: Theme = "auto",
) -> str:
    """Return a test image as both operators resample it, and the difference with its scale.

    Small images have their values written in their pixels.

    Args:
        found: what the file computes.
        meant: what was meant; None where nothing is to be compared.
        lengths: (input length, output length) of height and width, `MOST` at most.
        image: ramp, checkerboard, zone plate, edge, or pixels of shape (height, width).
        title: as of `picture_of_site`, and so the others.
        labels: what the two are called.
        theme: light, dark or auto.

    Raises:
        ValueError: no two axes, an image of another name or shape, or one that is too large.

    >>> from halfpixel.sampling import Linear
    >>> from halfpixel.sampling import Sampling
    >>> half = Sampling("half_pixel", Linear())
    >>> "input 2x2" in picture_of_signal(half, lengths=[(2, 4), (2, 4)], image="ramp")
    True
    """
    drawn = scene(found, meant, lengths, labels)
    canvas = Canvas()
    draw_signal(canvas, draw_head(canvas, title, ()), drawn, image)
    told = image if isinstance(image, str) else "an image"
    return canvas.svg(title or f"{told}, resampled", theme, wide=WIDE, margin=16)


def draw_signal(
    canvas: Canvas, y: float, drawn: Scene, image: "str | NDArray[np.floating]"
) -> float:
    """Draw a test image through both sides from y on; return where that ends.

    Raises:
        ValueError: no two axes, an image of another name or shape, or one that is too large.
    """
    axes = [axis for _, side, _, _ in drawn.sides for axis in side.axes]
    longest = max(max(axis.n_in, axis.n_out) for axis in axes)
    if len(drawn.found.axes) != 2 or longest > MOST:
        raise ValueError(f"an image has two axes of at most {MOST}, not {longest}")
    if any(axis.kernel == OWN for axis in axes):
        raise ValueError("the weights of its kernel are data")
    height, across = (axis.n_in for axis in drawn.found.axes)
    pixels = pattern(image, height, across) if isinstance(image, str) else image.astype(float)
    if pixels.shape != (height, across):
        raise ValueError(f"an image of {pixels.shape} for lengths {height}x{across}")
    panels = _panels(pixels, drawn)
    each = (INNER - 3 * GAP) / 4
    bottoms: list[float] = []
    for number, panel in enumerate(panels):
        left = MARGIN + number * (each + GAP)
        cell = min(each / max(panel.image.shape), LARGEST)
        canvas.text(left, y + 18, panel.label, size=15, name=panel.style, bold=True, most=each)
        _draw(canvas, left, y + 32, cell, panel)
        bottoms.append(_scale(canvas, left, y + 32 + panel.image.shape[0] * cell, each, panel))
    name = image if isinstance(image, str) else "the image that was given"
    return draw_lines(canvas, MARGIN, max(bottoms) + 24, _said(panels, name), INNER)


def _panels(pixels: "Image", drawn: Scene) -> "list[Panel]":
    """Return the input, what comes out on both sides, and the difference."""
    outputs = [resampled(pixels, side) for _, side, _, _ in drawn.sides]
    images = [pixels, *outputs]
    ends = float(min(one.min() for one in images)), float(max(one.max() for one in images))
    size = f"{pixels.shape[0]}x{pixels.shape[1]}"
    panels = [Panel(f"input {size}", "ink", pixels, ends)]
    for (side, _, label, _), output in zip(drawn.sides, outputs, strict=True):
        panels.append(Panel(label, f"{side}-word", output, ends))
    if len(outputs) == 2 and outputs[0].shape == outputs[1].shape:
        off = outputs[0] - outputs[1]
        most = float(abs(off).max())
        panels.append(Panel("difference", "ink", off, (-most, most), map=True))
    return panels


def resampled(pixels: "Image", drawn: Drawing) -> "Image":
    """Return an image as the samples read it; a constant where they take one."""
    down, across = drawn.axes
    out: Image = _matrix(down) @ pixels @ _matrix(across).T
    if drawn.value:
        for axis, one in enumerate(drawn.axes):
            taken = [i for i, row in enumerate(one.rows) if not row]
            out[(taken, slice(None)) if axis == 0 else (slice(None), taken)] = drawn.value
    return out


def _matrix(axis: Reads) -> "Image":
    import numpy as np

    weights = np.zeros((axis.n_out, axis.n_in))
    for i, row in enumerate(axis.rows):
        for j, weight in row:
            weights[i, j] = float(weight)
    return weights


def _draw(canvas: Canvas, left: float, top: float, cell: float, panel: Panel) -> None:
    """Draw the pixels of an image, those of one level in one path, and their values."""
    import numpy as np

    low, high = panel.ends
    span = (high - low) or 1.0
    part = (panel.image - low) / span if high > low else np.full(panel.image.shape, 0.5)
    levels = np.rint(np.clip(part, 0, 1) * (RAMP - 1)).astype(int)
    rows, columns = levels.shape
    paths: dict[int, list[str]] = {}
    for i in range(rows):
        j = 0
        while j < columns:
            end = j + 1
            while end < columns and levels[i, end] == levels[i, j]:
                end += 1
            paths.setdefault(int(levels[i, j]), []).append(f"M{j} {i}h{end - j}")
            j = end
    colour = signed if panel.map else grey
    canvas.tiles(left, top, cell, {colour(level): paths[level] for level in sorted(paths)})
    with canvas.group("thin-frame"):
        canvas.rect(left, top, columns * cell, rows * cell)
    texts = [[coordinate(round(float(v), 3)) for v in row] for row in panel.image]
    widest = max(width(text, NUMBER) for row in texts for text in row)
    if widest + 4 > cell or cell < NUMBER + 4 or max(levels.shape) > WRITTEN:
        return
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            away = abs(levels[i, j] - RAMP // 2) / (RAMP // 2)
            dark = away > 0.7 if panel.map else levels[i, j] < RAMP * 0.55
            name = "on-dark" if dark else "on-light"
            x, y = left + (j + 0.5) * cell, top + (i + 0.5) * cell + NUMBER * 0.36
            canvas.text(x, y, text, size=NUMBER, name=name, anchor="middle")


def _scale(canvas: Canvas, left: float, top: float, wide: float, panel: Panel) -> float:
    """Draw what the colours stand for, below an image; return where it ends."""
    low, high = panel.ends
    if not panel.map or not high:
        return top
    colours = [signed(level) for level in range(0, RAMP, 2)]
    step = wide / len(colours)
    canvas.tiles(left, top + 14, step, {one: [f"M{k} 0h1"] for k, one in enumerate(colours)})
    with canvas.group("thin-frame"):
        canvas.rect(left, top + 14, wide, step)
    y = top + 14 + step + 14
    for x, text, anchor in (
        (left, coordinate(low), "start"),
        (left + wide / 2, "0", "middle"),
        (left + wide, coordinate(high, sign=True), "end"),
    ):
        canvas.text(x, y, text, size=11, name="dim", anchor=anchor)
    return y


def _said(panels: Sequence[Panel], name: str) -> list[str]:
    """Return what image it is, and how much the two differ."""
    lines = [f"test image: {name}"]
    for panel in panels:
        if not panel.map:
            continue
        off = abs(panel.image)
        span = panels[0].ends[1] - panels[0].ends[0] or 1.0
        share = f"{100 * float(off.max()) / span:.3g} % of the range of the images"
        most = f"; the largest difference is {coordinate(float(off.max()))}, {share}"
        count = int((off > NOTHING).sum())
        minus = f"{panels[1].label} less {panels[2].label}"
        lines.append(f"{minus}: {count} of {off.size} samples differ{most if count else ''}")
    return lines
