"""Core ML's resample, affine and crop_resize as GridSample, in ONNX.

Coordinates are brought to the units of GridSample by one multiplication and one addition an
axis, whose factors are exact rationals until they are written, and the computation is in float32
whatever the element type is. A padding constant is taken off the images and added to the samples.

=================== =======================================================================
reflection          GridSample reflection, align_corners 1 (turns on pixel centres)
symmetric           GridSample reflection, align_corners 0 (turns on their outer edges)
constant, border    GridSample zeros, border with the site's own align_corners; pixels 0
crop_resize         a GridSample for each box, and the constant where a sample is outside
=================== =======================================================================
"""

from fractions import Fraction
from typing import TYPE_CHECKING

from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.write.grid import affine_grid
from halfpixel.runtimes.mil_as_onnx.graph import code_of
from halfpixel.runtimes.mil_as_onnx.resize import Wires
from halfpixel.sampling import AffineSample, CropResize, GridSample, Resample

if TYPE_CHECKING:
    from halfpixel.sampling.grid import Padding

ONNX_MODES = {"linear": "linear", "nearest": "nearest", "cubic": "cubic"}


def grid_sample(wires: Wires, meant: GridSample) -> None:
    """Add the nodes of a GridSample; raises as `resample` does."""
    made = _sampled(wires, wires.single("x"), wires.single("coordinates"), meant)
    wires.finish(made)


def resample(wires: Wires, meant: Resample) -> None:
    """Add the nodes of a resample.

    Raises:
        ConventionError: its units need lengths that are not known.
    """
    wires.finish(_resampled(wires, meant, wires.single("coordinates")))


def affine(wires: Wires, meant: AffineSample) -> None:
    """Add the nodes of an affine; raises as `resample` does."""
    nodes, batch = wires.nodes, wires.shapes["x"][0]
    flat = wires.single("transform_matrix")
    theta = nodes.add("Reshape", [flat, nodes.ints([-1, 2, 3], "matrices")])
    if wires.shapes["transform_matrix"][0] == 1 != batch:
        count = nodes.length(wires.tensors["x"], 0)
        rest = nodes.ints([2, 3], "rest")
        theta = nodes.add("Expand", [theta, nodes.add("Concat", [count, rest], axis=0)])
    grid = nodes.name("grid")
    affine_grid(nodes, theta, grid, [meant.grid.base(n) for n in meant.output], "float32")
    wires.finish(_resampled(wires, meant.sample, grid))


def _sampled(wires: Wires, x: str, grid: str, meant: GridSample) -> str:
    return wires.nodes.add(
        "GridSample", [x, grid], mode=ONNX_MODES[meant.mode], padding_mode=meant.padding,
        align_corners=int(meant.align_corners),
    )  # fmt: skip


def _resampled(wires: Wires, meant: Resample, coordinates: str) -> str:
    """Add a resample at coordinates in float32 and return what it makes, in float32."""
    nodes = wires.nodes
    pixels = meant.coordinates == "unnormalized"
    aligned = {"reflection": True, "symmetric": False}.get(
        meant.padding, meant.align_corners and not pixels
    )
    lines = [_line(meant, n, aligned=aligned) for n in reversed(wires.shapes["x"][2:])]
    if any(factor != 1 or offset for factor, offset in lines):
        factors = nodes.floats([float(a) for a, _ in lines], "factors")
        offsets = nodes.floats([float(b) for _, b in lines], "offsets")
        coordinates = nodes.add("Add", [nodes.add("Mul", [coordinates, factors]), offsets])
    padding: Padding = {"constant": "zeros", "border": "border"}.get(  # type: ignore[assignment]
        meant.padding, "reflection"
    )
    x, value = wires.single("x"), meant.value if meant.padding == "constant" else 0.0
    sampler = GridSample(meant.mode, padding, aligned, 2)
    if not value:
        return _sampled(wires, x, coordinates, sampler)
    constant = nodes.floats([value], "constant")
    made = _sampled(wires, nodes.add("Sub", [x, constant]), coordinates, sampler)
    return nodes.add("Add", [made, constant])


