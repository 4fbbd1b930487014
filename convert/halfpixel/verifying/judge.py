"""How far two outputs are apart beside what they vary by, and beside what rounding does to them.

Both are measured by channel, since one offset or one loud channel would hide all others. What an
output varies by is its standard deviation. What rounding does is measured on the sides themselves
(`noise.py`), and is never less than one step of the output.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.verifying.amounts import count_text, part_text
from halfpixel.verifying.measure import Difference, is_float
from halfpixel.verifying.noise import EPSILONS, Noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array, Arrays
    from halfpixel.verifying.noise import Runs


TIMES: Final = 32
"""Times the noise floor: two right programs of one network stay below, in another order too."""

PART: Final = 1e-3
"""Part of what a channel varies by that may be off, whatever rounding does."""

ROUNDING: Final = 1e-2
"""Part of what a channel varies by up to which a difference may be rounding at all."""

FEW: Final = 0.1
"""Part of the elements that rounding may flip, such as ties of nearest or of a top-k."""

ILL: Final = "ill-conditioned"
"""What an output is called that rounding alone flips."""

CHANNELS: Final = 4096
"""Most channels that are looked at one by one."""

LEAST: Final = 8
"""Elements of a channel from which on it has a deviation of its own."""


class Measure(Struct, frozen=True):
    """The channel of an output in which two sides are farthest apart.

    Attributes:
        part: its largest difference as a part of what it varies by.
        times: the same as a multiple of the noise floor.
        floor: what rounding alone changes there.
        why: what follows from them where the tolerance says otherwise; else empty.
        flipped: how whole numbers or lengths differ, which have no noise floor; else empty.
    """

    part: float
    times: float
    floor: float
    why: str = ""
    flipped: str = ""

    @property
    def text(self) -> str:
        """The measure in words.

        >>> Measure(0.039, 347.0, 1.2e-7).text
        '3.9 % of what it varies by, and 347 times the noise floor (1.2e-07)'
        """
        if self.flipped:
            return self.flipped
        part = part_text(self.part, "what it varies by")
        times = f"{count_text(self.times)} times the noise floor ({self.floor:.2g})"
        return ", and ".join(filter(None, (part, times)))


def judged(
    difference: Difference,
    names: tuple[str, str],
    arrays: "tuple[Array, Array]",
    noise: Noise,
) -> tuple[Difference, Measure | None]:
    """Return how an output differs beside its spread and the noise floor, and what that comes to.

    Args:
        difference: how it differs by the tolerance.
        names: its name on either side.
        arrays: what either side returns.
        noise: runs that only rounding sets apart; made where they matter alone.
    """
    here, there = arrays
    if not difference.equal and not (
        is_float(here) and is_float(there) and here.shape == there.shape
    ):
        return _flipped(difference, names, arrays, noise)
    silent = not difference.max_abs or not math.isfinite(difference.max_abs) or difference.reason
    if silent or here.shape != there.shape or not (is_float(here) and is_float(there)):
        return difference, None
    ours, theirs = list(_channels(here)), list(_channels(there))
    whole = spread_of(here)  # of a channel that is one number
    spreads = [max(_spread(a), _spread(b)) or whole for a, b in zip(ours, theirs, strict=True)]
    apart = [_apart(a, b) for a, b in zip(ours, theirs, strict=True)]
    step = max(noise.step, *(EPSILONS.get(str(array.dtype), 0.0) for array in arrays))
    # the numbers of a channel may be what is left of larger ones, such as after a ReLU
    floors = [
        step * max(_largest(a), _largest(b), whole) for a, b in zip(ours, theirs, strict=True)
    ]
    found = _measure(apart, spreads, floors)
    if difference.equal and not _speaks(found):
        return difference, found
    for name, runs in zip(names, noise.runs, strict=True):
        for one, other in runs:
            _raise(floors, one, other, name, spreads)
    found = _measure(apart, spreads, floors)
    why = ""
    if difference.equal:
        why = "within the tolerance, and more than rounding does" if _speaks(found) else ""
    elif found.times <= TIMES / 8 and found.part <= ROUNDING:
        why = "no more than rounding does"
    elif flips(here, there, names, noise.runs, spreads):
        why = f"{ILL}: rounding alone flips as many of its elements"
        count = int(_far(here, there, spreads).sum())
        found = replace(found, flipped=f"{found.text} in {count} of {here.size} elements")
    equal = difference.equal != bool(why)
    return replace(difference, equal=equal), replace(found, why=why)


def _flipped(
    difference: Difference,
    names: tuple[str, str],
    arrays: "tuple[Array, Array]",
    noise: Noise,
) -> tuple[Difference, Measure | None]:
    """Return whether rounding alone changes whole numbers, or how many rows there are, as much."""
    import numpy as np

    here, there = arrays
    told = [
        [(one[name], other[name]) for one, other in runs if name in one and name in other]
        for name, runs in zip(names, noise.runs, strict=True)
    ]
    if here.shape != there.shape:
        ours, theirs = ({array.shape for pair in pairs for array in pair} for pairs in told)
        if there.shape not in ours and here.shape not in theirs:
            return difference, None
        why = f"{ILL}: rounding alone makes as many rows of it"
        return replace(difference, equal=True), Measure(0.0, 0.0, 0.0, why, difference.reason)
    if here.dtype.kind not in "iub" or there.dtype.kind not in "iub":
        return difference, None
    far = here != there
    count, most, unstable = int(np.count_nonzero(far)), 0, np.zeros_like(far)
    for a, b in (pair for pairs in told for pair in pairs):
        if a.shape == b.shape == far.shape:
            most = max(most, int(np.count_nonzero(a != b)))
            unstable |= a != b
    few = count <= max(1.0, FEW * far.size) and count <= 2 * most
    if not few or 2 * int(np.count_nonzero(far & unstable)) < count:
        return difference, None
    why = f"{ILL}: rounding alone flips as many of its elements"
    text = f"{count} of {far.size} elements"
    return replace(difference, equal=True), Measure(0.0, 0.0, 0.0, why, text)


def _speaks(found: Measure) -> bool:
    """Whether a difference is more than rounding does and more than nothing of the output."""
    return found.times > TIMES and found.part > PART


def _raise(
    floors: list[float], one: "Arrays", other: "Arrays", name: str, spreads: Sequence[float]
) -> None:
    """Raise the floors to what two runs of one side are apart; a real change is no rounding."""
    if name not in one or name not in other or one[name].shape != other[name].shape:
        return
    pairs = zip(_channels(one[name]), _channels(other[name]), strict=True)
    for place, (a, b) in enumerate(pairs):
        apart = _apart(a, b)
        if apart <= ROUNDING * spreads[place]:
            floors[place] = max(floors[place], apart)


def flips(
    here: "Array",
    there: "Array",
    names: tuple[str, str],
    told: "Sequence[Runs]",
    spreads: Sequence[float],
) -> bool:
    """Whether few elements are far apart, and rounding alone sets as many of one side apart."""
    import numpy as np

    far = _far(here, there, spreads)
    count = int(np.count_nonzero(far))
    if not 0 < count <= max(1.0, FEW * far.size):
        return False
    most, unstable = 0, np.zeros_like(far)
    for name, runs in zip(names, told, strict=True):
        for one, other in runs:
            if name in one and name in other and one[name].shape == here.shape == other[name].shape:
                here_too = _far(one[name], other[name], spreads)
                most = max(most, int(np.count_nonzero(here_too)))
                unstable |= here_too
    return count <= 2 * most and 2 * int(np.count_nonzero(far & unstable)) >= count


def _far(a: "Array", b: "Array", spreads: Sequence[float]) -> "NDArray[np.bool_]":
    """Return which elements are farther apart than a part of what their channel varies by."""
    import numpy as np

    flags = [
        ~(np.abs(one - two) <= PART * spread)
        for one, two, spread in zip(_channels(a), _channels(b), spreads, strict=True)
    ]
    return np.concatenate(flags) if flags else np.zeros(0, np.bool_)


def _measure(apart: Iterable[float], spreads: Iterable[float], floors: Iterable[float]) -> Measure:
    """Return the measure of the channel that says most."""
    best = Measure(0.0, 0.0, 0.0)
    for far, spread, floor in zip(apart, spreads, floors, strict=True):
        part = far / spread if spread else (math.inf if far else 0.0)
        times = far / floor if floor else (math.inf if far else 0.0)
        one = Measure(part, times, floor)
        if (_speaks(one), part) > (_speaks(best), best.part):
            best = one
    return best


def _channels(array: "Array") -> "Iterator[NDArray[np.float64]]":
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
    return _spread(array.reshape(-1).astype("float64"))


def _finite(numbers: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    kept: NDArray[np.float64] = numbers[np.isfinite(numbers)]
    return kept


def _spread(numbers: "NDArray[np.float64]") -> float:
    kept = _finite(numbers)
    return float(kept.std()) if kept.size else 0.0


def _largest(numbers: "NDArray[np.float64]") -> float:
    kept = _finite(numbers)
    return float(abs(kept).max()) if kept.size else 0.0


def _apart(a: "NDArray[np.float64]", b: "NDArray[np.float64]") -> float:
    import numpy as np

    with np.errstate(all="ignore"):
        kept = _finite(a - b)
    return float(abs(kept).max()) if kept.size else 0.0
