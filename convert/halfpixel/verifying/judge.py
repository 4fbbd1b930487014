"""How far two outputs are apart beside what they vary by, and beside what rounding does to them.

Both are measured by channel, since one offset or one loud channel would hide all others. What an
output varies by is its standard deviation. What rounding does is measured on the sides themselves
(`noise.py`), and is never less than one step of the output.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.verifying.amounts import count_text, part_text
from halfpixel.verifying.channels import LEAST, channels, deviation, distance, largest, spread_of
from halfpixel.verifying.measure import Difference, is_float
from halfpixel.verifying.noise import EPSILONS, Noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array, Arrays
    from halfpixel.verifying.noise import Runs


TIMES: Final = 32
"""Times the noise floor: two right programs of one network stay below, in another order too."""

NEAR: Final = 8
"""Times that many, or one part of it, the float64 run of a model is made too."""

PART: Final = 1e-3
"""Part of what a channel varies by that may be off, whatever rounding does."""

ROUNDING: Final = 1e-2
"""Part of what a channel varies by up to which a difference may be rounding at all."""

FEW: Final = 0.1
"""Part of the elements that rounding may flip, such as ties of nearest or of a top-k."""

ILL: Final = "ill-conditioned"
"""What an output is called that rounding alone flips."""


class Measure(Struct, frozen=True):
    """The channel of an output in which two sides are farthest apart.

    Attributes:
        part: its largest difference as a part of what it varies by.
        times: the same as a multiple of the noise floor.
        floor: what rounding alone changes there.
        why: what follows from them where the tolerance says otherwise; else empty.
        flipped: how whole numbers or lengths differ, which have no noise floor; else empty.
        double: whether the floor was measured in float64 too, or why not; empty where the
            difference is far from it.
    """

    part: float
    times: float
    floor: float
    why: str = ""
    flipped: str = ""
    double: str = ""

    @property
    def text(self) -> str:
        """The measure in words.

        >>> Measure(0.039, 347.0, 1.2e-7).text
        '3.9 % of what it varies by, and 347 times the noise floor (1.2e-07)'
        """
        if self.flipped:
            return self.flipped
        part = part_text(self.part, "what it varies by")
        double = f", {self.double}" if self.double else ""
        times = f"{count_text(self.times)} times the noise floor ({self.floor:.2g}{double})"
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
    ours, theirs = list(channels(here)), list(channels(there))
    whole = spread_of(here)  # of a channel that is one number
    spreads = [_varied(a, b) or whole for a, b in zip(ours, theirs, strict=True)]
    distances = [distance(a, b) for a, b in zip(ours, theirs, strict=True)]
    step = max(noise.step, *(EPSILONS.get(str(array.dtype), 0.0) for array in arrays))
    # the numbers of a channel may be what is left of larger ones, such as after a ReLU
    floors = [step * max(largest(a), largest(b), whole) for a, b in zip(ours, theirs, strict=True)]
    found = _measure(distances, spreads, floors)
    if difference.equal and not _speaks(found):
        return difference, found
    for name, runs in zip(names, noise.runs, strict=True):
        for one, other in runs:
            _raise(floors, one, other, name, spreads)
    found = _measure(distances, spreads, floors)
    if TIMES / NEAR < found.times < TIMES * NEAR:
        told = _raise_by_double(floors, names, noise, spreads)
        found = replace(_measure(distances, spreads, floors), double=told)
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


def _raise_by_double(
    floors: list[float], names: tuple[str, str], noise: Noise, spreads: Sequence[float]
) -> str:
    """Raise the floors to what a side is apart from its run in float64; return what came of that.

    What is far beyond the floor is another arithmetic, and no rounding.
    """
    most, before = [TIMES * floor for floor in floors], list(floors)
    for name, runs in zip(names, noise.double, strict=True):
        for one, other in runs:
            _raise(floors, one, other, name, spreads, most)
    if noise.refused:
        return f"without a run in float64: {noise.refused[0]}"
    ran = any(noise.double)
    return "measured in float64 too" if ran and floors != before else ""


def _raise(  # noqa: PLR0913, PLR0917 - two runs, and what bounds the floors
    floors: list[float],
    one: "Arrays",
    other: "Arrays",
    name: str,
    spreads: Sequence[float],
    most: Sequence[float] = (),
) -> None:
    """Raise the floors to what two runs of one side are apart; a real change is no rounding.

    Nor is what is more than `most`, where that is given.
    """
    if name not in one or name not in other or one[name].shape != other[name].shape:
        return
    pairs = zip(channels(one[name]), channels(other[name]), strict=True)
    for place, (a, b) in enumerate(pairs):
        far = distance(a, b)
        if far <= ROUNDING * spreads[place] and (not most or far <= most[place]):
            floors[place] = max(floors[place], far)


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
        for one, two, spread in zip(channels(a), channels(b), spreads, strict=True)
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


def _varied(a: "NDArray[np.float64]", b: "NDArray[np.float64]") -> float:
    """Return what a channel varies by on either side; few numbers vary by as much as they are."""
    own = max(deviation(a), deviation(b))
    return own if a.size >= LEAST else max(own, largest(a), largest(b))
