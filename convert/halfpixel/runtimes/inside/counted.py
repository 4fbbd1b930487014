"""How often each inner graph of an ONNX model runs: branches that are not taken, Loops of no trip.

Each branch and body returns ones for the graphs in it, and for those of the other branch zeros;
what a Loop or Scan stacks is summed. They are whole numbers: no value of the model is asked for.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.errors import HalfpixelError
from halfpixel.format import Opened
from halfpixel.formats.onnx.memory import in_memory
from halfpixel.formats.onnx.model import OnnxModel
from halfpixel.formats.onnx.read.scope import inner_graphs, name_of
from halfpixel.runtime import Running, RunSettings
from halfpixel.runtimes.inside.inner_values import (
    DEEPEST,
    NESTING,
    Container,
    own_name,
    scan_axes,
)
from halfpixel.runtimes.inside.laid_open import MOST_BYTES
from halfpixel.runtimes.onnxruntime_ import OnnxRunning
from halfpixel.runtimes.reference_ import ReferenceRunning
from halfpixel.site import Site

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto

    from halfpixel.arrays import Array

CALLED: Final = {"then_branch": "branch then", "else_branch": "branch else"}
"""What the branches of an If are called."""

INLINED: Final = "_inlfunc_"
"""How onnxruntime starts the name of a node of a function that it inlines, and its function's
(onnxruntime 1.31.1, run: `_inlfunc_Up_else_resize`)."""

NESTED: Final = 4
"""Parts of the container of an inner graph of the main graph: one and three a level."""


@dataclass
class Counting:
    """A model on its way to one that returns how often its inner graphs run, and nothing else.

    Attributes:
        proto: the model, which is changed.
        words: where each inner graph stands, in words.
        own: names of the nodes of its functions, which are inlined.
        nodes: names of the nodes of each graph; the operator and an underscore for none.
        counts: the output that counts each inner graph.
    """

    proto: "ModelProto"
    own: frozenset[str] = frozenset()
    words: dict[Container, str] = field(default_factory=dict[Container, str])
    nodes: dict[Container, list[str]] = field(default_factory=dict[Container, list[str]])
    counts: dict[Container, str] = field(default_factory=dict[Container, str])
    _made: int = 0

    def __post_init__(self) -> None:
        """Have the model count."""
        graph = self.proto.graph
        self.counts = self._graph(graph, ("graph",))
        del graph.output[:]
        graph.output.extend(_number(name) for name in self.counts.values())

    def _fresh(self) -> str:
        self._made += 1
        return f"/runs of inner graphs/{self._made}"

    def _graph(self, graph: "GraphProto", container: Container) -> dict[Container, str]:
        """Have the nodes of a graph count; return what the counts are called in it."""
        from onnx import helper

        found: dict[Container, str] = {}
        sums: list[NodeProto] = []
        self.nodes[container] = [
            own_name(node.name, self.own) or f"{node.op_type}_" for node in graph.node
        ]
        for index, node in enumerate(graph.node):
            if node.op_type not in NESTING or len(container) > 3 * DEEPEST:
                continue
            for inner, name in self._node(node, (*container, index)).items():
                found[inner] = name
                if node.op_type != "If":
                    found[inner] = self._fresh()
                    total = helper.make_node("ReduceSum", [name], [found[inner]], keepdims=0)
                    sums.append(total)
        graph.node.extend(sums)
        return found

    def _node(self, node: "NodeProto", place_of: Container) -> dict[Container, str]:
        """Have the graphs of a node return counts; return the outputs of the node that they are."""
        graphs = inner_graphs(node)
        given = len(graphs[0][2].output) - (node.op_type == "Loop") if graphs else 0
        node.output.extend([""] * (given - len(node.output)))  # those that nobody reads
        counts: list[dict[Container, str]] = []
        for number, place, graph in graphs:
            here = (*place_of, number, place)
            attribute = node.attribute[number].name
            self.words[here] = f"{CALLED.get(attribute, attribute)} of node {name_of(node)}"
            counts.append({here: "", **self._graph(graph, here)})
        found = {one: self._fresh() for several in counts for one in several}
        for (_, _, graph), own in zip(graphs, counts, strict=True):
            for one in found:
                _return(graph, self._fresh(), own.get(one))
        node.output.extend(found.values())
        if node.op_type == "Scan":
            scan_axes(node, len(found))
        return found


def _return(graph: "GraphProto", name: str, counted: str | None) -> None:
    """Have a graph return a count that it has; one for itself, where that is empty; else none."""
    from onnx import TensorProto, helper

    if counted:
        graph.node.append(helper.make_node("Identity", [counted], [name]))
    else:
        number = helper.make_tensor(name, TensorProto.INT64, [], [int(counted is not None)])
        graph.node.append(helper.make_node("Constant", [], [name], value=number))
    graph.output.append(_number(name))


def _number(name: str) -> "ValueInfoProto":
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.INT64, [])


@dataclass
class Counted:
    """A model that can be asked which of its inner graphs run.

    Attributes:
        running: the model that counts; None where there is nothing to count.
        counting: what it counts.
        sites: the graphs in which each site stands, by its id; several where a function is called
            as often.
    """

    running: OnnxRunning | None
    counting: Counting
    sites: dict[int, list[Container]]

    def ran(self, feeds: "Mapping[str, Array]") -> set[Container]:
        """Return the inner graphs that run at these inputs.

        Raises:
            RuntimeRefusal: the runtime refuses them.
        """
        counts = self.running.run(feeds) if self.running else {}
        return {
            one
            for one, name in self.counting.counts.items()
            if name in counts and counts[name].any()
        }

    def where(self, container: Container, ran: set[Container]) -> str:
        """Return the outermost graph around a list of nodes that did not run, in words.

        Empty where none of them is counted: what is too deep, and bodies of other operators.
        """
        around = [container[:end] for end in range(4, len(container) + 1, 3)]
        words = self.counting.words
        return next((words[one] for one in around if one in words and one not in ran), "")

    def placed(self, placement: Mapping[str, str], ran: set[Container]) -> dict[str, str]:
        """Return where nodes ran, without those of graphs that did not.

        Of nodes of one name, and of those without any, as many are left as ran.
        """
        names: tuple[Counter[str], Counter[str]] = Counter(), Counter()
        for container, nodes in self.counting.nodes.items():
            names[container == ("graph",) or container in ran].update(nodes)
        never, did = names
        found: dict[str, str] = {}
        seen: Counter[str] = Counter()
        for node, provider in placement.items():
            name = next((one for one in _written(node) if one in never), "")
            seen[name] += 1
            if not name or seen[name] <= did[name]:
                found[node] = provider
        return found


def _written(placed: str) -> Iterator[str]:
    """Yield what the file may call a node, of the name by which a runtime places it.

    >>> list(_written("_inlfunc_Up_up")), list(_written("Resize_3")), list(_written("up#7"))
    (['_inlfunc_Up_up', 'Up_up', 'up'], ['Resize_3', 'Resize_'], ['up#7', 'up'])
    """
    yield placed
    before, mark, number = placed.rpartition("#")
    if mark and number.isdigit():
        yield before  # a name that was there already (provider.py)
    before, mark, number = placed.rpartition("_")
    if mark and number.isdigit():
        yield f"{before}_"  # a node without a name (provider.py)
    if placed.startswith(INLINED):
        rest = placed.removeprefix(INLINED)
        yield rest
        while "_" in rest:
            rest = rest.partition("_")[2]
            yield rest


def in_graphs(model: Opened) -> list[Site]:
    """Return the sites of a model that stand in an inner graph, which may not run."""
    if not isinstance(model, OnnxModel):
        ends = zip(model.sites, model.site_values, strict=True)
        return [site for site, end in ends if not end.main]
    return [place.site for place in model.places if len(place.scope.container) >= NESTED]


def counted(running: Running, model: Opened) -> Counted | None:
    """Return a model that counts; None where it is no such model, or cannot be made one.

    Args:
        running: the model as it runs.
        model: its structure.
    """
    if not isinstance(running, OnnxRunning | ReferenceRunning):
        return None
    side = running.side
    if isinstance(running, ReferenceRunning):
        side = replace(side, where="", options={})
    try:
        found = _plain(running)
        if found is None or not isinstance(model, OnnxModel):
            return None
        proto, own = found
        places = OnnxModel(proto, _path(side.source)).places if own else model.places
        inside = [(own_name(p.site.name, own), p.scope.container) for p in places]
        if all(len(container) < NESTED for _, container in inside):
            return Counted(None, Counting(proto, own), dict(_placed(model.sites, inside)))
        counting = Counting(proto, own)
        how = RunSettings(optimised=False, fallback=True)
        started = OnnxRunning(side, how, OnnxModel(proto, None), proto.SerializeToString())
    except (HalfpixelError, AttributeError, OSError, ValueError, IndexError):
        return None
    return Counted(started, counting, dict(_placed(model.sites, inside)))


def _path(source: object) -> Path | None:
    return Path(source) if isinstance(source, str | Path) else None


def _plain(running: OnnxRunning | ReferenceRunning) -> "tuple[ModelProto, frozenset[str]] | None":
    """Return a copy of a model without functions, and the names of the nodes that those had."""
    from onnx import ModelProto, inliner

    path = _path(running.side.source)
    if path is not None and path.stat().st_size > MOST_BYTES:
        return None
    known = running.data if isinstance(running, OnnxRunning) else None
    data = (
        path.read_bytes() if path else known or in_memory(running.side.source).SerializeToString()
    )
    proto = ModelProto.FromString(data)
    own = frozenset(node.name for one in proto.functions for node in one.node if node.name)
    if proto.functions:
        try:
            proto = inliner.inline_local_functions(proto)
        except Exception:  # noqa: BLE001 - what it refuses is not looked into
            return None
    return proto, own


def _placed(
    sites: list[Site], inside: "list[tuple[str, Container]]"
) -> "Iterator[tuple[int, list[Container]]]":
    """Yield the id of each site with the graphs in which it stands, once functions are inlined."""
    if [site.name for site in sites] == [name for name, _ in inside]:
        yield from ((id(site), [one]) for site, (_, one) in zip(sites, inside, strict=True))
        return
    for site in sites:
        yield id(site), [container for name, container in inside if name == site.name]
