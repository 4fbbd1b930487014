"""What `halfpixel convert` calls verified: what was run, on what, and what is told of it."""

import gc
import json
import sys
import types
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
import halfpixel
from convert_nets import SHAPE, Up, Wrong, run
from halfpixel.converting import exports
from halfpixel.converting.result import ConvertSettings
from halfpixel.converting.source import Source
from halfpixel.converting.verified import failure_of
from halfpixel.errors import GraphError, RuntimeFailure, UsageError
from halfpixel.report import convert_report
from halfpixel.verifying.measure import Difference
from halfpixel.verifying.result import Case, Output, Verification
from halfpixel.verifying.site_check import SiteCheck


class Threshold(nn.Module):
    """Gives nothing at ordinary inputs, as a detector does."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)
        return (y > 5).float()


SAID = "not verified: every output is one number throughout; --range or --inputs make others"

BLANK = [
    (["--input", SHAPE], 1, SAID),
    (["--input", SHAPE, "--range", "0,10"], 0, "max 0, 1 of 1 shapes: x=1x2x9x10"),
    (["--inputs", "named.npz"], 0, "max 0, 1 of 1 shapes: x=1x2x6x7"),
    (["--inputs", "other.npz", "--dynamic", "2"], 0, "shapes: x=1x2x6x7; "),
    (["--input", SHAPE, "--inputs", "named.npz"], 2, "x is 1x2x6x7, expected 9 on axis 2"),
    (["--inputs", "two.npz"], 2, "2 inputs are given; forward takes x"),
    (["--input", SHAPE, "--inputs", "two.npz"], 2, "case 1 has no 'x', it has a, b"),
]


@pytest.mark.parametrize(("options", "code", "told"), BLANK)
def test_outputs_that_tell_nothing_are_not_verified(
    options: list[str], code: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("blank")
    vars(module)["Threshold"] = Threshold
    monkeypatch.setitem(sys.modules, "blank", module)
    monkeypatch.chdir(tmp_path)
    x = 10 * np.random.default_rng(0).random((1, 2, 6, 7), np.float32)
    np.savez("named.npz", x=x)
    np.savez("other.npz", image=x)
    np.savez("two.npz", a=x, b=x)
    result = run("blank:Threshold", *options, "--exporter", "torchscript", "-o", "m.onnx")
    assert (result.exit_code, told in result.output) == (code, True), result.output
    assert Path("m.onnx").exists() == (code == 0)


def test_a_file_that_cannot_be_read_is_refused_under_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(path: Path) -> None:
        raise GraphError(str(path), "up", "the graph has a cycle")

    monkeypatch.setattr(exports, "opened", unreadable)
    found = halfpixel.convert(
        Up(scale_factor=2.0), tmp_path / "m.onnx", inputs=[SHAPE], exporter="torchscript"
    )
    told = "what the torchscript exporter wrote: m.onnx: node 'up': the graph has a cycle"
    assert (found.refused, found.output) == (told, "")


@pytest.mark.filterwarnings("ignore")  # coremltools leaves temporary folders to the collector
def test_a_neural_network_is_verified_as_a_whole(tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    path = tmp_path / "m.mlmodel"
    module = Up(scale_factor=2.0, mode="bilinear")
    found = halfpixel.convert(module, path, inputs=["1x2x4x6"])
    assert found.refused == ""
    assert (found.verified, path.exists(), found.output) == (True, True, str(path))
    gc.collect()


@pytest.mark.parametrize(("corners", "agrees"), [("False", True), ("True", False)])
def test_a_site_alone_is_held_against_the_call_that_it_was(corners: str, agrees: bool) -> None:  # noqa: FBT001
    path = models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx"
    (site,) = halfpixel.sites(path)
    call = f'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners={corners})'
    calls = {(site.graph, site.name): call}
    assert {one.agrees for one in SiteCheck(path, calls=calls).results()} == {agrees}


def test_a_missing_provider_is_told_before_anything_is_loaded() -> None:
    with pytest.raises(RuntimeFailure, match=r"has no toaster, it has .*cpu"):
        halfpixel.convert("nowhere:make", providers=["toaster"])


@pytest.mark.parametrize("fallback", [False, True])
def test_a_provider_that_leaves_a_site_is_a_refusal(fallback: bool) -> None:  # noqa: FBT001
    ort = pytest.importorskip("onnxruntime", reason="onnxruntime runs the models")
    if "AzureExecutionProvider" not in ort.get_available_providers():
        pytest.skip("this onnxruntime has no provider that runs nothing itself")
    found = halfpixel.convert(
        Up(scale_factor=2.0, mode="bilinear"),
        inputs=[SHAPE],
        exporter="torchscript",
        providers=["azure"],
        allow_fallback=fallback,
    )
    told = "not verified: model.onnx@azure: AzureExecutionProvider leaves node"
    assert found.refused.startswith(told) is not fallback
    assert found.ok is fallback
    assert len(found.verifications) == 1 + fallback


def test_json_holds_no_number_that_is_none() -> None:
    found = halfpixel.convert(Wrong(infinite=True), inputs=[SHAPE], exporter="torchscript")
    body = json.loads(convert_report.dumps(found), parse_constant=pytest.fail)
    (case,) = body["verifications"][0]["cases"]
    assert (list(case["max_abs"].values()), body["verified"]) == ([None], False)


def test_every_change_is_in_the_json() -> None:
    module = Up(scale_factor=0.4, mode="bilinear", antialias=True)
    found = halfpixel.convert(module, inputs=[SHAPE], exporter="dynamo")
    (change,) = json.loads(convert_report.dumps(found))["changes"]
    assert (change["why"], change["op"]) == ("scale-or-size", "Resize")


def test_what_was_exported_again_is_told() -> None:
    module = Up(scale_factor=2.0)
    found = halfpixel.convert(module, inputs=[SHAPE], exporter="torchscript", opset=5)
    (again,) = [note for note in found.notes if note.startswith("exported again")]
    assert again.startswith("exported again, and refused: the torchscript exporter refuses: ")
    assert found.refused


def test_a_conversion_is_a_value() -> None:
    found = halfpixel.convert(Up(scale_factor=2.0), inputs=[SHAPE], exporter="torchscript")
    assert isinstance(found.model, onnx.ModelProto)
    assert (found.ok, found.verified, found.findings) == (True, True, len(found.remaining))
    with pytest.raises(FrozenInstanceError):
        found.refused = "no"  # type: ignore[misc]


MEANINGLESS = [
    ({"exporter": "coreml"}, "--exporter 'coreml': expected dynamo or torchscript"),
    ({"settings": ConvertSettings(), "opset": 17}, "give settings, or the other keywords"),
    ({"settings": ConvertSettings(opset=17), "output": "m.mlpackage"}, "--opset is for ONNX"),
    ({"source": "m.onnx", "output": "n.onnx"}, "is converted already"),
    ({"source": "m.mlpackage"}, "is converted already"),
]


@pytest.mark.parametrize(("keywords", "told"), MEANINGLESS)
def test_keywords_that_mean_nothing_are_refused(keywords: dict[str, object], told: str) -> None:
    asked = {"source": "nowhere:make", **keywords}
    with pytest.raises(UsageError, match=told):
        halfpixel.convert(**asked)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore")  # coremltools' own
def test_a_cropped_transposed_convolution_of_core_ml_is_what_was_called(tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    module = nn.ConvTranspose2d(4, 4, 3, 2, 1, output_padding=1)
    found = halfpixel.convert(module, tmp_path / "m.mlpackage", inputs=["1x4x9x6"])
    assert (found.refused, found.findings) == ("", 0)
    gc.collect()


class Half(nn.Module):
    """Computes in half precision, between float32 ends."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(2, 8, 3, padding=1).half()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.interpolate(self.conv(x.half()).float(), scale_factor=2, mode="bilinear")
        return y


