"""Sites written to ONNX: read back they are the same, and onnxruntime computes them."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, checker, helper

import example_models as models
from halfpixel.checking.check import opened
from halfpixel.conventions.torch.interpolate import Family, Interpolate
from halfpixel.format import Change, Outcome
from halfpixel.sampling import (
    AffineGrid,
    Area,
    Cubic,
    GridSample,
    Linear,
    Nearest,
    Resize,
    RoiAlign,
    Sampling,
)
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.kernel import Kernel, Rounding
from halfpixel.sampling.lowering import LOWERINGS, meant_weights, single_taps
from halfpixel.sampling.resize import along_axis
from halfpixel.site import Operator, Site
from oracles import by_onnxruntime

Array = np.ndarray[Any, np.dtype[Any]]

NEWEST = 25
SCALES = (0.5, 1.0, 1.5, 2.0, 3.0, 0.6)
LONGEST = 9


def base(opset: int, shape: list[int], outs: list[int], by: str) -> ModelProto:
    """Return a model with one resize of an opset, from `shape` to `outs`."""
    rank = len(shape)
    scales = [out / n for n, out in zip(shape, outs, strict=True)]
    values: Array = np.array(scales, np.float32) if by == "scales" else np.array(outs, np.int64)
    constants = [helper.make_node("Constant", [], [by], value=_tensor(values))]
    if opset < 9:
        node = helper.make_node("Upsample", ["x"], ["y"], "up", mode="nearest", scales=scales)
        constants = []
    elif opset < 11:
        op = "Upsample" if opset == 9 else "Resize"
        node = helper.make_node(op, ["x", "scales"], ["y"], "up", mode="nearest")
    else:
        empty = ["", by] if by == "scales" else ["", "", by]
        if opset < 13:
            constants.append(helper.make_node("Constant", [], ["none"], value=_tensor(_EMPTY)))
            empty = [name or "none" for name in empty]
        node = helper.make_node("Resize", ["x", *empty], ["y"], "up", mode="nearest")
    graph = helper.make_graph(
        [*constants, node],
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * rank)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


_EMPTY: Array = np.array([], np.float32)


def _tensor(values: Array) -> TensorProto:
    from onnx import numpy_helper

    return numpy_helper.from_array(values)


COORDINATES: tuple[Coordinate, ...] = (
    "half_pixel",
    "asymmetric",
    "align_corners",
    "pytorch_half_pixel",
    "pytorch_1_9_half_pixel",
    "half_pixel_symmetric",
    "pytorch_antialias_align_corners",
)
ROUNDINGS: tuple[Rounding, ...] = ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")


@st.composite
def samplings(draw: st.DrawFn) -> Sampling:
    """Any sampling by size that an axis can have, its border included."""
    kinds = ["nearest", "linear", "cubic", "area", "torch nearest"]
    kind = draw(st.sampled_from(kinds))
    coordinate = draw(st.sampled_from(COORDINATES))
    kernel: Kernel
    if kind == "torch nearest":
        name: Coordinate = draw(st.sampled_from(["asymmetric", "tf_half_pixel_for_nn"]))
        return Sampling(name, Nearest("floor"))
    if kind == "nearest":
        return Sampling(coordinate, Nearest(draw(st.sampled_from(ROUNDINGS))))
    if kind == "area":
        return Sampling("half_pixel", Area())
    antialias = draw(st.booleans())
    kernel = Linear(antialias=antialias)
    if kind == "cubic":
        a = draw(st.sampled_from([Fraction(-3, 4), Fraction(-1, 2), Fraction(-1)]))
        kernel = Cubic(a, antialias=antialias)
    excluded = draw(st.booleans()) and (antialias or kind == "cubic")
    return Sampling(coordinate, kernel, exclude_outside=excluded)


def exact(operator: Resize, x: Array, outs: list[int]) -> Array:
    """Return what an operator computes, from its rationals; PyTorch's nearest in its own way."""
    y: Array = x.astype(np.float64)
    for axis, sampling in operator.axes:
        y = along_axis(meant_weights(sampling, x.shape[axis], outs[axis]), y, axis)
    return y


def rewritten(model: ModelProto, change: Change, newest: int | None) -> tuple[ModelProto, Outcome]:
    """Return the changed model, and what became of the change."""
    found = opened(model).rewrite([change], newest)
    result = found.model()
    assert isinstance(result, ModelProto)
    return result, found.outcomes[0]


