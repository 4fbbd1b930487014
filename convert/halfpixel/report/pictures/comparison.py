"""The picture of a comparison: where both read, at the lengths that were compared or show it."""

from collections.abc import Iterator
from typing import Final

from halfpixel.checking.comparing.result import AxisComparison, Comparison
from halfpixel.checking.comparing.words import verdict_line
from halfpixel.errors import UsageError
from halfpixel.origin import Operator
from halfpixel.report.pictures.calls import differing_arguments
from halfpixel.report.pictures.drawable import Drawable, Pair
from halfpixel.report.pictures.sheet.palette import Theme
from halfpixel.report.pictures.site import picture_of_site
from halfpixel.sampling import Resize

USUAL: Final[Pair] = (4, 8)
"""Lengths at which two calls are drawn that nothing tells apart."""


def picture_of_comparison(found: Comparison, theme: Theme = "auto") -> str:
    """Return where both sides read, as SVG.

    Args:
        found: the comparison.
        theme: light, dark or auto.

    Raises:
        UsageError: it cannot be drawn: an operator with data for a kernel, or lengths without end.
    """
    labels = "a", "b"
    if found.a.site is None and found.b.site is None:
        labels = differing_arguments(found.a.text, found.b.text) or labels
    sides, lengths = _drawn(found)
    try:
        return picture_of_site(
            *sides, lengths=lengths, title=f"{labels[0]} beside {labels[1]}", labels=labels,
            calls=(found.a.text, found.b.text), notes=[verdict_line(found)], kernel=True,
            theme=theme,
        )  # fmt: skip
    except ValueError as error:
        raise UsageError(f"cannot be drawn: {error}") from error


def _drawn(found: Comparison) -> tuple[tuple[Drawable, Drawable], list[Pair]]:
    """Return what is drawn of both sides, and at which lengths."""
    if found.axes:
        lengths = list(_lengths(found))
        return ([axis.first for axis in found.axes], [axis.second for axis in found.axes]), lengths
    operators: list[Drawable] = []
    for side in (found.a, found.b):
        operator = side.operator
        if operator is None and side.reading is not None:
            axes = enumerate(side.reading.samplings)
            operator = Resize(tuple((axis, one) for axis, one in axes if one is not None))
        if not isinstance(operator, Operator):
            raise UsageError(f"{side.text}: cannot be drawn")
        operators.append(operator)
    return (operators[0], operators[1]), [(USUAL[0], USUAL[0])] * 2


def _lengths(found: Comparison) -> Iterator[Pair]:
    """Yield the lengths of each axis: those that were compared, or those that show it."""
    shown = [axis.shown for axis in found.axes if axis.shown is not None]
    for axis in found.axes:
        own = axis.shown or next(iter(shown), None)
        if own is not None:
            yield own.n_in, own.n_out
        else:
            yield _usual(axis)


def _usual(axis: AxisComparison) -> Pair:
    n_in, n_out = axis.lengths
    scales = [one.scale for one in (axis.first, axis.second) if one is not None and one.scale]
    n_in = n_in or USUAL[0]
    return n_in, n_out or (max(1, int(n_in * scales[0])) if scales else USUAL[1])
