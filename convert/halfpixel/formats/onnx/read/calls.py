"""Functions and subgraphs as scopes; which calls lead to a site, and which are alike.

A function is looked at once for all calls that tell it the same, so that functions that call the
next one twice take no more than one look each.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.attributes import arguments_of
from halfpixel.formats.onnx.read.scope import Scope, inner_graphs
from halfpixel.formats.onnx.read.surroundings import layers_above, maker_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfoProto

Functions = Mapping[tuple[str, str], tuple[int, "FunctionProto"]]

MOST_MEANINGS: Final = 64
"""In how many ways a function may be called that are told apart."""

SMALL: Final = 1024
"""Bytes of a constant that calls are told apart by; larger ones count by their name."""

NEAR: Final = 64
"""Nodes that are followed back from an argument."""


def leading_to(
    functions: Functions, is_wanted: "Callable[[Sequence[NodeProto]], bool]"
) -> Functions:
    """Return the functions whose nodes are wanted, and those that lead to them by their calls.

    Args:
        functions: the model's, by domain and name.
        is_wanted: tells it of the nodes of a function, those of its subgraphs too.

    Raises:
        GraphError: functions that call themselves, by way of others or not.
    """
    called: dict[tuple[str, str], list[tuple[str, str]]] = {}
    found: set[tuple[str, str]] = set()
    for key, (_, function) in functions.items():
        nodes = _nodes(function.node)
        called[key] = list(dict.fromkeys(n for n in map(_called, nodes) if n in functions))
        if is_wanted(nodes):
            found.add(key)
    for key in _innermost_first(called):
        if not found.isdisjoint(called[key]):
            found.add(key)
    return {key: functions[key] for key in functions if key in found}


def _called(node: "NodeProto") -> tuple[str, str]:
    return node.domain, node.op_type


def _nodes(body: "Sequence[NodeProto]") -> "list[NodeProto]":
    """Return the nodes of a function, those of its subgraphs too."""
    found = list(body)
    for node in found:  # grows while it is walked
        for attribute in node.attribute:
            if attribute.graphs or attribute.HasField("g"):
                found += [one for _, _, graph in inner_graphs(node) for one in graph.node]
                break
    return found


def _innermost_first(
    called: Mapping[tuple[str, str], Sequence[tuple[str, str]]],
) -> list[tuple[str, str]]:
    """Return functions behind all that they call."""
    order: dict[tuple[str, str], None] = {}
    for start in called:
        open_calls = [(start, iter(called[start]))]
        above = {start}
        while open_calls and start not in order:
            key, rest = open_calls[-1]
            inner = next((one for one in rest if one not in order), None)
            if inner is None:
                open_calls.pop()
                above.discard(key)
                order[key] = None
            elif inner in above:
                raise GraphError("", inner[1], "a function that calls itself")
            else:
                above.add(inner)
                open_calls.append((inner, iter(called[inner])))
    return list(order)


def unrolled(functions: Functions) -> int:
    """Return how many nodes the largest function has with all that it calls written out."""
    nodes = {key: _nodes(function.node) for key, (_, function) in functions.items()}
    called = {
        key: [name for name in map(_called, body) if name in functions]
        for key, body in nodes.items()
    }
    counts: dict[tuple[str, str], int] = {}
    for key in _innermost_first({key: list(dict.fromkeys(c)) for key, c in called.items()}):
        counts[key] = len(nodes[key]) + sum(counts[inner] for inner in called[key])
    return max(counts.values(), default=0)


def functions_of(model: "ModelProto") -> Functions:
    """Return the functions of a model with their places, by domain and name."""
    return {(f.domain, f.name): (index, f) for index, f in enumerate(model.functions)}


def meaning(scope: Scope, function: "FunctionProto") -> object:
    """Return all that a call tells its function, hashable.

    Args:
        scope: the function's body at this call.
        function: the function.
    """
    arguments = scope.arguments or {}
    given = [
        (name, b"" if one is None else one.SerializeToString()) for name, one in arguments.items()
    ]
    known: dict[tuple[int, str], object] = {}
    inputs: list[object] = []
    for name in function.input:
        where, outer = scope.resolve(name)
        if (id(where), outer) not in known:  # many inputs may be one value
            known[id(where), outer] = _told(scope, name)
        inputs.append(known[id(where), outer])
    return tuple(inputs), tuple(sorted(given)), tuple(sorted(scope.opsets.items()))


def _told(scope: Scope, name: str) -> object:
    """Return what a function can know of one of its inputs."""
    if name not in scope.bound:
        return None
    tensor = scope.constant(name)
    constant: object = None
    if tensor is None:
        constant = scope.numbers(name)
    elif tensor.ByteSize() <= SMALL:
        constant = tensor.SerializeToString()
    else:
        where, outer = scope.resolve(name)
        constant = where.container, outer
    around = maker_of(scope, name), layers_above(scope, name, NEAR)
    return scope.shape(name), scope.dtype(name), constant, around


def path_of(outer: str, inner: str) -> str:
    """Return the path of a graph in another."""
    return f"{outer}/{inner}" if outer else inner


def body_of(scope: Scope, node: "NodeProto", index: int, function: "FunctionProto") -> Scope:
    """Return the body of a function as it is called by `node`."""
    opsets = {entry.domain: entry.version for entry in function.opset_import}
    return Scope(
        path=path_of(scope.path, f"{node.name or function.name}.{function.name}"),
        nodes=function.node,
        opsets=opsets or scope.opsets,
        file=scope.file,
        constants={},
        values={value.name: value for value in function.value_info},
        bound={
            formal: (scope, actual)
            for formal, actual in zip(function.input, node.input, strict=False)
            if actual
        },
        arguments=arguments_of(node, function, scope.arguments),
        container=("function", index),
    )


def inner_scope(
    scope: Scope, graph: "GraphProto", path: str, container: tuple[str | int, ...]
) -> Scope:
    """Return a subgraph of a node, which sees the names around it."""
    values: Sequence[ValueInfoProto] = [*graph.value_info, *graph.input, *graph.output]
    return Scope(
        path=path,
        nodes=graph.node,
        opsets=scope.opsets,
        file=scope.file,
        constants={tensor.name: tensor for tensor in graph.initializer},
        values={value.name: value for value in values},
        outer=scope,
        arguments=scope.arguments,
        outputs=frozenset([value.name for value in graph.output]),
        container=container,
    )
