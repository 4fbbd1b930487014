"""Verify for Core ML: whole programs beside PyTorch, ONNX and themselves, lowered to ONNX."""

import json
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import coreml_programs as programs
from coreml_networks import MODELS, VARIANTS, Network, run, written
from coreml_programs import Op
from halfpixel.checking.check import opened
from halfpixel.errors import GraphError
from halfpixel.fixing.fix import fix
from halfpixel.formats.coreml.messages import MilProgram, ModelDescription
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.site import Site
from halfpixel.verifying.site_check import SiteCheck
from halfpixel.verifying.verify import verify

ARCHITECTURES = sorted((MODELS / "coreml/architectures").glob("*.mlpackage"))

PAIRED = [path for path in ARCHITECTURES
          if (MODELS / f"architectures/{path.stem}-torchscript-o17.onnx").exists()]  # fmt: skip


@pytest.mark.parametrize("path", ARCHITECTURES, ids=lambda path: path.stem)
def test_an_architecture_agrees_with_pytorch(path: Path) -> None:
    found = verify(str(path), str(path.with_name(path.stem.removesuffix("-fp16") + ".npz")))
    assert found.equal
    assert found.compared


@pytest.mark.parametrize("path", PAIRED, ids=lambda path: path.stem)
def test_an_architecture_agrees_with_its_onnx_file(path: Path) -> None:
    found = verify(str(MODELS / f"architectures/{path.stem}-torchscript-o17.onnx"), str(path))
    assert found.equal
    assert found.pairing is not None
    assert not found.pairing.differences
    assert found.pairing.pairs


def flipped(kind: str, parameter: str) -> Callable[[MilProgram], None]:
    """Return what turns a flag of the last operation of a type."""

    def change(made: MilProgram) -> None:
        values = programs.constant(made, programs.operations(made, kind)[-1], parameter)
        bools = cast("list[bool]", values.immediateValue.tensor.bools.values)
        bools[0] = not bools[0]

    return change


SAME_WEIGHTS = {"mobilevit"}
"""Networks whose only flag changes nothing: one pixel is spread."""


def flagged(path: Path) -> list[Site]:
    return [s for s in opened(str(path)).sites if "align_corners" in s.operation.attributes]


@pytest.mark.parametrize(
    "path",
    [path for path in ARCHITECTURES if flagged(path) and path.stem not in SAME_WEIGHTS],
    ids=lambda path: path.stem,
)
def test_a_spoiled_package_is_found_named_and_repaired(path: Path, tmp_path: Path) -> None:
    last = flagged(path)[-1]
    meant = str(last.operation.attributes["align_corners"]).lower()
    spoilt, repaired = tmp_path / path.name, tmp_path / f"repaired-{path.name}"
    shutil.copytree(path, spoilt)
    programs.changed(spoilt, flipped(last.op, "align_corners"))
    found = verify(str(spoilt), str(path))
    assert found.differs  # by its output, or by the convention of the pair alone
    if found.first is not None:
        assert (found.first.node, found.first.op) == (last.name, last.op)
        assert found.first.introduced is not None
    assert found.pairing is not None
    assert [pair.a.name for pair in found.pairing.differences] == [last.name]
    fix(str(spoilt), expect=[f"{last.name}:align_corners={meant}"]).save(repaired)
    again = verify(str(repaired), str(path))
    assert not again.differs
    assert again.pairing is not None
    assert not again.pairing.differences


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> str:
    module = types.ModuleType("halfpixel_test_coreml_network")
    module.build = Network  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return "halfpixel_test_coreml_network:build"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_program_is_held_against_its_module(factory: str, dtype: str, tmp_path: Path) -> None:
    right = verify(str(written(tmp_path, dtype=dtype)), factory)
    assert right.equal
    assert right.names[0].endswith(".mlpackage@cpu (lowered to ONNX)")
    wrong = written(tmp_path, "DEFAULT", dtype)
    for found in (verify(str(wrong), factory), verify(factory, str(wrong))):
        assert not found.equal
        assert found.first is not None
        assert (found.first.node, found.first.op) == ("smooth", "resize_bilinear")
        assert found.first.introduced is not None


class Transformer(nn.Module):
    """Two calls of PyTorch that are one operator of Core ML, and a resize behind them."""

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        grid = F.affine_grid(theta.reshape(-1, 2, 3), [1, 2, 6, 8], align_corners=True)
        y = F.grid_sample(x, grid, align_corners=True)
        return F.interpolate(y, size=(12, 9), mode="bilinear", align_corners=True)


