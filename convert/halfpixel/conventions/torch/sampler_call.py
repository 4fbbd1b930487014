"""PyTorch's calls that sample at coordinates or add up kernels, read from text.

F.grid_sample, F.affine_grid, torchvision's roi_align, F.conv_transpose, F.pixel_shuffle and
F.avg_pool say no resize, so they are no convention; what they compute is described all the same.

Source: PyTorch 2.13 `torch/nn/functional.py`; torchvision `ops/roi_align.py`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.conventions.meaning import choice, flag, length, number, whole
from halfpixel.conventions.python_call import PythonCall, Symbol, listed
from halfpixel.conventions.torch.grid import MODE_NAMES, PADDINGS
from halfpixel.conventions.torch.module_call import as_function
from halfpixel.errors import ConventionError
from halfpixel.sampling import AffineGrid, ConvTranspose, DepthToSpace, GridSample, RoiAlign

if TYPE_CHECKING:
    from halfpixel.sampling.grid import GridMode, Padding


class MeanPool(Struct, frozen=True):
    """An average pooling without padding.

    Attributes:
        kernel: lengths of the window.
        strides: steps from one window to the next.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]


SamplerCall = GridSample | AffineGrid | RoiAlign | ConvTranspose | DepthToSpace | MeanPool


def sampler_call(call: PythonCall) -> SamplerCall | None:
    """Return what a call computes; None where it is none of these.

    The kernel of a transposed convolution is data: its lengths are said to be 1.

    Raises:
        ConventionError: PyTorch does not take its arguments.

    >>> from halfpixel.conventions.python_call import parse
    >>> sampler_call(parse("F.grid_sample(x, grid, padding_mode='border')")).padding
    'border'
    """
    function = as_function(call)
    read = _READERS.get(function.last)
    return None if read is None else read(function)


def _given(call: PythonCall, needed: int, *parameters: str) -> dict[str, object]:
    found = call.bind(*parameters)
    for name in parameters[:needed]:
        if name not in found:
            raise ConventionError(f"{name} is not given")
    return found


def _grid_sample(call: PythonCall) -> GridSample:
    words = ("input", "grid", "mode", "padding_mode", "align_corners")
    given = _given(call, 2, *words)
    names: dict[str, GridMode] = {name: mode for mode, name in MODE_NAMES.items()}
    mode = names[choice("mode", given.get("mode", "bilinear"), names)]
    paddings: dict[str, Padding] = {name: name for name in PADDINGS}
    padding = paddings[choice("padding_mode", given.get("padding_mode", "zeros"), paddings)]
    corners = flag("align_corners", given.get("align_corners") or False)
    return GridSample(mode, padding, corners)


def _affine_grid(call: PythonCall) -> AffineGrid:
    given = _given(call, 2, "theta", "size", "align_corners")
    size = listed(given["size"])
    if size is None and not isinstance(given["size"], Symbol):
        raise ConventionError(f"size is {given['size']!r}, expected 4 or 5 lengths")
    if size is not None:
        known = [item for item in size if not isinstance(item, Symbol)]
        starred = any(isinstance(item, Symbol) and item.text.startswith("*") for item in size)
        if not starred and len(size) not in {4, 5}:
            raise ConventionError(f"size has {len(size)} values, expected 4 or 5")
        for item in known:
            length("size", item)
    return AffineGrid(flag("align_corners", given.get("align_corners") or False), single=0.0)


def _roi_align(call: PythonCall) -> RoiAlign:
    words = ("output_size", "spatial_scale", "sampling_ratio", "aligned")
    given = _given(call, 3, "input", "boxes", *words)
    bins = _each("output_size", given["output_size"], 2)
    return RoiAlign(
        flag("aligned", given.get("aligned", False)),
        "avg",
        (length("output_size", bins[0]), length("output_size", bins[1])),
        max(whole("sampling_ratio", given.get("sampling_ratio", -1)), 0),
        number("spatial_scale", given.get("spatial_scale", 1.0)),
    )


def _conv_transpose(call: PythonCall) -> ConvTranspose:
    words = ("bias", "stride", "padding", "output_padding", "groups", "dilation")
    given = _given(call, 2, "input", "weight", *words)
    axes = int(call.last[-2])

    def numbers(name: str, rest: int, least: int) -> tuple[int, ...]:
        found = tuple(whole(name, item) for item in _each(name, given.get(name, rest), axes))
        if min(found) < least:
            raise ConventionError(f"{name} holds {min(found)}, expected at least {least}")
        return found

    strides, dilations = numbers("stride", 1, 1), numbers("dilation", 1, 1)
    extra, padding = numbers("output_padding", 0, 0), numbers("padding", 0, 0)
    for more, stride, dilation in zip(extra, strides, dilations, strict=True):
        if more >= max(stride, dilation):
            most = max(stride, dilation)
            raise ConventionError(f"output_padding is {more}, expected less than {most}")
    groups = length("groups", given.get("groups", 1))
    return ConvTranspose((1,) * axes, strides, padding, padding, extra, dilations, groups)


def _pixel_shuffle(call: PythonCall) -> DepthToSpace:
    given = _given(call, 2, "input", "upscale_factor")
    return DepthToSpace(length("upscale_factor", given["upscale_factor"]))


def _avg_pool(call: PythonCall) -> MeanPool:
    given = _given(call, 2, "input", "kernel_size", "stride")
    axes = int(call.last[-2])
    kernel = _each("kernel_size", given["kernel_size"], axes)
    strides = _each("stride", given["stride"], axes) if given.get("stride") else kernel
    return MeanPool(
        tuple(length("kernel_size", n) for n in kernel), tuple(length("stride", n) for n in strides)
    )


def _each(name: str, value: object, count: int) -> tuple[object, ...]:
    """Return one value an axis; a single one is every axis's."""
    items = listed(value) or (value,) * count
    items = items * count if len(items) == 1 else items
    if len(items) != count:
        raise ConventionError(f"{name} is {value!r}, expected {count} values")
    return items


_READERS: Final[dict[str, Callable[[PythonCall], SamplerCall]]] = {
    "grid_sample": _grid_sample,
    "affine_grid": _affine_grid,
    "roi_align": _roi_align,
    "conv_transpose1d": _conv_transpose,
    "conv_transpose2d": _conv_transpose,
    "conv_transpose3d": _conv_transpose,
    "pixel_shuffle": _pixel_shuffle,
    "avg_pool1d": _avg_pool,
    "avg_pool2d": _avg_pool,
    "avg_pool3d": _avg_pool,
}
