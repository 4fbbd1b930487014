"""What a change of a Core ML model will be written as, in words, before anything is written."""

from halfpixel.format import Change
from halfpixel.formats.coreml.read.contents import Contents
from halfpixel.formats.coreml.read.layer import is_exact
from halfpixel.formats.coreml.read.place import MilPlace
from halfpixel.formats.coreml.read.specification import specification
from halfpixel.formats.coreml.write.plan import network_plan, program_plan
from halfpixel.formats.plan import sized_change


def words_of_change(contents: Contents, change: Change) -> str:
    """Return the text of the plan that a change has.

    Raises:
        ConventionError: nothing says it, with the reason.
    """
    place = contents.places[change.site]
    goal = sized_change(place.site.operation, change)
    if isinstance(place.node, MilPlace):
        return program_plan(place, change, goal).text

    def exact() -> bool:
        with specification(contents.package) as spec:
            return is_exact(spec, place.leaf)

    return network_plan(place, change, goal, exact).text
