"""Nearest by whole factors, written as copies: Tile, Expand or Concat, and a Reshape behind it.

Every element is repeated where an axis of length 1 is put behind its own, made longer, and joined
with it. Keras writes UpSampling2D so, and PyTorch repeat_interleave and expand; repeat_elements of
Keras takes an image apart and puts every slice back as often as it is wanted.

Source: Keras `src/layers/reshaping/up_sampling2d.py`, `backend/tensorflow/numpy.py` (repeat);
tf.keras `backend.py` (repeat_elements); PyTorch `torchscript_exporter/symbolic_opset11.py`.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.meaning import check_lengths
from halfpixel.conventions.torch.text import claim
from halfpixel.formats.onnx.read.evaluation import Described
from halfpixel.formats.onnx.read.kept_axes import short_list
from halfpixel.formats.onnx.read.patterns.ends import LONGER
from halfpixel.formats.onnx.read.patterns.moves import (
    inserted,
    reshaped,
    shape_of,
    unsqueezed_shape,
)
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.site import Operation
from halfpixel.surroundings import Shape
from halfpixel.work import spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.arrays import Array

IMAGES: Final = {4: ({2, 3}, {1, 2}), 5: ({2, 3, 4}, {1, 2, 3})}
"""Axes that are an image's, by rank: one alone may be the heads of an attention, or channels."""

WIDE: Final = 6
"""Axes of an image with one behind each of its own: what else is computed is not asked for."""

DEEPEST: Final = 4
"""Repetitions in a row, an axis each, that are followed."""


class Repetition(Struct, frozen=True):
    """Copies of the elements of a value.

    Attributes:
        data: the value.
        shape: its shape.
        factors: how often each element is repeated along each axis.
        written: the operators that it is written in.
        within: values between the data and the end of the last repetition.
        doubt: the lengths do not tell whether they are joined so.
    """

    data: str
    shape: Shape
    factors: tuple[int, ...]
    written: str
    within: tuple[str, ...] = ()
    doubt: bool = False


def read_repetition(scope: Scope, node: "NodeProto") -> Repetition | None:
    """Return the repetition that ends in a Reshape or Concat, those before it taken in.

    Args:
        scope: the graph.
        node: the node.

    Returns:
        What is repeated, over the axes of an image; None where it is none.
    """
    found = _ending_in(scope, node)
    for _ in range(DEEPEST):
        index = scope.producers.get(found.data) if found is not None else None
        before = None if index is None else _ending_in(scope, scope.nodes[index])
        if found is None or before is None or len(before.shape) != len(found.shape):
            break
        factors = tuple(a * b for a, b in zip(before.factors, found.factors, strict=True))
        within = (*before.within, found.data, *found.within)
        doubt = before.doubt or found.doubt
        found = replace(before, factors=factors, within=within, doubt=doubt)
    return found if found is not None and _is_image(scope, node, found) else None


def _ending_in(scope: Scope, node: "NodeProto") -> Repetition | None:
    """Return the one repetition that ends in a node."""
    if node.op_type == "Concat":
        return _slices(scope, node)
    index = scope.producers.get(given_name(node, 0)) if node.op_type == "Reshape" else None
    longer = None if index is None else scope.nodes[index]
    if longer is None or longer.op_type not in LONGER or not longer.input:
        return None
    wide = _unchanged(scope, longer.input[0]) if longer.op_type == "Tile" else longer.input[0]
    counts = _counts(scope, longer)
    copied = frozenset(axis for axis, count in enumerate(counts) if count != 1)
    parts = list(longer.input) if longer.op_type == "Concat" else [wide]
    data, places = inserted(scope, parts, copied) if copied else ("", ())
    shape, out = shape_of(scope, data), reshaped(scope, node)
    if shape is None or out is None or not len(out) == len(shape) == len(counts) - len(places):
        return None
    factors = _factors(counts, places, len(shape))
    fitted = None if factors is None else _fitted(shape, factors, out)
    if factors is None or fitted is None:
        return None
    lengths, doubt = fitted
    return Repetition(data, lengths, factors, f"{longer.op_type} and Reshape", (), doubt)


