"""The images of a picture: what is found, what was meant, and the way from one to the other."""

from fractions import Fraction
from typing import Final

from halfpixel.report.pictures.drawable import Drawing
from halfpixel.report.pictures.plane import (
    Axes,
    Plane,
    corner_texts,
    draw_input,
    draw_moves,
    draw_output,
    label_corners,
    move_texts,
    place,
)
from halfpixel.report.pictures.reads import Reads
from halfpixel.report.pictures.scene import INNER, MARGIN, Scene, draw_lines
from halfpixel.report.pictures.sheet.canvas import Canvas
from halfpixel.report.pictures.sheet.letters import wrapped
from halfpixel.report.pictures.words import facts, moved

PANEL: Final = 280.0
"""Width of one of three images."""

GAP: Final = (INNER - 3 * PANEL) / 2

LEFTS: Final = tuple(MARGIN + k * (PANEL + GAP) for k in range(3))

LARGEST: Final = 96.0
"""Side of the largest input pixel."""

ROOM: Final = 14.0
"""Room on each side of an image, into which the labels of its corners reach."""


def draw_panels(canvas: Canvas, y: float, scene: Scene) -> float:
    """Draw the images, and below each what is to be known of it; return where they end."""
    start = _heads(canvas, y + 18, scene)
    sides = [_plane_axes(side) for _, side, _, _ in scene.sides]
    planes = [place(sides, left + ROOM, start, PANEL - 2 * ROOM, LARGEST) for left in LEFTS]
    for (side, _, _, _), axes, plane in zip(scene.sides, sides, planes, strict=False):
        draw_input(canvas, plane, axes)
        draw_output(canvas, plane, axes, side)
        label_corners(canvas, plane, corner_texts(axes), PANEL)
    below = start + planes[0].high + 46
    if scene.meant is None:  # what is known of it stands beside the image
        said = list(facts(scene.found.axes))
        most = INNER + MARGIN - LEFTS[1]
        return max(draw_lines(canvas, LEFTS[1], start + 12, said, most), below - 20)
    ends = [
        draw_lines(canvas, left, below, list(facts(side.axes)), PANEL)
        for (_, side, _, _), left in zip(scene.sides, LEFTS, strict=False)
    ]
    _displacement(canvas, planes[2], sides[0], sides[1])
    said = list(moved(scene.found.axes, scene.meant.axes, scene.labels))
    return max(*ends, draw_lines(canvas, LEFTS[2], below, said, PANEL))


def _heads(canvas: Canvas, y: float, scene: Scene) -> float:
    """Write what the images are; return where these can start."""
    called: list[list[str]] = []
    for (side, _, label, call), left in zip(scene.sides, LEFTS, strict=False):
        most = PANEL if scene.meant is not None else INNER
        canvas.text(left, y, label, size=16, name=f"{side}-word", bold=True, most=most)
        called.append(wrapped(call, 12, PANEL + GAP / 2, 4) if call else [])
    if scene.meant is not None:
        canvas.text(LEFTS[2], y, "displacement", size=16, bold=True)
    start = y + 18 if scene.labels[0] else y
    for lines, left in zip(called, LEFTS, strict=False):
        for k, line in enumerate(lines):
            canvas.text(left, start + 15 * k, line, most=PANEL + GAP / 2)
    return start + 18 + 15 * max(map(len, called))


def _plane_axes(side: Drawing) -> Axes:
    """Return height and width; a single axis is the width of an image that is one pixel high."""
    if len(side.axes) == 2:
        return side.axes[0], side.axes[1]
    whole = ((0, Fraction(1)),)
    line = Reads(1, (Fraction(0),), Fraction(1), "a copy", "inside", (whole,), copied=True)
    return line, side.axes[0]


def _displacement(canvas: Canvas, plane: Plane, found: Axes, meant: Axes) -> None:
    if all(a.n_out == b.n_out for a, b in zip(found, meant, strict=True)):
        draw_input(canvas, plane, found, centres=False)
        draw_moves(canvas, plane, found, meant)
        label_corners(canvas, plane, move_texts(found, meant), PANEL)
