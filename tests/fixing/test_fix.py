"""Fix: what is wrong is repaired, what is right stays, and what cannot be says why."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir
import pytest
import torch
from click.testing import CliRunner, Result
from onnx import ModelProto, checker, helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
import halfpixel
from halfpixel.checking.check import Settings
from halfpixel.cli.main import cli
from halfpixel.errors import UsageError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings
from halfpixel.formats.onnx.structure import RECORD
from oracles import by_onnxruntime

Array = np.ndarray[Any, np.dtype[Any]]

DECLINED = {
    "A5": "the call's own size or factor is not in the file",
    "A5b": "the call's own size or factor is not in the file",
    "A5c": "the call's own size or factor is not in the file",
    "A6": "the arithmetic that was lost is not in the file",
    "B7": "the arithmetic that was lost is not in the file",
}
"""Cases that ONNX cannot express from what the file still says."""

UNSEEN = {"B4": "a scripted module drops recompute_scale_factor: the file says nothing of it"}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CORPUS = table(models.CORPUS / "manifest.csv")
CASES = {row["case"]: row for row in table(models.MISMATCHES / "manifest.csv")}


def measured(path: Path) -> Iterator[tuple[dict[str, Array], Array]]:
    """Yield inputs and PyTorch's output of every size that lies beside a model."""
    with np.load(path.with_suffix(".npz")) as file:
        arrays = dict(file)
    names = [value.name for value in onnx.load(path, load_external_data=False).graph.input]
    for tail in ("", "_1", "_2", "_3"):
        if f"y{tail}" in arrays:
            yield {name: arrays[f"{name}{tail}"] for name in names}, arrays[f"y{tail}"]


def proto(path: Path) -> ModelProto:
    """Return a fixed model that holds everything it needs."""
    result = fix(onnx.load(path), unsafe_fixes=True)
    assert isinstance(result.model, ModelProto)
    return result.model


REPAIRED = [name for name in CASES if name not in DECLINED and name not in UNSEEN]


@pytest.mark.parametrize("name", REPAIRED)
def test_what_exporters_get_wrong_is_repaired(name: str) -> None:
    path = models.MISMATCHES / f"{name}.onnx"
    model = proto(path)
    checker.check_model(model)
    for inputs, expected in measured(path):
        found = by_onnxruntime(model, inputs)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1e-4


DYNAMIC = [
    name for name in REPAIRED if CASES[name]["call"].startswith("F.interpolate(x") and any(
        dim.dim_param
        for dim in onnx.load(models.MISMATCHES / f"{name}.onnx").graph.input[0]
        .type.tensor_type.shape.dim
    )
]  # fmt: skip


@pytest.mark.parametrize("name", DYNAMIC)
def test_a_repaired_dynamic_model_agrees_with_eager_at_other_sizes(name: str) -> None:
    path = models.MISMATCHES / f"{name}.onnx"
    model = proto(path)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    free = [axis for axis, dim in enumerate(dims) if dim.dim_param]
    assert free
    shape = [dim.dim_value or 1 for dim in dims]
    call = CASES[name]["call"]
    compared = 0
    for length in (8, 9, 10, 13, 21, 28, 30, 57, 100, 101):
        for axis in free:
            shape[axis] = length + axis
        x: Array = np.random.default_rng(length).random(shape).astype(np.float32)
        names = {"F": F, "x": torch.from_numpy(x), "x_": None}
        try:
            expected = eval(call, names).numpy()  # noqa: S307 - a call from the manifest
        except NameError:
            pytest.skip(f"{call} names more than x")
        found = by_onnxruntime(model, {"x": x})
        assert found.shape == expected.shape, shape
        assert np.abs(found - expected).max() <= 1e-4, shape
        compared += 1
    assert compared == 10


def test_there_are_dynamic_cases() -> None:
    assert {"A3b", "A7", "B10"} <= set(DYNAMIC)


@pytest.mark.parametrize("name", DECLINED)
def test_what_cannot_be_repaired_is_declined_with_the_reason(name: str) -> None:
    result = fix(models.MISMATCHES / f"{name}.onnx", unsafe_fixes=True)
    assert not result.changes
    assert {one.reason for one in result.declined} == {DECLINED[name]}


