"""ONNX's names: Upsample 7 and 9; Resize 10, 11, 13, 18 and 19.

============ ==============================================================================
Upsample-7   scales are an attribute; coordinates unstated, runtimes compute asymmetric
Upsample-9   scales become an input; deprecated from opset 10 on
Resize-10    as Upsample-9 with any scale; nearest rounds down, or up where it shrinks
Resize-11    roi, scales, sizes; coordinate_transformation_mode (default half_pixel),
             nearest_mode (round_prefer_floor), cubic_coeff_a (-0.75), exclude_outside,
             extrapolation_value; modes nearest, linear, cubic
Resize-13    tf_half_pixel_for_nn is gone; roi, scales and sizes are optional
Resize-18    antialias, axes, keep_aspect_ratio_policy
Resize-19    half_pixel_symmetric
============ ==============================================================================

Source: ONNX `docs/Changelog.md`; before 11, onnxruntime `core/providers/cpu/tensor/upsamplebase.h`.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.meaning import COPIES, Meaning, choice, finite
from halfpixel.conventions.vocabulary import Attributes
from halfpixel.dialect import ONNX
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import shortest
from halfpixel.sampling.coordinate import COORDINATES, Coordinate
from halfpixel.sampling.resize import given_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from halfpixel.sampling.kernel import Rounding

T = TypeVar("T")

ONNX_COORDINATES: Final = frozenset(
    c for c in COORDINATES if not c.startswith(("pytorch_", "coreml_", "box_"))
) | {"pytorch_half_pixel"}
ROUNDINGS: Final = frozenset({"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"})
MODES: Final = frozenset({"nearest", "linear", "cubic"})
RESIZES: Final = ONNX.resizes

MOST_AXES: Final = 64
"""Axes that an input has at most, where only `axes` tells of its rank; as many as numpy's."""

FIRST_RESIZE: Final = 11
"""First opset whose Resize says its coordinates."""

DEFAULTS: Final[Attributes] = {
    "mode": "nearest",
    "coordinate_transformation_mode": "half_pixel",
    "nearest_mode": "round_prefer_floor",
    "cubic_coeff_a": -0.75,
    "antialias": 0,
    "exclude_outside": 0,
    "keep_aspect_ratio_policy": "stretch",
}
"""What a Resize from opset 11 on has where an attribute is not written."""


class Request(Struct, frozen=True):
    """The inputs of a Resize beside its data, as far as they are known.

    Attributes:
        input_shape: lengths, None each where unknown; None where not even the rank is known.
        scales: the scales input or attribute, full rank or one an axis of `axes`.
        sizes: the sizes input, likewise; None each where not a known number.
        roi: the roi input, starts then ends.
        by: which of the two is connected: "scales" or "sizes".
    """

    input_shape: tuple[int | None, ...] | None
    by: str
    scales: tuple[float, ...] | None = None
    sizes: tuple[int | None, ...] | None = None
    roi: tuple[float, ...] | None = None


def read(op: str, opset: int, attributes: Attributes, request: Request) -> Meaning:
    """Return what an Upsample or Resize node computes.

    Args:
        op: "Upsample" or "Resize".
        opset: version of the default operator set.
        attributes: the node's own attributes, defaults left out.
        request: what its other inputs say.

    Raises:
        ConventionError: an attribute or input has a value that the operator does not take.
    """
    rank = _rank(attributes, request)
    axes = _axes(attributes, rank)
    scales = _full(request.scales, axes, rank, 1.0)
    sizes = _full(request.sizes, axes, rank, None)
    if request.by == "scales" and scales is not None:
        _check_scales(scales)
    lengths = request.input_shape or (None,) * rank
    policy = str(attributes.get("keep_aspect_ratio_policy", "stretch"))
    common: Fraction | None = None
    if sizes is not None and policy != "stretch":
        common, sizes = _keep_aspect(policy, lengths, sizes, axes)
    if sizes is not None:  # an axis that is not among `axes` stays
        sizes = tuple(n if a in axes else lengths[a] for a, n in enumerate(sizes))
    pairs: list[tuple[int, Sampling]] = []
    spatial = axes if len(axes) < rank else range(min(2, rank), rank)
    every = sampling_of(op, opset, attributes)
    aligned = every.coordinate == "align_corners" and not attributes.get("antialias", 0)
    crops = every.coordinate == "tf_crop_and_resize"
    for axis in axes:
        scale, likely = common, axis in spatial
        if scales is not None and request.by == "scales":
            likely = (scale := given_scale(scales[axis])) != 1
        target = None if sizes is None else sizes[axis]
        window = _roi(request.roi, axes, axis) if crops else None
        scale = None if aligned else scale
        sampling = replace(every, scale=scale, roi=window or every.roi)
        if _resampled(sampling, lengths[axis], target, likely=likely):
            pairs.append((axis, sampling))
    value = attributes.get("extrapolation_value", 0.0)
    resize = Resize(tuple(pairs), float(cast("float", value)))
    return Meaning(resize, rank, scales if request.by == "scales" else None, sizes)


