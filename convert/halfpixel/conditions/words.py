"""What each condition of a row can be: the words of the facts that `facts.py` finds."""

from collections.abc import Mapping
from typing import Final, get_args

from halfpixel.sampling import Coordinate

Value = str | int

NUMBERS: Final = {"opset": 40, "rank": 8}
"""Conditions that take ranges, and the largest number that they can hold."""

TYPES: Final = frozenset(
    {"float16", "float32", "float64", "bfloat16", "bool"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)
INPUTS: Final = TYPES | {"left out", "empty", "empty in a run"}
WORDS: Final[Mapping[str, frozenset[Value]]] = {
    "op": frozenset(
        {"Resize", "Upsample", "GridSample", "AffineGrid", "RoiAlign", "ConvTranspose"}
        | {"AveragePool"}
        | {"upsample", "upsample_bilinear", "upsample_nearest_neighbor", "resize_bilinear"}
        | {"resizeBilinear", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"}
    ),
    "dtype": TYPES,
    "grid_dtype": TYPES,
    "mode": frozenset({"nearest", "linear", "cubic", "area", "avg", "max", "BILINEAR", "NN"}),
    "coordinate_transformation_mode": frozenset(
        {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"}
        | {"tf_half_pixel_for_nn", "tf_crop_and_resize", "output_half_pixel"}
    ),
    "nearest_mode": frozenset({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}),
    "antialias": frozenset({0, 1}),
    "exclude_outside": frozenset({0, 1}),
    "linearUpsampleMode": frozenset({"DEFAULT", "ALIGN_CORNERS_TRUE", "ALIGN_CORNERS_FALSE"}),
    "written": frozenset({"coordinate_transformation_mode", "nearest_mode"})
    | {"fractionalScalingFactor", "pads", "auto_pad"},
    "kernel": frozenset({"nearest", "linear", "cubic", "area", "table"}),
    "coordinates": frozenset(get_args(Coordinate)),
    "extrapolation_value": frozenset({"0", "other"}),
    "channels": frozenset({"known", "unknown"}),
    "keep_aspect_ratio_policy": frozenset({"stretch", "not_larger", "not_smaller"}),
    "mode_written": frozenset({0, 1}),
    "padding_mode": frozenset({"zeros", "border", "reflection"}),
    "align_corners": frozenset({0, 1}),
    "half_pixel_centers": frozenset({0, 1}),
    "sampling_ratio": frozenset({"absent", "adaptive", "fixed", "negative"}),
    "roi_input": INPUTS,
    "rois_input": INPUTS,
    "batch_indices_input": INPUTS,
    "size_input": INPUTS,
    "scales_input": INPUTS,
    "sizes_input": INPUTS,
    "by": frozenset({"scales", "sizes"}),
    "constant": frozenset({0, 1}),
    "axes": frozenset({"last 1", "last 2", "last 3", "NHWC", "attribute", "some", "negative"}),
    "changed": frozenset({"last 1", "last 2", "last 3", "NHWC"}),
    "shrinks": frozenset({0, 1}),
    "transposed": frozenset({"to NCHW", "to NHWC"}),
    "lengths": frozenset(
        {"whole up", "whole down", "up", "down", "mixed", "to 1", "from 1", "kept axis"}
        | {"kept", "fraction", "unknown"}
    ),
    "converted_from": frozenset({"torch", "tensorflow", "keras", "onnx"}),
    "named": frozenset({"aten nearest", "aten nearest-exact", "aten linear", "aten cubic"}),
}
"""What each condition can be; a row with any other word is refused when it is read."""

NAMES: Final = frozenset({"kept"})
"""Conditions whose words are the names of another table."""
