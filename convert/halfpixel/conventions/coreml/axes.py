"""What Core ML's two formats share: resizes over the last axes, and words proven by weights.

Source: coremltools `converters/mil/mil/ops/defs/iOS15/image_resizing.py` and
`mlmodel/format/NeuralNetwork.proto`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions.onnx.resize import COPIES, Meaning
from halfpixel.errors import ConventionError
from halfpixel.sampling import Nearest, Resize, Sampling, compare, compare_resize
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.sampling.resize import given_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from halfpixel.sampling.coordinate import Coordinate

Attributes = Mapping[str, object]
Lengths = Sequence[int | None]
InputShape = Lengths | None

STILL: Final[frozenset[str]] = COPIES | {"tf_crop_and_resize"}
"""Coordinate rules that copy an axis whose length stays; the last over the whole image."""


@dataclass(frozen=True, slots=True)
class Words:
    """One operator or layer in Core ML's own words.

    Attributes:
        op: its type.
        attributes: its constant inputs or fields by name.
    """

    op: str
    attributes: Mapping[str, object]

    def text(self) -> str:
        """Return it as a call.

        >>> Words("upsample_bilinear", {"scale_factor_width": 2, "align_corners": False}).text()
        'upsample_bilinear(x, scale_factor_width=2, align_corners=False)'
        """
        shown = [
            f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}"
            for name, value in self.attributes.items()
        ]
        return f"{self.op}({', '.join(['x', *shown])})"


def choice(name: str, value: object, allowed: Iterable[str]) -> str:
    """Return a value that is one of some names.

    Raises:
        ConventionError: it is none of them.
    """
    names = list(allowed)
    if value not in names:
        raise ConventionError(f"{name} is {value!r}, expected one of {', '.join(names)}")
    return str(value)


def number(name: str, value: object) -> float:
    """Return a number of any kind (Python's, numpy's) as a float.

    Raises:
        ConventionError: it is no number.
    """
    try:
        return float(cast("float", value))
    except (TypeError, ValueError):
        raise ConventionError(f"{name} is {value!r}, expected a number") from None


def whole(name: str, value: object) -> int:
    """Return a number of any kind as an integer.

    Raises:
        ConventionError: it is no integer.
    """
    found = number(name, value)
    if not math.isfinite(found) or found != math.floor(found):
        raise ConventionError(f"{name} is {value!r}, expected a whole number")
    return int(found)


def rank_of(shape: InputShape) -> int:
    """Return the number of axes, 4 where it is not known.

    Raises:
        ConventionError: fewer than three.
    """
    rank = 4 if shape is None else len(shape)
    if rank < 3:
        raise ConventionError(f"input has rank {rank}, expected at least 3")
    return rank


def by_factors(
    shape: InputShape, names: Sequence[str], factors: Sequence[float], sampling: Sampling
) -> Meaning:
    """Return what an upsampling of the last axes computes.

    Output lengths are floor(length * factor), a float32 product as the type inference of
    coremltools has it (with numpy 2; numpy 1 multiplied in float64).

    Args:
        shape: input lengths, None each where unknown; None where not even the rank is known.
        names: what the factors are called, one an axis from the end.
        factors: output samples an input sample, one an axis.
        sampling: what is computed along each axis; a whole factor becomes its scale where
            the kernel is nearest, any other has its step from the two lengths.

    Raises:
        ConventionError: a factor that is not positive and finite, or makes a length 0.
    """
    rank = rank_of(shape)
    lengths = list(shape or (None,) * rank)
    sizes, scales = list(lengths), [1.0] * rank
    pairs: list[tuple[int, Sampling]] = []
    for axis, name, factor in zip(last(rank, len(factors)), names, factors, strict=True):
        scale = given_scale(factor)
        if scale is None:
            raise ConventionError(f"{name} is {factor}, expected a positive finite number")
        n_in, scales[axis] = lengths[axis], factor
        if n_in is not None:
            sizes[axis] = output_length_float32(n_in, factor)
            if sizes[axis] == 0:
                raise ConventionError(f"{name} {factor:g} makes length {n_in} into 0")
        if scale != 1:
            pairs.append((axis, sampling))
    return Meaning(Resize(tuple(pairs)), rank, tuple(scales), tuple(sizes))


def by_sizes(
    shape: InputShape, targets: Sequence[tuple[str, int | None]], sampling: Sampling
) -> Meaning:
    """Return what a resize of the last axes to some lengths computes.

    Args:
        shape: as for `by_factors`.
        targets: name and output length of each axis; None where it is not known.
        sampling: what is computed along each axis, its step from the two lengths. Under
            tf_crop_and_resize a known length above 1 makes it align_corners, the same there.

    Raises:
        ConventionError: a length below 1.
    """
    rank = rank_of(shape)
    lengths = list(shape or (None,) * rank)
    sizes = list(lengths)
    pairs: list[tuple[int, Sampling]] = []
    for axis, (name, target) in zip(last(rank, len(targets)), targets, strict=True):
        if target is not None and target < 1:
            raise ConventionError(f"{name} is {target}, expected at least 1")
        sizes[axis] = target
        stays = target is not None and target == lengths[axis]
        if not (stays and sampling.coordinate in STILL):
            pairs.append((axis, _named(sampling, target)))
    return Meaning(Resize(tuple(pairs)), rank, None, tuple(sizes))


def _named(sampling: Sampling, target: int | None) -> Sampling:
    if sampling.coordinate == "tf_crop_and_resize" and target is not None and target > 1:
        return Sampling("align_corners", sampling.kernel)
    return sampling


def last(rank: int, count: int) -> tuple[int, ...]:
    """Return the last axes, in order."""
    return tuple(range(rank - count, rank))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resize that is to be said in words, at the lengths that are known.

    Attributes:
        resize: what is to be said.
        ins: input lengths, None each where unknown.
        outs: output lengths, likewise; an axis that is copied keeps its length.
        rank: number of axes.
        factors: whole factors of the last two axes, as far as they are known.
    """

    resize: Resize
    ins: tuple[int | None, ...]
    outs: tuple[int | None, ...]
    rank: int
    factors: tuple[int | None, ...]

    def targets(self) -> tuple[int, int] | None:
        """Return the output lengths of the last two axes, or None where one is not known."""
        height, width = self.outs[-2:]
        return None if height is None or width is None else (height, width)

    def whole(self) -> tuple[int, int] | None:
        """Return the factors of the last two axes, or None where one is not whole."""
        height, width = self.factors
        return None if height is None or width is None else (height, width)

    @property
    def nearest(self) -> bool:
        """Whether an axis has a nearest kernel."""
        return any(isinstance(sampling.kernel, Nearest) for _, sampling in self.resize.axes)

    def has(self, coordinate: "Coordinate") -> bool:
        """Whether an axis has this coordinate rule."""
        return any(sampling.coordinate == coordinate for _, sampling in self.resize.axes)

    def preferred(self, names: Mapping[str, "Coordinate"]) -> list[str]:
        """Return names of coordinate rules, those that the resize itself has first."""
        return sorted(names, key=lambda name: not self.has(names[name]))


