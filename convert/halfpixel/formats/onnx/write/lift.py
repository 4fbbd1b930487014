"""A model at a later opset, every node meaning what it meant.

onnx's own version converter knows what changed in every operator. It is run on the structure
of the model, and only what it changed is taken over, node by node, so that names, metadata,
functions and weights stay, which it would drop. Where it is wrong or silent it is corrected:

- Upsample and Resize-10 are kept from it and written here, as Resize with `asymmetric` and the
  rounding that runtimes use; the converter leaves both out, and the result changes;
- Hardmax before 13 works on all axes from its own on, which the converter forgets;
- what stands in a local function is converted on its own, and added;
- a model that it cannot convert is refused with its reason, and stays as it is.

Source: onnx `onnx/version_converter`; ONNX `docs/Changelog.md`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.onnx.resize import FIRST_RESIZE, RESIZES, early_attributes
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.edit import Container, GraphEdit, OnnxEdit
from halfpixel.formats.onnx.read.place import Place
from halfpixel.formats.onnx.read.scope import inner_graphs
from halfpixel.formats.onnx.write.builder import Nodes, names_in
from halfpixel.formats.onnx.write.version_converter import (
    Names,
    as_model,
    converted,
    hidden,
    is_default,
    name_of,
    opset_of,
    refuse_bound,
    refuse_lost,
    same,
    with_record,
)

if TYPE_CHECKING:
    from onnx import FunctionProto, GraphProto, ModelProto, NodeProto

HARDMAX_ALONE: Final = 13
"""First opset whose Hardmax works along its one axis alone."""


Made = tuple[Container, str]
"""A value by the list of nodes that makes it and its name, which other lists may use too."""


class Lift(Struct, frozen=True):
    """What is needed to take a model to a later opset.

    Attributes:
        model: the model, or its skeleton.
        target: the later opset.
        scales: for a resize before opset 11, its constant scales.
        free: resizes that get other attributes anyway.
    """

    model: "ModelProto"
    target: int
    scales: Mapping[Made, tuple[float, ...]]
    free: frozenset[Made]

    def edit(self) -> OnnxEdit:
        """Return the change.

        Raises:
            ConventionError: a node cannot be taken there, with the reason.
        """
        before = opset_of(self.model)
        taken = names_in(self.model)
        out = OnnxEdit(opset=self.target)
        main = converted(hidden(self.model, self.target), self.target)
        place = _Place(("graph",), taken, before)
        self._graph(self.model.graph, main.graph, out.graph, place)
        for index, function in enumerate(self.model.functions):
            body = converted(as_model(self.model, function, self.target), self.target)
            edit = out.functions.setdefault(index, GraphEdit())
            self._graph(function, body.graph, edit, _Place(("function", index), taken, before))
        return out

    def _graph(
        self,
        old: "GraphProto | FunctionProto",
        new: "GraphProto",
        edit: GraphEdit,
        where: "_Place",
    ) -> None:
        """Find what the converter changed, by the outputs of each node."""
        taken, before = where.taken, where.before
        known = {tuple(node.output): (index, node) for index, node in enumerate(old.node)}
        kept = {t.name for t in getattr(old, "initializer", ())}
        added = {t.name: t for t in new.initializer if t.name not in kept}
        names = Names(taken)
        pending: list[NodeProto] = []
        seen: set[int] = set()
        for node in new.node:
            found = known.get(tuple(node.output))
            if found is None:
                pending.append(names.renamed(node, new=True))
                continue
            index, original = found
            seen.add(index)
            new_constants = [names.constant(added.pop(n)) for n in node.input if n in added]
            pending = new_constants + pending
            if original.op_type in RESIZES and is_default(original) and before < FIRST_RESIZE:
                edit.nodes[index] = [*pending, *self._resize(original, where)]
            elif is_default(original) and original.op_type == "Hardmax" and self._parts(before):
                edit.nodes[index] = self._hardmax(original, taken)
            elif not same(original, node):
                if inner_graphs(original):
                    raise ConventionError(
                        f"node {name_of(original)!r} ({original.op_type}) holds graphs and changed"
                    )
                edit.nodes[index] = [*pending, with_record(names.renamed(node), original)]
            else:
                refuse_lost(original, before, self.target)
                if pending:
                    edit.nodes[index] = [*pending, None]
                self._inner(original, node, index, edit, where)
            pending = []
        if pending or len(seen) != len(old.node):
            raise ConventionError("the version converter left out a node")

    def _inner(
        self, old: "NodeProto", new: "NodeProto", index: int, edit: GraphEdit, where: "_Place"
    ) -> None:
        after = {
            (new.attribute[number].name, place): graph for number, place, graph in inner_graphs(new)
        }
        for number, place, graph in inner_graphs(old):
            change = GraphEdit()
            name = old.attribute[number].name
            inside = replace(where, container=(*where.container, index, number, place))
            self._graph(graph, after[name, place], change, inside)
            if change:
                edit.inner[index, number, place] = change

    def _resize(self, node: "NodeProto", where: "_Place") -> "list[NodeProto]":
        """Return Resize nodes that compute what an Upsample or Resize-10 computes."""
        refuse_bound(node)
        if not node.input or not node.output:
            raise ConventionError(f"node {name_of(node)!r} has no input or no output")
        mode = next(
            (a.s.decode(errors="replace") for a in node.attribute if a.name == "mode"), "nearest"
        )
        output = node.output[0]
        made = where.container, output
        scales = self.scales.get(made)
        nodes = Nodes(f"{output}_halfpixel", where.taken, self.target)
        empty = ""
        if self.target < 13:
            empty = nodes.floats([], "roi")
        if mode != "nearest" or made in self.free:
            steps: list[tuple[str, Sequence[float] | None]] = [("floor", None)]
        elif scales is None and node.op_type == "Resize":
            raise ConventionError(
                f"node {name_of(node)!r} rounds by the value of scales that the graph computes"
            )
        else:
            steps = _steps(scales)
        x = node.input[0]
        given = node.input[1] if len(node.input) > 1 else ""
        for place, (rounding, values) in enumerate(steps):
            last = place + 1 == len(steps)
            name = given
            if values is not None or not given:
                name = nodes.floats(values or scales or [], "scales")
            attributes = early_attributes(mode, rounding)
            target = output if last else ""
            x = nodes.add_with(attributes, "Resize", [x, empty, name], output=target)
        nodes.made[-1].name = node.name
        return [*nodes.made[:-1], with_record(nodes.made[-1], node)]

    def _parts(self, before: int) -> bool:
        """Whether Hardmax means something else after the lift."""
        return before < HARDMAX_ALONE <= self.target

    def _hardmax(self, node: "NodeProto", taken: set[str]) -> "list[NodeProto | None]":
        """Return nodes that flatten, take the maximum of each row, and give the shape back."""
        refuse_bound(node)
        axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
        nodes = Nodes(f"{node.output[0]}_halfpixel", taken, self.target)
        shape = nodes.add("Shape", [node.input[0]])
        rows = nodes.add("Hardmax", [nodes.add("Flatten", [node.input[0]], axis=axis)], axis=-1)
        nodes.add("Reshape", [rows, shape], output=node.output[0])
        return [*nodes.made[:-1], with_record(nodes.made[-1], node)]


def _steps(scales: Sequence[float] | None) -> "list[tuple[str, Sequence[float] | None]]":
    """Return roundings and scales of the resizes that one nearest resize before 11 is.

    Runtimes round up along an axis that shrinks and down along one that grows; where both
    occur, one resize becomes two.

    >>> _steps((1.0, 1.0, 2.0, 0.5))
    [('floor', (1.0, 1.0, 2.0, 1.0)), ('ceil', (1.0, 1.0, 1.0, 0.5))]
    """
    shrinks = [scale < 1 for scale in scales or ()]
    grows = [scale > 1 for scale in scales or ()]
    if scales is None or not any(shrinks):
        return [("floor", None)]
    if not any(grows):
        return [("ceil", None)]
    return [
        ("floor", tuple(max(scale, 1.0) for scale in scales)),
        ("ceil", tuple(min(scale, 1.0) for scale in scales)),
    ]


class _Place(Struct, frozen=True):
    """A list of nodes, the names that are taken in its model, and the model's opset."""

    container: Container
    taken: set[str]
    before: int


def scales_before_11(places: Sequence[Place]) -> dict[Made, tuple[float, ...]]:
    """Return the constant scales of resizes, by the value that each makes."""
    return {
        (place.scope.container, place.output): place.site.operation.scales
        for place in places
        if place.site.op in RESIZES and place.site.operation.scales is not None
    }
