"""A picture of one axis of a resize: input pixels, and where output samples read them.

An SVG file of its own, no more than a row of squares for the input pixels, a row of dots where
the node's output samples lie, and one where those that were meant lie. Lines go from a sample to
the pixels that it blends, as strong as the weight. Long axes are cut to the part around the
sample that is farthest off. The same site gives the same text.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from msgspec import Struct

from halfpixel.intents.deviation import deviation
from halfpixel.printable import printable
from halfpixel.quoting import xml
from halfpixel.rule import Finding
from halfpixel.sampling import Resize, Sampling, compare_resize
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels
from halfpixel.site import Site

Row = tuple[tuple[int, Fraction], ...]
"""The input pixels that an output sample blends, and their weights."""

PIXEL: Final = 48
"""Width of an input pixel in the picture."""

WIDE: Final = 12
"""Input pixels that are shown at most."""

LONGEST: Final = 1 << 14
"""Longest axis that is drawn."""

USUAL: Final = 6
"""Input length that is drawn where none is known and none tells."""

MARGIN: Final = 16
TOP: Final = 60
LETTER: Final = 7
"""Width that a letter of a text takes, roughly."""

IS, MEANT = "#b83227", "#1f5f99"


class Grid(Struct, frozen=True):
    """The output samples of one axis.

    Attributes:
        positions: where each reads, in input pixels.
        rows: what each blends.
    """

    positions: tuple[Fraction, ...]
    rows: tuple[Row, ...]


class Shown(Struct, frozen=True):
    """What is drawn of a site.

    Attributes:
        axis: axis of the site's input.
        n_in: input length.
        n_out: output length.
        computed: what the node computes.
        meant: what was meant; None where that is not known.
    """

    axis: int
    n_in: int
    n_out: int
    computed: Grid
    meant: Grid | None = None

    def worst(self) -> tuple[int, Fraction]:
        """Return the output sample that is farthest from where it was meant, and how far."""
        if self.meant is None:
            return 0, Fraction(0)
        pairs = zip(self.computed.positions, self.meant.positions, strict=True)
        apart = [abs(a - b) for a, b in pairs]
        far = max(apart)
        if far:
            return apart.index(far), far
        rows = zip(self.computed.rows, self.meant.rows, strict=True)
        return next((i for i, (a, b) in enumerate(rows) if a != b), 0), far


def write_picture(site: Site, finding: Finding | None, path: Path) -> bool:
    """Write the picture of a site to a file; False where there is nothing to draw."""
    text = picture(site, finding)
    if text is None:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def picture(site: Site, finding: Finding | None = None) -> str | None:
    """Return one axis of a site as SVG text.

    Args:
        site: a resampling site.
        finding: what a rule says of it; its fix is what was meant where the site does not know.

    Returns:
        The text; None where the site is no resize, or one of more than `LONGEST` pixels.
    """
    shown = _shown(site, finding)
    return None if shown is None else "\n".join(_svg(site, shown)) + "\n"


def _shown(site: Site, finding: Finding | None) -> Shown | None:
    """Return the axis that is farthest off, at lengths at which it is."""
    operator = site.operator
    if not isinstance(operator, Resize) or not operator.axes:
        return None
    found = deviation(site.operation)
    if found is not None:
        axis, n_in, n_out = found.axis, found.n_in, found.n_out
        samplings = operator.sampling(axis), found.meant.sampling(axis)
        return _at(axis, n_in, n_out, samplings, simulated=found.simulated)
    ins, outs = site.operation.lengths
    fix = None if finding is None else finding.fix
    if fix is not None and isinstance(fix.operator, Resize):
        worst = compare_resize(operator, fix.operator, ins, outs).worst
        axis = worst.axis
        n_in, n_out = worst.verdict.witness or _lengths(operator, axis, ins, outs)
        samplings = operator.sampling(axis), fix.operator.sampling(axis)
        return _at(axis, n_in, n_out, samplings, simulated=False)
    axis = operator.axes[0][0]
    n_in, n_out = _lengths(operator, axis, ins, outs)
    return _at(axis, n_in, n_out, (operator.sampling(axis), None), simulated=False)


def _lengths(
    operator: Resize, axis: int, ins: Sequence[int | None], outs: Sequence[int | None]
) -> tuple[int, int]:
    """Return the lengths of an axis, or usual ones where they are not known."""
    n_in = ins[axis] or USUAL
    sampling = operator.sampling(axis)
    scaled = n_in if sampling is None else sampling.output_length(n_in)
    return n_in, outs[axis] or max(1, scaled)


def _at(
    axis: int,
    n_in: int,
    n_out: int,
    samplings: tuple[Sampling | None, Sampling | None],
    *,
    simulated: bool,
) -> Shown | None:
    computed, meant = samplings
    if computed is None or max(n_in, n_out) > LONGEST:
        return None
    pixels = [
        None if not simulated else runtime_pixels(computed, n_in, n_out),
        None if not simulated or meant is None else torch_pixels(meant, n_in, n_out),
    ]
    try:
        grids = [
            None if one is None else _grid(one, n_in, n_out, known)
            for one, known in zip(samplings, pixels, strict=True)
        ]
    except ValueError:  # a table that was made for other lengths
        return None
    first, second = grids
    return None if first is None else Shown(axis, n_in, n_out, first, second)


def _grid(sampling: Sampling, n_in: int, n_out: int, pixels: tuple[int, ...] | None) -> Grid:
    if pixels is not None:
        return Grid(tuple(map(Fraction, pixels)), tuple(((p, Fraction(1)),) for p in pixels))
    weights = sampling.weights(n_in, n_out)
    return Grid(weights.positions, weights.rows)


def _window(shown: Shown) -> tuple[int, int]:
    """Return the first input pixel that is shown, and one past the last."""
    wide = min(WIDE, shown.n_in)
    worst, _ = shown.worst()
    middle = math.floor(shown.computed.positions[worst])
    first = min(max(middle - wide // 2, 0), shown.n_in - wide)
    return first, first + wide


def _svg(site: Site, shown: Shown) -> Iterator[str]:
    first, last = _window(shown)
    call = printable(site.operation.claim or "no single PyTorch call")
    rows = [("is", IS, shown.computed, call)]
    if shown.meant is not None:
        text = "the operator after the fix" if site.intent is None else printable(site.intent.text)
        rows.append(("meant", MEANT, shown.meant, text))
    wide = (last - first + 1) * PIXEL + 2 * MARGIN  # half a pixel more on either side
    left = MARGIN + PIXEL / 2
    head = [printable(text) for text in _head(site, shown, first, last)]
    said = max(map(len, [*head, *(f"{name}: {call}" for name, _, _, call in rows)]))
    width = max(wide, said * LETTER + 2 * MARGIN)
    height = TOP + PIXEL + 96 * len(rows) + MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12">'
    )
    yield f"<title>{xml(site.name)}</title>"
    yield f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    for line, text in enumerate(head):
        weight = ' font-weight="bold"' if line == 0 else ""
        yield f'<text x="{MARGIN}" y="{22 + 20 * line}"{weight}>{xml(text)}</text>'
    for pixel in range(first, last):
        x = left + (pixel - first) * PIXEL
        yield (
            f'<rect x="{x:.2f}" y="{TOP}" width="{PIXEL}" height="{PIXEL}" fill="#eeeeee" '
            'stroke="#888888"/>'
        )
        yield _label(x + PIXEL / 2, TOP + 20, str(pixel), "#444444")
    for number, (name, colour, grid, call) in enumerate(rows):
        y = TOP + PIXEL + 96 * number
        yield f'<text x="{MARGIN}" y="{y + 80}" fill="{colour}">{xml(f"{name}: {call}")}</text>'
        yield from _samples(grid, colour, (first, last), left, y + 40)
    yield "</svg>"


def _head(site: Site, shown: Shown, first: int, last: int) -> Iterator[str]:
    where = f"{site.graph}/{site.name}" if site.graph else site.name
    yield f"{where} ({site.op}), axis {shown.axis}: {shown.n_in} -> {shown.n_out}"
    worst, far = shown.worst()
    part = f"input pixels {first} to {last - 1} of {shown.n_in}"
    if shown.meant is None:
        yield part
    else:
        yield f"{part}; output sample {worst} is {float(far):.3g} input px off"


def _samples(
    grid: Grid, colour: str, window: tuple[int, int], left: float, y: int
) -> Iterator[str]:
    """Yield the samples that lie in the window, their lines first."""
    first, last = window
    inside = [i for i, p in enumerate(grid.positions) if first - 1 < p < last]
    labelled = -math.inf
    for i in inside:
        x = _x(grid.positions[i], first, left)
        for pixel, weight in grid.rows[i]:
            if first <= pixel < last:
                strength = min(abs(float(weight)), 1.0)
                dashes = ' stroke-dasharray="3 3"' if weight < 0 else ""
                yield (
                    f'<line x1="{x:.2f}" y1="{y}" x2="{_x(Fraction(pixel), first, left):.2f}" '
                    f'y2="{TOP + PIXEL - 14}" stroke="{colour}" '
                    f'stroke-opacity="{strength:.3f}"{dashes}/>'
                )
    for i in inside:
        x = _x(grid.positions[i], first, left)
        yield f'<circle cx="{x:.2f}" cy="{y}" r="4" fill="{colour}"/>'
        if x - labelled >= 2 * LETTER:
            labelled = x
            yield _label(x, y + 18, str(i), colour)


def _x(position: Fraction, first: int, left: float) -> float:
    """Return where an input coordinate lies in the picture.

    >>> _x(Fraction(3, 2), 1, 0.0)
    48.0
    """
    return left + float(position - first + Fraction(1, 2)) * PIXEL


def _label(x: float, y: float, text: str, colour: str) -> str:
    return (
        f'<text x="{x:.2f}" y="{y:.0f}" fill="{colour}" text-anchor="middle" '
        f'font-size="11">{text}</text>'
    )
