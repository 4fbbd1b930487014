"""Core ML's names in a neural network: cropResize, and convolution with isDeconvolution.

Attributes are as in `neuralnetwork`. Of a deconvolution, ``padding`` is "valid" or "same", and
``borderAmounts`` are (top, bottom, left, right).

Source: `mlmodel/format/NeuralNetwork.proto` (CropResizeLayerParams, ConvolutionLayerParams,
SamePadding).
"""

from typing import TYPE_CHECKING, cast

from halfpixel.conventions.coreml.fields import enum_name, whole_pair
from halfpixel.conventions.coreml.names import BOX_MODES, METHODS, SAME_MODES
from halfpixel.conventions.meaning import choice, number, whole
from halfpixel.conventions.vocabulary import Attributes
from halfpixel.errors import ConventionError
from halfpixel.sampling import ConvTranspose, CropResize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from halfpixel.sampling.crop import BoxOrder


def crop_resize(attributes: Attributes) -> CropResize:
    """Return what a cropResize layer computes inside its boxes.

    An unset spatialScale, which would be 0 and make every box a point, is taken for 1.

    Raises:
        ConventionError: a value that the layer does not take.

    >>> crop_resize({"targetSize": (7, 7), "samplingMethod": 3, "boxMode": 1}).order
    'CORNERS_WIDTH_FIRST'
    """
    return CropResize(
        METHODS[enum_name(attributes, "samplingMethod", tuple(METHODS))],
        whole_pair(attributes, "targetSize", 1),
        bool(attributes.get("normalizedCoordinates", False)),
        number("spatialScale", attributes.get("spatialScale") or 1.0),
        cast("BoxOrder", enum_name(attributes, "boxMode", BOX_MODES)),
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
    fixed = whole_pair(attributes, "outputShape", 1) if attributes.get("outputShape") else None
    given = cast("Sequence[object]", attributes.get("borderAmounts") or (0, 0, 0, 0))
    pads = [whole("borderAmounts", value) for value in given]
    if len(pads) != 4 or min(pads) < 0:
        raise ConventionError(f"borderAmounts is {given}, expected 4 values of at least 0")
    kind = choice("padding", attributes.get("padding", "valid"), ("valid", "same"))
    heavy = enum_name(attributes, "asymmetryMode", SAME_MODES)
    same = "SAME_LOWER" if heavy == "TOP_LEFT_HEAVY" else "SAME_UPPER"
    return ConvTranspose(
        whole_pair(attributes, "kernelSize", 3),
        whole_pair(attributes, "stride", 1),
        (pads[0], pads[2]),
        (pads[1], pads[3]),
        (0, 0),
        (1, 1),
        whole("nGroups", attributes.get("nGroups") or 1),
        fixed,
        same if kind == "same" or fixed else "NOTSET",
    )
