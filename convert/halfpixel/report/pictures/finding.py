"""The picture of a finding, or of two operators, at lengths that show it."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.intents.axis_deviation import Deviation
from halfpixel.intents.deviation import deviation, meant_resize
from halfpixel.origin import Operator
from halfpixel.report.pictures.drawable import LONGEST, Drawable, Drawing, Pair, drawing
from halfpixel.report.pictures.sheet.palette import Theme
from halfpixel.report.pictures.site import picture_of_site
from halfpixel.rule import Finding, Fix
from halfpixel.sampling import Resize, Sampling, compare
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels
from halfpixel.site import Site

USUAL: Final = 4
"""Input length that is drawn where none is known and none tells more."""

SAME: Final = "file; at these lengths as it was meant"
"""What the one side is called where there is no other."""

LARGE: Final = 16
"""Length up to which an image that is sampled at coordinates is drawn as large as it is."""


class Sides(Struct, frozen=True):
    """What is drawn of a site, and what is written on it; as `picture_of_site` takes it."""

    found: Drawable
    meant: Drawable | None
    lengths: tuple[Pair, ...]
    title: str
    labels: tuple[str, str]
    calls: tuple[str, str]
    notes: tuple[str, ...]


def picture_of_finding(
    site: Site,
    finding: Finding | None = None,
    *,
    file: str = "",
    heading: bool = True,
    theme: Theme = "auto",
) -> str | None:
    """Return the picture of a site: what it computes, beside what was meant where that is known.

    Lengths are the file's own. Where they are free, they are those at which the finding shows, the
    smallest; where nothing shows, small ones.

    Args:
        site: a resampling site.
        finding: what a rule says of it; the operator after its fix is drawn where the site does
            not know what was meant.
        file: the model's file, which is named under the title.
        heading: the site's name, the finding and the file stand above the picture; a page that
            says them itself leaves them out, and has one picture of all sites that are alike.
        theme: as of `picture_of_site`.

    Returns:
        The picture as SVG; None where there is nothing to draw: an operator that is not known, or
        an axis of more than `LONGEST` pixels.
    """
    sides = finding_sides(site, finding, file=file)
    if sides is None:
        return None
    head = (sides.title, sides.notes) if heading else ("", ())
    try:
        return picture_of_site(
            sides.found, sides.meant, lengths=sides.lengths, title=head[0], labels=sides.labels,
            calls=sides.calls, notes=head[1], kernel=True, theme=theme,
        )  # fmt: skip
    except ValueError:  # a table that was made for other lengths
        return None


def finding_sides(site: Site, finding: Finding | None = None, *, file: str = "") -> Sides | None:
    """Return what is drawn of a finding, as `picture_of_finding`; None where nothing is."""
    operator = site.operator
    if operator is None:
        return None
    try:
        found, meant, pairs = _sides(site, operator, finding)
        if not pairs or max(map(max, pairs)) > LONGEST or min(map(min, pairs)) < 1:
            return None
        same = meant is not None and drawing(found, pairs).axes == drawing(meant, pairs).axes
    except ValueError:  # a table that was made for other lengths
        return None
    known = site.intent is not None
    labels = "file", "meant" if known else "after the fix"
    if same:
        meant, labels = None, (SAME if known else "file, and after the fix", "")
    where = [file, f"from {site.source}" if site.source else ""]
    notes = ["" if finding is None else finding.message, ", ".join(part for part in where if part)]
    calls = (
        site.operation.claim or "no single PyTorch call",
        "" if site.intent is None else site.intent.text,
    )
    shown = tuple(note for note in notes if note)
    return Sides(found, meant, tuple(pairs), _title(site, pairs), labels, calls, shown)


def picture_of_pair(  # noqa: PLR0913 - what is drawn, and what is written on it
    found: Drawable,
    meant: Drawable | None = None,
    *,
    lengths: Sequence[tuple[int | None, int | None]] = (),
    title: str = "",
    labels: tuple[str, str] = ("file", "meant"),
    calls: tuple[str, str] = ("", ""),
    theme: Theme = "auto",
) -> str | None:
    """Return the picture of one operator, or of two, at lengths of which some are not known.

    Args:
        found: the first.
        meant: the second, if any.
        lengths: (input length, output length) of each axis, None each where it is not known;
            two axes of unknown lengths where it is empty.
        title: as of `picture_of_site`, and so the others.
        labels: what the two are called.
        calls: each in words.
        theme: light, dark or auto.

    Returns:
        The picture as SVG; None where the two cannot be drawn at the same lengths.

    >>> from fractions import Fraction
    >>> from halfpixel.sampling import Linear
    >>> "4 pixels to 8 samples" in picture_of_pair(Sampling("half_pixel", Linear(), Fraction(2)))
    True
    """
    given = list(lengths) or [(None, None)] * len(_samplings(found, 2))
    pairs = list(_lengths(found, meant, given))
    try:
        return picture_of_site(
            found,
            meant,
            lengths=pairs,
            title=title,
            labels=labels,
            calls=calls,
            kernel=True,
            theme=theme,
        )
    except ValueError:
        return None


def write_picture(site: Site, finding: Finding | None, path: Path) -> bool:
    """Write the picture of a site to a file; False where there is nothing to draw.

    Raises:
        ModelFileError: the file cannot be written.
    """
    from halfpixel.report.pictures.file import save

    text = picture_of_finding(site, finding)
    if text is not None:
        save(text, path)
    return text is not None


def _title(site: Site, pairs: Sequence[Pair]) -> str:
    before, after = ("x".join(str(pair[k]) for pair in pairs) for k in (0, 1))
    sizes = f", {before} to {after}" if isinstance(site.operator, Resize) else ""
    return f"{site.path} ({site.op}){sizes}"


def _sides(
    site: Site, operator: Operator, finding: Finding | None
) -> tuple[Drawable, Drawable | None, list[Pair]]:
    """Return what is found, what was meant, and the lengths of each axis that is drawn."""
    intent, fix = site.intent, None if finding is None else finding.fix
    other = None if intent is None else intent.operator
    if not isinstance(operator, Resize):
        if type(other) is not type(operator):
            other = fix.operator if fix and isinstance(fix.operator, type(operator)) else None
        spatial = min(2, max(1, site.operation.rank - 2))
        ins = site.operation.lengths[0][-spatial:]
        sizes = [n if n is not None and 1 < n <= LARGE else USUAL for n in ins]
        return operator, other, [(n, n) for n in sizes]
    off = deviation(site.operation)
    meant = off.meant if off is not None else meant_resize(site.operation)
    if meant is None and fix is not None and isinstance(fix.operator, Resize):
        meant = fix.operator
    axes = sorted({axis for axis, _ in (*operator.axes, *(meant.axes if meant else ()))})[-3:]
    one = [operator.sampling(axis) for axis in axes]
    two = None if meant is None else [meant.sampling(axis) for axis in axes]
    ins, outs = site.operation.lengths
    given = [_given(axis, off, (ins[axis], outs[axis])) for axis in axes]
    if off is not None and off.basis != "fixed":
        alike = one[axes.index(off.axis)]
        given = [
            (off.n_in, off.n_out) if pair == (None, None) and sampling == alike else pair
            for pair, sampling in zip(given, one, strict=True)
        ]
    pairs = list(_lengths(one, two, given))
    if off is not None and off.cause == "copy":  # what runtimes do where the length stays
        one = [None if n == m else s for s, (n, m) in zip(one, pairs, strict=True)]
    own = _own(pairs, axes, operator, fix)
    found, wanted = drawing(one, pairs), None if two is None else drawing(two, own)
    if off is not None and off.simulated:
        found = _simulated(
            found, [runtime_pixels(s, *p) if s else None for s, p in zip(one, pairs, strict=True)]
        )
        if wanted is not None and two is not None:
            wanted = _simulated(
                wanted,
                [torch_pixels(s, *p) if s else None for s, p in zip(two, own, strict=True)],
            )
    return found, wanted, pairs


def _own(
    pairs: Sequence[Pair], axes: Sequence[int], operator: Resize, fix: Fix | None
) -> list[Pair]:
    """Return the lengths of what was meant: PyTorch's own, where the file's output has others."""
    if fix is None or fix.factors is None:
        return list(pairs)
    factors = dict(zip((axis for axis, _ in operator.axes), fix.factors, strict=False))
    return [
        (n_in, max(1, math.trunc(n_in * factors[axis])) if axis in factors else n_out)
        for axis, (n_in, n_out) in zip(axes, pairs, strict=True)
    ]


def _given(
    axis: int, off: Deviation | None, known: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    return (off.n_in, off.n_out) if off is not None and off.axis == axis else known


def _simulated(drawn: Drawing, pixels: Sequence[tuple[int, ...] | None]) -> Drawing:
    """Return what is drawn with the pixels that a runtime picks in its own arithmetic."""
    axes = tuple(
        one if picked is None else replace(one, rows=tuple(((p, ONE),) for p in picked))
        for one, picked in zip(drawn.axes, pixels, strict=True)
    )
    return replace(drawn, axes=axes)


def _samplings(drawable: Drawable | None, count: int) -> Sequence[Sampling | None]:
    match drawable:
        case Sampling():
            return [drawable] * count
        case Resize():
            return [sampling for _, sampling in drawable.axes]
        case list() | tuple():
            return drawable
        case _:
            return [None] * count


def _lengths(
    found: Drawable, meant: Drawable | None, given: Sequence[tuple[int | None, int | None]]
) -> Iterator[Pair]:
    """Yield lengths of each axis: what is known, else the smallest at which the two differ."""
    ones, others = _samplings(found, len(given)), _samplings(meant, len(given))
    for pair, one, other in zip(given, ones, others, strict=True):
        yield _shown(pair, one, other)


def _shown(
    pair: tuple[int | None, int | None], one: Sampling | None, other: Sampling | None
) -> Pair:
    n_in, n_out = pair
    if n_in is not None and n_out is not None:
        return n_in, n_out
    if one is not None and other is not None:
        shown = compare(one, other, n_in, n_out).witness
        if shown is not None and min(shown) > 1:
            return shown
    n_in = n_in or USUAL
    return n_in, n_out or _output(one or other, n_in)


def _output(sampling: Sampling | None, n_in: int) -> int:
    """Return an output length: by the scale, else twice the input's."""
    if sampling is None:
        return n_in
    return 2 * n_in if sampling.scale is None else max(1, sampling.output_length(n_in))
