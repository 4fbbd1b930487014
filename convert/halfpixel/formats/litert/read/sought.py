"""Which operators of LiteRT resample, or hide a resize: a model without them has no site.

A model says once which operators its graphs have, so that one without such is not gone through.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from halfpixel.formats.litert.read.contents import Kind

CUSTOMS: Final = frozenset(
    {
        "Convolution2DTransposeBias", "FlexCropAndResize", "FlexImageProjectiveTransformV2",
        "FlexImageProjectiveTransformV3", "FlexResizeArea", "FlexResizeBicubic",
        "FlexResizeBilinear", "FlexResizeNearestNeighbor", "FlexScaleAndTranslate", "Resampler",
        "TransformTensorBilinear",
    }
)  # fmt: skip
"""Custom operators that resample."""

TURNED: Final = CUSTOMS | {
    "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TRANSPOSE_CONV", "DEPTH_TO_SPACE",
}  # fmt: skip
"""Operators that resample: their images have the channels last."""

SOUGHT: Final = TURNED | {"GATHER", "GATHER_ND"}
"""Operators that resample, or in which converters write a resize."""


def may_resample(kinds: "Iterable[Kind]") -> bool:
    """Whether a model with such operators may have a site."""
    return not SOUGHT.isdisjoint(kind.op for kind in kinds)
