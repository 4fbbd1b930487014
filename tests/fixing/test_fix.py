"""Fix: what is wrong is repaired, what is right stays, and what cannot be says why."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import ModelProto, checker
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
from halfpixel.fixing.fix import fix
from oracles import by_onnxruntime

Array = np.ndarray[Any, np.dtype[Any]]
DECLINED = {
    "A5": "the call's own size or factor is not in the file",
    "A5b": "the call's own size or factor is not in the file",
    "A5c": "the call's own size or factor is not in the file",
    "A6": "the arithmetic that was lost is not in the file",
    "B7": "the arithmetic that was lost is not in the file",
}
"""Cases that ONNX cannot express from what the file still says."""
UNSEEN = {"B4": "a scripted module drops recompute_scale_factor: the file says nothing of it"}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CORPUS = table(models.CORPUS / "manifest.csv")
CASES = {row["case"]: row for row in table(models.MISMATCHES / "manifest.csv")}


def proto(path: Path) -> ModelProto:
    """Return a fixed model that holds everything it needs."""
    result = fix(onnx.load(path), unsafe_fixes=True)
    assert isinstance(result.model, ModelProto)
    return result.model


REPAIRED = [name for name in CASES if name not in DECLINED and name not in UNSEEN]


@pytest.mark.parametrize("name", REPAIRED)
def test_what_exporters_get_wrong_is_repaired(name: str) -> None:
    path = models.MISMATCHES / f"{name}.onnx"
    model = proto(path)
    checker.check_model(model)
    for inputs, expected in models.measured(path):
        found = by_onnxruntime(model, inputs)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1e-4


DYNAMIC = [
    name for name in REPAIRED if CASES[name]["call"].startswith("F.interpolate(x") and any(
        dim.dim_param
        for dim in onnx.load(models.MISMATCHES / f"{name}.onnx").graph.input[0]
        .type.tensor_type.shape.dim
    )
]  # fmt: skip


@pytest.mark.parametrize("name", DYNAMIC)
def test_a_repaired_dynamic_model_agrees_with_eager_at_other_sizes(name: str) -> None:
    path = models.MISMATCHES / f"{name}.onnx"
    model = proto(path)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    free = [axis for axis, dim in enumerate(dims) if dim.dim_param]
    assert free
    shape = [dim.dim_value or 1 for dim in dims]
    call = CASES[name]["call"]
    compared = 0
    for length in (8, 9, 10, 13, 21, 28, 30, 57, 100, 101):
        for axis in free:
            shape[axis] = length + axis
        x: Array = np.random.default_rng(length).random(shape).astype(np.float32)
        names = {"F": F, "x": torch.from_numpy(x), "x_": None}
        try:
            expected = eval(call, names).numpy()  # noqa: S307 - a call from the manifest
        except NameError:
            pytest.skip(f"{call} names more than x")
        found = by_onnxruntime(model, {"x": x})
        assert found.shape == expected.shape, shape
        assert np.abs(found - expected).max() <= 1e-4, shape
        compared += 1
    assert compared == 10


def test_there_are_dynamic_cases() -> None:
    assert {"A3b", "A7", "B10"} <= set(DYNAMIC)


@pytest.mark.parametrize("name", DECLINED)
def test_what_cannot_be_repaired_is_declined_with_the_reason(name: str) -> None:
    result = fix(models.MISMATCHES / f"{name}.onnx", unsafe_fixes=True)
    assert not result.changes
    assert {one.reason for one in result.declined} == {DECLINED[name]}


@pytest.mark.parametrize("name", UNSEEN)
@pytest.mark.xfail(reason=UNSEEN["B4"], strict=True)
def test_what_is_not_seen_is_not_repaired(name: str) -> None:
    assert fix(models.MISMATCHES / f"{name}.onnx", unsafe_fixes=True).changes


@pytest.mark.parametrize("row", CORPUS, ids=[row["file"] for row in CORPUS])
def test_the_corpus_is_right_after_a_fix(row: dict[str, str], tmp_path: Path) -> None:
    path = models.CORPUS / row["file"]
    result = fix(path, unsafe_fixes=True)
    target = tmp_path / path.name
    result.save(target)
    if row["onnxruntime_vs_eager"] == "ok":
        assert not result.changes
        assert target.read_bytes() == path.read_bytes()
        return
    assert result.changes
    for inputs, expected in models.measured(path):
        found = by_onnxruntime(onnx.load(target), inputs)
        assert np.abs(found - expected).max() <= 1e-4
    again = fix(target, unsafe_fixes=True)
    assert not again.changes
    assert again.report is not None
    assert not again.report.findings


@pytest.mark.parametrize("name", [*REPAIRED, *DECLINED])
def test_a_second_fix_changes_nothing(name: str, tmp_path: Path) -> None:
    first, second = tmp_path / "1.onnx", tmp_path / "2.onnx"
    fix(models.MISMATCHES / f"{name}.onnx", unsafe_fixes=True).save(first)
    again = fix(first, unsafe_fixes=True)
    assert not again.changes
    again.save(second)
    assert first.read_bytes() == second.read_bytes()
