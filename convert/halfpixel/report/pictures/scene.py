"""What is drawn together: what is found and what was meant, with the names of both."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from halfpixel.report.pictures.drawable import Drawable, Drawing, Pair, drawing
from halfpixel.report.pictures.reads import Reads
from halfpixel.report.pictures.sheet.canvas import Canvas
from halfpixel.report.pictures.sheet.letters import wrapped

FOUND: Final = "found"
MEANT: Final = "meant"
"""The two sides, by which styles know them."""

WIDE: Final = 960.0
"""Width of a picture."""

MARGIN: Final = 20.0
INNER: Final = WIDE - 2 * MARGIN

PLANE_TO: Final = 16
"""Input length up to which an image is drawn in two dimensions."""

SAMPLES_TO: Final = 33
"""Output length up to which it is."""


class Scene(Struct, frozen=True):
    """What is drawn.

    Attributes:
        found: what the file computes.
        meant: what was meant; None where nothing is to be compared.
        labels: what the two are called.
        calls: each in words; empty where nothing is said.
    """

    found: Drawing
    meant: Drawing | None = None
    labels: tuple[str, str] = ("file", "meant")
    calls: tuple[str, str] = ("", "")

    @property
    def sides(self) -> list[tuple[str, Drawing, str, str]]:
        """The sides that there are: style, drawing, label, call of each."""
        sides = [(FOUND, self.found, self.labels[0], self.calls[0])]
        if self.meant is not None:
            sides.append((MEANT, self.meant, self.labels[1], self.calls[1]))
        return sides

    @property
    def small(self) -> bool:
        """Whether every axis is short enough for an image in two dimensions."""
        axes = [axis for _, side, _, _ in self.sides for axis in side.axes]
        return len(self.found.axes) <= 2 and all(map(is_small, axes))

    @property
    def copied(self) -> bool:
        """Whether all is a copy."""
        return all(axis.copied for _, side, _, _ in self.sides for axis in side.axes)


def is_small(axis: Reads) -> bool:
    """Whether an axis is short enough for an image in two dimensions."""
    return axis.n_in <= PLANE_TO and axis.n_out <= SAMPLES_TO


def scene(  # noqa: PLR0913, PLR0917 - both sides, and what they are called
    found: Drawable,
    meant: Drawable | None,
    lengths: Sequence[Pair],
    labels: tuple[str, str],
    calls: tuple[str, str] = ("", ""),
    meant_lengths: Sequence[Pair] | None = None,
) -> Scene:
    """Return what is drawn of two operators at lengths; at other ones of `meant` where given.

    Raises:
        ValueError: no lengths, one below 1, another number of axes, or a table that was made for
            other lengths.
    """
    if not lengths:
        raise ValueError("a picture has one axis at least, and no lengths are given")
    one = drawing(found, lengths)
    other = None if meant is None else drawing(meant, meant_lengths or lengths)
    if other is not None and len(one.axes) != len(other.axes):
        raise ValueError(f"{len(one.axes)} axes beside {len(other.axes)}")
    return Scene(one, other, labels, calls)


def draw_head(canvas: Canvas, title: str, notes: Sequence[str]) -> float:
    """Write the title of a picture and the lines below it; return where they end."""
    y = MARGIN
    if title:
        y += 16
        canvas.text(MARGIN, y, title, size=18, bold=True, most=INNER)
        y += 6
    for note in notes:
        for line in wrapped(note, 13, INNER, 3):
            y += 17
            canvas.text(MARGIN, y, line, size=13, name="dim", most=INNER)
    return y + 8


def draw_lines(canvas: Canvas, x: float, y: float, texts: Sequence[str], most: float) -> float:
    """Write texts below each other, wrapped; return where they end."""
    for text in texts:
        for line in wrapped(text, 12, most):
            canvas.text(x, y, line)
            y += 15
        y += 2
    return y - 12