def _unchanged(scope: Scope, name: str) -> str:
    """Return what an Expand that makes nothing longer hands on: torch's repeat begins with one."""
    index = scope.producers.get(name)
    node = None if index is None else scope.nodes[index]
    if node is None or node.op_type != "Expand" or len(node.input) < 2 or not node.output:
        return name
    shape = (
        scope.shape(name) or scope.shape(node.input[0]) or unsqueezed_shape(scope, node.input[0])
    )
    many = shape is not None and len(shape) >= WIDE
    asked = scope.computed(node.input[1]) if many else short_list(scope, node.input[1])
    plain = asked is not None and set(asked) <= {1}
    return node.input[0] if plain else name


def _counts(scope: Scope, longer: "NodeProto") -> list[int | None]:
    """Return how often each axis is copied, None each where it is not known."""
    if longer.op_type == "Tile":
        return [int(n) for n in short_list(scope, given_name(longer, 1)) or ()]
    wide = shape_of(scope, longer.input[0])
    axis = scope.attributes(longer).get("axis")
    if longer.op_type == "Concat":
        wide = wide or unsqueezed_shape(scope, longer.input[0])
        if wide is None or not isinstance(axis, int):
            return []
        return [len(longer.input) if k == axis % len(wide) else 1 for k in range(len(wide))]
    wide = wide or unsqueezed_shape(scope, longer.input[0]) or ()
    asked = short_list(scope, given_name(longer, 1))
    if asked is None and len(wide) >= WIDE:
        asked = scope.computed(given_name(longer, 1))
    told = (scope.shape(longer.output[0]) or ()) if asked is None and longer.output else ()
    made = told if asked is None else tuple(int(n) for n in asked)
    if len(made) != len(wide):
        return []
    counts: list[int | None] = []
    for before, n in zip(wide, made, strict=True):
        counts.append(1 if before != 1 else n if isinstance(n, int) else None)
    return counts


def _factors(
    counts: Sequence[int | None], places: Sequence[int], rank: int
) -> tuple[int, ...] | None:
    """Return how often each element of the data is repeated along each of its axes.

    None where an axis of the data itself is copied, where one that is inserted before the first
    is, and where a number is not known.
    """
    found = [1] * rank
    source = -1
    for axis, count in enumerate(counts):
        source += axis not in places
        if count is None or count < 1 or (count != 1 and (axis not in places or source < 0)):
            return None
        if source >= 0:
            found[source] *= count
    return tuple(found)


def _fitted(shape: Shape, factors: Sequence[int], out: Shape) -> tuple[Shape, bool] | None:
    """Return the lengths of the data, and whether they leave open how axes are joined.

    None where a length that is known is another. One axis alone is never in doubt: its length
    follows from the number of elements.
    """
    lengths: list[int | str | None] = []
    doubt = 0
    for n, factor, m in zip(shape, factors, out, strict=True):
        if isinstance(n, int) and isinstance(m, int):
            if n * factor != m:
                return None
        elif isinstance(m, int) and m % factor:
            return None
        elif n is None and isinstance(m, int):
            n = m // factor  # noqa: PLW2901 - what the output tells
        elif n is None or factor > 1 or n != m:
            doubt += 1
        lengths.append(n)
    return tuple(lengths), doubt > 1


