"""Core ML's enumerations: their names, in the order of their numbers, and what they mean.

Source: `mlmodel/format/NeuralNetwork.proto` (UpsampleLayerParams, SamplingMode, BoxCoordinatesMode,
SamePadding) and coremltools `converters/mil/mil/ops/defs/iOS15|iOS16|iOS17/image_resizing.py`.
"""

from collections.abc import Mapping
from typing import Final, Literal

from halfpixel.sampling import Coordinate
from halfpixel.sampling.crop import BOX_ORDERS, CropCoordinate
from halfpixel.sampling.resample import ResamplePadding, Units

IOS15, IOS16, IOS17 = 6, 7, 8
"""Specification versions that Core ML's operator sets came with."""

# An ML Program's parameters.

RULES: Final[Mapping[str, CropCoordinate]] = {
    "STRICT_ALIGN_CORNERS": "align_corners",
    "UNALIGN_CORNERS": "half_pixel",
    "DEFAULT": "asymmetric",
    "ALIGN_CORNERS": "tf_crop_and_resize",
    "OFFSET_CORNERS": "coreml_offset_corners",
}
"""What sampling_mode says of an image or a box, the preferred words first."""

INTERPOLATIONS: Final = ("LINEAR", "NEAREST_NEIGHBOR")
"""What interpolation_mode of `resize` says, its default first."""

SAMPLE_MODES: Final[Mapping[str, Literal["linear", "nearest"]]] = {
    "bilinear": "linear",
    "nearest": "nearest",
}
"""What sampling_mode of a resample or an affine says."""

PADDINGS: Final[tuple[ResamplePadding, ...]] = ("constant", "border", "reflection", "symmetric")
UNITS: Final[tuple[Units, ...]] = (
    "unnormalized",
    "normalized_minus_one_to_one",
    "normalized_zero_to_one",
)

# A neural network's fields, by number.

METHODS: Final[Mapping[str, CropCoordinate]] = {
    "STRICT_ALIGN_ENDPOINTS_MODE": "align_corners",
    "ALIGN_ENDPOINTS_MODE": "tf_crop_and_resize",
    "UPSAMPLE_MODE": "asymmetric",
    "ROI_ALIGN_MODE": "coreml_offset_corners",
}
"""What SamplingMode says."""

LINEAR_MODES: Final[Mapping[str, Coordinate]] = {
    "DEFAULT": "asymmetric",
    "ALIGN_CORNERS_TRUE": "align_corners",
    "ALIGN_CORNERS_FALSE": "half_pixel",
}
"""What linearUpsampleMode says."""

UPSAMPLE_MODES: Final = ("NN", "BILINEAR")
SAME_MODES: Final = ("BOTTOM_RIGHT_HEAVY", "TOP_LEFT_HEAVY")
BOX_MODES: Final = BOX_ORDERS
"""What boxMode says, and box_coordinate_mode of an ML Program's crop_resize."""
