"""Sites of a Core ML model written anew: every change in its place, the others left alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from halfpixel.errors import ConventionError, GraphError
from halfpixel.format import Change, Outcome
from halfpixel.formats.coreml.edit import CoremlEdit, NewLayer, lines_of
from halfpixel.formats.coreml.read.place import MilPlace, Place
from halfpixel.formats.coreml.read.program import MilScope, scopes
from halfpixel.formats.coreml.read.specification import Layer, Leaf, is_exact
from halfpixel.formats.coreml.schema import classes
from halfpixel.formats.coreml.write import layer as network
from halfpixel.formats.coreml.write import operation as mil
from halfpixel.formats.coreml.write import plain_layers as lower_network
from halfpixel.formats.coreml.write.operators import add
from halfpixel.formats.coreml.write.plan import (
    goal_at,
    network_plan,
    program_plan,
    settled_lengths,
)
from halfpixel.formats.coreml.write.rewritten import CoremlRewritten
from halfpixel.formats.plan import Copy, Product, Said

if TYPE_CHECKING:
    from halfpixel.formats.coreml.messages import Program
    from halfpixel.formats.coreml.model import CoremlModel


def rewritten(
    model: "CoremlModel", changes: Sequence[Change], newest: int | None
) -> "CoremlRewritten":
    """Return a model with changes made, as far as they can be.

    Args:
        model: the model.
        changes: what sites should compute.
        newest: not used: a specification version is never raised.
    """
    del newest
    was = model.edit
    edit = CoremlEdit(dict(was.programs), dict(was.layers), dict(was.outputs), was.said)
    outcomes = _Rewriting(model, edit).made(changes)
    if not any(outcome.made for outcome in outcomes):
        return CoremlRewritten(model, model.edit, tuple(outcomes))
    said = [
        f"{model.places[o.change.site].site.name}: {o.change.why}: {o.made}"
        for o in outcomes
        if o.made
    ]
    edit.said = lines_of("\n".join(model.record), said)
    return CoremlRewritten(model, edit, tuple(outcomes))


@dataclass
class _Rewriting:
    """Changes of one model in the making."""

    model: "CoremlModel"
    edit: CoremlEdit
    copies: dict[str, list[MilScope]] = field(default_factory=dict[str, "list[MilScope]"])
    left: set[str] = field(default_factory=set[str])
    names: dict[str, set[str]] = field(default_factory=dict[str, "set[str]"])

    def made(self, changes: Sequence[Change]) -> list[Outcome]:
        """Make changes, then drop the constants that nobody reads any more."""
        outcomes: list[Outcome] = []
        for change in changes:
            place = self.model.places[change.site]
            try:
                if isinstance(place.node, MilPlace):
                    outcomes.append(self._operation(place, place.node, change))
                else:
                    outcomes.append(self._layer(place, place.node, change))
            except (ConventionError, GraphError) as error:
                reason = error.reason if isinstance(error, GraphError) else str(error)
                outcomes.append(Outcome(change, declined=reason))
        for blocks in self.copies.values():
            for scope in blocks:
                if not scope.path:
                    mil.drop_unread(scope.block, self.left)
        return outcomes

    def _scopes(self, leaf: Leaf) -> list[MilScope]:
        """Return the blocks of a copy of a program, which the edit holds."""
        if leaf.label not in self.copies:
            program = cast("Program", classes()["Program"]())
            program.CopyFrom(self.model.programs[leaf.label])
            self.edit.programs[leaf.label] = program
            self.copies[leaf.label] = list(scopes(program, self.model.package, leaf.version))
        return self.copies[leaf.label]

    def _operation(self, place: Place, node: MilPlace, change: Change) -> Outcome:
        goal = goal_at(place, change)
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
        return Outcome(change, made=plan.text, before=before, after=after)

    def _layer(self, place: Place, layer: Layer, change: Change) -> Outcome:
        operation = place.site.operation
        before = network.lines(layer, operation.attributes)
        made, text, attributes = self._layers(place, layer, change)
        self.edit.layers[layer.spans] = made
        after = tuple(line for one in made for line in network.new_lines(layer, one, attributes))
        return Outcome(change, made=text, before=before, after=after)

    def _taken(self, leaf: Leaf) -> set[str]:
        """Return the names in a network, those that were made already among them."""
        if leaf.label not in self.names:
            layers = self.model.look(lambda spec: list(spec.layers(leaf)))
            names = {name for one in layers for name in (one.name, *one.inputs, *one.outputs)}
            new = (one for made in self.edit.layers.values() for one in made)
            self.names[leaf.label] = names | {x for one in new for x in (one.name, *one.outputs)}
        return self.names[leaf.label]

    def _layers(
        self, place: Place, layer: Layer, change: Change
    ) -> tuple[tuple[NewLayer, ...], str, dict[str, object]]:
        """Return the layers that say a change, how that reads, and their own parameters.

        Raises:
            ConventionError: no layer says it, with the reason.
        """
        leaf = place.leaf
        if layer.spans in self.model.edit.layers and len(self.model.edit.layers[layer.spans]) > 1:
            raise ConventionError("it was written as several layers before")
        goal = goal_at(place, change)
        plan = network_plan(
            place, change, goal, lambda: self.model.look(lambda spec: is_exact(spec, leaf))
        )
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
                return lower_network.layers(layer, plan, self._taken(leaf)), plan.text, {}
            case _:
                raise ConventionError("a neural network has no such layers")