def wanted(
    resize: Resize,
    input_lengths: Lengths,
    output_lengths: Lengths,
    rank: int,
    scales: Sequence[float] | None,
) -> Wanted | None:
    """Return a resize with what follows from its lengths, or None.

    None where it moves other axes than the last two, or a length is 0.
    """
    known = [n for n in (*input_lengths, *output_lengths) if n is not None]
    if rank < 3 or any(axis < rank - 2 for axis, _ in resize.axes) or min(known, default=1) < 1:
        return None
    ins = tuple(input_lengths)
    moved = {axis for axis, _ in resize.axes}
    outs = tuple(
        n if axis in moved or n is not None else ins[axis] for axis, n in enumerate(output_lengths)
    )
    factors = tuple(_factor(resize, ins, outs, axis, scales) for axis in last(rank, 2))
    return Wanted(resize, ins, outs, rank, factors)


def _factor(
    resize: Resize,
    ins: Lengths,
    outs: Lengths,
    axis: int,
    scales: Sequence[float] | None,
) -> int | None:
    n_in, n_out, sampling = ins[axis], outs[axis], resize.sampling(axis)
    scale: Fraction | None = Fraction(1)
    if sampling is not None:
        scale = sampling.scale if scales is None else given_scale(scales[axis])
        if n_in is not None and n_out is not None:
            scale = Fraction(n_out, n_in)
    return None if scale is None or scale.denominator != 1 else math.floor(scale)


