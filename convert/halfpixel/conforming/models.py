"""The models of a conformance run: every combination of attributes, as a model of one node."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.format import Port
from halfpixel.runtimes.cutting.onnx_cut import CODES

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

    from halfpixel.arrays import Array


Attribute = str | int | float

COORDINATES: Final = (
    "half_pixel",
    "half_pixel_symmetric",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_half_pixel_for_nn",
    "tf_crop_and_resize",
)
ROUNDINGS: Final = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
CASES: Final[Mapping[str, tuple[tuple[int, int], tuple[int, int]]]] = {
    "up 2": ((4, 5), (8, 10)),
    "up 3/2": ((4, 6), (6, 9)),
    "up 7/3": ((3, 3), (7, 7)),
    "down 2": ((8, 6), (4, 3)),
    "down 5/3": ((10, 5), (6, 3)),
    "down 7": ((14, 7), (2, 1)),
    "to 1": ((6, 5), (1, 1)),
    "from 1": ((1, 1), (4, 3)),
    "mixed": ((4, 9), (7, 4)),
    "one axis": ((4, 6), (4, 9)),
}
"""Name and (input, output) lengths of the last two axes."""

KEPT: Final = "kept"
"""The case of a scale that is not 1 and keeps the length: 1.1 at lengths 4 and 5."""

QUICK: Final = ("up 2", "down 5/3", "to 1", "mixed")
DTYPES: Final = ("float16", "float64", "bfloat16", "int8", "uint8", "int32", "int64")
ROI: Final = (0.1, 0.8)


class Config(Struct, frozen=True):
    """One node at one set of lengths.

    Attributes:
        op: node type.
        opset: version of the operator set.
        attributes: the node's attributes.
        by: "scales" or "sizes" for a Resize, else empty.
        shape: lengths of the input.
        outs: output lengths that are asked for.
        dtype: element type.
        case: name of the lengths.
        scales: scales where they are not the ratio of the lengths.
    """

    op: str
    opset: int
    attributes: tuple[tuple[str, Attribute], ...]
    by: str
    shape: tuple[int, ...]
    outs: tuple[int, ...]
    dtype: str
    case: str
    scales: tuple[float, ...] = ()

    @property
    def row(self) -> tuple[str, int, tuple[tuple[str, Attribute], ...], str, int, str]:
        """What a row of the table has in common: all but the lengths."""
        return self.op, self.opset, self.attributes, self.by, len(self.shape), self.dtype


def configurations(*, quick: bool) -> Iterator[Config]:
    """Yield every configuration: thousands, or where `quick` a few hundred."""
    yield from _resizes(quick=quick)
    yield from _grid_samples(quick=quick)
    yield from _affine_grids()
    yield from _roi_aligns()


def _resizes(*, quick: bool) -> Iterator[Config]:
    cases = [name for name in CASES if not quick or name in QUICK]
    ranks = (4,) if quick else (3, 4, 5)
    ways = ("sizes",) if quick else ("scales", "sizes")
    for attributes, by, rank, case in product(_resize_attributes(), ways, ranks, cases):
        yield _resize(attributes, by, rank, case, "float32")
    if quick:
        return
    for attributes in _resize_attributes():
        yield _resize(attributes, "scales", 4, KEPT, "float32")
    for attributes, dtype, case in product(_resize_attributes(), DTYPES, ("up 2", "down 5/3")):
        yield _resize(attributes, "sizes", 4, case, dtype)


def _resize_attributes() -> Iterator[dict[str, Attribute]]:
    """Yield every combination of attributes of a Resize; defaults are written out."""
    for coordinate in COORDINATES:
        base = {"coordinate_transformation_mode": coordinate}
        for rounding in ROUNDINGS:
            yield {**base, "mode": "nearest", "nearest_mode": rounding}
        for antialias, exclude in product((0, 1), (0, 1)):
            more: dict[str, Attribute] = {"antialias": antialias, "exclude_outside": exclude}
            yield {**base, "mode": "linear", **more}
            for a in (-0.75, -0.5):
                yield {**base, "mode": "cubic", **more, "cubic_coeff_a": a}


def _resize(attributes: dict[str, Attribute], by: str, rank: int, case: str, dtype: str) -> Config:
    opset = 19
    kept = dict(attributes)
    if attributes["coordinate_transformation_mode"] == "tf_half_pixel_for_nn":
        opset = 11
        kept.pop("antialias", None)
    ins, outs = CASES.get(case, ((4, 5), (4, 5)))
    before, after = (1, 2), (1, 2)
    if rank == 3:
        shape, wanted = (*before, ins[1]), (*after, outs[1])
    else:
        deep = (3, 3) if rank == 5 else None
        middle, end = ((deep[0],), (2 * deep[1],)) if deep else ((), ())
        shape, wanted = (*before, *middle, *ins), (*after, *end, *outs)
    scales = tuple(1.1 if axis > 1 else 1.0 for axis in range(rank)) if case == KEPT else ()
    return Config("Resize", opset, tuple(kept.items()), by, shape, wanted, dtype, case, scales)


def _grid_samples(*, quick: bool) -> Iterator[Config]:
    modes = {16: ("bilinear", "nearest", "bicubic"), 20: ("linear", "nearest", "cubic")}
    for opset, rank, padding, aligned in product(
        (16, 20, 22), (4, 5), ("zeros", "border", "reflection"), (0, 1)
    ):
        if quick and (opset != 20 or rank == 5):
            continue
        for mode, dtype in product(modes[min(opset, 20)], ("float32", "float64", "float16")):
            if dtype != "float32" and (quick or padding != "zeros"):
                continue
            attributes = (("mode", mode), ("padding_mode", padding), ("align_corners", aligned))
            shape = (2, 2, *((3,) if rank == 5 else ()), 5, 6)
            yield Config("GridSample", opset, attributes, "", shape, (), dtype, "5x6")


def _affine_grids() -> Iterator[Config]:
    for aligned, lengths in product((0, 1), ((4, 5), (1, 5), (2, 3, 4))):
        spatial = len(lengths)
        case = "x".join(map(str, lengths))
        attributes = (("align_corners", aligned),)
        yield Config(
            "AffineGrid", 20, attributes, "", (2, spatial, spatial + 1), (2, 1, *lengths),
            "float32", case,
        )  # fmt: skip


def _roi_aligns() -> Iterator[Config]:
    coordinates = {10: (None,), 16: ("half_pixel", "output_half_pixel"), 22: ("half_pixel",)}
    for opset, mode, ratio in product((10, 16, 22), ("avg", "max"), (0, 1, 2)):
        for coordinate in coordinates[opset]:
            given: list[tuple[str, Attribute]] = [
                ("mode", mode),
                ("sampling_ratio", ratio),
                ("output_height", 3),
                ("output_width", 2),
                ("spatial_scale", 0.5),
            ]
            if coordinate is not None:
                given.append(("coordinate_transformation_mode", coordinate))
            yield Config("RoiAlign", opset, tuple(given), "", (1, 2, 6, 7), (), "float32", "6x7")


def ports_of(config: Config) -> list[Port]:
    """Return what a configuration is fed with."""
    role = "theta" if config.op == "AffineGrid" else "image"
    first = Port("x", config.dtype, config.shape, role)
    match config.op:
        case "GridSample":
            spatial = len(config.shape) - 2
            grid = (config.shape[0], *(3 + k for k in range(spatial)), spatial)
            return [first, Port("grid", config.dtype, grid, "grid")]
        case "RoiAlign":
            rois = Port("rois", config.dtype, (3, 4), "rois")
            return [first, rois, Port("batch_indices", "int64", (3,), "batch_indices")]
        case _:
            return [first]


def model_of(config: Config) -> "ModelProto":
    """Return the model of one node."""
    from onnx import helper

    ports = ports_of(config)
    names = [port.name for port in ports]
    constants: dict[str, Array] = {}
    match config.op:
        case "Resize":
            names += _resize_inputs(config, constants)
        case "AffineGrid":
            constants["size"] = _ints(config.outs)
            names.append("size")
        case _:
            pass
    node = helper.make_node(config.op, names, ["y"], "node")
    node.attribute.extend(helper.make_attribute(key, value) for key, value in config.attributes)
    graph = helper.make_graph(
        [node],
        "conformance",
        [helper.make_tensor_value_info(p.name, CODES[p.dtype], p.shape) for p in ports],
        [helper.make_tensor_value_info("y", CODES[config.dtype], None)],
        [_tensor(name, values) for name, values in constants.items()],
    )
    opset = helper.make_opsetid("", config.opset)
    version = _ir_version(config.opset)
    return helper.make_model(graph, opset_imports=[opset], ir_version=version)


@lru_cache
def _ir_version(opset: int) -> int:
    from onnx import helper

    return max(7, helper.find_min_ir_version_for([helper.make_opsetid("", opset)]))


def _resize_inputs(config: Config, constants: "dict[str, Array]") -> list[str]:
    """Return the inputs of a Resize behind its data, and add them to the constants."""
    import numpy as np

    rank = len(config.shape)
    roi = ""
    if dict(config.attributes)["coordinate_transformation_mode"] == "tf_crop_and_resize":
        low = [0.0, 0.0, *[ROI[0]] * (rank - 2)]
        high = [1.0, 1.0, *[ROI[1]] * (rank - 2)]
        constants["roi"], roi = np.array([*low, *high], np.float32), "roi"
    elif config.opset < 13:
        constants["roi"], roi = np.zeros(0, np.float32), "roi"
    if config.by == "scales":
        ratios = [m / n for n, m in zip(config.shape, config.outs, strict=True)]
        constants["scales"] = np.array(config.scales or ratios, np.float32)
        return [roi, "scales"]
    constants["sizes"] = _ints(config.outs)
    if config.opset < 13:
        constants["empty"] = np.zeros(0, np.float32)
        return [roi, "empty", "sizes"]
    return [roi, "", "sizes"]


def _ints(values: Sequence[int]) -> "Array":
    import numpy as np

    return np.array(values, np.int64)


def _tensor(name: str, values: "Array") -> "TensorProto":
    from onnx import numpy_helper

    return numpy_helper.from_array(values, name)
