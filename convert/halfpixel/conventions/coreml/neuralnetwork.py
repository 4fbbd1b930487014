"""Core ML's names in a neural network: the layers that resize, crop or enlarge.

=================================== ========================== ====================== ====
layer, mode                         source coordinate of i     sampling               spec
=================================== ========================== ====================== ====
upsample NN                         i X/N                      asymmetric, floor      1
upsample BILINEAR
  DEFAULT (unset)                   i X/N                      asymmetric             1
  ALIGN_CORNERS_TRUE                i (X-1)/(N-1)              align_corners          5
  ALIGN_CORNERS_FALSE               (i + 1/2) X/N - 1/2        half_pixel             5
resizeBilinear
  STRICT_ALIGN_ENDPOINTS_MODE       i (X-1)/(N-1); 0 for N = 1 align_corners          3
  (unset)
  ALIGN_ENDPOINTS_MODE              the same; (X-1)/2 at N = 1 tf_crop_and_resize     3
  UPSAMPLE_MODE                     i X/N                      asymmetric             3
  ROI_ALIGN_MODE                    (i + 1/2) max(1, X-1)/N    coreml_offset_corners  3
cropResize                          the rules of resizeBilinear inside each box       3
convolution with isDeconvolution    see ConvTranspose; "deconvolution" here           1
=================================== ========================== ====================== ====

X is the input length and N the output length. The resized axes are the last two of any rank.
resizeBilinear has no half_pixel, and there is no layer that samples at given coordinates.

Attributes are the fields of a layer's message by their names in the proto, those of the messages
inside it too (samplingMethod, boxMode, asymmetryMode); an enum is its name or its number. Fields
left out are unset. Of a deconvolution, ``padding`` is "valid" or "same", and ``borderAmounts``
are (top, bottom, left, right).

Source: `mlmodel/format/NeuralNetwork.proto` (UpsampleLayerParams, ResizeBilinearLayerParams,
CropResizeLayerParams, ConvolutionLayerParams, SamplingMode, SamePadding) and coremltools
`models/neural_network/builder.py`, for what fractional factors go with.

>>> def places(layer, attributes, n_out=5):
...     sampling = read(layer, attributes, (1, 2, 2)).resize.axes[-1][1]
...     return [round(float(x), 2) for x in sampling.weights(2, n_out).positions]
>>> size = {"targetSize": (5, 5)}
>>> places("resizeBilinear", size)
[0.0, 0.25, 0.5, 0.75, 1.0]
>>> places("resizeBilinear", {**size, "samplingMethod": "ALIGN_ENDPOINTS_MODE"})
[0.0, 0.25, 0.5, 0.75, 1.0]
>>> places("resizeBilinear", {**size, "samplingMethod": "UPSAMPLE_MODE"})
[0.0, 0.4, 0.8, 1.0, 1.0]
>>> places("resizeBilinear", {**size, "samplingMethod": "ROI_ALIGN_MODE"})
[0.1, 0.3, 0.5, 0.7, 0.9]
>>> twice = {"scalingFactor": (2, 2)}
>>> places("upsample", twice, 4)
[0.0, 0.0, 1.0, 1.0]
>>> linear = {**twice, "mode": "BILINEAR"}
>>> places("upsample", linear, 4)
[0.0, 0.5, 1.0, 1.0]
>>> places("upsample", {**linear, "linearUpsampleMode": "ALIGN_CORNERS_TRUE"}, 4)
[0.0, 0.33, 0.67, 1.0]
>>> places("upsample", {**linear, "linearUpsampleMode": "ALIGN_CORNERS_FALSE"}, 4)
[0.0, 0.25, 0.75, 1.0]
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, cast

from halfpixel.convention import Convention
from halfpixel.conventions.coreml.axes import (
    Attributes,
    InputShape,
    Vocabulary,
    Wanted,
    Words,
    by_factors,
    by_sizes,
    choice,
    number,
    text_of,
    whole,
)
from halfpixel.conventions.onnx.resize import Meaning
from halfpixel.errors import ConventionError
from halfpixel.sampling import (
    ConvTranspose,
    Coordinate,
    CropResize,
    Linear,
    Nearest,
    Sampling,
)
from halfpixel.sampling.crop import BOX_ORDERS, BoxOrder, CropCoordinate
from halfpixel.sampling.resize import given_scale

METHODS: Final[Mapping[str, CropCoordinate]] = {
    "STRICT_ALIGN_ENDPOINTS_MODE": "align_corners",
    "ALIGN_ENDPOINTS_MODE": "tf_crop_and_resize",
    "UPSAMPLE_MODE": "asymmetric",
    "ROI_ALIGN_MODE": "coreml_offset_corners",
}
"""What SamplingMode says, in the order of its numbers."""

LINEAR: Final[Mapping[str, Coordinate]] = {
    "DEFAULT": "asymmetric",
    "ALIGN_CORNERS_TRUE": "align_corners",
    "ALIGN_CORNERS_FALSE": "half_pixel",
}
"""What linearUpsampleMode says, in the order of its numbers."""

MODES: Final = ("NN", "BILINEAR")
SAME: Final = ("BOTTOM_RIGHT_HEAVY", "TOP_LEFT_HEAVY")
REPEAT: Final = Sampling("asymmetric", Nearest("floor"))
LAYERS: Final[Mapping[str, int]] = {
    "upsample": 1,
    "deconvolution": 1,
    "resizeBilinear": 3,
    "cropResize": 3,
}
"""Layers described here, with the specification version that each came with."""

FRACTIONAL_SINCE: Final = 5
"""First version with linearUpsampleMode and fractionalScalingFactor (iOS14)."""


def _enum(attributes: Attributes, name: str, names: Sequence[str]) -> str:
    """Return the name of an enum's value, which may be given by number; unset is number 0."""
    value = attributes.get(name, 0)
    if isinstance(value, str):
        return choice(name, value, names)
    place = whole(name, value)
    if not 0 <= place < len(names):
        raise ConventionError(f"{name} is {place}, expected one of {', '.join(names)}")
    return names[place]


