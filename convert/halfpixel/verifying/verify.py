"""Verify: whether two sides compute the same, by how much not, and where it starts.

A side is a model on a runtime, a PyTorch module, or recorded arrays. onnxruntime runs both with
graph optimisation off and at its default: what is deployed is compared, and a difference
between the two is told for itself, since its optimiser breaks some models that are right.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from halfpixel.verifying.result import Verification, VerifySettings


def verify(a: object, b: object, settings: "VerifySettings | None" = None) -> "Verification":
    """Compare two sides.

    Args:
        a: a side, its text (`model.onnx@cuda`), or a model in memory.
        b: another one.
        settings: what they are run with, and what counts as equal.

    Returns:
        What differs. A model that a runtime refuses is a difference, not an exception.

    Raises:
        RuntimeFailure: a runtime or provider is missing, or leaves a node to another.
        ModelFileError: a file cannot be read.
        UsageError: no runtime takes a side, or no inputs can be made.
        MissingExtraError: an optional dependency is not installed.
    """
    from halfpixel.verifying.comparison import compared
    from halfpixel.verifying.result import VerifySettings

    return compared(a, b, settings or VerifySettings())
