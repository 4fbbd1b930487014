"""NVIDIA DALI, which Triton readies images with: the call of fn.resize.

It widens the kernel where it shrinks, antialias=True where nothing is said; interp_type is linear,
and nearest knows no antialias. Coordinates are half_pixel, the cubic kernel has a = -0.5, and
beyond the border the border's own pixels are read: other libraries that widen leave them out.

Source, read: DALI's documentation of fn.resize (antialias, mode, resize_shorter), release 1.37 and
later; `dali/kernels/imgproc/resample`: resampling_windows.h, resampling_impl_cpu.h.
"""

from typing import Final

from halfpixel.conventions.python_call import PythonCall, name_of
from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly, Fitting, Rule
from halfpixel.pipeline.steps import Pipeline, Resizing
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.fields import flag, length, lengths, shown

SMOOTH: Final = "coordinate_transformation_mode=half_pixel"
CUBIC: Final = f"mode=cubic, {SMOOTH}, cubic_coeff_a=-0.5"
FILTERS: Final = {
    "INTERP_NN": f"mode=nearest, {SMOOTH}, nearest_mode=round_prefer_ceil",
    "INTERP_LINEAR": f"mode=linear, {SMOOTH}",
    "INTERP_TRIANGULAR": f"mode=linear, {SMOOTH}",
    "INTERP_CUBIC": CUBIC,
}
"""The words of ONNX for DALI's filters; triangular is linear with antialias."""

PARAMETERS: Final = (
    "input", "size", "resize_x", "resize_y", "resize_shorter", "resize_longer", "max_size", "mode",
    "interp_type", "antialias", "device", "dtype", "name",
)  # fmt: skip
OPENS: Final = ("fn", "dali.fn", "nvidia.dali.fn")
"""The modules under which the call is known: others have a resize, too."""

MODES: Final = ("default", "stretch", "not_larger", "not_smaller")


def _takes(written: Written) -> bool:
    call = written.call
    return call is not None and call.name in {f"{one}.resize" for one in OPENS}


def read(written: Written) -> Pipeline:
    """Return what a call of fn.resize does; raises ConventionError."""
    if written.call is None:
        raise ConventionError("it is no call of fn.resize")
    given = written.call.bind(*PARAMETERS)
    kind = name_of(given.get("interp_type", "INTERP_LINEAR"))
    if kind not in FILTERS:
        known = ", ".join(FILTERS)
        raise ConventionError(f"interp_type is {shown(kind)}, expected one of {known}")
    smooth = kind == "INTERP_TRIANGULAR" or flag("antialias", given.get("antialias", True))
    widened = ", antialias=1" if smooth and kind != "INTERP_NN" else ""
    call = f"Resize(x, sizes=(1, 1, {{height}}, {{width}}), {FILTERS[str(kind)]}{widened})"
    return Pipeline("DALI fn.resize", (Resizing(_rule(written.call, given), call),), (READ,))


READ: Final = "read in DALI's documents, and not run; its fractional lengths are rounded"


def _rule(call: PythonCall, given: dict[str, object]) -> Rule:
    mode = str(name_of(given.get("mode", "default")))
    if mode not in MODES:
        raise ConventionError(f"mode is {shown(mode)}, expected one of {', '.join(MODES)}")
    for key, covers in (("resize_shorter", True), ("resize_longer", False)):
        if key in given:
            side = length(key, given[key])
            return Fitting(side, side, "half up", covers=covers)
    if "size" in given:
        size = lengths("size", given["size"])
        height, width = size[0], size[-1]
    elif "resize_x" in given and "resize_y" in given:
        height, width = length("resize_y", given["resize_y"]), length("resize_x", given["resize_x"])
    else:
        raise ConventionError(f"{call.name} has no size that is described: expected size, "
                              "resize_x and resize_y, resize_shorter or resize_longer")  # fmt: skip
    if mode in {"not_larger", "not_smaller"}:
        return Fitting(height, width, "half up", covers=mode == "not_smaller")
    return Exactly(height, width)


PREPROCESSOR = Preprocessor(
    "NVIDIA DALI",
    _takes,
    read,
    examples=(
        (
            "fn.resize(images, resize_x=224, resize_y=224)",
            f"Resize(x, sizes=(1, 1, 224, 224), mode=linear, {SMOOTH}, antialias=1)",
        ),
        (
            (
                "nvidia.dali.fn.resize(images, resize_shorter=256, "
                "interp_type=types.INTERP_CUBIC, antialias=False)"
            ),
            f"Resize(x, sizes=(1, 1, 256, 341), {CUBIC})",
        ),
    ),
    how="read in the documentation and the source of DALI, 1.37 and later",
)
