"""What onnx's version converter makes of a model, and which nodes it changed."""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.conventions.onnx.resize import FIRST_RESIZE, RESIZES
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.read.scope import inner_graphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto


KEPT: Final = "halfpixel.kept"
"""Domain that hides a node from the version converter."""


def opset_of(model: "ModelProto") -> int:
    """Return the version of the default operator set."""
    versions = [e.version for e in model.opset_import if e.domain in {"", "ai.onnx"}]
    return max(versions, default=0)


class Names(Struct):
    """New names for values that the converter made."""

    taken: set[str]
    given: "dict[str, str] | None" = None

    def _new(self, old: str) -> str:
        if self.given is None:
            self.given = {}
        if old not in self.given:
            count = len(self.given)
            name = f"halfpixel_lift_{count}"
            while name in self.taken:
                count += 1
                name = f"halfpixel_lift_{count}"
            self.taken.add(name)
            self.given[old] = name
        return self.given[old]

    def renamed(self, node: "NodeProto", *, new: bool = False) -> "NodeProto":
        """Return a node of the converter's, its new values renamed, and it too where it is new."""
        given = self.given or {}
        out = type(node)()
        out.CopyFrom(node)
        del out.input[:], out.output[:]
        out.input.extend(given.get(name, name) for name in node.input)
        out.output.extend(name if name in self.taken else self._new(name) for name in node.output)
        if new:
            out.name = out.output[0]
        return out

    def constant(self, tensor: "TensorProto") -> "NodeProto":
        """Return an initializer of the converter's as a Constant node."""
        from onnx import helper

        name = self._new(tensor.name)
        copy = type(tensor)()
        copy.CopyFrom(tensor)
        copy.ClearField("name")
        return helper.make_node("Constant", [], [name], name=name, value=copy)


def converted(model: "ModelProto", target: int) -> "ModelProto":
    """Return a model at a later opset; raises ConventionError where the converter does."""
    from onnx import version_converter

    try:
        return version_converter.convert_version(model, target)
    except Exception as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise ConventionError(f"opset {target} is out of reach: {reason}") from error


def hidden(model: "ModelProto", target: int) -> "ModelProto":
    """Return a copy without what the converter would spoil.

    It does not know Upsample and Resize before opset 11, and it loses attributes that are
    arguments of a local function, so that it is not shown nodes with such an attribute whose
    operator is the same at both opsets.
    """
    out = type(model)()
    out.CopyFrom(model)
    del out.functions[:]
    before = opset_of(model)
    kept = False
    for node in _all_nodes(out.graph):
        resizes = node.op_type in RESIZES and before < FIRST_RESIZE
        if is_default(node) and (resizes or _is_bound(node, before, target)):
            node.domain = KEPT
            kept = True
    if kept:
        out.opset_import.add(domain=KEPT, version=1)
    return out


def _is_bound(node: "NodeProto", before: int, target: int) -> bool:
    """Whether a node takes arguments of its function, and its operator stays the same."""
    if not any(a.ref_attr_name for a in node.attribute):
        return False
    return _since(node.op_type, before) == _since(node.op_type, target)


@lru_cache(maxsize=1024)
def _since(op: str, opset: int) -> int:
    from onnx import defs

    try:
        return defs.get_schema(op, opset, "").since_version
    except defs.SchemaError:
        return 0


def as_model(model: "ModelProto", function: "FunctionProto", target: int) -> "ModelProto":
    """Return the body of a local function as a model of its own, to be converted."""
    from onnx import helper

    inputs = [helper.make_empty_tensor_value_info(name) for name in function.input]
    outputs = [helper.make_empty_tensor_value_info(name) for name in function.output]
    graph = helper.make_graph(list(function.node), function.name, inputs, outputs)
    opsets = list(function.opset_import or model.opset_import)
    body = helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)
    return hidden(body, target)


def _all_nodes(graph: "GraphProto") -> "Iterator[NodeProto]":
    for node in graph.node:
        yield node
        for _, _, inner in inner_graphs(node):
            yield from _all_nodes(inner)


def is_default(node: "NodeProto") -> bool:
    """Whether a node is of the default operator set."""
    return node.domain in {"", "ai.onnx"}


def name_of(node: "NodeProto") -> str:
    """Return a node's name, or what it makes where it has none."""
    return node.name or (node.output[0] if node.output else node.op_type)


def refuse_lost(node: "NodeProto", before: int, target: int) -> None:
    """Refuse a node that the converter left alone though an attribute of it is gone."""
    if not is_default(node):
        return
    old, new = _attributes_at(node.op_type, before), _attributes_at(node.op_type, target)
    for attribute in node.attribute:
        if attribute.name in old and attribute.name not in new:
            reason = f"attribute {attribute.name} of {node.op_type} is gone in opset {target}"
            raise ConventionError(f"node {name_of(node)!r}: {reason}")


@lru_cache(maxsize=1024)
def _attributes_at(op: str, opset: int) -> frozenset[str]:
    """Return the attributes that an operator has at an opset; none where it is not known."""
    from onnx import defs

    try:
        return frozenset(defs.get_schema(op, opset, "").attributes)
    except defs.SchemaError:
        return frozenset()


def same(old: "NodeProto", new: "NodeProto") -> bool:
    """Whether the converter left a node as it was, apart from what it always drops.

    Raises:
        ConventionError: it did not, and an attribute is an argument of the local function,
            whose value the converter loses.
    """
    bound = {a.name for a in old.attribute if a.ref_attr_name}
    before, after = _plain(old), _plain(new)
    unchanged = (old.op_type, list(old.input)) == (new.op_type, list(new.input))
    if unchanged and before.keys() == after.keys():
        unchanged = all(before[name] == after[name] for name in before if name not in bound)
    else:
        unchanged = False
    if not unchanged:
        refuse_bound(old)
    return unchanged


def refuse_bound(node: "NodeProto") -> None:
    """Refuse a node that changes and takes an argument of its local function."""
    if any(a.ref_attr_name for a in node.attribute):
        reason = f"{node.op_type} changed and takes an argument of its function"
        raise ConventionError(f"node {name_of(node)!r}: {reason}")


def _plain(node: "NodeProto") -> dict[str, object]:
    return {a.name: _value(a) for a in node.attribute if not (a.graphs or a.HasField("g"))}


def _value(attribute: "AttributeProto") -> object:
    values: list[object] = []
    for field, value in attribute.ListFields():
        if field.name not in {"name", "doc_string", "type"}:
            values.append((field.name, str(value)))
    return values


def with_record(node: "NodeProto", original: "NodeProto") -> "NodeProto":
    """Return the old node with another type, inputs, outputs and attributes.

    Its name, text, records and unknown fields stay.
    """
    out = type(node)()
    out.CopyFrom(original)
    for field in ("op_type", "domain", "input", "output", "attribute"):
        out.ClearField(field)
    out.op_type = node.op_type
    out.input.extend(node.input)
    out.output.extend(node.output)
    out.attribute.extend(node.attribute)
    return out