def is_same(site: Site, operator: Resize, shape: list[int], outs: list[int]) -> None:
    """Assert that a site that was read back has the weights that were written."""
    assert isinstance(site.operator, Resize)
    here, there = dict(site.operator.axes), dict(operator.axes)
    for axis, (n_in, n_out) in enumerate(zip(shape, outs, strict=True)):
        one, other = here.get(axis), there.get(axis)
        wanted = meant_weights(other, n_in, n_out).rows if other else None
        identity = tuple(((i, Fraction(1)),) for i in range(n_in))
        if one is None:
            assert n_in == n_out
            assert wanted in {None, identity}
            continue
        found = one.weights(n_in, n_out).rows
        if isinstance(one.kernel, Nearest):
            continue  # the pixels are onnxruntime's own, which run() compares
        assert found == (wanted or identity)


@given(
    opset=st.integers(7, NEWEST),
    capped=st.booleans(),
    sampling=samplings(),
    lengths=st.lists(
        st.tuples(st.integers(1, LONGEST), st.integers(1, LONGEST)), min_size=1, max_size=3
    ),
)
@settings(max_examples=300, deadline=None)
def test_any_site_by_size_is_written_and_computes_the_same(
    *,
    opset: int,
    capped: bool,
    sampling: Sampling,
    lengths: list[tuple[int, int]],
) -> None:
    shape, outs = [2, 3, *(n for n, _ in lengths)], [2, 3, *(m for _, m in lengths)]
    model = base(opset, shape, outs, "sizes" if opset > 10 else "scales")
    if list(opened(model).sites[0].operation.lengths[1]) != outs:
        return  # before opset 11 a scale in float32 does not give every length
    operator = Resize(tuple((axis, sampling) for axis in range(2, len(shape))))
    change = Change(0, operator, "test")
    result, outcome = rewritten(model, change, opset if capped else None)
    if outcome.declined == "it already says so":
        return
    assert outcome.made, outcome.declined
    event(" ".join(outcome.made.split()[:3]))
    checker.check_model(result)
    for site in opened(result).sites:
        is_same(site, operator, shape, outs)
    run(result, operator, shape, outs)


def run(model: ModelProto, operator: Resize, shape: list[int], outs: list[int]) -> None:
    """Assert that onnxruntime computes it, where it takes such a Resize."""
    found = opened(model).sites
    cubic = any(isinstance(s.kernel, Cubic) for _, s in operator.axes)
    if found and (cubic or len(shape) == 5) and len(shape) != 4:
        return  # onnxruntime takes cubic on 4-D only, and antialias not on 5-D
    x: Array = np.random.default_rng(0).random(shape).astype(np.float32)
    y = by_onnxruntime(model, {"x": x})
    want = exact(operator, x, outs)
    assert y.shape == want.shape
    assert np.abs(y - want).max() < 3e-6 * max(shape)


SCALED = [
    (family, corners, antialias)
    for family in ("nearest", "nearest-exact", "linear", "cubic")
    for corners in (False, True)
    for antialias in (False, True)
    if not (family.startswith("nearest") and (corners or antialias))
]


@pytest.mark.parametrize(("family", "corners", "antialias"), SCALED)
@pytest.mark.parametrize("opset", [9, 10, 11, 13, 18, NEWEST])
@pytest.mark.parametrize("factor", [2.0, 1.5, 0.5, 1.7])
def test_a_call_by_scale_is_written_at_every_length(
    *,
    family: Family,
    corners: bool,
    antialias: bool,
    opset: int,
    factor: float,
) -> None:
    call = Interpolate(family, 2, None, (factor, factor), corners, antialias)
    operator = call.resize()
    model = base(opset, [1, 2, 10, 20], [1, 2, int(10 * factor), int(20 * factor)], "scales")
    for value in model.graph.input:
        for axis in (2, 3):
            value.type.tensor_type.shape.dim[axis].dim_param = f"n{axis}"
    result, outcome = rewritten(model, Change(0, operator, "test"), None)
    if corners and antialias:
        assert "no Resize attribute" in outcome.declined
        return
    if outcome.declined == "it already says so":
        result = model
    else:
        assert outcome.made, outcome.declined
    for n, m in ((10, 20), (7, 4), (3, 11)):
        x: Array = np.random.default_rng(n).random((1, 2, n, m)).astype(np.float32)
        outs = [1, 2, math.trunc(n * factor), math.trunc(m * factor)]
        assert np.abs(by_onnxruntime(result, {"x": x}) - exact(operator, x, outs)).max() < 1e-4


