"""What `halfpixel convert` calls verified: what was run, at which lengths, and what it told."""

import gc
import json
import re
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
from convert_nets import SHAPE, Up, Wrong, agree, run
from halfpixel.converting import cases, exports
from halfpixel.converting.result import ConvertSettings, Exporter
from halfpixel.errors import GraphError, RuntimeFailure, UsageError
from halfpixel.report import convert_report
from halfpixel.verifying.site_check import SiteCheck


class Branch(nn.Module):
    """Takes another mode at some lengths; `opaque` to torch.export, so that no guard tells."""

    def __init__(self, where: str, *, opaque: bool) -> None:
        super().__init__()
        self.where, self.opaque = where, opaque

    def forward(self, x: Tensor) -> Tensor:
        if self.opaque and x.sum() < -1e9:
            return x
        high, wide = x.shape[2:]
        other = {
            "short": high <= 8,
            "long": high > 64,
            "tall": high > 20 * wide,
        }[self.where]
        return F.interpolate(x, scale_factor=2.0, mode="nearest" if other else "bilinear")


OPAQUE = [("short", "x=1x2x4x6"), ("tall", "x=1x2x150x5"), ("long", "x=1x2x150x5")]


@pytest.mark.filterwarnings("ignore")  # the tracer says that a branch is not followed
@pytest.mark.parametrize(("where", "told"), OPAQUE)
def test_a_branch_that_no_guard_tells_is_found_by_a_trial(where: str, told: str) -> None:
    found = halfpixel.convert(
        Branch(where, opaque=True), inputs=[SHAPE], dynamic="2,3", exporter="torchscript"
    )
    assert found.refused.startswith(f"verification failed on model.onnx@cpu at {told}: ")
    assert (found.ok, found.verified) == (False, False)


GUARDED = [
    ("dynamo", "short", "input x axis 2: the file is right from 9 on only; the module takes 8 ("),
    ("torchscript", "long", "the file is right from 2 to 64 only; the module takes 65 ("),
]


@pytest.mark.filterwarnings("ignore")  # likewise
@pytest.mark.parametrize(("exporter", "where", "told"), GUARDED)
def test_lengths_outside_of_a_guard_are_a_finding(
    exporter: str, where: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("guarded")
    vars(module)["make"] = lambda: Branch(where, opaque=False)
    monkeypatch.setitem(sys.modules, "guarded", module)
    path = tmp_path / "m.onnx"
    result = run(
        "guarded:make", "--input", SHAPE, "--dynamic", "2", "--exporter", exporter, "-o", path,
        "--output-format", "json",
    )  # fmt: skip
    body = json.loads(result.output)
    assert (result.exit_code, body["refused"], len(body["narrower"])) == (1, None, 1)
    assert told in body["narrower"][0]
    agree(path, Branch(where, opaque=False), [(1, 2, 9, 10), (1, 2, 64, 10)])


class Padded(nn.Module):
    """PyTorch asks for 3 rows, and so does the module itself."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(F.pad(x, (2, 2, 2, 2), mode="reflect"), scale_factor=2.0)


class Checked(nn.Module):
    """Its path asks for 9 rows, and the other path computes the same."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x if x.shape[2] > 8 else x + 0, scale_factor=2.0)


RIGHT = [
    (Padded(), "input x axis 2: PyTorch's graph holds from 3 on, and the module takes no other"),
    (Checked(), "PyTorch's graph holds from 9 on; the file is the module at 8, 4, 2, 1 too"),
]


@pytest.mark.parametrize(("module", "told"), RIGHT)
def test_a_guard_that_changes_nothing_is_told_and_no_finding(module: nn.Module, told: str) -> None:
    found = halfpixel.convert(module, inputs=[SHAPE], dynamic="2", exporter="torchscript")
    assert (found.refused, found.findings) == ("", 0)
    assert any(told in note for note in found.notes)


def test_a_trial_that_grows_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "MOST_NUMBERS", 1)
    found = halfpixel.convert(Up(scale_factor=2.0), inputs=[SHAPE], dynamic="2", exporter="dynamo")
    told = "not tried at x=1x2x150x10: the module makes 12000 numbers there, more than 2160"
    assert (found.refused, told in found.notes) == ("", True)


