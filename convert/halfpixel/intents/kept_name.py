"""Names of the original's resizes that converters keep, in the names of nodes, values and layers.

TensorFlow names an operator after itself, `resize/ResizeBilinear_1`, and `tf.image.resize` puts its
own name, resize, before it; its tensors end in the number of an output, `:0`. Paddle names a value
after the operator that made it, `nearest_interp_v2_0.tmp_0`, and Keras a layer after its class,
`up_sampling2d_1`. Converters rename the node that they write and keep the name of what comes out,
often on a Transpose behind it; coremltools writes `_` for `/`.

Source: TensorFlow `python/framework/ops.py`, name_scope, and `python/ops/image_ops_impl.py`,
_resize_images_common; Paddle `python/paddle/nn/functional/common.py`, interpolate; Keras
`layers/layer.py`, auto_name.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.origin import Intent
from halfpixel.sampling import Resize, Sampling

if TYPE_CHECKING:
    from halfpixel.conventions.tf_resize import Method
    from halfpixel.site import Operation

HINTS: Final = ("Resize", "_interp", "up_sampling", ":")
"""One of these stands in every name that is kept."""

METHODS: Final[dict[str, "Method"]] = {
    "tensorflow ResizeNearestNeighbor": "nearest",
    "tensorflow ResizeBilinear": "bilinear",
    "tensorflow ResizeBicubic": "bicubic",
    "tensorflow ResizeArea": "area",
    "paddle nearest_interp": "nearest",
    "paddle bilinear_interp": "bilinear",
    "paddle bicubic_interp": "bicubic",
}
"""What each operator of an original resamples by."""

KERNELS: Final = {"nearest": "Nearest", "bilinear": "Linear", "bicubic": "Cubic", "area": "Area"}
COMPUTES: Final = {
    "nearest": "picks one pixel",
    "bilinear": "blends the two nearest pixels",
    "bicubic": "blends four pixels",
    "area": "takes the mean of a window",
}

_OPERATOR: Final = re.compile(
    r"(?:^|[^A-Za-z0-9])(?P<scope>resize[/_])?"
    r"(?P<name>Resize(?:NearestNeighbor|Bilinear|Bicubic|Area)"
    r"|(?:nearest|bilinear|bicubic)_interp(?=_v2))(?![A-Za-z])"
)
_LAYER: Final = re.compile(r"(?:^|[^A-Za-z0-9])up_sampling[123]d(?![A-Za-z])")
_TENSOR: Final = re.compile(r":\d+$")


def kept_name(names: Iterable[str]) -> str:
    """Return the original's operator that one of some names holds, with its framework before it.

    Empty where none does, or where two different ones are held.

    >>> kept_name(["Resize__3:0", "model/resize/ResizeArea:0"])
    'tensorflow resize/ResizeArea'
    >>> kept_name(["nearest_interp_v2_0.tmp_0"]), kept_name(["up_sampling2d_1"])
    ('paddle nearest_interp', 'keras up_sampling')
    >>> kept_name(["image__0:0"]), kept_name(["Resize_12", "my_ResizeAreas"])
    ('tensorflow :', '')
    """
    found: set[tuple[str, str]] = set()
    mark = ""
    for name in names:
        if not any(hint in name for hint in HINTS):
            continue
        found |= {(one["name"], one["scope"] or "") for one in _OPERATOR.finditer(name)}
        if _LAYER.search(name):
            mark = "keras up_sampling"
        elif _TENSOR.search(name) and not mark:
            mark = "tensorflow :"
    if len({name for name, _ in found}) != 1:
        return "" if found else mark
    name, scope = max(found, key=lambda one: one[1])
    framework = "tensorflow" if name.startswith("Resize") else "paddle"
    return f"{framework} {'resize/' if scope else ''}{name}"


def is_operator(kept: str) -> bool:
    """Whether what was kept names an operator, and not its framework alone.

    >>> is_operator("tensorflow resize/ResizeArea"), is_operator("tensorflow :")
    (True, False)
    """
    return kept.replace("resize/", "") in METHODS


def computes(operation: "Operation") -> str:
    """Return what the operator of a kept name does, as a clause with a verb."""
    return COMPUTES[METHODS[operation.origin.kept.replace("resize/", "")]]


def named(operation: "Operation") -> Intent | None:
    """Return what a kept name says was meant, where another kernel is written; else None."""
    operator, kept = operation.operator, operation.origin.kept
    method = METHODS.get(kept.replace("resize/", ""))
    if method is None or operation.hidden or not isinstance(operator, Resize):
        return None
    kernels = {type(sampling.kernel).__name__ for _, sampling in operator.axes}
    if not kernels or KERNELS[method] in kernels:
        return None
    meant = replace(operator, axes=tuple((axis, _by(method, s)) for axis, s in operator.axes))
    text = kept.partition(" ")[2].replace("resize/", "")
    return Intent("named", "the name that the converter kept", text, operator=meant)


def _by(method: "Method", sampling: Sampling) -> Sampling:
    """Return what TensorFlow computes by another kernel at the coordinates that are written."""
    from halfpixel.conventions.tf_resize import read

    if method == "area":
        return read(method, align_corners=False, half_pixel_centers=False)
    corners = sampling.coordinate == "align_corners"
    told = read(
        method,
        align_corners=corners,
        half_pixel_centers=not corners and sampling.coordinate != "asymmetric",
    )
    return replace(told, scale=sampling.scale)
