"""The calls of PyTorch's own graph: of what kind each is, and which site it became.

A value that the exporter made of a call keeps the call's name; such pairs come first. The rest is
paired in order, by what is resampled, by lengths and by names of modules and lines. A pair that
fits in several ways, or whose lengths do not fit, is told and left alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import frexp
from typing import Final

from msgspec import Struct, field

from halfpixel.converting.plain.lengths import rounds_alike
from halfpixel.intents.exported_program import GraphCall
from halfpixel.intents.pairing import KINDS, MOST
from halfpixel.runtime import Call
from halfpixel.sampling import Cubic, Linear, Nearest, Resize
from halfpixel.site import Site
from halfpixel.surroundings import Shape

Kind = tuple[str, bool]
"""Family of an F.interpolate, or the name of another call; and whether it antialiases."""

AFFINE: Final[Kind] = ("affine_grid", False)

GRID: Final[Kind] = ("grid_sample", False)
TRANSPOSED: Final[Kind] = ("conv_transpose", False)

LINSPACE: Final[Kind] = ("torch.linspace", False)
"""What is no resampling, and is written out where torch.export takes a free length for fixed."""

INVERSE: Final[Kind] = ("torch.linalg.inv", False)
"""The inverse of the small matrix of a warp, which neither exporter to ONNX has."""

OPS: Final[Mapping[str, str]] = {
    "Resize": "resize", "Upsample": "resize", "GatherND": "resize", "AveragePool": "resize",
    "GridSample": "grid", "AffineGrid": "theta", "RoiAlign": "boxes",
    "ConvTranspose": "convolution", "resample": "grid", "affine": "grid", "crop_resize": "boxes",
    "conv_transpose": "convolution", "convolution": "convolution",
}  # fmt: skip
"""Kinds of sites that have no description, by their operator."""

MOVED: Final = "moved"
MOVES: Final = frozenset({"Concat", "DepthToSpace", "Reshape"})
"""Operators that end a shuffle or copies, which no call of F.interpolate is exported as."""

NOT_HELD: Final = "moves pixels alone, and is held against no call of PyTorch's own graph"


class Matching(Struct, frozen=True):
    """Calls and the sites that they became.

    Attributes:
        sites: place of the call of each site that has one.
        notes: why a site has none, by its place.
        lost: why a call has none, by its place.
    """

    sites: Mapping[int, int] = field(default_factory=dict[int, int])
    notes: Mapping[int, str] = field(default_factory=dict[int, str])
    lost: Mapping[int, str] = field(default_factory=dict[int, str])


def match_calls(
    calls: Sequence[GraphCall],
    sites: Sequence[Site],
    outputs: Sequence[str] = (),
    origins: Mapping[str, str] | None = None,
) -> Matching:
    """Pair calls and sites.

    Args:
        calls: in the order in which they are made.
        sites: in graph order.
        outputs: the value that each site makes, in the file.
        origins: for such a value, the name of the call that it came from, where that is known.
    """
    places = {call.name: place for place, call in enumerate(calls)}
    found: dict[int, int] = {}
    notes: dict[int, str] = {}
    for site, value in enumerate(outputs if origins else ()):
        call = places.get((origins or {}).get(value, ""))
        if call is None:
            continue
        if _fit(calls[call], sites[site]) is None:
            shapes = _shapes_text(sites[site])
            notes[site] = f"came of {calls[call].text}, and its lengths are others: {shapes}"
        elif call in found.values():
            notes[site] = f"another part of {calls[call].text}"
        else:
            found[site] = call
    _aligned(calls, sites, found, notes)
    lost = {k: _lost(call, sites) for k, call in enumerate(calls) if k not in found.values()}
    for site in range(len(sites)):
        if site not in found and site not in notes:
            moved = kind(sites[site]) == MOVED
            notes[site] = NOT_HELD if moved else "no call of PyTorch's own graph fits it"
    return Matching(dict(sorted(found.items())), notes, lost)


def _lost(call: GraphCall, sites: Sequence[Site]) -> str:
    if call.input_shape is not None and call.input_shape == call.output_shape:
        return "keeps every length, and may have been dropped as a copy"
    alike = [site for site in sites if kind(site) == call.kind]
    if alike:
        return "several sites fit it, or none does; verification decides"
    return "was written in operators that are no single site; verification decides"


def kind(site: Site) -> str:
    """Return what a site resamples: resize, grid, theta, boxes or convolution, or only moves."""
    if site.op in MOVES:
        return MOVED
    return KINDS.get(type(site.operator), "") or OPS.get(site.op, "resize")


def _aligned(
    calls: Sequence[GraphCall],
    sites: Sequence[Site],
    found: dict[int, int],
    notes: dict[int, str],
) -> None:
    """Pair what is left between the pairs that are sure, where only one way is the best."""
    sure = [(-1, -1), *sorted(found.items()), (len(sites), len(calls))]
    for (site, call), (next_site, next_call) in pairwise(sure):
        ours = [k for k in range(site + 1, next_site) if k not in notes]
        theirs = [k for k in range(call + 1, next_call) if k not in found.values()]
        if not ours or not theirs or len(ours) * len(theirs) > MOST:
            continue
        scores = [[_fit(calls[j], sites[i]) or 0.0 for j in theirs] for i in ours]
        early = dict(_best(scores))
        turned = [row[::-1] for row in scores[::-1]]
        late = {len(ours) - 1 - i: len(theirs) - 1 - j for i, j in _best(turned)}
        for i, j in early.items():
            if late.get(i) == j:
                found[ours[i]] = theirs[j]
            else:
                notes[ours[i]] = f"more than one call fits it, such as {calls[theirs[j]].text}"


def _best(scores: Sequence[Sequence[float]]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of the best pairing in order; of several the one that pairs early."""
    rows, columns = len(scores), len(scores[0])
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            together = best[i + 1][j + 1] + scores[i][j] if scores[i][j] else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < rows and j < columns:
        if scores[i][j] and best[i][j] == best[i + 1][j + 1] + scores[i][j]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _fit(call: GraphCall, site: Site) -> float | None:
    """Return how well a call and a site fit together; None where they cannot be the same."""
    if kind(site) != call.kind:
        return None
    operation = site.operation
    score = 2.0
    if call.kind != "theta":
        ins = _lengths(call.input_shape, operation.input_shape, slack=0)
        slack = 0 if call.kind == "convolution" else 1  # a resize may be rounded otherwise
        outs = _lengths(call.output_shape, operation.output_shape, slack)
        if ins is None or outs is None:
            return None
        score += ins + 2 * outs
    if site.source is not None and call.source is not None:
        score += 3 if site.source == call.source else -0.5
    if call.name in {site.name, site.name.removeprefix("node_")}:
        score += 3
    if call.module and call.module.replace(".", "/") in site.name:
        score += 2
    return max(score, 0.25)


