"""Verify for Core ML: single sites, and what is not lowered or not run here."""

import csv
import shutil
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coreml_programs as programs
from coreml_networks import VARIANTS, run, written
from coreml_programs import Op, package
from halfpixel.checking.check import sites
from halfpixel.errors import GraphError, MissingExtraError, RuntimeFailure, UsageError
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.verifying import lengths
from halfpixel.verifying.site_check import SiteCheck
from halfpixel.verifying.verify import verify

Array = np.ndarray[Any, np.dtype[Any]]

UNDESCRIBED = "align_corners and half_pixel_centers are both true"


def files() -> list[Path]:
    found = {row["file"] for row in rows()}
    return sorted(VARIANTS / name for name in found)


def rows() -> list[dict[str, str]]:
    with (VARIANTS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_every_variant_runs_alone_as_it_is_described(path: Path) -> None:
    for found in SiteCheck(str(path)).results():
        if found.exact is None:
            assert UNDESCRIBED in found.refused
        else:
            assert found.exact.equal
            assert found.torch is None or found.torch.equal


def test_the_variants_are_held_against_pytorch() -> None:
    called = [path for path in files()[::9] if path.suffix == ".mlpackage"]
    found = [one for path in called for one in SiteCheck(str(path)).results()]
    assert sum(one.torch is not None for one in found) > len(found) // 2


def test_networks_in_a_pipeline_are_verified_site_by_site() -> None:
    path = VARIANTS / "structure-pipeline-v5.mlmodel"
    found = run(path)
    assert found.exit_code == 0
    assert "verification goes site by site" in found.stdout
    with pytest.raises(GraphError, match="only a single program or network is lowered to ONNX"):
        verify(str(path), str(path))


def test_a_missing_weights_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.mlpackage"
    shutil.copytree(VARIANTS / "structure-blob-ios15.mlpackage", path)
    shutil.rmtree(path / "Data/com.apple.CoreML/weights")
    found = run(path, path)
    assert found.exit_code == 2
    assert "is missing" in found.stderr


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ("coreml", RuntimeFailure, "Core ML runs on macOS only; leave @coreml out to run it"),
        ("coreml:compute_units=cpu_only", RuntimeFailure, "Core ML runs on macOS only"),
        ("coreml:compute_units=fast", UsageError, "not compute_units=fast"),
        ("coreml:units=all", UsageError, "compute_units=all|cpu_only|cpu_and_gpu|cpu_and_ne, not"),
        ("rocm", RuntimeFailure, "has no ROCMExecutionProvider"),
    ],
)
def test_core_ml_off_macos_is_a_clear_error(
    where: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    path = written(tmp_path)
    with pytest.raises(error) as caught:
        verify(f"{path}@{where}", str(path))
    assert message in str(caught.value)
    assert run(f"{path}@{where}", path).exit_code == 2


def test_single_sites_do_not_run_on_core_ml(tmp_path: Path) -> None:
    found = run(f"{written(tmp_path)}@coreml")
    assert found.exit_code == 2
    assert "single sites run lowered to ONNX" in found.stderr


def test_on_macos_coremltools_predicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path)
    plain = runtime_of(Side(str(path))).started(Side(str(path)), RunSettings())
    made: list[tuple[str, object]] = []

    class Model:
        def __init__(self, source: str, compute_units: object) -> None:
            made.append((source, compute_units))

        def predict(self, feeds: dict[str, Array]) -> dict[str, Array]:
            return plain.run(feeds)

    tools = types.ModuleType("coremltools")
    tools.ComputeUnit = types.SimpleNamespace(  # type: ignore[attr-defined]
        ALL="all units", CPU_ONLY="the CPU"
    )
    tools.models = types.SimpleNamespace(MLModel=Model)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "coremltools", tools)
    monkeypatch.setattr(sys, "platform", "darwin")
    found = verify(f"{path}@coreml:compute_units=cpu_only", str(path))
    assert found.equal
    assert found.names[0] == f"{path}@coreml:cpu_only"
    assert made[0] == (str(path), "the CPU")
    monkeypatch.setitem(sys.modules, "coremltools", None)
    with pytest.raises(MissingExtraError, match=r"halfpixel\[coreml\]"):
        verify(f"{path}@coreml", str(path))


def test_a_model_none_of_whose_sites_ran_is_not_clean(tmp_path: Path) -> None:
    flags = {"align_corners": True, "half_pixel_centers": True}
    op = Op("upsample_bilinear",
            {"x": "%x", "scale_factor_height": 2.0, "scale_factor_width": 2.0, **flags},
            [("y", "float32", (1, 2, 12, 12))], "y")  # fmt: skip
    inputs: dict[str, Any] = {"x": ("float32", (1, 2, 6, 6))}
    path = programs.package(tmp_path / "m.mlpackage", inputs, [op], ["y"])
    result = run(path, "--no-optimiser")
    assert result.exit_code == 1, result.output
    assert "0 of 0 runs of single sites" in result.output


NETWORKS = Path(__file__).parents[2] / "models" / "coreml" / "interpolate"


def test_some_channels_of_a_program_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"align_corners": False, "scale_factor_height": 2.0, "scale_factor_width": 2.0}
    up = Op("upsample_bilinear", {"x": "%x", **given}, [("y", "float32", (1, 64, 16, 16))], "up")
    inputs = {"x": ("float32", (1, 64, 8, 8))}
    path = package(tmp_path / "a.mlpackage", inputs, [up], ["y"], 8)
    monkeypatch.setattr(lengths, "ENOUGH", 4 * (16 * 16 + 8 * 8))
    (some,) = SiteCheck(path).results()
    assert (some.shape, some.agrees) == ((1, 4, 8, 8), True)


@pytest.mark.parametrize("name", ["nearest-5x7-to-10x14", "bilinear_ac0-6x10-to-9x7"])
def test_some_channels_of_a_network_are_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = NETWORKS / f"{name}-network.mlmodel"
    (site,) = sites(path)
    monkeypatch.setattr(lengths, "ENOUGH", 1)
    (some,) = SiteCheck(path).results()
    assert site.input_shape is not None
    assert (some.shape, some.agrees) == ((1, 1, *site.input_shape[2:]), True)
