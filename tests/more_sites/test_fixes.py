"""A change to such a site is made as to any other, or declined with the reason."""

import numpy as np
import pytest
from onnx import ModelProto, helper

from halfpixel.checking.check import opened
from halfpixel.format import Change, Outcome
from halfpixel.origin import Operator
from halfpixel.sampling import ConvTranspose, GridSample, Linear, Resize, Sampling
from more_sites.cases import Array, made, only, random
from more_sites.test_domains import BOXES, MICROSOFT, NHWC, crops, other_domain
from more_sites.test_exported import written
from more_sites.test_patterns import REPEATED, Chain
from oracles import by_onnxruntime


def changed(model: ModelProto, operator: Operator) -> tuple[ModelProto, Outcome]:
    found = opened(model).rewrite([Change(0, operator, "a test")], None)
    result = found.model()
    assert isinstance(result, ModelProto)
    return result, found.outcomes[0]


def linear(model: ModelProto) -> Resize:
    """Return what the site of a model would be with a linear kernel."""
    now = only(model).operator
    assert isinstance(now, Resize)
    return Resize(tuple((axis, Sampling("half_pixel", Linear())) for axis, _ in now.axes))


@pytest.mark.parametrize(
    ("shape", "chain"), [r[1:3] for r in REPEATED], ids=[r[0] for r in REPEATED]
)
def test_copies_become_a_resize(shape: tuple[int, ...], chain: Chain) -> None:
    x = random(*shape)
    model = chain.model(x)
    goal, out = linear(model), only(model).evaluate(x).shape
    result, outcome = changed(model, goal)
    assert outcome.text.startswith("Resize: mode=linear")
    assert [node.op_type for node in result.graph.node] == ["Constant", "Resize"]
    np.testing.assert_allclose(by_onnxruntime(result, {"x": x}), goal.evaluate(x, out), atol=1e-5)


def test_copies_at_free_lengths_become_a_resize() -> None:
    model = written("interleave", dynamo=False, free=True)
    x = random(3, 8, 5, 2)
    goal = linear(model)
    result, outcome = changed(model, goal)
    assert "computed from the input's" in outcome.text
    expected = goal.evaluate(x, (3, 8, 10, 6))
    np.testing.assert_allclose(by_onnxruntime(result, {"x": x}), expected, atol=1e-5)


def test_onnxruntimes_own_grid_sample_is_set() -> None:
    node = helper.make_node("GridSample", ["x", "grid"], ["y"], "warp", domain=MICROSOFT)
    feeds = {"x": random(1, 2, 4, 5), "grid": random(1, 3, 3, 2, seed=1)}
    goal = GridSample("cubic", "border", align_corners=True, spatial=2)
    result, outcome = changed(made([node], feeds), goal)
    assert "mode=bicubic" in outcome.text
    expected = goal.evaluate(feeds["x"], feeds["grid"])
    np.testing.assert_allclose(by_onnxruntime(result, feeds), expected, atol=1e-5)


def dynamic_pads() -> ModelProto:
    node = helper.make_node(
        "ConvTransposeWithDynamicPads", ["x", "w", "pads"], ["y"], "up",
        domain=MICROSOFT, strides=[2, 2],
    )  # fmt: skip
    pads: Array = np.array([0, 0, 1, 1], np.int64)
    return made([node], {"x": random(1, 2, 4, 5)}, {"w": random(2, 2, 3, 3), "pads": pads})


def nhwc_resize() -> ModelProto:
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], "up", mode="linear")
    scales: Array = np.array([1, 2, 2, 1], np.float32)
    model = made([node], {"x": random(1, 4, 5, 3)}, {"s": scales})
    return other_domain(model, NHWC, 19)


NONE = (0, 0)
TWO = Resize(((2, Sampling("half_pixel", Linear())),))
DECLINED: list[tuple[ModelProto, Operator, str]] = [
    (crops((4, 7), "bilinear", BOXES), TWO, "onnxruntime's own"),
    (dynamic_pads(), ConvTranspose((3, 3), (2, 2), NONE, NONE, NONE, (1, 1)), "onnxruntime's own"),
    (nhwc_resize(), TWO, "onnxruntime's own"),
]


@pytest.mark.parametrize(("model", "operator", "why"), DECLINED, ids=["crop", "pads", "nhwc"])
def test_what_is_not_written_is_declined(model: ModelProto, operator: Operator, why: str) -> None:
    before = model.SerializeToString()
    result, outcome = changed(model, operator)
    assert why in outcome.reason
    assert result.SerializeToString() == before