def _pair(attributes: Attributes, name: str, rest: float) -> tuple[float, float]:
    values = cast("Sequence[object]", attributes.get(name) or (rest, rest))
    if len(values) != 2:
        raise ConventionError(f"{name} has {len(values)} values, expected 2")
    return number(name, values[0]), number(name, values[1])


def _whole_pair(attributes: Attributes, name: str, rest: int) -> tuple[int, int]:
    first, second = (whole(name, value) for value in _pair(attributes, name, rest))
    if min(first, second) < 1:
        raise ConventionError(f"{name} holds {min(first, second)}, expected at least 1")
    return first, second


def read(layer: str, attributes: Attributes, input_shape: InputShape) -> Meaning:
    """Return what an upsample or resizeBilinear layer computes.

    Args:
        layer: "upsample" or "resizeBilinear".
        attributes: the fields of its message that are set.
        input_shape: lengths, None each where unknown; None where not even the rank is known.

    Raises:
        ConventionError: a value that the layer does not take.
    """
    if layer == "resizeBilinear":
        method = METHODS[_enum(attributes, "samplingMethod", tuple(METHODS))]
        height, width = _whole_pair(attributes, "targetSize", 1)
        targets = [("targetSize[0]", height), ("targetSize[1]", width)]
        return by_sizes(input_shape, targets, Sampling(method, Linear()))
    if layer != "upsample":
        raise ConventionError(f"{layer} is not one of upsample, resizeBilinear")
    name = "fractionalScalingFactor"
    if attributes.get(name) and attributes.get("scalingFactor"):
        raise ConventionError(f"scalingFactor and {name} are both set")
    name = name if attributes.get(name) else "scalingFactor"
    factors = _pair(attributes, name, 1.0)
    if _enum(attributes, "mode", MODES) == "BILINEAR":
        rule = LINEAR[_enum(attributes, "linearUpsampleMode", tuple(LINEAR))]
        return by_factors(input_shape, (name, name), factors, Sampling(rule, Linear()))
    return by_factors(input_shape, (name, name), factors, REPEAT)


