"""What the marks of a picture are: only those that it has."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from halfpixel.report.pictures.drawable import Drawing
from halfpixel.report.pictures.plane import draw_marks
from halfpixel.report.pictures.scene import FOUND, INNER, MARGIN, MEANT, Scene
from halfpixel.report.pictures.sheet.canvas import Canvas, arrow
from halfpixel.report.pictures.sheet.letters import fitted, width
from halfpixel.report.pictures.words import worst

SIZE: Final = 11.0
ICON: Final = 22.0
"""Room for a mark before its name."""

Item = tuple[str, Callable[[Canvas, float, float], None]]
"""The name of a mark, and what draws it at a place."""


def draw_legend(canvas: Canvas, y: float, drawn: Scene) -> float:
    """Name the marks of a picture in rows; return where they end."""
    x = MARGIN
    for text, draw in _items(drawn):
        shown = fitted(text, SIZE, INNER - ICON)
        needed = ICON + width(shown, SIZE)
        if x > MARGIN and x + needed > MARGIN + INNER:
            x, y = MARGIN, y + 19
        draw(canvas, x + 7, y - 4)
        canvas.text(x + ICON, y, shown, size=SIZE, name="dim")
        x += needed + 20
    notes = [side.about for _, side, _, _ in drawn.sides if side.about]
    if drawn.small:
        notes.insert(0, "at the corners: sample (row, column), and the coordinate that it reads")
    for text in dict.fromkeys(notes):
        y += 19
        canvas.text(MARGIN, y, text, size=SIZE, name="dim", most=INNER)
    return y


def draw_side_legend(canvas: Canvas, y: float, left: float, labels: Sequence[str]) -> float:
    """Name the marks of both sides in one row; return where it ends."""
    for side, label in zip((FOUND, MEANT), labels, strict=False):
        _mark(side, hollow=False)(canvas, left + 7, y - 4)
        left += ICON + canvas.text(left + ICON, y, label, size=SIZE, name="dim", most=300) + 20
    return y


def _items(drawn: Scene) -> Iterator[Item]:
    yield "centre of an input pixel", _drawn("centres", lambda c, x, y: c.circle(x, y, 4))
    yield "input image", _drawn("frame", _frame)
    for side, what, called, _ in drawn.sides:
        label = f", {called}" if drawn.meant is not None else ""
        if drawn.small:
            frame = "\N{MINUS SIGN}1 to 1" if what.axes[0].ends else "output image"
            yield f"{frame}{label}", _drawn(f"{side}-frame", _frame)
        yield f"output sample{label}", _mark(side, hollow=False)
        if any(axis.outside(i) for axis in what.axes for i in axis.border_samples):
            yield "beyond the outermost centres", _mark(side, hollow=True)
        if any(_tailed(what)):
            reads = "the pixel that is picked" if _nearest(what) else "where it reads after all"
            yield f"{reads}{label}", _drawn(f"{side}-tails", _stroke)
    if drawn.meant is not None and worst(drawn.found.axes, drawn.meant.axes)[2]:
        yield f"displacement, from {drawn.labels[0]} to {drawn.labels[1]}", _arrow


def _frame(canvas: Canvas, x: float, y: float) -> None:
    canvas.rect(x - 6, y - 5, 12, 10)


def _arrow(canvas: Canvas, x: float, y: float) -> None:
    shaft, head = arrow((x - 7, y), (x + 8, y))
    with canvas.group("arrows"):
        canvas.line(shaft)
    with canvas.group("heads"):
        canvas.path(head)


def _stroke(canvas: Canvas, x: float, y: float) -> None:
    canvas.line([(x - 7, y), (x + 7, y)])


def _drawn(
    style: str, draw: Callable[[Canvas, float, float], None]
) -> Callable[[Canvas, float, float], None]:
    def drawn(canvas: Canvas, x: float, y: float) -> None:
        with canvas.group(style):
            draw(canvas, x, y)

    return drawn


def _mark(side: str, *, hollow: bool) -> Callable[[Canvas, float, float], None]:
    return lambda canvas, x, y: draw_marks(canvas, side, {hollow: [(x, y)]}, 3.4)


def _nearest(drawn: Drawing) -> bool:
    return any(axis.kernel.startswith("nearest") for axis in drawn.axes)


def _tailed(drawn: Drawing) -> Iterator[bool]:
    for axis in drawn.axes:
        for i in axis.border_samples:
            end = axis.landing(i)
            yield end is not None and end != axis.places[i]
