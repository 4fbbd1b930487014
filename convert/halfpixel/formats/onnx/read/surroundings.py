"""What stands around a site: the image, the layers that stride, the maker of a grid."""

from typing import TYPE_CHECKING, Final

from halfpixel.conventions.onnx.resize import FIRST_RESIZE, RESIZES
from halfpixel.formats.onnx.read.inputs import inputs_beside
from halfpixel.formats.onnx.read.needs import needs_of
from halfpixel.formats.onnx.read.ranges import LAYS_OUT, ranges_of, ranges_of_own
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.formats.onnx.read.taken import Taken, ints_of, order_of
from halfpixel.intents.kept_name import is_operator, kept_name
from halfpixel.intents.kept_names import kept_names
from halfpixel.sampling import AffineGrid
from halfpixel.site import Operation
from halfpixel.surroundings import Shape, StridedLayer, Surroundings
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import NodeProto

TURNING: Final = frozenset({"Transpose", "Reshape"})
"""What stands before and behind a resize that is written with the channels first."""

COORDINATES: Final = "coordinate_transformation_mode"

PARTS: Final = frozenset({"Slice", "Gather", "Split", "DequantizeLinear"})
"""Operators that take a part of a constant, or read it."""

PICKED_BY: Final = 4
"""Inputs that say which part: a Slice has the most."""

NEAREST: Final = 16
"""Nodes between a constant and a resize that are followed back."""

FARTHEST: Final = 512
"""Nodes that are followed back from a site."""

LAYOUTS: Final[dict[tuple[int, ...], str]] = {(0, 3, 1, 2): "to NCHW", (0, 2, 3, 1): "to NHWC"}
"""What a Transpose of four axes does, by its perm."""

UNARY: Final = frozenset(
    {"Abs", "Cast", "Ceil", "Clip", "DequantizeLinear", "Dropout", "Elu", "Erf", "Exp", "Floor"}
    | {"HardSigmoid", "Identity", "LeakyRelu", "Log", "Neg", "QuantizeLinear", "Relu", "Selu"}
    | {"Sigmoid", "Softplus", "Softsign", "Sqrt", "Tanh"}
)
BINARY: Final = frozenset({"Add", "Div", "Max", "Min", "Mul", "Pow", "Sub"})


def surroundings_of(
    scope: Scope,
    node: "NodeProto",
    operation: Operation,
    taken: Taken,
) -> Surroundings:
    """Return what stands around a site: the reader of every fact that a rule may ask for.

    Args:
        scope: the graph that it stands in.
        node: its node.
        operation: what it computes.
        taken: what the model takes.
    """
    if node.op_type == "GridSample":
        return Surroundings(fed_by=grid_maker(scope, node))
    if node.op_type in RESIZES:
        aligned = operation.attributes.get("coordinate_transformation_mode") == "align_corners"
        layers = layers_above(scope, given_name(node, 0)) if aligned else ()
        needs = needs_of(scope, node, operation)
        ranges = ranges_of(operation.input_shape, taken.ranges, operation.spatial)
        ranges = ranges or ranges_of_own(scope, node, operation)
        return Surroundings(
            layers, taken.image, is_joined(scope, node), needs=needs, ranges=ranges,
            inputs=inputs_beside(scope, node, operation.opset),
            transposed=transposed(scope, node, operation),
            frozen=taken.is_free and comes_from_constant(scope, node),
        )  # fmt: skip
    inputs = inputs_beside(scope, node, operation.opset)
    return Surroundings(needs=needs_of(scope, node, operation), inputs=inputs)


def comes_from_constant(scope: Scope, node: "NodeProto") -> bool:
    """Whether the data of a node is a constant of the file, through what only lays it out."""
    name = given_name(node, 0)
    for _ in range(NEAREST):
        if scope.constant(name) is not None:
            return True
        found = scope.producer(name) if name else None
        if found is None or found[1].op_type not in {*LAYS_OUT, *PARTS}:
            return False
        scope, node = found
        if node.op_type in PARTS and not _is_by_constants(scope, node):
            return False
        name = given_name(node, 0)
    return False


