"""Fix leaves everything else in a model as it was: what stands around a site, and in its file."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from click.testing import CliRunner
from onnx import FunctionProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
import halfpixel
from halfpixel.checking.check import Settings
from halfpixel.cli.main import cli
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixResult, FixSettings
from halfpixel.intents.policy import parse_policy

Array = np.ndarray[Any, np.dtype[Any]]

RANDOM = np.random.default_rng(3)


def built(  # noqa: PLR0913, PLR0917 - the parts of a model
    nodes: Sequence[NodeProto],
    inputs: dict[str, list[int | str]],
    outputs: Sequence[str],
    constants: dict[str, Sequence[float]],
    opset: int,
    functions: Sequence[FunctionProto] = (),
) -> ModelProto:
    """Return a model of float tensors; an input without a shape is a bool."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [
            helper.make_tensor_value_info(n, TensorProto.FLOAT if s else TensorProto.BOOL, s)
            for n, s in inputs.items()
        ],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
        [numpy_helper.from_array(np.array(v, np.float32), n) for n, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=8)


def ran(model: object, feeds: dict[str, Array]) -> list[Array]:
    """Return what onnxruntime computes, nothing optimised."""
    assert isinstance(model, ModelProto)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = model.SerializeToString()
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return [np.asarray(y) for y in session.run(None, feeds)]


def asked(*policies: str, lower: tuple[tuple[str, str], ...] = ()) -> FixSettings:
    """Return settings that make every fix."""
    expected = tuple(parse_policy(text) for text in policies)
    return FixSettings(Settings(policies=expected, severity="warning"), unsafe=True, lower=lower)


LINEAR = helper.make_node("Resize", ["x", "twice"], ["c"], "linear", mode="linear")
TWICE = (1, 1, 2, 2)


def nearest(name: str, scales: Sequence[float]) -> FunctionProto:
    """Return a local function that resizes, its value called y in all of them."""
    value = numpy_helper.from_array(np.array(scales, np.float32))
    return helper.make_function(
        "local", name, ["x"], ["y"],
        [
            helper.make_node("Constant", [], ["s"], value=value),
            helper.make_node("Resize", ["x", "s"], ["y"], "up", mode="nearest"),
        ],
        [helper.make_opsetid("", 10)],
    )  # fmt: skip


def branch(name: str, source: str, scales: str) -> onnx.GraphProto:
    """Return a branch that resizes to the same lengths, its value called v in both."""
    node = helper.make_node("Resize", [source, scales], ["v"], f"{name}_up", mode="nearest")
    value = helper.make_tensor_value_info("v", TensorProto.FLOAT, [1, 2, 14, 20])
    return helper.make_graph([node], name, [], [value])


