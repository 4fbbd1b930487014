"""What a comparison came to: the verdict, what it rests on, and where the two part."""

from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from halfpixel.checking.comparing.apart import Apart
from halfpixel.checking.comparing.side import Side
from halfpixel.checking.equivalents import Equivalent
from halfpixel.sampling import Sampling
from halfpixel.sampling.compare import Verdict

Answer = Literal["equal", "different", "open"]
"""``open``: neither proven equal nor shown to differ."""

Pair = tuple[int | None, int | None]
"""Input length and output length of an axis, None each where any is meant."""

PROOFS: Final = {
    "closed form": "the same formulas",
    "sizes": "every weight is the same",
    "period": "one period of the factor and both borders",
    "rounding": "but for the float32 rounding of a scale",
    "operator": "the same operator",
}
"""What a verdict of equality rests on, in words."""


class LengthsApart(Struct, frozen=True):
    """An input length that two calls make different output lengths of.

    Attributes:
        axis: place of the spatial axis.
        n_in: the input length; None where both give their sizes whatever it is.
        first: output length of the first.
        second: output length of the second.
    """

    axis: int
    n_in: int | None
    first: int
    second: int


class AxisComparison(Struct, frozen=True):
    """One spatial axis of both.

    Attributes:
        first: what the first computes along it; None where it is copied.
        second: what the second does.
        lengths: the lengths that were asked for, or that a side fixes.
        here: the verdict at these lengths; None where one of them is free.
        every: the verdict at every length that there can be.
        shown: how far they are apart at lengths that show it: the ones that are asked for, else
            usual ones at which they differ, else the witness; None where nothing is.
        wanted: the output length of the first where the second has another one; else None.
    """

    first: Sampling | None
    second: Sampling | None
    lengths: Pair
    here: Verdict | None
    every: Verdict
    shown: Apart | None = None
    wanted: int | None = None

    @property
    def judged(self) -> Verdict:
        """The verdict that was asked for."""
        return self.every if self.here is None else self.here

    @property
    def rounding(self) -> bool:
        """Whether they differ by no more than the float32 rounding of a scale, at the lengths."""
        here = self.here
        return here is not None and here.witness is not None and here.negligible

    @property
    def answer(self) -> Answer:
        """Whether they are equal."""
        if self.judged.equal or self.rounding:
            return "equal"
        return "open" if self.judged.witness is None else "different"

    @property
    def proof(self) -> str:
        """What equality rests on, a key of `PROOFS`; "search" where there is none."""
        return "rounding" if self.rounding else self.judged.proof

    @property
    def witness(self) -> tuple[int, int] | None:
        """The smallest lengths that are known to tell the two apart."""
        return self.every.witness or self.judged.witness


class Measured(Struct, frozen=True):
    """How far two calls are apart that were run on the same image, of one type.

    Attributes:
        dtype: the type.
        most: largest difference of two output samples: of an image of 0 to 1, or of 256 levels.
        mean: their mean difference.
        own: by how much each is off its exact weights, at most; None where these are not known.
    """

    dtype: str
    most: float
    mean: float
    own: tuple[float | None, float | None]


class Measurement(Struct, frozen=True):
    """What running both calls of a comparison came to.

    Attributes:
        reason: why they were not run; empty where they were.
        ins: lengths of the image, height before width.
        outs: lengths of what is made of it.
        calls: the calls, with every length written out.
        releases: the libraries that ran them.
        measured: one a type of image.
    """

    reason: str = ""
    ins: tuple[int, ...] = ()
    outs: tuple[int, ...] = ()
    calls: tuple[str, str] = ("", "")
    releases: tuple[str, str] = ("", "")
    measured: tuple[Measured, ...] = ()


class Comparison(Struct, frozen=True):
    """Two calls, or nodes, compared.

    Attributes:
        a: the first.
        b: the second.
        verdict: equal, different, or open where neither is known.
        reason: why, where it is no axis that says so; empty where it is.
        axes: one a spatial axis, height before width; empty for samplers.
        lengths: where output lengths differ.
        elsewhere: where they do beside the lengths that are compared.
        examples: how far the two are apart at usual lengths, of the axis that differs most.
        instead: the first in the words of the second, or what comes nearest; None where the second
            has no dictionary.
        instead_left_out: it would have been too much work.
        scale: the factor that was asked for.
        displacement: of samplers: by how much samples are apart, in input pixels.
        lines: of samplers: what each computes, in words.
        measurement: what running both came to, where that was asked for.
    """

    a: Side
    b: Side
    verdict: Answer
    reason: str = ""
    axes: tuple[AxisComparison, ...] = ()
    lengths: tuple[LengthsApart, ...] = ()
    elsewhere: tuple[LengthsApart, ...] = ()
    examples: tuple[Apart, ...] = ()
    instead: Equivalent | None = None
    scale: Fraction | None = None
    displacement: float = 0.0
    lines: tuple[str, ...] = ()
    measurement: Measurement | None = None
    instead_left_out: bool = False

    @property
    def equal(self) -> bool:
        """Whether they are proven equal, at what was asked for."""
        return self.verdict == "equal"

    @property
    def different(self) -> bool:
        """Whether a witness shows that they differ."""
        return self.verdict == "different"

    @property
    def at_every_length(self) -> bool:
        """Whether they are proven equal at every length that there can be."""
        if self.lengths or self.elsewhere:
            return False
        return all(axis.every.equal for axis in self.axes) if self.axes else self.equal

    @property
    def worst(self) -> AxisComparison | None:
        """The axis that differs most; None where none is shown to differ."""
        shown = [axis for axis in self.axes if axis.answer == "different" and axis.shown]
        return max(shown, key=lambda axis: axis.shown.rank if axis.shown else (), default=None)

    @property
    def proof(self) -> str:
        """What the verdict rests on: of the axis with the weakest proof."""
        if not self.axes:
            return "operator" if self.equal else ""
        order = ["closed form", "period", "sizes", "rounding", "search"]
        proofs = [axis.proof for axis in self.axes]
        return max(proofs, key=lambda one: order.index(one) if one in order else len(order))

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The lengths of each axis."""
        return tuple(axis.lengths for axis in self.axes)

    def __bool__(self) -> bool:
        """Whether they are proven equal."""
        return self.equal
