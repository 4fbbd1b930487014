"""The pixels that a nearest resize reads in the float32 arithmetic of runtimes, step by step.

Exact weights say what an operator means; a runtime rounds on the way, and a nearest resize
then reads a neighbour wherever a coordinate lies on a rounding boundary. These functions
repeat the operations of one runtime in their order, each rounded to float32.

Sources: onnxruntime `core/providers/cpu/tensor/upsamplebase.h` and `upsample.cc`, and of CUDA,
which WebGPU is like, `core/providers/cuda/tensor/resize_impl.cu` (NearestPixel_*); PyTorch
`aten/src/ATen/native/UpSample.h` (compute_scales_value, nearest_neighbor_compute_source_index);
OpenVINO `src/plugins/intel_cpu/src/nodes/executors/interpolate.cpp` (coordTransToInput,
nearestRound), run: onnxruntime's without the width of a tie, its corners by a float32 step.
"""

import math
from collections.abc import Callable
from typing import Final, Literal

from halfpixel.sampling.arithmetic import float32
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.kernel import Rounding
from halfpixel.work import remembered, spend

Pixel = Callable[[int], int]
"""From an output index to the input index that is read, before it is held inside the image."""

Arithmetic = Literal["onnxruntime", "onnxruntime-gpu", "openvino"]
ARITHMETICS: Final[tuple[Arithmetic, ...]] = ("onnxruntime", "onnxruntime-gpu", "openvino")
RUN: Final[frozenset[Arithmetic]] = frozenset({"onnxruntime", "openvino"})
"""Those that were held against the runtime itself over many lengths; others were read."""

TIE: Final = 1e-6
"""onnxruntime takes a fractional part this close to 1/2 for a tie (kNearestModeEps)."""

_TIES: Final[dict[Arithmetic, float]] = {
    "onnxruntime": TIE,
    "onnxruntime-gpu": 0.0,
    "openvino": 0.0,
}


def _half_pixel(i: int, scale: float, _n_in: int, _n_out: int) -> float:
    return float32(float32((i + 0.5) / scale) - 0.5)


def _pytorch_half_pixel(i: int, scale: float, n_in: int, n_out: int) -> float:
    return _half_pixel(i, scale, n_in, n_out) if n_out > 1 else 0.0


def _asymmetric(i: int, scale: float, _n_in: int, _n_out: int) -> float:
    return float32(i / scale)


def _tf_half_pixel_for_nn(i: int, scale: float, _n_in: int, _n_out: int) -> float:
    return float32((i + 0.5) / scale)


def _align_corners(i: int, _scale: float, n_in: int, n_out: int) -> float:
    return 0.0 if n_out == 1 else float32(float32(i * float(n_in - 1)) / float(n_out - 1))


def _openvino_corners(i: int, _scale: float, n_in: int, n_out: int) -> float:
    return 0.0 if n_out == 1 else float32(i * float32((n_in - 1) / (n_out - 1)))


_COORDINATE: Final[dict[Coordinate, Callable[[int, float, int, int], float]]] = {
    "half_pixel": _half_pixel,
    "pytorch_half_pixel": _pytorch_half_pixel,
    "asymmetric": _asymmetric,
    "tf_half_pixel_for_nn": _tf_half_pixel_for_nn,
    "align_corners": _align_corners,
}


def _tie(x: float, width: float) -> bool:
    return abs(x - math.floor(x) - 0.5) <= width


_ROUND: Final[dict[Rounding, Callable[[float, bool, float], int]]] = {
    "floor": lambda x, _, __: math.floor(x),
    "ceil": lambda x, _, __: math.ceil(x),
    "round_prefer_floor": lambda x, _, tie: math.floor(x) if _tie(x, tie) else round(x),
    "round_prefer_ceil": lambda x, _, tie: math.ceil(x) if _tie(x, tie) else math.floor(x + 0.5),
    "simple": lambda x, shrinks, _: math.ceil(x) if shrinks else math.floor(x),
}


def runtime_pixel(  # noqa: PLR0913, PLR0917 - what a pixel hangs on
    coordinate: Coordinate,
    rounding: Rounding,
    n_in: int,
    n_out: int,
    scale: float | None = None,
    arithmetic: Arithmetic = "onnxruntime",
) -> Pixel | None:
    """Return which pixel a runtime reads along one axis; arguments as `onnxruntime_nearest`."""
    formula, tie = _COORDINATE.get(coordinate), _TIES[arithmetic]
    if arithmetic == "openvino" and coordinate == "align_corners":
        formula = _openvino_corners
    if formula is None:
        return None
    step = float32(n_out / n_in) if scale is None else float32(scale)
    if step == 1.0:
        return lambda i: i
    rounded, shrinks = _ROUND[rounding], step < 1.0
    return lambda i: rounded(formula(i, step, n_in, n_out), shrinks, tie)


def pytorch_pixel(
    n_in: int, n_out: int, scale_factor: float | None = None, *, exact: bool = False
) -> Pixel:
    """Return which pixel PyTorch reads along one axis; arguments as `pytorch_nearest`."""
    step = float32(1.0 / scale_factor) if scale_factor else float32(n_in / n_out)
    half = 0.5 if exact else 0.0
    return lambda i: math.floor(float32((i + half) * step))


@remembered(512)
def onnxruntime_nearest(  # noqa: PLR0913, PLR0917 - likewise
    coordinate: Coordinate,
    rounding: Rounding,
    n_in: int,
    n_out: int,
    scale: float | None = None,
    arithmetic: Arithmetic = "onnxruntime",
) -> tuple[int, ...] | None:
    """Return the pixels that onnxruntime's CPU kernel, or another runtime's, reads along one axis.

    Args:
        coordinate: coordinate mode.
        rounding: nearest mode.
        n_in: input length.
        n_out: output length.
        scale: the float32 scale, where one was given; else n_out / n_in in float32.
        arithmetic: whose steps are repeated.

    Returns:
        One input index an output sample; None for a mode not simulated here.

    >>> onnxruntime_nearest("asymmetric", "floor", 14, 2)
    (0, 6)
    >>> exact = "half_pixel", "round_prefer_ceil", 20, 6
    >>> onnxruntime_nearest(*exact)[4], onnxruntime_nearest(*exact, arithmetic="openvino")[4]
    (15, 14)
    """
    pixel = runtime_pixel(coordinate, rounding, n_in, n_out, scale, arithmetic)
    if pixel is None:
        return None
    spend(n_out // 4)
    return tuple([min(max(pixel(i), 0), n_in - 1) for i in range(n_out)])


@remembered(512)
def pytorch_nearest(
    n_in: int, n_out: int, scale_factor: float | None = None, *, exact: bool = False
) -> tuple[int, ...]:
    """Return the pixels that PyTorch reads along one axis.

    Args:
        n_in: input length.
        n_out: output length.
        scale_factor: the user's factor, where the call has one.
        exact: mode nearest-exact rather than nearest.

    Returns:
        One input index an output sample.

    >>> pytorch_nearest(14, 2), pytorch_nearest(4, 2, exact=True)
    ((0, 7), (1, 3))
    """
    spend(n_out // 4)
    pixel = pytorch_pixel(n_in, n_out, scale_factor, exact=exact)
    return tuple([min(pixel(i), n_in - 1) for i in range(n_out)])
