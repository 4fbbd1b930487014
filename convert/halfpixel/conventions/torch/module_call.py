"""PyTorch's modules and older names as the calls of torch.nn.functional that they make.

A module holds what its function takes beside the tensors, so `nn.PixelShuffle(2)` is
`F.pixel_shuffle(x, 2)`; an adaptive average pooling is the F.interpolate of mode "area", which is
computed by it.

Source: PyTorch 2.13 `torch/nn/modules/{conv,pixelshuffle,pooling}.py` and
`torch/nn/functional.py` (interpolate, upsample_bilinear, upsample_nearest); torchvision
`ops/roi_align.py`.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from halfpixel.conventions.python_call import PythonCall, Symbol, listed
from halfpixel.errors import ConventionError


class _Module(Struct, frozen=True):
    """A module.

    Attributes:
        function: the function that it calls.
        parameters: what it takes, in order; None stands for what has to be given.
        tensors: what the function takes before the rest.
        fixed: parameters that the function is not told, which have to keep these values.
    """

    function: str
    parameters: Mapping[str, object]
    tensors: tuple[str, ...] = ("x",)
    fixed: frozenset[str] = frozenset()


NEEDED: Final = Symbol("...")
"""What a parameter that has to be given has by default."""

_SHUFFLE: Final = _Module("F.pixel_shuffle", {"upscale_factor": NEEDED})
_ALIGN: Final = _Module(
    "torchvision.ops.roi_align",
    {"output_size": NEEDED, "spatial_scale": NEEDED, "sampling_ratio": NEEDED, "aligned": False},
    ("x", "boxes"),
)


def _conv_transpose(axes: int) -> _Module:
    parameters = {
        "in_channels": NEEDED, "out_channels": NEEDED, "kernel_size": NEEDED, "stride": 1,
        "padding": 0, "output_padding": 0, "groups": 1, "bias": True, "dilation": 1,
        "padding_mode": "zeros", "device": None, "dtype": None,
    }  # fmt: skip
    own = {"in_channels", "out_channels", "kernel_size", "bias", "device", "dtype"}
    fixed = frozenset({*own, "padding_mode"})
    return _Module(f"F.conv_transpose{axes}d", parameters, ("x", "weight"), fixed)


def _avg_pool(axes: int) -> _Module:
    parameters: dict[str, object] = {
        "kernel_size": NEEDED, "stride": None, "padding": 0, "ceil_mode": False,
        "count_include_pad": True,
    }  # fmt: skip
    if axes > 1:
        parameters["divisor_override"] = None
    fixed = frozenset({"padding", "ceil_mode", "count_include_pad", "divisor_override"})
    return _Module(f"F.avg_pool{axes}d", parameters, fixed=fixed)


MODULES: Final[Mapping[str, _Module]] = {
    "PixelShuffle": _SHUFFLE,
    "RoIAlign": _ALIGN,
    **{f"ConvTranspose{axes}d": _conv_transpose(axes) for axes in (1, 2, 3)},
    **{f"AvgPool{axes}d": _avg_pool(axes) for axes in (1, 2, 3)},
}
"""Modules, by name, whose functions say no resize."""

FREE: Final = frozenset({"in_channels", "out_channels", "kernel_size", "bias", "device", "dtype"})
"""Parameters that are the weights': any value leaves the call what it is."""

OLDER: Final[Mapping[str, Mapping[str, object]]] = {
    "upsample_bilinear": {"mode": "bilinear", "align_corners": True},
    "upsample_nearest": {"mode": "nearest"},
}
"""Functions of PyTorch that F.interpolate took the place of, and what they are."""

ADAPTIVE: Final[Mapping[str, int]] = {
    name: axes
    for axes in (1, 2, 3)
    for name in (f"adaptive_avg_pool{axes}d", f"AdaptiveAvgPool{axes}d")
}
"""Adaptive average poolings, with the axes that they are over."""


def as_function(call: PythonCall) -> PythonCall:
    """Return the function that a module calls; the call itself where it is no module.

    Raises:
        ConventionError: the module does not take its arguments, or a padding that is not described.

    >>> from halfpixel.conventions.python_call import parse
    >>> print(as_function(parse("nn.ConvTranspose2d(3, 8, 4, stride=2, padding=1)")))
    F.conv_transpose2d(x, weight, stride=2, padding=1)
    """
    module = MODULES.get(call.last)
    if module is None:
        return call
    given = call.bind(*module.parameters)
    for name, usual in module.parameters.items():
        if usual == NEEDED and name not in given:
            raise ConventionError(f"{name} is not given")
        if name in module.fixed and name not in FREE and given.get(name, usual) != usual:
            raise ConventionError(f"{name} is {given[name]!r}, which is not described")
    named = {name: value for name, value in given.items() if name not in module.fixed}
    return PythonCall(module.function, tuple(map(Symbol, module.tensors)), named)


def as_interpolate(call: PythonCall) -> PythonCall:
    """Return the F.interpolate that an older function or an adaptive average pooling is.

    Raises:
        ConventionError: it does not take its arguments.

    >>> from halfpixel.conventions.python_call import parse
    >>> print(as_interpolate(parse("nn.AdaptiveAvgPool2d(7)")))
    F.interpolate(x, size=(7, 7), mode='area')
    >>> print(as_interpolate(parse("F.upsample_bilinear(x, scale_factor=2)")))
    F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=True)
    """
    x = (Symbol("x"),)
    if call.last in OLDER:
        given = call.bind("input", "size", "scale_factor")
        asked = {name: value for name, value in given.items() if name != "input"}
        return PythonCall("F.interpolate", x, {**asked, **OLDER[call.last]})
    if call.last not in ADAPTIVE:
        return call
    axes = ADAPTIVE[call.last]
    given = call.bind(*([] if call.last[0] == "A" else ["input"]), "output_size")
    if "output_size" not in given:
        raise ConventionError("output_size is not given")
    size = listed(given["output_size"]) or (given["output_size"],) * axes
    if len(size) != axes:
        raise ConventionError(f"output_size is {given['output_size']!r}, expected {axes} lengths")
    open_size = tuple(Symbol("n") if n is None else n for n in size)
    return PythonCall("F.interpolate", x, {"size": open_size, "mode": "area"})
