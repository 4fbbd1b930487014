"""Convert: from PyTorch to a file that is verified, or a reason."""

import json
import os
import subprocess
import sys
import types
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
import halfpixel
from convert_nets import SHAPE, Up, Wrong, agree, run
from halfpixel.converting.free_axes import FreeAxes, parse_dynamic
from halfpixel.converting.result import parse_input
from halfpixel.errors import ModelFileError, UsageError
from halfpixel.intents.aten_call import read_call
from halfpixel.intents.exported_program import graph_calls
from torch_exports import save_traced


class Net(nn.Module):
    """A small network with several kinds of resampling."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.wider = nn.ConvTranspose2d(4, 2, 4, 2, 1)

    def forward(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        x = F.interpolate(self.wider(self.up(self.conv(image))), size=image.shape[2:])
        grid = F.affine_grid(torch.eye(2, 3)[None], [1, 1, 4, 5], align_corners=True)
        masked = F.interpolate(mask, scale_factor=0.4, mode="bicubic", antialias=True)
        return x, F.grid_sample(masked, grid, align_corners=True)


def make() -> nn.Module:
    torch.manual_seed(0)
    return Net()


def small() -> nn.Module:
    return Up(scale_factor=0.4, mode="bilinear", antialias=True)


def broken() -> nn.Module:
    raise RuntimeError("no weights")


@pytest.fixture(autouse=True)
def nets(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("nets")
    vars(module).update(make=make, small=small, broken=broken, number=lambda: 7)
    monkeypatch.setitem(sys.modules, "nets", module)


def test_a_network_is_told_call_by_call(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    result = run(
        "nets:make", "--input", "1x3x16x22", "--input", "mask=1x1x15x11", "-o", path,
        "--output-format", "json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    body = json.loads(result.output)
    assert [row["call"] for row in body["sites"]] == [
        'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)',
        "F.conv_transpose2d(x, weight, bias, stride=(2, 2), padding=(1, 1))",
        'F.interpolate(x, size=(16, 22), mode="nearest")',
        "F.affine_grid(theta, [1, 1, 4, 5], align_corners=True)",
        'F.interpolate(x, scale_factor=0.4, mode="bicubic", align_corners=False, antialias=True)',
        'F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=True)',
    ]
    nodes = [row["node"] for row in body["sites"]]
    assert nodes[0] == "node_upsample_bilinear2d"
    assert [row["is"] for row in body["sites"] if row["is"] is not None][-2:] == [
        row["call"] for row in body["sites"]
    ][-2:]
    assert "written in operators that are no single site" in body["sites"][3]["note"]
    (change,) = body["sites"][4]["changes"]
    assert change["why"] == "scale-or-size"
    assert Path(body["sites"][0]["source"].rpartition(":")[0]).name == "test_convert.py"
    assert all(case["equal"] for case in body["verifications"][0]["cases"])
    assert halfpixel.check(path, severity="warning").findings == ()
    assert os.listdir(tmp_path) == ["net.onnx"]  # noqa: PTH208 - hidden ones count too


def test_a_table_for_people_says_the_same(tmp_path: Path) -> None:
    result = run("nets:small", "--input", SHAPE, "-o", tmp_path / "m.onnx")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "nets:small: by dynamo, opset 20"
    assert lines[1].startswith("  1. F.interpolate(x, scale_factor=0.4, mode=")
    assert "     fixed: scale-or-size: set scales 1, 1, 0.400000006, 0.400000006" in lines
    assert lines[-1] == f"written to {tmp_path / 'm.onnx'}"


SOURCES = ["m.pt2", "m.pt"]


@pytest.mark.parametrize("name", SOURCES)
def test_files_of_pytorch_are_sources(name: str, tmp_path: Path) -> None:
    module, x = Up(scale_factor=1.5, mode="bilinear").eval(), torch.rand(1, 2, 6, 8)
    source = tmp_path / name
    if name.endswith(".pt2"):
        free = torch.export.Dim.DYNAMIC
        program = torch.export.export(module, (x,), dynamic_shapes=({2: free, 3: free},))
        torch.export.save(program, source)
    else:
        save_traced(module, x, source)
    given = () if name.endswith(".pt2") else ("--input", "1x2x6x8", "--dynamic", "2,3")
    result = run(source, *given, "-o", tmp_path / "m.onnx")
    assert result.exit_code == 0, result.output
    agree(tmp_path / "m.onnx", module, [(1, 2, 6, 8), (1, 2, 11, 9)])
    told = "no graph of PyTorch's own: a TorchScript file holds no such graph"
    assert (told in result.output) == name.endswith(".pt")


FAILURES = [
    (["nets:absent", "--input", SHAPE], 2, "expected package.module:factory; nets has no 'absent'"),
    (["nets:broken", "--input", SHAPE], 2, "nets:broken: the factory fails: no weights (at "),
    (["nets:number", "--input", SHAPE], 2, "made a int, expected a torch.nn.Module"),
    (["nowhere:make", "--input", SHAPE], 2, "there is no module 'nowhere'"),
    (["nets:small"], 2, "no shape for input 'x': --input x=1x3x64x64"),
    (["nets:small", "--input", "1x2"], 2, "does not run on x=1x2"),
    (["nets:small", "--input", "1x0x2"], 2, "expected [NAME=]1x3x64x64[:TYPE]"),
    (["nets:small", "--input", "y=1x2x9x9"], 2, "--input y: no such input; forward takes x"),
    (["nets:small", "--input", SHAPE, "--input", SHAPE], 2, "2 inputs are given; forward takes x"),
    (["nets:small", "--input", f"{SHAPE}:float8"], 2, "TYPE of"),
    (["nets:small", "--input", SHAPE, "--dynamic", "x=7"], 2, "has 4 axes, and no axis 7"),
    (["nets:small", "--input", SHAPE, "--dynamic", "z=1"], 2, "no such input; there are: x"),
    (["nets:small", "--input", SHAPE, "--dynamic", "some"], 2, "expected all, AXES or NAME=AXES"),
    (["nets:small", "--input", SHAPE, "--target", "toaster"], 2, "--target 'toaster'"),
    (["nets:small", "--input", SHAPE, "--expect", "mode=best"], 2, "mode is 'best'"),
    (["absent.pt2"], 2, "absent.pt2: no such file or directory"),
]


@pytest.mark.parametrize(("arguments", "code", "told"), FAILURES, ids=lambda v: str(v)[:40])
def test_what_cannot_be_used_is_said_in_one_line(
    arguments: list[str], code: int, told: str, tmp_path: Path
) -> None:
    result = run(*arguments, "-o", tmp_path / "m.onnx")
    assert (result.exit_code, told in result.output) == (code, True), result.output
    assert len(result.output.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


PLACES = [
    ("absent/m.onnx", "there is no folder"),
    ("m.txt", "expected a name that ends in .onnx, .mlpackage, .mlmodel or .tflite"),
]


@pytest.mark.parametrize(("name", "told"), PLACES)
def test_a_place_that_cannot_be_written_is_said_first(name: str, told: str, tmp_path: Path) -> None:
    result = run("nets:absent", "-o", tmp_path / name)
    assert result.exit_code == 2
    assert told in result.output


def closed(path: str, mode: int) -> bool:
    """Stand for os.access: who runs the tests may write anywhere."""
    return not (path and mode)


def test_a_closed_folder_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", closed)
    with pytest.raises(ModelFileError, match="permission denied"):
        halfpixel.convert("nets:absent", tmp_path / "m.onnx")


class Fixed(nn.Module):
    """Goes by what its input holds, which no graph shows."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0 if x.sum() > 0 else 3.0)