OTHERS: list[tuple[str, int, dict[str, models.Attribute], Operator, dict[str, object]]] = [
    (
        "GridSample",
        16,
        {"mode": "bicubic", "align_corners": 1},
        GridSample("linear", "border", align_corners=False, spatial=2),
        {"mode": b"bilinear", "padding_mode": b"border", "align_corners": 0},
    ),
    (
        "GridSample",
        22,
        {"mode": "nearest"},
        GridSample("cubic", "reflection", align_corners=True, spatial=2),
        {"mode": b"cubic", "padding_mode": b"reflection", "align_corners": 1},
    ),
    (
        "RoiAlign",
        16,
        {"output_height": 2, "output_width": 2},
        RoiAlign(aligned=False, output=(2, 2), sampling_ratio=2, spatial_scale=0.5),
        {
            "coordinate_transformation_mode": b"output_half_pixel",
            "output_height": 2,
            "output_width": 2,
            "sampling_ratio": 2,
            "spatial_scale": 0.5,
        },
    ),
    (
        "RoiAlign",
        10,
        {},
        RoiAlign(aligned=True),
        {"coordinate_transformation_mode": b"half_pixel"},
    ),
    ("AffineGrid", 20, {"align_corners": 1}, AffineGrid(align_corners=False), {"align_corners": 0}),
]


