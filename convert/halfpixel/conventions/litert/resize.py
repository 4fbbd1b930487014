"""LiteRT's resizes and their two flags, which are TensorFlow's.

======================= ================ ================== =====================================
operator                align_corners    half_pixel_centers source coordinate, and pixel
======================= ================ ================== =====================================
RESIZE_BILINEAR         false            false              asymmetric
RESIZE_BILINEAR         true             false              align_corners; of one sample pixel 0
RESIZE_BILINEAR         false            true               half_pixel
RESIZE_NEAREST_NEIGHBOR false            false              asymmetric, floor
RESIZE_NEAREST_NEIGHBOR true             false              align_corners, a half up
RESIZE_NEAREST_NEIGHBOR false            true               (i + 1/2) n_in / n_out, floor
======================= ================ ================== =====================================

A size is always given. Both flags at once have no name here: LiteRT's own kernels of
RESIZE_BILINEAR refuse them, where XNNPACK computes align_corners alone, and RESIZE_NEAREST_NEIGHBOR
rounds (i + 1/2) (n_in - 1) / (n_out - 1), which is nobody's convention.

Source: TensorFlow 2.21 `lite/kernels/internal/reference/resize_bilinear.h`,
`resize_nearest_neighbor.h`, `lite/kernels/internal/reference/resize_utils.h`.
"""

from fractions import Fraction
from typing import Final

from msgspec import Struct

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.python_call import open_lengths, parse
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical

BILINEAR: Final = "RESIZE_BILINEAR"
NEAREST: Final = "RESIZE_NEAREST_NEIGHBOR"


BOTH: Final = {
    BILINEAR: ", which LiteRT's own kernels refuse and XNNPACK takes for align_corners alone",
    NEAREST: ", which no framework means",
}
"""What becomes of both flags at once."""


class Flags(Struct, frozen=True):
    """The two flags of a resize."""

    align_corners: bool = False
    half_pixel_centers: bool = False


MEANINGS: Final[dict[tuple[str, Flags], Sampling]] = {
    (BILINEAR, Flags()): Sampling("asymmetric", Linear()),
    (BILINEAR, Flags(align_corners=True)): Sampling("align_corners", Linear()),
    (BILINEAR, Flags(half_pixel_centers=True)): Sampling("half_pixel", Linear()),
    (NEAREST, Flags()): Sampling("asymmetric", Nearest("floor")),
    (NEAREST, Flags(align_corners=True)): Sampling("align_corners", Nearest("round_prefer_ceil")),
    (NEAREST, Flags(half_pixel_centers=True)): Sampling("tf_half_pixel_for_nn", Nearest("floor")),
}


def read(operator: str, flags: Flags) -> Sampling:
    """Return what a resize computes along one axis.

    Raises:
        ConventionError: both flags are set.

    >>> read("RESIZE_BILINEAR", Flags(half_pixel_centers=True)).coordinate
    'half_pixel'
    """
    if flags.align_corners and flags.half_pixel_centers:
        told = "align_corners and half_pixel_centers are both true"
        raise ConventionError(told + BOTH[operator])
    return MEANINGS[operator, flags]


def onnx_words(operator: str, flags: Flags) -> dict[str, str]:
    """Return the attributes of an ONNX Resize that computes the same, at opsets 11 and 12.

    >>> onnx_words("RESIZE_NEAREST_NEIGHBOR", Flags())["nearest_mode"]
    'floor'
    """
    flags = Flags(flags.align_corners, flags.half_pixel_centers and not flags.align_corners)
    meaning = MEANINGS[operator, flags]
    words = {"coordinate_transformation_mode": str(meaning.coordinate)}
    if isinstance(meaning.kernel, Nearest):
        return {**words, "mode": "nearest", "nearest_mode": meaning.kernel.rounding}
    return {**words, "mode": "linear"}


def written(sampling: Sampling) -> tuple[str, Flags] | None:
    """Return the operator and the flags that say a sampling by size; None where none do.

    >>> written(Sampling("half_pixel", Linear()))[1].half_pixel_centers
    True
    """
    wanted = canonical(sampling.by_size())
    same = (words for words, meaning in MEANINGS.items() if canonical(meaning) == wanted)
    return next(same, None)


def text(operator: str, flags: Flags) -> str:
    """Return a resize as a call."""
    said = f"align_corners={flags.align_corners}, half_pixel_centers={flags.half_pixel_centers}"
    return f"{operator}(x, size=(h, w), {said})"


def _read(called: str, length: int | None) -> Reading:
    del length
    call = parse(called)
    operator = choice("the operator", call.last, (BILINEAR, NEAREST))
    given = call.bind("x", "size", "align_corners", "half_pixel_centers")
    flags = Flags(
        flag("align_corners", given.get("align_corners", False)),
        flag("half_pixel_centers", given.get("half_pixel_centers", False)),
    )
    return Reading((read(operator, flags),) * 2, open_lengths("size", given.get("size"), 2))


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2 or (sampling.scale is not None and sampling.scale != Fraction(1)):
        return None
    words = written(sampling)
    return None if words is None else text(*words)


RAN: Final = "ai-edge-litert 2.3.0"
REMARKS: Final = (
    Remark(
        "arithmetic",
        "a coordinate of nearest on a rounding boundary may fall short of it in float32, and the "
        "pixel before is read",
        ran=RAN,
        kernels=("nearest",),
    ),
    Remark(
        "rounding", "a blend is rounded once to a whole number, a half up",
        dtype="uint8", most=0.5, ran=RAN, kernels=("blend",),
    ),
    Remark(
        "fixed point",
        "the reference and the optimised kernels step in parts of 1/1024 pixel, which add up over "
        "the output; measured up to length 40",
        dtype="int8", most=5.0, ran=RAN, kernels=("blend",),
    ),
    Remark(
        "fixed point", "XNNPACK's weights have 11 fractional bits",
        dtype="uint8", most=0.6, ran=RAN, kernels=("blend",),
    ),
)  # fmt: skip
"""What kernels do beside the weights."""

CONVENTION = Convention(
    "LiteRT",
    (BILINEAR, NEAREST),
    _read,
    _write,
    examples=tuple((text(*words), meaning) for words, meaning in MEANINGS.items()),
    source="google-ai-edge/LiteRT 2.2.0 tflite/kernels/internal/reference/resize_bilinear.h, "
    "resize_nearest_neighbor.h; internal/optimized/resize_bilinear.h",
    ran=RAN,
    remarks=REMARKS,
)