def test_an_exporters_refusal_is_one_line(tmp_path: Path) -> None:
    found = halfpixel.convert(Fixed(), tmp_path / "m.onnx", inputs=[SHAPE], dynamic="2")
    assert found.refused.startswith("torch.export refuses: ")
    assert "\n" not in found.refused
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("force", [False, True])
def test_what_fails_verification_is_not_written(force: bool, tmp_path: Path) -> None:  # noqa: FBT001
    path = tmp_path / "m.onnx"
    path.write_bytes(b"before")
    found = halfpixel.convert(
        Wrong(), path, inputs=[SHAPE], exporter="torchscript", force_write=force
    )
    assert found.refused.startswith("verification failed on m.onnx@cpu at x=1x2x9x10: ")
    assert (path.read_bytes() == b"before") is not force
    assert found.output == (str(path) if force else "")
    assert list(tmp_path.iterdir()) == [path]


def test_pytorchs_own_error_is_named(tmp_path: Path) -> None:
    module = Up(size=(3, 1), mode="bilinear", antialias=True)
    found = halfpixel.convert(module, tmp_path / "m.onnx", inputs=["1x1x2x7"])
    assert "PyTorch's own CPU result is wrong there (rule antialias-column)" in found.refused


def test_without_a_file_the_model_is_in_memory() -> None:
    found = halfpixel.convert(Up(scale_factor=2.0, mode="bilinear"), inputs=[SHAPE])
    assert found.ok
    assert isinstance(found.model, onnx.ModelProto)
    refused = halfpixel.convert(Fixed(), inputs=[SHAPE], dynamic="2")
    with pytest.raises(UsageError, match=r"torch\.export refuses"):
        _ = refused.model


