"""Sites of a Core ML model written anew: every change in its place, the others left alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from halfpixel.errors import ConventionError, GraphError, reason_of
from halfpixel.format import Change, Outcome
from halfpixel.formats.coreml.edit import CoremlEdit, NewLayer
from halfpixel.formats.coreml.messages import MilProgram
from halfpixel.formats.coreml.read.contents import Contents
from halfpixel.formats.coreml.read.layer import NetworkLayer, is_exact, layers
from halfpixel.formats.coreml.read.place import CoremlPlace, MilPlace
from halfpixel.formats.coreml.read.program import MilScope, operation_name, scopes
from halfpixel.formats.coreml.read.specification import Leaf, specification
from halfpixel.formats.coreml.write import layer as network
from halfpixel.formats.coreml.write import operation as mil
from halfpixel.formats.coreml.write import plain_layers
from halfpixel.formats.coreml.write.operators import add
from halfpixel.formats.coreml.write.plan import (
    network_plan,
    program_plan,
    settled_lengths,
)
from halfpixel.formats.plan import Copy, Product, Said, sized_change
from halfpixel.formats.protobuf_schema import new
from halfpixel.printable import printable


def rewritten(
    contents: Contents, before: CoremlEdit, record: Sequence[str], changes: Sequence[Change]
) -> tuple[CoremlEdit, list[Outcome]]:
    """Return how a model differs from its file once changes are made, as far as they can be.

    Args:
        contents: the model.
        before: how it differs already.
        record: what earlier fixes changed.
        changes: what sites should compute.
    """
    edit = CoremlEdit(
        dict(before.programs), dict(before.layers), dict(before.outputs), before.record
    )
    outcomes = _Rewriting(contents, before, edit).made(changes)
    if not any(outcome.text for outcome in outcomes):
        return before, outcomes
    lines = [f"{printable(one.node)}: {one.why}: {one.text}" for one in outcomes if one.text]
    edit.record = "\n".join([*record, *lines])
    return edit, outcomes


@dataclass
class _Rewriting:
    """Changes of one model in the making."""

    contents: Contents
    before: CoremlEdit
    edit: CoremlEdit
    copies: dict[str, list[MilScope]] = field(default_factory=dict[str, "list[MilScope]"])
    left: set[str] = field(default_factory=set[str])
    names: dict[str, set[str]] = field(default_factory=dict[str, "set[str]"])

    def made(self, changes: Sequence[Change]) -> list[Outcome]:
        """Make changes, then drop the constants that nobody reads any more."""
        outcomes: list[Outcome] = []
        for change in changes:
            place = self.contents.places[change.site]
            try:
                if isinstance(place.node, MilPlace):
                    outcomes.append(self._operation(place, place.node, change))
                else:
                    outcomes.append(self._layer(place, place.node, change))
            except (ConventionError, GraphError) as error:
                outcomes.append(Outcome.declined(place.site, change.why, reason_of(error)))
        for blocks in self.copies.values():
            for scope in blocks:
                if not scope.path:
                    mil.drop_unread(scope.block, self.left)
        return outcomes

    def _scopes(self, leaf: Leaf) -> list[MilScope]:
        """Return the blocks of a copy of a program, which the edit holds."""
        if leaf.label not in self.copies:
            program = new(MilProgram)
            program.CopyFrom(self.contents.programs[leaf.label])
            self.edit.programs[leaf.label] = program
            self.copies[leaf.label] = list(scopes(program, self.contents.package, leaf.version))
        return self.copies[leaf.label]

    def _operation(self, place: CoremlPlace, node: MilPlace, change: Change) -> Outcome:
        goal = sized_change(place.site.operation, change)
        plan = program_plan(place, change, goal)
        lengths = None if goal is None else settled_lengths(place, goal)
        if lengths is not None:
            self.edit.outputs[place.output] = lengths
        blocks = self._scopes(place.leaf)
        scope = blocks[node.scope.order]
        index = scope.producers[place.output]
        old = scope.block.operations[index]
        names = mil.names_in(iter(blocks))
        writer = mil.MilWriter(scope, old, names, lengths=lengths)
        add(writer, plan, goal)
        before = tuple(mil.lines(old, scope))
        self.left |= {
            binding.name for argument in old.inputs.values() for binding in argument.arguments
        }
        fresh = mil.constants(writer.made)
        after = tuple(
            line
            for made in writer.made
            if made.type != "const"
            for line in mil.lines(made, scope, fresh)
        )
        del scope.block.operations[index]
        for at, made in enumerate(writer.made):
            scope.block.operations.insert(index + at, made)
        scope.index()  # the places of everything after it are others now
        return Outcome.made(place.site, change, text=plan.text, before=before, after=after)

    def _layer(self, place: CoremlPlace, layer: NetworkLayer, change: Change) -> Outcome:
        operation = place.site.operation
        before = network.lines(layer, operation.attributes)
        made, text, attributes = self._layers(place, layer, change)
        self.edit.layers[layer.spans] = made
        after = tuple(line for one in made for line in network.new_lines(layer, one, attributes))
        return Outcome.made(place.site, change, text=text, before=before, after=after)

    def _taken(self, leaf: Leaf) -> set[str]:
        """Return the names in a network, those that were made already among them."""
        if leaf.label not in self.names:
            with specification(self.contents.package) as spec:
                every = list(layers(spec, leaf))
            names = {name for one in every for name in (one.name, *one.inputs, *one.outputs)}
            new = (one for made in self.edit.layers.values() for one in made)
            self.names[leaf.label] = names | {x for one in new for x in (one.name, *one.outputs)}
        return self.names[leaf.label]

    def _is_exact(self, leaf: Leaf) -> bool:
        with specification(self.contents.package) as spec:
            return is_exact(spec, leaf)

    def _layers(
        self, place: CoremlPlace, layer: NetworkLayer, change: Change
    ) -> tuple[tuple[NewLayer, ...], str, dict[str, object]]:
        """Return the layers that say a change, how that reads, and their own parameters.

        Raises:
            ConventionError: no layer says it, with the reason.
        """
        leaf = place.leaf
        if layer.spans in self.before.layers and len(self.before.layers[layer.spans]) > 1:
            raise ConventionError("it was written as several layers before")
        goal = sized_change(place.site.operation, change)
        plan = network_plan(place, change, goal, lambda: self._is_exact(leaf))
        lengths = None if goal is None else settled_lengths(place, goal)
        if lengths is not None:
            self.edit.outputs[place.output] = lengths
        match plan:
            case Copy():
                return (network.copying_layer(),), plan.text, {}
            case Said():
                made = network.new_layer(plan.op, plan.attributes)
                return (made,), plan.text, dict(plan.attributes)
            case Product():
                return plain_layers.layers(layer, plan, self._taken(leaf)), plan.text, {}
            case _:
                raise ConventionError("a neural network has no such layers")


def check_names(program: MilProgram, version: int) -> None:
    """Refuse a program in which a name stands for nothing.

    Raises:
        GraphError: there is such a name, or two values have one.
    """
    for scope in scopes(program, None, version):
        seen = {one.name for one in scope.block.inputs} | scope.around()
        for operation in scope.block.operations:
            for argument in operation.inputs.values():
                for binding in argument.arguments:
                    if binding.name and binding.name not in seen:
                        reason = f"{operation.type} reads {binding.name!r}, which is not there"
                        raise GraphError("", operation_name(operation), reason)
            seen |= {out.name for out in operation.outputs}
        for name in scope.block.outputs:
            if name not in seen:
                raise GraphError("", name, "an output that is not there")
