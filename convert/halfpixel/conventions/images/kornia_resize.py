"""kornia's names: geometry.resize, geometry.rescale, and their modules.

It calls F.interpolate, always by size: an interpolation is a mode of PyTorch's. rescale cuts its
output length off, int(n * factor), and forgets the factor. A size of one number is that of a side:
the shorter one, unless `side` says another; the other keeps the ratio, and is cut off.
antialias=True blurs by a Gaussian before, where an axis shrinks: it is not F.interpolate's, and has
no description here. Resize of kornia.augmentation has align_corners=True where nothing is said.

Source: kornia 0.9 `geometry/transform/affwarp.py`, `augmentation/_2d/geometric/resize.py`.
"""

from collections.abc import Callable
from typing import Final

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.meaning import choice, flag, length
from halfpixel.conventions.python_call import (
    PythonCall,
    Symbol,
    exact,
    listed,
    name_of,
    open_length,
    parse,
)
from halfpixel.conventions.torch.interpolate import FAMILIES, Interpolate
from halfpixel.conventions.torch.library import LIBRARY
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling

MODES: Final = ("bilinear", "nearest", "nearest-exact", "bicubic", "area")
SIDES: Final = ("short", "long", "vert", "horz")
ROOT: Final = "kornia.geometry"
WORDS: Final = ("interpolation", "align_corners")
TAKEN: Final = {
    "resize": ("input", "size", *WORDS, "side", "antialias"),
    "rescale": ("input", "factor", *WORDS, "antialias"),
    "Resize": ("size", *WORDS, "side", "antialias"),
    "Rescale": ("factor", *WORDS, "antialias"),
}
AUGMENTATION: Final = (
    "size", "side", "resample", "align_corners", "antialias", "p", "keepdim",
)  # fmt: skip
NUMBERS: Final = {0: "nearest", 1: "bilinear", 2: "bicubic"}

Pair = tuple[int | None, int | None]


def sampling_of(mode: str, *, align_corners: bool = False) -> Sampling:
    """Return what an interpolation computes along each axis.

    >>> sampling_of("bilinear", align_corners=True).coordinate
    'align_corners'
    """
    smooth = mode in {"bilinear", "bicubic"}
    if align_corners and not smooth:
        raise ConventionError(f"interpolation {mode} takes no align_corners")
    corners = align_corners if smooth else None
    return Interpolate(FAMILIES[mode], 2, (None, None), align_corners=corners).sampling(0)


def _read(text: str, n: int | None) -> Reading:
    call = parse(text)
    given = _given(call)
    mode = choice("interpolation", given.get("interpolation", "bilinear"), MODES)
    corners = flag("align_corners", given.get("align_corners") or False)
    if flag("antialias", given.get("antialias", False)):
        raise ConventionError("antialias=True, a Gaussian before F.interpolate, is not described")
    sampling = sampling_of(mode, align_corners=corners)
    if call.last.lower() == "rescale":
        made = _by(sampling, (None, None), _rescaled(given.get("factor")))
    else:
        made = _sized(sampling, given)
    return made if n is None or made.by_lengths is None else made.at((n, n))


def _given(call: PythonCall) -> dict[str, object]:
    if "augmentation" not in call.name and not call.name.startswith("K."):
        given = call.bind(*TAKEN[choice("the operator", call.last, TAKEN)])
        corners = given.get("align_corners", call.last == "Rescale")
        return {**given, "align_corners": corners}
    given = call.bind(*AUGMENTATION)
    named = name_of(given.get("resample", "bilinear"))
    mode = NUMBERS.get(named, "") if isinstance(named, int) else str(named).lower()
    choice("resample", mode, NUMBERS.values())
    corners = given.get("align_corners", True) if mode != "nearest" else None
    mode = "nearest-exact" if mode == "nearest" else mode
    return {**given, "interpolation": mode, "align_corners": corners}


def _sized(sampling: Sampling, given: dict[str, object]) -> Reading:
    size = given.get("size")
    side = choice("side", given.get("side", "short"), SIDES)
    if size is None:
        raise ConventionError("size is not given")
    items = listed(size)
    if items is None and not isinstance(size, Symbol):
        one = length("size", size)
        return _by(sampling, (None, None), lambda ins: _by_side(one, ins, side))
    if items is not None and len(items) != 2:
        raise ConventionError(f"size is {size!r}, expected one length or two")
    height, width = items or (size, size)
    return Reading((sampling,) * 2, (open_length("size", height), open_length("size", width)))


def _by_side(size: int, ins: tuple[int, ...], side: str) -> tuple[int, ...]:
    """Return the output of a size of one side, in floats as kornia has it.

    >>> _by_side(256, (480, 640), "short"), _by_side(256, (480, 640), "long")
    ((256, 341), (192, 256))
    """
    aspect = ins[1] / ins[0]
    vertical = side == "vert" or (side in {"short", "long"} and (side == "short") ^ (aspect < 1))
    return (size, int(size * aspect)) if vertical else (int(size / aspect), size)


def _rescaled(factor: object) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    items = listed(factor) or (factor, factor)
    if len(items) != 2:
        raise ConventionError(f"factor is {factor!r}, expected one number or two")
    factors = [float(exact("factor", item)) for item in items]
    return lambda ins: tuple(int(n * one) for n, one in zip(ins, factors, strict=True))


def _by(
    sampling: Sampling, lengths: Pair, outs: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> Reading:
    def by_lengths(ins: tuple[int, ...]) -> Reading:
        found = outs(ins)
        if min(found) < 1:
            raise ConventionError("the output has length 0")
        return Reading((sampling,) * 2, found)

    return Reading((sampling,) * 2, lengths, by_lengths=by_lengths)


def _write(sampling: Sampling, spatial: int) -> str | None:
    return None if spatial != 2 else text_of(sampling, CALLS.items())


def _text(mode: str, *, corners: bool) -> str:
    more = ", align_corners=True" if corners else ""
    return f'{ROOT}.resize(x, (height, width), "{mode}"{more})'


CALLS: Final = {
    _text(mode, corners=corners): sampling_of(mode, align_corners=corners)
    for mode in MODES
    for corners in (False, True)
    if not corners or mode in {"bilinear", "bicubic"}
}
"""Every call that has a meaning of its own."""

CONVENTION = Convention(
    "kornia",
    (
        *(f"{ROOT}.{name}" for name in TAKEN),
        *(f"{ROOT}.transform.{name}" for name in TAKEN),
        "kornia.augmentation.Resize",
        "K.Resize",
    ),
    _read,
    _write,
    examples=tuple(CALLS.items()),
    source="kornia 0.9 geometry/transform/affwarp.py, augmentation/_2d/geometric/resize.py",
    ran="kornia 0.9.0",
    remarks=(
        Remark("axis order", "a size is (height, width); one number is that of the shorter side"),
        Remark("output length", "the other side, and a length by a factor, are cut off"),
        Remark("input", "antialias=True blurs by a Gaussian before, and is not F.interpolate's"),
    ),
    library=Library((("kornia", "kornia"),), LIBRARY.image, LIBRARY.array, ("float32",)),
)
