"""What a model takes: its image, and the lengths that are free."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from halfpixel.formats.onnx.read.ranges import declared_ranges
from halfpixel.formats.onnx.read.scope import MOST_AXES, Scope
from halfpixel.site import Attribute
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto


def ints_of(value: Attribute | None) -> tuple[int, ...]:
    """Return an attribute that is a list of whole numbers; empty where it is none."""
    if not isinstance(value, tuple):
        return ()
    return tuple(int(v) for v in value if isinstance(v, int | float))


def order_of(scope: Scope, transpose: "NodeProto") -> tuple[int, ...] | None:
    """Return the order that a Transpose gives axes; None where it is left to its default.

    It is empty where it is the order of more axes than a tensor has.
    """
    if any(len(one.ints) > MOST_AXES for one in transpose.attribute):
        return ()
    given = scope.attributes(transpose)
    return ints_of(given["perm"]) if "perm" in given else None


def image_shape(main: Scope, inputs: Iterable[str]) -> Shape | None:
    """Return the shape of the first of a model's inputs that looks like an image.

    An input with the channels last, as tf2onnx leaves it, is read by one Transpose: the shape is
    the one behind it, with the channels first.
    """
    for name in inputs:
        shape = main.shape(name)
        if shape is None or len(shape) != 4:
            continue
        readers = (node for node in main.nodes if name in node.input)
        first = next(readers, None)
        if first is not None and first.op_type == "Transpose":
            places = order_of(main, first) or ()
            if sorted(places) == [0, 1, 2, 3] and next(readers, None) is None:
                return tuple(shape[place] for place in places)
        return shape
    return None


class Taken(Struct, frozen=True):
    """What a model takes, as far as what surrounds a site hangs on it.

    Attributes:
        image: shape of its first image input.
        ranges: the lengths that its free dimensions take, by symbol, where the file says so.
        is_free: its inputs have free lengths beside the batch, or it has no inputs left: an
            exporter leaves out an image of which only the size was asked, now a constant.
    """

    image: Shape | None
    ranges: Mapping[str, range]
    is_free: bool


def taken_by(main: Scope, graph: "GraphProto") -> Taken:
    """Return what a model takes."""
    names = [value.name for value in graph.input if value.name not in main.constants]
    shapes = [main.shape(name) or () for name in names]
    free = any(not isinstance(dim, int) for shape in shapes for dim in shape[1:])
    return Taken(image_shape(main, names), declared_ranges(graph), free or not shapes)
