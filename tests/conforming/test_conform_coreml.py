"""Single operations on Core ML: written here; a stand-in for it computes the exact weights."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from halfpixel.checking.check import opened
from halfpixel.cli.main import cli
from halfpixel.conforming.coreml import configurations, feeds_of, results
from halfpixel.errors import RuntimeRefusal
from halfpixel.formats.coreml.write.single import write_single
from halfpixel.report import conformance_coreml_report as report

Array = np.ndarray[Any, np.dtype[Any]]


class StandIn:
    """A machine that computes what is meant, but for nearest resizes by a fraction."""

    name = "stand-in"
    inputs = outputs = values = ()
    placement: dict[str, str] = {}  # noqa: RUF012 - never changed

    def __init__(self, path: Path, unit: str) -> None:
        (self.site,), self.unit = opened(path).sites, unit

    def run(self, feeds: dict[str, Array], _wanted: object = ()) -> dict[str, Array]:
        if self.site.op == "affine" and self.unit != "cpu_only":
            raise RuntimeRefusal(self.name, "no affine here")
        found = self.site.evaluate(*feeds.values())
        fractional = self.site.op == "upsample_nearest_neighbor" and self.site.operation.doubt
        return {"y": found + 1 if fractional and self.unit == "cpu_and_gpu" else found}


def test_every_unit_is_held_against_the_exact_weights() -> None:
    found = list(results(("cpu_only", "cpu_and_gpu"), StandIn))  # type: ignore[arg-type]
    assert len(found) == 2 * len(list(configurations()))
    told = {(one.unit, one.verdict) for one in found}
    assert told == {
        ("cpu_only", "equal"), ("cpu_and_gpu", "equal"), ("cpu_and_gpu", "different"),
        ("cpu_and_gpu", "refused"),
    }  # fmt: skip
    different = [one for one in found if one.verdict == "different"]
    assert {one.config.op for one in different} == {"upsample_nearest_neighbor"}
    assert all(one.doubt for one in different)
    assert {one.config.op for one in found if one.verdict == "refused"} == {"affine"}
    assert any("different by 1" in line for line in report.summary(found, "macOS"))
    assert sum(line.startswith("| `") for line in report.markdown(found, "macOS")) > 100
    assert '"verdict": "refused"' in report.dumps(found, "macOS")


def test_coremltools_takes_every_package_that_is_written(tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    load = import_module("coremltools.converters.mil.frontend.milproto.load").load
    load_spec = import_module("coremltools.models.utils").load_spec
    for place, config in enumerate(configurations()):
        typed = {"x": config.shape, **config.tensors}
        path = write_single(
            tmp_path / f"{place}.mlpackage",
            config.op,
            {name: ("float32", shape) for name, shape in typed.items()},
            config.attributes,
            config.output,
            config.version,
        )
        spec = load_spec(str(path))
        load(spec, spec.specificationVersion, str(path / "Data/com.apple.CoreML/weights"))
        (site,) = opened(path).sites
        assert site.operation.problem == ""
        assert site.evaluate(*feeds_of(config).values()).shape == config.output


@pytest.mark.skipif("sys.platform == 'darwin'", reason="Core ML is here")
def test_without_core_ml_it_is_one_clear_line() -> None:
    result = CliRunner().invoke(cli, ["conformance", "--provider", "coreml"])
    assert result.exit_code == 2
    assert result.output == "halfpixel: --provider coreml: Core ML runs on macOS only\n"
