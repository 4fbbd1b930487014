"""`--shape`: a model is judged at given lengths of its inputs, and fixed for all others too."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper

import example_models as models
from halfpixel.checking.check import Settings, check, opened
from halfpixel.checking.shapes import sites_at
from halfpixel.cli.main import cli
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings

Array = np.ndarray[Any, np.dtype[Any]]
NEAREST: Final = {
    "mode": "nearest",
    "coordinate_transformation_mode": "asymmetric",
    "nearest_mode": "floor",
}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def strided(factor: float, *, declared: str = "h") -> onnx.ModelProto:
    """Return a convolution of stride 2 and a resize by a factor, of an image of free lengths."""
    nodes = [
        helper.make_node("Conv", ["x", "weight"], ["c"], name="conv", strides=[2, 2]),
        helper.make_node("Resize", ["c", "", "factors"], ["y"], name="up", **NEAREST),
    ]
    graph = helper.make_graph(
        nodes,
        "main_graph",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, declared, "w"]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["n", 1, declared, "w"]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1, "a", "b"])],
        [
            numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "weight"),
            numpy_helper.from_array(np.array([1, 1, factor, factor], np.float32), "factors"),
        ],
        value_info=[helper.make_tensor_value_info("c", TensorProto.FLOAT, ["n", 1, "c", "d"])],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9,
        producer_name="pytorch", producer_version="2.4.0",
    )  # fmt: skip


def settings(*shape: int) -> Settings:
    return Settings(shapes={"x": shape})


@pytest.mark.parametrize("shape", [(1, 1, 33, 64), (2, 1, 9, 131)])
def test_lengths_inside_are_those_that_onnxruntime_computes(shape: tuple[int, ...]) -> None:
    model = strided(0.6)
    (site,) = sites_at(opened(model), {"x": shape})
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feeds: dict[str, Array] = dict.fromkeys(("x", "mask"), np.zeros(shape, np.float32))
    made = np.asarray(session.run(None, feeds)[0])
    assert site.output_shape == made.shape
    (free,) = opened(model).sites
    assert free.output_shape != made.shape


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ((33, 33), []),  # 16 pixels: PyTorch and onnxruntime read the same
        ((35, 33), ["at length 17 to 10"]),
    ],
)
def test_rules_judge_at_the_lengths_that_are_given(
    lengths: tuple[int, int], said: list[str]
) -> None:
    (free,) = check(strided(0.6)).findings
    assert "240 of the first 256 lengths" in free.finding.message
    report = check(strided(0.6), Settings(severity="warning", shapes={"x": (1, 1, *lengths)}))
    assert [one.rule.name for one in report.findings] == ["nearest-off-by-one"] * len(said)
    for one, text in zip(report.findings, said, strict=True):
        assert text in one.finding.message


def test_a_fix_holds_at_the_lengths_that_were_not_given() -> None:
    """The fix of a free axis is written, and not the pixels of the one length."""
    model = strided(0.6)
    found = fix(model, settings=FixSettings(settings(1, 1, 35, 64), unsafe=True))
    assert found.changed
    free = fix(model, unsafe_fixes=True)
    assert isinstance(found.model, onnx.ModelProto)
    assert isinstance(free.model, onnx.ModelProto)
    assert found.model.graph.node == free.model.graph.node


def test_what_can_be_written_at_the_given_lengths_alone_is_not_written() -> None:
    """antialias with align_corners is two constant products, which a free length has not."""
    model = onnx.load(models.MISMATCHES / "A1.onnx")
    assert check(model).findings[0].words
    lengths = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if axis > 1:
                dim.dim_param = f"{value.name}{axis}"
    (found,) = check(model, Settings(shapes={model.graph.input[0].name: tuple(lengths)})).findings
    assert (found.finding.severity, found.finding.fix, found.words) == ("error", None, "")
    assert found.finding.declined


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("q=1x1x64x64", "no such input; there are: x, mask"),
        ("x=1,1,64", "input 'x' has 4 axes: nx1xhxw"),
        ("x=1x4x64x64", "axis 1 of input 'x' is 1: nx1xhxw"),
        ("x=1x1x0x64", "expected NAME=1x3x64x64"),
        ("x", "expected NAME=1x3x64x64"),
    ],
)
def test_a_shape_that_inputs_cannot_have_is_one_line(tmp_path: Path, shape: str, told: str) -> None:
    path, wrong = tmp_path / "a.onnx", tmp_path / "b.onnx"
    onnx.save(strided(0.6), path)
    onnx.save(strided(0.6), wrong)
    for arguments in (
        ("check", path),
        ("check", "--fix", path, wrong),
        ("fix", "--unsafe-fixes", path, wrong),
        ("explain", path),
        ("verify", path),
    ):
        result = run(*arguments, "--shape", shape)
        assert result.exit_code == 2
        assert told in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert result.stdout == ""
    assert sorted(tmp_path.iterdir()) == [path, wrong]


def test_the_commands_take_the_same_option(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(strided(0.6), path)
    shape = ("--shape", "x=1,1,35,33")
    assert "1x1x17x16 -> 1x1x10x9" in run("check", path, *shape).stdout
    assert "at length 17 to 10" in run("explain", path, *shape).stdout
    assert "1x1x17x16" in run("verify", path, *shape).stdout
    asked = ("fix", path, "--unsafe-fixes", "--diff", "--shape")
    assert "1 fixed" in run(*asked, "x=1,1,35,33").output
    assert "0 fixed, 0 declined" in run(*asked, "x=1,1,33,33").output
    for subject in ("half-precision-grid", "F.interpolate(x, scale_factor=2)"):
        result = run("explain", subject, *shape)
        assert (result.exit_code, "--shape is for a model" in result.stderr) == (2, True)


@pytest.mark.parametrize("factor", [0.1, 0.4, 0.6])
def test_a_site_is_run_at_lengths_of_which_its_factor_leaves_something(
    tmp_path: Path, factor: float
) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(strided(factor), path)
    result = run("verify", path)
    assert "3 of 3 runs of single sites equal" in result.stdout
    assert "n_out" not in result.output