def first_equal(
    wanted: Wanted,
    candidates: Iterable[Words],
    read: "Callable[[str, Attributes, InputShape], Meaning]",
) -> Words | None:
    """Return the first candidate that is proven to compute the same at the known lengths."""
    for words in candidates:
        try:
            meaning = read(words.op, words.attributes, wanted.ins)
        except ConventionError:
            continue
        sizes = meaning.sizes or wanted.outs
        lengths = zip(sizes, wanted.outs, strict=True)
        if any(None not in pair and pair[0] != pair[1] for pair in lengths):
            continue
        if compare_resize(meaning.resize, wanted.resize, wanted.ins, wanted.outs).proven:
            return words
    return None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The operators of an ML Program, or the layers of a neural network, that resize.

    Attributes:
        candidates: yields what might say a resize, the preferred ones first: by size, which has
            one meaning on every device, then by factor, which the lengths need not be known for.
        floor_of: the least specification version that has one.
        open_question: what Apple leaves open about one; such a one is never taken.
        read: what one computes.
    """

    candidates: "Callable[[Wanted], Iterator[Words]]"
    floor_of: "Callable[[str, Attributes], int]"
    open_question: "Callable[[str, Attributes, InputShape], str]"
    read: "Callable[[str, Attributes, InputShape], Meaning]"

    def words(  # noqa: PLR0913, PLR0917 - each decides by itself
        self,
        resize: Resize,
        input_lengths: Lengths,
        output_lengths: Lengths,
        version: int,
        rank: int,
        scales: Sequence[float] | None = None,
    ) -> Words | None:
        """Return what is proven to compute a resize of the last two axes.

        Args:
            resize: what is to be said.
            input_lengths: known lengths one an axis, None each where unknown.
            output_lengths: likewise.
            version: specification version of the model, 1 to 9; an ML Program has at least 6.
            rank: number of axes, at least 3.
            scales: factors one an axis where they are known, for lengths that are not.
        """
        meant = wanted(resize, input_lengths, output_lengths, rank, scales)
        if meant is None:
            return None
        sayable = (
            said
            for said in self.candidates(meant)
            if self.floor_of(said.op, said.attributes) <= version
            and not self.open_question(said.op, said.attributes, meant.ins)
        )
        return first_equal(meant, sayable, self.read)


def text_of(
    sampling: Sampling,
    spatial: int,
    by_size: Mapping[str, Sampling],
    by_factor: "Callable[[int], Iterator[tuple[str, Sampling]]]",
) -> str | None:
    """Return the first call that is proven to be a sampling at every size, or None.

    Args:
        sampling: what is to be said of each axis.
        spatial: number of spatial axes; Core ML has two.
        by_size: calls that are given the output lengths, and what each computes.
        by_factor: calls that enlarge by a whole factor.
    """
    factor = sampling.scale
    if spatial > 2:
        return None
    grows = factor is not None and factor > 1 and factor.denominator == 1
    said = by_factor(int(factor)) if factor is not None and grows else iter(by_size.items())
    for text, meaning in said:
        verdict = compare(meaning, sampling)
        if verdict.equal and verdict.proof != "search":
            return text
    return None
