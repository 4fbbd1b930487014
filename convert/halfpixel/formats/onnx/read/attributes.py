"""Attributes of a node: of the types that its operator declares, each given once.

Source: ONNX `onnx.proto`, message AttributeProto, whose field `type` says which of the others holds
the value; `docs/IR.md`, section "Functions", for references.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from halfpixel.conventions.onnx.attributes import DEFAULT_DOMAINS, KINDS, TYPES
from halfpixel.errors import GraphError
from halfpixel.site import Attribute
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import AttributeProto, FunctionProto, NodeProto, TensorProto

Arguments = Mapping[str, "AttributeProto | None"]
"""What a function is called with, by name; None for an attribute that the call leaves out."""

_WORDS: Final = {number: kind for kind, number in KINDS.items()}
_FIELDS: Final = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"} | {
    11: "sparse_tensor"
}
"""The field that holds a value, by the type of the attribute."""

NUMBERS_A_STEP: Final = 32
"""Numbers of an attribute that are read for a step of work."""

_BESIDE: Final = frozenset({"name", "type", "doc_string", "ref_attr_name"})
_HELD: Final = {field: _WORDS[number] for number, field in _FIELDS.items()}


def attributes_of(node: "NodeProto", arguments: Arguments | None) -> dict[str, Attribute]:
    """Return a node's attributes as plain values; tensors and graphs are left out.

    Args:
        node: the node.
        arguments: for a node in a function, what the function is called with; None outside of any.

    Raises:
        GraphError: an attribute that is read has another type than its operator declares, or none,
            holds a value of another type than it says, is given twice, or refers to what is not
            there. The reason names the attribute and its value.
    """
    out: dict[str, Attribute] = {}
    types: Mapping[str, int] = {}
    if node.domain in DEFAULT_DOMAINS:
        types = TYPES.get(node.op_type, types)
    seen = set[str]()
    for attribute in node.attribute:
        name = attribute.name
        if types:
            if name not in types:
                continue  # the operator has none of that name
            if name in seen:
                raise _refused(node, f"{name} is given twice")
            seen.add(name)
        source = _resolved(node, attribute, arguments, types)
        if source is None:
            continue
        if name in types:
            _check(node, name, source, types[name])
        value = plain_attribute(source)
        if isinstance(value, tuple):
            spend(len(value) // NUMBERS_A_STEP)
        if value is not None:
            out[name] = value
    return out


def constant_tensor(node: "NodeProto", arguments: Arguments | None) -> "TensorProto | None":
    """Return the tensor of a Constant node, or None where it has none; raises as above."""
    for attribute in node.attribute:
        if attribute.name == "value":
            source = _resolved(node, attribute, arguments, TYPES["Constant"])
            if source is None:
                return None
            _check(node, "value", source, KINDS["tensor"])
            return source.t
    return None


def arguments_of(
    node: "NodeProto", function: "FunctionProto", outer: Arguments | None
) -> Arguments:
    """Return what a function is called with by a node.

    Args:
        node: the call.
        function: what is called.
        outer: for a call in a function, what that one is called with.

    Raises:
        GraphError: an attribute of the call is given twice, or refers to what is not there.
    """
    given: dict[str, AttributeProto | None] = dict.fromkeys(function.attribute)
    given |= {one.name: one for one in function.attribute_proto}
    seen = set[str]()
    for attribute in node.attribute:
        if attribute.name in seen:
            raise _refused(node, f"{attribute.name} is given twice")
        seen.add(attribute.name)
        source = _resolved(node, attribute, outer, given)
        if source is not None:
            given[attribute.name] = source
    return given


def _resolved(
    node: "NodeProto",
    attribute: "AttributeProto",
    arguments: Arguments | None,
    read: Mapping[str, object],
) -> "AttributeProto | None":
    """Return the attribute itself, or what it refers to; None where a call leaves that out."""
    name = attribute.ref_attr_name
    if not name:
        return attribute
    if arguments is not None and name in arguments:
        return arguments[name]
    if attribute.name not in read:
        return None
    where = "stands in none" if arguments is None else "the function has none of that name"
    raise _refused(
        node, f"{attribute.name} refers to attribute {name!r} of a function, and {where}"
    )


def _check(node: "NodeProto", name: str, attribute: "AttributeProto", wanted: int) -> None:
    """Refuse an attribute of another type, or whose value is of another type than it says."""
    kind = attribute.type
    held = [f.name for f, _ in attribute.ListFields() if f.name not in _BESIDE]
    if kind != wanted:
        found = " and ".join(_HELD.get(field, field) for field in held) or "nothing"
        value = plain_attribute(attribute)
        if kind not in _WORDS:
            told = f"{name} says no type that is known, and holds {found}"
        elif value is None:
            told = f"{name} is a {_WORDS[kind]}"
        else:
            import reprlib

            told = f"{name} is {reprlib.repr(value)} ({_WORDS[kind]})"
        raise _refused(node, f"{told}, expected {_WORDS[wanted]}")
    if not held and _has_stray(attribute):
        raise _refused(node, f"{name} holds what is no {_WORDS[kind]}")
    if any(field != _FIELDS[kind] for field in held):
        found = " and ".join(_HELD.get(field, field) for field in held)
        raise _refused(node, f"{name} says that it is {_WORDS[kind]}, and holds {found}")


def _has_stray(attribute: "AttributeProto") -> bool:
    """Whether a field was set aside by protobuf, since its bytes are of another kind."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    return len(UnknownFieldSet(attribute)) > 0


def _refused(node: "NodeProto", reason: str) -> GraphError:
    name = node.name or (node.output[0] if node.output else node.op_type)
    return GraphError("", name, reason)


def plain_attribute(attribute: "AttributeProto") -> Attribute | None:  # noqa: PLR0911 - a table
    """Return an attribute as a plain value; None for a tensor or a graph."""
    match attribute.type:
        case 1:
            return attribute.f
        case 2:
            return attribute.i
        case 3:
            return attribute.s.decode("utf-8", "replace")
        case 6:
            return tuple(attribute.floats)
        case 7:
            return tuple(attribute.ints)
        case 8:
            return tuple(s.decode("utf-8", "replace") for s in attribute.strings)
        case _:
            return None
