"""Transposed convolutions whose constant weights are those of linear interpolation.

Caffe's "bilinear" filler makes them, and segmentation networks with fixed upsampling hold them.

Source: Caffe `include/caffe/filler.hpp` (BilinearFiller).
"""

from math import prod
from typing import TYPE_CHECKING, Final

from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.sampling import ConvTranspose
from halfpixel.sampling.deconvolution import linear_taps
from halfpixel.work import spend

if TYPE_CHECKING:
    from onnx import NodeProto

MOST: Final = 1 << 17
"""Weights that are read, where their number and the kernel's lengths fit."""

NEAR: Final = {10: 2.5e-4, 16: 2e-3}
NEAREST: Final = 2e-7
"""By how much a weight may be off, as a part of 1: of float16, bfloat16, and float32."""


def is_linear(scope: Scope, node: "NodeProto", meant: ConvTranspose) -> bool:
    """Whether the constant weights of a node interpolate each channel by itself, without a bias."""
    name = given_name(node, 1)
    dims = scope.constant_dims(name)
    if dims is None or dims[2:] != meant.kernel or len(dims) < 3 or not 0 < prod(dims) <= MOST:
        return False
    kernel = _kernel(meant)
    if not kernel:
        return False
    inside, outside = dims[:2]
    by_itself = (inside, outside) == (meant.groups, 1) or (meant.groups == 1 and inside == outside)
    if not by_itself or not _begins_with(scope, name, kernel[0]):
        return False
    spend(prod(dims) // 64)
    bias = scope.numbers(given_name(node, 2)) if given_name(node, 2) else ()
    if bias is None or any(bias):
        return False
    values, size = scope.numbers(name) or (), len(kernel)
    tensor = scope.constant(name)
    near = NEAREST if tensor is None else NEAR.get(tensor.data_type, NEAREST)
    none = [0.0] * size
    rows = [values[start : start + size] for start in range(0, len(values), size)]
    return bool(rows) and all(
        abs(weight - wanted) <= near
        for number, row in enumerate(rows)
        for weight, wanted in zip(
            row, kernel if outside == 1 or number % (outside + 1) == 0 else none, strict=True
        )
    )


def _kernel(meant: ConvTranspose) -> list[float]:
    """Return the weights of one channel that interpolates; empty where its kernel cannot."""
    kernel = [1.0]
    for length, stride in zip(meant.kernel, meant.strides, strict=True):
        taps = linear_taps(length, stride) or ()
        kernel = [a * float(b) for a in kernel for b in taps]
    return kernel if set(meant.dilations) == {1} else []


def _begins_with(scope: Scope, name: str, wanted: float) -> bool:
    """Whether the first weight fits, where it is at hand without reading the others."""
    tensor = scope.constant(name)
    if tensor is None or tensor.data_type != 1:
        return True
    if tensor.raw_data:
        import struct

        first: float = struct.unpack("<f", tensor.raw_data[:4].ljust(4, b"\0"))[0]
    elif tensor.float_data:
        first = tensor.float_data[0]
    else:
        return True
    return abs(first - wanted) <= NEAREST
