"""What a picture says of the samples in words: each sentence follows from the coordinates."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from halfpixel.report.pictures.reads import Border, Reads
from halfpixel.sampling.coordinate import HALF, ZERO

AXES: Final = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""What axes are called, by their number."""

WAYS: Final = {"height": ("up", "down"), "width": ("left", "right"), "length": ("left", "right")}
OTHER: Final = "to the start", "to the end"
"""What the directions of an axis are called."""

BORDERS: Final[dict[Border, str]] = {
    "clamp": "moved to the outermost centre",
    "repeat": "the border pixel is repeated",
    "left out": "what lies outside is left out, the rest counts for more",
    "zeros": "blended with 0",
    "reflect": "mirrored at the border",
    "constant": "a constant, no pixel",
    "inside": "",
}


def coordinate(value: Fraction | float, *, sign: bool = False) -> str:
    """Return a coordinate with at most three decimals, with a true minus sign.

    >>> coordinate(Fraction(-1, 4)), coordinate(Fraction(3, 7)), coordinate(Fraction(0), sign=True)
    ('\u22120.25', '0.429', '0')
    """
    text = f"{float(value):.3f}".rstrip("0").rstrip(".")
    if text in {"-0", "0"}:
        return "0"
    if text.startswith("-"):
        return f"\N{MINUS SIGN}{text[1:]}"
    return f"+{text}" if sign else text


def pixels(value: Fraction) -> str:
    """Return a distance in input pixels.

    >>> pixels(Fraction(5, 28))
    '0.179 px'
    """
    return f"{coordinate(value)} px"


def alignment(axis: Reads, ways: tuple[str, str] = ("left and up", "right and down")) -> str:
    """Return how the output image lies on the input image along one axis.

    Args:
        axis: where the samples of the axis read.
        ways: what its two directions are called.

    >>> from halfpixel.report.pictures.reads import reads
    >>> from halfpixel.sampling import Linear, Sampling
    >>> alignment(reads(Sampling("half_pixel", Linear()), 4, 8))
    'edges on edges: both images cover the same area'
    >>> alignment(reads(Sampling("align_corners", Linear()), 4, 8))
    'corner centres on corner centres: the edges of the output lie 0.286 px inside'
    """
    if axis.copied:
        return "a copy: every sample is the centre of its own pixel"
    first, last = axis.frame
    if axis.ends is not None:
        return _grid_ends(axis)
    before, behind = first + HALF, last - (axis.n_in - HALF)
    if not before and not behind:
        return "edges on edges: both images cover the same area"
    if axis.places[0] == 0 and axis.places[-1] == axis.n_in - 1:
        inside = f"{pixels(abs(before))} {'inside' if before > 0 else 'outside'}"
        where = f"lie {inside}" if before else "meet too"
        return f"corner centres on corner centres: the edges of the output {where}"
    if before == behind:
        return f"the output is shifted by {pixels(abs(before))} ({ways[before > 0]})"
    ends = f"{coordinate(first)} to {coordinate(last)}"
    own = f"{coordinate(-HALF)} to {coordinate(axis.n_in - HALF)}"
    return f"the output covers {ends}, the input {own}"


def _grid_ends(axis: Reads) -> str:
    """Return where the coordinates -1 and 1 of a grid lie."""
    first, last = axis.frame
    if first == -HALF and last == axis.n_in - HALF:
        return "\N{MINUS SIGN}1 and 1 are the outer edges of the image"
    if not first and last == axis.n_in - 1:
        return "\N{MINUS SIGN}1 and 1 are the centres of the border pixels"
    return f"the grid runs from {coordinate(first)} to {coordinate(last)}"


