"""JAX's names: jax.image.resize and jax.image.scale_and_translate.

================================= ==============================================================
method                            kernel
================================= ==============================================================
nearest                           nearest: floor((i + 1/2) r)
linear (bilinear, triangle, ...)  linear
cubic (bicubic, tricubic)         cubic, a = -0.5
cubic-pytorch (bicubic-pytorch)   cubic; a = -0.75, and the border is clamped, without antialias
lanczos3, lanczos5                Lanczos, a = 3 and 5
area                              the mean over windows, pixels counted by overlap
================================= ==============================================================

Coordinates are half_pixel, and what lies beyond the border is left out and the rest renormalised.
antialias is True where nothing is said: the kernel is widened by r where an axis shrinks. nearest
and area take no notice of it. A shape gives every axis, those of batch and channels too: of two
lengths both are spatial, of three the last is not, of four the first and the last are not; axes
whose length stays are copied.

scale_and_translate takes output sample i at (i + 1/2 - translation) / scale - 1/2, and widens the
kernel by 1 / scale; a sample outside the image is 0, which is described as far as there is none.

JAX computes in float32: nearest picks a neighbour where (i + 1/2) r is a whole number and the
product falls short of it; Lanczos is 1 within a thousandth of a pixel.

Source: JAX 0.10 `jax/_src/image/scale.py`.
"""

from fractions import Fraction
from typing import Any, Final

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.meaning import choice, flag, whole
from halfpixel.conventions.python_call import (
    PythonCall,
    Symbol,
    exact,
    listed,
    name_of,
    number_of,
    open_length,
    parse,
)
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.coordinate import HALF
from halfpixel.sampling.kernel import Filter, Kernel
from halfpixel.sampling.kernels.profiles import Lanczos

SAME: Final = {
    "bilinear": "linear",
    "trilinear": "linear",
    "triangle": "linear",
    "bicubic": "cubic",
    "tricubic": "cubic",
    "bicubic-pytorch": "cubic-pytorch",
}
METHODS: Final = ("nearest", "linear", "cubic", "cubic-pytorch", "lanczos3", "lanczos5", "area")


def read(method: str, *, antialias: bool = True) -> Sampling:
    """Return what jax.image.resize computes along one axis.

    Raises:
        ConventionError: a method that there is not.

    >>> read("linear").exclude_outside
    True
    """
    name = choice("method", method, (*METHODS, *SAME))
    name = SAME.get(name, name)
    if name == "nearest":
        return Sampling("tf_half_pixel_for_nn", Nearest("floor"))
    if name == "area":
        return Sampling("half_pixel", Area("overlap"))
    if name == "cubic-pytorch" and not antialias:
        return Sampling("half_pixel", Cubic(Fraction(-3, 4)))
    kernels: dict[str, Kernel] = {
        "linear": Linear(antialias),
        "cubic": Cubic(Fraction(-1, 2), antialias),
        "cubic-pytorch": Cubic(Fraction(-1, 2), antialias),
        "lanczos3": Filter(Lanczos(3), antialias),
        "lanczos5": Filter(Lanczos(5), antialias),
    }
    return Sampling("half_pixel", kernels[name], exclude_outside=True)


def read_moved(
    method: str, scale: Fraction, translation: Fraction, *, antialias: bool = True
) -> Sampling:
    """Return what jax.image.scale_and_translate computes along one axis.

    Args:
        method: the interpolation, which is not nearest.
        scale: output samples an input pixel.
        translation: output samples by which the image is moved.
        antialias: whether the kernel is widened by 1 / scale where that is above 1.

    Raises:
        ConventionError: a method that it does not take, or that is not described.
    """
    found = read(method, antialias=antialias)
    if isinstance(found.kernel, Nearest | Area):
        raise ConventionError(f"method is {method!r}, which scale_and_translate is not read with")
    start = -translation / scale
    outside = found.exclude_outside
    if start == 0:
        return Sampling("half_pixel", found.kernel, scale, outside)
    roi = (start, start + 1)
    return Sampling("box_start_half_pixel", found.kernel, scale, outside, roi)


