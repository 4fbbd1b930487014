"""One site of an ONNX model as a model of its own, at lengths that are chosen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from halfpixel.conventions.onnx.attributes import TYPES
from halfpixel.errors import ConventionError, GraphError
from halfpixel.format import Port
from halfpixel.formats.onnx.broken import errors_of
from halfpixel.formats.onnx.read.constants import NAMES
from halfpixel.formats.onnx.read.inputs import resize_inputs
from halfpixel.formats.onnx.read.place import Place
from halfpixel.runtimes.cutting.one_site import Cut
from halfpixel.sampling.arithmetic import output_length_float32

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

    from halfpixel.arrays import Array
    from halfpixel.formats.onnx.model import OnnxModel


CODES: Final = {name: code for code, name in NAMES.items()}
IR_VERSION: Final = 8
"""Old enough for every opset and every onnxruntime since 1.10."""

NEWEST_OPSET_OF_IR: Final = 17

_T = TypeVar("_T")


def cut_out(model: "OnnxModel", site: int, shape: Sequence[int], outs: Sequence[int]) -> Cut:
    """Return a site as a model with one node.

    Args:
        model: the model.
        site: its place among the model's sites.
        shape: lengths of the input that is resampled.
        outs: output lengths, used where the model computes them.

    Raises:
        GraphError: it is written in several nodes, or an input is neither known nor free.
    """
    with errors_of(model.path, model.proto):
        return _cut_out(model.places[site], shape, outs)


def _cut_out(place: Place, shape: Sequence[int], outs: Sequence[int]) -> Cut:
    from onnx import helper

    operation, node, scope = place.site.operation, place.node, place.scope
    if operation.hidden:
        raise GraphError("", place.site.name, f"it is written as {operation.hidden}")
    if not node.input or not node.output:
        raise GraphError("", place.site.name, "it has no inputs, or no outputs")
    copy = _plain(place)
    ports: list[Port] = []
    constants: list[TensorProto] = []
    for index, name in enumerate(copy.input):
        if not name:
            continue
        values = _known(place, index, name, (shape, outs))
        if values is not None:
            constants.append(_tensor(name, values))
            continue
        port = _port(place, index, name, shape)
        if port.name not in {one.name for one in ports}:
            ports.append(port)
    opset = scope.opset(node.domain) or operation.opset
    graph = helper.make_graph(
        [copy],
        "site",
        [helper.make_tensor_value_info(p.name, CODES[p.dtype], list(p.shape or ())) for p in ports],
        [helper.make_tensor_value_info(copy.output[0], CODES[_dtype(place, 0)], None)],
        constants,
    )
    version = (
        IR_VERSION
        if opset <= NEWEST_OPSET_OF_IR
        else helper.find_min_ir_version_for([helper.make_opsetid("", opset)], ignore_unknown=True)
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=version
    )
    return Cut(model.SerializeToString(), tuple(ports))


def _plain(place: Place) -> "NodeProto":
    """Return the node with the attributes that its function is called with, records left out."""
    from onnx import helper

    node = place.node
    copy = type(node)()
    copy.op_type, copy.domain = node.op_type, node.domain
    copy.name = place.site.name
    copy.input.extend(node.input)
    copy.output.extend(node.output[:1])
    types = TYPES.get(node.op_type, {})
    for name, value in place.scope.attributes(node).items():
        if not isinstance(value, list | tuple) or value:
            copy.attribute.append(helper.make_attribute(name, value))
        elif name in types:  # an empty list does not tell of its type
            copy.attribute.append(helper.make_attribute(name, value, attr_type=types[name]))
    return copy


def _known(
    place: Place, index: int, name: str, lengths: tuple[Sequence[int], Sequence[int]]
) -> "Array | None":
    """Return the values of an input that is constant, or that says lengths; else None."""
    import numpy as np

    op, scope = place.site.op, place.scope
    if index == 0 or op in {"GridSample", "RoiAlign", "ConvTranspose"}:
        return None
    found = scope.computed(name)
    try:
        by = resize_inputs(scope, place.node, place.site.opset) if op != "AffineGrid" else None
    except ConventionError as error:
        raise GraphError("", place.site.name, str(error)) from error
    whole = by is None or name == by.sizes
    ins, outs = (_listed(place, each) for each in lengths)
    if found is not None:
        known: Sequence[float] = found
        before = _listed(place, place.site.operation.lengths[0])
        alike = len(found) == len(before) == len(ins) == len(outs)
        if by is not None and name == by.sizes and alike:
            each = zip(found, before, ins, outs, strict=True)
            known = [size if n in {None, now} else m for size, n, now, m in each]
        return np.array(known, np.int64 if whole else np.float32)
    if whole:
        return np.array(outs, np.int64)
    if by is None or name != by.scales or len(ins) != len(outs):
        raise GraphError("", place.site.name, f"input {index} is computed while the model runs")
    return np.array([_scale(n, m) for n, m in zip(ins, outs, strict=True)], np.float32)


def _scale(n_in: int, n_out: int) -> float:
    """Return the scale that takes one length to another, the float32 product rounded down.

    >>> _scale(8, 16), output_length_float32(7, _scale(7, 15))
    (2.0, 15)
    """
    import numpy as np

    if not n_in:
        return 1.0  # nothing is there to be scaled; the runtime says what it makes of that
    scale = float(np.float32(n_out / n_in))
    while output_length_float32(n_in, scale) < n_out:
        scale = float(np.nextafter(np.float32(scale), np.float32(np.inf)))
    return scale


def _listed(place: Place, outs: Sequence[_T]) -> list[_T]:
    """Return lengths in the order of the node's `axes`, where it names some."""
    axes = place.site.operation.attributes.get("axes")
    if isinstance(axes, tuple) and all(-len(outs) <= int(axis) < len(outs) for axis in axes):
        return [outs[int(axis)] for axis in axes]
    return list(outs)


def _port(place: Place, index: int, name: str, shape: Sequence[int]) -> Port:
    """Return an input that is fed, with lengths that fit the data."""
    dtype = _dtype(place, index)
    if index == 0:
        role = "theta" if place.site.op == "AffineGrid" else "image"
        return Port(name, dtype, tuple(shape), role)
    match place.site.op, index:
        case "GridSample", 1:
            if len(shape) < 3:
                raise GraphError("", place.site.name, f"its input has rank {len(shape)}")
            spatial = [3 + k for k in range(len(shape) - 2)]
            return Port(name, dtype, (shape[0], *spatial, len(shape) - 2), "grid")
        case "RoiAlign", 1:
            return Port(name, dtype, (3, 4), "rois")
        case "RoiAlign", 2:
            return Port(name, "int64", (3,), "batch_indices")
        case _:
            known = place.scope.shape(name)
            if known is None or not all(isinstance(n, int) for n in known):
                raise GraphError("", place.site.name, f"the shape of input {index} is not known")
            return Port(name, dtype, known)


def _dtype(place: Place, index: int) -> str:
    name = place.node.input[index]
    return place.scope.dtype(name) or place.site.operation.dtype or "float32"


def _tensor(name: str, values: "Array") -> "TensorProto":
    from onnx import numpy_helper

    return numpy_helper.from_array(values, name)
