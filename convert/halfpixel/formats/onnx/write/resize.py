"""A Resize node written anew: other attributes, other lengths, or in the place of an old one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from halfpixel.conventions.onnx.vocabulary import Form
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.read.walk import Place
from halfpixel.formats.onnx.write.builder import Ends, Nodes
from halfpixel.formats.onnx.write.lowering import computed_size
from halfpixel.formats.onnx.write.spelling import words_of
from halfpixel.sampling.lowering import Cost
from halfpixel.site import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from onnx import AttributeProto, NodeProto


@dataclass(frozen=True, slots=True)
class Written:
    """What a site was written as.

    Attributes:
        nodes: the nodes, the last of which makes the site's output.
        text: the change in words.
        cost: what the original and the new operators cost, where lengths are known.
    """

    nodes: "list[NodeProto]"
    text: str
    cost: tuple[Cost, Cost] | None = None


def kept_records(
    place: Place, nodes: Nodes, text: str, costs: tuple[Cost, Cost] | None = None
) -> Written:
    """Give the last new node the name and the records of the old one."""
    last = nodes.made[-1]
    last.name = place.node.name or last.name
    last.metadata_props.extend(place.node.metadata_props)
    return Written(nodes.made, text, costs)


def as_form(place: Place, form: Form, nodes: Nodes, ends: Ends, *, lifted: bool) -> Written:
    """Write a Resize: the old node with other attributes, or a new one."""
    operation = place.site.operation
    if operation.op != "Resize" or operation.hidden or operation.opset < 11:
        node = _new_resize(place, operation)
        said = words_of(form)
    else:
        node, changed = with_attributes(place.node, operation, _complete(form, operation))
        parts = [f"{name}={value}" for name, value in changed.items()]
        if form.by != "kept":
            parts.append(words_of(Form({}, form.by, form.values)).lstrip(", "))
        said = ", ".join(parts)
        if not said and not lifted:
            raise ConventionError("it already says so")
        said = said or words_of(form)
    if operation.op != "Resize" or operation.hidden or operation.opset < 11:
        node, _ = with_attributes(node, operation, form.attributes, fresh=True)
    if form.by != "kept":
        _give_lengths(node, operation, form, nodes, ends)
    node.output[0] = ends.y
    nodes.made.append(node)
    return Written(nodes.made, f"set {said}" if operation.op == "Resize" else f"Resize: {said}")


def _complete(form: Form, operation: Operation) -> dict[str, object]:
    """Return the form's attributes, and 0 for those that must not stand at another value."""
    quiet = {
        name: 0
        for name in ("antialias", "exclude_outside")
        if operation.attributes.get(name) and name not in form.attributes
    }
    if form.by != "kept" and operation.attributes.get("keep_aspect_ratio_policy"):
        return {**form.attributes, **quiet, "keep_aspect_ratio_policy": "stretch"}
    return {**form.attributes, **quiet}


def _new_resize(place: Place, operation: Operation) -> "NodeProto":
    from onnx import helper

    node = helper.make_node("Resize", [place.data], [place.output], name=place.node.name)
    if not operation.hidden:
        node.input.extend(place.node.input[1:])
    node.metadata_props.extend(place.node.metadata_props)
    return node


def _give_lengths(
    node: "NodeProto", operation: Operation, form: Form, nodes: Nodes, ends: Ends
) -> None:
    """Connect new scales or sizes in the place of what was connected."""
    given = operation.attributes.get("axes") if not operation.hidden else None
    rank = len(form.values)
    axes = [int(a) % rank for a in given] if isinstance(given, tuple) else list(range(rank))
    values = [form.values[axis] for axis in axes]
    roi = node.input[1] if len(node.input) > 1 and not operation.hidden else ""
    empty = "" if nodes.opset >= 13 else nodes.floats([], "empty")
    if operation.opset < 11:
        roi = empty
    inputs = [ends.x, roi or empty]
    if form.by == "scales":
        inputs.append(nodes.floats([1.0 if v is None else v for v in values], "scales"))
    elif form.by == "sizes" and None not in values:
        inputs += [empty, nodes.ints([int(v or 0) for v in values], "sizes")]
    else:
        inputs += [empty, _joined_sizes(nodes, ends, axes, form)]
    del node.input[:]
    node.input.extend(inputs)


def _joined_sizes(nodes: Nodes, ends: Ends, axes: list[int], form: Form) -> str:
    """Return sizes put together in the graph: known ones, scaled ones, those of the input."""
    parts: list[str] = []
    for axis in axes:
        value = form.values[axis]
        if value is None:
            parts.append(nodes.length(ends.x, axis))
        elif form.by == "sizes":
            parts.append(nodes.ints([int(value)], "size"))
        else:
            parts.append(computed_size(nodes, ends.x, axis, value))
    return nodes.add("Concat", parts, "sizes", axis=0)


def with_attributes(
    node: "NodeProto",
    operation: Operation,
    attributes: dict[str, object],
    *,
    fresh: bool = False,
    dropped: "Collection[str]" = (),
) -> "tuple[NodeProto, dict[str, object]]":
    """Return a copy of a node with attributes set or dropped, and those that changed."""
    from onnx import helper

    out = type(node)()
    out.CopyFrom(node)
    left = [_attribute_copy(a) for a in out.attribute if a.name not in dropped]
    del out.attribute[:]
    out.attribute.extend(left)
    old: Mapping[str, object] = {} if fresh else operation.attributes
    changed: dict[str, object] = {}
    for name, value in attributes.items():
        if name in old and _alike(old[name], value):
            continue
        if not fresh and name not in old and _alike(_DEFAULTS.get(name), value):
            continue
        changed[name] = value
        kept = [a for a in out.attribute if a.name != name]
        fitting = [*kept, helper.make_attribute(name, value)]
        copies = [_attribute_copy(a) for a in fitting]
        del out.attribute[:]
        out.attribute.extend(copies)
    return out, changed


def _attribute_copy(attribute: "AttributeProto") -> "AttributeProto":
    out = type(attribute)()
    out.CopyFrom(attribute)
    return out


_DEFAULTS: dict[str, object] = {
    "antialias": 0,
    "exclude_outside": 0,
    "cubic_coeff_a": -0.75,
}


def _alike(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) < 1e-6
    return a == b