@pytest.mark.parametrize("name", UNSEEN)
@pytest.mark.xfail(reason=UNSEEN["B4"], strict=True)
def test_what_is_not_seen_is_not_repaired(name: str) -> None:
    assert fix(models.MISMATCHES / f"{name}.onnx", unsafe_fixes=True).changes


@pytest.mark.parametrize("row", CORPUS, ids=[row["file"] for row in CORPUS])
def test_the_corpus_is_right_after_a_fix(row: dict[str, str], tmp_path: Path) -> None:
    path = models.CORPUS / row["file"]
    result = fix(path, unsafe_fixes=True)
    target = tmp_path / path.name
    result.save(target)
    if row["onnxruntime_vs_eager"] == "ok":
        assert not result.changes
        assert target.read_bytes() == path.read_bytes()
        return
    assert result.changes
    for inputs, expected in measured(path):
        found = by_onnxruntime(onnx.load(target), inputs)
        assert np.abs(found - expected).max() <= 1e-4
    again = fix(target, unsafe_fixes=True)
    assert not again.changes
    assert again.report is not None
    assert not again.report.findings


@pytest.mark.parametrize("name", [*REPAIRED, *DECLINED])
def test_a_second_fix_changes_nothing(name: str, tmp_path: Path) -> None:
    first, second = tmp_path / "1.onnx", tmp_path / "2.onnx"
    fix(models.MISMATCHES / f"{name}.onnx", unsafe_fixes=True).save(first)
    again = fix(first, unsafe_fixes=True)
    assert not again.changes
    again.save(second)
    assert first.read_bytes() == second.read_bytes()


def test_unsafe_fixes_are_made_only_when_asked_for() -> None:
    path = models.MISMATCHES / "B1.onnx"
    result = fix(path)
    assert not result.changes
    (declined,) = result.declined
    assert declined.reason == (
        "unsafe: set coordinate_transformation_mode=half_pixel; --unsafe-fixes makes it"
    )
    assert fix(path, unsafe_fixes=True).changes


def test_select_and_ignore_restrict() -> None:
    path = models.MISMATCHES / "A3.onnx"
    assert fix(path, select=["scale-or-size"]).changes
    assert not fix(path, select=["antialias-border"]).changes
    assert not fix(path, ignore=["scale-or-size"]).changes
    with pytest.raises(UsageError, match="no rule is called"):
        fix(path, select=["nonsense"])


def test_what_was_changed_and_why_is_recorded_in_the_model(tmp_path: Path) -> None:
    target = tmp_path / "out.onnx"
    fix(models.MISMATCHES / "A3.onnx").save(target)
    model = onnx.load(target)
    words = "scale-or-size: set scales 1, 1, 0.5, 0.5"
    assert {e.key: e.value for e in model.graph.node[-1].metadata_props}[RECORD] == words
    name = "node__upsample_bilinear2d_aa"
    assert {e.key: e.value for e in model.metadata_props}[RECORD] == f"{name}: {words}"
    (report,) = halfpixel.check(target).files
    assert report.repaired == (f"{name}: {words}",)
    kept = {e.key for e in onnx.load(models.MISMATCHES / "A3.onnx").graph.node[-1].metadata_props}
    assert kept < {e.key for e in model.graph.node[-1].metadata_props}


def test_a_shared_constant_is_not_changed_under_others() -> None:
    nodes = [models.resize(target="u", name="one"), models.resize("u", "y", "two")]
    model = models.model(nodes)
    model.ir_version = 8
    settings = FixSettings(Settings(severity="warning"), lower=(("one", "conv"),))
    result = fix(model, settings=settings)
    assert isinstance(result.model, ModelProto)
    assert [t.name for t in result.model.graph.initializer] == ["scales"]
    x: Array = np.random.default_rng(0).random((1, 1, 4, 4)).astype(np.float32)
    one, other = by_onnxruntime(model, {"x": x}), by_onnxruntime(result.model, {"x": x})
    assert np.abs(one - other).max() < 1e-6


