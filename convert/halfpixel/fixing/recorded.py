"""Whether a fix writes what is recorded: then it assumes nothing, whatever its rule does."""

from halfpixel.formats.plan import sized_resize
from halfpixel.intents.deviation import meant_resize
from halfpixel.rule import Fix
from halfpixel.sampling import Resize, compare_resize
from halfpixel.site import Site


def is_recorded(site: Site, fix: Fix) -> bool:
    """Whether a fix that assumes something says what is recorded: then it assumes nothing."""
    operation, intent = site.operation, site.intent
    if intent is None or intent.how != "recorded":
        return False
    if intent.call is None or not isinstance(fix.operator, Resize):
        return intent.operator is not None and fix.operator == intent.operator
    meant = meant_resize(operation)
    if meant is None:
        return False
    ins, outs = sized_resize(operation, fix.operator, fix.factors).lengths
    return compare_resize(fix.operator, meant, ins, outs).equal
