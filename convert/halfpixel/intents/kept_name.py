"""Names of the original's resizes that converters keep, in the names of nodes, values and layers.

TensorFlow names an operator after itself, `resize/ResizeBilinear_1`, and `tf.image.resize` puts its
own name, resize, before it; Paddle names a value after the operator that made it,
`nearest_interp_v2_0.tmp_0`. Converters rename the node that they write and keep the name of what
comes out, often on a Transpose behind it; coremltools writes `_` for `/`.

Source: TensorFlow `python/framework/ops.py`, name_scope, and `python/ops/image_ops_impl.py`,
_resize_images_common; Paddle `python/paddle/nn/functional/common.py`, interpolate.
"""

import re
from collections.abc import Iterable
from typing import Final

HINTS: Final = ("Resize", "_interp", "half_pixel_centers")
"""One of these stands in every name that is kept."""

KERNELS: Final = {
    "ResizeNearestNeighbor": "nearest",
    "ResizeBilinear": "linear",
    "ResizeBicubic": "cubic",
    "ResizeArea": "area",
    "nearest_interp": "nearest",
    "linear_interp": "linear",
    "bilinear_interp": "linear",
    "trilinear_interp": "linear",
    "bicubic_interp": "cubic",
}
"""What each operator of the original resamples by."""

_OPERATOR: Final = re.compile(
    r"(?:^|[^A-Za-z0-9])(?P<scope>resize[/_])?"
    r"(?P<name>Resize(?:NearestNeighbor|Bilinear|Bicubic|Area)"
    r"|(?:nearest|linear|bilinear|trilinear|bicubic)_interp(?=_v2))(?![A-Za-z])"
)
_CENTRES: Final = re.compile(r"half_pixel_centers(?![=_ ]*(?:[Ff]alse|0))")


def kept_name(names: Iterable[str]) -> str:
    """Return the original's operator that one of some names holds; empty where none does.

    Names that hold two different operators tell nothing.

    >>> kept_name(["Resize__3:0", "model/resize/ResizeArea:0"])
    'resize/ResizeArea'
    >>> kept_name(["nearest_interp_v2_0.tmp_0"]), kept_name(["Resize_12", "my_ResizeAreas"])
    ('nearest_interp', '')
    """
    found: set[tuple[str, str]] = set()
    for name in names:
        if any(hint in name for hint in HINTS):
            found |= {(one["name"], one["scope"] or "") for one in _OPERATOR.finditer(name)}
    if len({name for name, _ in found}) != 1:
        return ""
    name, scope = max(found, key=lambda one: one[1])
    return f"resize/{name}" if scope else name


def kept_kernel(name: str) -> str:
    """Return what an operator of the original resamples by; empty for a name that is none.

    >>> kept_kernel("resize/ResizeArea"), kept_kernel("")
    ('area', '')
    """
    return KERNELS.get(name.rpartition("/")[2], "")


def keeps_half_pixels(names: Iterable[str]) -> bool:
    """Whether one of some names says half_pixel_centers, and not that it is False.

    >>> keeps_half_pixels(["up_half_pixel_centers"]), keeps_half_pixels(["half_pixel_centers=0"])
    (True, False)
    """
    return any("half_pixel_centers" in name and _CENTRES.search(name) for name in names)
