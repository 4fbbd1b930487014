"""One site of a Core ML model as an ONNX model of its own, at lengths that are chosen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.conventions.coreml.dialects import words_of
from halfpixel.conventions.meaning import Meaning
from halfpixel.errors import ConventionError, GraphError
from halfpixel.format import Port
from halfpixel.formats.coreml.model import CoremlModel
from halfpixel.formats.coreml.read.operation import DATA
from halfpixel.formats.coreml.read.place import CoremlPlace, MilPlace, resize_compute, settle
from halfpixel.formats.coreml.read.weights import array_of
from halfpixel.formats.onnx.write.builder import Nodes
from halfpixel.runtimes.cutting.one_site import Cut
from halfpixel.runtimes.mil_as_onnx.graph import OPSET, code_of
from halfpixel.runtimes.mil_as_onnx.program import IR_VERSION, MISFITS
from halfpixel.runtimes.mil_as_onnx.resize import Lengths, Wires
from halfpixel.runtimes.mil_as_onnx.site import site_nodes
from halfpixel.sampling import ConvTranspose, Resample, Resize
from halfpixel.site import Site, known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array
    from halfpixel.site import Compute


FREE: Final[dict[str, Lengths]] = {
    "roi": (3, 1, 4, 1, 1),
    "boxes": (3, 4),
    "box_indices": (3,),
}
"""Lengths of what a crop_resize is given where the model leaves them free."""

ROLES = {"coordinates": "grid", "transform_matrix": "theta", "roi": "rois", "boxes": "rois",
         "box_indices": "batch_indices"}  # fmt: skip
NETWORK = {"cropResize": ("x", "roi")}
"""Parameters of a layer, in the order of its inputs."""


def cut_out(model: CoremlModel, site: int, shape: Sequence[int], outs: Sequence[int]) -> Cut:
    """Return a site as a model that does nothing else.

    Args:
        model: the model.
        site: its place among the model's sites.
        shape: lengths of the input that is resampled.
        outs: output lengths, used where the program computes them.

    Raises:
        GraphError: it is not described, or its kernel is not read.
    """
    from onnx import helper, numpy_helper

    place = model.places[site]
    alone = _at(place, shape, outs)
    constants, ports = _tensors(place, shape)
    names = {**{name: name for name in constants}, **{port.name: port.name for port in ports}}
    nodes = Nodes("site", {*names, "y"}, OPSET)
    dtype = alone.operation.dtype or "float32"
    shapes = {name: known(port.shape, len(port.shape or ())) for port in ports
              for name in [port.name]}  # fmt: skip
    shapes |= {name: array.shape for name, array in constants.items()}
    dtypes = {port.name: port.dtype for port in ports}
    dtypes |= {name: str(array.dtype) for name, array in constants.items()}
    wires = Wires(nodes, names, "y", shapes, dtype, dtypes)
    try:
        site_nodes(alone.name, wires, alone.operation)
    except MISFITS as error:
        raise GraphError("", alone.name, f"its parameters do not fit: {error}") from error
    graph = helper.make_graph(
        nodes.made,
        "site",
        [helper.make_tensor_value_info(p.name, code_of(p.dtype), list(p.shape or ()))
         for p in ports],
        [helper.make_tensor_value_info("y", code_of(dtype), None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )  # fmt: skip
    proto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    return Cut(proto.SerializeToString(), tuple(ports), alone, constants)


def _at(place: CoremlPlace, shape: Sequence[int], outs: Sequence[int]) -> Site:
    """Return the site as it is at these lengths."""
    site, operation = place.site, place.site.operation
    if operation.operator is None:
        raise GraphError("", site.name, f"cannot be described: {operation.problem}")
    fixed = replace(operation, input_shape=tuple(shape), output_shape=None)
    if isinstance(operation.operator, ConvTranspose) and not isinstance(place.node, MilPlace):
        return replace(site, operation=fixed, compute=_deconvolved(operation.operator))
    if operation.input_shape == tuple(shape) and None not in operation.lengths[1]:
        return site
    if not isinstance(operation.operator, Resize):
        return replace(site, operation=fixed)
    read = words_of(operation.dialect).read

    def meant(lengths: Sequence[int | None]) -> Meaning:
        found = read(operation.op, operation.attributes, tuple(lengths))
        asked = found.sizes or (None,) * found.rank
        axes = dict(found.resize.axes)
        sizes = [outs[axis] if n is None and axis in axes else n for axis, n in enumerate(asked)]
        return replace(found, sizes=tuple(sizes))

    try:
        found = settle(fixed, meant(shape))
    except ConventionError as error:
        raise GraphError("", site.name, str(error)) from error
    told = [m if m is not None else n for n, m in zip(shape, found.lengths[1], strict=True)]
    found = replace(found, output_shape=tuple(told))
    compute = resize_compute(site.name, meant, found.lengths)
    return replace(site, operation=found, compute=compute)


def _deconvolved(meant: ConvTranspose) -> "Compute":
    """Return the function that evaluates a deconvolution with the kernel that it is fed."""

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        return meant.evaluate(*inputs)

    return compute


def _tensors(place: CoremlPlace, shape: Sequence[int]) -> "tuple[dict[str, Array], list[Port]]":
    """Return the constants that a site reads, and what it is fed, by parameter name."""
    operation = place.site.operation
    if not isinstance(place.node, MilPlace):
        if isinstance(operation.operator, ConvTranspose):
            return {}, _kernel_ports(place, operation.operator, shape)
        parameters = NETWORK.get(operation.op, ("x",))[: len(place.inputs)]
        return {}, [_port(place, name, name, shape, "float32") for name in parameters]
    scope, own = place.node.scope, place.node.operation
    constants: dict[str, Array] = {}
    ports: list[Port] = []
    for parameter in DATA.get(own.type, ("x",)):
        name, value = scope.argument(own, parameter)
        if value is not None and parameter != "x":
            constants[parameter] = array_of(value, scope.package, name or parameter)
        elif name:
            ports.append(_port(place, parameter, name, shape, scope.dtype(name)))
    return constants, ports


def _kernel_ports(place: CoremlPlace, meant: ConvTranspose, shape: Sequence[int]) -> list[Port]:
    """Return what a deconvolution of a network is fed: its kernel lies among the weights."""
    outputs = int(cast("int", place.site.operation.attributes.get("outputChannels", 1)))
    if len(shape) != len(meant.kernel) + 2 or shape[1] % meant.groups or outputs % meant.groups:
        reason = f"its input of shape {list(shape)} does not fit {meant.groups} groups"
        raise GraphError("", place.site.name, reason)
    found = [Port("x", "float32", tuple(shape), "image")]
    found.append(Port("weight", "float32", (shape[1], outputs // meant.groups, *meant.kernel)))
    if place.site.operation.attributes.get("hasBias"):
        found.append(Port("bias", "float32", (outputs,)))
    return found


def _port(place: CoremlPlace, parameter: str, name: str, shape: Sequence[int], dtype: str) -> Port:
    """Return an input that is fed, with lengths that fit the data."""
    declared = place.node.scope.shape(name) if isinstance(place.node, MilPlace) else None
    role = "image" if parameter == "x" else ROLES.get(parameter, "")
    operator = place.site.operator
    if isinstance(operator, Resample) and role == "grid":
        role = "pixels" if operator.coordinates == "unnormalized" else "grid"
    lengths = _lengths(parameter, known(declared, len(declared or ())), shape)
    if None in lengths or not lengths:
        raise GraphError("", place.site.name, f"the shape of {parameter} is not known")
    return Port(parameter, dtype or "float32", lengths, role)


def _lengths(parameter: str, given: Lengths, shape: Sequence[int]) -> Lengths:
    """Return the lengths of an input where its own are free."""
    free = FREE.get(parameter, given)
    if parameter == "x":
        return tuple(shape)
    if parameter == "coordinates":
        free = (shape[0], 3, 4, 2)
    if parameter == "transform_matrix":
        free = (shape[0], 6)
    own = given if len(given) == len(free) else (None,) * len(free)
    if parameter in {"coordinates", "transform_matrix"} and own[:1] != (1,):
        own = (None, *own[1:])  # as many as there are images
    return tuple(m if n is None else n for n, m in zip(own, free, strict=True))
