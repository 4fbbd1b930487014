"""PyTorch's names: torch.nn.functional.interpolate and nn.Upsample.

================== ================================== =====================================
mode               source coordinate                  kernel
================== ================================== =====================================
nearest            asymmetric                         nearest, floor
nearest-exact      tf_half_pixel_for_nn               nearest, floor
linear, bilinear,  half_pixel, or align_corners       linear; an axis whose length stays the
trilinear                                             same is copied
bicubic            half_pixel, or align_corners       cubic, a = -0.75, indices clamped
antialias=True     half_pixel; align_corners changes  linear or cubic (a = -0.5), stretched,
                   the step alone                     renormalised inside the image
area               adaptive windows                   mean
================== ================================== =====================================

With `scale_factor` the coordinates use the factor itself; with `size`, with
recompute_scale_factor=True, and up to release 1.5, the ratio of the two lengths. The factor
is taken as the float32 that exporters write. Up to release 1.9 an output length of 1 under
align_corners=False read coordinate -1/2: pixel 0 for linear, a blend for cubic; from 1.10 on
it reads the centre.

Source: PyTorch `aten/src/ATen/native/UpSample.h` (1.9 and 2.13),
`cpu/UpSampleKernel.cpp`, `AdaptivePooling.h`, `torch/nn/functional.py`.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal, cast

from msgspec import Struct

from halfpixel.conventions.meaning import is_factor
from halfpixel.conventions.python_call import Symbol, parse
from halfpixel.conventions.torch.signature import arguments_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import as_recorded, output_length_float64, simplest

if TYPE_CHECKING:
    from halfpixel.sampling.coordinate import Coordinate

Version = tuple[int, int]
LATEST: Final[Version] = (2, 13)
CENTRE_SINCE: Final[Version] = (1, 10)
"""First release in which an output length of 1 reads the centre."""

SCALE_USED_SINCE: Final[Version] = (1, 6)
"""First release whose coordinates use a scale factor itself; before, the ratio of lengths."""

NEAREST_COPIES_SINCE: Final[Version] = (2, 0)
"""Nearest over two axes copies a length that stays: measured in 2.1, not yet in 1.13."""

NEAREST_COPIES_UP_TO: Final = 128
"""Largest sum of the two output lengths at which it does; beyond, the factor counts.