def test_a_lift_tells_functions_apart_whose_values_share_a_name() -> None:
    calls = [helper.make_node(n, ["x"], [n.lower()], domain="local") for n in ("A", "B")]
    functions = [nearest("A", (1, 1, 2.5, 3.3)), nearest("B", (1, 1, 0.4, 0.6))]
    shape: list[int | str] = [1, 2, 7, 10]
    model = built([*calls, LINEAR], {"x": shape}, ["a", "b", "c"], {"twice": TWICE}, 10, functions)
    result = fix(model, unsafe_fixes=True, ignore=["nearest*"])
    assert [change.node for change in result.changes] == ["linear"]
    x: Array = RANDOM.random((1, 2, 7, 10), np.float32)
    for old, new in zip(ran(model, {"x": x})[:2], ran(result.model, {"x": x})[:2], strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_lift_tells_branches_apart_whose_values_share_a_name() -> None:
    then, other = branch("t", "x", "twice"), branch("e", "big", "less")
    node = helper.make_node("If", ["p"], ["b"], then_branch=then, else_branch=other)
    shapes: dict[str, list[int | str]] = {"p": [], "x": [1, 2, 7, 10], "big": [1, 2, 35, 50]}
    scales: dict[str, Sequence[float]] = {"twice": TWICE, "less": (1, 1, 0.4, 0.4)}
    model = built([node, LINEAR], shapes, ["b", "c"], scales, 10)
    result = fix(model, unsafe_fixes=True, select=["asymmetric-linear"])
    assert [change.node for change in result.changes] == ["linear"]
    x: Array = RANDOM.random((1, 2, 7, 10), np.float32)
    big: Array = RANDOM.random((1, 2, 35, 50), np.float32)
    for chosen in (True, False):
        feeds: dict[str, Array] = {"p": np.array(chosen), "x": x, "big": big}
        np.testing.assert_array_equal(ran(model, feeds)[0], ran(result.model, feeds)[0])


@pytest.mark.parametrize(
    ("op", "attribute", "value", "fixed"),
    [
        ("LeakyRelu", "alpha", 0.5, 1),
        ("Transpose", "perm", [1, 0], 1),
        ("Softmax", "axis", 1, 1),
        ("Unsqueeze", "axes", [0], 1),
    ],
)
def test_a_lift_keeps_arguments_of_functions(
    op: str, attribute: str, value: float | list[int], fixed: int
) -> None:
    node = helper.make_node(op, ["q"], ["y"])
    like = helper.make_attribute("p", value)
    node.attribute.add(name=attribute, ref_attr_name="p", type=like.type)
    opset = helper.make_opsetid("", 10)
    function = helper.make_function("local", "Fn", ["q"], ["y"], [node], [opset], attributes=["p"])
    call = helper.make_node("Fn", ["q"], ["a"], domain="local", p=value)
    shapes: dict[str, list[int | str]] = {"q": [2, 3], "x": [1, 2, 7, 10]}
    model = built([call, LINEAR], shapes, ["a", "c"], {"twice": TWICE}, 10, [function])
    result = fix(model, unsafe_fixes=True)
    assert len(result.changes) == fixed
    feeds: dict[str, Array] = {
        "q": RANDOM.standard_normal((2, 3), np.float32),
        "x": RANDOM.random((1, 2, 7, 10), np.float32),
    }
    np.testing.assert_array_equal(ran(model, feeds)[0], ran(result.model, feeds)[0])


def test_an_argument_of_a_function_that_a_lift_cannot_keep_declines_it() -> None:
    node = helper.make_node("Unsqueeze", ["q"], ["y"])
    node.attribute.add(name="axes", ref_attr_name="p", type=onnx.AttributeProto.INTS)
    opset = helper.make_opsetid("", 10)
    function = helper.make_function("local", "Fn", ["q"], ["y"], [node], [opset], attributes=["p"])
    call = helper.make_node("Fn", ["q"], ["a"], domain="local", p=[0])
    made = [call, helper.make_node("Resize", ["x", "twice"], ["c"], "cubic_up", mode="linear")]
    shapes: dict[str, list[int | str]] = {"q": [2], "x": [1, 1, 9, 9]}
    model = built(made, shapes, ["a", "c"], {"twice": (1, 1, 0.5, 0.5)}, 10, [function])
    result = fix(model, settings=asked("antialias=true"))
    assert result.changes == () or "opset 10 to 18" not in result.notes


def two_passes() -> ModelProto:
    """Return a model of which each of two passes drops a constant."""
    return built(
        [
            helper.make_node(
                "Resize", ["x", "", "s0"], ["a"], "A",
                mode="linear", coordinate_transformation_mode="half_pixel",
            ),
            helper.make_node("Mul", ["q", "w"], ["c"]),
            helper.make_node(
                "Resize", ["q", "", "s1"], ["b"], "B", mode="cubic",
                coordinate_transformation_mode="align_corners", exclude_outside=1,
            ),
        ],
        {"x": [1, 1, 4, 4], "q": [1, 1, "h", "w_"]},
        ["a", "b", "c"],
        {"s0": TWICE, "w": (3,), "s1": (1, 1, 2.3, 2.3)},
        13,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_two_passes_keep_every_weight(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    onnx.save(two_passes(), path)
    source = two_passes() if kind == "memory" else path
    result = fix(source, settings=asked(lower=(("A", "matmul"),)))
    assert {change.node for change in result.changes} == {"A", "B"}
    assert isinstance(result.model, ModelProto)
    assert "w" in {tensor.name for tensor in result.model.graph.initializer}
    q: Array = RANDOM.random((1, 1, 4, 4), np.float32)
    np.testing.assert_array_equal(ran(result.model, {"x": q, "q": q})[2], 3 * q)
    result.save(tmp_path / "out.onnx")
    assert onnx.load(tmp_path / "out.onnx").graph.initializer == result.model.graph.initializer


def test_two_passes_in_a_subgraph_compose(tmp_path: Path) -> None:
    def body(name: str) -> onnx.GraphProto:
        node = helper.make_node(
            "Resize", ["x", "", "twice"], [f"{name}_y"], f"{name}_up",
            mode="cubic", coordinate_transformation_mode="asymmetric", exclude_outside=1,
        )  # fmt: skip
        value = helper.make_tensor_value_info(f"{name}_y", TensorProto.FLOAT, None)
        return helper.make_graph([node], name, [], [value])

    node = helper.make_node("If", ["p"], ["y"], then_branch=body("t"), else_branch=body("e"))
    model = built([node], {"p": [], "x": [1, 1, 5, 5]}, ["y"], {"twice": TWICE}, 13)
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    result = fix(path, unsafe_fixes=True)
    assert result.error is None
    assert {change.node for change in result.changes} == {"t_up", "e_up"}
    assert len(result.changes) > 2
    result.save(tmp_path / "out.onnx")
    assert halfpixel.check(tmp_path / "out.onnx").count("warning") == 0


def test_a_nearest_resize_that_becomes_two_does_not_stop_other_fixes() -> None:
    mixed = helper.make_node("Resize", ["x", "mixed"], ["d"], "mixed_up", mode="nearest")
    scales: dict[str, Sequence[float]] = {"twice": TWICE, "mixed": (1, 1, 2, 0.5)}
    model = built([LINEAR, mixed], {"x": [1, 2, 7, 10]}, ["c", "d"], scales, 10)
    result = fix(model, unsafe_fixes=True, select=["asymmetric-linear"])
    assert [change.node for change in result.changes] == ["linear"]
    x: Array = RANDOM.random((1, 2, 7, 10), np.float32)
    np.testing.assert_array_equal(ran(model, {"x": x})[1], ran(result.model, {"x": x})[1])


@pytest.mark.parametrize("corners", ["true", "false"])
@pytest.mark.parametrize("lengths", [["h", "w"], [4, 5]], ids=["free", "fixed"])
def test_a_policy_for_channels_last_keeps_its_axes(corners: str, lengths: list[int | str]) -> None:
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], "up",
        mode="linear", coordinate_transformation_mode="asymmetric",
    )  # fmt: skip
    model = built([node], {"x": [1, *lengths, 3]}, ["y"], {"s": (1, 2, 2, 1)}, 13)
    result = fix(model, settings=asked(f"align_corners={corners}"))
    assert result.changes
    x: Array = RANDOM.random((1, 4, 5, 3), np.float32)
    image = torch.from_numpy(x).permute(0, 3, 1, 2)
    aligned = corners == "true"
    meant = F.interpolate(image, scale_factor=2.0, mode="bilinear", align_corners=aligned)
    expected = meant.permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(ran(result.model, {"x": x})[0], expected, atol=1e-5)


@pytest.mark.parametrize("factor", [0.7, 1.7, 2.3])
def test_a_policy_changes_no_output_length(factor: float) -> None:
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], "up",
        mode="linear", coordinate_transformation_mode="asymmetric",
    )  # fmt: skip
    shape: list[int | str] = [1, 1, "h", "w"]
    model = built([node], {"x": shape}, ["y"], {"s": (1, 1, factor, factor)}, 13)
    result = fix(model, settings=asked("align_corners=false"))
    for length in range(3, 40):
        x: Array = RANDOM.random((1, 1, length, length), np.float32)
        image = torch.from_numpy(x)
        expected = F.interpolate(image, scale_factor=factor, mode="bilinear", align_corners=False)
        (found,) = ran(result.model, {"x": x})
        if ran(model, {"x": x})[0].shape == tuple(expected.shape):
            np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("width", [3, "w"])
