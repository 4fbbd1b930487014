"""What samples at coordinates, or adds up kernels, in formulas and in other words."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import takewhile
from typing import Final

from halfpixel.conventions.coreml import sampler_call as coreml
from halfpixel.conventions.onnx import sampler_call as onnx
from halfpixel.conventions.onnx.grid import (
    conv_transpose_attributes,
    grid_sample_attributes,
    roi_align_attributes,
)
from halfpixel.conventions.python_call import PythonCall
from halfpixel.conventions.torch import sampler_call as torch
from halfpixel.conventions.torch.resample import affine_text, crop_resize_text, resample_text
from halfpixel.conventions.torch.sampler_call import MeanPool
from halfpixel.conventions.torch.shuffle import as_conv_transpose_text
from halfpixel.sampling import (
    AffineGrid,
    AffineSample,
    ConvTranspose,
    CropResize,
    DepthToSpace,
    GridSample,
    Resample,
    RoiAlign,
)

PLACES: Final = tuple(Fraction(k, 2) for k in range(-2, 3))
"""Coordinates of a grid that are shown."""

OPSET: Final = 20
"""The opset whose words are shown: the first that has every one of these operators so."""


OTHERWISE: Final = "in other words:"
"""The line that parts what is computed from what it is called elsewhere."""


def sampler_of(call: PythonCall) -> tuple[str, object]:
    """Return whose words a call of a sampler is in, and what it computes; None where it is none.

    Raises:
        ConventionError: the operator does not take its arguments.
    """
    found: object = torch.sampler_call(call)
    if found is not None:
        return "PyTorch", found
    found = coreml.sampler_call(call)
    if found is not None:
        return "Core ML ML Program", found
    return "ONNX", onnx.sampler_call(call)


def described(operator: object, length: int) -> Iterator[str]:
    """Yield what an operator computes, and ONNX's words for it; nothing for what is none of these.

    Args:
        operator: a grid sample, an affine grid, a RoiAlign, a transposed convolution, a
            depth-to-space or a mean pooling.
        length: the length that numbers are shown for.

    >>> sample = GridSample("linear", "zeros", align_corners=False)
    >>> list(described(sample, 4))[2].strip()
    'at length 4, grid values -1 -0.5 0 0.5 1 read: -0.5 0.5 1.5 2.5 3.5'
    """
    match operator:
        case GridSample():
            yield from _grid_sample(operator, length)
        case AffineGrid():
            yield from _affine_grid(operator, length)
        case RoiAlign():
            yield from _roi_align(operator)
        case ConvTranspose():
            yield from _conv_transpose(operator)
        case DepthToSpace():
            yield from _depth_to_space(operator)
        case MeanPool():
            yield from _mean_pool(operator)
        case Resample() | AffineSample() | CropResize():
            from halfpixel.checking.coreml_samplers import sampler_lines

            yield from sampler_lines(operator, length)
            yield f"  {OTHERWISE}"
            yield f"    PyTorch: {torch_text(operator) or 'has no name for it'}"
        case _:
            return


def torch_text(operator: "Resample | AffineSample | CropResize") -> str | None:
    """Return PyTorch's call of one of Core ML's samplers; None where it has none."""
    match operator:
        case Resample():
            return resample_text(operator)
        case AffineSample():
            return affine_text(operator)
        case CropResize():
            return crop_resize_text(operator)


def formulas(operator: object, length: int) -> Iterator[str]:
    """Yield what the operator of a node computes, without other words; as `described`."""
    fitted = isinstance(operator, ConvTranspose) and (
        operator.output_shape is not None or operator.auto_pad != "NOTSET"
    )  # its padding follows from its lengths
    if not fitted:
        yield from takewhile(lambda line: line.strip() != OTHERWISE, described(operator, length))


def _grid_sample(operator: GridSample, length: int) -> Iterator[str]:
    kernels = {"cubic": "cubic, a = -0.75", "nearest": "nearest, half to even"}
    outside = {"zeros": "0", "border": "the border pixel"}
    turn = "centres" if operator.align_corners else "outer edges"
    mirrored = f"the image, mirrored at the {turn} of the border pixels"
    kernel = kernels.get(operator.mode, operator.mode)
    yield f"  kernel: {kernel}; beyond the border: {outside.get(operator.padding, mirrored)}"
    formula = "(g + 1) / 2 * (n - 1)" if operator.align_corners else "((g + 1) * n - 1) / 2"
    yield f"  source coordinate of grid value g along an axis of length n: {formula}"
    read = [f"{float(operator.source_coordinate(g, length)):g}" for g in PLACES]
    shown = " ".join(f"{float(g):g}" for g in PLACES)
    yield f"  at length {length}, grid values {shown} read: {' '.join(read)}"
    yield "  the last axis of the grid is x, y (and z): the reverse of the axes of the image"
    yield from _in_onnx("GridSample", grid_sample_attributes(operator, OPSET))


def _affine_grid(operator: AffineGrid, length: int) -> Iterator[str]:
    yield "  grid = theta times (x, y, 1), or (x, y, z, 1), of base coordinates"
    single = "; 0 where n is 1" if not operator.single else f"; {operator.single:g} where n is 1"
    formula = f"2 * i / (n - 1) - 1{single}" if operator.align_corners else "(2 * i + 1) / n - 1"
    yield f"  base coordinate of output i along an axis of length n: {formula}"
    places = " ".join(f"{float(x):g}" for x in operator.base(length))
    yield f"  at length {length}, outputs 0 to {length - 1}: {places}"
    remark = " but at length 1, where its base is -1" if operator.align_corners else ""
    words: dict[str, object] = {"align_corners": int(operator.align_corners)}
    yield from _in_onnx("AffineGrid", words, remark)


def _roi_align(operator: RoiAlign) -> Iterator[str]:
    scale = f" * {operator.spatial_scale:.9g}" if operator.spatial_scale != 1 else ""
    shift, least = (" - 1/2", "") if operator.aligned else ("", ", at least one pixel large")
    yield f"  box from x1{scale}{shift} to x2{scale}{shift}{least}; y likewise"
    rows, columns = operator.output
    count = operator.sampling_ratio or "ceil(extent / bins)"
    yield f"  {rows} x {columns} bins of extent / bins; in each {count} samples an axis"
    kind = "mean" if operator.mode == "avg" else "maximum"
    yield f"  sample k of s in bin i: start + (i + (k + 1/2) / s) * bin; linear, then their {kind}"
    yield from _in_onnx("RoiAlign", roi_align_attributes(operator, OPSET))


def _conv_transpose(operator: ConvTranspose) -> Iterator[str]:
    for axis, stride in enumerate(operator.strides):
        dilation, cut = operator.dilations[axis], operator.begin[axis]
        tap = "k" if dilation == 1 else f"{dilation} * k"
        end = operator.end[axis] - operator.output_padding[axis]
        size = f"{stride} * (n - 1) + {dilation} * (taps - 1) + 1 - {cut + end}"
        sample = f"y[{stride} * i + {tap} - {cut}]"
        yield f"  spatial axis {axis}: x[i] times w[k] is added to {sample}; length n to {size}"
    yield "  the kernel is data: what it resamples by follows from the weights"
    yield from _in_onnx("ConvTranspose", conv_transpose_attributes(operator))


def _depth_to_space(operator: DepthToSpace) -> Iterator[str]:
    size = operator.block
    by_channel = f"{size**2} * c + {size} * i + j"
    source = by_channel if operator.mode == "CRD" else f"({size} * i + j) * C + c"
    yield f"  place (i, j) of a {size} x {size} block, channel c: channel {source} of the pixel"
    yield f"  equals: {as_conv_transpose_text(operator)}"
    words = {"blocksize": size, "mode": operator.mode}
    yield from _in_onnx("DepthToSpace", words, " on channels that are first" * operator.last)


def _mean_pool(operator: MeanPool) -> Iterator[str]:
    for axis, (wide, step) in enumerate(zip(operator.kernel, operator.strides, strict=True)):
        last = f"x[{step} * i + {wide - 1}]" if wide > 1 else ""
        of = f"the mean of x[{step} * i] to {last}" if last else f"x[{step} * i]"
        yield f"  spatial axis {axis}: y[i] is {of}; length n to (n - {wide}) // {step} + 1"
    if operator.kernel == operator.strides:
        yield '  where the lengths are whole multiples: F.interpolate(mode="area") to that size'
    words = {"kernel_shape": operator.kernel, "strides": operator.strides}
    yield from _in_onnx("AveragePool", words)


def _in_onnx(op: str, attributes: Mapping[str, object] | None, remark: str = "") -> Iterator[str]:
    yield f"  {OTHERWISE}"
    if attributes is None:
        yield "    ONNX: has no name for it"
        return
    words = ", ".join(f"{name}={value}" for name, value in attributes.items())
    yield f"    ONNX {op}: {op}({words}){remark}"
