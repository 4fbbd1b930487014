"""Pillow's filters: what each computes along an axis, and what is done to bytes.

Sources: Pillow 13.0 `src/PIL/Image.py`, `src/libImaging/Resample.c`.
"""

from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Reading, Remark
from halfpixel.conventions.images.pillow_sizes import Edges
from halfpixel.conventions.meaning import choice
from halfpixel.conventions.python_call import name_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.coordinate import ZERO
from halfpixel.sampling.kernel import Filter, Kernel, radius_of
from halfpixel.sampling.kernels.profiles import Box, Hamming, Lanczos, MagicKernel
from halfpixel.sampling.kernels.reduce import Reduced

NEAREST: Final = Sampling("tf_half_pixel_for_nn", Nearest("floor"))


def _smooth(kernel: Kernel) -> Sampling:
    return Sampling("half_pixel", kernel, exclude_outside=True)


MEANINGS: Final[dict[str, Sampling]] = {
    "NEAREST": NEAREST,
    "BOX": _smooth(Filter(Box(), antialias=True)),
    "BILINEAR": _smooth(Linear(antialias=True)),
    "HAMMING": _smooth(Filter(Hamming(), antialias=True)),
    "BICUBIC": _smooth(Cubic(Fraction(-1, 2), antialias=True)),
    "LANCZOS": _smooth(Filter(Lanczos(3), antialias=True)),
} | {
    f"MKS{year}": replace(
        _smooth(Filter(MagicKernel(year), antialias=True)), copies_same_length=True
    )
    for year in (2013, 2021)
}
NUMBERS: Final = {
    0: "NEAREST", 1: "LANCZOS", 2: "BILINEAR", 3: "BICUBIC", 4: "BOX", 5: "HAMMING",
    6: "MKS2013", 7: "MKS2021",
}  # fmt: skip
"""The constants by value."""

OLDER: Final = {"LINEAR": "BILINEAR", "CUBIC": "BICUBIC", "ANTIALIAS": "LANCZOS", "NONE": "NEAREST"}
"""What they were called up to release 9."""

PASSES: Final = Remark(
    "rounding",
    "the width is resized first, then the height; each is rounded to whole grey levels",
    dtype="uint8",
    most=1.2,
    ran="Pillow 13.0.0",
)
CUT_OFF: Final = Remark(
    "rounding",
    "what overshoots is cut off at 0 and 255 between the passes too",
    dtype="uint8",
    most=40.0,
    ran="Pillow 13.0.0",
)
FIXED: Final = Remark(
    "fixed point",
    "weights have 22 fractional bits, less those that the largest needs",
    dtype="uint8",
    source="Pillow src/libImaging/Resample.c (PRECISION_BITS)",
)


def remarks_on(name: str) -> tuple[Remark, ...]:
    """Return what is done beside the weights of a filter."""
    if name == "NEAREST":
        return ()
    overshoots = name not in {"BOX", "BILINEAR", "HAMMING"}
    return (PASSES, *([CUT_OFF] if overshoots else []), FIXED)


def filter_name(value: object) -> str:
    """Return the name of a filter that is given by its name or its number.

    Raises:
        ConventionError: it is no filter.
    """
    named = name_of(value)
    name = str(NUMBERS.get(named, named) if isinstance(named, int) else named).upper()
    return choice("resample", OLDER.get(name, name), MEANINGS)


def along(name: str, box: Edges | None = None, gap: Fraction | None = None) -> Sampling:
    """Return what a filter computes along one axis.

    Args:
        name: of the filter.
        box: the edges of the part that is resized, in pixels; None for all.
        gap: reducing_gap.

    >>> along("BOX", (Fraction(1), Fraction(5))).line(6, 2).at(0)
    Fraction(3, 2)
    """
    made = MEANINGS[name]
    if box is not None:
        kernel = Nearest("round_prefer_ceil") if name == "NEAREST" else made.kernel
        made = replace(made, coordinate="box_half_pixel", kernel=kernel, roi=box)
    if gap is None or name == "NEAREST":
        return made
    return Sampling("half_pixel", Reduced(made, radius_of(made.kernel), gap))


def resized(
    name: str,
    size: tuple[int | None, int | None],
    box: tuple[Edges, Edges] | None = None,
    gap: Fraction | None = None,
) -> Reading:
    """Return what Image.resize computes.

    Args:
        name: of the filter.
        size: output lengths, height before width.
        box: edges along the height and along the width.
        gap: reducing_gap.
    """
    parts: tuple[Edges | None, Edges | None] = (None, None) if box is None else box
    found = tuple(along(name, part, gap) for part in parts)
    remarks = remarks_on(name)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        axes: list[Sampling] = []
        for n_in, part in zip(ins, parts, strict=True):
            if part is not None and part[1] > n_in:
                raise ConventionError(f"box ends at {float(part[1]):g}, the image at {n_in}")
            axes.append(along(name, None if part == (ZERO, Fraction(n_in)) else part, gap))
        return Reading(_cut(axes, ins, size), size, remarks)

    return Reading(found, size, remarks, None if box is None else by_lengths)


def _cut(
    axes: list[Sampling], ins: tuple[int, ...], size: tuple[int | None, ...]
) -> tuple[Sampling, ...]:
    """Return axes beside one that is reduced: what cannot be read is cut off all of them."""
    kernels = [axis.kernel for axis in axes]
    reduced = any(
        isinstance(kernel, Reduced) and n_out is not None and kernel.factor(n_in, n_out) > 1
        for kernel, n_in, n_out in zip(kernels, ins, size, strict=True)
    )
    return tuple(
        replace(axis, kernel=replace(kernel, cut=True))
        if reduced and isinstance(kernel, Reduced)
        else axis
        for axis, kernel in zip(axes, kernels, strict=True)
    )
