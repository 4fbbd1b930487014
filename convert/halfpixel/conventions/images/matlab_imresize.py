"""MATLAB's name: imresize.

=========== ====================== ============
method      kernel                 reaches
=========== ====================== ============
nearest     box, never widened     1/2
box         box                    1/2
bilinear    linear                 1
bicubic     cubic, a = -0.5        2
lanczos2    Lanczos, a = 2         2
lanczos3    Lanczos, a = 3         3
=========== ====================== ============

Coordinates are half_pixel, and the image is turned over its edges. Antialiasing widens the kernel
where an axis shrinks: true where nothing is said, but for nearest. bicubic is what is taken where
no method is given. With a scale the output length is ceil(n * scale), and coordinates use the scale
itself. triangle and cubic are other names of bilinear and bicubic.

Source: MATLAB R2024 documentation, imresize ("Antialiasing", "method", "scale"); read, never run.
"""

import math
import re
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice
from halfpixel.conventions.python_call import (
    Symbol,
    exact,
    listed,
    name_of,
    open_length,
    parse,
)
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Sampling
from halfpixel.sampling.kernel import Border, Filter, Kernel
from halfpixel.sampling.kernels.profiles import Box, Lanczos

OTHER: Final = {"triangle": "bilinear", "cubic": "bicubic"}
METHODS: Final = ("nearest", "bilinear", "bicubic", "box", "lanczos2", "lanczos3")
PAIRS: Final = {"antialiasing": "antialiasing", "method": "method", "outputsize": "size",
                "scale": "size"}  # fmt: skip
SPACED: Final = re.compile(r"\[([^\[\],;]*)\]")
"""A list without commas."""

OPERAND: Final = re.compile(r"[\w.]+([*/+-][\w.]+)*")
IGNORED: Final = ("colormap", "dither")
FLAGS: Final = {"true": True, "false": False, "True": True, "False": False, "1": True, "0": False}


def sampling_of(method: str, *, antialias: bool) -> Sampling:
    """Return what a method computes along an axis, by size.

    >>> sampling_of("bicubic", antialias=True).border
    'symmetric'
    """
    kernels: dict[str, Kernel] = {
        "nearest": Filter(Box()),
        "box": Filter(Box(), antialias=antialias),
        "bilinear": Linear(antialias=antialias),
        "bicubic": Cubic(Fraction(-1, 2), antialias=antialias),
        "lanczos2": Filter(Lanczos(2), antialias=antialias),
        "lanczos3": Filter(Lanczos(3), antialias=antialias),
    }
    alone = method == "nearest" or (not antialias and method in {"box", "bilinear"})
    border: Border = "clamp" if alone else "symmetric"  # one pixel, or the edge's own: the same
    return Sampling("half_pixel", kernels[method], border=border)


def _respelled(text: str) -> str:
    """Return a call with commas in its lists, as Python has them.

    >>> _respelled("imresize(A, [16 9], 'box')"), _respelled("f(x)[2 * n]")
    ("imresize(A, [16, 9], 'box')", 'f(x)[2 * n]')
    """
    return SPACED.sub(_with_commas, text) if "imresize(" in text else text


def _with_commas(found: re.Match[str]) -> str:
    items = found[1].split()
    return f"[{', '.join(items)}]" if all(map(OPERAND.fullmatch, items)) else found[0]


def _given(text: str) -> dict[str, object]:
    """Return the arguments by name: those by place, and pairs of a name and a value."""
    call = parse(text)
    given: dict[str, object] = {}
    items = list(call.positional[1:])
    if items and not isinstance(items[0], str):
        given["size"] = items.pop(0)
    if items and isinstance(items[0], str) and items[0].lower() in {*METHODS, *OTHER}:
        given["method"] = items.pop(0)
    pairs = list(zip(items[::2], items[1::2], strict=False)) + list(call.named.items())
    if len(items) % 2:
        methods = ", ".join(METHODS)
        odd = items[-1 if str(items[0]).lower() in {*PAIRS, *IGNORED} else 0]
        raise ConventionError(
            f"{odd!r} is no method ({methods}), nor a name with a value behind it"
        )
    for name, value in pairs:
        word = choice("an argument", str(name).lower(), (*PAIRS, *IGNORED))
        given[PAIRS.get(word, word)] = value
    return given


def _read(text: str, length: int | None) -> Reading:
    given = _given(text)
    method = str(given.get("method", "bicubic")).lower()
    method = choice("method", OTHER.get(method, method), METHODS)
    told = given.get("antialiasing", method != "nearest")
    antialias = FLAGS[choice("Antialiasing", str(name_of(told)), FLAGS)]
    sampling = sampling_of(method, antialias=antialias)
    size = given.get("size")
    if size is None:
        raise ConventionError("neither a scale nor [numrows numcols] is given")
    items = listed(size)
    if items is not None:
        if len(items) != 2:
            raise ConventionError(f"{size!r} is given, expected [numrows, numcols]")
        if Symbol("NaN") in items:
            raise ConventionError("a length is NaN, of the aspect ratio, which is not described")
        lengths = tuple(open_length("numrows", item) for item in items)
        return Reading((sampling,) * 2, lengths)
    if isinstance(size, Symbol):
        return Reading((sampling,) * 2, (None, None))
    scale = exact("scale", size)
    axis = replace(sampling, scale=scale)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        return Reading((axis,) * 2, tuple(math.ceil(n * scale) for n in ins))

    made = Reading((axis,) * 2, (None, None), by_lengths=by_lengths)
    return made if length is None else made.at((length, length))


def _write(sampling: Sampling, spatial: int) -> str | None:
    return None if spatial > 2 else text_of(sampling, _texts(sampling.scale).items())


def _texts(scale: Fraction | None = None) -> dict[str, Sampling]:
    size = "[height, width]" if scale is None else f"{float(scale)}"
    found = {f"imresize(x, {size}, 'nearest')": sampling_of("nearest", antialias=False)}
    for method in METHODS[1:]:
        text = f"imresize(x, {size}, '{method}'"
        found[f"{text})"] = sampling_of(method, antialias=True)
        if method != "box":
            found[f"{text}, 'Antialiasing', false)"] = sampling_of(method, antialias=False)
    return {text: replace(one, scale=scale) for text, one in found.items()}


CONVENTION = Convention(
    "MATLAB",
    ("imresize",),
    _read,
    _write,
    examples=tuple(_texts().items()),
    respell=_respelled,
    source="MATLAB R2024 documentation, imresize",
    remarks=(
        Remark("axis order", "a size is [numrows numcols]: the height stands first"),
        Remark(
            "rounding",
            "results are rounded to whole grey levels, and cut off",
            dtype="uint8",
            kernels=("blend",),
        ),
        Remark("output length", "a length by a scale is rounded up"),
        Remark("input", "an indexed image is made one of colours before, and none after"),
        Remark("release", "up to R2006b another imresize smoothed by an 11 x 11 filter"),
    ),
)
