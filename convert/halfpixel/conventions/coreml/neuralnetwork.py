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
left out are unset. cropResize and the deconvolution are read in `neuralnetwork_grid`.

Source: `mlmodel/format/NeuralNetwork.proto` (UpsampleLayerParams, ResizeBilinearLayerParams,
SamplingMode) and coremltools `models/neural_network/builder.py`, for what fractional factors go
with.

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

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final, cast

from halfpixel.conventions.coreml.axes import (
    InputShape,
    by_factors,
    by_sizes,
    operators,
    targets,
    whole_factors,
)
from halfpixel.conventions.coreml.fields import enum_name, pair, whole_pair
from halfpixel.conventions.coreml.names import LINEAR_MODES, METHODS, UPSAMPLE_MODES
from halfpixel.conventions.meaning import Meaning, length
from halfpixel.conventions.vocabulary import Attributes, Wanted, Words
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Nearest, Sampling
from halfpixel.sampling.resize import given_scale

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
        method = METHODS[enum_name(attributes, "samplingMethod", tuple(METHODS))]
        return by_sizes(input_shape, _target_size(attributes), Sampling(method, Linear()))
    if layer != "upsample":
        raise ConventionError(f"{layer} is not one of upsample, resizeBilinear")
    name = "fractionalScalingFactor"
    if attributes.get(name) and attributes.get("scalingFactor"):
        raise ConventionError(f"scalingFactor and {name} are both set")
    name = name if attributes.get(name) else "scalingFactor"
    factors = pair(attributes, name, 1.0)
    if enum_name(attributes, "mode", UPSAMPLE_MODES) == "BILINEAR":
        rule = LINEAR_MODES[enum_name(attributes, "linearUpsampleMode", tuple(LINEAR_MODES))]
        return by_factors(input_shape, (name, name), factors, Sampling(rule, Linear()))
    return by_factors(input_shape, (name, name), factors, REPEAT)


def _target_size(attributes: Attributes) -> list[tuple[str, int | None]]:
    name = "targetSize"
    sides = attributes.get(name)
    if isinstance(sides, tuple) and None in sides:  # the text of a call leaves one open
        given = cast("tuple[object, ...]", sides)
        each = enumerate(None if n is None else length(name, n) for n in given)
        return [(f"{name}[{place}]", n) for place, n in each]
    return [(f"{name}[{k}]", n) for k, n in enumerate(whole_pair(attributes, name, 1))]


def open_question(layer: str, attributes: Attributes, _shape: InputShape = None) -> str:
    """Return in a phrase what Apple leaves open; "" where nothing.

    Raises:
        ConventionError: a value that the layer does not take.

    >>> open_question("cropResize", {})
    'spatialScale is not set: 0 by the format, 1 by its sense'
    """
    match layer:
        case "upsample":
            factors = map(given_scale, pair(attributes, "fractionalScalingFactor", 1.0))
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
            if max(pair(attributes, "dilationFactor", 1)) > 1:
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
    >>> words(half, (1, 3, 8, 8), (1, 3, 8, 12), 5).attributes["fractionalScalingFactor"]
    (1.0, 1.5)
    >>> words(half, (1, 3, 8, 8), (1, 3, 8, 12), 4) is None
    True
    """
    lengths, grown = targets(meant), whole_factors(meant)
    repeats = [Words("upsample", {"scalingFactor": grown, "mode": "NN"})] if grown else []
    if meant.nearest:
        yield from repeats
    for mode in meant.preferred(METHODS) if lengths else ():
        yield Words("resizeBilinear", {"targetSize": lengths, "samplingMethod": mode})
    fraction = None if lengths is None else _fractions(meant, lengths)
    for name, factors in (("scalingFactor", grown), ("fractionalScalingFactor", fraction)):
        for mode in meant.preferred(LINEAR_MODES) if factors else ():
            given = {name: factors, "mode": "BILINEAR", "linearUpsampleMode": mode}
            yield Words("upsample", given)
    if not meant.nearest:
        yield from repeats


def _fractions(meant: Wanted, lengths: tuple[int, int]) -> tuple[float, float] | None:
    """Return the smallest float32 factors that do not fall short of the output lengths."""
    import numpy as np

    factors: list[float] = []
    for n_in, n_out in zip(meant.ins[-2:], lengths, strict=True):
        if n_in is None or n_in < 1:
            return None
        factor = np.float32(n_out / n_in)
        if Fraction(float(factor)) * n_in < n_out:
            factor = np.nextafter(factor, np.float32(np.inf))
        factors.append(float(factor))
    return factors[0], factors[1]


VOCABULARY: Final = operators(_candidates, floor_of, open_question, read)
"""What a neural network can say."""

words: Final = VOCABULARY.words