def crop_resize(attributes: Attributes) -> CropResize:
    """Return what a cropResize layer computes inside its boxes.

    An unset spatialScale, which would be 0 and make every box a point, is taken for 1.

    Raises:
        ConventionError: a value that the layer does not take.

    >>> crop_resize({"targetSize": (7, 7), "samplingMethod": 3, "boxMode": 1}).order
    'CORNERS_WIDTH_FIRST'
    """
    return CropResize(
        METHODS[_enum(attributes, "samplingMethod", tuple(METHODS))],
        _whole_pair(attributes, "targetSize", 1),
        bool(attributes.get("normalizedCoordinates", False)),
        number("spatialScale", attributes.get("spatialScale") or 1.0),
        cast("BoxOrder", _enum(attributes, "boxMode", BOX_ORDERS)),
    )


def deconvolution(attributes: Attributes) -> ConvTranspose:
    """Return what a convolution layer with isDeconvolution computes.

    Args:
        attributes: the fields of its message that are set, weights left out. Dilation factors
            do not count, as the proto has it; with an outputShape padding does not either, and
            what is too much is cut by halves.

    Raises:
        ConventionError: a value that the layer does not take.

    >>> layer = {"kernelSize": (4, 4), "stride": (2, 2)}
    >>> deconvolution({**layer, "borderAmounts": (1, 1, 0, 1)}).output_length(1, 5)
    11
    >>> deconvolution({**layer, "padding": "same"}).output_length(0, 5)
    10
    >>> deconvolution({**layer, "outputShape": (9, 10)}).output_length(0, 5)
    9
    """
    fixed = _whole_pair(attributes, "outputShape", 1) if attributes.get("outputShape") else None
    given = cast("Sequence[object]", attributes.get("borderAmounts") or (0, 0, 0, 0))
    pads = [whole("borderAmounts", value) for value in given]
    if len(pads) != 4 or min(pads) < 0:
        raise ConventionError(f"borderAmounts is {given}, expected 4 values of at least 0")
    kind = choice("padding", attributes.get("padding", "valid"), ("valid", "same"))
    heavy = _enum(attributes, "asymmetryMode", SAME)
    same = "SAME_LOWER" if heavy == "TOP_LEFT_HEAVY" else "SAME_UPPER"
    return ConvTranspose(
        _whole_pair(attributes, "kernelSize", 3),
        _whole_pair(attributes, "stride", 1),
        (pads[0], pads[2]),
        (pads[1], pads[3]),
        (0, 0),
        (1, 1),
        whole("nGroups", attributes.get("nGroups") or 1),
        fixed,
        same if kind == "same" or fixed else "NOTSET",
    )


def open_question(layer: str, attributes: Attributes, _shape: InputShape = None) -> str:
    """Return in a phrase what Apple leaves open; "" where nothing.

    Raises:
        ConventionError: a value that the layer does not take.

    >>> open_question("cropResize", {})
    'spatialScale is not set: 0 by the format, 1 by its sense'
    """
    match layer:
        case "upsample":
            factors = map(given_scale, _pair(attributes, "fractionalScalingFactor", 1.0))
            plain = attributes.get("linearUpsampleMode", 0) in {0, "DEFAULT"}
            plain |= attributes.get("mode", 0) in {0, "NN"}
            if plain and any(f is None or f.denominator != 1 for f in factors):
                return "a fractional factor, which goes with ALIGN_CORNERS_TRUE and _FALSE alone"
        case "cropResize":
            if not attributes.get("spatialScale"):
                return "spatialScale is not set: 0 by the format, 1 by its sense"
        case "deconvolution":
            if attributes.get("outputShape"):
                return "outputShape: which end is cut is documented nowhere"
            if max(_pair(attributes, "dilationFactor", 1)) > 1:
                return "dilationFactor: the format ignores it in a deconvolution"
        case _:
            pass
    return ""


