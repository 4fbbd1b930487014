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

COMPOSITE: Final = "STABLEHLO_COMPOSITE"
"""Operators under a name of its own, which a runtime may have a kernel for."""

PRODUCT: Final = "BATCH_MATMUL"
"""A product of matrices, in which a fix writes a resize."""

TURNED: Final = CUSTOMS | {
    "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "TRANSPOSE_CONV", "DEPTH_TO_SPACE", COMPOSITE,
}  # fmt: skip
"""Operators that resample: their images have the channels last."""

WALKED: Final = TURNED | {"GATHER", "GATHER_ND"}
"""Operators that resample, or in which converters write a resize."""

SOUGHT: Final = WALKED | {PRODUCT}
"""These, and what a fix writes a resize in: looked for where the file says that there was one."""


def may_resample(kinds: "Iterable[Kind]") -> bool:
    """Whether a model with such operators may have a site."""
    return not SOUGHT.isdisjoint(kind.op for kind in kinds)