@pytest.mark.parametrize(("op", "opset", "given", "wanted", "attributes"), OTHERS)
def test_other_operators_are_written_by_their_attributes(
    op: str,
    opset: int,
    given: dict[str, models.Attribute],
    wanted: Operator,
    attributes: dict[str, object],
) -> None:
    names = {"GridSample": ["x", "grid"], "RoiAlign": ["x", "rois", "batch"]}
    inputs = names.get(op, ["x", "size"])
    node = helper.make_node(op, inputs, ["y"], "site")
    node.attribute.extend(helper.make_attribute(k, v) for k, v in given.items())
    shapes: dict[str, tuple[int, list[int]]] = {
        "x": (1, [1, 2, 3] if op == "AffineGrid" else [1, 3, 4, 4]),
        "grid": (1, [1, 2, 2, 2]),
        "rois": (1, [1, 4]),
        "batch": (7, [1]),
    }
    values = [helper.make_tensor_value_info(n, *shapes[n]) for n in inputs if n in shapes]
    constants = [helper.make_tensor("size", 7, [4], [1, 2, 3, 4])] if "size" in inputs else []
    graph = helper.make_graph(
        [node], "g", values, [helper.make_tensor_value_info("y", 1, [None] * 4)], constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    result, outcome = rewritten(model, Change(0, wanted, "test"), None)
    assert outcome.made, outcome.declined
    checker.check_model(result)
    (new,) = result.graph.node
    found = {a.name: helper.get_attribute_value(a) for a in new.attribute}
    assert found.items() >= attributes.items()
    (site,) = opened(result).sites
    assert site.operator == wanted


GRID = [(n, m) for n in (1, 2, 3, 5, 8, 13) for m in (1, 2, 4, 7, 8, 16, 26)]
CALLS = [
    Interpolate("linear", 2, (None, None), None, align_corners=False),
    Interpolate("linear", 2, (None, None), None, align_corners=True),
    Interpolate("cubic", 2, (None, None), None, align_corners=False),
    Interpolate("cubic", 2, (None, None), None, align_corners=True),
    Interpolate("linear", 2, (None, None), None, align_corners=False, antialias=True),
    Interpolate("nearest", 2, (None, None)),
    Interpolate("nearest-exact", 2, (None, None)),
]


def _served(lowering: str, operator: Resize, n: int, m: int) -> bool:
    """Whether a lowering serves a resize, as its documentation says."""
    sampling = operator.axes[0][1]
    kernel = sampling.kernel
    if lowering == "matmul":
        return True
    weights = meant_weights(sampling, n, m)
    if lowering == "gather":
        return single_taps(weights) is not None
    smooth = isinstance(kernel, Linear | Cubic)
    if lowering == "conv":
        if n == m:
            return True  # a copy, whatever the kernel
        plain = sampling.coordinate == "half_pixel" and smooth
        excluded = isinstance(kernel, Linear | Cubic) and kernel.antialias
        return plain and m % n == 0 and (not excluded or isinstance(kernel, Linear))
    antialiased = isinstance(kernel, Linear | Cubic) and kernel.antialias
    return not antialiased or m >= n or (n, m) == (2, 1)  # half and half with or without


@pytest.mark.parametrize("lowering", LOWERINGS)
@pytest.mark.parametrize(
    "call", CALLS, ids=[f"{c.mode}-{c.align_corners}-{c.antialias}" for c in CALLS]
)
def test_a_lowering_is_what_onnxruntimes_own_resize_computes(
    lowering: str, call: Interpolate
) -> None:
    served = 0
    for n, m in GRID:
        shape, outs = [2, 3, n, n], [2, 3, m, m]
        operator = call.resize()
        model = base(18, shape, outs, "sizes")
        plain, _ = rewritten(model, Change(0, operator, "test"), None)
        result, outcome = rewritten(model, Change(0, operator, "test", lowering=lowering), None)
        assert bool(outcome.made) == _served(lowering, operator, n, m), (n, m, outcome)
        if not outcome.made:
            continue
        served += 1
        x: Array = np.random.default_rng(0).random(shape).astype(np.float32)
        y = by_onnxruntime(result, {"x": x})
        assert np.abs(y - exact(operator, x, outs)).max() < 2e-5
        if plain.graph.node[-1].op_type != "Resize":
            continue
        assert np.abs(y - by_onnxruntime(plain, {"x": x})).max() < 2e-5
        assert outcome.cost is not None
    assert served


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
@pytest.mark.parametrize("family", ["linear", "cubic"])
def test_a_convolution_keeps_dynamic_shapes(family: Family, factor: int) -> None:
    call = Interpolate(family, 2, None, (float(factor),) * 2, align_corners=False)
    model = base(13, [1, 3, 4, 4], [1, 3, 4 * factor, 4 * factor], "scales")
    shape = model.graph.input[0].type.tensor_type.shape
    for axis in (0, 2, 3):
        shape.dim[axis].dim_param = f"n{axis}"
    change = Change(0, call.resize(), "test", lowering="conv")
    result, outcome = rewritten(model, change, None)
    assert outcome.made, outcome.declined
    for size in ((1, 3, 4, 4), (2, 3, 1, 9), (1, 3, 30, 2)):
        x: Array = np.random.default_rng(0).random(size).astype(np.float32)
        outs = [*size[:2], size[2] * factor, size[3] * factor]
        y = by_onnxruntime(result, {"x": x})
        assert np.abs(y - exact(call.resize(), x, outs)).max() < 1e-5


@pytest.mark.parametrize("factor", [1.1, 2.2])
def test_a_computed_gather_copies_where_pytorch_does(factor: float) -> None:
    import torch
    from torch.nn.functional import interpolate

    call = Interpolate("nearest", 2, None, (factor, factor))
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], "up", mode="nearest")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", 1, [1, 2, "h", "w"])],
        [helper.make_tensor_value_info("y", 1, None)],
        [helper.make_tensor("s", 1, [4], [1, 1, factor, factor])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    change = Change(0, call.resize(), "test", lowering="gather", factors=(factor, factor))
    result, outcome = rewritten(model, change, None)
    assert outcome.made, outcome.declined
    for size in ((150, 9), (9, 150), (108, 9), (109, 9), (30, 40), (54, 4), (55, 4), (4, 200)):
        x: Array = np.random.default_rng(0).random((1, 2, *size)).astype(np.float32)
        want = interpolate(torch.from_numpy(x), scale_factor=factor).numpy()
        assert np.array_equal(by_onnxruntime(result, {"x": x}), want), size


@pytest.mark.parametrize("exactly", [False, True])
@pytest.mark.parametrize("by", ["sizes", "scales"])
def test_a_computed_gather_reads_pytorchs_pixels_at_every_length(by: str, exactly: bool) -> None:  # noqa: FBT001
    import torch
    from torch.nn.functional import interpolate

    family: Family = "nearest-exact" if exactly else "nearest"
    factor = None if by == "sizes" else (1.7, 1.7)
    call = Interpolate(family, 2, (None, None) if by == "sizes" else None, factor)
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], "up", mode="nearest")
    inputs = [helper.make_tensor_value_info("x", 1, [1, 2, "h", "w"])]
    constants = []
    if by == "sizes":
        inputs.append(helper.make_tensor_value_info("sizes", 7, [4]))
    else:
        node = helper.make_node("Resize", ["x", "", "s"], ["y"], "up", mode="nearest")
        constants = [helper.make_tensor("s", 1, [4], [1, 1, 1.7, 1.7])]
    outputs = [helper.make_tensor_value_info("y", 1, None)]
    graph = helper.make_graph([node], "g", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    change = Change(0, call.resize(), "test", lowering="gather", factors=factor)
    result, outcome = rewritten(model, change, None)
    assert outcome.made, outcome.declined
    for n, m in ((14, 2), (28, 4), (30, 9), (7, 100), (224, 32), (5, 41)):
        x: Array = np.random.default_rng(0).random((1, 2, n, n)).astype(np.float32)
        feeds: dict[str, Array] = {"x": x}
        keywords: dict[str, Any] = {"scale_factor": 1.7}
        if by == "sizes":
            feeds["sizes"] = np.array([1, 2, m, m], np.int64)
            keywords = {"size": (m, m)}
        want = interpolate(torch.from_numpy(x), mode=call.mode, **keywords).numpy()
        assert np.array_equal(by_onnxruntime(result, feeds), want)
