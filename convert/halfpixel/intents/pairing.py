"""Two files exported from one network: which sites belong together, and whether they agree.

Sites are paired in order, by what they are (a resize ...), their lengths and names. A pair is
compared by what it computes at the lengths that either file fixes: a difference is told even where
no file is wrong by itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from halfpixel.sampling import (
    AffineGrid,
    AffineSample,
    ConvTranspose,
    CropResize,
    GridSample,
    Resample,
    Resize,
    RoiAlign,
    compare_resize,
)
from halfpixel.sampling.axis import MAX_LENGTH
from halfpixel.site import Operation, Site

if TYPE_CHECKING:
    from fractions import Fraction

MOST: Final = 1 << 18  # pairs that are weighed; larger models are paired by their order alone
KINDS: Final[dict[type, str]] = {
    Resize: "resize", GridSample: "grid", Resample: "grid", AffineSample: "grid",
    RoiAlign: "boxes", CropResize: "boxes", ConvTranspose: "convolution", AffineGrid: "theta",
}  # fmt: skip
WORDS: Final = re.compile(r"[A-Za-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sites that stand for the same call.

    Attributes:
        a: the site of the first file.
        b: the site of the second.
        equal: whether they compute the same; None where that is not decided.
        difference: how they differ, in words; empty where they do not.
        displacement: by how much their samples are apart, in input pixels.
        weight_difference: by how much their weights differ.
    """

    a: Site
    b: Site
    equal: bool | None
    difference: str = ""
    displacement: float = 0.0
    weight_difference: float = 0.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """The sites of two files.

    Attributes:
        pairs: those that belong together, in order.
        only_a: sites of the first file that have no partner.
        only_b: those of the second.
    """

    pairs: tuple[Pair, ...] = ()
    only_a: tuple[Site, ...] = ()
    only_b: tuple[Site, ...] = ()

    @property
    def differences(self) -> tuple[Pair, ...]:
        """The pairs that do not compute the same."""
        return tuple(pair for pair in self.pairs if pair.equal is False)


def pair_sites(a: Sequence[Site], b: Sequence[Site]) -> Pairing:
    """Pair the sites of two files and compare each pair."""
    ours, theirs = _without_grids(a, b), _without_grids(b, a)
    places = match_sites(ours, theirs)
    pairs = tuple(compare_sites(ours[i], theirs[j]) for i, j in places)
    left, right = {i for i, _ in places}, {j for _, j in places}
    return Pairing(
        pairs,
        tuple(site for i, site in enumerate(ours) if i not in left),
        tuple(site for j, site in enumerate(theirs) if j not in right),
    )


def _without_grids(sites: Sequence[Site], others: Sequence[Site]) -> list[Site]:
    """Leave out affine grids where the other file has them and their sampling in one operator."""
    if not any(isinstance(other.operation.operator, AffineSample) for other in others):
        return list(sites)
    return [site for site in sites if not isinstance(site.operation.operator, AffineGrid)]


def match_sites(a: Sequence[Site], b: Sequence[Site]) -> list[tuple[int, int]]:
    """Return the places of sites that belong together, ascending on both sides."""
    ours, theirs = [_Traits.of(site) for site in a], [_Traits.of(site) for site in b]
    if len(a) * len(b) > MOST:
        pairs = zip(ours, theirs, strict=False)
        return [(i, i) for i, (one, other) in enumerate(pairs) if one.fit(other)]
    scores = [[one.fit(other) for other in theirs] for one in ours]
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            score = scores[i][j]
            together = best[i + 1][j + 1] + score if score else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        score = scores[i][j]
        if score and best[i][j] == best[i + 1][j + 1] + score:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def copies(site: Site) -> bool:
    """Whether a site is a resize that changes nothing at its lengths: converters drop such."""
    if not isinstance(site.operator, Resize):
        return False
    ins, outs = site.operation.lengths
    known = [(s, ins[axis], outs[axis]) for axis, s in site.operator.axes]
    return all(
        n is not None and n == m and n <= MAX_LENGTH and s.weights(n, n).is_identity
        for s, n, m in known
    )


@dataclass(frozen=True, slots=True)
class _Traits:
    """What of a site is compared to find its partner.

    Its kind is empty where it has no description; its lengths are the input's and the output's.
    """

    kind: str
    lengths: tuple[tuple[int | None, ...], tuple[int | None, ...]]
    words: frozenset[str]

    @classmethod
    def of(cls, site: Site) -> Self:
        """Return the traits of a site."""
        words = frozenset(word.lower() for word in WORDS.findall(site.name))
        return cls(KINDS.get(type(site.operation.operator), ""), site.operation.lengths, words)

    def fit(self, other: Self) -> float:
        """Return how well two sites fit together, 0 where they do not at all."""
        if self.kind and other.kind and self.kind != other.kind:
            return 0.0
        score = 2.0 if self.kind else 1.0
        for ours, theirs, weight in zip(self.lengths, other.lengths, (1, 3), strict=True):
            score += weight * _same_end(ours[2:], theirs[2:])
        return max(score, 0.25) + 0.5 * bool(self.words & other.words)


def _same_end(a: Sequence[int | None], b: Sequence[int | None]) -> float:
    """Return 1 where known lengths agree, -1 where they do not, 0 where none are known."""
    pairs = [(n, m) for n, m in zip(a[::-1], b[::-1], strict=False) if n and m]
    if not pairs:
        return 0.0
    return 1.0 if all(n == m for n, m in pairs) else -0.5


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
    rois = _roi(one), _roi(other)
    if None not in rois:
        same = rois[0] == rois[1]
        return Pair(a, b, same, "" if same else f"{rois[0]} against {rois[1]}")
    if one is not None and one == other:
        return Pair(a, b, equal=True)
    return Pair(a, b, None, f"not compared: {phrase(a)} against {phrase(b)}")


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
    amount = f"samples up to {pixels:.3g} input px" if pixels else f"weights up to {weights:.3g}"
    text = f"{amount} apart{where}: {phrase(a)} against {phrase(b)}"
    return Pair(a, b, equal=False, difference=text, displacement=pixels, weight_difference=weights)


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


def _grids(a: Site, b: Site, one: GridSample | Resample, other: GridSample | Resample) -> Pair:
    flags = [base.align_corners for base in (_base(a), _base(b)) if base is not None]
    if len(flags) == 2 and flags[0] != flags[1]:
        text = f"affine grids with align_corners={flags[0]} against {flags[1]}"
        return Pair(a, b, equal=False, difference=text)
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
    return Pair(a, b, same, text, pixels)


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
