"""Core ML's names in an ML Program (MIL): the operators that resize the last two axes.

============================ ============================ =============== ======= ====
operator, mode               source coordinate of i       sampling        kernel  iOS
============================ ============================ =============== ======= ====
resize_bilinear, or resize with interpolation_mode LINEAR (from iOS17 on):
STRICT_ALIGN_CORNERS         i (X-1)/(N-1); 0 for N = 1   align_corners   linear  15
ALIGN_CORNERS                the same; (X-1)/2 for N = 1  tf_crop_and_    linear  15
                                                          resize
DEFAULT                      i X/N                        asymmetric      linear  15
OFFSET_CORNERS               (i + 1/2) max(1, X-1)/N      coreml_offset_  linear  15
                                                          corners
UNALIGN_CORNERS              (i + 1/2) X/N - 1/2          half_pixel      linear  15
upsample_bilinear:
align_corners=True           i (X-1)/(N-1); 0 for N = 1   align_corners   linear  15
align_corners=False          (i + 1/2) X/N - 1/2          half_pixel      linear  15
half_pixel_centers=False     i X/N                        asymmetric      linear  16
upsample_nearest_neighbor    i X/N                        asymmetric      floor   15
resize_nearest_neighbor      (i + 1/2) X/N                tf_half_pixel_  floor   15
                                                          for_nn
resize, NEAREST_NEIGHBOR     (i + 1/2) X/N                the same        floor   17
============================ ============================ =============== ======= ====

X is the input length and N the output length, both ends of every coordinate being clamped.
The step always follows from the two lengths: a factor only says how long the output is,
floor(X factor). The defaults do not agree with each other: resize_bilinear and resize are
DEFAULT, upsample_bilinear is align_corners=True and takes half_pixel_centers for its opposite.

DEFAULT is written with (X - X/N)/(N - 1), which is X/N; for N = 1 that is 0/0, and the network
format's form of it gives 0. Nearest has no formula in the documents. Apple's tests fit the ones
above: a factor 1.12 on length 3 copies it, resize makes 2 pixels into 3 as 0 1 1, and
resize_nearest_neighbor is what tf.image.resize becomes.

Source: coremltools `converters/mil/mil/ops/defs/iOS15|iOS16|iOS17/image_resizing.py`, the tests
in `converters/mil/mil/ops/tests`, and SamplingMode in `mlmodel/format/NeuralNetwork.proto`.

>>> size = {"target_size_height": 5, "target_size_width": 5}
>>> def places(op, attributes, n_out=5):
...     sampling = read(op, attributes, (1, 1, 2, 2)).resize.axes[-1][1]
...     return [round(float(x), 2) for x in sampling.weights(2, n_out).positions]
>>> places("resize_bilinear", {**size, "sampling_mode": "STRICT_ALIGN_CORNERS"})
[0.0, 0.25, 0.5, 0.75, 1.0]
>>> places("resize_bilinear", {**size, "sampling_mode": "ALIGN_CORNERS"})
[0.0, 0.25, 0.5, 0.75, 1.0]
>>> places("resize_bilinear", size)
[0.0, 0.4, 0.8, 1.0, 1.0]
>>> places("resize_bilinear", {**size, "sampling_mode": "OFFSET_CORNERS"})
[0.1, 0.3, 0.5, 0.7, 0.9]
>>> places("resize_bilinear", {**size, "sampling_mode": "UNALIGN_CORNERS"})
[0.0, 0.1, 0.5, 0.9, 1.0]
>>> factors = {"scale_factor_height": 3, "scale_factor_width": 3}
>>> places("upsample_bilinear", factors, 6)
[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
>>> places("upsample_bilinear", {**factors, "align_corners": False}, 6)
[0.0, 0.0, 0.33, 0.67, 1.0, 1.0]
>>> flags = {"align_corners": False, "half_pixel_centers": False}
>>> places("upsample_bilinear", {**factors, **flags}, 6)
[0.0, 0.33, 0.67, 1.0, 1.0, 1.0]
>>> places("upsample_nearest_neighbor", factors, 6)
[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
>>> places("resize_nearest_neighbor", {"target_size_height": 3, "target_size_width": 3}, 3)
[0.0, 1.0, 1.0]
>>> nearest = {"resized_dims": 2, "interpolation_mode": "NEAREST_NEIGHBOR"}
>>> places("resize", {"shape": (3, 3), **nearest}, 3)
[0.0, 1.0, 1.0]
>>> places("resize", {"shape": (1, 5, 5), "resized_dims": 2})
[0.0, 0.4, 0.8, 1.0, 1.0]
"""

from collections.abc import Iterator, Sequence
from typing import Final, cast

from msgspec.structs import replace