def test_a_module_of_half_precision_is_held_to_that() -> None:
    found = halfpixel.convert(Half(), inputs=["1x2x6x7"])
    assert found.verified
    assert found.verifications[0].outputs[0].difference.max_abs > 0


def test_an_older_opset_is_taken_where_a_target_asks_for_it(tmp_path: Path) -> None:
    class Warp(nn.Module):
        def forward(self, x: Tensor, grid: Tensor) -> Tensor:
            y: Tensor = F.grid_sample(x, grid, mode="bicubic", align_corners=False)
            return y

    path = tmp_path / "m.onnx"
    shapes = ["1x2x5x6", "1x4x3x2"]
    found = halfpixel.convert(Warp(), path, inputs=shapes, targets=["tensorrt"])
    assert (found.refused, found.findings, found.opset) == ("", 0, 17)
    told = halfpixel.check(path, halfpixel.Settings(targets=("tensorrt",)))
    assert not [one for one in told.findings if one.rule.name == "target-differs"]


def test_a_convention_that_decides_is_the_reason() -> None:
    """The outputs hardly show it, and they are no single number either."""
    same = Output("y", "y", "float32", Difference(equal=True))
    found = Verification(
        ("a", "b"), (Case({}, (same,)),), proven="up and up follow two conventions"
    )
    refused = failure_of((found,), Source("net", Up(), (), {}), Path("m.mlpackage"))
    assert refused == "verification failed on a: up and up follow two conventions"