@pytest.mark.parametrize("aligned", [True, False])
def test_an_affine_is_held_against_the_two_calls_that_it_is(aligned: bool, tmp_path: Path) -> None:  # noqa: FBT001
    words = {"sampling_mode": "bilinear", "padding_mode": "constant", "padding_value": 0.0,
             "coordinates_mode": "normalized_minus_one_to_one", "align_corners": aligned,
             "output_height": 6, "output_width": 8}  # fmt: skip
    size = {"target_size_height": 12, "target_size_width": 9}
    ops = [
        Op("affine", {"x": "%x", "transform_matrix": "%theta", **words},
           [("a", "float32", (1, 2, 6, 8))], "warp"),
        Op("resize_bilinear", {"x": "%a", **size, "sampling_mode": "STRICT_ALIGN_CORNERS"},
           [("y", "float32", (1, 2, 12, 9))]),
    ]  # fmt: skip
    inputs = {"x": ("float32", (1, 2, 5, 7)), "theta": ("float32", (1, 6))}
    path = programs.package(tmp_path / "m.mlpackage", inputs, ops, ["y"])
    found = verify(str(path), Transformer())
    assert found.equal == aligned
    assert (found.first is None) == aligned
    if found.first is not None:
        assert (found.first.node, found.first.op) == ("warp", "affine")


def test_the_reference_evaluator_runs_a_lowered_program(tmp_path: Path) -> None:
    path = written(tmp_path)
    found = verify(str(path), f"{path}@reference")
    assert found.equal
    assert found.names[1].endswith("@reference (lowered to ONNX)")


def test_flexible_lengths_are_lowered(tmp_path: Path) -> None:
    shape, grown = (1, 2, None, None), (1, 2, None, None)
    scales = {"scale_factor_height": 2.0, "scale_factor_width": 1.5, "align_corners": False}
    size = {"target_size_height": 4, "target_size_width": 5}
    ops = [
        Op("upsample_bilinear", {"x": "%x", **scales}, [("u", "float32", grown)]),
        Op("resize_bilinear", {"x": "%u", **size, "sampling_mode": "STRICT_ALIGN_CORNERS"},
           [("y", "float32", (1, 2, 4, 5))]),
    ]  # fmt: skip
    path = programs.package(tmp_path / "m.mlpackage", {"x": ("float32", shape)}, ops, ["u", "y"])

    def meant(x: Tensor) -> tuple[Tensor, Tensor]:
        lengths = (2 * x.shape[2], int(1.5 * x.shape[3]))
        u = F.interpolate(x, size=lengths, mode="bilinear", align_corners=False)
        return u, F.interpolate(u, size=(4, 5), mode="bilinear", align_corners=True)

    class Meant(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return meant(x)

    found = verify(str(path), Meant())
    assert found.equal
    assert len(found.cases) > 1
    results = list(SiteCheck(str(path)).results())
    assert len({one.shape for one in results}) > 1
    assert all(one.agrees for one in results)


def test_a_default_function_of_another_name_is_the_one_that_is_lowered(tmp_path: Path) -> None:
    name = "structure-multifunction-ios18.mlpackage"
    path = Path(shutil.copytree(VARIANTS / name, tmp_path / name))

    def renamed(description: ModelDescription) -> None:
        description.defaultFunctionName = "legacy"

    model = opened(programs.described(path, renamed))
    assert [end.main for end in model.site_values] == [False, True]
    assert run(path, path).exit_code == 0
    (inner,) = (s for s in model.sites if s.graph == "legacy")
    x = np.random.default_rng(0).random((1, 2, 5, 7), np.float32)
    side = Side(str(path))
    found = runtime_of(side).started(side, RunSettings()).run({"x": x})["y"]
    assert np.abs(np.asarray(found, float) - inner.evaluate(x)).max() < 1e-6


def test_what_cannot_be_lowered_is_verified_site_by_site(factory: str, tmp_path: Path) -> None:
    path = written(tmp_path, odd=True)
    message = (
        f"{path}: node 'act': MIL operator lstm is not lowered to ONNX; "
        "verification goes site by site"
    )
    with pytest.raises(GraphError) as caught:
        verify(str(path), factory)
    assert str(caught.value) == message
    whole = run(path, factory)
    assert whole.exit_code == 2
    assert whole.stderr.strip() == f"halfpixel: {message}"
    alone = run(path, "--output-format", "json")
    assert alone.exit_code == 0
    told = json.loads(alone.stdout)
    assert told["notes"] == [f"the whole model is not looked at: {message}"]
    assert [(one["node"], one["equal"]) for one in told["sites"]] == [("near", True),
                                                                      ("smooth", True)]  # fmt: skip
    assert message in run(path).stdout.replace("\n", "")
