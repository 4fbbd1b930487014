"""What one ATen operator that resamples was called with, as PyTorch's graphs hold it.

======================================== ================================================
ATen node                                what was called
======================================== ================================================
upsample_*, _upsample_*                  F.interpolate, nn.Upsample
adaptive_avg_pool1d, 2d, 3d              F.interpolate(mode="area"), adaptive pooling
grid_sampler                             F.grid_sample
affine_grid_generator                    F.affine_grid
conv_transpose1d, 2d, 3d; convolution    nn.ConvTranspose with a stride
torchvision.roi_align                    torchvision.ops.roi_align
======================================== ================================================

Source: PyTorch `aten/src/ATen/native/native_functions.yaml`; torchvision
`torchvision/csrc/ops/roi_align.cpp`.
"""

from collections.abc import Sequence
from typing import Final, TypeGuard, cast

from msgspec import Struct

from halfpixel.conventions.meaning import MOST, is_factor
from halfpixel.conventions.torch.conv_transpose import conv_transpose_text
from halfpixel.conventions.torch.grid import (
    affine_grid_text,
    grid_sample_from_aten,
    grid_sample_text,
    roi_align_text,
)
from halfpixel.conventions.torch.interpolate import Family, Interpolate
from halfpixel.late import late
from halfpixel.origin import Intent
from halfpixel.sampling import AffineGrid, ConvTranspose, RoiAlign
from halfpixel.sampling.arithmetic import output_length_float64
from halfpixel.surroundings import Shape

GRAPH: Final = "PyTorch's own graph"
NO_CALL: Final = Intent("recorded", GRAPH, "no call that resamples")
"""What is meant by a pooling that looks like a resize, where PyTorch's own graph has none."""

OPS: Final = "torch.ops."
"""How the text of a call of an operator begins that is no function of torch.nn."""

AREA: Final = ("aten.adaptive_avg_pool", "aten._adaptive_avg_pool")
_MODE: Final = r"(nearest_exact|nearest|linear|bilinear|trilinear|bicubic)"
_UPSAMPLE: Final = late(rf"aten\._?upsample_{_MODE}([123])d(_aa)?")
_NAMED: Final = late(
    r"(?:^|[^a-z0-9])_?upsample_(nearest_exact|nearest|linear|bilinear|bicubic)([12])d(_aa)?"
    r"(?=$|[^a-z0-9]|_)"
)
_FAMILY: Final[dict[str, Family]] = {
    "nearest": "nearest",
    "nearest_exact": "nearest-exact",
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "bicubic": "cubic",
}


class NamedCall(Struct, frozen=True):
    """An ATen call that the name of a node holds.

    Attributes:
        text: the call's name, as it stands there.
        family: what it resamples by.
        antialias: whether it antialiases.
    """

    text: str
    family: Family
    antialias: bool


def named_call(name: str) -> NamedCall | None:
    """Return the ATen call that a name holds; None where it holds none.

    >>> named_call("_upsample_bilinear2d_aa_1_cast_fp16")
    NamedCall(text='_upsample_bilinear2d_aa', family='linear', antialias=True)
    """
    found = _NAMED().search(name)
    if found is None:
        return None
    return NamedCall(found[0].strip(".-/ "), _FAMILY[found[1]], bool(found[3]))


