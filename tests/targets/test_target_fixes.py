"""What is written for a target, what is advised, and what its page says."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from onnx import ModelProto, helper, save

import example_models as models
import halfpixel
from halfpixel.checking.check import Settings, check
from halfpixel.cli.main import cli
from halfpixel.fixing.fix import fix
from halfpixel.sampling import Linear, Nearest, Resize, Sampling
from halfpixel.site import Attribute, Operation
from halfpixel.targets.advice import lowering, other_attributes
from halfpixel.targets.target import load_target, names
from target_nodes import DOWN, grid, node, resize

ROOT = Path(__file__).parents[2]


# -- what runs instead


INSTEAD: tuple[tuple[str, Operation, str | None], ...] = (
    ("tensorrt", resize(node("linear", "half_pixel_symmetric")),
     "coordinate_transformation_mode=half_pixel"),
    ("tensorrt", resize(node("linear", "half_pixel", antialias=1)), "antialias=0"),
    ("tensorrt", resize(node("linear", "half_pixel", antialias=1), DOWN), None),
    ("onnxruntime-qnn", resize(node("nearest", "half_pixel", "floor"), DOWN),
     "coordinate_transformation_mode=asymmetric"),
    ("onnxruntime-coreml-mlprogram", resize(node("nearest", "half_pixel", "round_prefer_ceil")),
     "coordinate_transformation_mode=asymmetric, nearest_mode=floor"),
    ("onnxruntime-cpu", resize(node("linear", "half_pixel"), dtype="float64"), None),
    ("tensorrt", grid(20, "linear"), None),
    ("tensorrt", resize({"mode": "linear"}, opset=10, by="scales"), None),
    ("tensorrt", resize(node("linear", "half_pixel_symmetric"), ((400, 400), (800, 800))), None),
)  # fmt: skip


@pytest.mark.parametrize(("name", "operation", "text"), INSTEAD)
def test_other_attributes_are_proven(name: str, operation: Operation, text: str | None) -> None:
    found = other_attributes(operation, load_target(name))
    assert (None if found is None else found.text) == text


def test_other_operators_follow_the_kernel() -> None:
    nearest = Resize(((2, Sampling("asymmetric", Nearest("floor"))),))
    linear = Resize(((2, Sampling("asymmetric", Linear())),))
    assert lowering(Operation("Resize", 13, {}, nearest)) == "gather"
    assert lowering(Operation("Resize", 13, {}, linear)) == "matmul"


def model_with(**given: Attribute) -> ModelProto:
    """Return a model of one Resize, with an IR version that every runtime reads."""
    model = models.model([models.resize(attributes=given)])  # type: ignore[arg-type]
    model.ir_version = 9
    return model


def test_fix_writes_what_a_target_takes(tmp_path: Path) -> None:
    path, out = tmp_path / "model.onnx", tmp_path / "fixed.onnx"
    save(model_with(coordinate_transformation_mode="half_pixel_symmetric"), path)
    arguments = ["fix", str(path), "--target", "tensorrt", "-o", str(out)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    (site,) = halfpixel.sites(out)
    assert site.operation.attributes["coordinate_transformation_mode"] == "half_pixel"
    assert not check(out, Settings(targets=("tensorrt",))).findings
    again = CliRunner().invoke(cli, ["check", "--fix", "--target", "tensorrt", str(path)])
    assert again.exit_code == 0, again.output
    assert "1 fixed" in again.output


def test_a_fix_leaves_a_node_that_no_attribute_helps() -> None:
    settings = Settings(targets=("tensorrt",), select=("target-*",))
    model = model_with(coordinate_transformation_mode="tf_crop_and_resize")
    model.graph.node[0].input[1] = "roi"
    model.graph.initializer.append(
        helper.make_tensor("roi", 1, [8], [0, 0, 0.1, 0.1, 1, 1, 0.8, 0.8])
    )
    (one,) = check(model, settings).findings
    assert one.finding.fix is None
    assert "--lower NODE=matmul" in one.finding.declined
    assert fix(model, settings=None).changes == ()


# -- the command


def test_several_targets_at_once(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    save(model_with(coordinate_transformation_mode="half_pixel_symmetric"), path)
    chosen = ["--target", "tensorrt", "--target", "onnxruntime-cuda", "--target", "coreml-ios15"]
    result = CliRunner().invoke(cli, ["check", *chosen, str(path)])
    assert result.exit_code == 1
    for line in (
        "  on     tensorrt: refused",
        "  on     onnxruntime-cuda: native",
        "  on     coreml-ios15: native",
        "tensorrt refuses it: the coordinate_transformation_mode (assumed, not proven)",
        "fix (safe): set coordinate_transformation_mode=half_pixel",
    ):
        assert line in result.output
    read = CliRunner().invoke(cli, ["check", *chosen, "--output-format", "json", str(path)])
    said = json.loads(read.output)["files"][0]["sites"][0]["targets"]["tensorrt"]
    assert said["verdict"] == "refused"
    assert said["how"] == "source"
    assert "onnxOpCheckers.cpp" in said["source"]


def test_an_unknown_target_lists_the_known() -> None:
    result = CliRunner().invoke(cli, ["check", "--target", "toaster", "model.onnx"])
    assert result.exit_code == 2
    assert all(name in result.output for name in names())


# -- the page


def test_the_page_is_up_to_date_and_holds_every_row() -> None:
    page = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
    assert page == _build().PAGES["targets.md"](), "run: python docs/build.py"
    for name in names():
        assert f"## {name}" in page
        for row in load_target(name).rows:
            assert row.source in page
            assert all(report in page for report in row.reports)


def _build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
