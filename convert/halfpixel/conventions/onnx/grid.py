"""ONNX's names: GridSample 16, 20 and 22, AffineGrid-20, RoiAlign 10, 16 and 22, ConvTranspose.

============= =============================================================================
GridSample-16 modes bilinear (default), nearest, bicubic; align_corners 0; padding zeros
GridSample-20 the modes are called linear (default), nearest, cubic; any number of axes
GridSample-22 as 20
AffineGrid-20 align_corners 0; an axis of length 1 has base coordinate -1 under align_corners
RoiAlign-10   boxes unshifted and at least one pixel large: torchvision's aligned=False
RoiAlign-16   coordinate_transformation_mode, whose default half_pixel is aligned=True
RoiAlign-22   as 16
============= =============================================================================

Source: ONNX `docs/Changelog.md`.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeVar, cast

from halfpixel.errors import ConventionError
from halfpixel.sampling import AffineGrid, ConvTranspose, GridSample, RoiAlign
from halfpixel.sampling.grid import GridMode, Padding

Attributes = Mapping[str, object]
T = TypeVar("T")

RENAMED_IN: Final = 20
"""First opset in which GridSample's modes are called linear and cubic."""

HALF_PIXEL_IN: Final = 16
"""First opset in which RoiAlign shifts its boxes by half a pixel unless told not to."""

_OLD_MODES: Final[dict[str, GridMode]] = {
    "bilinear": "linear",
    "nearest": "nearest",
    "bicubic": "cubic",
}
_MODES: Final[dict[str, GridMode]] = {
    "linear": "linear",
    "nearest": "nearest",
    "cubic": "cubic",
}
_PADDINGS: Final[dict[str, Padding]] = {
    "zeros": "zeros",
    "border": "border",
    "reflection": "reflection",
}
_ALIGNED: Final = {"half_pixel": True, "output_half_pixel": False}
_POOLS: Final[dict[str, Literal["avg", "max"]]] = {"avg": "avg", "max": "max"}


def _choice(name: str, value: object, allowed: Mapping[str, T]) -> T:
    if value not in allowed:
        raise ConventionError(f"{name} is {value!r}, expected one of {', '.join(allowed)}")
    return allowed[str(value)]


def grid_sample(opset: int, attributes: Attributes, rank: int | None) -> GridSample:
    """Return what a GridSample node computes.

    Raises:
        ConventionError: a mode that its opset does not have.

    >>> grid_sample(16, {"mode": "bicubic"}, 4).mode
    'cubic'
    """
    modes = _MODES if opset >= RENAMED_IN else _OLD_MODES
    mode = _choice("mode", attributes.get("mode", next(iter(modes))), modes)
    padding = _choice("padding_mode", attributes.get("padding_mode", "zeros"), _PADDINGS)
    corners = bool(attributes.get("align_corners", 0))
    return GridSample(mode, padding, corners, None if rank is None else rank - 2)


def grid_sample_attributes(operator: GridSample, opset: int) -> dict[str, object] | None:
    """Return the attributes that say a GridSample, or None where the opset has none.

    >>> grid_sample_attributes(GridSample("linear", "border", align_corners=True), 16)["mode"]
    'bilinear'
    """
    if opset < 16 or (operator.spatial not in {None, 2} and opset < RENAMED_IN):
        return None
    modes = _MODES if opset >= RENAMED_IN else _OLD_MODES
    names = {mode: name for name, mode in modes.items()}
    return {
        "mode": names[operator.mode],
        "padding_mode": operator.padding,
        "align_corners": int(operator.align_corners),
    }


def roi_align_attributes(operator: RoiAlign, opset: int) -> dict[str, object] | None:
    """Return the attributes that say a RoiAlign, or None where the opset has none.

    >>> roi_align_attributes(RoiAlign(aligned=True), 10) is None
    True
    """
    out: dict[str, object] = {
        "mode": operator.mode,
        "output_height": operator.output[0],
        "output_width": operator.output[1],
        "sampling_ratio": operator.sampling_ratio,
        "spatial_scale": float(operator.spatial_scale),
    }
    if opset >= HALF_PIXEL_IN:
        names = {aligned: name for name, aligned in _ALIGNED.items()}
        out["coordinate_transformation_mode"] = names[operator.aligned]
    elif operator.aligned or opset < 10:
        return None
    return out


