"""An ONNX model as onnx2torch reads it: its sites kept apart, and what is constant computed.

onnx2torch has converters for operators up to opset 17, and what it makes of a Resize is another
convention for some attributes. So its lengths are fixed first, and what follows from them alone is
computed by onnxruntime; each site becomes one node of a domain of its own; and every other node is
said in the words of opset 17, where these say the same.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from halfpixel.checking.check import opened
from halfpixel.converting.onnx_in.older import DOMAIN, NEWEST, lower
from halfpixel.formats.onnx.read.external_data import whole_model
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.site import Site

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

    from halfpixel.arrays import Arrays


SITE: Final = "Site"

DATA: Final = {"Resize": 1, "Upsample": 1, "GridSample": 2, "AffineGrid": 1}
"""Operators that are kept apart, and how many of their inputs are not constants."""

RANDOM: Final = ("Random", "Bernoulli", "Multinomial")
FROM_LENGTHS: Final = ("Shape", "Size")
ROUNDS: Final = 16


def prepare(path: Path, feeds: "Arrays") -> "tuple[ModelProto, list[Site]]":
    """Return a model as onnx2torch reads it, and the sites that are kept apart in it.

    Args:
        path: the file.
        feeds: inputs of the lengths that it is to have.

    Raises:
        GraphError: a node that cannot be said in the words of opset 17.
        Exception: what onnx and onnxruntime raise.
    """
    model = inlined(whole_model(path))
    fix_lengths(model, feeds)
    hoist(model)
    fold_constants(model, feeds, path.name)
    sites = isolate_sites(model)
    lower(model)
    _drop_unread(model)
    return model, sites


def inlined(model: "ModelProto") -> "ModelProto":
    """Return a model without functions: its own, and operators newer than opset 17 that are one."""
    from onnx import defs, inliner

    old = {schema.name for schema in defs.get_all_schemas_with_history()
           if schema.domain == "" and schema.since_version <= NEWEST}  # fmt: skip
    newer = {("", node.op_type) for node in model.graph.node if node.domain == ""}
    newer = {(domain, name) for domain, name in newer if name not in old and name not in DATA}
    plain = inliner.inline_local_functions(model)
    if not newer:
        return plain
    newer.add(("", "CastLike"))  # which their bodies use
    return inliner.inline_selected_functions(plain, sorted(newer), inline_schema_functions=True)


def fix_lengths(model: "ModelProto", feeds: "Arrays") -> None:
    """Set the lengths of a model's inputs, and forget those that were recorded for others."""
    from onnx import helper

    for value in model.graph.input:
        if value.name in feeds:
            kind, shape = value.type.tensor_type.elem_type, feeds[value.name].shape
            value.CopyFrom(helper.make_tensor_value_info(value.name, kind, shape))
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")


def hoist(model: "ModelProto") -> None:
    """Make initializers of Constant nodes, whose attributes are others in each opset."""
    import numpy as np
    from onnx import helper, numpy_helper

    ends = {value.name for value in model.graph.output}
    kept: list[NodeProto] = []
    for node in model.graph.node:
        if node.op_type != "Constant" or node.output[0] in ends:
            kept.append(node)
            continue
        (attribute,) = node.attribute
        value: Any = helper.get_attribute_value(attribute)
        if attribute.name != "value":
            kind = "float32" if attribute.name.startswith("value_float") else "int64"
            value = numpy_helper.from_array(np.array(value, kind))
        tensor = model.graph.initializer.add()
        tensor.CopyFrom(value)
        tensor.name = node.output[0]
    _set_nodes(model, kept)


def fold_constants(model: "ModelProto", feeds: "Arrays", name: str) -> None:
    """Put numbers in the place of what follows from constants and lengths alone.

    Lengths are those that onnx's shape inference is sure of: a length that the numbers of an
    input decide stays as it is. Raises what onnxruntime raises.
    """
    from onnx import numpy_helper

    for _ in range(ROUNDS):
        wanted = _foldable(model)
        if not wanted:
            return
        side = Side(model.SerializeToString(), label=name)
        running = runtime_of(side).started(side, RunSettings(optimised=False))
        found = running.run(feeds, wanted)
        numbers = {name: a for name, a in found.items() if a.dtype.kind in "iufb"}
        if not numbers:
            return
        kept = [node for node in model.graph.node if not set(node.output) & set(numbers)]
        _set_nodes(model, kept)
        model.graph.initializer.extend(
            numpy_helper.from_array(array, name) for name, array in numbers.items()
        )
        _drop_unread(model)


def _foldable(model: "ModelProto") -> list[str]:
    """Return the values that other nodes read and that no input's numbers reach."""
    lengths = _known_lengths(model)
    graph = model.graph
    still = {tensor.name for tensor in graph.initializer}
    made: dict[str, NodeProto] = {}
    for node in graph.node:
        inner = any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)
        sure = (
            set(node.input) <= lengths
            if node.op_type in FROM_LENGTHS
            else ({name for name in node.input if name} <= still)
        )
        if sure and not inner and len(node.output) == 1 and not node.op_type.startswith(RANDOM):
            still.update(node.output)
            made[node.output[0]] = node
    ends = {value.name for value in graph.output}
    readers = (node for node in graph.node if node.output[0] not in made or node.output[0] in ends)
    read = dict.fromkeys(name for node in readers for name in node.input)
    return [name for name in read if name in made and name not in ends]


def _known_lengths(model: "ModelProto") -> set[str]:
    """Return the values of which every length is known."""
    from onnx import shape_inference

    done = shape_inference.infer_shapes(model, data_prop=True)
    values = (*done.graph.value_info, *done.graph.input)
    known = {
        value.name
        for value in values
        if value.type.tensor_type.HasField("shape")
        and all(dim.HasField("dim_value") for dim in value.type.tensor_type.shape.dim)
    }
    return known | {tensor.name for tensor in model.graph.initializer}


def _drop_unread(model: "ModelProto") -> None:
    """Leave out the nodes and initializers that no output needs."""
    needed = {value.name for value in model.graph.output}
    kept: list[NodeProto] = []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            needed.update(_reads(node))
            kept.append(node)
    _set_nodes(model, kept[::-1])
    tensors = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    del model.graph.initializer[:]
    model.graph.initializer.extend(tensors)


def _reads(node: "NodeProto") -> Iterator[str]:
    """Yield the values that a node reads, those of its subgraphs among them."""
    yield from node.input
    for attribute in node.attribute:
        for graph in (*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs):
            for inner in graph.node:
                yield from _reads(inner)


def _set_nodes(model: "ModelProto", nodes: "Sequence[NodeProto]") -> None:
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


def isolate_sites(model: "ModelProto") -> list[Site]:
    """Make each site a node of halfpixel's own domain, which reads what it resamples alone.

    Returns:
        The sites, in the order of the attribute `place` of their nodes.
    """
    from onnx import helper, shape_inference

    done = shape_inference.infer_shapes(model, data_prop=True)
    model.graph.value_info.extend(done.graph.value_info)
    read = opened(model)
    nodes = {name: node for node in model.graph.node for name in node.output}
    found: list[Site] = []
    for site, end in zip(read.sites, read.site_values, strict=True):
        node = nodes.get(end.output)
        count = DATA.get(site.op)
        if node is None or count is None or node.op_type != site.op or not end.main:
            continue
        apart = helper.make_node(
            SITE, node.input[:count], node.output, node.name, domain=DOMAIN, place=len(found)
        )
        node.CopyFrom(apart)
        found.append(site)
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    return found
