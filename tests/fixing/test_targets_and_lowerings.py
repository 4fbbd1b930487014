"""What becomes of a target's refusal, and of --lower, when both are asked for."""

from pathlib import Path
from typing import Final

import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto

import example_models as models
from coreml_programs import Op, package
from halfpixel.checking.check import Settings
from halfpixel.checking.result import SiteFinding
from halfpixel.cli.main import cli
from halfpixel.fixing.fix import fix
from halfpixel.fixing.lowered import outlives
from halfpixel.fixing.result import FixSettings
from halfpixel.rule import Finding, Fix, example_resize, example_site, load_rules
from halfpixel.sampling import Linear, Sampling

UP: Final = "bilinear_x2_ac0-t2.13.0d-o20.onnx"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def asked(target: str, kind: str, pattern: str = "*") -> FixSettings:
    settings = Settings(severity="warning", targets=(target,))
    return FixSettings(settings, lower=((pattern, kind),))


def float64_resize() -> onnx.ModelProto:
    node = models.resize(attributes={"mode": "linear"})
    made = models.model([node], (1, 1, 4, 4), [models.scales(1, 1, 2, 2)], 18)
    made.ir_version = 9
    for value in (*made.graph.input, *made.graph.output):
        value.type.tensor_type.elem_type = TensorProto.DOUBLE
    return made


def test_a_lowering_that_a_target_takes_leaves_no_refusal() -> None:
    """The advice of the target's rule is --lower: where it was followed, nothing is declined."""
    before = fix(float64_resize(), settings=FixSettings(asked("onnxruntime-cpu", "").check))
    assert [one.why for one in before.declined] == ["target-refuses"]
    found = fix(float64_resize(), settings=asked("onnxruntime-cpu", "matmul"))
    assert [one.why for one in found.changes] == ["--lower matmul"]
    assert found.declined == ()
    assert found.report is not None
    assert found.report.findings == ()


def test_a_lowering_leaves_what_is_said_of_the_samples(tmp_path: Path) -> None:
    """Other operators read the same samples: the finding stays, and the exit code says so."""
    out = tmp_path / "out.onnx"
    wrong, lower = models.MISMATCHES / "B1.onnx", ("--lower", "*=matmul", "-o", out)
    found = fix(wrong, lower={"*": "matmul"})
    assert [one.why for one in found.changes] == ["--lower matmul"]
    assert found.report is not None
    assert [one.rule.name for one in found.report.findings] == ["asymmetric-linear"]
    told = run("fix", wrong, *lower)
    assert (told.exit_code, "1 fixed, 1 declined" in told.stdout) == (1, True)
    assert run("fix", wrong, *lower, "--unsafe-fixes").exit_code == 0


def test_a_lowering_leaves_nothing_that_is_said_of_the_operator() -> None:
    operator = example_resize(Sampling("half_pixel", Linear()))
    said = Finding("the runtime has no such kernel", "error", "simulated", declined="none")
    fixed = Finding("the operator is deprecated", "error", "proven", Fix("safe", operator))
    meant = Finding("another call was meant", "warning", "recorded", declined="none")
    site = example_site("Resize", operator)
    rule = load_rules()[0]
    left = [outlives(SiteFinding(rule, site, one)) for one in (said, fixed, meant)]
    assert left == [False, False, True]


def test_a_lowering_that_fails_leaves_the_refusal() -> None:
    found = fix(float64_resize(), settings=asked("onnxruntime-cpu", "gather"))
    assert {one.why for one in found.declined} == {"target-refuses", "--lower gather"}
    assert found.changes == ()


def test_a_model_that_is_refused_as_a_whole_stays_refused(tmp_path: Path) -> None:
    """No other operators take a model of iOS 17 to iOS 16."""
    path, out = tmp_path / "a.mlpackage", tmp_path / "b.mlpackage"
    given = {"align_corners": False, "scale_factor_height": 2.0, "scale_factor_width": 2.0}
    up = Op("upsample_bilinear", {"x": "%x", **given}, [("y", "float32", (1, 2, 10, 14))], "up")
    inputs = {"x": ("float32", (1, 2, 5, 7))}
    package(path, inputs, [up], ["y"], 8)
    told = run("check", path, "--target", "coreml-ios16").stdout
    assert "the model is of specification 8" in told
    assert "--lower" not in told
    wanted = ("fix", path, "-o", out, "--target", "coreml-ios16", "--lower", "up=matmul")
    found = run(*wanted)
    assert found.exit_code == 1
    assert "--lower matmul: written as 2 matmul" in found.stdout
    assert "target-refuses: declined: it is the model that is refused" in found.stdout
    assert run("fix", path, "-o", out, "--target", "coreml-ios17").exit_code == 0


@pytest.mark.parametrize(
    "option", [("--lower", "nothing=matmul"), ("--expect", "nothing:mode=nearest")]
)
def test_a_node_that_no_model_has_is_told_alike(tmp_path: Path, option: tuple[str, str]) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes((models.CORPUS / UP).read_bytes())
    result = run("fix", path, "--unsafe-fixes", *option)
    assert result.exit_code == 2
    told = f"{option[0]} {option[1]!r}: no such node; there are: node_upsample_bilinear2d"
    assert result.stderr == f"halfpixel: {told}\n"
    assert list(tmp_path.iterdir()) == [path]
