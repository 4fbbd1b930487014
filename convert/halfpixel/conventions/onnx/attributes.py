"""Attributes of ONNX's operators that are read, and the type that each has.

A value of another type is refused and never taken for the default: the file is not what was meant.

Source: ONNX `docs/Operators.md`, section "Attributes" of each operator; `onnx.proto`, message
AttributeProto.
"""

from collections.abc import Mapping
from typing import Final

DEFAULT_DOMAINS: Final = frozenset({"", "ai.onnx"})
"""Names of the domain whose operators these are."""

KINDS: Final[Mapping[str, int]] = {
    "float": 1,
    "int": 2,
    "string": 3,
    "tensor": 4,
    "floats": 6,
    "ints": 7,
    "strings": 8,
    "sparse tensor": 11,
}
"""Types by their number in AttributeProto.AttributeType."""


def _typed(*, string: str = "", int_: str = "", ints: str = "", float_: str = "") -> dict[str, int]:
    groups = (("string", string), ("int", int_), ("ints", ints), ("float", float_))
    return {name: KINDS[kind] for kind, names in groups for name in names.split()}


_WINDOW: Final = _typed(string="auto_pad", ints="dilations kernel_shape pads strides")

TYPES: Final[Mapping[str, Mapping[str, int]]] = {
    "Resize": _typed(
        string="mode coordinate_transformation_mode nearest_mode keep_aspect_ratio_policy",
        int_="antialias exclude_outside",
        ints="axes",
        float_="cubic_coeff_a extrapolation_value",
    ),
    "Upsample": {**_typed(string="mode"), "scales": KINDS["floats"]},
    "GridSample": _typed(string="mode padding_mode", int_="align_corners"),
    "AffineGrid": _typed(int_="align_corners"),
    "RoiAlign": _typed(
        string="mode coordinate_transformation_mode",
        int_="output_height output_width sampling_ratio",
        float_="spatial_scale",
    ),
    "ConvTranspose": _WINDOW | _typed(int_="group", ints="output_padding output_shape"),
    "DepthToSpace": _typed(string="mode", int_="blocksize"),
    "Conv": _WINDOW | _typed(int_="group"),
    "MaxPool": _WINDOW | _typed(int_="ceil_mode storage_order"),
    "AveragePool": _WINDOW | _typed(int_="ceil_mode count_include_pad"),
    "Transpose": _typed(ints="perm"),
    "Concat": _typed(int_="axis"),
    "GatherND": _typed(int_="batch_dims"),
    "Shape": _typed(int_="start end"),
    "Constant": {
        "value": KINDS["tensor"],
        "sparse_value": KINDS["sparse tensor"],
        **{f"value_{kind}": KINDS[kind] for kind in ("float", "floats", "int", "ints")},
        **{f"value_{kind}": KINDS[kind] for kind in ("string", "strings")},
    },
}
"""Of each operator whose attributes are read, the type of each of them."""
