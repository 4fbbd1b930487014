"""Why LiteRT's kernels compute something else than their flags say: each known cause.

A cause says which results it explains by what came out: it predicts the wrong numbers. A
difference that none explains is new.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.conforming.litert.conformance import CASES, LitertResult, blended
from halfpixel.conventions.litert.resize import BILINEAR, NEAREST, Flags, read
from halfpixel.sampling.arithmetic import float32

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ONE: Final = 1 << 10
"""A pixel in the whole-number kernel, which steps in its parts."""

CLOSE: Final = 1e-5


class LitertCause(Struct, frozen=True):
    """One reason why results differ.

    Attributes:
        name: a short name.
        text: what happens.
        source: the file that does it.
        explains: whether a result is explained by it.
    """

    name: str
    text: str
    source: str
    explains: Callable[[LitertResult], bool]


def ties(result: LitertResult) -> bool:
    """Whether the pixels are those of float32 steps, where these differ from the exact ones."""
    config = result.config
    return config.op == NEAREST and not _both(config.flags) and _stepwise(result)


def both_flags(result: LitertResult) -> bool:
    """Whether both flags of a nearest resize came to rounded corners of half pixels."""
    config = result.config
    return config.op == NEAREST and _both(config.flags) and _stepwise(result)


def _stepwise(result: LitertResult) -> bool:
    """Whether the pixels are those of float32 steps along both axes."""
    import numpy as np

    if result.given is None or result.found is None:
        return False
    (height, width), (rows, columns) = CASES[result.config.case]
    down = pixels(result.config.flags, height, rows)
    across = pixels(result.config.flags, width, columns)
    return bool(np.array_equal(result.found, result.given[:, down][:, :, across]))


def pixels(flags: Flags, n_in: int, n_out: int) -> list[int]:
    """Return the pixels that a nearest resize reads along one axis, in its float32 steps.

    >>> pixels(Flags(), 4, 2), pixels(Flags(True, True), 4, 2)
    ([0, 2], [2, 3])
    """
    step = float32(n_in / n_out)
    if flags.align_corners and n_out > 1:
        step = float32((n_in - 1) / float(n_out - 1))
    half = 0.5 if flags.half_pixel_centers else 0.0
    places = (float32((i + half) * step) for i in range(n_out))
    found = (math.floor(x + 0.5) if flags.align_corners else math.floor(x) for x in places)
    return [min(pixel, n_in - 1) for pixel in found]


def ten_bits(result: LitertResult) -> bool:
    """Whether a blend of whole numbers is that of coordinates in parts of 1/1024 pixel."""
    config = result.config
    if config.op != BILINEAR or config.dtype not in {"int8", "int16"} or _both(config.flags):
        return False
    if result.kernels == "xnnpack" and config.dtype == "int8":
        return False
    return _steps(result)


def _steps(result: LitertResult) -> bool:
    import numpy as np

    if result.given is None or result.found is None:
        return False
    (height, width), (rows, columns) = CASES[result.config.case]
    flags = result.config.flags
    made = blended(result.given, stepped(flags, height, rows), stepped(flags, width, columns))
    apart = np.abs(result.found.astype(np.float64) - made)
    return bool((apart <= 0.5 + CLOSE)[~np.isnan(apart)].all())


def stepped(flags: Flags, n_in: int, n_out: int) -> "NDArray[np.float64]":
    """Return the weights of a bilinear resize whose step and coordinates have ten bits.

    Args:
        flags: its flags, not both.
        n_in: input length.
        n_out: output length.

    Returns:
        Weights of shape (n_out, n_in); not a number each where memory behind the image is read.

    >>> [bool((row == row).all()) for row in stepped(Flags(), 1, 55)[-2:]]
    [True, False]
    """
    import numpy as np

    step = (ONE * n_in + n_out // 2) // n_out
    if flags.align_corners and n_out > 1:
        step = (ONE * (n_in - 1) + (n_out - 1) // 2) // (n_out - 1)
    start = step // 2 - ONE // 2 if flags.half_pixel_centers else 0
    made = np.zeros((n_out, n_in))
    for i in range(n_out):
        place = i * step + start
        low = max(int(place / ONE), 0)
        if low >= n_in:
            made[i] = np.nan
            continue
        high = min(int((place + ONE - 1) / ONE), n_in - 1)
        part = place - ONE * low
        made[i, low] += (ONE - part) / ONE
        made[i, high] += part / ONE
    return made


def eleven_bits(result: LitertResult) -> bool:
    """Whether XNNPACK's blend of bytes is off by less than a whole number."""
    config = result.config
    bytes_on = result.kernels == "xnnpack" and config.dtype in {"int8", "uint8"}
    return config.op == BILINEAR and bytes_on and not _both(config.flags) and result.worst < 1


def corners_alone(result: LitertResult) -> bool:
    """Whether both flags of a bilinear resize came to align_corners alone."""
    import numpy as np

    config = result.config
    if config.op != BILINEAR or not _both(config.flags) or result.given is None:
        return False
    sampling = read(BILINEAR, Flags(align_corners=True))
    (height, width), (rows, columns) = CASES[config.case]
    down, across = sampling.weights(height, rows), sampling.weights(width, columns)
    made = blended(result.given, down.matrix(), across.matrix())
    bound = CLOSE if config.dtype == "float32" else 1.0
    return result.found is not None and bool(
        np.abs(result.found.astype(np.float64) - made).max() <= bound
    )


def _both(flags: Flags) -> bool:
    return flags.align_corners and flags.half_pixel_centers


KERNEL: Final = "LiteRT 2.2.0 tflite/kernels/internal/reference/"
CAUSES: Final = (
    LitertCause(
        "float32 tie",
        "The exact coordinate of nearest lies on a rounding boundary, and float32 falls short of "
        "it: the pixel before is read. TensorFlow's own kernel does the same.",
        f"{KERNEL}resize_nearest_neighbor.h, GetNearestNeighbor",
        ties,
    ),
    LitertCause(
        "ten bits",
        "A blend of int8 or int16 takes a step of ten fractional bits, and every output sample "
        "adds what that is off: the last ones of a long axis read beside where they should. Steps "
        "that are whole parts of 1/1024, such as those of a factor of 2, are exact. Where the sum "
        "passes the last pixel, from 1 to 55 or from 40 to 300 without a flag, memory behind the "
        "image is read.",
        f"{KERNEL}resize_bilinear.h, ResizeBilinearInteger",
        ten_bits,
    ),
    LitertCause(
        "eleven bits",
        "XNNPACK blends bytes by weights of eleven fractional bits, so that a result next to a "
        "half is rounded to the other side.",
        "XNNPACK 75db3c093b src/indirection.c, xnn_indirection_init_resize_bilinear2d_hwc_q11",
        eleven_bits,
    ),
    LitertCause(
        "corners alone",
        "Both flags of a bilinear resize, which LiteRT's own kernels refuse: the delegate takes "
        "the node before they are asked, and passes align_corners on alone.",
        "LiteRT 2.2.0 tflite/delegates/xnnpack/xnnpack_delegate.cc, VisitResizeBilinearNode",
        corners_alone,
    ),
    LitertCause(
        "both flags",
        "Both flags of a nearest resize: every kernel rounds (i + 1/2) (n_in - 1) / (n_out - 1), "
        "which no framework means.",
        f"{KERNEL}resize_nearest_neighbor.h, GetNearestNeighbor",
        both_flags,
    ),
)


def cause_of(result: LitertResult) -> LitertCause | None:
    """Return why a result differs; None where no known cause explains it."""
    return next((cause for cause in CAUSES if cause.explains(result)), None)
