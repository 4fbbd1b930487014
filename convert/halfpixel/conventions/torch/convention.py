"""PyTorch's calls as text: F.interpolate and nn.Upsample, read and written."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from halfpixel.convention import Convention, Reading, Remark
from halfpixel.conventions.meaning import choice, flag
from halfpixel.conventions.python_call import exact, listed, open_length, parse
from halfpixel.conventions.torch.interpolate import (
    FAMILIES,
    Interpolate,
    candidates,
    from_arguments,
    spatial_axes,
)
from halfpixel.conventions.torch.lanczos import LANCZOS, read_lanczos, write_lanczos
from halfpixel.conventions.torch.library import LIBRARY
from halfpixel.conventions.torch.module_call import ADAPTIVE, OLDER, as_interpolate
from halfpixel.conventions.torch.signature import arguments_of
from halfpixel.conventions.vocabulary import text_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import Sampling

FLAGS: Final = ("align_corners", "recompute_scale_factor", "antialias")
PLAIN: Final = frozenset({"nearest", "nearest-exact", "area"})
"""Modes that take no align_corners."""

AXES: Final = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
"""Over how many axes a mode is, of those that are not over any."""

NARROW: Final = Remark(
    "lengths",
    "with antialias=True on the CPU every row is the first one where the output is 1 wide",
    ran="PyTorch 2.14.1",
)
SINCE: Final = Remark("release", "mode lanczos came with 2.14", ran="PyTorch 2.14.1")


def _read(text: str, length: int | None) -> Reading:
    given = arguments_of(as_interpolate(parse(text)))
    if given.get("mode") == "lanczos":
        return replace(read_lanczos(given, length), remarks=(SINCE, NARROW))
    for name in FLAGS:
        flag(name, given.get(name) or False)
    choice("mode", given.get("mode", "nearest"), FAMILIES)
    size, factor = given.get("size"), given.get("scale_factor")
    _refuse(given)
    sizes: tuple[int | None, ...] | None = None
    if size is not None:
        sizes = tuple(open_length("size", item) for item in _each(given, size))
        if any(isinstance(item, float) for item in _each(given, size)):
            raise ConventionError(f"size is {size!r}, expected integers")
        given["size"] = tuple(n or 1 for n in sizes)
    elif factor is not None:
        items = _each(given, factor)
        given["scale_factor"] = tuple(float(exact("scale_factor", item)) for item in items)
    try:
        call = from_arguments(given)
    except ValueError as error:
        raise ConventionError(str(error)) from error
    if sizes is None:
        sizes = (None,) * call.spatial
        if length is not None:
            sizes = call.output_lengths((length,) * call.spatial) or sizes
    samplings = tuple(call.sampling(axis) for axis in range(call.spatial))
    return Reading(samplings, sizes, (NARROW,) if call.antialias else ())


def _refuse(given: Mapping[str, object]) -> None:
    """Refuse arguments that PyTorch does not take together.

    Source: PyTorch 2.13 `torch/nn/functional.py`, interpolate.
    """
    mode = str(given.get("mode", "nearest"))
    size = given.get("size")
    if size is not None and given.get("scale_factor") is not None:
        raise ConventionError("size and scale_factor are both given")
    if mode in PLAIN and given.get("align_corners") is not None:
        raise ConventionError(f"mode {mode} takes no align_corners")
    if given.get("antialias") and mode not in {"bilinear", "bicubic"}:
        raise ConventionError(f"antialias is for bilinear and bicubic, not for {mode}")
    if given.get("recompute_scale_factor") and size is not None:
        raise ConventionError("recompute_scale_factor is given with a size")
    items = listed(given.get("scale_factor") if size is None else size)
    if items is not None and len(items) != AXES.get(mode, len(items)):
        raise ConventionError(f"{len(items)} values, mode {mode} is over {AXES[mode]} axes")


def _each(given: Mapping[str, object], value: object) -> Sequence[object]:
    """Return a size or factor for every spatial axis."""
    items = listed(value)
    if items is None:
        return (value,) * spatial_axes(str(given.get("mode", "nearest")))
    if not 1 <= len(items) <= 3:
        raise ConventionError(f"{value!r} has {len(items)} values, expected 1 to 3")
    return items


def _write(sampling: Sampling, spatial: int) -> str | None:
    scaled = None if sampling.scale is None else (float(sampling.scale),) * spatial
    calls = candidates(spatial, scaled=scaled)
    texts = ((call.text(), call.sampling(0)) for call in calls)
    return text_of(sampling, texts) or write_lanczos(sampling, spatial)


def _examples() -> tuple[tuple[str, Sampling], ...]:
    scaled = Interpolate("linear", 2, scale_factor=(1.5, 1.5), align_corners=False)
    calls = [*candidates(2, scaled=None), *candidates(2, scaled=(2.0, 2.0)), scaled]
    return (*((call.text(), call.sampling(0)) for call in calls), *LANCZOS)


CONVENTION = Convention(
    "PyTorch F.interpolate",
    (
        "torch.nn.functional.interpolate",
        "torch.nn.functional.upsample",
        "torch.nn.Upsample",
        "torch.nn.UpsamplingBilinear2d",
        "torch.nn.UpsamplingNearest2d",
        "*[!0-9].interpolate",  # OpenVINO's is of a numbered opset
        "F.upsample",
        *(f"torch.nn.functional.{name}" for name in (*OLDER, *ADAPTIVE)),
        *(f"*.{name}" for name in (*OLDER, *ADAPTIVE)),
    ),
    _read,
    _write,
    examples=_examples(),
    source="PyTorch 2.13 aten/src/ATen/native/UpSample.h, cpu/UpSampleKernel.cpp, "
    "AdaptivePooling.h; 2.14 for mode lanczos",
    ran="PyTorch 2.14.1",
    library=LIBRARY,
)