Only an image of more than three channels that lie last in memory is copied at every length; of how
an image lies in memory, no file tells. Source: `_use_vectorized_kernel_cond_2d`.
"""

Family = Literal["nearest", "nearest-exact", "linear", "cubic", "area"]

MODE_NAMES: Final[dict[tuple[Family, int], str]] = {
    ("linear", 1): "linear",
    ("linear", 2): "bilinear",
    ("linear", 3): "trilinear",
    ("cubic", 2): "bicubic",
}
LENGTHS: Final = {
    1: ("length",),
    2: ("height", "width"),
    3: ("depth", "height", "width"),
}
"""What lengths that are not known are called, by the number of spatial axes."""


def _names(count: int) -> Sequence[str]:
    return LENGTHS.get(count) or [f"n{axis}" for axis in range(count)]


FAMILIES: Final[dict[str, Family]] = {
    "nearest": "nearest",
    "nearest-exact": "nearest-exact",
    "area": "area",
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "bicubic": "cubic",
}


class Interpolate(Struct, frozen=True, cache_hash=True):
    """One call of torch.nn.functional.interpolate.

    Attributes:
        family: what mode means, apart from the rank in its name.
        spatial: number of spatial axes, 1 to 3.
        size: output lengths, None each where unknown; None where a factor was given.
        scale_factor: factors, one a spatial axis; None where a size was given.
        align_corners: None where the mode has no such argument.
        antialias: as in the call.
        recompute_scale_factor: as in the call.
        version: PyTorch release whose meaning is meant.
    """

    family: Family
    spatial: int
    size: tuple[int | None, ...] | None = None
    scale_factor: tuple[float, ...] | None = None
    align_corners: bool | None = None
    antialias: bool = False
    recompute_scale_factor: bool = False
    version: Version = LATEST

    @property
    def mode(self) -> str:
        """The name that the call's mode argument takes."""
        return MODE_NAMES.get((self.family, self.spatial), self.family)

    def sampling(self, axis: int) -> Sampling:
        """Return what the call computes along spatial axis `axis`, counted from 0.

        >>> Interpolate("nearest-exact", 2, size=(3, 3)).sampling(0).coordinate
        'tf_half_pixel_for_nn'
        """
        scale: Fraction | None = None
        recomputed = self.recompute_scale_factor or self.version < SCALE_USED_SINCE
        if self.scale_factor is not None and not recomputed:
            scale = simplest(self.scale_factor[axis])
        return _sampling(self, scale)

    def resize(self, rank: int | None = None) -> Resize:
        """Return what the call computes on an input of `rank` axes."""
        first = (self.spatial + 2 if rank is None else rank) - self.spatial
        return Resize(tuple((first + k, self.sampling(k)) for k in range(self.spatial)))

    def output_lengths(self, lengths: Sequence[int]) -> tuple[int, ...] | None:
        """Return the output lengths for spatial input lengths; None where size is unknown."""
        if self.scale_factor is not None:
            pairs = zip(lengths, self.scale_factor, strict=True)
            return tuple(output_length_float64(n, factor) for n, factor in pairs)
        if self.size is None or None in self.size:
            return None
        return tuple(n for n in self.size if n is not None)

    def text(self, x: str = "x", names: Sequence[str] = ()) -> str:
        """Return the call as Python, `names` for lengths that are not known.

        >>> Interpolate("linear", 2, scale_factor=(2.0, 2.0), align_corners=True).text()
        'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)'
        >>> Interpolate("nearest", 2, size=(None, 20)).text()
        'F.interpolate(x, size=(height, 20), mode="nearest")'
        """
        if self.scale_factor is not None:
            factors = tuple(map(as_recorded, self.scale_factor))
            same = len(set(factors)) == 1
            arguments = [f"scale_factor={factors[0] if same else factors}"]
        else:
            given = self.size or (None,) * self.spatial
            named = zip(given, names or _names(self.spatial), strict=True)
            words = ", ".join(str(n or name) for n, name in named)
            arguments = [f"size=({words}{',' * (self.spatial == 1)})"]
        arguments.append(f'mode="{self.mode}"')
        if self.family in {"linear", "cubic"}:
            arguments.append(f"align_corners={bool(self.align_corners)}")
        if self.recompute_scale_factor:
            arguments.append("recompute_scale_factor=True")
        if self.antialias:
            arguments.append("antialias=True")
        return f"F.interpolate({x}, {', '.join(arguments)})"


def _sampling(call: Interpolate, scale: Fraction | None) -> Sampling:
    match call.family:
        case "nearest":
            return Sampling("asymmetric", Nearest("floor"), scale)
        case "nearest-exact":
            return Sampling("tf_half_pixel_for_nn", Nearest("floor"), scale)
        case "area":
            return Sampling("half_pixel", Area("adaptive"))
        case "linear":
            kernel: Linear | Cubic = Linear(antialias=call.antialias)
        case "cubic":
            a = Fraction(-1, 2) if call.antialias else Fraction(-3, 4)
            kernel = Cubic(a, antialias=call.antialias)
    coordinate: Coordinate = "half_pixel"
    if call.align_corners:
        coordinate = "pytorch_antialias_align_corners" if call.antialias else "align_corners"
        scale = None
    elif call.version < CENTRE_SINCE:
        coordinate = "pytorch_1_9_half_pixel"
    copies = call.antialias or call.family == "linear"
    return Sampling(
        coordinate,
        kernel,
        scale,
        exclude_outside=call.antialias,
        copies_same_length=copies,
    )


