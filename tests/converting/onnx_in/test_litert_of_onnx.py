"""ONNX models on their way to LiteRT: by onnx2tf, mended by the model's own sites, and run."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

from halfpixel.cli.main import cli
from halfpixel.converting.convert import convert
from halfpixel.converting.result import Conversion
from halfpixel.errors import UsageError
from litert_files.converter import FILES, weights_of

Options = dict[str, Any]
SHAPE = (1, 3, 7, 10)
PROGRAM = """
import os, pathlib, shutil, sys
given, out = sys.argv[sys.argv.index("-i") + 1], sys.argv[sys.argv.index("-o") + 1]
assert os.path.exists("calibration_image_sample_data_20x128x128x3_float32.npy")
log = pathlib.Path(os.environ["STAND_IN"])
number = len(list(log.glob("*.onnx")))
shutil.copy(given, log / f"{number}.onnx")
open(given, "wb").write(b"written over")
answers = sorted(log.glob("*.answer"))
answer = answers[min(number, len(answers) - 1)].read_text().split()
if answer[0] == "refuse":
    print("\\x1b[31mERROR:\\x1b[0m " + " ".join(answer[1:]))
    print("ERROR: input_onnx_file_path: model.onnx")
    sys.exit(1)
os.mkdir(out)
shutil.copy(answer[0], os.path.join(out, "model_float32.tflite"))
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand for onnx2tf: a folder of answers, and of the models that it was given."""
    library, log = tmp_path / "library", tmp_path / "log"
    (library / "onnx2tf").mkdir(parents=True)
    log.mkdir()
    (library / "onnx2tf/__init__.py").write_text("")
    (library / "onnx2tf/__main__.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(library)
    monkeypatch.setenv("PYTHONPATH", str(library))
    monkeypatch.setenv("STAND_IN", str(log))
    return log


def answer(log: Path, *texts: str) -> None:
    """Have these answers: a file of `models/litert`, or a refusal."""
    for number, text in enumerate(texts):
        told = text if text.startswith("refuse") else str(FILES / f"{text}.tflite")
        (log / f"{number}.answer").write_text(told)


def network(path: Path, name: str, *, free: bool = False, **attributes: Any) -> Path:  # noqa: ANN401 - a node's own
    """Write the ONNX model of a file of `models/litert`: a 1x1 convolution, and a Resize."""
    weight, bias = weights_of(name)
    lengths = attributes.pop("lengths")
    said = np.asarray(lengths, np.int64 if isinstance(lengths[0], int) else np.float32)
    given = ["c", "", "", "lengths"] if said.dtype == np.int64 else ["c", "", "lengths"]
    shape: list[str | int] = [1, 3, "h", "w"] if free else [*SHAPE]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "weight", "bias"], ["c"], name="conv"),
            helper.make_node("Resize", given, ["y"], name="up", **attributes),
        ],
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(bias, "bias"),
            numpy_helper.from_array(said, "lengths"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.save(model, path)
    return path


NEAREST: Options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric",
           "nearest_mode": "floor", "lengths": (1, 3, 3, 5)}  # fmt: skip
FACTOR: Options = {"mode": "linear", "coordinate_transformation_mode": "half_pixel",
          "lengths": (1.0, 1.0, 1.7, 1.7)}  # fmt: skip


def converted(path: Path, target: Path) -> Conversion:
    return convert(path, target, inputs=["1x3x7x10"])


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize(
    ("name", "given", "change"),
    [
        ("torch_nearest_7x10_3x5", NEAREST, "half_pixel_centers=False"),
        ("torch_bilinear_ac0_by1.7", FACTOR, "written as 2 BATCH_MATMUL"),
    ],
)
def test_what_onnx2tf_lost_is_written_again(
    name: str, given: Options, change: str, *, free: bool, stand_in: Path
) -> None:
    """Each site of the new file computes what the site of the ONNX model computes."""
    answer(stand_in, name)
    path, target = stand_in / "given/m.onnx", stand_in / "m.tflite"
    path.parent.mkdir()
    before = network(path, name, free=free, **given).read_bytes()
    found = converted(path, target)
    assert found.ok, found.refused
    assert [one.text for one in found.changes] == [change]
    assert [one.names[0] for one in found.verifications] == ["m.tflite", "m.tflite@reference"]
    assert (found.exporter, found.output) == ("onnx2tf", str(target))
    assert path.read_bytes() == before
    (asked,) = stand_in.glob("*.onnx")
    dims = onnx.load(asked).graph.input[0].type.tensor_type.shape.dim
    assert [one.dim_value for one in dims] == list(SHAPE)


def test_what_no_change_mends_is_written_in_plain_operators(stand_in: Path, tmp_path: Path) -> None:
    """A file that is another network is tried again, with the resize as gathers."""
    answer(stand_in, "torch_bilinear_ac0_7x10_3x5", "torch_nearest_7x10_3x5")
    found = converted(
        network(tmp_path / "m.onnx", "torch_nearest_7x10_3x5", **NEAREST), tmp_path / "m.tflite"
    )
    models = [onnx.load(one) for one in sorted(stand_in.glob("*.onnx"))]
    first, second = ({node.op_type for node in one.graph.node} for one in models)
    assert (first, second) == ({"Conv", "Resize"}, {"Conv", "Constant", "Gather"})
    assert "in plain operators: F.interpolate, nearest" in found.notes


def test_a_refusal_is_told_and_nothing_is_written(stand_in: Path, tmp_path: Path) -> None:
    """The reason is the line in which onnx2tf says it, without its colours."""
    answer(stand_in, "refuse No Loop is supported.")
    path = network(tmp_path / "m.onnx", "torch_nearest_7x10_3x5", **NEAREST)
    out = tmp_path / "out"
    out.mkdir()
    result = CliRunner().invoke(cli, ["convert", str(path), "--to", str(out / "m.tflite")])
    assert result.exit_code == 1
    assert "refused: onnx2tf refuses: No Loop is supported." in result.output
    assert list(out.iterdir()) == []


def test_a_file_that_is_another_network_is_refused(stand_in: Path, tmp_path: Path) -> None:
    """Whatever onnx2tf makes of the model, what is written equals it."""
    answer(stand_in, "torch_bilinear_ac1_7x10_3x5")
    path = network(tmp_path / "m.onnx", "torch_nearest_7x10_3x5", **NEAREST)
    found = converted(path, tmp_path / "m.tflite")
    assert found.refused.startswith("verification failed on m.tflite")
    assert not (tmp_path / "m.tflite").exists()


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two ways to have it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "onnx2tf", None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(UsageError, match=r"is not installed: pip install onnx2tf, or pipx"):
        convert("up.onnx", tmp_path / "model.tflite")


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"opset": 17}, "onnx2tf writes it: --opset is for ONNX"),
        ({"input_names": "image"}, "onnx2tf gives its own names"),
        ({"dynamic": "all"}, "lengths become fixed on the way from ONNX"),
    ],
)
def test_options_of_other_ways_are_refused(options: Options, told: str, tmp_path: Path) -> None:
    """Before anything is converted."""
    path = network(tmp_path / "m.onnx", "torch_nearest_7x10_3x5", **NEAREST)
    with pytest.raises(UsageError, match=told):
        convert(path, tmp_path / "m.tflite", **options)


@pytest.mark.oracle
@pytest.mark.skipif(shutil.which("onnx2tf") is None, reason="onnx2tf is no program of the path")
@pytest.mark.parametrize(
    ("given", "how"),
    [
        ({"mode": "linear", "coordinate_transformation_mode": "align_corners"}, "align_corners"),
        ({"mode": "cubic"}, "in plain operators: F.interpolate, cubic"),
    ],
)
def test_what_onnx2tf_itself_writes_is_mended(given: Options, how: str, tmp_path: Path) -> None:
    """From opset 18 on it writes half pixels whatever the node says; cubic needs TensorFlow."""
    given = {**given, "lengths": (1, 3, 13, 17)}
    path = network(tmp_path / "m.onnx", "torch_nearest_7x10_3x5", **given)
    found = converted(path, tmp_path / "m.tflite")
    assert found.ok, found.refused
    assert any(how in text for text in (*found.notes, *(one.text for one in found.changes)))


@pytest.mark.oracle
@pytest.mark.skipif(shutil.which("onnx2tf") is None, reason="onnx2tf is no program of the path")
def test_ends_that_onnx2tf_sorts_keep_their_names(tmp_path: Path) -> None:
    """It has inputs and outputs in an order of its own."""
    ends = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in "bazy"}
    nodes = [
        helper.make_node("Sub", ["b", "a"], ["z"]),
        helper.make_node("Sigmoid", ["a"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [ends["b"], ends["a"]], [ends["z"], ends["y"]])
    path = tmp_path / "m.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)
    found = convert(path, tmp_path / "m.tflite")
    assert found.ok, found.refused
    (first, _) = found.verifications
    assert {one.name for one in first.outputs} == {"y", "z"}
