"""Nodes that targets are asked about, constructed: one for every condition that a row can have."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Literal, TypedDict, Unpack

from msgspec.structs import replace

from halfpixel.conditions.words import WORDS
from halfpixel.conventions.litert.resize import BILINEAR, MEANINGS, NEAREST, Flags
from halfpixel.conventions.onnx.resize import Request, read
from halfpixel.dialect import LITERT
from halfpixel.sampling import AffineGrid, ConvTranspose, GridSample, Resize, RoiAlign
from halfpixel.site import Attribute, Operation
from halfpixel.surroundings import Input, Surroundings

Pair = tuple[int | None, int | None]
Lengths = tuple[Pair, Pair]
GridMode = Literal["linear", "nearest", "cubic"]

TYPES = tuple(sorted(map(str, WORDS["dtype"])))
MODES: tuple[GridMode, ...] = ("linear", "nearest", "cubic")
PADDINGS: tuple[Literal["zeros", "border", "reflection"], ...] = ("zeros", "border", "reflection")
LENGTHS: tuple[Lengths, ...] = (
    ((4, 5), (8, 10)),
    ((4, 6), (6, 9)),
    ((8, 6), (4, 3)),
    ((10, 5), (6, 3)),
    ((6, 6), (1, 1)),
    ((4, 9), (7, 4)),
    ((4, 6), (4, 9)),
    ((None, None), (None, None)),
)


UP, UNEVEN, DOWN, TO_ONE = LENGTHS[0], LENGTHS[1], LENGTHS[2], LENGTHS[4]


def attributes() -> Iterator[dict[str, Attribute]]:
    """Yield attributes of a Resize, the plain ones first."""
    coordinates = (
        "half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel",
        "half_pixel_symmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize",
    )  # fmt: skip
    for coordinate, mode in product(coordinates, ("linear", "nearest", "cubic")):
        base: dict[str, Attribute] = {"coordinate_transformation_mode": coordinate, "mode": mode}
        if mode == "nearest":
            for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"):
                yield {**base, "nearest_mode": rounding}
            yield {**base, "exclude_outside": 1}
            yield {**base, "antialias": 1}
            continue
        for antialias, exclude in product((0, 1), (0, 1)):
            yield {**base, "antialias": antialias, "exclude_outside": exclude}
        yield {**base, "keep_aspect_ratio_policy": "not_larger"}


class Details(TypedDict, total=False):
    """What else a constructed resize says of itself."""

    op: str
    opset: int
    axes: tuple[int, ...]
    scale: float
    dtype: str
    constant: bool


def resize(
    given: Mapping[str, Attribute],
    lengths: Lengths = ((4, 5), (8, 10)),
    by: str = "sizes",
    rank: int = 4,
    **more: Unpack[Details],
) -> Operation:
    """Return a resize of the last two axes, or of `axes`, a third from 3 to 6.

    Args:
        given: its attributes.
        lengths: input and output lengths of the two axes.
        by: scales or sizes.
        rank: number of axes.
        more: what is not as usual; `scale` where it is not the ratio of the lengths.
    """
    axes = more.get("axes", tuple(range(rank))[-2:])
    ins: list[int | None] = [1] * rank
    outs: list[int | None] = [1] * rank
    pairs = [*zip(*lengths, strict=True), (3, 6)]
    for axis, (n_in, n_out) in zip(axes, pairs, strict=False):
        ins[axis], outs[axis] = n_in, n_out
    scales = tuple(
        1.0 if axis not in axes else more.get("scale") or (m / n if n and m else 2.0)
        for axis, (n, m) in enumerate(zip(ins, outs, strict=True))
    )
    told = scales if by == "scales" else None
    op, opset = more.get("op", "Resize"), more.get("opset", 19)
    plain = {k: v for k, v in given.items() if k not in {"keep_aspect_ratio_policy", "axes"}}
    meaning = read(op, opset, plain, Request(tuple(ins), by, told, tuple(outs)))
    return Operation(
        op, opset, given, meaning.resize, tuple(ins), tuple(outs), by=by, scales=told,
        dtype=more.get("dtype", "float32"), constant_lengths=more.get("constant", True),
    )  # fmt: skip


def node(mode: str, coordinate: str, rounding: str = "", **more: Attribute) -> dict[str, Attribute]:
    """Return attributes of a Resize."""
    given: dict[str, Attribute] = {"mode": mode, "coordinate_transformation_mode": coordinate}
    if rounding:
        given["nearest_mode"] = rounding
    return {**given, **more}


def grid(
    opset: int, mode: GridMode, rank: int = 4, dtype: str = "float32", *, written: bool = True
) -> Operation:
    """Return a GridSample, its mode in the file or left out."""
    operator = GridSample(mode, "zeros", align_corners=False)
    shape = (1, 1, 4, 4, 4)[:rank]
    given: dict[str, Attribute] = {"mode": mode} if written else {}
    return Operation("GridSample", opset, given, operator, shape, dtype=dtype, grid_dtype="float32")


@lru_cache(maxsize=1)
def candidates() -> tuple[Operation, ...]:
    """Return constructed nodes that differ in every condition that a row can have."""
    return (*_resizes(), *_older(), *_grids(), *_others(), *_of_litert())


def _resizes() -> Iterator[Operation]:
    """Yield resizes at all lengths, then one other thing at a time."""
    for given, lengths, by in product(attributes(), LENGTHS, ("sizes", "scales")):
        yield resize(given, lengths, by)
    for given, by in product(attributes(), ("sizes", "scales")):
        yield from (resize(given, UP, by, rank) for rank in (2, 3, 5, 6))
        yield from (resize(given, UP, by, axes=axes) for axes in ((1, 2), (1, 3), (2, 3, 1)))
        yield from (resize(given, UP, by, 5, axes=axes) for axes in ((2, 3, 4), (1, 3, 4)))
        yield from (resize(given, UP, by, dtype=dtype) for dtype in TYPES)
        for constant in (True, False):
            yield resize({**given, "axes": (0, 1, 2, 3)}, UP, by, constant=constant)
        yield resize(given, DOWN, by, axes=(1, 2))
        yield resize(given, UP, by, constant=False)
        yield resize(given, ((4, 5), (6, 7)), "scales", scale=1.5)
        yield resize(given, ((5, 5), (5, 5)), "scales", scale=1.1)
        yield resize(given, UP, by, 1, axes=(0,))
        yield resize({**given, "extrapolation_value": 1.5}, UP, by)
        yield replace(resize(given, UP, by), input_shape=(1, "channels", 4, 5))
    yield from _with_inputs()
    policy = node("linear", "half_pixel", axes=(-2, -1), keep_aspect_ratio_policy="not_larger")
    yield resize(policy, UP, opset=18)
    for layout, axes, lengths in product(("to NCHW", "to NHWC"), ((2, 3), (1, 2)), (UP, DOWN)):
        around = Surroundings(transposed=layout)
        for given in (node("cubic", "half_pixel"), node("linear", "half_pixel", axes=(2, 3))):
            yield replace(resize(given, lengths, axes=axes), surroundings=around)


def _with_inputs() -> Iterator[Operation]:
    """Yield resizes of the older opsets with something at each input."""
    states: tuple[Literal["left out", "empty", "empty in a run"], ...] = (
        "left out", "empty", "empty in a run",
    )  # fmt: skip
    for role in ("roi", "scales", "sizes"):
        inputs = [Input(role, state=state) for state in states]
        inputs += [Input(role, dtype) for dtype in TYPES]
        for one, opset, op in product(inputs, (9, 11, 19), ("Resize", "Upsample")):
            coordinate = "tf_crop_and_resize" if opset > 10 else "asymmetric"
            at = Details(op=op, opset=opset) if opset > 10 or op == "Upsample" else Details()
            plain = resize(node("linear", coordinate), UP, "scales", **at)
            yield replace(plain, surroundings=Surroundings(inputs=(one,)))
        one = Input(role, state="empty in a run")
        plain = resize(node("linear", "half_pixel"), UP, "sizes")
        yield replace(plain, surroundings=Surroundings(inputs=(one,)))
    for op, role in (("RoiAlign", "rois"), ("RoiAlign", "batch_indices"), ("AffineGrid", "size")):
        for dtype, given in product(("float16", "float32", "float64"), TYPES):
            around = Surroundings(inputs=(Input(role, given),))
            yield Operation(op, 20, {}, None, (1, 1, 4, 4), dtype=dtype, surroundings=around)
    for opset, op in product((8, 9, 15, 19), ("Resize", "RoiAlign", "GridSample", "AffineGrid")):
        yield Operation(op, opset, {}, None, (1, 1, 4, 4), dtype="float32")


def _older() -> Iterator[Operation]:
    """Yield operators from before opset 11."""
    for mode, lengths, op, dtype, constant in product(
        ("nearest", "linear"), LENGTHS, ("Resize", "Upsample"),
        ("float32", "int64", "uint8", "bool"), (True, False),
    ):  # fmt: skip
        given: dict[str, Attribute] = {"mode": mode}
        opset = 10 if op == "Resize" else 9
        more = Details(op=op, opset=opset, dtype=dtype, constant=constant)
        yield resize(given, lengths, "scales", **more)


def _grids() -> Iterator[Operation]:
    kinds = [*((dtype, "float32") for dtype in TYPES), ("float32", "float64")]
    kinds += [("float64", "float64"), ("float32", "int32")]
    for opset, mode, padding, aligned, rank, (dtype, grid_dtype) in product(
        (16, 20, 22), MODES, PADDINGS, (True, False), (4, 5), kinds
    ):
        operator = GridSample(mode, padding, align_corners=aligned)
        shape = (1, 1, 4, 4, 4)[:rank]
        yield Operation(
            "GridSample", opset, {"mode": mode}, operator, shape, dtype=dtype, grid_dtype=grid_dtype
        )


def _others() -> Iterator[Operation]:
    for opset, mode, ratio, dtype in product((10, 16, 22), ("avg", "max"), (None, 0, 2, -1), TYPES):
        given: dict[str, Attribute] = {"mode": mode}
        if ratio is not None:
            given["sampling_ratio"] = ratio
        roi = RoiAlign(aligned=opset > 10)
        yield Operation("RoiAlign", opset, given, roi, (1, 1, 4, 4), dtype=dtype)
    yield Operation("AffineGrid", 20, {}, AffineGrid(align_corners=False), (1, 2, 3))
    doubled = ConvTranspose((2, 2), (2, 2), (0, 0), (0, 0), (0, 0), (1, 1))
    for dtype in TYPES:
        yield Operation("ConvTranspose", 11, {}, doubled, (1, 1, 4, 4), dtype=dtype)


def litert(  # noqa: PLR0913 - what a resize hangs on
    op: str,
    flags: Flags,
    lengths: Lengths = UP,
    dtype: str = "float32",
    version: int = 3,
    *,
    constant: bool = True,
) -> Operation:
    """Return a resize of LiteRT, in the axes that its reader gives it."""
    (high, wide), (rows, columns) = lengths
    given: dict[str, Attribute] = {
        "align_corners": int(flags.align_corners),
        "half_pixel_centers": int(flags.half_pixel_centers),
    }
    known = MEANINGS.get((op, flags))
    operator = None if known is None else Resize(((2, known), (3, known)))
    return Operation(
        op, version, given, operator, (1, 2, high, wide), (1, 2, rows, columns), by="sizes",
        dtype=dtype, dialect=LITERT, constant_lengths=constant,
    )  # fmt: skip


def _of_litert() -> Iterator[Operation]:
    """Yield LiteRT's resizes under every flag."""
    every = [Flags(*values) for values in product((False, True), repeat=2)]
    for op, flags in product((BILINEAR, NEAREST), every):
        yield from (litert(op, flags, lengths, dtype) for lengths in LENGTHS for dtype in TYPES)
        yield litert(op, flags, UP, constant=False)
        yield litert(op, flags, UP, version=4)
