"""What the marks of a picture are: only those that it has."""

from collections.abc import Callable, Iterator
from typing import Final

from halfpixel.report.pictures.canvas import Canvas
from halfpixel.report.pictures.drawable import Drawing
from halfpixel.report.pictures.letters import fitted, width
from halfpixel.report.pictures.plane import Side, draw_marks

SIZE: Final = 11.0
ICON: Final = 22.0
"""Room for a mark before its name."""

Item = tuple[str, Callable[[Canvas, float, float], None]]
"""The name of a mark, and what draws it at a place."""


def draw_legend(  # noqa: PLR0913, PLR0917 - where it stands, and what is in the picture
    canvas: Canvas,
    y: float,
    left: float,
    wide: float,
    one: Drawing,
    other: Drawing | None,
    labels: tuple[str, str],
) -> float:
    """Name the marks of a picture in rows; return where they end."""
    x = left
    for text, draw in _items(one, other, labels):
        shown = fitted(text, SIZE, wide - ICON)
        needed = ICON + width(shown, SIZE)
        if x > left and x + needed > left + wide:
            x, y = left, y + 19
        draw(canvas, x + 7, y - 4)
        canvas.text(x + ICON, y, shown, size=SIZE, name="dim")
        x += needed + 20
    about = [text for text in (one.about, "" if other is None else other.about) if text]
    for text in dict.fromkeys(about):
        y += 19
        canvas.text(left, y, f"drawn for {text}", size=SIZE, name="dim", most=wide)
    return y


def _items(one: Drawing, other: Drawing | None, labels: tuple[str, str]) -> Iterator[Item]:
    yield "centre of an input pixel", _drawn("centres", lambda c, x, y: c.circle(x, y, 4))
    yield "input image", _drawn("frame", _frame)
    sides: list[tuple[Side, Drawing, str]] = [("found", one, labels[0])]
    if other is not None:
        sides.append(("meant", other, labels[1]))
    for side, drawn, label in sides:
        yield f"output image, {label}", _drawn(f"{side}-frame", _frame)
        yield f"output sample, {label}", _mark(side, hollow=False)
        if any(axis.outside(i) for axis in drawn.axes for i in range(axis.n_out)):
            yield "beyond the outermost centres", _mark(side, hollow=True)
        if any(_tailed(drawn)):
            what = "the pixel that is picked" if _nearest(drawn) else "where it reads after all"
            yield f"{what}, {label}", _drawn(f"{side}-tails", _stroke)


def _frame(canvas: Canvas, x: float, y: float) -> None:
    canvas.rect(x - 6, y - 5, 12, 10)


def _stroke(canvas: Canvas, x: float, y: float) -> None:
    canvas.line([(x - 7, y), (x + 7, y)])


def _drawn(
    style: str, draw: Callable[[Canvas, float, float], None]
) -> Callable[[Canvas, float, float], None]:
    def drawn(canvas: Canvas, x: float, y: float) -> None:
        with canvas.group(style):
            draw(canvas, x, y)

    return drawn


def _mark(side: Side, *, hollow: bool) -> Callable[[Canvas, float, float], None]:
    return lambda canvas, x, y: draw_marks(canvas, side, {hollow: [(x, y)]}, 3.4)


def _nearest(drawn: Drawing) -> bool:
    return any(axis.kernel.startswith("nearest") for axis in drawn.axes)


def _tailed(drawn: Drawing) -> Iterator[bool]:
    for axis in drawn.axes:
        for i in range(axis.n_out):
            end = axis.landing(i)
            yield end is not None and end != axis.places[i]
