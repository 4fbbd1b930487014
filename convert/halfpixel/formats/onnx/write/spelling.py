"""How a Resize node says a resize: its attributes, and scales or sizes beside them.

Many nodes compute the same W. Here the one is chosen that changes least of what is written,
among those that compute what is meant at the lengths that the site has: exactly for smooth
kernels, pixel by pixel in onnxruntime's own arithmetic for nearest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from halfpixel.conventions.onnx.resize import attributes_of
from halfpixel.formats.onnx.write.lengths import By, ways
from halfpixel.formats.plan import Goal
from halfpixel.intents.deviation import deviation_of
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.sampling.coordinate import ONE, Coordinate
from halfpixel.sampling.kernel import Rounding
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels
from halfpixel.site import Operation

SMOOTH: Final[tuple[Coordinate, ...]] = (
    "half_pixel",
    "asymmetric",
    "align_corners",
    "pytorch_half_pixel",
    "half_pixel_symmetric",
)
NEAREST: Final[tuple[tuple[Coordinate, Rounding], ...]] = (
    ("asymmetric", "floor"),
    ("half_pixel", "round_prefer_ceil"),
    ("asymmetric", "round_prefer_floor"),
    ("half_pixel", "round_prefer_floor"),
    ("asymmetric", "round_prefer_ceil"),
    ("asymmetric", "ceil"),
    ("half_pixel", "floor"),
    ("half_pixel", "ceil"),
)
TRIED: Final = 256
"""Input lengths at which a nearest resize by scale is simulated where none is known."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a resize as a Resize node.

    Attributes:
        attributes: the attributes that it needs, others at their defaults.
        by: `kept` where the node's own scales or sizes stay, `scales` and `sizes` where new
            constants come in their place, `computed` where the graph computes sizes.
        values: the new scales or sizes, one an axis; None each where unknown.
        opset: first opset that has these attributes.
    """

    attributes: dict[str, object]
    by: By
    values: tuple[float | None, ...] = ()
    opset: int = 11


def form_of(operation: Operation, goal: Goal, opset: int, *, exact: bool = False) -> Form | None:
    """Return the form that changes least and computes what is wanted, or None.

    Args:
        operation: the site as it is.
        goal: what it should compute.
        opset: newest opset that may be used.
        exact: a nearest resize must read PyTorch's pixels in onnxruntime's arithmetic at all
            trial lengths too, not only at those that are known.
    """
    second: Form | None = None
    for attributes, sampling in _attributes(goal, opset):
        for by, values, scales in ways(operation, goal, sampling):
            axes = tuple((a, _with(sampling, scales, a)) for a, _ in goal.resize.axes)
            candidate = Resize(axes, goal.resize.extrapolation_value)
            if not _computes(candidate, goal, by_scale=scales is not None):
                continue
            form = Form(attributes, by, values, _first_opset(attributes))
            if _agrees(candidate, goal):
                return form
            second = second or form
    return None if exact else second


def _first_opset(attributes: dict[str, object]) -> int:
    if attributes["coordinate_transformation_mode"] == "half_pixel_symmetric":
        return 19
    return 18 if "antialias" in attributes else 11


def _with(sampling: Sampling, scales: Sequence[float | None] | None, axis: int) -> Sampling:
    scale = None if scales is None else scales[axis]
    if scale is None:
        return replace(sampling, scale=None)
    return replace(sampling, scale=_rational(scale))


def _rational(scale: float) -> Fraction:
    from halfpixel.sampling.resize import given_scale

    return given_scale(scale) or ONE


def _attributes(goal: Goal, opset: int) -> Iterator[tuple[dict[str, object], Sampling]]:
    """Yield attributes and the sampling that they say, those that are meant first."""
    seen: list[dict[str, object]] = []
    for sampling in _samplings(goal):
        plain = replace(sampling, scale=None, copies_same_length=False)
        attributes = attributes_of(plain, opset)
        if attributes is not None and attributes not in seen:
            seen.append(attributes)
            yield attributes, plain


def _samplings(goal: Goal) -> Iterator[Sampling]:
    moved = [sampling for _, sampling in goal.resize.axes]
    for sampling in moved:
        kernel = sampling.kernel
        if isinstance(kernel, Linear) and not kernel.antialias:
            sampling = replace(sampling, exclude_outside=False)  # noqa: PLW2901 - the same weights
        yield sampling
    first = moved[0]
    if isinstance(first.kernel, Nearest):
        for coordinate, rounding in NEAREST:
            yield Sampling(coordinate, Nearest(rounding))
        return
    if not isinstance(first.kernel, Linear | Cubic):
        for axis, sampling in goal.resize.axes:
            yield from _of_table(sampling, goal, axis)
        return
    for kernel in (first.kernel, replace(first.kernel, antialias=False)):
        for coordinate in SMOOTH:
            excluded = first.exclude_outside and (kernel.antialias or isinstance(kernel, Cubic))
            yield Sampling(coordinate, kernel, exclude_outside=excluded)


def _of_table(sampling: Sampling, goal: Goal, axis: int) -> Iterator[Sampling]:
    """Yield what weights that were found written out may be."""
    n_in, n_out = goal.lengths[0][axis], goal.lengths[1][axis]
    if n_in is None or n_out is None:
        return
    single = all(len(row) == 1 for row in sampling.weights(n_in, n_out).rows)
    if single:
        for coordinate, rounding in NEAREST:
            yield Sampling(coordinate, Nearest(rounding))
    for coordinate in SMOOTH:
        yield Sampling(coordinate, Linear())


def _computes(candidate: Resize, goal: Goal, *, by_scale: bool) -> bool:
    """Whether a candidate is what is wanted, at the lengths that the site can have.

    No attribute says that an axis whose length stays is copied: where lengths are not known,
    that alone may be apart.
    """
    ins, outs = goal.lengths
    axes = tuple(
        (a, s if ins[a] is not None and outs[a] is not None else _plain(s))
        for a, s in goal.resize.axes
    )
    wanted = replace(goal.resize, axes=axes)
    return deviation_of(candidate, wanted, goal.lengths, by_scale, goal.version) is None


def _plain(sampling: Sampling) -> Sampling:
    return replace(sampling, copies_same_length=False)


def _agrees(candidate: Resize, goal: Goal) -> bool:
    """Whether a nearest resize reads the pixels that are wanted, at trial lengths too."""
    for (axis, one), (_, other) in zip(candidate.axes, goal.resize.axes, strict=True):
        if not isinstance(other.kernel, Nearest) or goal.lengths[0][axis] is not None:
            continue
        for n_in, n_out in _trial_lengths(one, other):
            here = runtime_pixels(one, n_in, n_out)
            there = torch_pixels(other, n_in, n_out) or runtime_pixels(other, n_in, n_out)
            if here != there:
                return False
    return True


def _trial_lengths(one: Sampling, other: Sampling) -> Iterator[tuple[int, int]]:
    """Yield input and output lengths that a resize can have, by scale or by sizes."""
    if one.scale is not None and other.scale is not None:
        for n_in in range(1, TRIED + 1):
            n_out = output_length_float32(n_in, float(one.scale))
            if n_out >= 1:
                yield n_in, n_out
        return
    for n_in in range(1, TRIED // 4 + 1):
        for n_out in range(1, TRIED // 4 + 1):
            yield n_in, n_out


def words_of(form: Form) -> str:
    """Return a form in words, as a fix is announced.

    >>> words_of(Form({"mode": "linear"}, "sizes", (1, 3, 8, 8)))
    'mode=linear, sizes 1, 3, 8, 8'
    """
    said = [f"{name}={_shown(value)}" for name, value in form.attributes.items()]
    if form.by in {"scales", "sizes"}:
        listed = ", ".join("?" if v is None else f"{v:.9g}" for v in form.values)
        said.append(f"{form.by} {listed}")
    elif form.by == "computed":
        said.append("sizes computed from the input's")
    return ", ".join(said)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
