"""Lowerings of a Resize in ONNX: they compute what it computes, and serve what they say."""

from typing import Any

import numpy as np
import pytest
from onnx import helper

from halfpixel.conventions.torch.interpolate import Family, Interpolate
from halfpixel.format import Change
from halfpixel.sampling import Cubic, Linear, Resize
from halfpixel.sampling.lowering import LOWERINGS, meant_weights, single_taps
from onnx_resizes import by_opset, rewritten
from oracles import by_onnxruntime, by_rationals

Array = np.ndarray[Any, np.dtype[Any]]
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
        model = by_opset(18, shape, outs, "sizes")
        plain, _ = rewritten(model, Change(0, operator, "test"), None)
        result, outcome = rewritten(model, Change(0, operator, "test", lowering=lowering), None)
        assert bool(outcome.text) == _served(lowering, operator, n, m), (n, m, outcome)
        if not outcome.text:
            continue
        served += 1
        x: Array = np.random.default_rng(0).random(shape).astype(np.float32)
        y = by_onnxruntime(result, {"x": x})
        assert np.abs(y - by_rationals(operator, x, outs)).max() < 2e-5
        if plain.graph.node[-1].op_type != "Resize":
            continue
        assert np.abs(y - by_onnxruntime(plain, {"x": x})).max() < 2e-5
        assert outcome.cost is not None
    assert served


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
@pytest.mark.parametrize("family", ["linear", "cubic"])
def test_a_convolution_keeps_dynamic_shapes(family: Family, factor: int) -> None:
    call = Interpolate(family, 2, None, (float(factor),) * 2, align_corners=False)
    model = by_opset(13, [1, 3, 4, 4], [1, 3, 4 * factor, 4 * factor], "scales")
    shape = model.graph.input[0].type.tensor_type.shape
    for axis in (0, 2, 3):
        shape.dim[axis].dim_param = f"n{axis}"
    change = Change(0, call.resize(), "test", lowering="conv")
    result, outcome = rewritten(model, change, None)
    assert outcome.text, outcome.reason
    for size in ((1, 3, 4, 4), (2, 3, 1, 9), (1, 3, 30, 2)):
        x: Array = np.random.default_rng(0).random(size).astype(np.float32)
        outs = [*size[:2], size[2] * factor, size[3] * factor]
        y = by_onnxruntime(result, {"x": x})
        assert np.abs(y - by_rationals(call.resize(), x, outs)).max() < 1e-5


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
    assert outcome.text, outcome.reason
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
    assert outcome.text, outcome.reason
    for n, m in ((14, 2), (28, 4), (30, 9), (7, 100), (224, 32), (5, 41)):
        x: Array = np.random.default_rng(0).random((1, 2, n, n)).astype(np.float32)
        feeds: dict[str, Array] = {"x": x}
        keywords: dict[str, Any] = {"scale_factor": 1.7}
        if by == "sizes":
            feeds["sizes"] = np.array([1, 2, m, m], np.int64)
            keywords = {"size": (m, m)}
        want = interpolate(torch.from_numpy(x), mode=call.mode, **keywords).numpy()
        assert np.array_equal(by_onnxruntime(result, feeds), want)
