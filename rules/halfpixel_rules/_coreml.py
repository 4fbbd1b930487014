"""What the rules about Core ML have in common: how an operator would be said, and the fix."""

from typing import TYPE_CHECKING

from halfpixel.intents.deviation import deviation
from halfpixel.sampling import Resize, Sampling
from halfpixel.site import Operation, Site

if TYPE_CHECKING:
    from halfpixel.conventions.vocabulary import Words


def words_for(operation: Operation, meant: Resize) -> "Words | None":
    """Return how a resize is said at the specification version of the model."""
    from halfpixel.conventions.coreml.dialects import words_of

    ins, outs = operation.lengths
    say = words_of(operation.dialect).words
    return say(meant, ins, outs, operation.opset, operation.scales)


def otherwise_meant(site: Site) -> bool:
    """Whether what was meant is known, and is not what the operator computes.

    A rule that keeps what an operator computes has nothing to offer then: another rule says what
    should stand there.
    """
    intent = site.intent
    if intent is None:
        return False
    return intent.how == "named" or deviation(site.operation) is not None


def linear(coordinate: str) -> Resize:
    """Return a linear resize of the last two axes of four, for examples."""
    names = {"half": "half_pixel", "asymmetric": "asymmetric", "corners": "align_corners"}
    from halfpixel.sampling import Linear

    sampling = Sampling(names[coordinate], Linear())  # type: ignore[arg-type]
    return Resize(((2, sampling), (3, sampling)))
