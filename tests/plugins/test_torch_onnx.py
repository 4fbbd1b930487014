"""The plugins for torch.onnx and onnx_ir, inside torch's exporter and onnxscript's pipelines."""

import inspect
import io
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort
import onnxscript.optimizer
import onnxscript.rewriter
import pytest
import torch
from onnx_ir.passes import common as passes
from torch import Tensor, nn
from torch.nn import functional

import example_models as models
import halfpixel
from halfpixel.errors import HalfpixelError, ModelFileError, UsageError
from halfpixel.fixing.result import FixResult
from halfpixel.plugins import onnx_ir as ir_plugin
from halfpixel.plugins import torch_onnx
from halfpixel.plugins.onnx_ir import FixResampling
from halfpixel.plugins.torch_onnx import ResamplingWarning

if TYPE_CHECKING:
    from torch.onnx import ONNXProgram

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error::halfpixel.plugins.torch_onnx.ResamplingWarning"),
]
X = torch.rand(1, 3, 9, 13, generator=torch.Generator().manual_seed(0))
ROOT = Path(ir_plugin.__file__).parent


class Net(nn.Module):
    """A convolution whose weights are more than a mebibyte, and a resize."""

    def __init__(self, width: int = 512, **options: object) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 96, 1)
        self.second = nn.Conv2d(96, width, 3)
        self.options: dict[str, Any] = {"mode": "bilinear", "antialias": True, **options}

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(self.second(self.first(x)), **self.options)


def net(**options: object) -> Net:
    torch.manual_seed(0)
    return Net(**options).eval()  # type: ignore[arg-type]


HALF = {"scale_factor": 0.5, "align_corners": False}
"""The dynamo exporter drops this scale factor: a safe fix writes it."""


def run(model: str | bytes, x: Tensor = X) -> "np.ndarray[Any, np.dtype[Any]]":
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    return cast("np.ndarray[Any, np.dtype[Any]]", found)


def exported(f: str | None = None, **options: Any) -> "ONNXProgram | None":  # noqa: ANN401 - torch's own
    return torch.onnx.export(net(**HALF), (X,), f, verbose=False, **options)


def fixed(*args: Any, **options: Any) -> "ONNXProgram | None":  # noqa: ANN401 - torch's own
    found = torch_onnx.export(net(**HALF), *args, verbose=False, **options)
    return cast("ONNXProgram | None", found)


def meant() -> "np.ndarray[Any, np.dtype[Any]]":
    with torch.no_grad():
        return cast("np.ndarray[Any, np.dtype[Any]]", net(**HALF)(X).numpy())


def test_the_exporter_alone_is_wrong(tmp_path: Path) -> None:
    exported(str(tmp_path / "m.onnx"))
    assert np.abs(run(str(tmp_path / "m.onnx")) - meant()).max() > 1e-2


def test_the_positions_are_those_of_torch() -> None:
    def head(call: object) -> list[tuple[str, object]]:
        found = inspect.signature(cast("Any", call)).parameters.values()
        return [(p.name, p.default) for p in found if p.kind is p.POSITIONAL_OR_KEYWORD]

    assert head(torch_onnx.export) == head(torch.onnx.export)


def test_a_program_is_returned_fixed() -> None:
    program = fixed((X,), dynamo=True, verify=True)
    assert isinstance(program, torch.onnx.ONNXProgram)
    (found,) = program(X)
    np.testing.assert_allclose(found.numpy(), meant(), atol=1e-5)
    before = exported(dynamo=True)
    assert before is not None
    held = program.model.graph.initializers["second.weight"].const_value
    assert type(held) is type(before.model.graph.initializers["second.weight"].const_value)
    assert torch_onnx.check_program(program).findings == ()
    (one,) = torch_onnx.check_program(before).findings
    assert (one.rule.name, one.finding.severity) == ("scale-or-size", "error")