@pytest.mark.parametrize("newest", [7, None])
def test_nearest_takes_every_pixel_twice_where_the_length_doubles(
    width: int | str, newest: int | None
) -> None:
    node = helper.make_node(
        "Upsample", ["x"], ["y"], "up", mode="nearest", scales=[1.0, 1.0, 1.0, 2.3]
    )
    model = built([node], {"x": [1, 1, 1, width]}, ["y"], {}, 7)
    settings = asked("mode=nearest")
    result = fix(model, settings=FixSettings(settings.check, unsafe=True, max_opset=newest))
    if not result.changes:
        assert (width, newest) == ("w", 7)
        return
    for length in (3,) if width == 3 else range(2, 12):
        x: Array = np.arange(length, dtype=np.float32).reshape(1, 1, 1, length)
        expected = F.interpolate(torch.from_numpy(x), scale_factor=(1, 2.3), mode="nearest")
        np.testing.assert_array_equal(ran(result.model, {"x": x})[0], expected.numpy())


def test_a_resize_that_moves_no_axis_is_not_lowered() -> None:
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], "up", mode="linear")
    model = built([node], {"x": [1, 1, 4, 4]}, ["y"], {"s": (1, 1, 1, 1)}, 13)
    result = fix(model, lower={"up": "resize"}, ignore=["*"])
    assert [declined.reason for declined in result.declined] == ["it resamples no axis"]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("mode=magic", "mode is 'magic', expected one of nearest"),
        ("mode=nearest,align_corners=true", "mode 'nearest' has no align_corners"),
        ("mode=trilinear,antialias=true", "mode 'trilinear' has no antialias"),
    ],
)
def test_a_call_that_pytorch_refuses_is_not_expected(policy: str, reason: str) -> None:
    result = CliRunner().invoke(cli, ["check", str(models.MISMATCHES), "--expect", policy])
    assert result.exit_code == 2
    assert reason in result.output