def sampling_of(op: str, opset: int, attributes: Attributes) -> Sampling:
    """Return what the attributes of a node say of every axis that it resamples.

    >>> sampling_of("Resize", 13, {"mode": "linear"}).coordinate
    'half_pixel'
    >>> sampling_of("Resize", 10, {"mode": "linear"}).coordinate
    'asymmetric'
    """
    mode = str(attributes.get("mode", "nearest"))
    if op == "Upsample" or opset < FIRST_RESIZE:
        if mode == "bilinear" and op == "Upsample":
            mode = "linear"
        choice("mode", mode, ("linear", "nearest"))
        kernel = Linear() if mode == "linear" else Nearest("simple")
        return Sampling("asymmetric", kernel)
    choice("mode", mode, sorted(MODES))
    coordinate = str(attributes.get("coordinate_transformation_mode", "half_pixel"))
    choice("coordinate_transformation_mode", coordinate, sorted(ONNX_COORDINATES))
    antialias = bool(attributes.get("antialias", 0))
    smooth: Linear | Cubic | Nearest
    if mode == "cubic":
        a = Fraction(shortest(finite("cubic_coeff_a", attributes.get("cubic_coeff_a", -0.75))))
        smooth = Cubic(a.limit_denominator(10**6), antialias=antialias)
    elif mode == "linear":
        smooth = Linear(antialias=antialias)
    else:
        rounding = str(attributes.get("nearest_mode", "round_prefer_floor"))
        choice("nearest_mode", rounding, sorted(ROUNDINGS))
        smooth = Nearest(cast("Rounding", rounding))
    crop = coordinate == "tf_crop_and_resize"
    return Sampling(
        cast("Coordinate", coordinate),
        smooth,
        exclude_outside=bool(attributes.get("exclude_outside", 0)),
        extrapolate=crop,
    )


def _rank(attributes: Attributes, request: Request) -> int:
    if request.input_shape is not None:
        return len(request.input_shape)
    axes = cast("Sequence[int] | None", attributes.get("axes"))
    if (given := request.scales or request.sizes) and not axes:
        return len(given)
    return min(max(4, max(axes) + 1), MOST_AXES) if axes else 4


def _axes(attributes: Attributes, rank: int) -> tuple[int, ...]:
    given = cast("Sequence[int] | None", attributes.get("axes"))
    if not given:
        return tuple(range(rank))
    for axis in given:
        if not -rank <= axis < rank:
            raise ConventionError(f"axes holds {axis}, input has rank {rank}")
    return tuple(axis % rank for axis in given)


def _full(
    values: tuple[T, ...] | None, axes: tuple[int, ...], rank: int, rest: T
) -> tuple[T, ...] | None:
    """Spread values given for `axes` over every axis of the input."""
    if values is None:
        return None
    if len(values) != len(axes):
        raise ConventionError(f"{len(values)} values for {len(axes)} axes of rank {rank}")
    out = [rest] * rank
    for axis, value in zip(axes, values, strict=True):
        out[axis] = value
    return tuple(out)