def test_pytorchs_own_column_is_told_and_not_compared() -> None:
    module = Up(scale_factor=0.4, mode="bilinear", antialias=True)
    found = halfpixel.convert(module, inputs=[SHAPE], dynamic="2,3", exporter="dynamo")
    assert found.refused == ""
    assert any("where its last length comes to 1, PyTorch's own" in one for one in found.notes)
    fixed = halfpixel.convert(module, inputs=[SHAPE], dynamic="2", exporter="dynamo")
    assert not any("last length" in note for note in fixed.notes)


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


class Same(nn.Module):
    """Returns one value twice."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y = F.interpolate(x, scale_factor=2.0)
        return y, y, y + 1


class Nested(nn.Module):
    """Returns dicts with equal keys."""

    def forward(self, x: Tensor) -> dict[str, dict[str, Tensor]]:
        return {"a": {"x": F.interpolate(x, scale_factor=2.0)}, "b": {"x": 2 * x}}


class Unused(nn.Module):
    """Does not read one of its inputs, which torchscript's exporter drops."""

    def forward(self, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        del b
        return F.interpolate(a, scale_factor=2.0) + F.interpolate(2 * c, scale_factor=2.0)


class Returned(nn.Module):
    """Returns its input as it came."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, F.interpolate(x, scale_factor=2.0)


X = "1x1x5x5"
RETURNS = [
    (Same(), "torchscript", [X], ["x"], 3),
    (Nested(), "torchscript", [X], ["x"], 2),
    (Unused(), "torchscript", [X, "1x1x3x3", X], ["a", "c"], 1),
    (Returned(), "dynamo", [X], ["x"], 2),
]


@pytest.mark.parametrize(("module", "exporter", "inputs", "names", "outputs"), RETURNS)
def test_what_a_module_takes_and_returns_is_compared_one_by_one(
    module: nn.Module, exporter: str, inputs: list[str], names: list[str], outputs: int
) -> None:
    found = halfpixel.convert(module, inputs=inputs, exporter=exporter)  # type: ignore[arg-type]
    assert (found.refused, found.verified) == ("", True)
    assert [one.name for one in found.model.graph.input] == names
    assert len(found.verifications[0].outputs) == outputs


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


@pytest.mark.parametrize("shape", [SHAPE, "1x2"])
def test_a_module_keeps_the_mode_of_each_of_its_parts(shape: str) -> None:
    module = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Upsample(scale_factor=2)), nn.ReLU())
    module.train()
    module[1].eval()
    before = [part.training for part in module.modules()]
    try:
        assert halfpixel.convert(module, inputs=[shape], exporter="torchscript").ok
    except UsageError:
        assert shape == "1x2"
    assert [part.training for part in module.modules()] == before


@pytest.mark.filterwarnings("ignore")  # coremltools leaves temporary folders to the collector
@pytest.mark.parametrize("force", [False, True])
def test_a_neural_network_is_not_verified_as_a_whole(force: bool, tmp_path: Path) -> None:  # noqa: FBT001
    pytest.importorskip("coremltools")
    path = tmp_path / "m.mlmodel"
    module = Up(scale_factor=2.0, mode="bilinear")
    found = halfpixel.convert(module, path, inputs=["1x2x4x6"], force_write=force)
    assert found.refused == (
        "not verified: a neural network is not run here as a whole; "
        "--force-write writes it all the same"
    )
    name = "upsample_bilinear2d"
    assert found.notes == (
        f"operators that were run alone: {name}; held against PyTorch's call: {name}",
    )
    assert (found.verified, path.exists(), found.output) == (False, force, str(path) * force)
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
    ort = pytest.importorskip("onnxruntime")
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


AGAIN = [
    (Wrong(infinite=True), 11, "exported again: verification failed on model.onnx@cpu"),
    (Up(scale_factor=2.0), 5, "exported again, and refused: the torchscript exporter refuses: "),
]


@pytest.mark.parametrize(("module", "opset", "told"), AGAIN)
def test_what_was_exported_again_is_told(module: nn.Module, opset: int, told: str) -> None:
    found = halfpixel.convert(module, inputs=[SHAPE], exporter="torchscript", opset=opset)
    (again,) = [note for note in found.notes if note.startswith("exported again")]
    assert again.startswith(told)
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


class Signed(nn.Module):
    """Takes another mode where its input is negative."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear" if x.sum() > 0 else "nearest")