def _is_by_constants(scope: Scope, node: "NodeProto") -> bool:
    """Whether which part a node takes is a constant of the file: all inputs but its data are."""
    others = node.input[1 : 1 + PICKED_BY]
    return all(scope.constant_dims(name) is not None for name in others if name)


def transposed(scope: Scope, node: "NodeProto", operation: Operation) -> str:
    """Return between which Transposes a resize stands whose layout may matter; empty where none.

    Source: onnxruntime `core/optimizer/transpose_optimization`: a Transpose is pushed through
    operators that do not mind the order of the axes, where it meets another behind them.
    """
    attributes = operation.attributes
    if operation.op != "Resize" or not (attributes.get("mode") == "cubic" or "axes" in attributes):
        return ""
    found = _transpose_before(scope, node)
    return found if found and _meets_transpose(scope, node) else ""


def _transpose_before(scope: Scope, node: "NodeProto") -> str:
    """Return what the Transpose does that the data of a node comes out of."""
    for _ in range(FARTHEST):
        spend()
        name = node.input[0] if node.input else ""
        index = scope.producers.get(name)
        if index is None or name in scope.outputs:
            return ""
        node = scope.nodes[index]
        if node.op_type == "Transpose":
            return LAYOUTS.get(order_of(scope, node) or (), "")
        if not _is_indifferent(scope, node):
            return ""
    return ""


def _meets_transpose(scope: Scope, node: "NodeProto") -> bool:
    """Whether the output of a node leads to a Transpose, and is no output of the graph."""
    left, seen = [node], {id(node)}
    while left and len(seen) < FARTHEST:
        node = left.pop()
        if not node.output or node.output[0] in scope.outputs:
            continue
        for index in scope.readers.get(node.output[0], ()):
            spend()
            reader = scope.nodes[index]
            if reader.op_type == "Transpose":
                return True
            if id(reader) not in seen and _is_indifferent(scope, reader):
                seen.add(id(reader))
                left.append(reader)
    return False


def _is_indifferent(scope: Scope, node: "NodeProto") -> bool:
    """Whether a node makes the same of every order of its axes, as far as constants say."""
    if node.op_type in {*UNARY, "Resize"}:
        return True
    constants = [scope.constant(name) is not None for name in node.input]
    return node.op_type in BINARY and len(constants) == 2 and any(constants)


def grid_maker(scope: Scope, node: "NodeProto") -> AffineGrid | None:
    """Return the AffineGrid that a GridSample's grid comes from, through reshapes."""
    return maker_of(scope, given_name(node, 1))


def maker_of(scope: Scope, name: str) -> AffineGrid | None:
    """Return the affine grid that a value comes from, through reshapes: a node, or a product."""
    grid = _shape_of_grid(scope, name) if name else None
    for _ in range(8):
        found = scope.producer(name) if name else None
        if found is not None and found[1].op_type == "AffineGrid":
            where, source = found
            return AffineGrid(bool(where.attributes(source).get("align_corners", 0)))
        if found is None or found[1].op_type not in LAYS_OUT or not found[1].input:
            return _decomposed(scope, name, grid, found)
        scope, name = found[0], given_name(found[1], 0)
    return None


def _shape_of_grid(scope: Scope, name: str) -> Shape | None:
    """Return the shape of a grid: as it is known, or as a Reshape makes it."""
    shape, found = scope.shape(name), scope.producer(name)
    if shape is not None or found is None or found[1].op_type != "Reshape":
        return shape
    given = found[0].numbers(given_name(found[1], 1))
    return None if given is None else tuple(int(n) if n > 0 else None for n in given)


def _decomposed(
    scope: Scope, name: str, grid: Shape | None, found: "tuple[Scope, NodeProto] | None"
) -> AffineGrid | None:
    """Return the affine grid that a constant holds, or a product of one and theta."""
    lengths = tuple(n for n in (grid or ())[1:-1] if isinstance(n, int))
    whole = grid is not None and len(lengths) == len(grid) - 2 and len(lengths) in {2, 3}
    if not whole or grid is None or grid[-1] != len(lengths):
        return None
    if found is not None and found[1].op_type not in {"Constant", "ReduceSum", "MatMul"}:
        return None
    from halfpixel.formats.onnx.read.decompositions.affine import affine_grid_of

    return affine_grid_of(scope, name, lengths)