def _line(meant: Resample, length: int | None, *, aligned: bool) -> tuple[Fraction, Fraction]:
    """Return factor and offset that bring a coordinate to GridSample's units.

    >>> _line(Resample("linear", "border", coordinates="unnormalized"), 5, aligned=False)
    (Fraction(2, 5), Fraction(-4, 5))
    """
    one = Fraction(1)
    if meant.coordinates != "unnormalized" and meant.align_corners == aligned:
        if meant.coordinates == "normalized_zero_to_one":
            return 2 * one, -one
        return one, Fraction(0)
    if length is None:
        raise ConventionError("its coordinates have units that need lengths that the file fixes")
    start = meant.source_coordinate(Fraction(0), length)
    step = meant.source_coordinate(one, length) - start
    if not aligned:
        return 2 * step / length, (2 * start + 1) / length - 1
    if length == 1:  # every coordinate is that of the one pixel
        return Fraction(0), -one
    return 2 * step / (length - 1), 2 * start / (length - 1) - 1


def crop_resize(wires: Wires, meant: CropResize) -> None:
    """Add the nodes of a crop_resize in each of its forms; raises as `resample` does.

    As `roi` boxes have shape (N, 1, 4, 1, 1), each taken of every image, or (N, 1, 5, 1, 1) with
    the image's number first; as `boxes` (N, 4) with `box_indices` (N,) beside them.
    """
    nodes = wires.nodes
    batch, channels, height, width = wires.shapes["x"][-4:]
    if height is None or width is None or channels is None:
        raise ConventionError("boxes need lengths that the file fixes")
    x = wires.single("x")
    if len(wires.shapes["x"]) == 5:  # a network's, with a sequence of one around the batch
        x = nodes.add("Reshape", [x, nodes.ints([-1, channels, height, width], "images")])
    if "boxes" in wires.tensors:
        boxes = nodes.add("Reshape", [wires.single("boxes"), nodes.ints([-1, 4], "rows")])
        which, lead = _which(wires), None
    elif wires.shapes["roi"][2] == 5:
        five = nodes.add("Reshape", [wires.single("roi"), nodes.ints([-1, 5], "rows")])
        boxes = _part(wires, five, 1, 5)
        first = nodes.add("Reshape", [_part(wires, five, 0, 1), nodes.ints([-1], "flat")])
        which = nodes.add("Cast", [first], to=code_of("int64"))
        lead = 1
    else:
        if batch is None:
            raise ConventionError("boxes of every image need a batch that the file fixes")
        four = nodes.add("Reshape", [wires.single("roi"), nodes.ints([-1, 1, 4], "rows")])
        each = nodes.add("Tile", [four, nodes.ints([1, batch, 1], "each")])
        boxes = nodes.add("Reshape", [each, nodes.ints([-1, 4], "boxes")])
        count = wires.shapes["roi"][0]
        if count is None:
            raise ConventionError("the number of boxes is not known")
        which, lead = nodes.ints([*range(batch)] * count, "images"), batch
    made = _patches(wires, nodes.add("Gather", [x, which], axis=0), boxes, meant)
    if lead is not None:
        shape = nodes.ints([-1, lead, channels, *meant.output], "shape")
        made = nodes.add("Reshape", [made, shape])
    wires.finish(made)


def _which(wires: Wires) -> str:
    """Return the image that each box belongs to; each its own where nothing says so."""
    if "box_indices" in wires.tensors:
        return wires.nodes.add("Cast", [wires.tensors["box_indices"]], to=code_of("int64"))
    count = wires.shapes["boxes"][0]
    if count is None:
        raise ConventionError("the number of boxes is not known")
    return wires.nodes.ints(range(count), "images")


def _part(wires: Wires, rows: str, first: int, last: int) -> str:
    """Return some columns of a matrix."""
    nodes = wires.nodes
    return nodes.add("Slice", [rows, *(nodes.ints([n], "column") for n in (first, last, 1))])


