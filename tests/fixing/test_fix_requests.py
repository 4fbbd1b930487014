"""What fix is asked for: rules, lowerings and unsafe fixes, by models of every kind."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir
import pytest
import torch
from onnx import ModelProto, helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
import halfpixel
from halfpixel.checking.check import Settings
from halfpixel.errors import UsageError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings
from halfpixel.formats.onnx.structure import RECORD
from oracles import by_onnxruntime

Array = np.ndarray[Any, np.dtype[Any]]


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
    assert not fix(path, select=["foreign-kernel"]).changes
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
    for inputs, expected in models.measured(path):
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
    (inputs, expected), *_ = models.measured(path)
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
        for inputs, expected in models.measured(path):
            assert np.abs(by_onnxruntime(result.model, inputs) - expected).max() < 1e-5
    (declined,) = fix(path, lower={"node_*": "gather"}).declined
    assert declined.reason == "a gather reads one sample each, and this blends several"
    (missing,) = fix(path, lower={"nothing": "matmul"}).declined
    assert missing.reason == "no such site; there are: node_upsample_bilinear2d"
    (kept,) = fix(models.MISMATCHES / "A3.onnx", lower={"node*": "conv"}).changes
    assert kept.why == "scale-or-size"
    with pytest.raises(UsageError, match="expected one of matmul, conv"):
        fix(path, lower={"*": "magic"})


def test_a_model_without_a_repair_of_a_custom_operator_stays() -> None:
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], "up", domain="mine")
    model = models.model([node])
    model.opset_import.add(domain="mine", version=1)
    result = fix(model, unsafe_fixes=True)
    assert result.model is model