def _lengths(one: Shape | None, other: Shape | None, slack: int) -> float | None:
    """Return the share of spatial lengths known to be equal; None where one is another."""
    if one is None or other is None:
        return 0.0
    pairs = list(zip(one[2:][::-1], other[2:][::-1], strict=False))
    same = 0.0
    for n, m in pairs:
        if isinstance(n, int) and isinstance(m, int):
            if abs(n - m) > slack:
                return None
            same += n == m
    return same / len(pairs) if pairs else 0.0


def _shapes_text(site: Site) -> str:
    shapes = (site.input_shape, site.output_shape)
    return " to ".join("x".join(map(str, shape or ("?",))) for shape in shapes)


def kind_of(call: GraphCall) -> Kind | None:
    """Return the kind of a call that can be written out; None for any other.

    >>> kind_of(GraphCall("u", "aten._upsample_lanczos2d_aa.vec", "resize", None))
    ('lanczos', True)
    """
    known = None if call.intent is None else call.intent.call
    if known is not None:
        return known.family, known.antialias
    if call.intent is not None and isinstance(call.intent.operator, Resize):
        return _kind_of_resize(call.intent.operator)
    if "lanczos" in call.target:
        return "lanczos", True
    if call.kind == "grid":
        return GRID if len(call.input_shape or ()) == 4 else None
    return {"theta": AFFINE, "convolution": TRANSPOSED}.get(call.kind)


