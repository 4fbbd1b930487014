"""What a site should have made of its inputs, by what was meant or by its own description."""

from typing import TYPE_CHECKING

from halfpixel.errors import HalfpixelError
from halfpixel.intents.deviation import meant_resize
from halfpixel.sampling.lowering import meant_weights
from halfpixel.sampling.resize import along_axis
from halfpixel.site import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array


def meant_output(
    site: Site, inputs: "Sequence[Array]", output: "Array", *, own: bool = False
) -> "NDArray[np.float64] | None":
    """Return what a site should have made of its inputs; None where that is not known.

    A resize with an intent is computed from it; any other site from its own description, and every
    site where `own`.
    """
    import numpy as np

    operation = site.operation
    meant = None if own else meant_resize(operation)
    if not inputs:
        return None
    if meant is None:
        try:
            return site.evaluate(*inputs) if operation.operator is not None else None
        except (HalfpixelError, ValueError, IndexError, TypeError):
            return None
    data = inputs[0]
    call = operation.intent.call if operation.intent else None
    axes = dict(meant.axes)
    lengths = list(output.shape)
    if call is not None and call.scale_factor is not None:
        told = call.output_lengths([data.shape[axis] for axis, _ in meant.axes])
        for (axis, _), length in zip(meant.axes, told or (), strict=bool(told)):
            lengths[axis] = length
    if any(length < 1 for length in lengths) or data.ndim != output.ndim:
        return None
    y: NDArray[np.float64] = data.astype(np.float64)
    for axis, sampling in axes.items():
        y = along_axis(meant_weights(sampling, y.shape[axis], lengths[axis]), y, axis)
    return y
