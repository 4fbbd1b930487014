"""TensorFlow's tf.image.crop_and_resize: a box is cut out of an image and resized.

A box is (y1, x1, y2, x2), 0 and 1 being the centres of the image's border pixels. Its corners are
output samples (align_corners inside the box); an output length of 1 reads its middle. A box whose
end is before its start turns the image round.

========= ===================================
method    kernel
========= ===================================
bilinear  linear
nearest   nearest, half up
========= ===================================

A coordinate outside the image gives extrapolation_value, and nothing is antialiased. A call is read
with one box that is spelled out: weights are those of one crop.

Coordinates are float32: the last one of a box that ends at 1 may be beyond the image, and is then
extrapolation_value.

Source: TensorFlow 2.21 `core/kernels/image/crop_and_resize_op.cc`.
"""

from fractions import Fraction
from typing import Final

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice
from halfpixel.conventions.python_call import listed, number_of, open_lengths, parse
from halfpixel.conventions.tf_resize import LIBRARY
from halfpixel.errors import ConventionError
from halfpixel.sampling import Kernel, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.coordinate import WHOLE

KERNELS: Final[dict[str, Kernel]] = {
    "bilinear": Linear(),
    "nearest": Nearest("round_prefer_ceil"),
}


def read(method: str, first: Fraction, last: Fraction) -> Sampling:
    """Return what crop_and_resize computes along one axis of a box.

    Args:
        method: the interpolation.
        first: where the box starts; 0 and 1 are the centres of the border pixels.
        last: where it ends.

    Raises:
        ConventionError: a method that there is not.

    >>> read("bilinear", Fraction(0), Fraction(1, 2)).line(9, 3).at(2)
    Fraction(4, 1)
    """
    kernel = KERNELS[choice("method", method, KERNELS)]
    return Sampling("tf_crop_and_resize", kernel, roi=(first, last), extrapolate=True)


def _text(method: str, roi: tuple[Fraction, Fraction] = WHOLE) -> str:
    first, last = (f"{float(end):.9g}" for end in roi)
    said = "" if method == "bilinear" else f', "{method}"'
    box = f"[[{first}, {first}, {last}, {last}]]"
    return f"tf.image.crop_and_resize(x, {box}, [0], (height, width){said})"


HALVES: Final = (Fraction(1, 4), Fraction(3, 4))
EXAMPLES: Final = {
    _text(method, roi): read(method, *roi) for method in KERNELS for roi in (WHOLE, HALVES)
}


def _read(text: str, length: int | None) -> Reading:
    del length  # a size is always given
    given = parse(text).bind(
        "image", "boxes", "box_indices", "crop_size", "method", "extrapolation_value", "name"
    )
    boxes = listed(given.get("boxes"))
    box = listed(boxes[0]) if boxes is not None and len(boxes) == 1 else None
    if box is None or len(box) != 4:
        raise ConventionError(f"boxes is {given.get('boxes')!r}, expected one box of four numbers")
    if given.get("crop_size") is None:
        raise ConventionError("crop_size is not given")
    top, left, bottom, right = (number_of("boxes", end) for end in box)
    method = str(given.get("method", "bilinear"))
    samplings = (read(method, top, bottom), read(method, left, right))
    return Reading(samplings, open_lengths("crop_size", given["crop_size"], 2))


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2 or sampling.coordinate != "tf_crop_and_resize":
        return None
    wanted = canonical(sampling.by_size())
    for method in KERNELS:
        if canonical(read(method, *sampling.roi)) == wanted:
            return _text(method, sampling.roi)
    return None


CONVENTION = Convention(
    "TensorFlow crop_and_resize",
    ("tf.image.crop_and_resize", "tf.compat.v1.image.crop_and_resize"),
    _read,
    _write,
    examples=tuple(EXAMPLES.items()),
    source="TensorFlow 2.21 core/kernels/image/crop_and_resize_op.cc",
    ran="TensorFlow 2.21.0",
    remarks=(
        Remark("axis order", "a box is (y1, x1, y2, x2), a size (height, width)"),
        Remark("input", "results are floats whatever the image is", dtype="uint8"),
        Remark(
            "arithmetic",
            "coordinates are float32: the last of a box may be beyond the image, and is then "
            "extrapolation_value",
            ran="TensorFlow 2.21.0",
        ),
    ),
    library=LIBRARY,
)