def wrong(path: Path) -> Path:
    """Write a model whose weight lies in `w.bin` beside it, and that has something to fix."""
    model = onnx.load(models.MISMATCHES / "A3.onnx")
    model.graph.initializer.append(numpy_helper.from_array(np.ones(900, np.float32), "w"))
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=1024)
    return path


def saved(result: FixResult, target: Path) -> str:
    """Return why a result cannot be written."""
    with pytest.raises(halfpixel.HalfpixelError) as caught:
        result.save(target)
    return str(caught.value)


def test_the_result_does_not_replace_the_models_own_data(tmp_path: Path) -> None:
    path = wrong(tmp_path / "m.onnx")
    before = (tmp_path / "w.bin").read_bytes()
    assert "external data 'w.bin' lies" in saved(fix(path), tmp_path / "w.bin")
    other = tmp_path / "other"
    other.mkdir()
    assert "external data 'w.bin' lies" in saved(fix(path), other / "w.bin")
    assert list(other.iterdir()) == []
    assert (tmp_path / "w.bin").read_bytes() == before


def test_data_that_was_copied_goes_where_the_model_cannot_be_written(tmp_path: Path) -> None:
    path = wrong(tmp_path / "m.onnx")
    other = tmp_path / "other"
    (other / "m.onnx").mkdir(parents=True)
    assert "not a regular file" in saved(fix(path), other / "m.onnx")
    assert [p.name for p in other.iterdir()] == ["m.onnx"]


