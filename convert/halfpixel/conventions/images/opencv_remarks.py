"""What OpenCV's cv2.resize does beside the weights."""

from typing import Final

from halfpixel.convention import Remark

MISPLACED: Final = Remark(
    "input",
    "the interpolation stands in the place of dst, fx or fy, where it is none: they come before it",
    source="OpenCV documentation, cv.resize(src, dsize[, dst[, fx[, fy[, interpolation]]]])",
)
TIES: Final = Remark(
    "arithmetic",
    "a coordinate, or the start of a window, on a whole number may fall short of it, and the pixel "
    "before is read",
    ran="OpenCV 5.0.0",
)


def _fixed(most: float, bits: int) -> Remark:
    return Remark(
        "fixed point", f"weights have {bits} fractional bits", dtype="uint8", most=most,
        ran="OpenCV 5.0.0",
    )  # fmt: skip


ROUNDED: Final = Remark(
    "rounding", "results are rounded to whole grey levels once, and cut off at 0 and 255",
    dtype="uint8", most=0.5, ran="OpenCV 5.0.0",
)  # fmt: skip

REMARKS: Final = {
    "INTER_NEAREST": (TIES,),
    "INTER_NEAREST_EXACT": (
        TIES,
        Remark(
            "release",
            "the step has 16 fractional bits up to release 4, and is added up in float64 from 5 on",
        ),
    ),
    "INTER_LINEAR": (_fixed(0.8, 11),),
    "INTER_LINEAR_EXACT": (_fixed(1.1, 8),),
    "INTER_CUBIC": (ROUNDED,),
    "INTER_LANCZOS4": (_fixed(0.8, 11),),
    "INTER_AREA": (
        TIES,
        ROUNDED,
        Remark(
            "lengths",
            "an axis that shrinks beside one that grows takes two pixels, and is no mean",
            ran="OpenCV 5.0.0",
        ),
        Remark("arithmetic", "a part of a pixel of up to a thousandth is left out of a window"),
    ),
}
"""What each interpolation does beside the weights."""


def remarks_on(name: str) -> tuple[Remark, ...]:
    """Return what is done beside the weights of an interpolation.

    >>> [one.about for one in remarks_on("INTER_CUBIC")]
    ['rounding']
    """
    return REMARKS.get(name, ())
