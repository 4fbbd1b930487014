"""What the rules about intent have in common: severity, wording and the fix."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from halfpixel.dialect import ONNX
from halfpixel.intents.aten_call import OPS
from halfpixel.intents.axis_deviation import Deviation
from halfpixel.intents.cause import Cause
from halfpixel.intents.deviation import deviation, meant_resize
from halfpixel.intents.factors import neat
from halfpixel.origin import How, Safety
from halfpixel.rule import Finding, Fix, Severity
from halfpixel.sampling.arithmetic import output_length_float64
from halfpixel.site import Operation, Site

ROUNDED: Final = 2e-3
"""How far float16 moves a factor, as a part of it."""

OF_IMAGES: Final = "no attribute says at which sizes of an image an axis is copied"


class OtherSize(Struct, frozen=True):
    """A call of another size, or by another factor, than the file has.

    Attributes:
        text: both, in words.
        factors: factors that give the call's own lengths, one an axis that it resamples; None
            where its size is known and the length that it is called at is not.
    """

    text: str
    factors: tuple[float, ...] | None


def other_size(operation: Operation) -> OtherSize | None:
    """Return by what size or factor a recorded or expected call differs from the file.

    None where it does not, or where no more than float32 tells the lengths apart.
    """
    intent, meant = operation.intent, meant_resize(operation)
    call = None if intent is None or intent.how not in {"recorded", "policy"} else intent.call
    if call is None or meant is None or operation.dialect != ONNX or operation.hidden:
        return None
    if intent is not None and intent.text.startswith(OPS):  # it has a size beside its factors
        return None
    axes = [axis for axis, _ in meant.axes]
    if call.scale_factor is None:
        return _other_length(operation, axes, call.size or (None,) * len(axes))
    return _other_factor(operation, axes, call.scale_factor)


def _other_length(
    operation: Operation, axes: Sequence[int], size: Sequence[int | None]
) -> OtherSize | None:
    texts: list[str] = []
    factors: list[float] = []
    for axis, there in zip(axes, size, strict=True):
        n_in, here = operation.lengths[0][axis], operation.lengths[1][axis]
        if there is not None and here is not None and there != here:
            length = f"length {n_in} becomes" if n_in else "the length becomes"
            texts.append(f"{length} {here} (axis {axis}), and {there} in the call")
        wanted = here if there is None else there
        if n_in is not None and wanted is not None:
            factors.append((wanted + 0.25) / n_in)
    every = tuple(factors) if len(factors) == len(axes) else None
    return OtherSize(texts[0], every) if texts else None


def _other_factor(
    operation: Operation, axes: Sequence[int], factors: tuple[float, ...]
) -> OtherSize | None:
    for axis, factor in zip(axes, factors, strict=True):
        n_in, here = operation.lengths[0][axis], operation.lengths[1][axis]
        there = None if n_in is None else output_length_float64(n_in, factor)
        if operation.scales is not None:
            scale = operation.scales[axis]
            if abs(factor - scale) > ROUNDED * factor and (there is None or there != here):
                text = f"the factor is {scale:.6g} (axis {axis}), and {factor:.6g} in the call"
                return OtherSize(text, factors)
        elif there is not None and here is not None and abs(there - here) > 1:
            text = f"length {n_in} becomes {here} (axis {axis}), and {there} in the call"
            return OtherSize(text, factors)  # by one is a rounding
    return None


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
    if other_size(operation) is not None:  # at one size they cannot be compared
        return
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
