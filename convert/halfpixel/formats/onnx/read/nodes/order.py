"""The order of a graph: which node makes each value, and that none depends on itself."""

from typing import TYPE_CHECKING, NoReturn

from halfpixel.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from onnx import NodeProto


def producers_of(nodes: "Sequence[NodeProto]", path: str) -> dict[str, int]:
    """Return which node makes each value; one pass tells whether an input comes later.

    Raises:
        GraphError: the graph has a cycle, or two nodes make one value; the node is named.
    """
    producers: dict[str, int] = {}
    early: list[str] = []
    made = 0
    for i, node in enumerate(nodes):
        for name in node.input:
            if name not in producers:
                early.append(name)  # noqa: PERF401 - a list a node is slower
        for name in node.output:
            if name:
                producers[name] = i
                made += 1
    if made > len(producers):
        _refuse_second(nodes, path)
    if any(name in producers for name in early):
        _refuse_cycle(nodes, producers, path)
    return producers


def readers_of(nodes: "Sequence[NodeProto]") -> dict[str, list[int]]:
    """Return which nodes read each value, in order."""
    readers: dict[str, list[int]] = {}
    for i, node in enumerate(nodes):
        for name in node.input:
            readers.setdefault(name, []).append(i)
    return readers


def joined_in(nodes: "Sequence[NodeProto]", types: "Container[str]") -> frozenset[str]:
    """Return the values that nodes of some types read."""
    readers = (node for node in nodes if node.op_type in types)
    return frozenset(name for node in readers for name in node.input)


def _refuse_second(nodes: "Sequence[NodeProto]", path: str) -> NoReturn:
    """Raise for the first node that makes a value which another has made."""
    first: dict[str, NodeProto] = {}
    for node in nodes:
        for name in filter(None, node.output):
            if name in first:
                where = f" in {path}" if path else ""
                raise GraphError(
                    "",
                    node.name or name,
                    f"the value {name!r} is made{where} by this {node.op_type} and by "
                    f"{first[name].name or first[name].op_type!r}",
                )
            first[name] = node
    raise AssertionError("no value is made twice")


def _refuse_cycle(nodes: "Sequence[NodeProto]", producers: dict[str, int], path: str) -> None:
    """Raise where some node depends on its own output; a mere disorder is let pass."""
    waiting = [0] * len(nodes)
    readers: dict[int, list[int]] = {}
    for i, node in enumerate(nodes):
        for name in node.input:
            source = producers.get(name)
            if source is not None:
                waiting[i] += 1
                readers.setdefault(source, []).append(i)
    ready = [i for i, count in enumerate(waiting) if count == 0]
    done = 0
    while ready:
        done += 1
        for reader in readers.get(ready.pop(), ()):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    if done < len(nodes):
        stuck = next(node for i, node in enumerate(nodes) if waiting[i] > 0)
        where = f" in {path}" if path else ""
        name = stuck.name or (stuck.output[0] if stuck.output else stuck.op_type)
        raise GraphError(
            "", name, f"the graph has a cycle{where}: {stuck.op_type} depends on itself"
        )
