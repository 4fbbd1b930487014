"""A change that is wanted of a site: which rules ask for it, and how safe it is."""

from dataclasses import dataclass, replace

from halfpixel.checking.result import Located
from halfpixel.format import Change
from halfpixel.formats.plan import goal_of
from halfpixel.intents.deviation import meant_resize
from halfpixel.rule import Fix, Safety
from halfpixel.sampling import Resize, compare_resize


@dataclass(slots=True)
class Wish:
    """A change that is wanted, and where it comes from.

    Attributes:
        change: the change.
        safety: how safe it is.
        rules: the rules that ask for it.
        plain: the change as the first rule asks for it, where another one added to it.
    """

    change: Change
    safety: Safety
    rules: frozenset[str]
    plain: "Wish | None" = None


def is_meant(one: Located, fix: Fix) -> bool:
    """Whether a fix that assumes something says what is recorded: then it assumes nothing."""
    operation, intent = one.site.operation, one.site.intent
    if intent is None or intent.how != "recorded":
        return False
    if intent.call is None or not isinstance(fix.operator, Resize):
        return intent.operator is not None and fix.operator == intent.operator
    meant = meant_resize(operation)
    if meant is None:
        return False
    ins, outs = goal_of(operation, fix.operator, fix.factors).lengths
    return compare_resize(fix.operator, meant, ins, outs).equal


def with_other_rule(wish: Wish, rule: str, fix: Fix) -> Wish:
    """Return a wish with what another rule's fix adds to the same operator."""
    change = replace(
        wish.change,
        factors=wish.change.factors or fix.factors,
        exact=wish.change.exact or fix.exact,
    )
    safety: Safety = "unsafe" if "unsafe" in {wish.safety, fix.safety} else wish.safety
    plain = wish.plain if change == wish.change else wish.plain or wish
    return Wish(change, safety, wish.rules | {rule}, plain)
