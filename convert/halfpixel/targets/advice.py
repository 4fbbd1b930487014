"""What runs on a target in the place of what does not: other attributes, or other operators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Final, cast

from halfpixel.conventions.onnx.resize import Request, read
from halfpixel.dialect import ONNX
from halfpixel.errors import ConventionError
from halfpixel.sampling import Nearest, Resize, compare_resize
from halfpixel.site import Attribute, Operation
from halfpixel.targets.target import Target

COORDINATES: Final = (
    "half_pixel",
    "asymmetric",
    "align_corners",
    "pytorch_half_pixel",
    "half_pixel_symmetric",
)
ROUNDINGS: Final = ("floor", "round_prefer_floor", "round_prefer_ceil", "ceil")
LONGEST: Final = 512
"""Output lengths up to which attributes are tried: the proof looks at every sample."""


@dataclass(frozen=True, slots=True)
class Instead:
    """Attributes that say the same, and that a target takes.

    Attributes:
        text: the change, as the file would say it.
        resize: the resize that they say, proven equal to the one that is there.
    """

    text: str
    resize: Resize


def other_attributes(operation: Operation, target: Target) -> Instead | None:
    """Return attributes that are proven equal at every size, and native on a target.

    None where there are none, or where lengths are too large to be proven here.

    >>> from halfpixel.sampling import Linear, Sampling
    >>> from halfpixel.targets.target import load_target
    >>> up = Resize(tuple((axis, Sampling("pytorch_half_pixel", Linear())) for axis in (2, 3)))
    >>> attributes = {"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"}
    >>> shapes = (1, 1, 4, 4), (1, 1, 8, 8)
    >>> resize = Operation("Resize", 19, attributes, up, *shapes, by="sizes", dtype="float32")
    >>> other_attributes(resize, load_target("tensorrt")).text
    'coordinate_transformation_mode=half_pixel'
    """
    operator = operation.operator
    if not isinstance(operator, Resize) or operation.op != "Resize" or operation.hidden:
        return None
    if operation.dialect != ONNX or operation.opset < 11 or _long(operation):
        return None
    ins, outs = operation.lengths()
    for changes in _changes(operation):
        attributes = {**operation.attributes, **changes}
        said = target.says(replace(operation, attributes=attributes))
        if said is None or said.verdict != "native":
            continue
        request = Request(ins, operation.by, _given(operation, operation.scales), outs)
        try:
            meant = read("Resize", operation.opset, attributes, _of_axes(request, attributes))
        except ConventionError:
            continue
        if compare_resize(meant.resize, operator, ins, outs).proven:
            text = ", ".join(f"{name}={value}" for name, value in changes.items())
            return Instead(text, meant.resize)
    return None


def lowering(operation: Operation) -> str | None:
    """Return how `--lower` writes an operation in operators that every runtime has.

    >>> lowering(Operation("GridSample", 16, {}, None)) is None
    True
    """
    operator = operation.operator
    if not isinstance(operator, Resize):
        return None
    nearest = all(isinstance(sampling.kernel, Nearest) for _, sampling in operator.axes)
    return "gather" if nearest else "matmul"


def _long(operation: Operation) -> bool:
    return any(length is not None and length > LONGEST for length in operation.lengths()[1])


def _given(operation: Operation, values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    return values if operation.by == "scales" else None


def _of_axes(request: Request, attributes: Mapping[str, object]) -> Request:
    """Return a request with values for the node's own axes, as a file gives them."""
    axes = cast("tuple[int, ...] | None", attributes.get("axes"))
    if not axes:
        return request
    scales, sizes = request.scales, request.sizes
    return replace(
        request,
        scales=None if scales is None else tuple(scales[axis] for axis in axes),
        sizes=None if sizes is None else tuple(sizes[axis] for axis in axes),
    )


def _changes(operation: Operation) -> Iterator[dict[str, Attribute]]:
    """Yield attributes to try, those that change one thing first."""
    given = operation.attributes
    old = given.get("coordinate_transformation_mode", "half_pixel")
    if given.get("exclude_outside"):
        yield {"exclude_outside": 0}
    if given.get("antialias"):
        yield {"antialias": 0}
    if given.get("mode", "nearest") != "nearest":
        for coordinate in COORDINATES:
            if coordinate != old:
                yield {"coordinate_transformation_mode": coordinate}
        return
    rounding = given.get("nearest_mode", "round_prefer_floor")
    pairs = product(COORDINATES, ROUNDINGS)
    for coordinate, other in sorted(pairs, key=lambda p: (p[0] != old) + (p[1] != rounding)):
        changes: dict[str, Attribute] = {}
        if coordinate != old:
            changes["coordinate_transformation_mode"] = coordinate
        if other != rounding:
            changes["nearest_mode"] = other
        if changes:
            yield changes
