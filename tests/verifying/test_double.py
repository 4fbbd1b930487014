"""Near the noise floor an ONNX model is run in float64 too, where anything runs it so."""

from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from halfpixel.errors import RuntimeRefusal
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.runtimes.double import run_double
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.verifying.measure import difference
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.verify import verify

node = helper.make_node
X = (0.5 + 17 * np.arange(8.0).reshape(1, 8) * 2**-17 + 1.95e-6).astype(np.float32)
"""Beside 64, each lies where a step of its own changes nothing: moved inputs show no rounding."""

GIVEN = VerifySettings(FeedSettings(given=({"x": X},)))


def model(
    nodes: list[NodeProto],
    tensors: dict[str, Any] | None = None,
    shape: tuple[int, ...] = (1, 8),
    outputs: tuple[str, ...] = ("y",),
    kind: int = TensorProto.FLOAT,
) -> ModelProto:
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in (tensors or {}).items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def far_and_back(first: str, second: str, *more: NodeProto) -> ModelProto:
    """Return a model that moves its numbers by 64 and back, which leaves fewer of their digits."""
    nodes = [node(first, ["x", "far"], ["m"]), node(second, ["m", "far"], ["y"]), *more]
    outputs = ("y", "z") if more else ("y",)
    return model(nodes, {"far": np.float32(64)}, outputs=outputs)


def test_rounding_that_moved_inputs_do_not_show_is_measured_in_float64() -> None:
    found = verify(far_and_back("Add", "Sub"), far_and_back("Sub", "Add"), GIVEN)
    (output,) = found.outputs
    assert output.measure is not None
    assert output.measure.double == "measured in float64 too"
    assert "measured in float64 too" in output.measure.text
    assert found.verdict == "equal"


def test_where_nothing_runs_it_in_float64_that_is_told() -> None:
    own = node("Gelu", ["x"], ["z"], domain="com.microsoft")
    found = verify(far_and_back("Add", "Sub", own), far_and_back("Sub", "Add", own), GIVEN)
    first = next(one for one in found.outputs if one.name == "y")
    assert first.measure is not None
    assert "without a run in float64: Gelu is not for float64" in first.measure.text


def test_what_is_far_from_the_floor_is_not_run_again() -> None:
    more = model([node("Mul", ["x", "by"], ["y"])], {"by": np.float32(1.5)})
    found = verify(model([node("Mul", ["x", "by"], ["y"])], {"by": np.float32(1)}), more, GIVEN)
    (output,) = found.outputs
    assert found.verdict == "different"
    assert output.measure is not None
    assert not output.measure.double


SHAPE = (1, 2, 6, 6)
WEIGHT = np.random.default_rng(0).standard_normal((2, 2, 3, 3)).astype(np.float32)
BODY = helper.make_graph(
    [node("Constant", [], ["c"], value_float=0.1), node("Mul", ["x", "c"], ["t"])],
    "then", [], [helper.make_tensor_value_info("t", TensorProto.FLOAT, SHAPE)],
)  # fmt: skip
OTHER = helper.make_graph(
    [node("Neg", ["x"], ["e"])],
    "else", [], [helper.make_tensor_value_info("e", TensorProto.FLOAT, SHAPE)],
)  # fmt: skip
SCALES = {"scales": np.array([1, 1, 2, 2], np.float32), "weight": WEIGHT, "yes": np.array(1, bool)}
MODELS: dict[str, list[NodeProto]] = {
    "onnxruntime's kernels": [node("Sin", ["x"], ["y"])],
    "a constant": [node("Constant", [], ["c"], value_float=0.1), node("Mul", ["x", "c"], ["y"])],
    "a cast": [node("Cast", ["x"], ["i"], to=TensorProto.INT32),
               node("Cast", ["i"], ["f"], to=TensorProto.FLOAT), node("Cos", ["x"], ["c"]),
               node("Add", ["c", "f"], ["y"])],
    "a convolution": [node("Conv", ["x", "weight"], ["y"], pads=[1] * 4)],
    "a resize": [node("Resize", ["x", "", "scales"], ["y"], mode="linear")],
    "a branch": [node("If", ["yes"], ["y"], then_branch=BODY, else_branch=OTHER)],
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_models_run_in_float64(name: str) -> None:
    side = Side(model(MODELS[name], SCALES, SHAPE))
    running = runtime_of(side).started(side, RunSettings())
    before = side.source.SerializeToString() if isinstance(side.source, ModelProto) else b""
    feeds = {"x": np.random.default_rng(0).random(SHAPE, np.float32)}
    found, single = run_double(running, feeds)["y"], running.run(feeds)["y"]
    assert found.dtype == np.float64
    assert difference(found, single).max_abs < 1e-5
    assert (found.astype(np.float32) != found).any()
    assert isinstance(side.source, ModelProto)
    assert side.source.SerializeToString() == before


@pytest.mark.parametrize(
    ("nodes", "kind", "why"),
    [
        ([node("Sin", ["x"], ["y"])], TensorProto.FLOAT16, "a narrower type"),
        ([node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
          node("Cast", ["h"], ["y"], to=TensorProto.FLOAT)], TensorProto.FLOAT, "a narrower type"),
        ([node("Gelu", ["x"], ["y"], domain="com.microsoft")], TensorProto.FLOAT, "not for"),
    ],
)  # fmt: skip
def test_what_is_not_for_float64_is_refused(nodes: list[NodeProto], kind: int, why: str) -> None:
    side = Side(model(nodes, None, SHAPE, kind=kind))
    running = runtime_of(side).started(side, RunSettings())
    with pytest.raises(RuntimeRefusal, match=why):
        run_double(running, {"x": np.zeros(SHAPE, np.float32)})


def test_large_models_are_not_left_to_the_evaluator() -> None:
    side = Side(model(MODELS["a convolution"], SCALES, (1, 2, 1024, 1024)))
    running = runtime_of(side).started(side, RunSettings())
    with pytest.raises(RuntimeRefusal, match="large for onnx's evaluator"):
        run_double(running, {"x": np.zeros((1, 2, 1024, 1024), np.float32)})
