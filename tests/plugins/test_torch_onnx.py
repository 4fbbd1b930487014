"""The plugin for torch.onnx, inside torch's exporters."""

import inspect
import io
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import pytest
import torch

import halfpixel
from halfpixel.errors import ModelFileError, UsageError
from halfpixel.fixing.result import FixResult
from halfpixel.plugins import torch_onnx
from halfpixel.plugins.torch_onnx import ResamplingWarning
from torch_exports import HALF, X, exported, fixed, meant, net, run

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error::halfpixel.plugins.torch_onnx.ResamplingWarning"),
]


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
