"""What the rules about intent have in common: severity, wording and the fix."""

from collections.abc import Callable, Iterator
from typing import Final

from halfpixel.intents.axis_deviation import Deviation
from halfpixel.intents.cause import Cause
from halfpixel.intents.deviation import deviation
from halfpixel.intents.factors import neat
from halfpixel.origin import How, Safety
from halfpixel.rule import Finding, Fix, Severity
from halfpixel.site import Operation, Site

OF_IMAGES: Final = "no attribute says at which sizes of an image an axis is copied"


def severity_of(operation: Operation, found: Deviation) -> Severity:
    """Return error where what was meant is known, else warning.

    A note at lengths that hardly anybody meets, or at free ones where the factor is guessed, unless
    the coordinates are wrong whatever the factor is.
    """
    told = operation.intent is not None and operation.intent.how != "assumed"
    scales = operation.scales
    recorded = operation.intent is not None and operation.intent.how == "recorded"
    guessed = found.share is not None and not recorded and scales is not None and not neat(scales)
    if found.remote or (guessed and found.cause != "asymmetric"):
        return "note"
    return "error" if told else "warning"


def how_of(operation: Operation, found: Deviation) -> How:
    """Return how a difference from the intent is known."""
    if found.simulated:
        return "simulated"
    if operation.intent is not None and operation.intent.how == "assumed":
        return "assumed"
    return "proven"


def findings(
    site: Site, causes: frozenset[Cause], why: str | Callable[[Site, Deviation], str]
) -> Iterator[Finding]:
    """Yield the finding on a site that differs from its intent by one of these causes.

    Args:
        site: the site.
        causes: the causes that the asking rule is about.
        why: what the defect is, the first half of the message.
    """
    operation = site.operation
    found = deviation(operation)
    if found is None or found.cause not in causes or operation.intent is None:
        return
    what = why if isinstance(why, str) else why(site, found)
    message = f"{what}: {found.where} {found.amount}; {operation.intent.text} was meant"
    severity, how = severity_of(operation, found), how_of(operation, found)
    if found.share is not None and found.share.sizes:
        yield Finding(message, severity, how, declined=OF_IMAGES)
        return
    yield Finding(message, severity, how, Fix(safety_of(operation), found.meant))


def safety_of(operation: Operation) -> Safety:
    """Return how safe it is to write what was meant: unsafe where that is assumed."""
    intent = operation.intent
    return "unsafe" if intent is None or intent.how in {"assumed", "named"} else "safe"
