"""What a converter kept of the original's names: which operator it was, and what that computes.

`kept_names.toml` has the names, each with its source: a row is one operator of a framework, or a
mark of the framework alone. What was kept is "framework name", with the scope before the name.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.intents.kept_names import kept_names
from halfpixel.origin import Intent
from halfpixel.sampling import Resize, Sampling

if TYPE_CHECKING:
    from halfpixel.conventions.tf_resize import Method
    from halfpixel.site import Operation

KERNELS: Final = {"nearest": "Nearest", "bilinear": "Linear", "bicubic": "Cubic", "area": "Area"}
COMPUTES: Final = {
    "nearest": "picks one pixel",
    "bilinear": "blends the two nearest pixels",
    "bicubic": "blends four pixels",
    "area": "takes the mean of a window",
}


def kept_name(names: Iterable[str]) -> str:
    """Return the original's operator that one of some names holds, with its framework before it.

    Empty where none does, or where two different ones are held.

    >>> kept_name(["Resize__3:0", "model/resize/ResizeArea:0"])
    'tensorflow resize/ResizeArea'
    >>> kept_name(["nearest_interp_v2_0.tmp_0"]), kept_name(["up_sampling2d_1"])
    ('paddle nearest_interp', 'keras up_sampling')
    >>> kept_name(["image__0:0"]), kept_name(["Resize_12", "my_ResizeAreas"])
    ('tensorflow :', '')
    >>> kept_name(["m_ResizeBilinear_channel_first_resize_bilinear_cast_fp16"])
    'coremltools channel_first'
    """
    table = kept_names()
    operators: dict[str, str] = {}
    marks: set[int] = set()
    for name in names:
        if not table.hints.search(name):
            continue
        for place, row in enumerate(table.rows):
            for one in re.finditer(row.pattern, name) if row.holds in name else ():
                if row.method is None:
                    marks.add(place)
                    continue
                scope = one.groupdict().get("scope")
                bare = f"{row.framework} {row.name}"
                if scope or bare not in operators:
                    operators[bare] = f"{row.framework} {scope}/{row.name}" if scope else bare
    first = table.rows[min(marks)] if marks else None
    mark = "" if first is None else f"{first.framework} {first.name}"
    if first is not None and first.over and operators.keys() <= {first.over}:
        return mark  # what was written for that operator tells its flags, and not its name alone
    if operators:
        return next(iter(operators.values())) if len(operators) == 1 else ""
    return mark


def is_operator(kept: str) -> bool:
    """Whether what was kept names an operator, and not its framework alone.

    >>> is_operator("tensorflow resize/ResizeArea"), is_operator("tensorflow :")
    (True, False)
    """
    return _method(kept) is not None


def _method(kept: str) -> "Method | None":
    row = kept_names().row(kept) if kept else None
    return None if row is None else row.method


def computes(operation: "Operation") -> str:
    """Return what the operator of a kept name does, as a clause with a verb."""
    method = _method(operation.origin.kept)
    return "" if method is None else COMPUTES[method]


def named(operation: "Operation") -> Intent | None:
    """Return what a kept name says was meant, where another kernel is written; else None."""
    operator, kept = operation.operator, operation.origin.kept
    method = _method(kept)
    if method is None or operation.hidden or not isinstance(operator, Resize):
        return None
    kernels = {type(sampling.kernel).__name__ for _, sampling in operator.axes}
    if not kernels or KERNELS[method] in kernels:
        return None
    meant = replace(operator, axes=tuple((axis, _by(method, s)) for axis, s in operator.axes))
    text = kept.partition(" ")[2].rpartition("/")[2]
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
