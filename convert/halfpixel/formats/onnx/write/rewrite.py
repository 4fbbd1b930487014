"""Sites written back: from what a site should compute to the smallest change of the model.

Three steps: choose for every site how it is said, at the newest opset that may be used; take
the model to the opset that these need; write each site, and drop what nobody reads any more.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from halfpixel.errors import ConventionError, GraphError, reason_of
from halfpixel.format import Change, Outcome
from halfpixel.formats.onnx.edit import (
    Container,
    OnnxEdit,
    applied,
    compose,
    drop_unread,
)
from halfpixel.formats.onnx.read.place import Place
from halfpixel.formats.onnx.read.walk import Walk
from halfpixel.formats.onnx.structure import RECORD
from halfpixel.formats.onnx.write.builder import names_in
from halfpixel.formats.onnx.write.external_data import payload_outside
from halfpixel.formats.onnx.write.lift import Lift, scales_before_11
from halfpixel.formats.onnx.write.lines import node_lines
from halfpixel.formats.onnx.write.plan import newest_for, opset_for, plan_of
from halfpixel.formats.onnx.write.site import nodes_of
from halfpixel.formats.onnx.write.version_converter import opset_of
from halfpixel.formats.plan import Plan, SizedResize, sized_change
from halfpixel.formats.planner import costs
from halfpixel.printable import printable
from halfpixel.work import one_node

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

    from halfpixel.formats.onnx.edit import Item
    from halfpixel.storage.remote_file import File


class Rewriting(Struct):
    """Changes of one model in the making.

    Attributes:
        model: the model, or its skeleton.
        places: its sites.
        file: the model's file, which external data is relative to; None for one in memory.
        newest: newest opset that may be used; None for any.
    """

    model: "ModelProto"
    places: Sequence[Place]
    file: "File | None"
    newest: int | None = None
    _goals: dict[int, SizedResize | None] = field(default_factory=dict[int, "SizedResize | None"])

    def edit(self, changes: Sequence[Change]) -> tuple[OnnxEdit, list[Outcome]]:
        """Return the edit that makes the changes, and what became of each.

        A change that cannot be made is declined; the others are made without it.
        """
        outcomes: dict[int, Outcome] = {}
        wanted = list(changes)
        self._goals = {id(c): sized_change(self.places[c.site].site.operation, c) for c in wanted}
        now = opset_of(self.model)
        lifted, target = OnnxEdit(), now
        needs = {id(c): self._needs(c, outcomes) for c in wanted}
        target = max([now, *(n for n in needs.values() if n is not None)])
        model, places = self.model, self.places
        if target > now:
            try:
                lifted = self._lift(wanted, target)
                model = applied(self.model, lifted)
                places = self._found_again(Walk(model, self.file).places())
            except (ConventionError, GraphError) as error:
                lifted, target, model, places = OnnxEdit(), now, self.model, self.places
                self._explain(wanted, needs, now, str(error), outcomes)
        edit = self._write(model, places, wanted, outcomes)
        made = [outcomes[id(c)] for c in changes]
        if not any(outcome.text for outcome in made):
            return OnnxEdit(), made
        edit.metadata = self._record(made, target if target > now else None)
        return compose(lifted, edit, self.model), made

    def _found_again(self, lifted: Sequence[Place]) -> list[Place]:
        """Return the sites of the lifted model in the order of the model's own.

        A nearest resize that grows along one axis and shrinks along another becomes two; the
        one that makes the value is the site.
        """
        known = {(p.site.graph, p.output) for p in self.places}
        found = [p for p in lifted if (p.site.graph, p.output) in known]
        if [(p.site.graph, p.output) for p in found] != [
            (p.site.graph, p.output) for p in self.places
        ]:
            raise GraphError("", "", "the lifted model has other sites")
        return found

    def _needs(self, change: Change, outcomes: dict[int, Outcome]) -> int | None:
        """Return the opset that a change needs; None where it is declined at once."""
        place = self.places[change.site]
        try:
            with one_node():
                return self._opset_for(place, change, self.newest)
        except (ConventionError, GraphError) as error:
            outcomes[id(change)] = Outcome.declined(place.site, change.why, reason_of(error))
            return None

    def _opset_for(self, place: Place, change: Change, newest: int | None) -> int:
        """Return the first opset that has what a change needs.

        Raises:
            ConventionError: nothing can say it, with the reason.
        """
        now, most = place.site.opset, newest_for(place.site.operation, newest)
        plan = plan_of(place, change, self._goals[id(change)], most, lifted=True)
        needed = max(now, opset_for(plan))
        if needed > most:
            raise ConventionError(f"it needs opset {needed}, and {most} is the newest allowed")
        return needed

    def _explain(
        self,
        wanted: Sequence[Change],
        needs: Mapping[int, int | None],
        now: int,
        reason: str,
        outcomes: dict[int, Outcome],
    ) -> None:
        """Decline what needs the later opset, where nothing else says it at this one."""
        for change in wanted:
            needed = needs[id(change)]
            if needed is None or needed <= now:
                continue
            place = self.places[change.site]
            try:
                with one_node():
                    self._opset_for(place, change, now)
            except (ConventionError, GraphError):
                outcomes[id(change)] = Outcome.declined(place.site, change.why, reason)

    def _lift(self, wanted: Sequence[Change], target: int) -> OnnxEdit:
        places = [self.places[c.site] for c in wanted]
        free = frozenset((p.scope.container, p.output) for p in places)
        return Lift(self.model, target, scales_before_11(self.places), free).edit()

    def _write(
        self,
        model: "ModelProto",
        places: Sequence[Place],
        wanted: Sequence[Change],
        outcomes: dict[int, Outcome],
    ) -> OnnxEdit:
        """Write every change that is not declined yet."""
        taken = names_in(model)
        opset = opset_of(model)
        edit = OnnxEdit()
        groups: dict[tuple[Container, int], list[tuple[Change, Place]]] = {}
        for change in wanted:
            if id(change) not in outcomes:
                place = places[change.site]
                groups.setdefault(_where(place), []).append((change, place))
        calls = _calls(places)
        for (container, index), group in groups.items():
            try:
                with one_node():
                    nodes, plan = self._agreed(group, taken, opset, calls[container, index])
            except (ConventionError, GraphError) as error:
                for change, _ in group:
                    site = self.places[change.site].site
                    declined = Outcome.declined(site, change.why, reason_of(error))
                    outcomes[id(change)] = declined
                continue
            new = self._lifted_constants(group[0][1], nodes)
            for change, _ in group:
                old, goal = self.places[change.site], self._goals[id(change)]
                outcomes[id(change)] = Outcome.made(
                    old.site,
                    change,
                    text=plan.text,
                    before=node_lines(old.scope.nodes[_where(old)[1]]),
                    after=[line for node in (*new, *nodes) for line in node_lines(node)],
                    cost=None if goal is None else costs(goal, plan),
                )
            change_at = edit.at(container)
            items: list[Item] = list(nodes)
            change_at.nodes[index] = items
        drop_unread(model, edit)
        return edit

    def _lifted_constants(self, place: Place, nodes: "Sequence[NodeProto]") -> "list[NodeProto]":
        """Return the constants that the lift gave a node, and that it still reads."""
        before = names_in(self.model) if place.site.opset > opset_of(self.model) else None
        if before is None:
            return []
        producers = place.scope.producers
        made = {name for node in nodes for name in node.output}
        read = [name for node in nodes for name in node.input if name in producers]
        return [
            place.scope.nodes[producers[name]]
            for name in read
            if name not in before and name not in made
        ]

    def _agreed(
        self, group: Sequence[tuple[Change, Place]], taken: set[str], opset: int, calls: int
    ) -> "tuple[list[NodeProto], Plan]":
        """Return the nodes of a change, which all calls of a function agree on."""
        if len(group) != calls:
            raise ConventionError("a local function is called elsewhere with another meaning")
        first: tuple[list[NodeProto], Plan] | None = None
        lifted = opset > opset_of(self.model)
        for change, place in group:
            plan = plan_of(place, change, self._goals[id(change)], opset, lifted=lifted)
            if (needed := opset_for(plan)) > opset:
                raise ConventionError(f"it needs opset {needed}, and the model stays at {opset}")
            nodes = nodes_of(place, plan, taken, opset)
            _record_at(nodes[-1], change, plan.text)
            if any(payload_outside(node) for node in nodes):
                raise ConventionError("the node holds weights, and is not written anew")
            if first is None:
                first = nodes, plan
            elif [n.SerializeToString() for n in first[0]] != [
                n.SerializeToString() for n in nodes
            ]:
                raise ConventionError("a local function is called with two meanings")
        if first is None:
            raise ConventionError("nothing is to change")
        return first

    def _record(self, made: Sequence[Outcome], opset: int | None) -> dict[str, str]:
        """Return the model's own record: earlier changes, then these."""
        before = next((e.value for e in self.model.metadata_props if e.key == RECORD), "")
        said = [before] if before else []
        if opset is not None:
            said.append(f"opset {opset_of(self.model)} to {opset}")
        lines = [f"{printable(one.node)}: {one.why}: {one.text}" for one in made if one.text]
        said += lines  # a change is a line
        return {RECORD: "\n".join(said)}


def _calls(places: Sequence[Place]) -> dict[tuple[Container, int], int]:
    """Return how often each node of the file is a site: once a call of its function."""
    counts: dict[tuple[Container, int], int] = {}
    for place in places:
        if place.output not in place.scope.producers:
            continue
        where = _where(place)
        counts[where] = counts.get(where, 0) + 1
    return counts


def _where(place: Place) -> tuple[Container, int]:
    """Return the list of nodes that a site stands in, and the node that ends it."""
    container = tuple(place.scope.container)
    return container, place.scope.producers[place.output]


def _record_at(node: "NodeProto", change: Change, text: str) -> None:
    """Record at a node why it was changed."""
    kept = [(e.key, e.value) for e in node.metadata_props if e.key != RECORD]
    del node.metadata_props[:]
    for key, value in [*kept, (RECORD, f"{change.why}: {text}")]:
        node.metadata_props.add(key=key, value=value)
