"""What lengths make too much is refused before it is done: by verify, explain and fix."""

from collections.abc import Sequence

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper

import example_models as models
from halfpixel.checking.check import opened
from halfpixel.checking.explain import explain
from halfpixel.format import Change
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.runtimes.cutting.one_site import Cut
from halfpixel.runtimes.size import MOST_EXACT, MOST_VALUES
from halfpixel.verifying import site_check
from halfpixel.verifying.site_check import SiteCheck, SiteResult
from halfpixel.work import MOST, TooMuchWork, working

LONG = 65535


def sampled(shape: Sequence[int], grid: Sequence[int]) -> ModelProto:
    """Return a GridSample of an input of some lengths, by a grid of others."""
    node = helper.make_node("GridSample", ["x", "grid"], ["y"], "sample")
    graph = helper.make_graph(
        [node],
        "g",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("grid", TensorProto.FLOAT, grid),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [*shape[:2], *grid[1:3]])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=9)


def resized(ins: Sequence[int], outs: Sequence[int], **attributes: str) -> ModelProto:
    """Return a Resize to fixed lengths."""
    node = helper.make_node("Resize", ["x", "", "", "lengths"], ["y"], "up", **attributes)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ins)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, outs)],
        [helper.make_tensor("lengths", TensorProto.INT64, [len(outs)], outs)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def verified(model: ModelProto, **settings: int) -> SiteResult:
    """Return what the only site of a model does."""
    (result,) = SiteCheck(model, **settings).results()  # type: ignore[arg-type]
    return result


@pytest.mark.parametrize(
    ("shape", "grid"),
    [
        pytest.param((1, 1_500_000, 8, 8), (1, 9, 7, 2), id="input"),
        pytest.param((1, 1_500_000, 2, 2), (1, 9, 7, 2), id="output"),
        pytest.param((1, 400_000, 10, 10), (1, 9, 9, 2), id="both"),
    ],
)
def test_a_site_is_not_evaluated_at_enormous_lengths(
    shape: tuple[int, ...], grid: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise AssertionError("it is cut out")

    monkeypatch.setattr(site_check, "one_site", none)
    ins, outs = int(np.prod(shape)), int(np.prod([*shape[:2], *grid[1:3]]))
    assert max(ins, outs) < MOST_VALUES  # each by itself could be made
    result = verified(sampled(shape, grid))
    assert result.exact is None
    assert f"has {ins + outs} values, more than {MOST_EXACT}: it is not made" in result.refused


def test_reading_the_sites_of_verify_is_bounded() -> None:
    model = resized((1_500_000, 2, 14, 14), (1, 2, 2, 2), mode="nearest", nearest_mode="floor")
    result = verified(model)
    assert result.exact is None
    assert result.refused.startswith("not judged: it takes more than")


def test_a_site_takes_no_more_than_is_allowed() -> None:
    model = resized((1, 1, 4, 4), (1, 1, 4, 9), mode="linear")
    assert verified(model).agrees
    assert verified(model, max_work=1).exact is None


def test_a_ramp_is_of_the_input_alone() -> None:
    model = resized((2, 3, 4, 5), (2, 3, 4, 9), mode="linear")
    cut = Cut(model.SerializeToString(), tuple(opened(model).inputs))
    _, ramp, _ = site_check.feeds_of(cut)
    b, c, h, w = np.indices((2, 3, 4, 5))
    assert np.allclose(ramp["x"], b / 2 + c / 3 + h / 4 + w / 5)


def test_explaining_a_call_is_bounded() -> None:
    with working(MOST) as work, pytest.raises(TooMuchWork):
        list(explain(f"Upsample({LONG})"))
    assert work.done <= MOST


def test_explaining_an_ordinary_call_takes_less() -> None:
    with working(MOST):
        assert any("PyTorch" in line for line in explain("F.interpolate(x, scale_factor=2)"))


def test_writing_a_change_is_bounded() -> None:
    model = opened(resized((1, 1, 1, 26), (1, 1, LONG, 64), mode="nearest", nearest_mode="floor"))
    (site,) = model.sites
    assert site.operator is not None
    change = Change(0, site.operator, "why", lowering="gridsample")
    with working(1000) as work:
        (outcome,) = model.rewrite([change], None).outcomes
    assert outcome.reason.startswith("not judged: it takes more than")
    assert work.done <= 1000


def test_a_site_of_one_long_axis_is_bounded() -> None:
    node = models.resize(attributes={"mode": "linear"})
    model = models.model([node], shape=(1, 1, 8, 1_600_000))
    assert verified(model).refused.startswith("not judged: it takes more than")


@pytest.mark.parametrize(("inputs", "values"), [(3, (0.0,)), (4, None), (8, None)])
def test_a_constant_is_followed_through_few_inputs(
    inputs: int, values: tuple[float, ...] | None
) -> None:
    """Each input is followed for itself: sixty of them, four operators deep, are millions."""
    nodes = [
        helper.make_node("DequantizeLinear", [f"d{i}"] * inputs, [f"d{i + 1}"]) for i in range(4)
    ]
    constants = {"d0": helper.make_tensor("d0", TensorProto.FLOAT, [1], [2.0])}
    scope = Scope("", nodes, {"": 19}, None, constants, {})
    with working(MOST) as work:
        assert scope.numbers("d4") == values
    assert work.done < 1000