def test_what_nobody_reads_any_more_goes() -> None:
    path = models.CORPUS / "nearest_exact_down-t2.13.0d-o18.onnx"
    result = fix(path, lower={"*": "resize"})
    assert isinstance(result.model, ModelProto)
    assert [n.op_type for n in result.model.graph.node] == ["Constant", "Resize"]
    assert not result.model.graph.initializer
    for inputs, expected in measured(path):
        assert np.array_equal(by_onnxruntime(result.model, inputs), expected)


def test_every_kind_of_model_comes_back_as_it_was_given() -> None:
    path = models.MISMATCHES / "A3.onnx"
    model = onnx.load(path)
    before = model.SerializeToString()
    from_path, from_proto = fix(path).model, fix(model).model
    assert isinstance(from_path, ModelProto)
    assert from_path == from_proto
    assert model.SerializeToString() == before
    from_ir = fix(onnx_ir.from_proto(model)).model
    assert isinstance(from_ir, onnx_ir.Model)
    (inputs, expected), *_ = measured(path)
    assert np.abs(by_onnxruntime(onnx_ir.to_proto(from_ir), inputs) - expected).max() < 1e-5
    good = onnx.load(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")
    assert fix(good).model is good


class Shrink(nn.Module):
    """Shrinks with antialias by a factor, which the exporter drops."""

    def forward(self, x: Tensor) -> Tensor:
        """Shrink."""
        return F.interpolate(x, scale_factor=0.4, mode="bilinear", antialias=True)


@pytest.mark.filterwarnings("ignore")
def test_a_torch_program_is_repaired_and_runs() -> None:
    x = torch.rand(1, 2, 7, 9)
    program = torch.onnx.export(Shrink(), (x,), dynamo=True, verbose=False)
    result = fix(program)
    assert result.changes
    fixed = result.model
    assert isinstance(fixed, torch.onnx.ONNXProgram)
    assert fixed is not program
    name = fixed.model_proto.graph.input[0].name
    found = by_onnxruntime(fixed.model_proto, {name: x.numpy()})
    assert np.abs(found - Shrink()(x).numpy()).max() < 1e-5


def test_lowerings_are_asked_for_by_node_and_report_their_cost() -> None:
    path = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"
    for kind in ("matmul", "conv", "gridsample"):
        result = fix(path, lower={"node_*": kind})
        (change,) = result.changes
        assert change.text == f"written as {kind}"
        assert change.why == f"--lower {kind}"
        assert change.cost is not None
        assert isinstance(result.model, ModelProto)
        for inputs, expected in measured(path):
            assert np.abs(by_onnxruntime(result.model, inputs) - expected).max() < 1e-5
    (declined,) = fix(path, lower={"node_*": "gather"}).declined
    assert declined.reason == "a gather reads one sample each, and this blends several"
    (missing,) = fix(path, lower={"nothing": "matmul"}).declined
    assert missing.reason == "no such site; there are: node_upsample_bilinear2d"
    (kept,) = fix(models.MISMATCHES / "A3.onnx", lower={"node*": "conv"}).changes
    assert kept.why == "scale-or-size"
    with pytest.raises(UsageError, match="expected one of matmul, conv"):
        fix(path, lower={"*": "magic"})


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)


def copied(folder: Path, name: str, case: str) -> Path:
    path = folder / name
    path.write_bytes((models.MISMATCHES / f"{case}.onnx").read_bytes())
    return path


def test_the_command_writes_beside_the_model_and_touches_nothing_else(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "A3")
    before = path.read_bytes()
    result = run("fix", path)
    assert result.exit_code == 0
    assert "scale-or-size: set scales 1, 1, 0.5, 0.5 (safe)" in result.output
    assert result.output.endswith("1 fixed, 0 declined; written to " + f"{tmp_path}/m.fixed.onnx\n")
    assert path.read_bytes() == before
    fixed = tmp_path / "m.fixed.onnx"
    again = run("fix", path)
    assert again.exit_code == 2
    assert "m.fixed.onnx: is there already; --force replaces it" in again.output
    assert run("fix", path, "--force").exit_code == 0
    untouched = run("fix", fixed)
    assert untouched.exit_code == 0
    assert "0 fixed, 0 declined; not touched" in untouched.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.fixed.onnx", "m.onnx"]


