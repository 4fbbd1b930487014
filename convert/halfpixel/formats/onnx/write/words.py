"""What a change will be written as, in words, before anything is written.

The plan is the one that is written, with the text that it carries. Where the model has to be taken
to a later opset for it, a resize from before opset 11 is planned as the lift leaves it.
"""

from dataclasses import replace

from halfpixel.errors import ConventionError
from halfpixel.format import Change
from halfpixel.formats.onnx.read.walk import Place
from halfpixel.formats.onnx.write.plan import goal_at, newest_for, opset_for, plan_of
from halfpixel.site import Attribute, Operation

FIRST_RESIZE = 11
"""First opset whose Resize says its coordinates."""


def words_of_change(place: Place, change: Change) -> str:
    """Return the text of the plan that a change has.

    Raises:
        ConventionError: nothing can say it, with the reason.
    """
    goal, most = goal_at(place, change), newest_for(place.site.operation, None)
    plan = plan_of(place, change, goal, most, lifted=True)
    now, needed = place.site.opset, opset_for(plan)
    if needed > most:
        raise ConventionError(f"it needs opset {needed}, and {most} is the newest allowed")
    if needed > now:
        lifted = replace(place.site, operation=as_lifted(place.site.operation, needed))
        return plan_of(replace(place, site=lifted), change, goal, needed, lifted=True).text
    return plan_of(place, change, goal, now, lifted=False).text


def as_lifted(operation: Operation, opset: int) -> Operation:
    """Return a site as it is in a model that was taken to a later opset."""
    early = operation.op in {"Resize", "Upsample"} and operation.opset < FIRST_RESIZE <= opset
    if not early or operation.hidden:
        return replace(operation, opset=opset)
    mode = str(operation.attributes.get("mode", "nearest"))
    attributes: dict[str, Attribute] = {
        "mode": "linear" if mode == "bilinear" else mode,
        "coordinate_transformation_mode": "asymmetric",
    }
    if mode == "nearest":
        attributes["nearest_mode"] = "floor"
    return replace(operation, op="Resize", opset=opset, attributes=attributes)