def parse_call(text: str, spatial: int | None = None, version: Version = LATEST) -> Interpolate:
    """Return the F.interpolate or nn.Upsample call that `text` spells.

    Args:
        text: Python source of one call, its arguments literals.
        spatial: number of spatial axes where the call itself does not tell (1 to 3).
        version: PyTorch release whose meaning is meant.

    Raises:
        ValueError: not such a call, an argument that is no literal, or a mode that
            PyTorch does not have.

    >>> parse_call("F.interpolate(x, size=(3, 4), mode='bilinear')").align_corners
    False
    """
    try:
        arguments = arguments_of(parse(text))
    except ConventionError as error:
        raise ValueError(str(error)) from error
    for key, value in arguments.items():
        if isinstance(value, Symbol):
            raise ValueError(f"{key} is {value}, not a literal")  # noqa: TRY004 - a wrong value
    return from_arguments(arguments, spatial, version)


def spatial_axes(mode: str) -> int:
    """Return over how many axes a mode is where a call does not tell: 2 where it may be any."""
    return {"linear": 1, "trilinear": 3}.get(mode, 2)


def from_arguments(
    arguments: Mapping[str, object], spatial: int | None = None, version: Version = LATEST
) -> Interpolate:
    """Return the call that has these keyword arguments.

    Raises:
        ValueError: a mode that PyTorch does not have, neither size nor scale_factor, or numbers
            that can be neither.
    """
    mode = str(arguments.get("mode", "nearest"))
    family = FAMILIES.get(mode)
    if family is None:
        raise ValueError(f"mode is {mode!r}, expected one of {', '.join(FAMILIES)}")
    size, factor = arguments.get("size"), arguments.get("scale_factor")
    if size is None and factor is None:
        raise ValueError("neither size nor scale_factor is given")
    given = size if size is not None else factor
    count = len(cast("Sequence[object]", given)) if isinstance(given, list | tuple) else None
    axes = count or spatial or spatial_axes(mode)
    smooth = family in {"linear", "cubic"}
    sizes = None if size is None else tuple(map(int, _each("size", size, axes)))
    factors = None if factor is None else _each("scale_factor", factor, axes)
    return Interpolate(
        family,
        axes,
        size=sizes,
        scale_factor=factors,
        align_corners=bool(arguments.get("align_corners")) if smooth else None,
        antialias=bool(arguments.get("antialias")) and smooth,
        recompute_scale_factor=bool(arguments.get("recompute_scale_factor")),
        version=version,
    )


def _each(name: str, value: object, axes: int) -> tuple[float, ...]:
    """Return one number an axis; raises where they are others in number, or cannot be."""
    items: Sequence[object] = (value,) * axes
    if isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)
    if len(items) != axes or not all(isinstance(v, int | float) for v in items):
        raise ValueError(f"{value!r} is neither a number nor {axes} numbers")
    numbers = cast("Sequence[float]", items)
    if not all(map(is_factor, numbers)):
        raise ValueError(f"{name} is {value!r}, which no call can have")
    return tuple(map(float, numbers))


def candidates(spatial: int, *, scaled: tuple[float, ...] | None) -> list[Interpolate]:
    """Return every kind of call over `spatial` axes, the most common first.

    Args:
        spatial: number of spatial axes.
        scaled: the factors where a scale was given; None for calls by size.
    """
    size = None if scaled is not None else (None,) * spatial
    smooth: list[Interpolate] = []
    for family in ("linear", "cubic") if spatial == 2 else ("linear",):
        for antialias in (False, True) if spatial == 2 else (False,):
            smooth += [
                Interpolate(family, spatial, size, scaled, corners, antialias)
                for corners in (False, True)
            ]
    plain: list[Family] = ["nearest", "nearest-exact"]
    calls = [Interpolate(family, spatial, size, scaled) for family in plain] + smooth
    return [*calls, Interpolate("area", spatial, size, scaled)]