def test_the_command_writes_where_it_is_told(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "A3")
    before = path.read_bytes()
    out = tmp_path / "o.onnx"
    assert run("fix", path, "-o", out).exit_code == 0
    fixed = out.read_bytes()
    assert path.read_bytes() == before
    assert run("fix", path, "-o", path).exit_code == 2
    assert run("fix", path, "-o", out, "--in-place").exit_code == 2
    assert run("fix", path, "--backup").exit_code == 2
    assert run("fix", path, "--in-place", "--backup").exit_code == 0
    assert path.read_bytes() == fixed
    assert (tmp_path / "m.onnx.bak").read_bytes() == before
    right = run("fix", out, "-o", tmp_path / "copy.onnx")
    assert right.exit_code == 0
    assert (tmp_path / "copy.onnx").read_bytes() == fixed


def test_the_command_writes_to_standard_output(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from halfpixel.cli.destination import Destination, fixed

    path = copied(tmp_path, "m.onnx", "A3")
    list(fixed([path], FixSettings(), Destination(output="-")))
    model = onnx.load_from_string(capfdbinary.readouterr().out)
    assert model == fix(path).model


def test_the_command_shows_a_diff_and_writes_nothing(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "B1")
    result = run("fix", path, "--unsafe-fixes", "--diff")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert "-opset 10" in lines
    assert "+opset 11" in lines
    assert "+  coordinate_transformation_mode = half_pixel" in lines
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]


def test_the_command_speaks_json(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "A1")
    frozen = copied(tmp_path, "n.onnx", "A6")
    result = run("fix", path, frozen, "--output-format", "json")
    assert result.exit_code == 1
    first, second = json.load(io.StringIO(result.output))["files"]
    (change,) = first["changes"]
    assert change["why"] == "differs-from-intent"
    assert change["safety"] == "safe"
    assert [c["multiply_adds"] for c in change["cost"]] == [192, 200]
    assert first["output"] == str(tmp_path / "m.fixed.onnx")
    assert first["remaining"] == []
    assert second["changes"] == []
    assert second["output"] is None
    (declined,) = second["declined"]
    assert declined["why"] == "frozen-size"
    assert second["remaining"][0]["rule"] == "frozen-size"


def test_check_can_fix_first(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "A3")
    assert run("check", path).exit_code == 1
    result = run("check", path, "--fix")
    assert result.exit_code == 0
    assert (tmp_path / "m.fixed.onnx").exists()
    assert run("check", path, "--fix", "--in-place").exit_code == 0
    assert run("check", path).exit_code == 0
    assert run("check", path, "--in-place").exit_code == 2


def test_a_cap_and_a_lowering_are_given_to_the_command(tmp_path: Path) -> None:
    path = copied(tmp_path, "m.onnx", "B1")
    out = tmp_path / "o.onnx"
    capped = run("fix", path, "-o", out, "--unsafe-fixes", "--max-opset", "10")
    assert "written as matmul" in capped.output
    assert onnx.load(out).opset_import[0].version == 10
    assert run("fix", path, "-o", out, "--lower", "nothing").exit_code == 2
    lowered = run("fix", path, "-o", out, "--unsafe-fixes", "--lower", "*=gridsample")
    assert "written as gridsample" in lowered.output
    assert "opset 10 to 16" in lowered.output


def test_a_model_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"nonsense")
    result = run("fix", path)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert str(path) in result.output
    missing = fix(tmp_path / "missing.onnx")
    assert missing.error is not None
    assert "no such file" in missing.error
    with pytest.raises(UsageError, match="no such file"):
        missing.save(tmp_path / "out.onnx")


def test_a_model_without_a_repair_of_a_custom_operator_stays() -> None:
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], "up", domain="mine")
    model = models.model([node])
    model.opset_import.add(domain="mine", version=1)
    result = fix(model, unsafe_fixes=True)
    assert result.model is model