class Large(nn.Module):
    """Takes another mode where its input is large, which no made one is."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="bilinear" if x.max() < 9 else "nearest")


def test_a_trace_is_run_on_other_values_and_says_what_pytorch_warned_of() -> None:
    found = halfpixel.convert(Signed(), inputs=["1x2x4x5"], exporter="torchscript")
    assert "parts them" in found.refused
    assert halfpixel.convert(Signed(), inputs=["1x2x4x5"]).refused.endswith(
        "; --exporter torchscript is another way"
    )
    found = halfpixel.convert(Large(), inputs=["1x2x4x5"], exporter="torchscript")
    assert (found.refused, found.findings) == ("", 1)
    assert "tensor to a Python boolean" in found.narrower[0]
    ranged = halfpixel.convert(
        Signed(), inputs=["1x2x4x5"], exporter="torchscript", limits=(0.0, 1.0)
    )
    assert ranged.refused == ""


class Counter(nn.Module):
    """Adds how often it was called: in a buffer, or in a plain attribute."""

    runs: Tensor

    def __init__(self, *, buffer: bool, read: bool = True) -> None:
        super().__init__()
        self.read, self.count = read, 0.0
        if buffer:
            self.register_buffer("runs", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.count += 1
        if "runs" in self._buffers:
            self.runs = self.runs + 1
        more = self.runs if "runs" in self._buffers else self.count
        y: Tensor = F.interpolate(x, scale_factor=2.0) + (more if self.read else 0)
        return y


STIRRED = [
    (Counter(buffer=True), "it changes its state (runs); a file holds no state"),
    (Counter(buffer=False), "it changes its state, or draws numbers; a file holds no state"),
]


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
@pytest.mark.parametrize(("module", "told"), STIRRED)
def test_a_module_that_is_no_function_of_its_inputs_is_refused(
    module: nn.Module, told: str, exporter: Exporter
) -> None:
    found = halfpixel.convert(module, inputs=["1x2x4x5"], exporter=exporter)
    assert found.refused.startswith("called twice on the same inputs the module gives other")
    assert found.refused.endswith(told)


def test_a_buffer_that_a_call_changes_is_told_and_put_back() -> None:
    module = Counter(buffer=True, read=False)
    found = halfpixel.convert(module, inputs=["1x2x4x5"], exporter="torchscript")
    assert (found.refused, found.findings) == ("", 1)
    assert "a call changes the module's buffer runs" in found.narrower[0]
    assert float(module.runs) == 0


class Sized(nn.Module):
    """Takes the values of an input for lengths, or its lengths alone."""

    def __init__(self, *, values: bool) -> None:
        super().__init__()
        self.values = values

    def forward(self, x: Tensor, size: Tensor) -> Tensor:
        wanted = [int(size[0]) + 3, int(size[1]) + 3] if self.values else list(size.shape)
        return F.interpolate(x, size=wanted)


@pytest.mark.parametrize("values", [True, False])
def test_an_input_whose_values_became_constants_is_told(values: bool) -> None:  # noqa: FBT001
    found = halfpixel.convert(
        Sized(values=values),
        inputs=["1x2x4x5", "2:int64" if values else "6x7:int64"],
        exporter="torchscript",
    )
    told = [note for note in found.narrower if "input size is not in the file" in note]
    assert (bool(told), bool(found.refused)) == (values, values)


class Pooled(nn.Module):
    """Averages 2 x 2 pixels, and spreads them again: no resize but the last."""

    def forward(self, x: Tensor) -> Tensor:
        small = F.avg_pool2d(x, 2)
        return F.interpolate(small, size=x.shape[2:], mode="bilinear")


def test_a_pooling_that_is_meant_is_no_frozen_window() -> None:
    found = halfpixel.convert(Pooled(), inputs=["1x2x16x24"], dynamic="2,3")
    assert (found.refused, found.findings) == ("", 0)


class Twice(nn.Module):
    """Returns one tensor twice."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return y, y