RESIZE: Final = "jax.image.resize(x, (height, width)"
MOVE: Final = "jax.image.scale_and_translate(x, (height, width), (0, 1)"
EXAMPLES: Final = {
    f'{RESIZE}, "{method}"{"" if antialias else ", antialias=False"})': read(
        method, antialias=antialias
    )
    for method in METHODS
    for antialias in (True, False)
    if antialias or method not in {"nearest", "area"}
    if (method, antialias) != ("cubic-pytorch", True)  # which is cubic
}


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    if call.last == "scale_and_translate":
        found = _moved(call)
        return found if length is None or found.by_lengths is None else found.at((length, length))
    given = call.bind("image", "shape", "method", "antialias", "precision")
    if given.get("shape") is None or given.get("method") is None:
        raise ConventionError("shape and method are not both given")
    sampling = read(_method(given), antialias=flag("antialias", given.get("antialias", True)))
    lengths = _lengths(given["shape"])
    return Reading((sampling,) * len(lengths), lengths)


def _method(given: dict[str, object]) -> str:
    return str(name_of(given.get("method"))).lower().replace("_", "-")


def _lengths(shape: object) -> tuple[int | None, ...]:
    """Return the lengths of the spatial axes of a shape."""
    if isinstance(shape, Symbol):
        return (None, None)
    items = listed(shape) or ()
    if not 1 <= len(items) <= 5:
        raise ConventionError(f"shape is {shape!r}, expected 1 to 5 lengths")
    spatial = {3: items[:2], 4: items[1:3], 5: items[1:4]}.get(len(items), items)
    return tuple(open_length("shape", item) for item in spatial)


def _moved(call: PythonCall) -> Reading:
    given = call.bind(
        "image", "shape", "spatial_dims", "scale", "translation", "method", "antialias", "precision"
    )
    shape = listed(given.get("shape")) or ()
    places = [whole("spatial_dims", item) for item in _items("spatial_dims", given)]
    scales = [exact("scale", item) for item in _items("scale", given)]
    moves = [number_of("translation", item) for item in _items("translation", given)]
    if not 0 < len(places) == len(scales) == len(moves):
        raise ConventionError("spatial_dims, scale and translation are not of one length each")
    if not shape or any(not -len(shape) <= place < len(shape) for place in places):
        raise ConventionError("spatial_dims are not in the shape")
    antialias = flag("antialias", given.get("antialias", True))
    lengths = tuple(open_length("shape", shape[place]) for place in places)
    samplings = tuple(
        read_moved(_method(given), scale, move, antialias=antialias)
        for scale, move in zip(scales, moves, strict=True)
    )

    def by_lengths(ins: tuple[int, ...]) -> Reading:
        for sampling, n_in, n_out in zip(samplings, ins, lengths, strict=True):
            line = sampling.line(n_in, n_out or 1)
            ends = (line.at(0), line.at((n_out or 1) - 1))
            if min(ends) < -HALF or max(ends) > n_in - HALF:
                raise ConventionError("a sample lies outside the image, where JAX gives 0")
        return Reading(samplings, lengths)

    return Reading(samplings, lengths, by_lengths=by_lengths)


def _items(name: str, given: dict[str, object]) -> tuple[object, ...]:
    """Return the items of a list, or of an array that is made of one."""
    value = given.get(name)
    if isinstance(value, Symbol):
        made = parse(value.text)
        value = made.positional[0] if made.last in {"array", "asarray"} and made.positional else ()
    return listed(value) or ()


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2:
        return None
    scale = None if sampling.scale == 1 or isinstance(sampling.kernel, Area) else sampling.scale
    if scale is not None and scale.denominator != 1:
        return None
    by = "" if scale is None else f"{scale} * "
    wanted = canonical(sampling.by_size())
    for text, meaning in EXAMPLES.items():
        if canonical(meaning) == wanted:
            return text.replace("(height, width)", f"({by}height, {by}width)")
    return None


def _image(image: Any) -> Any:  # noqa: ANN401 - an array of any kind
    from importlib import import_module

    return import_module("jax.numpy").asarray(image)


def _array(made: Any) -> Any:  # noqa: ANN401 - an array of any kind
    import numpy as np

    return np.asarray(made)


CONVENTION = Convention(
    "JAX",
    ("jax.image.resize", "jax.image.scale_and_translate"),
    _read,
    _write,
    examples=tuple(EXAMPLES.items()),
    source="JAX 0.10 jax/_src/image/scale.py",
    ran="JAX 0.10.2",
    remarks=(
        Remark("axis order", "a shape gives every axis; (height, width, channels) is read"),
        Remark(
            "arithmetic",
            "coordinates are computed in float32: nearest may read the neighbour on a tie",
            ran="JAX 0.10.2",
            kernels=("nearest",),
        ),
        Remark("input", "bytes become floats, but for nearest, and are not rounded back",
               dtype="uint8", ran="JAX 0.10.2", kernels=("blend",)),
    ),
    library=Library((("jax", "jax"), ("jnp", "jax.numpy")), _image, _array),
)  # fmt: skip
