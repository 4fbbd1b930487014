"""How large a tensor may be that is made for a run: declared lengths are no reason to allocate."""

import math
from collections.abc import Sequence
from typing import Final

from halfpixel.errors import UsageError

MOST_VALUES: Final = 1 << 27
"""Values of a tensor that is made for a run: half a gigabyte of float32."""


def check_values(what: str, shape: Sequence[int]) -> None:
    """Refuse to make a tensor because its lengths are declared; raises UsageError.

    >>> check_values("input 'x'", (1, 3, 224, 224))
    """
    count = math.prod(shape)
    if count > MOST_VALUES:
        lengths = "x".join(map(str, shape))
        raise UsageError(
            f"{what} of {lengths} has {count} values, more than {MOST_VALUES}: it is not made"
        )
