"""Which operators of other domains resample, and those that a converter left, where none has them.

Source: tf2onnx `tfonnx.py`, which keeps the type of an operator that it does not convert (those of
TensorFlow Lite with TFL_ before their name); PyTorch `torch/onnx/_internal/torchscript_exporter`,
whose ONNX_ATEN writes ATen nodes and ONNX_FALLTHROUGH nodes of aten's own names (run at 2.13).
"""

from typing import TYPE_CHECKING, Final

from halfpixel.conventions.onnx.attributes import DEFAULT_DOMAINS

if TYPE_CHECKING:
    from onnx import NodeProto

ATEN: Final = "org.pytorch.aten"
"""The domain of nodes that are PyTorch's own operators."""

TENSORFLOW: Final = frozenset(
    {"CropAndResize", "ImageProjectiveTransformV2", "ImageProjectiveTransformV3", "ResizeArea"}
    | {"ResizeBicubic", "ResizeBilinear", "ResizeNearestNeighbor", "ScaleAndTranslate"}
    | {"TFL_DEPTH_TO_SPACE", "TFL_RESIZE_BILINEAR", "TFL_RESIZE_NEAREST_NEIGHBOR"}
    | {"TFL_TRANSPOSE_CONV"}
)
"""TensorFlow's operators, which converters that do not know one leave in ONNX's domain."""

MICROSOFT: Final = "com.microsoft"
"""The domain of onnxruntime's own GridSample, whose words and meaning are those of opset 16."""

BLOCKED: Final = "com.microsoft.nchwc"
NHWC: Final = "com.ms.internal.nhwc"
NHWC_RESIZE: Final = (NHWC, "Resize")

ELSEWHERE: Final = frozenset(
    {(MICROSOFT, op) for op in ("GridSample", "CropAndResize", "ConvTransposeWithDynamicPads")}
    | {(BLOCKED, "Upsample")}
    | {NHWC_RESIZE, (NHWC, "GridSample")}
)
"""Operators of onnxruntime's own domains that resample."""

ATEN_OPS: Final = frozenset(
    {"ATen", "affine_grid_generator", "grid_sampler", "grid_sampler_2d", "grid_sampler_3d"}
    | {f"{kind}_avg_pool{d}d" for kind in ("adaptive", "_adaptive") for d in (1, 2, 3)}
    | {f"upsample_nearest{d}d" for d in (1, 2, 3)}
    | {f"_upsample_nearest_exact{d}d" for d in (1, 2, 3)}
    | {"upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d", "upsample_trilinear3d"}
    | {"_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "pixel_shuffle"}
)
"""aten's operators that resample, and the node that names one in an attribute."""


def leftover(node: "NodeProto") -> str:
    """Return why no runtime has a node that was meant to resample; empty where it is none."""
    if node.domain in DEFAULT_DOMAINS and node.op_type in TENSORFLOW:
        return (
            f"ONNX has no {node.op_type}: it is TensorFlow's, left unconverted, and loads nowhere"
        )
    name = aten_name(node) if node.domain == ATEN else ""
    if name in ATEN_OPS and name != "ATen":
        return f"ONNX has no {name}: it is PyTorch's, left unconverted; only PyTorch itself runs it"
    return ""


def aten_name(node: "NodeProto") -> str:
    """Return the name of PyTorch's operator that a node is."""
    if node.op_type != "ATen":
        return node.op_type
    for attribute in node.attribute:
        if attribute.name == "operator":
            return attribute.s.decode("utf-8", "replace")
    return ""
