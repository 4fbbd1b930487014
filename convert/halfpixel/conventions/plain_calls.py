"""A plain call of what has a name: with the defaults of its library, where it has them."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

SIZED: Final = "{}(x, (8, 8))"
MODE: Final = "DML_INTERPOLATION_MODE_LINEAR"
UP: Final = "DML_AXIS_DIRECTION_INCREASING"
OFFSETS: Final = "[0.5, 0.5, 0.5, 0.5], [-0.5, -0.5, -0.5, -0.5]"
HOW_11: Final = '{}(x, [8, 8], "linear_onnx", "sizes", axes=[2, 3])'
HOW_10: Final = '{}(x, [8, 8], [1.0, 1.0], "linear_onnx", "sizes", axes=[2, 3])'
HOW_4: Final = '{}(x, [8, 8], [1.0, 1.0], [2, 3], "linear_onnx", "sizes")'
HOW_1: Final = (
    '{}(x, [8, 8], {{"axes": [2, 3], "mode": "linear", "align_corners": False, '
    '"antialias": False, "pads_begin": [0], "pads_end": [0]}})'
)

CALLS: Final[tuple[tuple[str, str], ...]] = (
    ("cv*.resize", SIZED),
    ("*thumbnail", "x.thumbnail((8, 8))"),
    ("PIL.Image*.resize", "x.resize((8, 8))"),
    ("PIL.Image*.reduce", "x.reduce(2)"),
    ("t*.image.resize", SIZED),
    ("t*.image.resize_*", SIZED),
    ("t*.raw_ops.*", "{}(images=x, size=(8, 8))"),
    ("*keras.layers.Resizing", "{}(8, 8)"),
    ("*keras.layers.UpSampling2D", "{}(2)"),
    ("keras.ops.image.resize", SIZED),
    ("jax.image.scale_and_translate", "{}(x, (8, 8), (0, 1), [2, 2], [0, 0], 'linear')"),
    ("*nd*.zoom", "{}(x, 2)"),
    ("ndi.zoom", "{}(x, 2)"),
    ("skimage.transform.resize", SIZED),
    ("*.rescale", "{}(x, 2)"),
    ("*.Rescale", "{}(2)"),
    ("kornia.*.resize", SIZED),
    ("A.Resize", "{}(8, 8)"),
    ("albumentations.Resize", "{}(8, 8)"),
    ("*.*MaxSize", "{}(8)"),
    ("kornia.*.Resize", "{}((8, 8))"),
    ("[KT].Resize", "{}((8, 8))"),
    ("torchvision.*.Resize", "{}((8, 8))"),
    ("torchvision.*.resize", SIZED),
    ("*F.resize", SIZED),
    ("F.upsample", "{}(x, scale_factor=2)"),
    ("torch.nn.functional.upsample", "{}(x, scale_factor=2)"),
    ("paddle.*.interpolate", "{}(x, [8, 8])"),
    ("paddle.*.upsample", "{}(x, [8, 8])"),
    ("paddle.*.Up*", "{}([8, 8])"),
    ("adaptive_avg_pool?d", "F.{}(x, 2)"),
    ("*.adaptive_avg_pool?d", "{}(x, 2)"),
    ("mb.resize", "{}(x, shape=(8, 8), resized_dims=2)"),
    ("mb.resize_*", "{}(x, target_size_height=8, target_size_width=8)"),
    ("mb.upsample_*", "{}(x, scale_factor_height=2, scale_factor_width=2)"),
    ("o*.opset1[1-6].interpolate", HOW_11),
    ("o*.opset10.interpolate", HOW_10),
    ("o*.opset[1-9].interpolate", HOW_1),
    ("openvino.opset*.Interpolate", HOW_4),
    ("DML_RESAMPLE_OPERATOR_DESC", f"{{}}(x, [n, c, 2 * h, 2 * w], {MODE}, 4, [1, 1, 2, 2])"),
    ("DML_RESAMPLE1_OPERATOR_DESC", f"{{}}(x, [n, c, h, w], {MODE}, 4, [1, 1, 2, 2], {OFFSETS})"),
    (
        "DML_RESAMPLE3_OPERATOR_DESC",
        f"{{}}(x, [n, c, h, w], {MODE}, {UP}, 4, [1, 1, 2, 2], {OFFSETS}, False)",
    ),
    ("DML_UPSAMPLE_2D_OPERATOR_DESC", f"{{}}(x, y, [2, 2], {MODE})"),
    ("op.Upsample", "{}(mode=linear, scales=2)"),
    ("dml.Upsample2D", f"{{}}(x, [2, 2], {MODE})"),
)
"""Names, the modules before them included, with a call; the first that matches counts."""


LISTED: Final[Mapping[str, str]] = {
    "paddle.*interpolate": "paddle.nn.functional.interpolate",
    "paddle.*upsample": "paddle.nn.functional.upsample",
    "paddle.*Upsample": "paddle.nn.Upsample",
    "paddle.*UpsamplingBilinear2D": "paddle.nn.UpsamplingBilinear2D",
    "paddle.*UpsamplingNearest2D": "paddle.nn.UpsamplingNearest2D",
}
"""What is called so, of names that stand for any modules."""


def plain_call(name: str) -> str | None:
    """Return a call of what has a name; None where the name is in no row.

    >>> plain_call("cv2.resize"), plain_call("keras.layers.Resizing"), plain_call("model.onnx")
    ('cv2.resize(x, (8, 8))', 'keras.layers.Resizing(8, 8)', None)
    """
    return next((text.format(name) for row, text in CALLS if fnmatchcase(name, row)), None)