from halfpixel.conventions.coreml import mil_grid as coreml_mil_grid
from halfpixel.conventions.coreml.axes import (
    InputShape,
    by_factors,
    by_sizes,
    operators,
    rank_of,
    targets,
    whole_factors,
)
from halfpixel.conventions.coreml.names import INTERPOLATIONS, IOS15, IOS16, IOS17, RULES
from halfpixel.conventions.meaning import Meaning, choice, number, whole
from halfpixel.conventions.vocabulary import Attributes, Wanted, Words
from halfpixel.dialect import ML_PROGRAM
from halfpixel.errors import ConventionError
from halfpixel.sampling import Coordinate, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.resize import given_scale

FACTORS: Final[tuple[str, str]] = ("scale_factor_height", "scale_factor_width")
TARGETS: Final[tuple[str, str]] = ("target_size_height", "target_size_width")
FLAGS: Final[tuple[Attributes, ...]] = (
    {"align_corners": True},
    {"align_corners": False},
    {"align_corners": False, "half_pixel_centers": False},
)
"""What upsample_bilinear can be told; half_pixel_centers only where its default is another."""

REPEAT: Final = Sampling("asymmetric", Nearest("floor"))
NEAREST: Final = Sampling("tf_half_pixel_for_nn", Nearest("floor"))
RESIZES: Final = ML_PROGRAM.resizes


def read(op: str, attributes: Attributes, input_shape: InputShape) -> Meaning:
    """Return what a resizing operator computes.

    Args:
        op: one of `RESIZES`.
        attributes: its constant inputs by parameter name, defaults left out. `shape` of a resize
            may be left out, or hold None, where it is not constant; a target size may be None.
        input_shape: lengths, None each where unknown; None where not even the rank is known.

    Returns:
        The samplings of the axes that can move; `scales` where factors were given; `sizes` as
        far as they are known.

    Raises:
        ConventionError: a value that the operator does not take.
    """
    match op:
        case "upsample_nearest_neighbor" | "upsample_bilinear":
            factors = [number(name, attributes.get(name, 1)) for name in FACTORS]
            linear = op == "upsample_bilinear"
            sampling = Sampling(corners_of(attributes), Linear()) if linear else REPEAT
            meaning = by_factors(input_shape, FACTORS, factors, sampling)
            return meaning if linear else _repeated(meaning)
        case "resize_bilinear" | "resize_nearest_neighbor":
            sizes = [(name, _target(name, attributes.get(name, 1))) for name in TARGETS]
            nearest = op == "resize_nearest_neighbor"
            return by_sizes(input_shape, sizes, NEAREST if nearest else _sampled(attributes))
        case "resize":
            mode = attributes.get("interpolation_mode", INTERPOLATIONS[0])
            nearest = choice("interpolation_mode", mode, INTERPOLATIONS) != INTERPOLATIONS[0]
            sampling = _sampled(attributes)
            lengths = _targets(attributes, input_shape)
            return by_sizes(input_shape, lengths, NEAREST if nearest else sampling)
        case _:
            raise ConventionError(f"{op} is not one of {', '.join(sorted(RESIZES))}")


def corners_of(attributes: Attributes) -> Coordinate:
    """Return what the two flags of upsample_bilinear say."""
    align = bool(attributes.get("align_corners", True))
    if bool(attributes.get("half_pixel_centers", not align)):
        if align:
            flags = "align_corners and half_pixel_centers are both true"
            raise ConventionError(f"{flags}, which has no meaning: set one of them to false")
        return "half_pixel"
    return "align_corners" if align else "asymmetric"


def _sampled(attributes: Attributes) -> Sampling:
    mode = choice("sampling_mode", attributes.get("sampling_mode", "DEFAULT"), RULES)
    return Sampling(RULES[mode], Linear())


def _repeated(meaning: Meaning) -> Meaning:
    """Give whole factors as scales, so that they are proven at lengths that are not known."""
    scales = meaning.scales or ()
    pairs = [(axis, sampling, given_scale(scales[axis])) for axis, sampling in meaning.resize.axes]
    whole = tuple(
        (axis, replace(sampling, scale=scale) if scale and scale.denominator == 1 else sampling)
        for axis, sampling, scale in pairs
    )
    return replace(meaning, resize=Resize(whole))


def _targets(attributes: Attributes, shape: InputShape) -> list[tuple[str, int | None]]:
    """Return the output lengths of a resize; 0 stands for the input's own length."""
    rank = rank_of(shape)
    count = whole("resized_dims", attributes.get("resized_dims"))
    listed = attributes.get("shape")
    if listed is not None and not isinstance(listed, Sequence):
        raise ConventionError(f"shape is {listed!r}, expected a list of lengths")
    given = cast("Sequence[int | None] | None", listed)
    most = rank if given is None else min(rank, len(given))
    if not 0 <= count <= most:
        raise ConventionError(f"resized_dims is {count}, expected at most {most}")
    if given is not None and len(given) > rank:
        raise ConventionError(f"shape has {len(given)} values, input has rank {rank}")
    lengths = list(shape or (None,) * rank)
    wished = [None] * count if given is None else list(given)[len(given) - count :]
    out: list[tuple[str, int | None]] = []
    for axis, value in zip(range(rank - count, rank), wished, strict=True):
        name = f"shape[{axis - rank}]"
        target = _target(name, value)
        out.append((name, lengths[axis] if target == 0 else target))
    return out


