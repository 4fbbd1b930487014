"""albumentations' names: Resize, SmallestMaxSize and LongestMaxSize, over cv2.resize.

An interpolation is a constant of OpenCV's, INTER_LINEAR where none is given. An image that has the
size already is returned as it is. area_for_downscale takes INTER_AREA as soon as one side shrinks.
SmallestMaxSize and LongestMaxSize scale by max_size over a side, rounded to whole pixels. Of an
image, not its mask, bounds at 0 and 1 cut off what cubic and Lanczos overshoot.

Source: albumentationsx 2.5 (and albumentations 2.0) `augmentations/geometric/resize.py`,
`functional.py`.
"""

from typing import TYPE_CHECKING, Any, Final

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.images.opencv_resize import MEANINGS, NUMBERS, by_size, read
from halfpixel.conventions.meaning import choice
from halfpixel.conventions.meaning import length as a_length
from halfpixel.conventions.python_call import Symbol, name_of, open_length, parse
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MORE: Final = ("interpolation", "mask_interpolation", "area_for_downscale", "p")
TAKEN: Final = {
    "Resize": ("height", "width", *MORE),
    "SmallestMaxSize": ("max_size", "max_size_hw", *MORE),
    "LongestMaxSize": ("max_size", "max_size_hw", *MORE),
}
Size = tuple[int | None, int | None]


def _read(text: str, n: int | None) -> Reading:
    call = parse(text)
    given = call.bind(*TAKEN[choice("the transform", call.last, TAKEN)])
    named = name_of(given.get("interpolation", "INTER_LINEAR"))
    name = str(NUMBERS.get(named, named) if isinstance(named, int) else named)
    area = given.get("area_for_downscale")
    if area is not None:
        choice("area_for_downscale", area, ("image", "image_mask"))
    axes = (read(name),) * 2
    remarks = (*by_size(name, (None, None)).remarks, *OVERSHOOT.get(name, ()))

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        size = _size(call.last, given, ins)
        if size == ins:
            return Reading((None, None), size)
        shrinks = any(m is not None and m < k for k, m in zip(ins, size, strict=True))
        used = "INTER_AREA" if area is not None and shrinks else name
        found = by_size(used, size)
        found = found if None in size else found.at(ins)
        return Reading(found.samplings, size, remarks if used == name else found.remarks)

    size = _size(call.last, given, None)
    made = Reading(axes, size, remarks, by_lengths)
    return made if n is None else made.at((n, n))


def _size(transform: str, given: dict[str, object], ins: tuple[int, ...] | None) -> Size:
    if transform == "Resize":
        if "height" not in given or "width" not in given:
            raise ConventionError("height and width are not given")
        return open_length("height", given["height"]), open_length("width", given["width"])
    most = given.get("max_size")
    if most is None or given.get("max_size_hw") is not None:
        raise ConventionError("max_size is not given, or max_size_hw is, which is not described")
    if isinstance(most, Symbol):
        return None, None
    wanted = a_length("max_size", most)
    if ins is None:
        return None, None
    scale = wanted / (max(ins) if transform == "LongestMaxSize" else min(ins))
    height, width = (max(1, round(k * scale)) for k in ins)
    return height, width


def _write(sampling: Sampling, spatial: int) -> str | None:
    return None if spatial != 2 else text_of(sampling, CALLS.items())


OVERSHOOT: Final = {
    name: (
        Remark(
            "rounding",
            "what overshoots 0 and 1 is cut off",
            dtype="float32",
            ran="albumentationsx 2.5.1",
        ),
    )
    for name in ("INTER_CUBIC", "INTER_LANCZOS4")
}
CALLS: Final = {
    f"A.Resize(height, width, interpolation=cv2.{name})": meaning
    for name, meaning in MEANINGS.items()
}
"""Every call that has a meaning of its own."""


def _image(image: "NDArray[np.generic]") -> object:
    return image


def _array(made: Any) -> "NDArray[np.generic]":  # noqa: ANN401 - a dictionary of what was augmented
    found: NDArray[np.generic] = made if hasattr(made, "shape") else made["image"]
    return found


CONVENTION = Convention(
    "albumentations",
    (*(f"albumentations.{name}" for name in TAKEN), *(f"A.{name}" for name in TAKEN)),
    _read,
    _write,
    examples=tuple(CALLS.items()),
    source="albumentationsx 2.5 augmentations/geometric/resize.py, functional.py",
    ran="albumentationsx 2.5.1",
    remarks=(
        Remark("axis order", "a height stands before the width, unlike OpenCV's size"),
        Remark("input", "a mask is resized with mask_interpolation, INTER_NEAREST if not given"),
    ),
    library=Library(
        (("A", "albumentations"), ("cv2", "cv2")), _image, _array, ("float32",), keyword="image"
    ),
)
