"""The file of a fix: what it replaces, what lies beside it, and files of every size."""

import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from example_models import float_model
from halfpixel.cli.main import cli
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixResult
from oracles import as_written

Array = np.ndarray[Any, np.dtype[Any]]
RANDOM = np.random.default_rng(3)


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
    assert "which is the model itself" in saved(fix(path), path)


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


def test_a_source_that_changed_is_not_mixed_with_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes((models.MISMATCHES / "A3.onnx").read_bytes())
    result = fix(path)
    result.save(path)
    assert "changed since it was read" in saved(result, tmp_path / "out.onnx")


def test_a_folder_may_be_fixed_again(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes((models.MISMATCHES / "A3.onnx").read_bytes())
    run = CliRunner().invoke
    assert run(cli, ["fix", str(tmp_path), str(path)]).exit_code == 0
    again = run(cli, ["check", "--fix", "--force", str(tmp_path)])
    assert again.exit_code == 0
    assert "m.fixed.fixed" not in again.output
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx", "m.fixed.onnx"}
    assert run(cli, ["fix", str(path), "--lower", "no=matmul", "--force"]).exit_code == 2


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
    weights = list(range(5_000_000))
    model = float_model([node], {"x": [1, 1, 64, 64]}, ["y"], {"s": (1, 1, 2, 2), "w": weights}, 13)
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    result = fix(path, lower={"up": "matmul"})
    result.save(tmp_path / "out.onnx")
    x: Array = RANDOM.random((1, 1, 64, 64), np.float32)
    found = as_written(onnx.load(tmp_path / "out.onnx"), {"x": x})
    np.testing.assert_allclose(found[0], as_written(model, {"x": x})[0], atol=1e-5)