@pytest.mark.parametrize("positional", [True, False])
@pytest.mark.parametrize("external", [True, False])
def test_a_file_is_written_fixed(tmp_path: Path, *, positional: bool, external: bool) -> None:
    path = tmp_path / "m.onnx"
    options: dict[str, Any] = {"external_data": external, "input_names": ["image"]}
    if positional:
        program = fixed((X,), path, **options)
    else:
        program = fixed(args=(X,), f=str(path), **options)
    assert program is not None
    assert (tmp_path / "m.onnx.data").exists() == external
    np.testing.assert_allclose(run(str(path)), meant(), atol=1e-5)
    (site,) = halfpixel.sites(path)
    assert list(site.operation.scales or ()) == [1, 1, 0.5, 0.5]
    assert next(iter(onnx.load(path, load_external_data=False).graph.input)).name == "image"
    program.save(tmp_path / "again.onnx", external_data=external)
    np.testing.assert_allclose(run(str(tmp_path / "again.onnx")), meant(), atol=1e-5)


@pytest.mark.parametrize("buffer", [True, False])
def test_a_program_outlives_a_disk_that_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, buffer: bool
) -> None:
    f: Any = io.BytesIO() if buffer else str(tmp_path / "m.onnx")

    def full(result: FixResult, out: "io.BytesIO | Path", **_options: object) -> None:
        del result
        if isinstance(out, io.BytesIO):
            out.write(b"half")
        raise ModelFileError(tmp_path / "m.onnx", "cannot be written: no space left on device")

    monkeypatch.setattr(FixResult, "copy_out" if buffer else "save", full)
    options: dict[str, Any] = {"dynamo": False, "opset_version": 10} if buffer else {}
    model = net(**HALF) if not buffer else net(scale_factor=2, antialias=False)
    with pytest.warns(ResamplingWarning, match="nothing was fixed: .*: no space left") as caught:
        program = torch_onnx.export(model, (X,), f, halfpixel_unsafe_fixes=True, **options)
    assert (program is None) == buffer
    assert caught[-1].filename == __file__
    onnx.checker.check_model(onnx.load(io.BytesIO(f.getvalue()) if buffer else f))


@pytest.mark.parametrize("buffer", [True, False])
def test_the_torchscript_exporter_too(tmp_path: Path, *, buffer: bool) -> None:
    """It writes opset 10, whose resize is asymmetric: unsafe, so it is asked for."""
    f: Any = io.BytesIO() if buffer else str(tmp_path / "m.onnx")
    model = net(scale_factor=2, antialias=False, align_corners=False)
    options: dict[str, Any] = {"dynamo": False, "opset_version": 10}
    with pytest.warns(ResamplingWarning) as caught:
        assert torch_onnx.export(model, (X,), f, **options) is None
    (line,) = [str(w.message) for w in caught if w.category is ResamplingWarning]
    name = "the exported model" if buffer else f
    assert line.startswith(f"{name}: /Resize (Resize): warning asymmetric-linear: ")
    assert line.endswith("--unsafe-fixes makes it)")
    assert "\n" not in line
    (mine,) = [w for w in caught if w.category is ResamplingWarning]
    assert mine.filename == __file__
    f = io.BytesIO() if buffer else f
    assert torch_onnx.export(model, (X,), f, halfpixel_unsafe_fixes=True, **options) is None
    with torch.no_grad():
        np.testing.assert_allclose(run(f.getvalue() if buffer else f), model(X).numpy(), atol=1e-4)


def test_what_was_meant_can_be_said() -> None:
    expect = ["align_corners=true"]
    model = net(size=(5, 7), antialias=False, align_corners=False)
    program = torch_onnx.export(model, (X,), verbose=False, halfpixel_expect=expect)
    (site,) = halfpixel.sites(program)
    assert "align_corners=True" in str(site.torch_call)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"halfpixel_select": ["no-such"]}, UsageError),
        ({"halfpixel_expect": ["corners=1"]}, UsageError),
        ({"no_such_option": 1}, TypeError),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        torch_onnx.export(net(**HALF), (X,), **options)


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
