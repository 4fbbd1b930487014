"""What stands around a site: the image, the layers that stride, the maker of a grid."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from halfpixel.conventions.onnx.resize import FIRST_RESIZE, RESIZES
from halfpixel.formats.onnx.read.needs import needs_of
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.sampling import AffineGrid
from halfpixel.site import Attribute, Operation, Shape, StridedLayer, Surroundings

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

CARRIES: Final = frozenset({"Reshape", "Transpose", "Cast", "Identity", "Squeeze", "Unsqueeze"})
"""Operators through which a grid passes unchanged in value."""

FARTHEST: Final = 512
"""Nodes that are followed back from a site."""


RANGES: Final = "pkg.torch.export.ExportedProgram.range_constraints"
"""Where torch.onnx.export keeps the lengths that its free dimensions take."""

ENDLESS: Final = 1 << 31
"""Stands for the end of a range that has none."""

_RANGE: Final = re.compile(r"(\w+): VR\[(\d+), (\w+)\]")
_MULTIPLE: Final = re.compile(r"(?:(\d+)\*)?(\w+)")


def declared_ranges(graph: "GraphProto") -> dict[str, range]:
    """Return the lengths that free dimensions take, by symbol, where the file says so.

    The exporter calls a dimension that the user named by that name, and keeps its range under
    another: a range is told by its name, or, where there is one alone, under the name "".

    Source: PyTorch `torch/onnx/_internal/exporter/_core.py`, `torch/utils/_sympy/value_ranges.py`.
    """
    text = next((entry.value for entry in graph.metadata_props if entry.key == RANGES), "")
    found = {
        name: range(max(int(low), 1), int(high) + 1 if high.isdigit() else ENDLESS)
        for name, low, high in _RANGE.findall(text)
    }
    return found | ({"": next(iter(found.values()))} if len(found) == 1 else {})


def ranges_of(
    shape: Shape | None, ranges: Mapping[str, range], spatial: int
) -> tuple[tuple[int, range], ...]:
    """Return the lengths that the last axes of a shape take, where they are multiples of a symbol.

    >>> ranges_of((1, 2, "2*h", "w"), {"h": range(4, 9), "w": range(2, 5)}, 2)
    ((2, range(8, 17, 2)), (3, range(2, 5)))
    """
    found: list[tuple[int, range]] = []
    for axis, dim in list(enumerate(shape or ()))[-spatial:]:
        parts = _MULTIPLE.fullmatch(dim) if isinstance(dim, str) else None
        if parts is None:
            continue
        times = int(parts[1] or 1)
        lengths = ranges.get(parts[2], ranges.get(""))
        if lengths is not None and times:
            found.append((axis, range(times * lengths[0], times * lengths[-1] + 1, times)))
    return tuple(found)


def image_shape(main: Scope, inputs: Iterable[str]) -> Shape | None:
    """Return the shape of the first of a model's inputs that looks like an image.

    An input with the channels last, as tf2onnx leaves it, is read by one Transpose: the shape is
    the one behind it, with the channels first.
    """
    for name in inputs:
        shape = main.shape(name)
        if shape is None or len(shape) != 4:
            continue
        readers = [node for node in main.nodes if name in node.input]
        if len(readers) == 1 and readers[0].op_type == "Transpose":
            places = _ints(main.attributes(readers[0]).get("perm"))
            if sorted(places) == [0, 1, 2, 3]:
                return tuple(shape[place] for place in places)
        return shape
    return None


def surroundings_of(
    scope: Scope,
    node: "NodeProto",
    operation: Operation,
    image: Shape | None,
    ranges: Mapping[str, range],
) -> Surroundings:
    """Return what stands around a site: the reader of every fact that a rule may ask for.

    Args:
        scope: the graph that it stands in.
        node: its node.
        operation: what it computes.
        image: shape of the model's first image input.
        ranges: the lengths that free dimensions take, by symbol.
    """
    if node.op_type == "GridSample":
        return Surroundings(fed_by=grid_maker(scope, node))
    if node.op_type in RESIZES:
        aligned = operation.attributes.get("coordinate_transformation_mode") == "align_corners"
        layers = layers_into(scope, node) if aligned else ()
        needs = needs_of(scope, node, operation)
        taken = ranges_of(operation.input_shape, ranges, operation.spatial) if ranges else ()
        return Surroundings(layers, image, is_joined(scope, node), needs=needs, ranges=taken)
    return Surroundings(needs=needs_of(scope, node, operation))


def grid_maker(scope: Scope, node: "NodeProto") -> AffineGrid | None:
    """Return the AffineGrid that a GridSample's grid comes from, through reshapes."""
    return maker_of(scope, given_name(node, 1))


def maker_of(scope: Scope, name: str) -> AffineGrid | None:
    """Return the AffineGrid that a value comes from, through reshapes."""
    for _ in range(8):
        found = scope.producer(name) if name else None
        if found is None:
            return None
        where, source = found
        if source.op_type == "AffineGrid":
            return AffineGrid(bool(where.attributes(source).get("align_corners", 0)))
        if source.op_type not in CARRIES or not source.input:
            return None
        scope, name = where, given_name(source, 0)
    return None


def is_joined(scope: Scope, node: "NodeProto") -> bool:
    """Whether the output has to have the length of another operand.

    Asked only where a size may be written as a scale: up to opset 10, and after an upgrade from
    there that left the coordinates out.
    """
    if (scope.opset("") or 0) >= FIRST_RESIZE:
        for attribute in node.attribute:
            if attribute.name == "coordinate_transformation_mode":
                return False
    return bool(node.output) and node.output[0] in scope.joined


def layers_into(scope: Scope, node: "NodeProto") -> tuple[StridedLayer, ...]:
    """Return the strided layers on the main path into a resize."""
    return layers_above(scope, given_name(node, 0), FARTHEST)


def layers_above(scope: Scope, name: str, farthest: int) -> tuple[StridedLayer, ...]:
    """Return the strided layers on the main path into a value, so many nodes back at most."""
    layers = list[StridedLayer]()
    for _ in range(farthest):
        found = scope.producer(name) if name else None
        if found is None or not found[1].input:
            break
        where, source = found
        if source.op_type in {"Conv", "MaxPool", "AveragePool"}:
            layers.append(_layer(where, source))
        scope, name = where, source.input[0]
    return tuple(reversed(layers))


def _layer(scope: Scope, node: "NodeProto") -> StridedLayer:
    attributes = scope.attributes(node)
    shape = scope.shape(node.input[1]) if len(node.input) > 1 else None
    kernel = _ints(attributes.get("kernel_shape"))
    if not kernel and shape is not None:
        kernel = tuple(dim for dim in shape[2:] if isinstance(dim, int))
    ones = (1,) * len(kernel)
    strides = _ints(attributes.get("strides")) or ones
    dilations = _ints(attributes.get("dilations")) or ones
    pads = _ints(attributes.get("pads")) or (0, 0) * len(kernel)
    auto = str(attributes.get("auto_pad", "NOTSET"))
    same = auto.startswith("SAME")
    if auto == "NOTSET" and len(pads) == 2 * len(kernel):
        reach = [(k - 1) * d for k, d in zip(kernel, dilations, strict=False)]
        added = [a + b for a, b in zip(pads, pads[len(kernel) :], strict=False)]
        same = added == reach
    return StridedLayer(node.op_type, kernel, strides, same)


def _ints(value: Attribute | None) -> tuple[int, ...]:
    """Return an attribute that is a list of whole numbers; empty where it is none."""
    if not isinstance(value, tuple):
        return ()
    return tuple(int(v) for v in value if isinstance(v, int | float))
