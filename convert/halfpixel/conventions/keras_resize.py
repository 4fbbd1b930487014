"""Keras 3's names: ops.image.resize and the layers Resizing and UpSampling2D.

============== ======================== ============================ ===========================
interpolation  JAX, NumPy, TensorFlow   antialias=True               PyTorch
============== ======================== ============================ ===========================
nearest        floor((i + 1/2) r)       has no effect                the same
bilinear       linear                   widened where it shrinks     the same
bicubic        cubic, a = -0.5; outside widened where it shrinks     a = -0.75, the border
               left out                                              clamped, if not antialiased
lanczos3 and 5 Lanczos, a = 3 and 5     widened where it shrinks     refused
area           the mean by overlap      has no effect                refused; TensorFlow's alone
============== ======================== ============================ ===========================

Coordinates are half_pixel, and a size is (height, width). What is read and written here is what
JAX and TensorFlow compute; PyTorch's bicubic without antialias is another (`F.interpolate`'s), and
TensorFlow's looks its weights up in a table (`tf_resize`). UpSampling2D takes whole factors, and
repeats pixels where its interpolation is nearest, which it is where nothing is said. Neither
it nor the others antialias where nothing is said.

Source: Keras 3.15 `src/backend/{jax,numpy,tensorflow,torch}/image.py`,
`src/layers/reshaping/up_sampling2d.py`, `src/layers/preprocessing/image_preprocessing/resizing.py`.
"""

from fractions import Fraction
from typing import Any, Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Library, Reading, Remark
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.meaning import length as a_length
from halfpixel.conventions.python_call import (
    PythonCall,
    Symbol,
    listed,
    name_of,
    open_length,
    open_lengths,
    parse,
)
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernel import Filter, Kernel
from halfpixel.sampling.kernels.profiles import Lanczos

INTERPOLATIONS: Final = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")


def read(interpolation: str, *, antialias: bool = False) -> Sampling:
    """Return what ops.image.resize computes along one axis, but for bicubic by PyTorch.

    Raises:
        ConventionError: an interpolation that there is not.

    >>> read("bicubic").kernel
    Cubic(a=Fraction(-1, 2), antialias=False)
    """
    name = choice("interpolation", interpolation, INTERPOLATIONS)
    if name == "nearest":
        return Sampling("tf_half_pixel_for_nn", Nearest("floor"))
    if name == "area":
        return Sampling("half_pixel", Area("overlap"))
    kernels: dict[str, Kernel] = {
        "bilinear": Linear(antialias),
        "bicubic": Cubic(Fraction(-1, 2), antialias),
        "lanczos3": Filter(Lanczos(3), antialias),
        "lanczos5": Filter(Lanczos(5), antialias),
    }
    outside = antialias or name != "bilinear"
    return Sampling("half_pixel", kernels[name], exclude_outside=outside)


RESIZE: Final = "keras.ops.image.resize(x, (height, width)"
EXAMPLES: Final = {
    f'{RESIZE}, interpolation="{name}"{", antialias=True" if antialias else ""})': read(
        name, antialias=antialias
    )
    for name in INTERPOLATIONS
    for antialias in (False, True)
    if not antialias or name not in {"nearest", "area"}
}

BY_SIZE: Final = (
    "interpolation", "antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode",
    "fill_value", "data_format",
)  # fmt: skip
LAYER: Final = (
    "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode", "fill_value",
    "antialias", "data_format",
)  # fmt: skip


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    if call.last == "UpSampling2D":
        return _upsampled(call, length)
    if call.last == "Resizing":
        given = call.bind("height", "width", *LAYER, "name", "dtype")
        lengths = tuple(open_length(side, _given(side, given)) for side in ("height", "width"))
    else:
        if "ops" not in call.name:
            raise ConventionError(f"{call.name} is read as ops.image.resize with ops before it")
        given = call.bind("images", "size", *BY_SIZE)
        lengths = open_lengths("size", _given("size", given), 2)
    for name in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
        if flag(name, given.get(name, False)):
            raise ConventionError(f"{name} is True, which is not described")
    interpolation = _interpolation(given, "bilinear")
    antialias = flag("antialias", given.get("antialias", False))
    sampling = read(interpolation, antialias=antialias)
    return Reading((sampling,) * 2, lengths, _remarks(interpolation, antialias=antialias))