def floor_of(layer: str, attributes: Attributes) -> int:
    """Return the least specification version that has a layer with these attributes.

    Raises:
        ConventionError: a layer that is not described here.

    >>> floor_of("upsample", {"linearUpsampleMode": "ALIGN_CORNERS_FALSE"})
    5
    """
    if layer not in LAYERS:
        raise ConventionError(f"{layer} is not described here")
    mode = attributes.get("linearUpsampleMode", 0)
    if layer == "upsample" and (
        mode not in {0, "DEFAULT"} or attributes.get("fractionalScalingFactor")
    ):
        return FRACTIONAL_SINCE
    return LAYERS[layer]


def _candidates(meant: Wanted) -> Iterator[Words]:
    """Yield layers by size, then by factor; of the resize's own kernel and rule first.

    >>> from halfpixel.sampling import Resize
    >>> half = Resize(((3, Sampling("half_pixel", Linear())),))
    >>> words(half, (1, 3, 8, 8), (1, 3, 8, 12), 5, 4).attributes["fractionalScalingFactor"]
    (1.0, 1.5)
    >>> words(half, (1, 3, 8, 8), (1, 3, 8, 12), 4, 4) is None
    True
    """
    targets, grown = meant.targets(), meant.whole()
    repeats = [Words("upsample", {"scalingFactor": grown, "mode": "NN"})] if grown else []
    if meant.nearest:
        yield from repeats
    for mode in meant.preferred(METHODS) if targets else ():
        yield Words("resizeBilinear", {"targetSize": targets, "samplingMethod": mode})
    fraction = None if targets is None else _fractions(meant, targets)
    for name, factors in (("scalingFactor", grown), ("fractionalScalingFactor", fraction)):
        for mode in meant.preferred(LINEAR) if factors else ():
            given = {name: factors, "mode": "BILINEAR", "linearUpsampleMode": mode}
            yield Words("upsample", given)
    if not meant.nearest:
        yield from repeats


def _fractions(meant: Wanted, targets: tuple[int, int]) -> tuple[float, float] | None:
    """Return the smallest float32 factors that do not fall short of the output lengths."""
    import numpy as np

    factors: list[float] = []
    for n_in, n_out in zip(meant.ins[-2:], targets, strict=True):
        if n_in is None or n_in < 1:
            return None
        factor = np.float32(n_out / n_in)
        if Fraction(float(factor)) * n_in < n_out:
            factor = np.nextafter(factor, np.float32(np.inf))
        factors.append(float(factor))
    return factors[0], factors[1]


VOCABULARY: Final = Vocabulary(_candidates, floor_of, open_question, read)
"""What a neural network can say."""

words: Final = VOCABULARY.words

_SIZED: Final = 'upsample(x, fractionalScalingFactor=(h / H, w / W), mode="BILINEAR"'
CALLS: Final[dict[str, Sampling]] = {
    f'resizeBilinear(x, targetSize=(h, w), samplingMethod="{mode}")': Sampling(rule, Linear())
    for mode, rule in METHODS.items()
} | {f'{_SIZED}, linearUpsampleMode="ALIGN_CORNERS_FALSE")': Sampling("half_pixel", Linear())}
"""Every layer by size that has a meaning of its own; H and W are the input lengths."""


def _by_factor(factor: int) -> Iterator[tuple[str, Sampling]]:
    """Yield the layers that enlarge by a whole factor."""
    given = {"scalingFactor": (factor, factor)}
    scale = Fraction(factor)
    yield Words("upsample", {**given, "mode": "NN"}).text(), replace(REPEAT, scale=scale)
    for mode, rule in LINEAR.items():
        smooth = {**given, "mode": "BILINEAR", "linearUpsampleMode": mode}
        by = None if rule == "align_corners" else scale
        yield Words("upsample", smooth).text(), Sampling(rule, Linear(), by)


def _write(sampling: Sampling, spatial: int) -> str | None:
    return text_of(sampling, spatial, CALLS, _by_factor)


CONVENTION = Convention("Core ML neural network", _write, examples=tuple(CALLS.items()))
