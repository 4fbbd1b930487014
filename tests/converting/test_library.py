"""The library of models: every network converts, is clean, and is verified; its page is in step.

Networks of transformers and torchvision convert where these are installed; tf2onnx's own files are
kept here, and are made again under the marker `oracle`.
"""

import csv
import importlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import example_models as models
import halfpixel
from halfpixel.checking.check import check
from halfpixel.fixing.fix import fix
from halfpixel.verifying.verify import verify

RECIPES = models.MODELS / "recipes"


@pytest.fixture(scope="module")
def recipe() -> Iterator[types.ModuleType]:
    """The library's own recipe."""
    sys.path.insert(0, str(RECIPES))
    yield importlib.import_module("library")
    sys.path.remove(str(RECIPES))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ONNX = rows(models.ARCHITECTURES / "architectures.csv")
NAMES = sorted({row["file"].partition("-")[0] for row in ONNX})
REFUSED = {("upernet", "torchscript", 17)}
"""Exports that PyTorch's old exporter refuses: pooling into bins that do not divide the length."""

UNSAID = {
    "region_head": "torchvision",
    "rt_detr": "must have the same data type",
    "mask2former": "for 'bitwise_not' op",
}
"""Networks that coremltools refuses for another reason than their resizing, and what it says."""


def test_every_network_has_its_files_and_its_card(recipe: types.ModuleType) -> None:
    expected = {
        (name, exporter, opset)
        for name, about in recipe.LIBRARY.items()
        for exporter, opset in about.exports
    }
    there = {(row["file"].partition("-")[0], row["exporter"], int(row["opset"])) for row in ONNX}
    assert there == expected - REFUSED
    for row in ONNX:
        assert (models.ARCHITECTURES / row["file"]).is_file()
    cards = importlib.import_module("library_cards")
    assert (models.MODELS / "CARDS.md").read_text(encoding="utf-8") == cards.page(models.MODELS)


RULES = {
    "deeplabv3_aligned": "",
    "deeplabv3_even_kernel": "Conv with a kernel of 4 strides before it",
    "deeplabv3_unpadded": "without SAME padding",
    "deeplabv3_unaligned": "the model's input has length 32",
}


@pytest.mark.parametrize("file", ["dynamo-o20", "torchscript-o17"])
@pytest.mark.parametrize("name", RULES)
def test_the_four_alignment_rules_are_told(name: str, file: str) -> None:
    path = models.ARCHITECTURES / f"{name}-{file}.onnx"
    assert not check(path).findings
    chosen = check(path, select=["unaligned-corners"])
    for asked in (chosen, check(path, expect=["align_corners=true"])):
        found = [one.finding for one in asked.findings]
        assert len(found) == bool(RULES[name])
        assert all(one.severity == "note" and RULES[name] in one.message for one in found)


SECONDS = ("dynamo.onnx", "mlpackage")
"""What takes seconds a network: a usual run has it of a few."""

USUAL = ("affine_transformer", "deeplabv3_unpadded", "super_resolution", "unet_bilinear")


def made(recipe: types.ModuleType, name: str) -> tuple[Any, Any]:
    """Return a network and what is known of it."""
    about = recipe.LIBRARY[name]
    if about.needs:
        try:
            importlib.import_module(about.needs)
        except Exception as error:  # noqa: BLE001 - torchvision beside another PyTorch: RuntimeError
            pytest.skip(f"it is made of {about.needs}: {error}")
    return recipe.made(about)[0], about


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what it will take out
@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        pytest.param(
            name,
            suffix,
            marks=[pytest.mark.slow] if suffix in SECONDS and name not in USUAL else [],
        )
        for name in NAMES
        for suffix in ("torchscript.onnx", *SECONDS)
    ],
)
def test_every_network_converts_and_is_clean(
    name: str, suffix: str, recipe: types.ModuleType, tmp_path: Path
) -> None:
    if suffix == "mlpackage":
        pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    module, about = made(recipe, name)
    path = tmp_path / f"{name}.{suffix}"
    found = halfpixel.convert(
        module,
        path,
        inputs=[f"1x3x{about.side}x{about.side}"],
        exporter=suffix.removesuffix(".onnx") if suffix.endswith(".onnx") else None,  # type: ignore[arg-type]
        dynamic="2,3" if about.dynamic else (),
        limits=(-2, 2),
    )
    if suffix == "mlpackage" and name in UNSAID:
        assert UNSAID[name] in found.refused
        assert not path.exists()
        return
    assert (found.refused, found.findings) == ("", 0)
    assert found.verified
    assert {one.finding.severity for one in check(path).findings} <= {"note"}


KERAS = {"out-of-opset-coordinates"}
TENSORFLOW = {row["file"]: row for row in rows(models.TENSORFLOW / "tensorflow.csv")}


@pytest.mark.parametrize("file", TENSORFLOW)
def test_tf2onnx_is_checked_fixed_and_verified(file: str) -> None:
    path = models.TENSORFLOW / file
    report = check(path)
    assert {one.rule.name for one in report.findings} == (KERAS if "keras" in file else set())
    assert verify(str(path), str(path.with_suffix(".npz"))).equal
    fixed = fix(path)
    assert fixed.report is not None
    assert not fixed.report.findings
    assert verify(fixed.model, str(path.with_suffix(".npz"))).equal


@pytest.mark.oracle
@pytest.mark.usefixtures("recipe")
def test_tf2onnx_still_writes_what_is_kept_here(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow computes what is compared")
    pytest.importorskip("tf2onnx", reason="tf2onnx writes the models")
    importlib.import_module("library_tensorflow").build(tmp_path, [])
    told = ("file", "calls", "operators", "onnxruntime_vs_tensorflow")
    again = rows(tmp_path / "tensorflow" / "tensorflow.csv")
    assert [[row[key] for key in told] for row in again] == [
        [row[key] for key in told] for row in TENSORFLOW.values()
    ]
