"""Verify: two sides, by how much they differ, and the node that parts them."""

import csv
import json
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner, Result
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
import halfpixel
from halfpixel.cli.main import cli
from halfpixel.errors import RuntimeRefusal, UsageError
from halfpixel.fixing.fix import fix
from halfpixel.runtime import RunSettings, Side, parse_side, runtime_of
from halfpixel.runtimes.feeds import FeedSettings, make_feeds
from halfpixel.verifying.parting.divergence import Search
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.side import Started
from halfpixel.verifying.verify import verify
from resize_pairs import one_image, skip_with_cuda
from torch_exports import save_traced

Array = np.ndarray[Any, np.dtype[Any]]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CORPUS = rows(models.CORPUS / "manifest.csv")

GOOD = str(models.CORPUS / "bilinear_x2_ac0-t2.13.0d-o20.onnx")


def told(path: Path) -> set[str]:
    """Return the nodes of which check says that they are wrong."""
    findings = halfpixel.check(path, severity="warning").findings
    return {one.site.name for one in findings}


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: row["file"])
def test_the_corpus_agrees_with_its_manifest(row: Mapping[str, str]) -> None:
    path = models.CORPUS / row["file"]
    found = verify(str(path), str(path.with_suffix(".npz")))
    assert found.equal == (row["onnxruntime_vs_eager"] == "ok")
    assert (found.first is None) == found.equal
    if found.first is not None:
        assert found.first.node in told(path)


@pytest.mark.parametrize("path", sorted(models.MISMATCHES.glob("*.onnx")), ids=lambda p: p.stem)
def test_what_exporters_get_wrong_differs_and_is_named(path: Path) -> None:
    found = verify(str(path), str(path.with_suffix(".npz")))
    assert not found.equal
    if path.stem == "B4":
        return  # nothing in the file tells what its one resize should be
    named = found.suspected if found.first is None else found.first.node
    assert named in told(path)


def test_fixed_models_are_equal_to_what_was_recorded(tmp_path: Path) -> None:
    for name in ("A3", "B1", "C1"):
        path = models.MISMATCHES / f"{name}.onnx"
        fix(path, unsafe_fixes=True).save(tmp_path / "fixed.onnx")
        assert verify(str(tmp_path / "fixed.onnx"), str(path.with_suffix(".npz"))).equal


class Twice(nn.Module):
    """Two resizes of which the second is wrong in the model that stands against it."""

    def __init__(self, *, aligned: bool = False) -> None:
        super().__init__()
        self.aligned = aligned

    def forward(self, x: Tensor) -> Tensor:
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.interpolate(y, size=(9, 11), mode="bilinear", align_corners=self.aligned)