def _kind_of_resize(operator: Resize) -> Kind | None:
    """Return the kind of a resize of a file; None for one that has no axes."""
    kernel = operator.axes[0][1].kernel if operator.axes else None
    if isinstance(kernel, Linear | Cubic):
        return "linear" if isinstance(kernel, Linear) else "cubic", kernel.antialias
    return None if kernel is None else ("nearest" if isinstance(kernel, Nearest) else "area", False)


def kind_of_aten(call: Call) -> Kind | None:
    """Return the kind of a call that a run made; None for one that cannot be written out.

    >>> import numpy as np
    >>> x = np.zeros((1, 2, 4, 4))
    >>> kind_of_aten(Call("aten._upsample_bicubic2d_aa.default", (x,), x))
    ('cubic', True)
    """
    name = call.name.split(".")[1]
    if name.startswith("affine_grid_generator"):
        return AFFINE
    if name.startswith("grid_sampler"):
        return GRID if call.inputs[0].ndim == 4 else None
    families = ("nearest_exact", "nearest", "cubic", "lanczos", "linear")
    found = next((word for word in families if "upsample_" in name and word in name), None)
    return None if found is None else (found.replace("_", "-"), name.endswith("_aa"))


KEEPS: Final = 1.5
"""Factor below which a length of 2 or more may stay."""

_TIMES: Final = re.compile(r"(?:(\d+)\*)?(\w+)")
"""A length as a multiple of another: "2*s0"."""


def delicate(call: GraphCall) -> bool:
    """Whether a call reads other pixels elsewhere at some of its free lengths.

    Nearest divides whole numbers in float32, and exporters and runtimes divide in another order
    than PyTorch; factors that are powers of two are exact in any order. The windows of area are
    those of the exported lengths, but where there is one alone. A small factor keeps short lengths,
    which PyTorch copies axis by axis or not at all, and runtimes all at once. Runtimes multiply
    lengths in float32, where 90 times 0.7 is 63 rows in place of 62.

    >>> from halfpixel.intents.aten_call import read_call
    >>> def up(*factors):
    ...     found = read_call("aten.upsample_nearest1d.vec", ("%x", None, list(factors)))
    ...     return delicate(GraphCall("u", "", *found, ("n", 2, "s0"), ("n", 2, "u0")))
    >>> up(2.0), up(1.7)
    (False, True)
    """
    known = None if call.intent is None else call.intent.call
    if known is None:
        return False
    ins, outs = (shape or () for shape in (call.input_shape, call.output_shape))
    for axis in range(-known.spatial, 0):
        n, m = ins[axis], outs[axis]
        if isinstance(n, int) and isinstance(m, int):
            continue
        if known.family == "area":
            exact = m == 1
        elif known.family in {"linear", "cubic"}:
            factor = None if known.scale_factor is None else known.scale_factor[axis]
            exact = factor is None or (rounds_alike(factor) and not 1 < factor < KEEPS)
        elif known.scale_factor is not None:
            exact = frexp(known.scale_factor[axis])[0] == 0.5
        else:
            one, other = _TIMES.fullmatch(str(n)), _TIMES.fullmatch(str(m))
            count, rest = 3, 0
            if one is not None and other is not None and one[2] == other[2]:
                count, rest = divmod(int(other[1] or 1), int(one[1] or 1))
            exact = rest == 0 and count & (count - 1) == 0
        if not exact:
            return True
    return False