def _patches(wires: Wires, images: str, boxes: str, meant: CropResize) -> str:
    """Return the patches of shape (N, C, *output): images and boxes are one for one."""
    nodes, (height, width) = wires.nodes, wires.shapes["x"][-2:]
    if meant.spatial_scale != 1:
        boxes = nodes.add("Mul", [boxes, nodes.floats([meant.spatial_scale], "scale")])
    columns = [_part(wires, boxes, k, k + 1) for k in range(4)]
    if meant.order.endswith("WIDTH_FIRST"):
        columns = [columns[k] for k in (1, 0, 3, 2)]
    places: list[str] = []
    inside: list[str] = []
    for axis, length in enumerate((height or 1, width or 1)):
        start, end = columns[axis], columns[axis + 2]
        if meant.order.startswith("CENTER"):
            half = nodes.add("Mul", [end, nodes.floats([0.5], "half")])
            start, end = nodes.add("Sub", [start, half]), nodes.add("Add", [start, half])
        if meant.normalized:
            far = nodes.floats([length - 1], "far")
            start, end = nodes.add("Mul", [start, far]), nodes.add("Mul", [end, far])
        place = _places(wires, start, end, meant, axis)
        places.append(_normalised(wires, place, length))
        inside.append(_within(wires, place, length))
    count = [nodes.length(boxes, 0), nodes.ints(meant.output, "output")]
    shape = nodes.add("Concat", count, axis=0)
    down, across = (
        nodes.add("Expand", [nodes.add("Unsqueeze", [v, nodes.ints([a], "axis")]), shape])
        for v, a in zip(places, (2, 1), strict=True)
    )
    last = nodes.ints([3], "last")
    pair = [nodes.add("Unsqueeze", [v, last]) for v in (across, down)]
    grid = nodes.add("Concat", pair, axis=3)
    sampler = GridSample("linear", "border", align_corners=False, spatial=2)
    patch = _sampled(wires, images, grid, sampler)
    rows, cols = (
        nodes.add("Unsqueeze", [v, nodes.ints(a, "axes")])
        for v, a in zip(inside, ([1, 3], [1, 2]), strict=True)
    )
    pad = nodes.floats([meant.pad_value or 0.0], "pad")
    return nodes.add("Where", [nodes.add("And", [rows, cols]), patch, pad])


def _places(wires: Wires, start: str, end: str, meant: CropResize, axis: int) -> str:
    """Return the source coordinates of each box along one axis, shape (N, samples)."""
    import numpy as np

    nodes, count = wires.nodes, meant.output[axis]
    signed = nodes.add("Sub", [end, start])
    reach = nodes.add("Abs", [signed])
    i = np.arange(count, dtype=np.float64)
    one = nodes.floats([1.0], "one")
    extent, offset = reach, 0.0
    match meant.coordinate:
        case "align_corners" | "tf_crop_and_resize":
            middle = 0.5 if meant.coordinate == "tf_crop_and_resize" else 0.0
            parts = i / (count - 1) if count > 1 else np.full(1, middle)
        case "asymmetric":
            parts, extent = i / count, nodes.add("Add", [reach, one])
        case "coreml_offset_corners":
            parts, extent = (i + 0.5) / count, nodes.add("Max", [reach, one])
        case "half_pixel":
            parts, extent, offset = (i + 0.5) / count, nodes.add("Add", [reach, one]), 0.5
    away = nodes.add("Mul", [extent, nodes.floats(parts.tolist(), "parts")])
    if offset:
        away = nodes.add("Sub", [away, nodes.floats([offset], "offset")])
    zero = nodes.floats([0.0], "zero")
    away = nodes.add("Min", [nodes.add("Max", [away, zero]), reach])
    forward = nodes.add("GreaterOrEqual", [signed, zero])
    walked = nodes.add("Where", [forward, away, nodes.add("Neg", [away])])
    return nodes.add("Add", [start, walked])


def _normalised(wires: Wires, place: str, length: int) -> str:
    nodes = wires.nodes
    scaled = nodes.add("Mul", [place, nodes.floats([2.0 / length], "units")])
    return nodes.add("Add", [scaled, nodes.floats([1.0 / length - 1], "first")])


def _within(wires: Wires, place: str, length: int) -> str:
    """Whether a sample lies in the image, up to the rounding of float32."""
    nodes, slack = wires.nodes, 1e-6 * length
    low = nodes.add("GreaterOrEqual", [place, nodes.floats([-slack], "low")])
    high = nodes.add("LessOrEqual", [place, nodes.floats([length - 1 + slack], "high")])
    return nodes.add("And", [low, high])
