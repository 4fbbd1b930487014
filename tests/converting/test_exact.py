"""A call is converted exactly: as exported, fixed, or written in plain operators."""

import gc
from pathlib import Path

import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from convert_nets import SHAPE, Up, agree
from halfpixel.converting.result import Conversion

FIXED = [
    ("dynamo", {"scale_factor": 2.0, "mode": "bilinear"}, "as exported"),
    ("dynamo", {"scale_factor": 0.4, "mode": "bicubic", "antialias": True}, "fixed"),
    ("dynamo", {"size": (4, 7), "mode": "bilinear", "antialias": True, "align_corners": True},
     "fixed"),
    ("dynamo", {"size": (3, 4), "mode": "nearest-exact"}, "as exported"),
    ("dynamo", {"size": (4, 6), "mode": "lanczos", "antialias": True}, "plain"),
    ("torchscript", {"scale_factor": 1.7, "mode": "bicubic"}, "as exported"),
    ("torchscript", {"scale_factor": 1.7, "mode": "nearest-exact"}, "plain"),
    ("torchscript", {"size": (4, 6), "mode": "area"}, "plain"),
]  # fmt: skip


def how(found: Conversion) -> str:
    """Return what a conversion took."""
    if any(note.startswith("in plain operators") for note in found.notes):
        return "plain"
    return "fixed" if found.changes else "as exported"


@pytest.mark.parametrize(("exporter", "options", "told"), FIXED)
def test_a_call_is_converted_exactly(
    exporter: str, options: dict[str, object], told: str, tmp_path: Path
) -> None:
    module = Up(**options)
    found = halfpixel.convert(
        module,
        tmp_path / "m.onnx",
        inputs=[SHAPE],
        exporter=exporter,  # type: ignore[arg-type]
    )
    assert (found.refused, how(found)) == ("", told)
    agree(tmp_path / "m.onnx", module, [(1, 2, 9, 10)])


FREE = [
    ("dynamo", {"scale_factor": 1.7, "mode": "nearest-exact"}, [(5, 6), (2, 3), (8, 4)]),
    ("dynamo", {"size": (4, 6), "mode": "area"}, [(3, 5), (2, 2), (8, 9)]),
    ("dynamo", {"scale_factor": 0.14, "mode": "bilinear", "recompute_scale_factor": True},
     [(8, 8), (8, 15)]),
    ("dynamo", {"scale_factor": 1.1, "mode": "bilinear"}, [(2, 2), (5, 3), (8, 9)]),
    ("torchscript", {"scale_factor": 0.29, "mode": "bicubic", "antialias": True},
     [(4, 7), (7, 8), (8, 9)]),
    ("torchscript", {"scale_factor": 0.14, "mode": "area"}, [(8, 8), (8, 15)]),  # 5 comes to 0
]  # fmt: skip
"""Free lengths below the exported ones, which PyTorch takes itself; others are above them."""


@pytest.mark.parametrize(("exporter", "options", "shorter"), FREE)
def test_free_lengths_agree_at_others(
    exporter: str, options: dict[str, object], shorter: list[tuple[int, int]], tmp_path: Path
) -> None:
    module = Up(**options)
    found = halfpixel.convert(
        module,
        tmp_path / "m.onnx",
        inputs=[SHAPE],
        dynamic="2,3",
        exporter=exporter,  # type: ignore[arg-type]
    )
    assert (found.refused, found.verified, found.narrower) == ("", True, ())
    (verification,) = found.verifications
    tried = {case.shapes["x"][2:] for case in verification.cases}
    assert {h <= 9 and w <= 10 for h, w in tried - {(9, 10)}} == {True, False}
    agree(tmp_path / "m.onnx", module, [(1, 2, *lengths) for lengths in shorter])
    agree(tmp_path / "m.onnx", module, [(1, 2, 9, 10), (1, 2, 30, 17), (1, 2, 100, 45)])


OLD = [
    ("torchscript", 10, {"scale_factor": 2.0, "mode": "bilinear", "align_corners": True}),
    ("torchscript", 10, {"scale_factor": 2.0, "mode": "bilinear"}),
    ("dynamo", 18, {"size": (4, 6), "mode": "bicubic", "antialias": True, "align_corners": True}),
    (None, 13, {"size": (4, 6), "mode": "bilinear", "antialias": True}),
]


@pytest.mark.parametrize(("exporter", "opset", "options"), OLD)
def test_an_opset_without_the_mode_gets_an_exact_lowering(
    exporter: str | None, opset: int, options: dict[str, object], tmp_path: Path
) -> None:
    module = Up(**options)
    found = halfpixel.convert(
        module,
        tmp_path / "m.onnx",
        inputs=[SHAPE],
        exporter=exporter,  # type: ignore[arg-type]
        opset=opset,
    )
    assert found.refused == ""
    assert "Resize" not in {node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node}
    assert onnx.load(tmp_path / "m.onnx").opset_import[0].version == opset
    agree(tmp_path / "m.onnx", module, [(1, 2, 9, 10)])


def test_a_target_without_the_mode_gets_an_exact_lowering(tmp_path: Path) -> None:
    module = Up(size=(4, 5), mode="bicubic", antialias=True)
    found = halfpixel.convert(module, tmp_path / "m.onnx", inputs=[SHAPE], targets=["tensorrt"])
    assert (found.refused, found.findings, found.declined) == ("", 0, ())
    assert [change.text for change in found.changes] == ["written as matmul"]
    agree(tmp_path / "m.onnx", module, [(1, 2, 9, 10)])


@pytest.mark.filterwarnings("ignore")  # coremltools leaves temporary folders to the collector
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_core_ml_is_written_and_verified(mode: str, tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    path = tmp_path / "m.mlpackage"
    module = Up(scale_factor=2.0, mode=mode)
    found = halfpixel.convert(module, path, inputs=["1x2x4x6"])
    assert found.refused == ""
    assert how(found) == ("plain" if mode == "bicubic" else "as exported")
    assert (found.sites[0].site is None) == (mode == "bicubic")
    assert path.is_dir()
    gc.collect()


class Gaps(nn.Module):
    """What coremltools 9.0 trips over: a pool without stride, an alias, a node called floor."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.max_pool2d(torch.floor(4 * x), 2)
        y = torch.ops.aten.alias(torch.div(y, 2, rounding_mode="floor"))
        z: Tensor = torch.ops.aten.alias(F.interpolate(y, scale_factor=2, mode="bilinear"))
        return z


@pytest.mark.filterwarnings("ignore")  # likewise
def test_gaps_of_coremltools_are_filled_and_native_operators_stay(tmp_path: Path) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    found = halfpixel.convert(Gaps(), tmp_path / "m.mlpackage", inputs=["1x2x8x12"])
    assert found.refused == ""
    assert [pair.site and pair.site.op for pair in found.sites] == ["upsample_bilinear"]
    gc.collect()


def test_a_pooling_by_one_number_is_written_out_over_both_axes() -> None:
    module = nn.Sequential(nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(18, 1))
    found = halfpixel.convert(module, inputs=["1x2x8x10"], exporter="torchscript")
    assert found.refused == ""
    assert any(pair.note == "written in plain operators" for pair in found.sites)