def is_joined(scope: Scope, node: "NodeProto") -> bool:
    """Whether the output has to have the length of another operand.

    Asked only where a size may be written as a scale: up to opset 10, and after an upgrade from
    there that left the coordinates out.
    """
    if not is_early(scope) and any(one.name == COORDINATES for one in node.attribute):
        return False
    return bool(node.output) and node.output[0] in scope.joined


def is_early(scope: Scope) -> bool:
    """Whether a graph is older than Resize."""
    return (scope.opset("") or 0) < FIRST_RESIZE


def layers_above(scope: Scope, name: str, farthest: int = FARTHEST) -> tuple[StridedLayer, ...]:
    """Return the strided layers on the main path into a value.

    What strides before another resize was resized there: the path starts at that, which comes
    first. A pooling to a single output strides over nothing.

    Args:
        scope: the graph that it stands in.
        name: the value.
        farthest: so many nodes back at most.
    """
    layers = list[StridedLayer]()
    for _ in range(farthest):
        found = scope.producer(name) if name else None
        if found is None or not found[1].input:
            break
        where, source = found
        if source.op_type in {*RESIZES, "ConvTranspose"}:
            layers.append(StridedLayer(source.op_type, (), (), same=True))
            break
        if source.op_type in {"Conv", "MaxPool", "AveragePool"}:
            layer = _layer(where, source)
            if not _is_global(layer, where.shape(source.input[0])):
                layers.append(layer)
        scope, name = where, source.input[0]
    return tuple(reversed(layers))


def _is_global(layer: StridedLayer, shape: Shape | None) -> bool:
    """Whether a pooling covers its whole input."""
    return layer.op != "Conv" and shape is not None and layer.kernel == shape[2:]


def _layer(scope: Scope, node: "NodeProto") -> StridedLayer:
    attributes = scope.attributes(node)
    shape = scope.shape(node.input[1]) if len(node.input) > 1 else None
    kernel = ints_of(attributes.get("kernel_shape"))
    if not kernel and shape is not None:
        kernel = tuple(dim for dim in shape[2:] if isinstance(dim, int))
    ones = (1,) * len(kernel)
    strides = ints_of(attributes.get("strides")) or ones
    dilations = ints_of(attributes.get("dilations")) or ones
    pads = ints_of(attributes.get("pads")) or (0, 0) * len(kernel)
    auto = str(attributes.get("auto_pad", "NOTSET"))
    same = auto.startswith("SAME")
    if auto == "NOTSET" and len(pads) == 2 * len(kernel):
        reach = [(k - 1) * d for k, d in zip(kernel, dilations, strict=False)]
        added = [a + b for a, b in zip(pads, pads[len(kernel) :], strict=False)]
        same = added == reach
    return StridedLayer(node.op_type, kernel, strides, same)


def may_be_kept(scope: Scope, data: str, names: str) -> bool:
    """Whether `kept_at` has to look at a node that reads `data` first, by its own names."""
    if kept_names().hints.search(names):
        return True
    before = scope.producer(data)
    return before is not None and before[1].op_type in TURNING


def kept_at(scope: Scope, node: "NodeProto") -> str:
    """Return the original's operator whose name stands on a node, or on the one behind it.

    Behind is what alone reads the output of a resize between a Transpose and its way back.
    """
    here = kept_name([node.name, *node.output])
    if is_operator(here) or not node.input or not node.output or node.output[0] in scope.outputs:
        return here
    before = scope.producer(node.input[0])
    if before is None or before[1].op_type not in TURNING:
        return here
    behind = [scope.nodes[index] for index in scope.readers.get(node.output[0], ())]
    if len(behind) != 1 or behind[0].op_type not in TURNING:
        return here
    return kept_name([behind[0].name, *behind[0].output]) or here
