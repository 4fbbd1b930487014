"""How large a tensor may be that is made for a run: declared lengths are no reason to allocate."""

import math
from collections.abc import Sequence
from typing import Final

from halfpixel.conventions.onnx.resize import MOST_AXES
from halfpixel.errors import UsageError

MOST_VALUES: Final = 1 << 27
"""Values of a tensor that is made for a run: half a gigabyte of float32."""

MOST_EXACT: Final = 1 << 26
"""Values of a site's inputs and output where it is evaluated exactly, in many passes of float64."""


def check_values(what: str, *shapes: Sequence[int], most: int = MOST_VALUES) -> None:
    """Refuse to make tensors because their lengths are declared; raises UsageError.

    Args:
        what: what they are.
        shapes: their lengths; their values are counted together.
        most: how many values they may have.

    >>> check_values("input 'x'", (1, 3, 224, 224))
    """
    count = sum(math.prod(n or 1 for n in shape) for shape in shapes)  # numpy's count, if empty too
    below = any(n < 0 for shape in shapes for n in shape)
    axes = max(map(len, shapes), default=0)
    if count > most or below or axes > MOST_AXES:
        lengths = " and ".join("x".join(map(str, shape)) for shape in shapes)
        why = f"{axes} axes, more than {MOST_AXES}" if axes > MOST_AXES else ""
        why = why or ("a length below 0" if below else f"{count} values, more than {most}")
        raise UsageError(f"{what} of {lengths} has {why}: it is not made")
