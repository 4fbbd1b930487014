"""Verify where it would be easiest to be wrong: odd types, names, inputs, and whom to blame."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np
import onnx
import onnx_ir
import pytest
from onnx import ModelProto, TensorProto, helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
from halfpixel.checking.check import opened
from halfpixel.errors import UsageError
from halfpixel.runtime import parse_provider, parse_side
from halfpixel.runtimes.cutting.one_site import one_site
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.verifying.measure import difference
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.site_check import SiteCheck, feeds_of
from halfpixel.verifying.verify import verify
from resize_pairs import FLOAT, GOOD, IMAGE, SIZES, Array, built, command, pair, resize

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize("kind", [TensorProto.INT8, TensorProto.INT32, TensorProto.UINT8])
def test_whole_pixels_take_their_range(kind: int) -> None:
    one, other = (
        built([resize(c)], {"x": (kind, (1, 1, 4, 4))}, ["y"], SIZES)
        for c in ("half_pixel", "align_corners")
    )
    assert not verify(one, other).equal


def test_sequences_and_scalars_are_compared() -> None:
    for extra, equal in ((0.0, True), (1.0, False)):
        nodes = [
            helper.make_node("Add", ["x", "c"], ["s"]),
            helper.make_node("SequenceConstruct", ["s", "x"], ["y"]),
        ]
        made = [
            built(nodes, {"x": IMAGE}, ["y"], {"c": np.array([v], np.float32)})
            for v in (0.0, extra)
        ]
        assert verify(made[0], made[1]).equal == equal
    flag = built(
        [helper.make_node("Where", ["p", "x", "c"], ["y"])],
        {"p": (TensorProto.BOOL, ()), "x": IMAGE},
        constants={"c": np.zeros(1, np.float32)},
    )
    assert verify(flag, flag, VerifySettings(optimiser=False)).cases[0].outputs
    nothing = built(
        [helper.make_node("Identity", ["c"], ["y"])], {}, constants={"c": np.arange(3.0)}
    )
    assert verify(nothing, nothing).equal


def test_bfloat16_is_fed() -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], to=FLOAT),
        resize("half_pixel", "a", "y"),
    ]
    model = built(nodes, {"x": (TensorProto.BFLOAT16, (1, 1, 4, 4))}, ["y"], SIZES)
    found = verify(model, model)
    assert found.equal
    assert found.cases[0].outputs
    one, next_up = (np.array([v], ml_dtypes.bfloat16) for v in (1.0, 1.0078125))
    assert difference(next_up, one).max_ulp == pytest.approx(1)


def test_inputs_of_other_names_go_by_position() -> None:
    one = built([resize("half_pixel")], {"x": IMAGE}, ["y"], SIZES)
    other = built([resize("half_pixel", "image")], {"image": IMAGE}, ["y"], SIZES)
    assert verify(one, other).equal
    wrong = built([resize("align_corners", "image")], {"image": IMAGE}, ["y"], SIZES)
    found = verify(one, wrong)
    assert found.first is not None
    assert found.first.node == "up"
    assert found.first.introduced is not None


def test_a_site_that_was_handed_the_difference_is_not_blamed() -> None:
    def made(factor: float) -> ModelProto:
        nodes = [
            helper.make_node("Mul", ["g", "f"], ["grid"], "moved"),
            helper.make_node("GridSample", ["x", "grid"], ["y"], "sample", mode="bilinear"),
        ]
        shapes: dict[str, tuple[int, Sequence[int | str]]] = {
            "x": IMAGE,
            "g": (FLOAT, (1, 3, 3, 2)),
        }
        model = built(nodes, shapes, ["y"], {"f": np.array([factor], np.float32)})
        model.opset_import[0].version = 16
        return model

    found = verify(made(0.5), made(0.6))
    assert found.first is not None
    assert found.first.node == "moved"


def test_a_grid_sample_that_differs_from_what_was_recorded_is_named() -> None:
    source = models.ARCHITECTURES / "spatial_transformer-dynamo-o20.onnx"
    model = onnx.load(source)
    (node,) = [n for n in model.graph.node if n.op_type == "GridSample"]
    for attribute in node.attribute:
        if attribute.name == "align_corners":
            attribute.i = 1 - attribute.i
    found = verify(model, str(source.with_suffix(".npz")))
    assert not found.equal
    assert found.first is None or found.first.node == node.name
    assert found.first is not None or found.suspected == node.name


def test_names_in_npz_files_are_those_of_the_model(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Identity", ["x"], ["out"]),
        helper.make_node("Neg", ["x"], ["out_1"]),
    ]
    model = built(nodes, {"x": IMAGE}, ["out", "out_1"])
    x: Array = np.random.default_rng(0).random((1, 1, 4, 4), np.float32)
    x[0, 0, 0, 0] = np.nan
    np.savez(tmp_path / "a.npz", x=x, out=x, out_1=-x)
    found = verify(model, str(tmp_path / "a.npz"))
    assert found.equal
    assert len(found.cases) == 1
    np.savez(tmp_path / "b.npz", x=x)
    np.savez(tmp_path / "c.npz", x=x, out=x, x_1=x)
    for name, reason in (("b", "holds no output"), ("c", "run 1 holds inputs alone")):
        with pytest.raises(UsageError, match=reason):
            verify(model, str(tmp_path / f"{name}.npz"))
    given = VerifySettings(FeedSettings(given=({"x": x},)))
    with pytest.raises(UsageError, match="holds the inputs"):
        verify(model, str(tmp_path / "a.npz"), given)


def test_options_may_hold_paths() -> None:
    assert parse_side("m.onnx@openvino:cache_dir=/tmp/x").where == "openvino"
    assert parse_provider("CPUExecutionProvider") == ("cpu", {})
    assert parse_side("folder@2/m.onnx").source == "folder@2/m.onnx"


def test_a_model_that_is_refused_is_no_success() -> None:
    path = models.ARCHITECTURES / "mask2former-torchscript-o16.onnx"
    result = command("verify", str(path), "--output-format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["equal"] is False


def test_inputs_that_neither_side_takes_are_a_wrong_option() -> None:
    result = command("verify", GOOD, GOOD, "--shape", "x=1x2x3")
    assert result.exit_code == 2
    unknown = command("verify", GOOD, GOOD, "--shape", "other=1x2x3x4")
    assert unknown.exit_code == 2
    assert "no such input; there are: x" in unknown.output


def test_a_task_may_decide(tmp_path: Path) -> None:
    paths = [tmp_path / "a.onnx", tmp_path / "b.onnx"]
    for path, model in zip(
        paths, pair([], [helper.make_node("Identity", ["r"], ["y"])]), strict=True
    ):
        onnx.save(model, path)
    names = [str(path) for path in paths]
    assert command("verify", *names).exit_code == 1
    assert command("verify", *names, "--task", "depth:0.0").exit_code == 0
    assert command("verify", *names, "--task", "depth:1.0").exit_code == 1
    assert command("verify", *names, "--task", "magic").exit_code == 2


def test_single_sites_are_fed_noise_a_ramp_and_impulses() -> None:
    model = opened(built([resize("half_pixel")], {"x": IMAGE}, ["y"], SIZES))
    cut = one_site(model, 0, (1, 1, 4, 4), (1, 1, 9, 9))
    noise, ramp, impulses = (feeds["x"] for feeds in feeds_of(cut))
    assert noise.min() < 0
    np.testing.assert_allclose(np.diff(ramp, axis=2), 0.25, atol=1e-6)
    assert set(np.unique(impulses)) == {0, 1}


def test_a_site_without_inputs_is_not_cut_out() -> None:
    node = helper.make_node("Upsample", [], [], "up", scales=[1.0, 1.0, 2.0, 2.0])
    graph = helper.make_graph([node], "g", [], [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 7)], ir_version=4)
    result, *_ = SiteCheck(model).results()
    assert result.refused == "node 'up': it has no inputs, or no outputs"
    assert not result.refused_by_runtime


def test_names_that_look_like_markup_are_shown(tmp_path: Path) -> None:
    one, other = pair([], [helper.make_node("Identity", ["r"], ["y"])])
    for model in (one, other):
        model.graph.node[0].name = "[/up]"
    paths = [tmp_path / "a.onnx", tmp_path / "b.onnx"]
    for path, model in zip(paths, (one, other), strict=True):
        onnx.save(model, path)
    result = command("verify", *map(str, paths))
    assert result.exit_code == 1
    assert "[/up] (Resize)" in result.output


class Up(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0)


def test_objects_are_sides_and_stay_as_they_are() -> None:
    module = Up().train()
    model = onnx.load(GOOD)
    assert verify(onnx_ir.from_proto(model), model).equal
    given = VerifySettings(FeedSettings({"x": (1, 2, 4, 4)}))
    assert verify(module, Up(), given).equal
    assert module.training
