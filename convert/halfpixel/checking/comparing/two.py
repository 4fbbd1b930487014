"""Two sides, with what is asked of them: the lengths at which they can be compared."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

from msgspec import Struct

from halfpixel.checking.comparing.axis import Rule, by_ratio
from halfpixel.checking.comparing.lengths import Lengths
from halfpixel.checking.comparing.side import Side
from halfpixel.convention import Reading
from halfpixel.errors import ConventionError, UsageError
from halfpixel.preprocessor import is_written
from halfpixel.sampling import Sampling

TAKEN: Final = (4, 7)
"""Input lengths at which it is asked whether a call computes another thing by its lengths."""


class Two(Struct, frozen=True):
    """Two resizes over the same number of axes, and what is asked of them.

    Attributes:
        a: the first.
        b: the second.
        asked: the lengths that are asked for.
        scale: the factor that is asked for, of calls that leave it open.
    """

    a: Side
    b: Side
    asked: Lengths
    scale: Fraction | None

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both."""
        return self.a, self.b

    @property
    def varies(self) -> bool:
        """Whether what a side computes along an axis hangs on more than its sampling says."""
        return any(side.by_lengths or _varies(side) for side in self.sides)

    def inputs(self) -> tuple[int | None, ...]:
        """Return the input lengths: those that are asked for, else those that a model fixes.

        Where two models fix others each, none are known: they are compared at any.

        Raises:
            UsageError: others are asked for than a model has.
        """
        asked, _ = self.asked.of(self.a.axes)
        found: list[int | None] = []
        for axis, given in enumerate(asked):
            fixed = {side.ins[axis] for side in self.sides if side.ins} - {None}
            if given is not None and fixed - {given}:
                (own, *_) = fixed - {given}
                raise UsageError(
                    f"an input length of {given} is asked for, and the model's is {own}"
                )
            found.append(given or (fixed.pop() if len(fixed) == 1 else None))
        return tuple(found)

    def outputs(self, ins: Sequence[int], made: Sequence[Reading]) -> tuple[int | None, ...]:
        """Return the output lengths that are compared, for input lengths.

        Args:
            ins: the input lengths.
            made: what either side computes for them.

        Raises:
            UsageError: others are asked for than a call gives.
        """
        _, asked = self.asked.of(len(ins))
        found: list[int | None] = []
        for axis, (n_in, given) in enumerate(zip(ins, asked, strict=True)):
            own = [one.lengths[axis] for one in made if one.lengths[axis] is not None]
            for side, one in zip(self.sides, made, strict=True):
                length = one.lengths[axis]
                if given is not None and length not in {None, given}:
                    gives = "its resize gives" if is_written(side.subject) else "it gives"
                    raise UsageError(
                        f"{side.subject}: an output length of {given} is asked for, and {gives} "
                        f"{length}"
                    )
            scaled = None if self.scale is None else int(n_in * self.scale) or None
            found.append(given or next(iter(own), None) or scaled)
        return tuple(found)

    def samplings(self, axis: int) -> tuple[Sampling | None, Sampling | None]:
        """Return what both compute along an axis, whatever its lengths are."""
        ones = [
            None if side.reading is None else side.reading.samplings[axis] for side in self.sides
        ]
        if self.scale is not None:
            ones = list(by_ratio(self.scale, *ones))
        return ones[0], ones[1]

    def sizes(self, axis: int) -> list[int]:
        """Return the output lengths that sizes give at every input, or that are asked for."""
        _, asked = self.asked.of(self.a.axes)
        own = [side.reading.lengths[axis] for side in self.sides if side.reading is not None]
        return list(dict.fromkeys(n for n in (*own, asked[axis]) if n is not None))

    def rules(self, axis: int) -> dict[int, Rule]:
        """Return what factors make of lengths, by the side that has one: 0 is a, 1 is b.

        The factor that is asked for is that of a side which leaves its lengths open.

        Raises:
            UsageError: a factor is asked for, and a side has another one.
        """
        found: dict[int, Rule] = {}
        scaled: list[int] = []
        for place, side in enumerate(self.sides):
            if side.reading is None or side.reading.lengths[axis] is not None:
                continue
            scaled.append(place)
            rule = _rule(side, axis)
            if any(rule(n) is not None for n in TAKEN):
                found[place] = rule
                own = side.scale
                if None not in {own, self.scale} and own != self.scale:
                    raise UsageError(f"{side.subject}: --scale says {self.scale}, and it has {own}")
        scale = self.scale
        if scale is not None and not found and scaled:
            found[scaled[0]] = lambda n: int(n * scale) or None
        return found


def _varies(side: Side) -> bool:
    """Whether a call computes another sampling at some lengths than it says of any."""
    opened = () if side.reading is None else side.reading.samplings
    for n in TAKEN:
        try:
            if side.at((n,) * side.axes).samplings != opened:
                return True
        except ConventionError:
            continue
    return False


def _rule(side: Side, axis: int) -> Rule:
    @lru_cache(maxsize=256)  # the same lengths are asked of it for several reasons
    def rule(n: int) -> int | None:
        try:
            return side.at((n,) * side.axes).lengths[axis]
        except ConventionError:  # nothing comes of so short an axis
            return None

    return rule


def agreed(rules: Sequence[Rule]) -> Rule:
    """Return what two factors make of the lengths of which they make the same."""

    def rule(n: int) -> int | None:
        first, second = rules[0](n), rules[1](n)
        return first if first == second else None

    return rule
