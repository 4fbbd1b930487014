"""The lengths at which two calls are compared: images are width x height, as people name them."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct

from halfpixel.errors import UsageError

MOST: Final = 1 << 20
"""Longest axis that is compared."""

AXES: Final = {
    1: ("length",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}
"""What the spatial axes of an image are called, by their number, the last one last."""

_LENGTHS: Final = re.compile(r"[0-9]{1,7}(x[0-9]{1,7}){0,2}", re.ASCII)
_SCALE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}|/[0-9]{1,9})?", re.ASCII)


class Lengths(Struct, frozen=True):
    """What is asked for: input lengths, output lengths, or how many times longer.

    Attributes:
        ins: input lengths, height before width, or one for every axis; empty where not given.
        outs: output lengths, likewise.
        scale: output samples an input pixel, along every axis; None where not given.
    """

    ins: tuple[int, ...] = ()
    outs: tuple[int, ...] = ()
    scale: Fraction | None = None

    def of(self, axes: int) -> tuple[tuple[int | None, ...], tuple[int | None, ...]]:
        """Return the input lengths and the output lengths of some axes, None each where free.

        Raises:
            UsageError: they are for another number of axes.

        >>> Lengths((480, 640), (224,)).of(2)
        ((480, 640), (224, 224))
        """
        return _each(self.ins, axes), _each(self.outs, axes)


def _each(given: tuple[int, ...], axes: int) -> tuple[int | None, ...]:
    if len(given) <= 1:
        return (given[0] if given else None,) * axes
    if len(given) != axes:
        said = "x".join(map(str, reversed(given)))
        raise UsageError(f"{said}: {len(given)} lengths, and the calls are over {axes} axes")
    return given


def parse_size(text: str) -> Lengths:
    """Return the lengths that `640x480:224x224` says: width x height, input and output.

    Args:
        text: one number is every axis's, two are width x height, three width x height x depth; the
            output may be left out.

    Raises:
        UsageError: a text that is none.

    >>> parse_size("640x480:224x224")
    Lengths(ins=(480, 640), outs=(224, 224), scale=None)
    >>> parse_size("7:3").outs, parse_size("640x480").ins
    ((3,), (480, 640))
    """
    before, colon, after = text.replace(" ", "").lower().partition(":")
    if not _LENGTHS.fullmatch(before) or (colon and not _LENGTHS.fullmatch(after)):
        raise UsageError(
            f"--size {text!r}: expected WIDTHxHEIGHT:WIDTHxHEIGHT, as 640x480:224x224, or one "
            "number an image, as 7:3"
        )
    ins, outs = (
        tuple(int(n) for n in reversed(side.split("x"))) if side else () for side in (before, after)
    )
    for n in (*ins, *outs):
        if not 1 <= n <= MOST:
            raise UsageError(f"--size {text!r}: {n} pixels, expected 1 to {MOST}")
    return Lengths(ins, outs)


def parse_image(text: str) -> tuple[int, int]:
    """Return the height and the width of an image that `640x480` says; one number is both.

    Raises:
        UsageError: a text that is none, or says more than an image.

    >>> parse_image("640x480"), parse_image("224")
    ((480, 640), (224, 224))
    """
    found = parse_size(text)
    if found.outs or not 1 <= len(found.ins) <= 2:
        raise UsageError(f"--size {text!r}: expected WIDTHxHEIGHT of the image alone, as 640x480")
    height, *width = found.ins
    return height, width[0] if width else height


def parse_scale(text: str) -> Fraction:
    """Return the factor that `2`, `0.5` or `7/3` says.

    Raises:
        UsageError: a text that is none, or a factor that is nothing.

    >>> parse_scale("0.5"), parse_scale("7/3")
    (Fraction(1, 2), Fraction(7, 3))
    """
    try:
        found = Fraction(text) if _SCALE.fullmatch(text) else Fraction(0)
    except ZeroDivisionError:
        found = Fraction(0)
    if not Fraction(1, MOST) < found < MOST:
        raise UsageError(f"--scale {text!r}: expected a factor, as 2, 0.5 or 7/3")
    return found


def names_of(axes: int) -> tuple[str, ...]:
    """Return what the spatial axes of an image are called.

    >>> names_of(2), names_of(4)[-1]
    (('height', 'width'), 'axis 3')
    """
    return AXES.get(axes) or tuple(f"axis {k}" for k in range(axes))


def shown(pairs: Sequence[tuple[int | None, int | None]]) -> str:
    """Return the lengths of some axes in words, as people name images: the width first.

    >>> shown([(480, 224), (640, 224)]), shown([(7, 3)]), shown([(4, 8), (4, 8)])
    ('width 640 to 224, height 480 to 224', 'length 7 to 3', 'width and height 4 to 8')
    """
    names = names_of(len(pairs))
    told: dict[tuple[int | None, int | None], list[str]] = {}
    for name, pair in reversed(list(zip(names, pairs, strict=True))):
        told.setdefault(pair, []).append(name)
    return ", ".join(
        f"{' and '.join(axes)} {n_in or 'any'} to {n_out or 'any'}"
        for (n_in, n_out), axes in told.items()
    )
