"""Check against what was measured: models by real exporters, with onnxruntime's verdict."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

import example_models as models
import halfpixel
from halfpixel.checking.result import Report
from halfpixel.rule import Severity


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CORPUS = table(models.CORPUS / "manifest.csv")
ARCHITECTURES = table(models.ARCHITECTURES / "architectures.csv")


def loud(report: Report) -> set[tuple[Severity, str]]:
    """Return the errors and warnings."""
    return {
        (one.finding.severity, one.rule.name)
        for one in report.findings
        if one.finding.severity != "note"
    }


@pytest.mark.parametrize("row", CORPUS, ids=[row["file"] for row in CORPUS])
def test_a_model_is_called_wrong_exactly_where_it_is(row: dict[str, str]) -> None:
    report = halfpixel.check(models.CORPUS / row["file"])
    assert not report.failed
    assert bool(loud(report)) == (row["onnxruntime_vs_eager"] != "ok")


EXPECTED: dict[str, tuple[Severity, str]] = {
    "A1": ("error", "differs-from-intent"),
    "A1b": ("error", "differs-from-intent"),
    "A2": ("error", "differs-from-intent"),
    "A3": ("error", "scale-or-size"),
    "A3b": ("error", "scale-or-size"),
    "A3c": ("error", "scale-or-size"),
    "A4": ("error", "scale-or-size"),
    "A5": ("warning", "frozen-window"),
    "A5b": ("warning", "frozen-window"),
    "A5c": ("warning", "frozen-window"),
    "A6": ("warning", "frozen-size"),
    "A7": ("warning", "nearest-off-by-one"),
    "A8": ("warning", "scale-keeps-length"),
    "B1": ("warning", "asymmetric-linear"),
    "B1b": ("warning", "asymmetric-linear"),
    "B1c": ("warning", "asymmetric-linear"),
    "B2": ("warning", "nearest-rounding"),
    "B3b": ("error", "deprecated-upsample"),
    "B5": ("error", "illegal-mode"),
    "B6": ("error", "single-pixel-grid"),
    "B7": ("warning", "frozen-size"),
    "B10": ("warning", "output-length-rounding"),
    "C1": ("error", "output-length-rounding"),
    "C1b": ("error", "output-length-rounding"),
    "C2": ("error", "nearest-off-by-one"),
    "C2b": ("error", "nearest-off-by-one"),
    "C2c": ("error", "nearest-off-by-one"),
    "C2d": ("error", "nearest-off-by-one"),
    "C3": ("error", "scale-keeps-length"),
    "C4": ("error", "scale-keeps-length"),
    "C5": ("error", "scale-keeps-length"),
    "H1-onnxscript0.6.2": ("error", "single-pixel-output"),
    "H1-onnxscript0.7.0": ("error", "single-pixel-output"),
    "H2-onnxscript0.6.2": ("error", "single-pixel-output"),
    "H2-onnxscript0.7.0": ("error", "single-pixel-output"),
    "H3-onnxscript0.6.2": ("error", "differs-from-intent"),
    "H3-onnxscript0.7.0": ("error", "differs-from-intent"),
    "H4-onnxscript0.6.2": ("error", "differs-from-intent"),
    "H4-onnxscript0.7.0": ("error", "differs-from-intent"),
}
UNSEEN = {"B4": "a scripted module drops recompute_scale_factor: the file says nothing of it"}


def mismatches() -> Iterator[object]:
    """Yield every case of the manifest; those that no file can show are expected to fail."""
    for row in table(models.MISMATCHES / "manifest.csv"):
        name = row["case"]
        reason = UNSEEN.get(name)
        marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
        yield pytest.param(name, marks=marks, id=name)


@pytest.mark.parametrize("name", list(mismatches()))
def test_what_exporters_get_wrong_is_found_and_named(name: str) -> None:
    report = halfpixel.check(models.MISMATCHES / f"{name}.onnx")
    assert EXPECTED.get(name) in loud(report)


@pytest.mark.parametrize("row", ARCHITECTURES, ids=[row["file"] for row in ARCHITECTURES])
def test_every_resampling_node_of_an_architecture_is_named(row: dict[str, str]) -> None:
    report = halfpixel.check(models.ARCHITECTURES / row["file"])
    assert not report.failed
    visible = [site for site in report.sites if not site.operation.hidden]
    assert len(visible) == int(row["resampling_nodes"])
    for site in report.sites:
        assert site.torch_call is not None, site.name
    if row["onnxruntime_vs_eager"] == "ok":
        assert not report.count("error")