def _check_scales(scales: tuple[float, ...]) -> None:
    for scale in scales:
        if given_scale(scale) is None:
            raise ConventionError(f"scales holds {scale}, expected a positive finite number")


def _roi(
    roi: tuple[float, ...] | None, axes: tuple[int, ...], axis: int
) -> tuple[Fraction, Fraction] | None:
    """Return start and end along `axis`; roi lists all starts, then all ends."""
    if not roi:
        return None
    if len(roi) != 2 * len(axes):
        raise ConventionError(f"roi has {len(roi)} values for {len(axes)} axes")
    place = axes.index(axis)
    return Fraction(roi[place]), Fraction(roi[place + len(axes)])


def _keep_aspect(
    policy: str,
    lengths: tuple[int | None, ...],
    sizes: tuple[int | None, ...],
    axes: tuple[int, ...],
) -> tuple[Fraction | None, tuple[int | None, ...]]:
    """Return the one scale of all axes and the sizes that it gives, rounded half up."""
    choice("keep_aspect_ratio_policy", policy, ("not_larger", "not_smaller"))
    ratios: list[Fraction] = []
    for axis in axes:
        n_in, n_out = lengths[axis], sizes[axis]
        if n_in is None or n_out is None or n_in == 0:
            return None, tuple(None if a in axes else n for a, n in enumerate(sizes))
        ratios.append(Fraction(n_out, n_in))
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    rounded = list(sizes)
    for axis in axes:
        rounded[axis] = int(scale * (lengths[axis] or 0) + Fraction(1, 2))
    return scale, tuple(rounded)


def _resampled(sampling: Sampling, n_in: int | None, n_out: int | None, *, likely: bool) -> bool:
    """Whether an axis can be other than a copy."""
    if sampling.coordinate not in COPIES:
        return True
    if sampling.scale is not None:
        return sampling.scale != 1
    if n_in is not None and n_out is not None:
        return n_in != n_out
    return likely


def early_attributes(mode: str, rounding: str = "floor") -> dict[str, str]:
    """Return what an Upsample, or a Resize before opset 11, is as a later Resize.

    >>> early_attributes("bilinear")
    {'mode': 'linear', 'coordinate_transformation_mode': 'asymmetric'}
    """
    found = {
        "mode": "linear" if mode == "bilinear" else mode,
        "coordinate_transformation_mode": "asymmetric",
    }
    return {**found, "nearest_mode": rounding} if mode == "nearest" else found


def attributes_of(  # noqa: C901 - one case an attribute
    sampling: Sampling, opset: int = 19
) -> dict[str, object] | None:
    """Return the attributes that say a sampling, or None where the operator cannot.

    Args:
        sampling: what is to be said.
        opset: version of the default operator set, 11 or later.

    >>> attributes_of(Sampling("tf_half_pixel_for_nn", Nearest("floor")))["nearest_mode"]
    'round_prefer_ceil'
    """
    coordinate, kernel = sampling.coordinate, sampling.kernel
    if isinstance(kernel, Nearest) and coordinate == "tf_half_pixel_for_nn" and opset > 12:
        if kernel.rounding != "floor":
            return None
        coordinate, kernel = "half_pixel", Nearest("round_prefer_ceil")
    if coordinate == "pytorch_1_9_half_pixel" and kernel == Linear():
        coordinate = "pytorch_half_pixel"  # a linear kernel clamps -1/2 to pixel 0
    if coordinate not in ONNX_COORDINATES or (coordinate == "half_pixel_symmetric" and opset < 19):
        return None
    out: dict[str, object] = {"mode": "nearest", "coordinate_transformation_mode": coordinate}
    match kernel:
        case Nearest():
            if kernel.rounding == "simple":
                return None
            out["nearest_mode"] = kernel.rounding
        case Linear():
            out["mode"] = "linear"
        case Cubic():
            out |= {"mode": "cubic", "cubic_coeff_a": float(kernel.a)}
        case _:
            return None
    if isinstance(kernel, Linear | Cubic):
        if kernel.antialias:
            out["antialias"] = 1
        if sampling.exclude_outside:
            out["exclude_outside"] = 1
    return None if "antialias" in out and opset < 18 else out