def _target(name: str, value: object) -> int | None:
    return None if value is None else whole(name, value)


def open_question(op: str, attributes: Attributes, input_shape: InputShape) -> str:
    """Return in a phrase what Apple leaves open, or devices disagree on; "" where nothing.

    Raises:
        ConventionError: a value that is no number.

    >>> open_question("upsample_nearest_neighbor", {"scale_factor_width": 1.5}, None)
    "a fractional factor, which Apple's tests expect to fail on the GPU"
    >>> open_question("upsample_nearest_neighbor", {"scale_factor_width": 2.0}, None)
    ''
    """
    match op:
        case "upsample_nearest_neighbor":
            factors = [given_scale(number(name, attributes.get(name, 1))) for name in FACTORS]
            if any(factor is None or factor.denominator != 1 for factor in factors):
                return "a fractional factor, which Apple's tests expect to fail on the GPU"
        case "resize_nearest_neighbor":
            if all(attributes.get(name, 1) == 1 for name in TARGETS):
                return "a target of 1 x 1, on which Apple's own test fails"
        case "resize":
            return _open_resize(attributes)
        case _:
            return coreml_mil_grid.open_question(op, attributes, input_shape)
    return ""


def _open_resize(attributes: Attributes) -> str:
    nearest = attributes.get("interpolation_mode", "LINEAR") == "NEAREST_NEIGHBOR"
    mode = attributes.get("sampling_mode", "DEFAULT")
    count = whole("resized_dims", attributes.get("resized_dims", 2))
    shape = cast("Sequence[int | None]", attributes.get("shape") or ())
    if nearest and mode != "DEFAULT":
        return f"NEAREST_NEIGHBOR with sampling_mode {mode}: Core ML takes DEFAULT alone"
    if nearest:
        return "NEAREST_NEIGHBOR of resize: its rounding is documented nowhere"
    if count > 2:
        return f"LINEAR over {count} axes: what is documented has two"
    if 0 in shape[len(shape) - count :]:
        return "a 0 in shape, on which Apple's own test fails"
    return ""


def floor_of(op: str, attributes: Attributes, dtype: str = "") -> int:
    """Return the least specification version that has an operator with these attributes.

    Args:
        op: operator name.
        attributes: its inputs by parameter name; also those that are not constant count.
        dtype: element type of a resample's coordinates, as MIL names it ("fp16", "int8" ...).

    Raises:
        ConventionError: an operator that is not described here.

    >>> floor_of("upsample_bilinear", {"half_pixel_centers": False}), floor_of("resize", {})
    (7, 8)
    """
    if op not in RESIZES:
        return coreml_mil_grid.floor_of(op, attributes, dtype)
    if op == "resize":
        return IOS17
    return IOS16 if "half_pixel_centers" in attributes else IOS15


def _candidates(meant: Wanted) -> Iterator[Words]:
    """Yield operators by size, then by factor; of the resize's own kernel and rule first.

    >>> from halfpixel.sampling import Cubic
    >>> half = Resize(((3, Sampling("half_pixel", Linear())),))
    >>> words(half, (1, 3, 8, 8), (1, 3, 8, 16), 6).attributes["sampling_mode"]
    'UNALIGN_CORNERS'
    >>> cubic = Resize(((3, Sampling("half_pixel", Cubic())),))
    >>> words(cubic, (1, 3, 8, 8), (1, 3, 8, 16), 9) is None
    True
    """
    lengths, factors = targets(meant), whole_factors(meant)
    sizes: dict[str, object] = dict(zip(TARGETS, lengths or (), strict=lengths is not None))
    grown: dict[str, object] = dict(zip(FACTORS, factors or (), strict=factors is not None))
    nearest = [Words("resize_nearest_neighbor", sizes)] if sizes else []
    if grown:
        repeats = Words("upsample_nearest_neighbor", grown)
        nearest.insert(0 if meant.has("asymmetric") else 1, repeats)
    if meant.nearest:
        yield from nearest
    for mode in meant.preferred(RULES):
        if sizes:
            yield Words("resize_bilinear", {**sizes, "sampling_mode": mode})
        elif meant.outs[-1] is not None:  # the height is free, and stays
            given = {"shape": (meant.outs[-1],), "resized_dims": 1, "sampling_mode": mode}
            yield Words("resize", given)
    for flags in FLAGS if grown else ():
        yield Words("upsample_bilinear", {**grown, **flags})
    if not meant.nearest:
        yield from nearest


VOCABULARY: Final = operators(_candidates, floor_of, open_question, read)
"""What an ML Program can say."""

words: Final = VOCABULARY.words