@pytest.mark.filterwarnings("ignore")  # coremltools' own
def test_two_outputs_of_one_name_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("coremltools")
    found = halfpixel.convert(Twice(), tmp_path / "m.mlpackage", inputs=["1x2x4x6"])
    assert "two outputs the name" in found.refused
    assert halfpixel.convert(Twice(), inputs=["1x2x4x6"]).verified
    gc.collect()


class Single(nn.Module):
    """Takes another mode for one image."""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, size=(9, 7), mode="bilinear" if x.shape[0] == 1 else "nearest")


def test_a_length_of_one_is_tried_where_the_exported_one_is_longer() -> None:
    found = halfpixel.convert(Single(), inputs=["2x2x4x5"], dynamic="0")
    assert found.findings == 1
    told = "input x axis 0: the file is right from 2 on only; the module takes 1 ("
    assert found.narrower[0].startswith(told)


class Spatial(nn.Module):
    """A spatial transformer: a grid of its input's own lengths."""

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        return F.grid_sample(x, F.affine_grid(theta, list(x.shape), align_corners=False))


@pytest.mark.filterwarnings("ignore")  # grid_sample without align_corners
@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_an_affine_grid_follows_free_lengths(exporter: Exporter) -> None:
    found = halfpixel.convert(
        Spatial(), inputs=["1x2x6x8", "1x2x3"], dynamic="x=2,3", exporter=exporter
    )
    assert (found.refused, found.findings) == ("", 0)
    assert len(found.verifications[0].cases) > 3


@pytest.mark.filterwarnings("ignore")  # coremltools' own
def test_a_cropped_transposed_convolution_of_core_ml_is_what_was_called(tmp_path: Path) -> None:
    pytest.importorskip("coremltools")
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


def test_lengths_that_runtimes_round_otherwise_are_computed_in_the_graph(tmp_path: Path) -> None:
    module = Up(scale_factor=0.7, mode="bilinear")
    path = tmp_path / "m.onnx"
    found = halfpixel.convert(module, path, inputs=["1x2x20x30"], dynamic="2,3")
    assert (found.refused, found.findings) == ("", 0)
    agree(path, module, [(1, 2, 90, 170), (1, 2, 180, 7)])


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


class Named(nn.Module):
    """Takes an input by name alone."""

    def forward(self, x: Tensor, *, ref: Tensor) -> Tensor:
        return F.interpolate(x, size=ref.shape[2:])


LATE: list[tuple[nn.Module, dict[str, object], str]] = [
    (Named(), {}, "input 'ref' is given by name alone; export a module whose inputs are tensors"),
    (Up(scale_factor=2), {"opset": 99}, "--opset 99: the newest that is known here is"),
    (Up(scale_factor=2), {"targets": ["coreml-ios17"]}, "runs models of ML Program, not"),
    (Up(scale_factor=2), {"targets": ["tensort"]}, "--target 'tensort': expected one of"),
]


@pytest.mark.parametrize(("module", "options", "told"), LATE)
def test_what_cannot_be_is_told_before_any_export(
    module: nn.Module, options: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        halfpixel.convert(module, inputs=["1x2x4x5"], **options)  # type: ignore[arg-type]