def facts(axes: Sequence[Reads]) -> Iterator[str]:
    """Yield what is to be known of some axes, each fact once where it holds for all of them."""
    image = math.prod(sum((weight for _, weight in axis.rows[0]), ZERO) for axis in axes)
    for of in (alignment, _apart, _kernel, _border):
        said = [of(axis) for axis in axes]
        if len(set(said)) == 1 and len(axes) != 1:
            if said[0]:
                yield said[0]
            continue
        names = AXES.get(len(axes)) or [f"axis {k}" for k in range(len(axes))]
        if of is alignment:
            said = [
                alignment(one, WAYS.get(name, OTHER)) for one, name in zip(axes, names, strict=True)
            ]
        heads = [f"{name}: " if len(axes) > 1 else "" for name in names]
        yield from (f"{head}{one}" for head, one in zip(heads, said, strict=True) if one)
    known = all(axis.border == "zeros" and axis.kernel == "linear" for axis in axes)
    if image < 1 and known:
        yield f"at the first corner {float(100 * image):.3g} % is image, the rest is 0"


def _apart(axis: Reads) -> str:
    return (
        ""
        if axis.copied or axis.ends or axis.n_out < 2
        else f"samples are {pixels(axis.step)} apart"
    )


def _kernel(axis: Reads) -> str:
    return "" if axis.copied else f"kernel: {axis.kernel}"


def _border(axis: Reads) -> str:
    told = BORDERS[axis.border]
    outside = any(axis.outside(i) for i in axis.border_samples)
    return f"beyond the outermost centres: {told}" if told and outside else ""


def worst(found: Sequence[Reads], meant: Sequence[Reads]) -> tuple[int, int, Fraction]:
    """Return the axis and the sample that are farthest off, and by how much; 0 where none is."""
    best = 0, 0, ZERO
    for number, (one, other) in enumerate(zip(found, meant, strict=True)):
        longer = one.n_in > found[best[0]].n_in
        for i in one.border_samples if one.n_out == other.n_out else ():
            off = abs(one.reading(i) - other.reading(i))
            if off > best[2] or (off and off == best[2] and longer and best[0] != number):
                best = number, i, off
    return best


def moved(found: Sequence[Reads], meant: Sequence[Reads], labels: tuple[str, str]) -> Iterator[str]:
    """Yield how far what is found is from what was meant, and what the two are called."""
    counts = [(one.n_out, other.n_out) for one, other in zip(found, meant, strict=True)]
    if any(a != b for a, b in counts):
        a, b = ("x".join(str(pair[k]) for pair in counts) for k in (0, 1))
        yield f"the outputs are not even of the same size: {a} and {b}"
        return
    axis, i, off = worst(found, meant)
    if not off:
        meant_so = labels[1] == "meant"
        yield f"every sample lies {'where it was meant' if meant_so else 'at the same place'}"
        if any(one.rows != other.rows for one, other in zip(found, meant, strict=True)):
            yield "what differs is the weights of the pixels around it"
        return
    one, other = found[axis], meant[axis]
    where = {0: "at the first sample", one.n_out - 1: "at the last sample"}
    both = one.n_out > 1 and abs(one.reading(0) - other.reading(0)) == off
    both = both and abs(one.reading(one.n_out - 1) - other.reading(one.n_out - 1)) == off
    at = "at both ends" if both else where.get(i, f"at sample {one.name(i)}")
    yield f"up to {pixels(off)} along an axis, {at}"
    kept = _after_border(one, other)
    if kept is not None and kept != off:
        yield f"{pixels(kept)} once the border rule has moved what lies outside"
    yield f"arrows lead from {labels[0]} to {labels[1]}, numbers are input pixels"


def _after_border(one: Reads, other: Reads) -> Fraction | None:
    """Return the worst distance between the places that are read after all; None without one."""
    apart: list[Fraction] = []
    for i in one.border_samples:
        ends = [
            axis.places[i] if axis.landing(i) is None else axis.landing(i) for axis in (one, other)
        ]
        if any(axis.outside(i) and axis.landing(i) is None for axis in (one, other)):
            return None
        apart.append(abs((ends[0] or ZERO) - (ends[1] or ZERO)))
    return max(apart, default=ZERO)
