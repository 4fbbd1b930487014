"""TensorFlow: every method of tf.image.resize with antialias and without, and version 1's."""

from importlib import import_module
from typing import Any

from conventions.oracles.oracle import PLANES, Case, Oracle


def names() -> dict[str, Any]:
    """Return what the calls of both tables ask for."""
    return {"tf": import_module("tensorflow")}


def version() -> str:
    """Return the release that is installed."""
    return f"TensorFlow {import_module('tensorflow').__version__}"


FEWER = tuple((n, m) for n in (1, 2, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
FLOAT32 = 2e-5
TABLE = 7e-4
"""Half of 1/1024 pixel on the steepest slope of the cubic."""

X = "x[None, ..., None], ({h}, {w})"
FIRST = "[0, ..., 0]"
FILTERS = ("lanczos3", "lanczos5", "gaussian", "mitchellcubic")

ORACLE = Oracle(
    "TensorFlow",
    "tensorflow",
    version,
    names,
    (
        *(
            Case(f"tf.image.resize({X}, '{method}'{more}){FIRST}", pairs=FEWER, bound=FLOAT32)
            for method in ("bilinear", "lanczos3", "lanczos5", "area")
            for more in ("", ", antialias=True")
        ),
        *(
            Case(
                f"tf.image.resize(x[..., None], {size}, method='{method}'{more})[..., 0]",
                planes=((shape, size), ((shape[1], shape[0]), size)),
                bound=FLOAT32,
            )
            for method in FILTERS
            for more in ("", ", antialias=True")
            for shape, size in PLANES
        ),
        Case(f"tf.image.resize({X}, 'bicubic', antialias=True){FIRST}", bound=FLOAT32),
        Case(f"tf.image.resize({X}, tf.image.ResizeMethod.BICUBIC){FIRST}", bound=TABLE),
        Case(f"tf.image.resize({X}, 'nearest'){FIRST}", ties=True),
        *(
            Case(f"tf.compat.v1.image.resize_{method}({X}{flag}){FIRST}", bound=bound, pairs=FEWER)
            for method, bound in (("bilinear", FLOAT32), ("bicubic", TABLE))
            for flag in ("", ", align_corners=True", ", half_pixel_centers=True")
        ),
        Case(f"tf.compat.v1.image.resize_area({X}){FIRST}", bound=FLOAT32, pairs=FEWER),
        *(
            Case(
                f"tf.compat.v1.image.resize({X}, {method}{flag}){FIRST}",
                bound=TABLE,
                pairs=FEWER,
                ties=method == "1",
            )
            for method in ("0", "1", "tf.compat.v1.image.ResizeMethod.BICUBIC")
            for flag in ("", ", align_corners=True")
        ),
    ),
)
