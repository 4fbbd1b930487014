"""torchvision's names on images of Pillow: each interpolation is Pillow's filter of that name.

NEAREST_EXACT is NEAREST; antialias has no effect, as Pillow's filters widen where they shrink. Only
a call whose text shows what is resized (`Image.open(...)`, `to_pil_image(...)`), or an
interpolation that tensors do not have, is read so.

Source: torchvision 0.29 `transforms/_functional_pil.py`, `transforms/functional.py`
(pil_modes_mapping).
"""

from typing import Final

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.images.pillow_filters import MEANINGS, remarks_on
from halfpixel.conventions.images.torchvision_call import (
    MODES,
    OPERATORS,
    RAN,
    REMARKS,
    SOURCE,
    call_of,
)
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling
from halfpixel.sampling.canonical import canonical

FILTERS: Final = {mode: mode.upper() for mode in MODES} | {"nearest-exact": "NEAREST"}
PILLOWS_ALONE: Final = frozenset({"box", "hamming", "lanczos"})


def _read(text: str, length: int | None) -> Reading:
    call = call_of(text)
    of_tensors = call.mode == "lanczos" and "v2" in text.partition("(")[0]
    if not call.of_image and (call.mode not in PILLOWS_ALONE or of_tensors):
        raise ConventionError("nothing shows that an image of Pillow is resized")
    name = FILTERS[call.mode]
    sampling, remarks = MEANINGS[name], remarks_on(name)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        return Reading((sampling,) * 2, call.output(ins), remarks)

    made = Reading((sampling,) * 2, call.lengths, remarks, by_lengths)
    return made if length is None else made.at((length, length))


def _write(sampling: Sampling, spatial: int) -> str | None:
    by = sampling.scale
    if spatial > 2 or (by is not None and by.denominator != 1):
        return None
    times = "" if by in {None, 1} else f"{by} * "
    wanted = canonical(sampling.by_size())
    for mode in MODES:
        if canonical(MEANINGS[FILTERS[mode]]) == wanted:
            size = f"[{times}height, {times}width]"
            return f"{OPERATORS[0]}(Image.fromarray(x), {size}, InterpolationMode.{mode.upper()})"
    return None


CONVENTION = Convention(
    "torchvision (images of Pillow)",
    OPERATORS,
    _read,
    _write,
    examples=tuple(
        (text, MEANINGS[name])
        for name in dict.fromkeys(FILTERS.values())
        if (text := _write(MEANINGS[name], 2)) is not None
    ),
    source=SOURCE,
    ran=RAN,
    remarks=(
        *REMARKS,
        Remark("input", "a tensor is resized by F.interpolate, which has other names for NEAREST"),
    ),
)
