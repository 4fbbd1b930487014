"""halfpixel compare: exit codes, nodes of models, formats, pictures."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper, numpy_helper

import example_models as models
from golden.readers import CHECKS, check_json
from halfpixel.cli.main import cli
from halfpixel.cli.output import FORMATS

UP = "F.interpolate(x, scale_factor=2, mode='bilinear')"
SHIFTED = "tf.compat.v1.image.resize_bilinear(x, size)"
MLPACKAGE = models.MODELS / "coreml" / "interpolate" / "nearest-6x10-to-9x7-ios15.mlpackage"


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(cli, ["compare", *map(str, arguments)])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a model of two resizes, one of whose names has colons and slashes."""
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    nodes = [
        helper.make_node("Resize", [x, "", "scales"], [y], name, mode="linear",
                         coordinate_transformation_mode=rule)
        for x, y, name, rule in (
            ("x", "m", "head/up:0:resize (1)", "half_pixel"), ("m", "y", "up", "asymmetric"),
        )
    ]  # fmt: skip
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, "h", "w"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], [scales])
    path = tmp_path / "a:b" / "model:1.onnx"
    path.parent.mkdir()
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


def test_a_node_is_named_whatever_its_name_holds(model: Path) -> None:
    found = run(f"{model}:head/up:0:resize (1)", UP)
    assert found.exit_code == 0, found.output
    assert "equal at every length: the same formulas" in found.output
    found = run(f"{model}:up", UP)
    assert found.exit_code == 1, found.output
    assert "samples are up to 0.25 input px apart" in found.output
    found = run(UP, f"{model}:up")
    assert "b as a: Resize(mode=linear, coordinate_transformation_mode=half_pixel" in found.output


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("{}", "2 resampling nodes, expected one; name one, as"),
        ("{}:upp", "no resampling node is called 'upp'; did you mean 'up'?"),
        ("{}.no:up", "is no model file and no call"),
    ],
)
def test_a_node_that_is_not_there_is_told(model: Path, subject: str, words: str) -> None:
    found = run(subject.replace("{}", str(model)), UP)
    assert found.exit_code == 2
    assert words in " ".join(found.output.split())


def test_a_model_of_one_site_needs_no_name() -> None:
    found = run(MLPACKAGE, "F.interpolate(x, size=(9, 7), mode='nearest')")
    assert found.exit_code == 0, found.output
    assert "equal at width 10 to 7, height 6 to 9, and at every length: the" in found.output
    found = run(MLPACKAGE, "F.interpolate(x, size=(9, 7), mode='nearest')", "--size", "10x9")
    assert found.exit_code == 2
    assert "an input length of 9 is asked for, and the model's is 6" in found.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((UP, "cv2.resize(x, None, fx=2, fy=2)"), 0),
        ((UP, SHIFTED), 1),
        ((UP, "F.avg_pool2d(x, 2)", "--size", "4"), 1),
        ((UP, "F.grid_sample(x, grid)"), 2),
        ((UP, "F.interpolate(x, size=(4, 4, 4))"), 2),
        ((UP, "cv2.resize(x)"), 2),
        ((UP, SHIFTED, "--size", "4:9"), 2),
    ],
)
def test_exit_codes(arguments: tuple[str, ...], code: int) -> None:
    assert run(*arguments).exit_code == code


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read_back(form: str, tmp_path: Path) -> None:
    printed = run(UP, SHIFTED, "--output-format", form)
    assert printed.exit_code == 1
    CHECKS[form](printed.stdout)
    file = tmp_path / "report"
    written = run(UP, SHIFTED, "--output-format", form, "-o", file)
    assert (written.exit_code, written.stdout) == (1, "")
    CHECKS[form](file.read_text(encoding="utf-8"))


SIDES = [
    (UP, SHIFTED),
    (UP, UP),
    ("F.grid_sample(x, g)", "GridSample(align_corners=1)"),
    ("F.avg_pool2d(x, 3)", UP),
    (
        "F.interpolate(x, size=(224, 112))",
        "cv2.resize(x, (112, 224), interpolation=cv2.INTER_AREA)",
    ),
    (str(MLPACKAGE), "F.interpolate(x, scale_factor=1.7)"),
]


@pytest.mark.parametrize("sides", SIDES)
def test_json_has_the_fields_of_its_schema(sides: tuple[str, str]) -> None:
    found = run(*sides, "--output-format", "json")
    check_json(found.stdout, strict=True)
    body = json.loads(found.stdout)
    assert body["verdict"] == {0: "equal", 1: "different", 2: "open"}[found.exit_code]


def test_what_has_no_picture_is_told(tmp_path: Path) -> None:
    found = run("F.avg_pool2d(x, 3)", UP, "-o", tmp_path / "two.svg")
    assert found.exit_code == 2
    assert "F.avg_pool2d(x, 3): cannot be drawn" in found.output
    assert "length 3 becomes 1 in a and 6 in b" in found.output


@pytest.mark.parametrize("sides", [one for one in SIDES if "avg_pool" not in one[0]])
def test_a_picture_stands_beside_the_words(sides: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "two.svg"
    found = run(*sides, "-o", file)
    assert found.output == run(*sides).output
    assert file.read_text(encoding="utf-8").startswith("<svg ")


def test_a_page_has_the_words_and_the_playground(tmp_path: Path) -> None:
    file = tmp_path / "two.html"
    assert run(UP, SHIFTED, "-o", file).exit_code == 1
    text = file.read_text(encoding="utf-8")
    assert "samples are up to 0.25 input px apart" in text
    assert "playground" in text