def _slices(scope: Scope, node: "NodeProto", deepest: int = DEEPEST) -> Repetition | None:
    """Return the repetition of the slices of a Split, each put back several times."""
    names = list(node.input)
    if len(names) < 4 or names[0] != names[1]:
        return None
    index = scope.producers.get(names[0])
    split = None if index is None else scope.nodes[index]
    parts = [] if split is None else list(split.output)
    if split is None or split.op_type != "Split" or not parts or len(names) % len(parts):
        return None
    spend(len(names))
    count = len(names) // len(parts)
    shape = shape_of(scope, given_name(split, 0)) or _made(scope, given_name(split, 0), deepest)
    if shape is None or names != [part for part in parts for _ in range(count)]:
        return None
    axes = scope.attributes(split).get("axis", 0), scope.attributes(node).get("axis", 0)
    first, second = (int(str(axis)) for axis in axes)
    if not -len(shape) <= first < len(shape) or first % len(shape) != second % len(shape):
        return None
    axis = first % len(shape)
    if shape[axis] != len(parts):  # slices of one sample each
        return None
    factors = tuple(count if k == axis else 1 for k in range(len(shape)))
    return Repetition(given_name(split, 0), shape, factors, "Split and Concat")


def _made(scope: Scope, name: str, deepest: int) -> Shape | None:
    """Return the shape that slices put back make, where the file does not tell it."""
    index = scope.producers.get(name) if deepest else None
    node = None if index is None else scope.nodes[index]
    before = _slices(scope, node, deepest - 1) if node and node.op_type == "Concat" else None
    if before is None:
        return None
    pairs = zip(before.shape, before.factors, strict=True)
    return tuple([n * k if isinstance(n, int) else n for n, k in pairs])


def _is_image(scope: Scope, node: "NodeProto", found: Repetition) -> bool:
    """Whether the axes that are repeated are all of an image's; of a signal, beside a layer."""
    axes = {axis for axis, factor in enumerate(found.factors) if factor > 1}
    if any(found.shape[axis] == 1 for axis in axes):
        return False  # a broadcast
    if len(found.shape) != 3:
        return axes in IMAGES.get(len(found.shape), ())
    if axes not in ({1}, {2}):
        return False
    readers = [scope.nodes[k] for k in scope.readers.get(node.output[0], ())]
    index = scope.producers.get(found.data)
    beside = [*readers, *([] if index is None else [scope.nodes[index]])]
    turned = [scope.nodes[k] for one in beside if one.op_type == "Transpose"
              for k in scope.readers.get(one.output[0], ())]  # fmt: skip
    return any(one.op_type in LAYERS for one in (*beside, *turned))


LAYERS: Final = frozenset({"Conv", "ConvTranspose", "MaxPool", "AveragePool", "BatchNormalization"})
"""Layers of signals, beside which three axes are one."""


def repetition_operation(found: Repetition, base: Operation) -> Described:
    """Return the operation that a repetition is, and how it is evaluated."""
    pairs = [
        (axis, Sampling("asymmetric", Nearest("floor"), scale=Fraction(factor)))
        for axis, factor in enumerate(found.factors)
        if factor > 1
    ]
    resize = Resize(tuple(pairs))
    scales = tuple(float(factor) for factor in found.factors)
    out = tuple(
        n * factor if isinstance(n, int) else n if factor == 1 else None
        for n, factor in zip(found.shape, found.factors, strict=True)
    )
    base = replace(
        base, operator=resize, input_shape=found.shape, output_shape=out, by="scales",
        scales=scales, hidden=found.written,
    )  # fmt: skip
    check_lengths(resize, *base.lengths, scales=scales)
    kept = frozenset(axis for axis, factor in enumerate(found.factors) if factor == 1)
    told = claim(resize, scales, *base.lengths, kept)
    if told.call is not None:
        words = [told.where.removeprefix("where ")] * bool(told.where)
        if found.doubt:
            words.append("the Reshape joins each axis with its copies")
        where = f"where {' and '.join(words)}" if words else ""
        base = replace(base, torch_call=told.call, torch_where=where)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x = inputs[0]
        if x.ndim != len(found.factors):
            raise ValueError(f"input has rank {x.ndim}, expected {len(found.factors)}")
        return resize.evaluate(x, [n * k for n, k in zip(x.shape, found.factors, strict=True)])

    return Described(base, compute)
