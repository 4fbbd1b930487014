"""The pass for onnx_ir models, in each of its hosts."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import onnx
import onnx_ir as ir
import onnxscript.optimizer
import onnxscript.rewriter
import pytest
from onnx_ir.passes import common as passes

import example_models as models
import halfpixel
from halfpixel.errors import HalfpixelError
from halfpixel.plugins import onnx_ir as ir_plugin
from halfpixel.plugins.onnx_ir import FixResampling

if TYPE_CHECKING:
    from torch.onnx import ONNXProgram
from torch_exports import X, exported, meant, run

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error::halfpixel.plugins.torch_onnx.ResamplingWarning"),
]

ROOT = Path(ir_plugin.__file__).parent


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an exported model whose weights lie in a file beside it."""
    path = tmp_path_factory.mktemp("saved") / "m.onnx"
    program = exported()
    assert program is not None
    program.save(path, external_data=True)
    return path


@pytest.mark.parametrize("early_stop", [True, False])
@pytest.mark.parametrize("host", ["alone", "sequential", "manager", "functional"])
def test_the_pass_runs_in_each_host(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, *, early_stop: bool
) -> None:
    model = ir.load(saved)
    weight = model.graph.initializers["second.weight"].const_value
    others: list[ir.passes.InPlacePass] = [
        passes.RemoveUnusedNodesPass(), passes.TopologicalSortPass(), passes.ShapeInferencePass(),
    ]  # fmt: skip
    one: ir.passes.PassBase = {
        "alone": FixResampling(),
        "sequential": ir.passes.Sequential(FixResampling(), *others),
        "manager": ir.passes.PassManager(
            [FixResampling(), *others], steps=3, early_stop=early_stop
        ),
        "functional": ir.passes.functionalize(FixResampling()),
    }[host]
    result = one(model)
    assert result.modified
    assert (result.model is model) == (host != "functional")
    assert not FixResampling()(result.model).modified
    tensor = result.model.graph.initializers["second.weight"].const_value
    assert isinstance(tensor, ir.ExternalTensor)
    if host != "functional":
        assert tensor is weight
    assert "halfpixel.fix" in result.model.metadata_props
    monkeypatch.chdir(ROOT)  # the data's folder is the tensor's own, not the working one
    ir.save(result.model, tmp_path / "n.onnx", external_data="n.data")
    np.testing.assert_allclose(run(str(tmp_path / "n.onnx")), meant(), atol=1e-5)


def test_nothing_is_touched_where_nothing_changes() -> None:
    model = ir.load(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")
    graph, nodes = model.graph, list(model.graph)
    result = FixResampling()(model)
    assert result.modified is False
    assert model.graph is graph
    assert list(model.graph) == nodes
    assert "halfpixel.fix" not in model.metadata_props


def test_the_optimizer_and_the_rewriter_take_a_fixed_model(saved: Path, tmp_path: Path) -> None:
    model = ir.load(saved)
    onnxscript.optimizer.optimize(model)
    assert FixResampling()(model).modified
    onnxscript.optimizer.optimize(model)
    onnxscript.rewriter.rewrite(model)
    assert not FixResampling()(model).modified
    ir.save(model, tmp_path / "n.onnx", external_data="n.data")
    np.testing.assert_allclose(run(str(tmp_path / "n.onnx")), meant(), atol=1e-5)


def test_subgraphs_functions_and_tensors_without_numbers() -> None:
    """What lies in a branch is fixed too, and an initializer that has no numbers yet stays."""
    path = models.MISMATCHES / "A3.onnx"
    proto = onnx.load(path)
    inner = onnx.helper.make_graph(
        [*proto.graph.node, onnx.helper.make_node("Add", ["out", "bias"], ["sum"])], "then", [],
        [onnx.helper.make_tensor_value_info("sum", 1, None)], list(proto.graph.initializer),
    )  # fmt: skip
    inner.node[-1].input[0] = proto.graph.output[0].name
    bias = onnx.numpy_helper.from_array(np.zeros((1, 1, 1, 1), np.float32), "bias")
    inner.initializer.append(bias)
    other = onnx.GraphProto()
    other.CopyFrom(inner)
    other.name = "else"
    node = onnx.helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=other)
    inputs = [onnx.helper.make_tensor_value_info("c", onnx.TensorProto.BOOL, [])]
    outer = onnx.helper.make_graph(
        [node], "main", [*inputs, *proto.graph.input],
        [onnx.helper.make_tensor_value_info("y", 1, None)],
        [onnx.numpy_helper.from_array(np.zeros(3, np.float32), "later")],
    )  # fmt: skip
    made = onnx.helper.make_model(outer, opset_imports=proto.opset_import)
    model = ir.from_proto(made)
    model.graph.initializers["later"].const_value = None
    model.graph.initializers["later"].shape = ir.Shape([3])
    held = [graph.initializers["bias"].const_value for graph in model.graph.subgraphs()]
    assert halfpixel.check(made).count("error") == 2
    assert FixResampling()(model).modified
    assert halfpixel.check(model).count("error") == 0
    assert [g.initializers["bias"].const_value for g in model.graph.subgraphs()] == held
    assert model.graph.initializers["later"].const_value is None


def test_a_model_that_cannot_be_read_is_an_error_of_the_pass() -> None:
    model = ir.load(models.MISMATCHES / "A3.onnx")
    model.graph.opset_imports.clear()
    with pytest.raises(HalfpixelError, match="opset"):
        FixResampling()(model)


def test_fix_of_an_ir_model_keeps_its_external_data(saved: Path) -> None:
    model = ir.load(saved)
    found = halfpixel.fix(model).model
    assert isinstance(found, ir.Model)
    assert found is not model
    weight = found.graph.initializers["second.weight"].const_value
    assert weight is model.graph.initializers["second.weight"].const_value
    assert weight is not None
    assert weight.numpy().shape == (512, 96, 3, 3)


def test_fix_of_a_program_does_not_run_the_old_session() -> None:
    program = exported(dynamo=True)
    assert program is not None
    program(X)
    found = halfpixel.fix(program).model
    (y,) = cast("ONNXProgram", found)(X)
    np.testing.assert_allclose(y.numpy(), meant(), atol=1e-5)


@pytest.mark.parametrize("name", ["onnx_ir", "pytest", "olive"])
def test_a_plugin_run_as_a_script_says_what_it_is(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / f"{name}.py")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("this is a module: ")
    assert import_module(f"halfpixel.plugins.{name}").__name__ == f"halfpixel.plugins.{name}"
