"""What a change of a Core ML model will be written as, in words, before anything is written."""

from typing import TYPE_CHECKING

from halfpixel.format import Change
from halfpixel.formats.coreml.read.operation import MilPlace
from halfpixel.formats.coreml.read.specification import is_exact
from halfpixel.formats.coreml.write.plan import goal_at, network_plan, program_plan

if TYPE_CHECKING:
    from halfpixel.formats.coreml.model import CoremlModel


def words_of_change(model: "CoremlModel", change: Change) -> str:
    """Return the text of the plan that a change has.

    Raises:
        ConventionError: nothing says it, with the reason.
    """
    place = model.places[change.site]
    goal = goal_at(place, change)
    if isinstance(place.node, MilPlace):
        return program_plan(place, change, goal).text
    leaf = place.leaf
    exact = lambda: model.look(lambda spec: is_exact(spec, leaf))  # noqa: E731
    return network_plan(place, change, goal, exact).text
