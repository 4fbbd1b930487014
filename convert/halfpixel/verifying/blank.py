"""Outputs that tell nothing of a model: one number throughout, or numbers too small to compare."""

from typing import TYPE_CHECKING, Final

from halfpixel.verifying.measure import TOLERANCES, Tolerance, difference, is_float

if TYPE_CHECKING:
    from halfpixel.arrays import Array


SMALL: Final = 1e-2
"""A tensor whose largest number is below this is small beside the absolute tolerances."""

PART: Final = 10
"""Times the relative tolerance: the part of its largest number that a small tensor may be off."""

RESIDUE: Final = 100
"""Times the spacing at 1: the size up to which numbers may be nothing but rounding."""


def is_blank(array: "Array") -> bool:
    """Whether an array is one number throughout, or none: it tells nothing of a model."""
    import numpy as np

    if array.size < 2 or array.dtype.kind not in "fiub":
        return False
    flat = array.reshape(-1)
    return bool((flat == flat[0]).all() or not np.isfinite(flat.astype(np.float64)).any())


def only_small(found: "Array", expected: "Array") -> str:
    """Return why two float arrays that are equal are so for their numbers being small; or nothing.

    The absolute tolerance is meant for numbers about 1. Where the largest is below `SMALL`, two
    arrays may be apart by no more than `PART` relative tolerances of it: a thousandth of it, for
    float32.

    >>> import numpy as np
    >>> only_small(np.float32([1e-6, 2e-6]), np.float32([2e-6, 1e-6]))
    'its numbers are too small for the tolerance: the largest is 2e-06, and they are 1e-06 apart'
    >>> only_small(np.float32([1e-6, 2e-6]), np.float32([1e-6, 2.0001e-6]))
    ''
    """
    if expected.size == 0 or not (is_float(found) and is_float(expected)):
        return ""
    largest = _largest(expected)
    if not 0 < largest < SMALL:
        return ""
    fitting = {
        name: Tolerance(one.relative * PART * largest, one.relative)
        for name, one in TOLERANCES.items()
    }
    apart = difference(found, expected, fitting)
    if apart.equal:
        return ""
    return (
        f"its numbers are too small for the tolerance: the largest is {largest:.3g}, and they are "
        f"{apart.max_abs:.3g} apart"
    )


def may_be_residue(array: "Array") -> bool:
    """Whether an array of floats holds nothing that rounding numbers about 1 could not leave.

    >>> import numpy as np
    >>> may_be_residue(np.float32([1e-7, 2e-7])), may_be_residue(np.float32([1e-3]))
    (True, False)
    """
    import numpy as np

    return is_float(array) and _largest(array) < RESIDUE * float(np.spacing(array.dtype.type(1)))


def _largest(array: "Array") -> float:
    """Return the largest finite magnitude; 0 where there is none."""
    import numpy as np

    sizes = np.abs(array.astype(np.float64))
    return float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))
