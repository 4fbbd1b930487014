"""What ONNX can say of a resize: the attributes of a Resize node, and how it is given its lengths.

Many nodes compute the same W. What is meant comes first, then what is written most often; of the
lengths, what stands there comes first, then what is new. Where a node is to be changed as little
as can be, attributes are tried one change at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.onnx.lengths import By, NodeWanted, ways
from halfpixel.conventions.onnx.resize import (
    FIRST_RESIZE,
    Request,
    attributes_of,
    read,
    sampling_of,
)
from halfpixel.conventions.vocabulary import Attributes, Vocabulary
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.coordinate import ONE, Coordinate
from halfpixel.sampling.kernel import Rounding
from halfpixel.sampling.lowering import single_taps
from halfpixel.sampling.pixels import runtime_pixels
from halfpixel.sampling.resize import given_scale

if TYPE_CHECKING:
    from fractions import Fraction

SMOOTH: Final[tuple[Coordinate, ...]] = (
    "half_pixel",
    "asymmetric",
    "align_corners",
    "pytorch_half_pixel",
    "half_pixel_symmetric",
)
NEAREST: Final[tuple[tuple[Coordinate, Rounding], ...]] = (
    ("asymmetric", "floor"),
    ("half_pixel", "round_prefer_ceil"),
    ("asymmetric", "round_prefer_floor"),
    ("half_pixel", "round_prefer_floor"),
    ("asymmetric", "round_prefer_ceil"),
    ("asymmetric", "ceil"),
    ("half_pixel", "floor"),
    ("half_pixel", "ceil"),
)
ROUNDINGS: Final = ("floor", "round_prefer_floor", "round_prefer_ceil", "ceil")


class NodeWords(Struct, frozen=True):
    """One way to write a resize as a Resize node.

    Attributes:
        attributes: the attributes that it needs, others at their defaults.
        by: `kept` where the node's own scales or sizes stay, `scales` and `sizes` where new
            constants come in their place, `computed` where the graph computes sizes.
        values: the new scales or sizes, one an axis; None each where unknown.
        opset: first opset that has these attributes.
        resize: what it computes of the axes that it was wanted for; None where it is to be read.
    """

    attributes: dict[str, object]
    by: By
    values: tuple[float | None, ...] = ()
    opset: int = FIRST_RESIZE
    resize: Resize | None = None


def _forms(wanted: NodeWanted) -> Iterator[NodeWords]:
    """Yield forms of what is meant, then of what is written most often."""
    for attributes, sampling in _attributes(wanted):
        for by, values, scales in ways(wanted, sampling):
            axes = tuple((a, _with(sampling, scales, a)) for a, _ in wanted.resize.axes)
            found = Resize(axes, wanted.resize.extrapolation_value)
            yield NodeWords(attributes, by, values, _first_opset(attributes), found)


def _first_opset(attributes: Attributes) -> int:
    if attributes["coordinate_transformation_mode"] == "half_pixel_symmetric":
        return 19
    return 18 if "antialias" in attributes else FIRST_RESIZE


def _with(sampling: Sampling, scales: Sequence[float | None] | None, axis: int) -> Sampling:
    scale: float | None = None if scales is None else scales[axis]
    rational: Fraction | None = None if scale is None else given_scale(scale) or ONE
    return replace(sampling, scale=rational)


def _attributes(wanted: NodeWanted) -> Iterator[tuple[dict[str, object], Sampling]]:
    """Yield attributes and the sampling that they say, those that are meant first."""
    seen: list[dict[str, object]] = []
    for sampling in _samplings(wanted):
        plain = replace(sampling, scale=None, copies_same_length=False)
        attributes = attributes_of(plain, wanted.version)
        if attributes is not None and attributes not in seen:
            seen.append(attributes)
            yield attributes, plain


def _samplings(wanted: NodeWanted) -> Iterator[Sampling]:
    moved = [sampling for _, sampling in wanted.resize.axes]
    for sampling in moved:
        kernel = sampling.kernel
        if isinstance(kernel, Linear) and not kernel.antialias:
            sampling = replace(sampling, exclude_outside=False)  # noqa: PLW2901 - the same weights
        yield sampling
    first = moved[0]
    if isinstance(first.kernel, Nearest):
        for coordinate, rounding in NEAREST:
            yield Sampling(coordinate, Nearest(rounding))
        return
    if not isinstance(first.kernel, Linear | Cubic):
        for axis, sampling in wanted.resize.axes:
            yield from _of_table(sampling, wanted.ins[axis], wanted.outs[axis])
        return
    for kernel in (first.kernel, replace(first.kernel, antialias=False)):
        for coordinate in SMOOTH:
            excluded = first.exclude_outside and (kernel.antialias or isinstance(kernel, Cubic))
            yield Sampling(coordinate, kernel, exclude_outside=excluded)


def _of_table(sampling: Sampling, n_in: int | None, n_out: int | None) -> Iterator[Sampling]:
    """Yield what weights that were found written out may be."""
    if n_in is None or n_out is None:
        return
    single = all(len(row) == 1 for row in sampling.weights(n_in, n_out).rows)
    if single:
        for coordinate, rounding in NEAREST:
            yield Sampling(coordinate, Nearest(rounding))
    for coordinate in SMOOTH:
        yield Sampling(coordinate, Linear())


def _variants(wanted: NodeWanted) -> Iterator[NodeWords]:
    """Yield the attributes that stand there with one changed, then with two; lengths stay."""
    for changes in _changes(wanted.attributes):
        yield NodeWords({**wanted.attributes, **changes}, "kept")


def _changes(given: Attributes) -> Iterator[Mapping[str, object]]:
    old = given.get("coordinate_transformation_mode", "half_pixel")
    if given.get("exclude_outside"):
        yield {"exclude_outside": 0}
    if given.get("antialias"):
        yield {"antialias": 0}
    if given.get("mode", "nearest") != "nearest":
        for coordinate in SMOOTH:
            if coordinate != old:
                yield {"coordinate_transformation_mode": coordinate}
        return
    rounding = given.get("nearest_mode", "round_prefer_floor")
    pairs = product(SMOOTH, ROUNDINGS)
    for coordinate, other in sorted(pairs, key=lambda p: (p[0] != old) + (p[1] != rounding)):
        changes: dict[str, object] = {}
        if coordinate != old:
            changes["coordinate_transformation_mode"] = coordinate
        if other != rounding:
            changes["nearest_mode"] = other
        if changes:
            yield changes


def _resize_of(form: NodeWords, wanted: NodeWanted) -> Resize | None:
    """Return what a form computes at the wanted lengths, read as a file would be."""
    if form.resize is not None:
        return form.resize
    scales = wanted.scales if wanted.by == "scales" else None
    axes = cast("tuple[int, ...]", form.attributes.get("axes")) or range(wanted.rank)
    request = Request(
        wanted.ins,
        wanted.by,
        None if scales is None else tuple(scales[axis] for axis in axes),
        tuple(wanted.outs[axis] for axis in axes),
    )
    try:
        return read("Resize", wanted.version, form.attributes, request).resize
    except ConventionError:
        return None


VOCABULARY: Final = Vocabulary(_forms, _resize_of)
"""What a Resize can say, what is meant first."""

NEARBY: Final = Vocabulary(_variants, _resize_of)
"""The same by changes of the node that stands there, one change first."""


def names_of(resize: Resize, opset: int = 19) -> list[dict[str, object]] | None:
    """Return the attributes that say the sampling of each axis by its own name.

    None where there is no axis, or no attributes say one of them.
    """
    found = [attributes_of(sampling, opset) for _, sampling in resize.axes]
    named = [attributes for attributes in found if attributes is not None]
    return named if named and len(named) == len(found) else None


def exact_attributes(
    steps: Sequence[tuple[int, Sampling, int, int]], opset: int
) -> dict[str, object] | None:
    """Return the attributes of a Resize by sizes with which onnxruntime computes exact weights.

    Of a nearest resize it reads every pixel that the rationals read, in its own float32. A crop,
    which takes a roi, is not among them.

    Args:
        steps: axis, sampling, input and output length of every axis that moves.
        opset: opset of the node.

    >>> floor = Sampling("tf_half_pixel_for_nn", Nearest("floor"))
    >>> exact_attributes([(2, floor, 3, 6)], 19)["coordinate_transformation_mode"]
    'half_pixel'
    """
    lengths = {axis: (n_in, n_out) for axis, _, n_in, n_out in steps}
    ins, outs = zip(*(lengths.get(axis, (1, 1)) for axis in range(max(lengths) + 1)), strict=True)
    resize = Resize(tuple((axis, sampling) for axis, sampling, _, _ in steps))

    def runs(form: NodeWords, _: Resize) -> bool:
        written = sampling_of("Resize", opset, form.attributes)
        if form.by != "sizes" or written.extrapolate:
            return False
        return all(_runs_as(written, s, n, m) for _, s, n, m in steps)

    form = VOCABULARY.first(NodeWanted(resize, ins, outs, opset), runs)
    return None if form is None else form.attributes


def _runs_as(written: Sampling, meant: Sampling, n_in: int, n_out: int) -> bool:
    weights = meant.weights(n_in, n_out)
    if isinstance(written.kernel, Nearest):
        return runtime_pixels(written, n_in, n_out) == single_taps(weights)
    return written.weights(n_in, n_out).rows == weights.rows