def read_call(
    target: str,
    arguments: Sequence[object],
    shapes: Sequence[Shape | None] = (),
    told_by: str = GRAPH,
) -> tuple[str, Intent | None] | None:
    """Return the kind of a call and what it means; None for one that does not resample.

    Args:
        target: the ATen operator.
        arguments: its arguments; tensors and symbols are texts.
        shapes: shapes of the arguments that are tensors, None for the others.
        told_by: where the call was found.

    >>> read_call("aten.upsample_bilinear2d.vec", ("%x", None, True, [2.0, 2.0]))[1].text
    'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)'
    >>> read_call("aten.relu.default", ("%x",)) is None
    True
    """
    origin = f"{told_by}: {target}"
    if target.startswith(("aten.upsample_", "aten._upsample_")):
        return "resize", _upsample(target, arguments, shapes, origin)
    if target.startswith(AREA) and len(arguments) > 1:
        several = isinstance(arguments[1], list | tuple)
        lengths = lengths_of(arguments[1] if several else [arguments[1]])
        area = Interpolate("area", len(lengths), lengths) if lengths else None
        return "resize", None if area is None else _resize(area, origin)
    if target.startswith("aten.grid_sampler"):
        return "grid", _grid_sample(arguments, shapes, origin)
    if target.startswith("aten.affine_grid_generator") and len(arguments) > 2:
        grid = AffineGrid(align_corners=bool(arguments[2]), single=0.0)
        size = lengths_of(arguments[1]) or (None,)
        known = [n for n in size if n is not None]
        text = affine_grid_text(grid, known if len(known) == len(size) else None)
        return "theta", Intent("recorded", origin, text or "F.affine_grid", operator=grid)
    if target.startswith("torchvision.roi_align") and len(arguments) > 6:
        return "boxes", _roi_align(arguments, origin)
    return _convolution(target, arguments, shapes, origin)


def interpolated(target: str, arguments: Sequence[object]) -> Interpolate | None:
    """Return the F.interpolate that an ATen operator is; None for a mode that has no description.

    >>> interpolated("aten._upsample_bilinear2d_aa.default", ("%x", [3, 4], False, 0.5, 0.5)).text()
    'F.interpolate(x, scale_factor=0.5, mode="bilinear", align_corners=False, antialias=True)'
    """
    found = _UPSAMPLE().match(target)
    if found is None:
        return None
    family, spatial, antialias = _FAMILY[found[1]], int(found[2]), bool(found[3])
    smooth = family in {"linear", "cubic"}
    rest = list(arguments[1:])
    size = lengths_of(rest.pop(0)) if rest else None
    corners = bool(rest.pop(0)) if smooth and rest else None
    if target.endswith(".vec"):
        factors = _factors(rest[0] if rest else None)
    else:
        factors = _factors(rest[:spatial] if len(rest) >= spatial else None)
    if any(each is not None and len(each) != spatial for each in (size, factors)):
        return None  # no call that PyTorch takes
    if size is None and factors is None:
        return None
    return Interpolate(
        family,
        spatial,
        None if factors is not None else size,
        factors,
        corners if smooth else None,
        antialias,
    )


def _upsample(
    target: str, arguments: Sequence[object], shapes: Sequence[Shape | None], origin: str
) -> Intent | None:
    call = interpolated(target, arguments)
    if call is None:
        return None
    size = lengths_of(arguments[1])
    runs = _gives(call, size, shapes[0] if shapes else None)
    return Intent("recorded", origin, call.text() if runs else _by_both(target, size, call), call)


def _gives(call: Interpolate, size: Sequence[int | None] | None, shape: Shape | None) -> bool:
    """Whether the factors of a call give the output lengths that stand beside them."""
    if call.scale_factor is None or not size or None in size or shape is None:
        return True
    ins = shape[-call.spatial :]
    if len(ins) != len(call.scale_factor) or len(size) != len(ins):
        return True
    each = zip(ins, call.scale_factor, size, strict=True)
    return all(output_length_float64(n, f) == m for n, f, m in each if isinstance(n, int))


def _by_both(target: str, size: Sequence[int | None] | None, call: Interpolate) -> str:
    """Return ATen's own call, which takes a size and factors that do not give it.

    >>> call = Interpolate("nearest", 2, scale_factor=(1.7, 0.9))
    >>> _by_both("aten.upsample_nearest2d.default", (3, 3), call)
    'torch.ops.aten.upsample_nearest2d(x, [3, 3], 1.7, 0.9)'
    """
    found = _UPSAMPLE().match(target)
    corners = [] if call.align_corners is None else [str(call.align_corners)]
    words = ["x", str(list(size or ())), *corners, *map(str, call.scale_factor or ())]
    return f"{OPS}{found[0] if found else ''}({', '.join(words)})"


