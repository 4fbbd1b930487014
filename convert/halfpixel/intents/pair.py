"""Two sites that stand for the same call: whether they compute the same, by how much not.

A pair is compared at the lengths that either file fixes, by what the sites compute and not by how
they are spelled.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.sampling import (
    AffineGrid,
    AffineSample,
    ConvTranspose,
    CropResize,
    DepthToSpace,
    GridSample,
    Resample,
    Resize,
    RoiAlign,
    compare_resize,
)
from halfpixel.site import Operation, Site

if TYPE_CHECKING:
    from fractions import Fraction


class Pair(Struct, frozen=True):
    """Two sites that stand for the same call.

    Attributes:
        a: the site of the first file.
        b: the site of the second.
        equal: whether they compute the same; None where that is not decided.
        difference: how they differ, in words; empty where they do not.
        displacement: by how much their samples are apart, in input pixels.
        weight_difference: by how much their weights differ.
        convention: whether that is proven to be another convention, and no other lengths.
    """

    a: Site
    b: Site
    equal: bool | None
    difference: str = ""
    displacement: float = 0.0
    weight_difference: float = 0.0
    convention: bool = False


def compare_sites(a: Site, b: Site) -> Pair:
    """Compare two sites that belong together.

    >>> from halfpixel.sampling import Linear, Sampling
    >>> def up(coordinate):
    ...     resize = Resize(tuple((axis, Sampling(coordinate, Linear())) for axis in (2, 3)))
    ...     shapes = {"input_shape": (1, 3, 4, 4), "output_shape": (1, 3, 8, 8)}
    ...     return Site(coordinate, Operation("Resize", 19, {}, resize, **shapes))
    >>> compare_sites(up("half_pixel"), up("asymmetric")).displacement
    0.25
    """
    one, other = a.operator, b.operator
    if isinstance(one, Resize) and isinstance(other, Resize):
        return _resizes(a, b, one, other)
    if isinstance(one, ConvTranspose) and isinstance(other, ConvTranspose):
        return _convolutions(a, b, one, other)
    grids = _sampler(one), _sampler(other)
    if grids[0] is not None and grids[1] is not None:
        return _grids(a, b, grids[0], grids[1])
    if isinstance(one, AffineGrid) and isinstance(other, AffineGrid):
        return _bases(a, b, one, other)
    rois = _roi(one), _roi(other)
    if None not in rois:
        same = rois[0] == rois[1]
        return Pair(a, b, same, "" if same else f"{rois[0]} against {rois[1]}")
    same = one is not None and one == other
    told = isinstance(one, DepthToSpace) and isinstance(other, DepthToSpace) and one.block > 1
    text = f"{'' if told else 'not compared: '}{phrase(a)} against {phrase(b)}"
    return Pair(a, b, same or (False if told else None), "" if same else text)


def phrase(site: Site) -> str:
    """Return what a site computes, in a phrase."""
    if site.torch_call:
        return site.torch_call
    if isinstance(site.operator, Resize) and site.operator.axes:
        sampling = site.operator.axes[-1][1]
        return f"{sampling.coordinate} {type(sampling.kernel).__name__.lower()}"
    return site.operation.problem or site.op


def _moved(operation: Operation, resize: Resize, rank: int) -> Resize:
    """Return a resize with its axes counted in a larger rank, from the last one on."""
    shift = rank - operation.rank
    return replace(resize, axes=tuple((axis + shift, s) for axis, s in resize.axes))


def _merged(a: Sequence[int | None], b: Sequence[int | None], rank: int) -> list[int | None]:
    """Return the lengths that either side knows, from the last axis on."""
    ours, theirs = ((*(None,) * (rank - len(one)), *one) for one in (a, b))
    return [n if n is not None else m for n, m in zip(ours, theirs, strict=True)]


def _resizes(a: Site, b: Site, one: Resize, other: Resize) -> Pair:
    rank = max(a.operation.rank, b.operation.rank)
    (ins, outs), (their_ins, their_outs) = a.operation.lengths, b.operation.lengths
    ours, theirs = _moved(a.operation, one, rank), _moved(b.operation, other, rank)
    axes = sorted({axis for axis, _ in (*ours.axes, *theirs.axes)})
    for end, here, there in (("input", ins, their_ins), ("output", outs, their_outs)):
        known = [(here[axis - rank], there[axis - rank]) for axis in axes
                 if rank - axis <= min(len(here), len(there))]  # fmt: skip
        if any(n is not None and m is not None and n != m for n, m in known):
            told = ["x".join(str(pair[k]) for pair in known) for k in (0, 1)]
            return Pair(a, b, equal=False, difference=f"{end} lengths {told[0]} against {told[1]}")
    lengths = _merged(ins, their_ins, rank), _merged(outs, their_outs, rank)
    verdict = compare_resize(ours, theirs, *lengths)
    if verdict.negligible:
        if verdict.equal or verdict.different:
            return Pair(a, b, equal=True)
        return Pair(a, b, None, f"{verdict.words}: {phrase(a)} against {phrase(b)}")
    worst = verdict.worst.verdict
    pixels, weights = float(worst.displacement), float(worst.weight_difference)
    where = "" if worst.witness is None else f" at length {worst.witness[0]} to {worst.witness[1]}"
    amount = f"samples up to {pixels:.3g} input px"
    if not pixels:
        amount = f"interpolation weights up to {weights:.3g}"
    text = f"{amount} apart{where}: {phrase(a)} against {phrase(b)}"
    return Pair(
        a,
        b,
        equal=False,
        difference=text,
        displacement=pixels,
        weight_difference=weights,
        convention=True,
    )


def _sampler(operator: object) -> GridSample | Resample | None:
    if isinstance(operator, AffineSample):
        operator = operator.sample
    if isinstance(operator, Resample):
        return operator.as_grid_sample() or operator
    return operator if isinstance(operator, GridSample) else None


def _base(site: Site) -> AffineGrid | None:
    """Return what makes the grid of a site, where that belongs to it."""
    operator = site.operator
    return (
        operator.grid if isinstance(operator, AffineSample) else site.operation.surroundings.fed_by
    )


def _bases(a: Site, b: Site, one: AffineGrid, other: AffineGrid) -> Pair:
    """Compare what makes the grids; how a length of 1 is spelled is no convention."""
    flags = one.align_corners, other.align_corners
    if flags[0] == flags[1]:
        return Pair(a, b, True if one == other else None)
    text = f"affine grids with align_corners={flags[0]} against {flags[1]}"
    return Pair(a, b, equal=False, difference=text, convention=True)


def _grids(a: Site, b: Site, one: GridSample | Resample, other: GridSample | Resample) -> Pair:
    bases = _base(a), _base(b)
    if bases[0] is not None and bases[1] is not None:
        made = _bases(a, b, bases[0], bases[1])
        if made.convention:
            return made
    if isinstance(one, GridSample) and isinstance(other, GridSample):
        same = replace(one, spatial=None) == replace(other, spatial=None)
        moved: Fraction | None = one.displacement(other)
    elif isinstance(one, Resample) and isinstance(other, Resample):
        same, moved = one == other, one.displacement(other)
    else:
        return Pair(a, b, None, f"not compared: {phrase(a)} against {phrase(b)}")
    pixels = float(moved or 0)
    how = f"samples up to {pixels:.3g} input px apart" if pixels else "read otherwise"
    text = "" if same else f"{how}: {phrase(a)} against {phrase(b)}"
    return Pair(a, b, same, text, pixels, convention=not same)


def _roi(operator: object) -> RoiAlign | None:
    if isinstance(operator, CropResize):
        return operator.as_roi_align()
    return operator if isinstance(operator, RoiAlign) else None


def _convolutions(a: Site, b: Site, one: ConvTranspose, other: ConvTranspose) -> Pair:
    shape = (one.kernel, one.strides, one.dilations, one.groups)
    same = shape == (other.kernel, other.strides, other.dilations, other.groups)
    if same:
        ins = _merged(a.operation.lengths[0], b.operation.lengths[0], len(one.kernel) + 2)
        spatial = [n or 1 for n in ins[2:]]
        cuts = [[op.cut(axis, n) for axis, n in enumerate(spatial)] for op in (one, other)]
        same = cuts[0] == cuts[1]
    text = "" if same else f"{phrase(a)} against {phrase(b)}"
    return Pair(a, b, same, text)
