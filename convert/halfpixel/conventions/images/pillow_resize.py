"""Pillow's names: Image.resize with its filters, a box and a gap, Image.reduce and Image.thumbnail.

============ ========================================= ========================================
resample     kernel                                    reaches
============ ========================================= ========================================
NEAREST      nearest: floor((i + 1/2) r)               one pixel
BOX          box                                       1/2, widened by r where it shrinks
BILINEAR     linear                                    1, likewise
HAMMING      Hamming                                   1, likewise
BICUBIC      cubic, a = -0.5                           2, likewise
LANCZOS      Lanczos, a = 3                            3, likewise
MKS2013      magic kernel sharp                        5/2, likewise; from release 13 on
MKS2021      magic kernel sharp                        9/2, likewise; from release 13 on
============ ========================================= ========================================

Coordinates are half_pixel throughout, what lies beyond the border is left out and the rest
renormalised, and an axis whose length stays the same is copied. ``box`` resizes a part of the
image, edge to edge in pixels, and reads its neighbours too. ``reducing_gap`` first takes the means
of whole cells (`Reduced`), and ``reduce`` does that alone. A size is (width, height).
``thumbnail`` keeps the aspect ratio, enlarges nothing and has a gap of 2.

Sources: Pillow 13.0 `src/PIL/Image.py`, `src/libImaging/Resample.c`, `Reduce.c`, `Geometry.c`.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.images.pillow_filters import (
    MEANINGS,
    OLDER,
    along,
    filter_name,
    remarks_on,
    resized,
)
from halfpixel.conventions.images.pillow_sizes import edges, thumbnail_size
from halfpixel.conventions.meaning import choice, whole
from halfpixel.conventions.meaning import length as a_length
from halfpixel.conventions.python_call import (
    PythonCall,
    Symbol,
    listed,
    name_of,
    number_of,
    open_lengths,
    parse,
)
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernels.reduce import Reduce, Reduced

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

METHODS: Final = {
    "resize": ("size", "resample", "box", "reducing_gap"),
    "reduce": ("factor", "box"),
    "thumbnail": ("size", "resample", "reducing_gap"),
}


def _read(text: str, length: int | None) -> Reading:
    call = _of_image(parse(text))
    method = choice("the method", call.last, METHODS)
    given = call.bind(*METHODS[method])
    if method == "reduce":
        made = _reduced(given)
    elif method == "thumbnail":
        made = _thumbnail(given)
    else:
        made = _resized(call, given)
    return made if length is None or made.by_lengths is None else made.at((length, length))


def _of_image(call: PythonCall) -> PythonCall:
    """Return the call on an image that a call of the class with an image comes to.

    >>> print(_of_image(parse("PIL.Image.Image.resize(im, (4, 3))")))
    PIL.Image.Image.resize((4, 3))
    """
    of_class = call.name.endswith("Image.Image." + call.last)
    by_module = call.name.endswith("Image." + call.last)
    with_image = call.positional and isinstance(call.positional[0], Symbol)
    more = len(call.positional) > 1 or bool({"size", "factor"} & set(call.named))
    if with_image and more and (of_class or (by_module and not _is_filter(call))):
        return PythonCall(call.name, call.positional[1:], call.named)
    return call


def _is_filter(call: PythonCall) -> bool:
    """Whether the second argument is a filter, so that the first is a size that is left open."""
    second = call.positional[1] if len(call.positional) > 1 else None
    return isinstance(second, int) or str(name_of(second)).upper() in {*MEANINGS, *OLDER}


def _resized(call: PythonCall, given: dict[str, object]) -> Reading:
    if given.get("size") is None:
        raise ConventionError(f"{call.last} has no size, expected (width, height)")
    width, height = open_lengths("size", given["size"], 2)
    name = filter_name(3 if given.get("resample") is None else given["resample"])
    return resized(name, (height, width), edges(given.get("box")), _gap(given))


def _reduced(given: dict[str, object]) -> Reading:
    factors = listed(given.get("factor")) or (given.get("factor"),) * 2
    if len(factors) != 2:
        raise ConventionError(f"factor is {given.get('factor')!r}, expected one or two numbers")
    across, down = (a_length("factor", factor) for factor in factors)
    box = edges(given.get("box"))
    cells: list[Reduce] = []
    for axis, factor in enumerate((down, across)):
        first, last = (0, None) if box is None else map(_pixel, box[axis])
        cells.append(Reduce(factor, first or 0, last))
    samplings = tuple(Sampling("half_pixel", cell) for cell in cells)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        for cell, n_in in zip(cells, ins, strict=True):
            if (cell.stop or 0) > n_in:
                raise ConventionError(f"box ends at {cell.stop}, the image at {n_in}")
        lengths = tuple(cell.output_length(n) for cell, n in zip(cells, ins, strict=True))
        return Reading(samplings, lengths, remarks_on("BOX"))

    return Reading(samplings, (None, None), remarks_on("BOX"), by_lengths)


def _pixel(edge: Fraction) -> int:
    return whole("box", edge)


def _thumbnail(given: dict[str, object]) -> Reading:
    width, height = open_lengths("size", given.get("size"), 2)
    name = filter_name(3 if given.get("resample") is None else given["resample"])
    gap = Fraction(2) if "reducing_gap" not in given else _gap(given)
    open_one = resized(name, (None, None), None, gap)

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        if width is None or height is None:
            return open_one
        size = thumbnail_size((height, width), (ins[0], ins[1]))
        if size == ins:
            return Reading((None, None), size)
        return resized(name, size, None, gap)

    return replace(open_one, by_lengths=by_lengths)


def _gap(given: dict[str, object]) -> Fraction | None:
    if given.get("reducing_gap") is None:
        return None
    gap = number_of("reducing_gap", given["reducing_gap"])
    if gap < 1:
        raise ConventionError(f"reducing_gap is {float(gap):g}, expected at least 1")
    return gap


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2:
        return None
    kernel = sampling.kernel
    if isinstance(kernel, Reduce):
        ends = "" if kernel.stop is None else f", box=({_both(kernel.start, kernel.stop)})"
        return f"{IMAGE}.reduce({kernel.factor}{ends})"
    more = ""
    if isinstance(kernel, Reduced):
        more = f", reducing_gap={float(kernel.gap):g}"
        sampling = kernel.then
    if sampling.coordinate == "box_half_pixel":
        more = f", box=({_both(*map(_number, sampling.roi))}){more}"
    by = "" if sampling.scale in {None, 1} else f"{sampling.scale} * "
    if sampling.scale is not None and sampling.scale.denominator != 1:
        return None
    wanted = canonical(sampling.by_size())
    box = sampling.roi if sampling.coordinate == "box_half_pixel" else None
    for name in MEANINGS:
        if canonical(along(name, box)) == wanted:
            return f"{IMAGE}.resize(({by}width, {by}height), Image.{name}{more})"
    return None


def _both(first: object, last: object) -> str:
    return f"{first}, {first}, {last}, {last}"


def _number(value: Fraction) -> str:
    return f"{float(value):.17g}" if Fraction(f"{float(value):.17g}") == value else str(value)


IMAGE: Final = "Image.fromarray(x)"


def _image(image: "NDArray[np.generic]") -> object:
    from PIL import Image

    return Image.fromarray(image)


def _array(made: object) -> "NDArray[np.generic]":
    import numpy as np

    return np.asarray(made)


CONVENTION = Convention(
    "Pillow",
    tuple(f"PIL.Image.{by}{name}" for by in ("Image.", "") for name in METHODS),
    _read,
    _write,
    examples=(
        *(
            (f"{IMAGE}.resize((width, height), Image.{name})", meaning)
            for name, meaning in MEANINGS.items()
        ),
        (
            f"{IMAGE}.resize((width, height), Image.BICUBIC, reducing_gap=2)",
            along("BICUBIC", None, Fraction(2)),
        ),
        (f"{IMAGE}.reduce(2)", Sampling("half_pixel", Reduce(2))),
    ),
    source="Pillow 13.0 src/PIL/Image.py, src/libImaging/Resample.c, Reduce.c, Geometry.c",
    ran="Pillow 13.0.0",
    remarks=(
        Remark("axis order", "a size is (width, height)"),
        Remark("input", "images of palettes and of one bit (P, 1) are resized with NEAREST"),
        Remark("input", "colours are multiplied by their alpha before, and divided by it after"),
        Remark("release", "the filter is BICUBIC where none is given; NEAREST up to release 6"),
        Remark(
            "arithmetic",
            "NEAREST adds its step up in float64, and may fall short of a tie; so may a window of "
            "BOX whose edge is on a pixel's centre",
            ran="Pillow 13.0.0",
            kernels=("nearest", "box"),
        ),
    ),
    methods=tuple(METHODS),
    library=Library((("Image", "PIL.Image"), ("PIL", "PIL")), _image, _array),
)