def test_data_in_the_models_own_file_is_not_moved_under_it(tmp_path: Path) -> None:
    path = wrong(tmp_path / "m.onnx")
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[-1].external_data:
        if entry.key == "location":
            entry.value = "m.onnx"
    path.write_bytes(model.SerializeToString())
    assert "lies in the model's own file" in saved(fix(path), path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_only_a_file_is_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    result = fix(models.MISMATCHES / "A3.onnx")
    assert "not a regular file" in saved(result, pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes((models.MISMATCHES / "A3.onnx").read_bytes())
    path.chmod(0o444)
    assert "read-only" in saved(fix(path), path)
    path.chmod(0o644)
    fix(path).save(path)


def test_a_source_that_is_gone_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    for name in ("A3", "B4"):
        path.write_bytes((models.MISMATCHES / f"{name}.onnx").read_bytes())
        result = fix(path)
        path.unlink()
        assert "no such file" in saved(result, tmp_path / "out.onnx")
        with pytest.raises(halfpixel.HalfpixelError, match="no such file"):
            _ = result.model


@pytest.mark.parametrize("over", [-50, 50, 1 << 20])
def test_a_file_that_outgrows_what_is_read_whole_is_fixed(over: int, tmp_path: Path) -> None:
    model = onnx.load(models.MISMATCHES / "A3.onnx")
    size = (1 << 24) + over - model.ByteSize() - 100
    model.graph.initializer.append(numpy_helper.from_array(np.ones(size, np.uint8), "w"))
    model.graph.node.append(helper.make_node("Identity", ["w"], ["v"]))
    model.graph.output.append(helper.make_tensor_value_info("v", TensorProto.UINT8, [size]))
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    for lower in ({}, {"node_*": "matmul"}):
        fix(path, lower=lower).save(tmp_path / "out.onnx")
        assert halfpixel.check(tmp_path / "out.onnx").count("error") == 0


def test_large_new_constants_in_a_large_file_read_back(tmp_path: Path) -> None:
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], "up",
        mode="linear", coordinate_transformation_mode="half_pixel",
    )  # fmt: skip
    weights: Sequence[float] = list(range(5_000_000))
    model = built([node], {"x": [1, 1, 64, 64]}, ["y"], {"s": TWICE, "w": weights}, 13)
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    result = fix(path, lower={"up": "matmul"})
    result.save(tmp_path / "out.onnx")
    x: Array = RANDOM.random((1, 1, 64, 64), np.float32)
    found = ran(onnx.load(tmp_path / "out.onnx"), {"x": x})
    np.testing.assert_allclose(found[0], ran(model, {"x": x})[0], atol=1e-5)


def test_a_zero_output_length_is_told_as_such() -> None:
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], "down", mode="linear")
    model = built([node], {"x": [1, 1, 4, 4]}, ["y"], {"s": (1, 1, 0.1, 0.1)}, 13)
    (finding,) = halfpixel.check(model).findings
    assert finding.finding.message == "output length 0 along axis 2, expected at least 1"


def test_an_expectation_that_holds_keeps_what_is_recorded() -> None:
    path = models.MISMATCHES / "A3.onnx"
    plain = halfpixel.check(path).findings
    expected = halfpixel.check(path, expect=["align_corners=false"]).findings
    assert [one.finding for one in expected] == [one.finding for one in plain]
    (change,) = fix(path, expect=["antialias=false"]).changes
    assert "scales 1, 1, 0.5, 0.5" in change.text


def test_an_expectation_for_no_node_is_a_wrong_option() -> None:
    path = str(models.MISMATCHES / "A3.onnx")
    for command in (["check", path], ["fix", path, "--diff"]):
        result = CliRunner().invoke(cli, [*command, "--expect", "nope:align_corners=false"])
        assert result.exit_code == 2
        assert "no such node; there are: node__upsample_bilinear2d_aa" in result.output


def test_a_folder_may_be_fixed_again(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes((models.MISMATCHES / "A3.onnx").read_bytes())
    run = CliRunner().invoke
    assert run(cli, ["fix", str(tmp_path), str(path)]).exit_code == 0
    again = run(cli, ["check", "--fix", "--force", str(tmp_path)])
    assert again.exit_code == 0
    assert "m.fixed.fixed" not in again.output
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx", "m.fixed.onnx"}
    assert run(cli, ["fix", str(path), "--lower", "no=matmul", "--force"]).exit_code == 1


def test_a_source_that_changed_is_not_mixed_with_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes((models.MISMATCHES / "A3.onnx").read_bytes())
    result = fix(path)
    result.save(path)
    assert "changed since it was read" in saved(result, tmp_path / "out.onnx")


def test_a_policy_for_aligned_corners_speaks_of_coordinates() -> None:
    path = models.CORPUS / "bilinear_x2_ac0-t1.12.1-o16.onnx"
    (one,) = halfpixel.check(path, expect=["align_corners=true"], severity="error").findings
    assert one.rule.name == "differs-from-intent"


def test_the_diff_defines_every_constant_that_it_reads() -> None:
    (change, *_) = fix(models.MISMATCHES / "B1.onnx", expect=["align_corners=false"]).changes
    read = [line.split(": ")[1] for line in change.after if line.startswith("  input")]
    made = {line.split(" = ")[0] for line in change.after}
    assert {name for name in read if "halfpixel" in name} <= made
