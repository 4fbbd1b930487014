"""What an exporter froze beside lengths that stay free."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from halfpixel.site import Operation


def frozen_batch(operation: "Operation") -> int | None:
    """Return the number that sizes hold for a batch whose length is free; None where they do not.

    Args:
        operation: what a site is.
    """
    shape, sizes, model = (
        operation.input_shape, operation.sizes, operation.surroundings.model_shape
    )  # fmt: skip
    if operation.by != "sizes" or operation.hidden or not operation.constant_lengths:
        return None
    if not shape or not sizes or len(sizes) != len(shape) or not isinstance(shape[0], str):
        return None
    return sizes[0] if model is None or not isinstance(model[0], int) else None
