"""NVIDIA DALI, which Triton readies images with: the call of fn.resize.

It widens the kernel where it shrinks, antialias=True where nothing is said; interp_type is linear,
and nearest knows no antialias. Source, read: DALI's documentation of fn.resize (antialias, mode,
resize_shorter), release 1.37 and later.
"""

from typing import Final

from halfpixel.conventions.python_call import PythonCall, name_of
from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly, Fitting, Rule
from halfpixel.pipeline.steps import Pipeline, Resizing
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import interpolate, pillow
from halfpixel.preprocessors.fields import flag, length, lengths, shown

FILTERS: Final = {
    "INTERP_NN": "NEAREST",
    "INTERP_LINEAR": "BILINEAR",
    "INTERP_TRIANGULAR": "BILINEAR",
    "INTERP_CUBIC": "BICUBIC",
    "INTERP_LANCZOS3": "LANCZOS",
}
"""Pillow's filters by DALI's names; triangular is linear with antialias."""

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
    filtered = FILTERS[str(kind)]
    call = (
        pillow(filtered)
        if filtered == "LANCZOS" and smooth
        else interpolate(filtered, antialias=smooth)
    )
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
            (
                'F.interpolate(x, size=(224, 224), mode="bilinear", align_corners=False, '
                "antialias=True)"
            ),
        ),
        (
            (
                "nvidia.dali.fn.resize(images, resize_shorter=256, interp_type=types.INTERP_CUBIC, "
                "antialias=False)"
            ),
            'F.interpolate(x, size=(256, 341), mode="bicubic", align_corners=False)',
        ),
    ),
    how="read in the documentation of DALI 1.37 and later",
)
