"""Which resizes are described alike, told by the bytes of their nodes.

Of the bytes of a node, what it reads comes first, then what it makes and its name; all else is the
same in the nodes of a network that are alike, and is looked at once.
"""

from typing import TYPE_CHECKING

from msgspec import Struct, field

from halfpixel.conventions.onnx.resize import RESIZES
from halfpixel.formats.onnx.read.nodes.tags import INPUT, LONGEST, NAME, OUTPUT
from halfpixel.formats.onnx.read.resize import is_resampling
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.formats.onnx.read.surroundings import COORDINATES, is_early, kept_at, may_be_kept

if TYPE_CHECKING:
    from onnx import NodeProto

COUNTS = (b"align_corners", b"cubic", b"axes")
"""In the attributes of a resize: what stands around it counts."""


Named = tuple[object, str, str, str]
"""What resizes that are alike have in common; what one reads first, what it makes, its name."""


class Said(Struct, frozen=True, cache_hash=True):
    """What nodes say beside names.

    Attributes:
        domain: of the operator.
        op: its type.
        attributes: the bytes of its attributes.
        may_join: they leave out what a size that is written as a scale hangs on.
    """

    domain: str
    op: str
    attributes: bytes
    may_join: bool


class Likeness(Struct):
    """What the nodes of one model are alike in.

    Attributes:
        _known: by the bytes behind the names in a node, what these say; None where others that
            have the same are not alike.
    """

    _known: "dict[bytes, Said | None]" = field(default_factory=dict[bytes, Said | None])

    def of(self, scope: Scope, node: "NodeProto", body: bytes | None = None) -> Named | None:
        """Return what a resize has in common with others that are described alike.

        None where a node has to be looked at for itself: it carries a record, or its path through
        the graph counts.

        Args:
            scope: the graph that it stands in.
            node: the node.
            body: its bytes, where they are at hand.
        """
        if scope.bound or scope.arguments is not None:
            return None
        body = body or node.SerializeToString()
        parts = _parts(body)
        if parts is None:
            return None
        first, others, made, called, rest = parts
        if rest not in self._known:
            self._known[rest] = _said(node, body)
        said = self._known[rest]
        if said is None:
            return None
        data, output, name = first.decode(), made.decode(), called.decode()
        joined = (said.may_join or is_early(scope)) and output in scope.joined
        kept = kept_at(scope, node) if may_be_kept(scope, data, f"{name}\n{output}") else ""
        here, there = scope.values.get(data), scope.values.get(output)
        lengths: object
        if here is not None and there is not None:
            lengths = here.type.SerializeToString(), there.type.SerializeToString()
        else:
            lengths = scope.shape(data), scope.dtype(data), scope.shape(output)
        return (id(scope), said, others, lengths, joined, kept), data, output, name or output


def _parts(body: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes] | None:
    """Return a node's first input, its others, its only output, its name, and all behind these.

    None where it has no such parts, or is not as protobuf writes it.
    """
    try:
        start = 2 + body[1]
        at, tag = start, body[start]
        if body[0] != INPUT or body[1] > LONGEST:
            return None
        while tag == INPUT:
            if body[at + 1] > LONGEST:
                return None
            at += 2 + body[at + 1]
            tag = body[at]
        made = at + 2 + body[at + 1]
        if tag != OUTPUT or body[at + 1] > LONGEST or body[made] == OUTPUT:
            return None
        called = made
        if body[made] == NAME:
            if body[made + 1] > LONGEST:
                return None
            called = made + 2 + body[made + 1]
    except IndexError:
        return None
    return (
        body[2:start],
        body[start:at],
        body[at + 2 : made],
        body[made + 2 : called],
        body[called:],
    )


def _said(node: "NodeProto", body: bytes) -> Said | None:
    """Return what the bytes behind a node's names say; None where others with these count alone."""
    if not is_resampling(node) or node.op_type not in RESIZES or node.metadata_props:
        return None
    if node.SerializeToString() != body:
        return None
    attributes = b"".join([a.SerializeToString() for a in node.attribute])
    if any(word in attributes for word in COUNTS):
        return None
    may_join = all(one.name != COORDINATES for one in node.attribute)
    return Said(node.domain, node.op_type, attributes, may_join)