MOST_SAMPLES: Final = (1 << 31) - 1
"""Samples of one box: runtimes count them in int32, and onnxruntime's process ends beyond."""


def affine_grid(attributes: Attributes) -> AffineGrid:
    """Return what an AffineGrid node computes."""
    return AffineGrid(bool(attributes.get("align_corners", 0)))


def roi_align(opset: int, attributes: Attributes) -> RoiAlign:
    """Return what a RoiAlign node computes.

    Raises:
        ConventionError: a mode that RoiAlign does not have, or more samples than are counted.

    >>> roi_align(10, {}).aligned, roi_align(16, {}).aligned
    (False, True)
    """
    default = "half_pixel" if opset >= HALF_PIXEL_IN else "output_half_pixel"
    name = "coordinate_transformation_mode"
    given = attributes.get(name, default) if opset >= HALF_PIXEL_IN else default
    height = cast("int", attributes.get("output_height", 1))
    width = cast("int", attributes.get("output_width", 1))
    if height < 1 or width < 1:
        raise ConventionError(f"output is {height} x {width}, expected at least 1 x 1")
    ratio = max(cast("int", attributes.get("sampling_ratio", 0)), 0)  # torchvision: below 0 is 0
    if max(ratio, 1) ** 2 * height * width > MOST_SAMPLES:
        raise ConventionError(
            f"sampling_ratio is {ratio}: more samples of a box than {MOST_SAMPLES}"
        )
    return RoiAlign(
        _choice(name, given, _ALIGNED),
        _choice("mode", attributes.get("mode", "avg"), _POOLS),
        (height, width),
        ratio,
        float(cast("float", attributes.get("spatial_scale", 1.0))),
    )


def conv_transpose(attributes: Attributes, kernel: tuple[int, ...]) -> ConvTranspose:
    """Return what a ConvTranspose node computes.

    Args:
        attributes: the node's own.
        kernel: kernel lengths, one a spatial axis.

    Raises:
        ConventionError: a list of the wrong length, or a stride or kernel below 1.
    """
    axes = len(kernel)

    def ints(name: str, rest: int, count: int = axes) -> tuple[int, ...]:
        given = cast("tuple[int, ...]", attributes.get(name) or (rest,) * count)
        if len(given) != count:
            raise ConventionError(f"{name} has {len(given)} values, expected {count}")
        return given

    strides, dilations = ints("strides", 1), ints("dilations", 1)
    for name, values in (("strides", strides), ("dilations", dilations), ("kernel", kernel)):
        if min(values, default=1) < 1:
            raise ConventionError(f"{name} holds {min(values)}, expected at least 1")
    pads = ints("pads", 0, 2 * axes)
    wanted = cast("tuple[int, ...] | None", attributes.get("output_shape") or None)
    if wanted is not None:
        wanted = wanted[-axes:]  # with or without batch and channel
    return ConvTranspose(
        kernel,
        strides,
        pads[:axes],
        pads[axes:],
        ints("output_padding", 0),
        dilations,
        cast("int", attributes.get("group", 1)),
        wanted,
        str(attributes.get("auto_pad", "NOTSET")),
    )


def conv_transpose_attributes(operator: ConvTranspose) -> dict[str, object]:
    """Return the attributes that say a ConvTranspose whose padding is given by number.

    >>> conv_transpose_attributes(ConvTranspose((4,), (2,), (1,), (1,), (0,), (1,)))["pads"]
    [1, 1]
    """
    return {
        "strides": list(operator.strides),
        "pads": [*operator.begin, *operator.end],
        "output_padding": list(operator.output_padding),
        "dilations": list(operator.dilations),
        "group": operator.groups,
    }


FITTED: Final = ("auto_pad", "output_shape")
"""Attributes that let a ConvTranspose's padding follow from its lengths."""
