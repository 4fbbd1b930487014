"""What the first graph of a LiteRT model takes, and the values that it computes."""

from halfpixel.format import Port, Value
from halfpixel.formats.litert.graph import Graph
from halfpixel.formats.litert.read.contents import Contents


def ports_of(contents: Contents) -> tuple[Port, ...]:
    """Return what the first graph takes, in order."""
    graph = _first(contents)
    if graph is None:
        return ()
    taken = [graph.values[place] for place in graph.inputs if place >= 0]
    return tuple(Port(one.name, one.dtype.lower(), one.shape) for one in taken)


def values_of(contents: Contents) -> tuple[Value, ...]:
    """Return the values of the first graph, in the order in which they are computed."""
    graph = _first(contents)
    found: list[Value] = []
    for node in graph.nodes if graph is not None else ():
        names = [graph.values[place] for place in node.inputs if place >= 0] if graph else []
        reads = tuple(value.name for value in names if value.data is None)
        outs = [graph.values[place].name for place in node.outputs if place >= 0] if graph else []
        found += [Value(name, node.name, node.op, reads) for name in outs]
    return tuple(found)


def _first(contents: Contents) -> Graph | None:
    return contents.graph(0) if contents.subgraphs else None