def _given(name: str, given: dict[str, object]) -> object:
    if given.get(name) is None:
        raise ConventionError(f"{name} is not given")
    return given[name]


def _interpolation(given: dict[str, object], default: str) -> str:
    return str(name_of(given.get("interpolation", default))).lower()


def _upsampled(call: PythonCall, length: int | None) -> Reading:
    given = call.bind("size", "data_format", "interpolation", "name", "dtype")
    size = given.get("size", 2)
    items = (size, size) if listed(size) is None else listed(size) or ()
    if len(items) != 2:
        raise ConventionError(f"size is {size!r}, expected one factor or two")
    interpolation = _interpolation(given, "nearest")
    sampling = read(interpolation)
    factors = [None if isinstance(one, Symbol) else a_length("size", one) for one in items]
    by_lengths = isinstance(sampling.kernel, Area)
    samplings = tuple(
        sampling if by_lengths or factor is None else replace(sampling, scale=Fraction(factor))
        for factor in factors
    )
    known = (None if length is None or by is None else length * by for by in factors)
    return Reading(samplings, tuple(known), _remarks(interpolation, antialias=False))


def _write(sampling: Sampling, spatial: int) -> str | None:
    if spatial > 2:
        return None
    scale = None if sampling.scale == 1 or isinstance(sampling.kernel, Area) else sampling.scale
    if scale is not None and scale.denominator != 1:
        return None
    wanted = canonical(sampling.by_size())
    for text, meaning in EXAMPLES.items():
        if canonical(meaning) != wanted:
            continue
        if scale is None:
            return text
        if "antialias" in text:
            return text.replace("(height, width)", f"({scale} * height, {scale} * width)")
        return text.replace(f"{RESIZE}, ", f"keras.layers.UpSampling2D({scale}, ")
    return None


OF_TORCH: Final = Remark(
    "backend",
    "PyTorch computes F.interpolate's bicubic: a = -0.75, and the border is clamped",
    ran="Keras 3.15.1 with PyTorch 2.13.0",
)
OF_TENSORFLOW: Final = Remark(
    "backend",
    "TensorFlow looks weights up at 1024 positions a pixel",
    source="TensorFlow core/kernels/image/resize_bicubic_op.cc",
    ran="Keras 3.15.1 with TensorFlow 2.21.0",
)
WITHOUT_TORCH: Final = Remark("backend", "PyTorch refuses it", ran="Keras 3.15.1")
TENSORFLOW_ALONE: Final = Remark("backend", "TensorFlow alone takes it", ran="Keras 3.15.1")


def _remarks(interpolation: str, *, antialias: bool) -> tuple[Remark, ...]:
    """Return what backends do otherwise."""
    if interpolation == "bicubic":
        return () if antialias else (OF_TORCH, OF_TENSORFLOW)
    alone = {"area": TENSORFLOW_ALONE, "lanczos3": WITHOUT_TORCH, "lanczos5": WITHOUT_TORCH}
    return (alone[interpolation],) if interpolation in alone else ()


def _image(image: Any) -> Any:  # noqa: ANN401 - an array of any kind
    return image[None, ..., None]


def _array(made: Any) -> Any:  # noqa: ANN401 - a tensor of any backend
    import numpy as np

    return np.asarray(made)[0, ..., 0]


CONVENTION = Convention(
    "Keras 3",
    (
        "keras.ops.image.resize",
        "keras.layers.Resizing",
        "keras.layers.UpSampling2D",
        "tf.keras.layers.Resizing",
        "tf.keras.layers.UpSampling2D",
    ),
    _read,
    _write,
    examples=tuple(EXAMPLES.items()),
    source="Keras 3.15 src/backend/{jax,numpy,tensorflow,torch}/image.py",
    ran="Keras 3.15.1",
    remarks=(Remark("axis order", "a size is (height, width)"),),
    library=Library((("keras", "keras"), ("ops", "keras.ops")), _image, _array),
)
