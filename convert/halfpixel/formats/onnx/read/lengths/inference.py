"""Shapes and types that a file does not carry, from onnx's own shape inference."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.formats.onnx.read.calls import functions_of, unrolled
from halfpixel.formats.onnx.read.scope import MOST_AXES, declared_shape
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto


MOST_UNROLLED: Final = 20_000
"""Nodes of a function, its calls written out, up to which shapes are inferred through it."""


LONGEST: Final = (1 << 63) - 1
"""The longest axis that a shape of ONNX can say."""

LONGEST_LIST: Final = 1 << 16
"""Numbers of a list of lengths up to which onnx follows what is computed of it."""


class Inferred(Struct, frozen=True):
    """What onnx's shape inference finds for the values of a main graph.

    Attributes:
        shapes: shapes by value name; empty where inference fails.
        types: element types by value name, as numbers of TensorProto.DataType.
    """

    shapes: dict[str, Shape]
    types: dict[str, int]


def inferred(
    model: "ModelProto",
    lengths: Mapping[str, int] | None = None,
    found: Mapping[str, Sequence[int]] | None = None,
) -> Inferred:
    """Return shapes and types from onnx's shape inference with data propagation.

    Args:
        model: a model, or its skeleton; it is not changed.
        lengths: numbers for free dimensions, "input:axis" each; None leaves them free.
        found: shapes of values that inference cannot know.

    """
    import onnx

    if _is_deep(model):
        return Inferred({}, {})
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    if lengths is not None:
        _set_lengths(copy, lengths)
    for name, dims in (found or {}).items():
        if max(dims, default=0) > LONGEST:
            continue  # no shape says it
        copy.graph.value_info.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, dims)
        )
    if copy.functions and unrolled(functions_of(copy)) > MOST_UNROLLED:
        del copy.functions[:]  # onnx looks at a function anew at every call
    try:
        done = onnx.shape_inference.infer_shapes(copy, data_prop=_is_short(copy))
    except Exception:
        import logging

        logging.getLogger(__name__).debug("shape inference failed", exc_info=True)
        return Inferred({}, {})
    values = (*done.graph.value_info, *done.graph.input, *done.graph.output)
    shapes = ((value.name, declared_shape(value)) for value in values)
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    return Inferred({name: shape for name, shape in shapes if shape is not None}, types)


def with_lengths(model: "ModelProto", shapes: Mapping[str, tuple[int, ...]]) -> "ModelProto":
    """Return a model whose inputs have given lengths, and its values those that follow.

    A length that the file declares as a number stays; a symbol is what the inputs make of it.
    """
    import onnx

    copy = onnx.ModelProto.FromString(model.SerializeToString())
    given = {f"{name}:{axis}": n for name, shape in shapes.items() for axis, n in enumerate(shape)}
    open_ends = set(free_dimensions(copy))
    dims = [
        (f"{value.name}:{axis}", dim)
        for value in copy.graph.input
        for axis, dim in enumerate(value.type.tensor_type.shape.dim)
    ]
    symbols = {dim.dim_param: given[key] for key, dim in dims if key in given and dim.dim_param}
    free: dict[str, int] = {}
    for key, dim in dims:
        length = given.get(key, symbols.get(dim.dim_param))
        if key in open_ends and length is not None:
            free[key] = length
    follows = inferred(copy, free) if free else Inferred({}, {})
    for key, dim in dims:
        if key in free:
            dim.dim_value = free[key]
    known = [*copy.graph.value_info, *copy.graph.output]
    for value in known:
        inner = value.type.tensor_type.shape.dim
        shape = follows.shapes.get(value.name, ())
        for axis, dim in enumerate(inner):
            computed = shape[axis] if len(shape) == len(inner) else None
            length = computed if isinstance(computed, int) else symbols.get(dim.dim_param)
            if not dim.dim_value and length is not None:
                dim.dim_value = length
    names = {value.name for value in (*known, *copy.graph.input)}
    copy.graph.value_info.extend(
        onnx.helper.make_tensor_value_info(name, follows.types.get(name, 0), shape)
        for name, shape in follows.shapes.items()
        if name not in names
    )
    return copy


def _is_deep(model: "ModelProto") -> bool:
    """Whether a value has more axes than a tensor has: onnx writes them all at every node."""
    graph = model.graph
    values = (*graph.input, *graph.value_info, *graph.output)
    axes = [len(value.type.tensor_type.shape.dim) for value in values]
    axes += [len(tensor.dims) for tensor in graph.initializer]
    return max(axes, default=0) > MOST_AXES


def _is_short(model: "ModelProto") -> bool:
    """Whether lists of lengths stay short: a chain of Concat doubles one at every node.

    A tensor that declares more numbers than it has is as long as it declares: onnx makes them all.
    """
    made = (a.t for n in model.graph.node if n.op_type == "Constant" for a in n.attribute)
    tensors = (*model.graph.initializer, *made)
    if any(t.raw_data and math.prod(t.dims) > 2 * len(t.raw_data) for t in tensors):
        return False
    counts: dict[str, int] = {}
    for node in model.graph.node:
        given = [counts.get(name, 1) for name in node.input]
        count = sum(given) if node.op_type == "Concat" else max(given, default=1)
        if count > LONGEST_LIST:
            return False
        counts.update(dict.fromkeys(node.output, count))
    return True


def _set_lengths(model: "ModelProto", lengths: Mapping[str, int]) -> None:
    """Set free dimensions, and drop the shapes that were declared for others."""
    graph = model.graph
    kept = [] if lengths else [value for value in graph.value_info if _settled(value)]
    stale = [value for value in graph.output if lengths or not _settled(value)]
    infos = [type(value).FromString(value.SerializeToString()) for value in kept]
    del graph.value_info[:]
    graph.value_info.extend(infos)
    for value in stale:
        if value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")
    for value in graph.input:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            number = lengths.get(f"{value.name}:{axis}")
            if number is not None:
                dim.dim_value = number


def _settled(value: "ValueInfoProto") -> bool:
    shape = declared_shape(value)
    return shape is not None and all(isinstance(dim, int) for dim in shape)


def free_dimensions(model: "ModelProto") -> list[str]:
    """Return the free dimensions of the model's inputs, as "input:axis"."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [
        f"{value.name}:{axis}"
        for value in model.graph.input
        if value.name not in constants and value.type.HasField("tensor_type")
        for axis, dim in enumerate(value.type.tensor_type.shape.dim)
        if not dim.HasField("dim_value") or dim.dim_value <= 0
    ]
