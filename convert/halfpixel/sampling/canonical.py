"""One name for each sampling: equal closed forms compare equal."""

from msgspec.structs import replace

from halfpixel.sampling.axis import Sampling
from halfpixel.sampling.coordinate import ONE, WHOLE, ZERO, Coordinate
from halfpixel.sampling.kernel import (
    Area,
    Cubic,
    Filter,
    Linear,
    Nearest,
    by_lengths,
)


def at_free(sampling: Sampling, n_out: int | None) -> Sampling:
    """Leave out what is done at lengths that do not come about.

    A scale below 1 shortens every axis, and one of at least 2 lengthens it: none is kept. More than
    one sample comes out of the latter, and where a greater length is known.
    """
    scale = sampling.scale
    if scale is not None and not 1 <= scale < 2:
        sampling = replace(sampling, copies_same_length=False)
    several = n_out > 1 if n_out is not None else scale is not None and scale >= 2
    if several and sampling.coordinate in {"pytorch_half_pixel", "pytorch_1_9_half_pixel"}:
        sampling = replace(sampling, coordinate="half_pixel")
    return canonical(sampling)


def canonical(sampling: Sampling) -> Sampling:
    """Return the same sampling under one name, so that equal closed forms compare equal.

    half_pixel + round_prefer_ceil and tf_half_pixel_for_nn + floor are both
    floor((i + 1/2) r); exclude_outside does nothing to nearest and plain linear.

    >>> a = Sampling("half_pixel", Nearest("round_prefer_ceil"))
    >>> canonical(a) == canonical(Sampling("tf_half_pixel_for_nn", Nearest("floor")))
    True
    """
    out = sampling = _plain(sampling)
    kernel, roi = sampling.kernel, sampling.roi
    if sampling.coordinate == "half_pixel_symmetric" and sampling.scale is None:
        out = sampling = replace(out, coordinate="half_pixel")  # the lengths cover each other
    if sampling.coordinate == "tf_crop_and_resize" and ZERO <= min(roi) <= max(roi) <= ONE:
        out = sampling = replace(out, extrapolate=False)  # a window inside reads nothing outside
    if isinstance(kernel, Nearest):
        shifted: dict[tuple[str, str], tuple[Coordinate, Nearest]] = {
            ("half_pixel", "round_prefer_ceil"): ("tf_half_pixel_for_nn", Nearest("floor")),
        }
        coordinate = sampling.coordinate
        if not sampling.extrapolate:  # which asks where the coordinate itself lies
            coordinate, kernel = shifted.get((coordinate, kernel.rounding), (coordinate, kernel))
        return replace(out, coordinate=coordinate, kernel=kernel, exclude_outside=False)
    if isinstance(kernel, Linear) and not kernel.antialias and sampling.border == "clamp":
        out = replace(out, exclude_outside=False)
    clamps = isinstance(kernel, Linear) and not (kernel.antialias or sampling.extrapolate)
    clamps = clamps and sampling.border == "clamp"
    if clamps and sampling.coordinate == "pytorch_1_9_half_pixel":
        out = replace(out, coordinate="pytorch_half_pixel")
    if by_lengths(kernel):  # windows and tables ask for nothing but the lengths
        copies = sampling.copies_same_length and not isinstance(kernel, Area)
        out = Sampling("half_pixel", kernel, copies_same_length=copies)
    if sampling.scale is None and _copies_anyway(out):
        out = replace(out, copies_same_length=False)
    return out


def _copies_anyway(sampling: Sampling) -> bool:
    """Whether equal lengths are a copy by the formula itself, no scale being given."""
    on_pixels = sampling.coordinate in {
        "half_pixel",
        "pytorch_half_pixel",
        "half_pixel_symmetric",
        "asymmetric",
        "align_corners",
    }
    kernel = sampling.kernel
    if isinstance(kernel, Filter):
        return on_pixels and kernel.profile.interpolates
    return on_pixels and isinstance(kernel, Linear | Cubic | Nearest)


def _plain(sampling: Sampling) -> Sampling:
    """Return a sampling without a part of the image that it does not ask for.

    A kernel that has another name gets that one.
    """
    if sampling.coordinate not in {"tf_crop_and_resize", "box_half_pixel", "box_start_half_pixel"}:
        sampling = replace(sampling, roi=WHOLE)
    kernel = sampling.kernel
    plain = kernel.profile.plain() if isinstance(kernel, Filter) else None
    if not isinstance(kernel, Filter) or plain is None:
        return sampling
    if isinstance(plain, Cubic):
        return replace(sampling, kernel=replace(plain, antialias=kernel.antialias))
    single = not kernel.antialias and sampling.border == "clamp"
    return replace(sampling, kernel=plain) if single else sampling
