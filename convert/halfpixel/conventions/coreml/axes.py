"""What Core ML's two formats share: resizes over the last axes, and words proven by weights.

Source: coremltools `converters/mil/mil/ops/defs/iOS15/image_resizing.py` and
`mlmodel/format/NeuralNetwork.proto`.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from halfpixel.conventions.meaning import COPIES, Lengths, Meaning
from halfpixel.conventions.vocabulary import Attributes, Vocabulary, Wanted, Words, text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Resize, Sampling
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.sampling.resize import given_scale

InputShape = Lengths | None

STILL: Final[frozenset[str]] = COPIES | {"tf_crop_and_resize"}
"""Coordinate rules that copy an axis whose length stays; the last over the whole image."""


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


class Operators(Vocabulary[Wanted, Words], frozen=True):
    """The operators of an ML Program, or the layers of a neural network, that resize.

    Its candidates come by size, which has one meaning on every device, then by factor, which the
    lengths need not be known for.
    """

    def words(
        self,
        resize: Resize,
        input_lengths: Lengths,
        output_lengths: Lengths,
        version: int,
        scales: Sequence[float] | None = None,
    ) -> Words | None:
        """Return what is proven to compute a resize of the last two axes.

        Args:
            resize: what is to be said.
            input_lengths: known lengths one an axis, None each where unknown; at least 3.
            output_lengths: likewise.
            version: specification version of the model, 1 to 9; an ML Program has at least 6.
            scales: factors one an axis where they are known, for lengths that are not.
        """
        wanted = wanted_of(resize, (input_lengths, output_lengths), version, scales)
        return None if wanted is None else self.first(wanted)


def operators(
    candidates: Callable[[Wanted], Iterator[Words]],
    floor_of: Callable[[str, Attributes], int],
    open_question: Callable[[str, Attributes, InputShape], str],
    read: Callable[[str, Attributes, InputShape], Meaning],
) -> Operators:
    """Return a vocabulary of operators that are read by their attributes and lengths.

    Args:
        candidates: yields what might say a resize, the preferred ones first.
        floor_of: the least specification version that has one.
        open_question: what Apple leaves open about one; such a one is never taken.
        read: what one computes.
    """

    def resize_of(said: Words, wanted: Wanted) -> Resize | None:
        if floor_of(said.op, said.attributes) > wanted.version:
            return None
        if open_question(said.op, said.attributes, wanted.ins):
            return None
        try:
            meaning = read(said.op, said.attributes, wanted.ins)
        except ConventionError:
            return None
        lengths = zip(meaning.sizes or wanted.outs, wanted.outs, strict=True)
        if any(None not in pair and pair[0] != pair[1] for pair in lengths):
            return None
        return meaning.resize

    return Operators(candidates, resize_of)


def wanted_of(
    resize: Resize,
    lengths: tuple[Lengths, Lengths],
    version: int,
    scales: Sequence[float] | None,
) -> Wanted | None:
    """Return a resize with what follows from its lengths; an axis that is copied keeps its own.

    None where it moves other axes than the last two, or a length is 0.
    """
    ins, outs = lengths
    rank = len(ins)
    known = [n for n in (*ins, *outs) if n is not None]
    if rank < 3 or any(axis < rank - 2 for axis, _ in resize.axes) or min(known, default=1) < 1:
        return None
    moved = {axis for axis, _ in resize.axes}
    kept = tuple(n if axis in moved or n is not None else ins[axis] for axis, n in enumerate(outs))
    return Wanted(resize, tuple(ins), kept, version, None if scales is None else tuple(scales))


def targets(wanted: Wanted) -> tuple[int, int] | None:
    """Return the output lengths of the last two axes, or None where one is not known."""
    height, width = wanted.outs[-2:]
    return None if height is None or width is None else (height, width)


def whole_factors(wanted: Wanted) -> tuple[int, int] | None:
    """Return the factors of the last two axes, or None where one is not known or not whole."""
    height, width = (_factor(wanted, axis) for axis in last(wanted.rank, 2))
    return None if height is None or width is None else (height, width)


def _factor(wanted: Wanted, axis: int) -> int | None:
    n_in, n_out, sampling = wanted.ins[axis], wanted.outs[axis], wanted.resize.sampling(axis)
    scale: Fraction | None = Fraction(1)
    if sampling is not None:
        scale = sampling.scale if wanted.scales is None else given_scale(wanted.scales[axis])
        if n_in is not None and n_out is not None:
            scale = Fraction(n_out, n_in)
    return None if scale is None or scale.denominator != 1 else math.floor(scale)


def writer(
    by_size: Mapping[str, Sampling],
    by_factor: Callable[[int], Iterator[tuple[str, Sampling]]],
) -> Callable[[Sampling, int], str | None]:
    """Return how a convention writes: the first call that is proven equal at every size, or None.

    Args:
        by_size: calls that are given the output lengths, and what each computes.
        by_factor: calls that enlarge by a whole factor.
    """

    def write(sampling: Sampling, spatial: int) -> str | None:
        factor = sampling.scale
        if spatial > 2:
            return None
        grows = factor is not None and factor > 1 and factor.denominator == 1
        said = by_factor(int(factor)) if factor is not None and grows else by_size.items()
        return text_of(sampling, said)

    return write