def _resize(call: Interpolate, origin: str) -> Intent:
    return Intent("recorded", origin, call.text(), call)


def _grid_sample(
    arguments: Sequence[object], shapes: Sequence[Shape | None], origin: str
) -> Intent | None:
    if len(arguments) < 5 or not all(isinstance(a, int) for a in arguments[2:5]):
        return None
    mode, padding, corners = cast("tuple[int, int, bool]", tuple(arguments[2:5]))
    shape = shapes[0] if shapes else None
    spatial = 2 if shape is None else max(len(shape) - 2, 2)
    meant = grid_sample_from_aten(mode, padding, align_corners=bool(corners), spatial=spatial)
    if meant is None:
        return None
    text = grid_sample_text(meant) or "F.grid_sample(x, grid)"
    return Intent("recorded", origin, text, operator=meant)


def _roi_align(arguments: Sequence[object], origin: str) -> Intent | None:
    scale, height, width, ratio, aligned = arguments[2:7]
    output, spatial_scale = lengths_of([height, width]), _factors([scale])
    if not output or not spatial_scale or not isinstance(ratio, int):
        return None
    rows, columns = output
    if rows is None or columns is None or not isinstance(aligned, int):
        return None
    meant = RoiAlign(bool(aligned), "avg", (rows, columns), max(ratio, 0), spatial_scale[0])
    return Intent("recorded", origin, roi_align_text(meant) or "roi_align", operator=meant)


def _convolution(
    target: str, arguments: Sequence[object], shapes: Sequence[Shape | None], origin: str
) -> tuple[str, Intent | None] | None:
    """Return a transposed convolution that enlarges."""
    rest = list(arguments[3:])
    if target.startswith("aten.convolution.") and len(rest) > 5 and rest[3] is True:
        strides, padding, dilation, _, extra, groups = rest[:6]
    elif target.startswith("aten.conv_transpose"):
        defaults: list[object] = [[1], [0], [0], 1, [1]]
        strides, padding, extra, groups, dilation = [*rest, *defaults[len(rest) :]][:5]
    else:
        return None
    weight = shapes[1] if len(shapes) > 1 else None
    kernel = tuple(n for n in (weight or ())[2:] if isinstance(n, int))
    axes = len(kernel)
    lists = [_each(value, axes) for value in (strides, padding, extra, dilation)]
    if any(len(one) != axes for one in lists):
        return None
    steps, pads, outer, wide = lists
    if set(steps) <= {1} or min(*steps, *wide) < 1:
        return None
    count = groups if isinstance(groups, int) else 1
    meant = ConvTranspose(kernel, steps, pads, pads, outer, wide, count)
    text = conv_transpose_text(meant, bias=len(arguments) > 2 and arguments[2] is not None)
    return "convolution", Intent("recorded", origin, text or target, operator=meant)


def _each(value: object, axes: int) -> tuple[int, ...]:
    """Return one number an axis; none at all where a number is not known, or cannot be."""
    items = cast("Sequence[object]", value if isinstance(value, list | tuple) else [value])
    numbers = tuple(n for n in items if _is_whole(n) and 0 <= n < MOST)
    if len(numbers) != len(items):
        return ()
    return numbers * axes if len(numbers) == 1 else numbers


def lengths_of(value: object) -> tuple[int | None, ...] | None:
    """Return output lengths; a symbol in the record is a length that is not known."""
    if not isinstance(value, list | tuple):
        return None
    items = cast("Sequence[object]", value)
    found = tuple(n if _is_whole(n) else None for n in items)
    known = [isinstance(n, str) or (_is_whole(n) and 0 < n < MOST) for n in items]
    return found if all(known) else None


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _factors(value: object) -> tuple[float, ...] | None:
    """Return scale factors, all of them finite and above 0."""
    if not isinstance(value, list | tuple):
        return None
    items = cast("Sequence[object]", value)
    numbers = [v for v in items if _is_whole(v) or isinstance(v, float)]
    if not items or len(numbers) != len(items) or not all(map(is_factor, numbers)):
        return None
    return tuple(float(v) for v in numbers)
