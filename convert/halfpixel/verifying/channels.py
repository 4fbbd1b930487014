"""The channels of an output, what each varies by, and how far two of them are apart."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array

CHANNELS: Final = 4096
"""Most channels that are looked at one by one."""

LEAST: Final = 8
"""Elements of a channel from which on it has a deviation of its own."""


def channels(array: "Array") -> "Iterator[NDArray[np.float64]]":
    """Yield the numbers of each channel (axis 1), or all of them where channels are small."""
    import numpy as np

    count = array.shape[1] if array.ndim > 2 else 1
    if count > CHANNELS or array.size < LEAST * count:
        count = 1
    for place in range(count):
        part = array[:, place] if count > 1 else array
        yield np.asarray(part, np.float64).reshape(-1)


def spread_of(array: "Array") -> float:
    """Return the standard deviation of the finite numbers of an array; 0 where there are none."""
    return deviation(array.reshape(-1).astype("float64"))


def finite(numbers: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return the numbers that are finite."""
    import numpy as np

    kept: NDArray[np.float64] = numbers[np.isfinite(numbers)]
    return kept


def deviation(numbers: "NDArray[np.float64]") -> float:
    """Return the standard deviation of finite numbers; 0 where there are none."""
    kept = finite(numbers)
    return float(kept.std()) if kept.size else 0.0


def largest(numbers: "NDArray[np.float64]") -> float:
    """Return the largest finite magnitude; 0 where there is none."""
    kept = finite(numbers)
    return float(abs(kept).max()) if kept.size else 0.0


def distance(a: "NDArray[np.float64]", b: "NDArray[np.float64]") -> float:
    """Return the largest finite difference; 0 where there is none."""
    import numpy as np

    with np.errstate(all="ignore"):
        kept = finite(a - b)
    return float(abs(kept).max()) if kept.size else 0.0