def exported(module: nn.Module, path: Path) -> Path:
    """Write a module as TorchScript's exporter does."""
    torch.onnx.export(
        module, (torch.rand(1, 2, 5, 6),), str(path), dynamo=False, opset_version=17,
        input_names=["image"], output_names=["out"],
    )  # fmt: skip
    return path


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the text of a factory in a module that can be imported."""
    module = types.ModuleType("halfpixel_test_networks")
    module.build = Twice  # type: ignore[attr-defined]
    module.number = lambda: 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return "halfpixel_test_networks:build"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_module_is_held_against_its_export(factory: str, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.onnx", tmp_path / "wrong.onnx"
    exported(Twice(), right)
    exported(Twice(aligned=True), wrong)
    assert verify(str(right), factory).equal
    found = verify(str(wrong), factory)
    assert not found.equal
    assert found.first is not None
    second = [node.name for node in onnx.load(wrong).graph.node if node.op_type == "Resize"][1]
    assert found.first.node == second
    assert found.first.introduced is not None
    assert verify(factory, str(wrong)).first == found.first
    assert verify(factory, Twice(), VerifySettings(FeedSettings(given=(one_image(),)))).equal


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # exporters
def test_an_exported_program_and_torchscript_are_sides(tmp_path: Path) -> None:
    model = exported(Twice(), tmp_path / "m.onnx")
    program = torch.export.export(Twice(), (torch.rand(1, 2, 5, 6),))
    torch.export.save(program, tmp_path / "m.pt2")
    save_traced(Twice(), torch.rand(1, 2, 5, 6), tmp_path / "m.ts")
    for name in ("m.pt2", "m.ts"):
        assert verify(str(model), str(tmp_path / name)).equal
    assert verify(str(model), program).equal


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{GOOD}@cuda", "has no CUDAExecutionProvider"),
        (f"{GOOD}@cuda", "pip install onnxruntime-gpu"),
        (f"{GOOD}@nonsense", "has no nonsense"),
        ("missing.onnx", "no such file"),
        ("no.such.package:factory", "expected package.module:factory"),
        ("model.txt", "expected an ONNX, Core ML or LiteRT model"),
        (f"{GOOD}@cpu:oops", "is not KEY=VALUE"),
    ],
)
def test_a_side_that_cannot_run_is_one_clear_line(text: str, reason: str) -> None:
    if "CUDA" in reason or "gpu" in reason:
        skip_with_cuda()
    result = command("verify", text, GOOD)
    assert result.exit_code == 2
    assert reason in result.output
    assert "Traceback" not in result.output


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_free_dimensions_take_several_lengths() -> None:
    path = models.ARCHITECTURES / "unet_nearest-dynamo-o18.onnx"
    found = verify(str(path), str(path))
    shapes = {tuple(shape[2:]) for case in found.cases for shape in case.shapes.values()}
    assert {(64, 64), (64, 96)} == shapes
    assert found.equal
    assert "image=1x3x1x1" in found.dropped  # too short for its poolings
    assert not any(case.refused for case in found.cases)


def test_every_value_is_found_within_any_budget() -> None:
    path = models.ARCHITECTURES / "segformer-dynamo-o20.onnx"
    model = onnx.load(path)
    changed = [n for n in model.graph.node if n.op_type == "Conv"][-1]
    weight = next(t for t in model.graph.initializer if t.name == changed.input[1])
    moved: Array = numpy_helper.to_array(weight) + 1
    weight.CopyFrom(numpy_helper.from_array(moved, weight.name))
    sides: list[Started] = []
    for source in (str(path), model):
        side = Side(source)
        running = runtime_of(side).started(side, RunSettings(optimised=False))
        sides.append(Started(running, running, getattr(running, "model", None)))
    feeds = next(make_feeds(sides[0].running.inputs, FeedSettings()))
    for budget in (1, 1 << 16, 1 << 30):
        first = Search(sides[0], sides[1], feeds, budget=budget).first()
        assert first is not None
        assert first.node == changed.name
        assert not first.site


def test_the_command_writes_json(tmp_path: Path) -> None:
    path = models.MISMATCHES / "A3.onnx"
    result = command("verify", str(path), str(path.with_suffix(".npz")), "--output-format", "json")
    assert result.exit_code == 1
    body = json.loads(result.stdout)
    assert body["version"] == 1
    assert body["equal"] is False
    assert {"name", "max_abs", "max_rel", "equal"} <= set(body["outputs"][0])
    assert body["first_divergent_node"] == "node__upsample_bilinear2d_aa"
    assert set(body["placement"].values()) == {"CPUExecutionProvider"}
    fixed = tmp_path / "fixed.onnx"
    fix(path).save(fixed)
    result = command("verify", str(fixed), str(path.with_suffix(".npz")), "--output-format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["first_divergent_node"] is None
    result = command("verify", str(fixed), "--output-format", "json")
    assert result.exit_code == 0
    (site,) = json.loads(result.stdout)["sites"]
    assert site["equal"] is True


@pytest.mark.parametrize(
    "options",
    [
        ["--shape", "x"],
        ["--range", "1"],
        ["--range", "2,1"],
        ["--tolerance", "much"],
        ["--inputs", "what"],
        ["--provider", "cpu"],
    ],
)
def test_wrong_options_are_told(options: Sequence[str]) -> None:
    result = command("verify", GOOD, GOOD, *options)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_recorded_arrays_without_the_input_are_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "out.npz", other=np.zeros(3))
    with pytest.raises(UsageError, match="holds no"):
        verify(GOOD, str(tmp_path / "out.npz"))


def test_a_run_that_one_side_refuses_is_a_difference() -> None:
    wrong = FeedSettings(given=({"x": np.zeros((1, 2, 5), np.float32)},))
    found = verify(GOOD, GOOD, VerifySettings(wrong))
    assert not found.equal  # nothing was compared
    assert "x" in found.cases[0].refused
    side = parse_side(GOOD)
    with pytest.raises(RuntimeRefusal):
        runtime_of(side).started(side, RunSettings()).run({"x": np.zeros(3, np.float32)})