def test_the_user_overrides_the_graph(tmp_path: Path) -> None:
    result = run(
        "nets:small", "--input", SHAPE, "-o", tmp_path / "m.onnx", "--expect", "antialias=false",
        "--force-write",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "refused: verification failed" in result.output
    (site,) = halfpixel.sites(tmp_path / "m.onnx")
    assert "antialias" not in (site.torch_call or "antialias")


CALLS = [
    models.CORPUS / "bicubic_x2_ac1-t2.13.0d-o20.onnx",
    models.MISMATCHES / "A3.onnx",
]


REFUSED = [
    (["a.onnx", "-o", "b.onnx"], "is converted already; halfpixel fix mends a model"),
    (["nets:small", "--to", "torch"], "expected a model file"),
    (["nets:small"], "where to?"),
    (["nets:small", "--to", "a.onnx", "-o", "b.onnx"], "say the same"),
    ([str(CALLS[0]), "--to", "torch", "-o", "calls.txt"], "ends in .py"),
    (["absent.onnx", "--to", "torch"], "absent.onnx"),
    ([str(CALLS[0]), "--to", "torch", "--opset", "17"], "--to torch writes no model"),
    ([str(CALLS[0]), "--to", "torch", "--range", "0,2"], "it has no --range"),
    (["nets:small", "-o", "m.mlpackage", "--opset", "17"], "--opset is for ONNX"),
    (["nets:small", "-o", "m.mlmodel", "--exporter", "dynamo"], "--exporter is for ONNX"),
    (["nets:small", "-o", "m.onnx", "--range", "2,1"], "expected LOW no greater than HIGH"),
    (["nets:small", "-o", "m.onnx", "--provider", "toaster"], "has no toaster"),
]


@pytest.mark.parametrize(("arguments", "told"), REFUSED)
def test_commands_that_mean_nothing_are_refused(arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_specs_are_parsed() -> None:
    assert parse_input("x=1x2x3:uint8").dtype == "uint8"
    assert parse_dynamic(("x=3,2", "all")) == FreeAxes("all", {"x": (2, 3)})
    assert parse_dynamic(("all",)).of("ids", 2) == (0, 1)


def test_every_kind_of_call_is_read_from_the_graph() -> None:
    inputs = (torch.rand(1, 3, 16, 22), torch.rand(1, 1, 15, 11))
    calls = graph_calls(torch.export.export(make().eval(), inputs))
    kinds = ["resize", "convolution", "resize", "theta", "resize", "grid"]
    assert [call.kind for call in calls] == kinds
    assert calls[0].module == "up"
    assert calls[0].source is not None
    boxes = ("%x", "%rois", 0.25, 7, 5, -1, True)
    found = read_call("torchvision.roi_align.default", boxes)
    assert found is not None
    assert found[1] is not None
    assert "output_size=(7, 5)" in found[1].text


def test_a_small_check_does_not_pay_for_converting() -> None:
    told = "import sys, halfpixel; print([m for m in sys.modules if 'converting' in m])"
    out = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
