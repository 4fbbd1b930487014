"""torchvision's names on tensors: transforms.Resize and functional.resize, of v1 and of v2.

============== ================ ==========================================================
interpolation  antialias        what F.interpolate computes with it
============== ================ ==========================================================
NEAREST        has no effect    mode nearest: floor(i r), which is not Pillow's NEAREST
NEAREST_EXACT  has no effect    mode nearest-exact, which is
BILINEAR       True             mode bilinear with antialias: Pillow's weights
BILINEAR       False            mode bilinear: not antialiased where it shrinks
BICUBIC        True             mode bicubic with antialias: Pillow's weights, a = -0.5
BICUBIC        False            mode bicubic: a = -0.75
LANCZOS        True             mode lanczos with antialias, of v2 alone: Pillow's weights
============== ================ ==========================================================

A size of one number is that of the shorter side: the longer one keeps the image's ratio.

Source: torchvision 0.29 `transforms/_functional_tensor.py`,
`transforms/v2/functional/_geometry.py`.
"""

from fractions import Fraction
from typing import Final

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.images.torchvision_call import (
    OPERATORS,
    RAN,
    REMARKS,
    SOURCE,
    Call,
    call_of,
)
from halfpixel.conventions.torch.interpolate import Family, Interpolate
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling
from halfpixel.sampling.kernel import Filter
from halfpixel.sampling.kernels.profiles import Lanczos

FAMILIES: Final[dict[str, Family]] = {
    "nearest": "nearest",
    "nearest-exact": "nearest-exact",
    "bilinear": "linear",
    "bicubic": "cubic",
}
LANCZOS: Final = Sampling("half_pixel", Filter(Lanczos(3), antialias=True), exclude_outside=True)
"""Mode lanczos of PyTorch 2.14."""


def sampling_of(mode: str, *, antialias: bool) -> Sampling:
    """Return what an interpolation computes along each axis of a tensor.

    Raises:
        ConventionError: it is for images of Pillow alone, or asks for antialias.
    """
    if mode == "lanczos":
        if not antialias:
            raise ConventionError("interpolation is LANCZOS, which asks for antialias=True")
        return LANCZOS
    if mode not in FAMILIES:
        raise ConventionError(f"interpolation is {mode.upper()}, which tensors do not have")
    smooth = mode in {"bilinear", "bicubic"}
    call = Interpolate(
        FAMILIES[mode],
        2,
        (None, None),
        align_corners=False if smooth else None,
        antialias=smooth and antialias,
    )
    return call.sampling(0)


def _read(text: str, length: int | None) -> Reading:
    call = call_of(text)
    if call.of_image:
        raise ConventionError("what is resized is an image of Pillow")
    if call.mode == "lanczos" and "v2" not in text.partition("(")[0]:
        raise ConventionError("interpolation is LANCZOS, which tensors have in v2 alone")
    sampling = sampling_of(call.mode, antialias=call.antialias)
    remarks = _remarks(call)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        return Reading((sampling,) * 2, call.output(ins), remarks)

    made = Reading((sampling,) * 2, call.lengths, remarks, by_lengths)
    return made if length is None else made.at((length, length))


def _remarks(call: Call) -> tuple[Remark, ...]:
    if call.mode == "nearest":
        return (Remark("input", "an image of Pillow is read half a pixel further", ran=RAN),)
    if call.mode in {"bilinear", "bicubic"} and not call.antialias:
        more = " with a = -0.5" if call.mode == "bicubic" else ""
        return (Remark("input", f"an image of Pillow is antialiased all the same{more}", ran=RAN),)
    return ()


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2 or (sampling.scale is not None and sampling.scale.denominator != 1):
        return None
    text = text_of(sampling, ((name, made) for name, made in CALLS.items()))
    by = sampling.scale if text and sampling.scale not in {None, Fraction(1)} else None
    return text if by is None or text is None else text.replace(SIZE, GROWN.format(by, by))


SIZE: Final = "[height, width]"
GROWN: Final = "[{} * height, {} * width]"


def _text(mode: str, *, antialias: bool) -> str:
    name = mode.upper().replace("-", "_")
    smooth = "" if mode.startswith("nearest") else f", antialias={antialias}"
    return f"{OPERATORS[0]}(x, {SIZE}, InterpolationMode.{name}{smooth})"


CALLS: Final = {
    _text(mode, antialias=antialias): sampling_of(mode, antialias=antialias)
    for mode in (*FAMILIES, "lanczos")
    for antialias in (True, False)
    if antialias or mode in {"bilinear", "bicubic"}
}
"""Every call that has a meaning of its own."""

CONVENTION = Convention(
    "torchvision (tensors)",
    OPERATORS,
    _read,
    _write,
    examples=tuple(CALLS.items()),
    source=SOURCE,
    ran=RAN,
    remarks=(
        *REMARKS,
        Remark("rounding", "results of whole numbers are rounded; bicubic ones cut off to a byte",
               dtype="uint8", kernels=("blend",)),
        Remark(
            "release", "LANCZOS is a mode of tensors from torchvision 0.29 and PyTorch 2.14 on",
            kernels=("lanczos",),
        ),
    ),
)  # fmt: skip
