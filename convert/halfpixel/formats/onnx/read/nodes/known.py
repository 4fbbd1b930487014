"""What is known of a graph's nodes before a message of each is looked at."""

from collections.abc import Container, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from msgspec import Struct

from halfpixel.formats.onnx.read.nodes.producers import Producers, Readers
from halfpixel.formats.onnx.read.nodes.tags import LARGE
from halfpixel.formats.onnx.read.scope import JOINING

if TYPE_CHECKING:
    from onnx import NodeProto

    from halfpixel.formats.onnx.read.nodes.table import Table


class Known(Struct, frozen=True):
    """The nodes of a main graph, and what their bytes tell.

    Attributes:
        nodes: the nodes.
        asked: bytes of those that may count, by their places; None where all are looked at.
        producers: which node makes each value; None where it is not known yet, and so below.
        readers: which nodes read each value.
        joining: values that an operator reads which needs equal lengths.
    """

    nodes: "Sequence[NodeProto]"
    asked: Mapping[int, bytes] | None = None
    producers: Producers | None = None
    readers: Readers | None = None
    joining: Container[str] | None = None


def known(nodes: "Sequence[NodeProto]", told: "bytes | Table", types: AbstractSet[str]) -> Known:
    """Return what is known of the nodes of a main graph.

    Args:
        nodes: their messages, where such were made.
        told: the bytes of the model, none where they are not at hand; or the nodes of a huge graph.
        types: types of the nodes that may count.
    """
    if not isinstance(told, bytes):
        joining = told.read_by(JOINING)
        return Known(told.nodes, told.asked(types), told.producers, told.readers, joining)
    if len(nodes) < LARGE or not told:
        return Known(nodes)
    from halfpixel.formats.onnx.read.nodes.serialized import serialized

    read = serialized(told, len(nodes), types)
    return Known(nodes) if read is None else Known(nodes, read.asked, read.producers)
