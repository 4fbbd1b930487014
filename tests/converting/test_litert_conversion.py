"""Modules on their way to LiteRT: each site against its call, mended, and run."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from halfpixel.cli.main import cli
from halfpixel.converting.convert import convert
from halfpixel.errors import MissingExtraError, UsageError
from halfpixel.runtime import RunSettings, Side, runtime_of
from litert_files.converter import Recorded, installed

Options = dict[str, Any]
CALLS: list[tuple[str, Options, str]] = [
    ("torch_nearest_7x10_3x5", {"size": (3, 5), "mode": "nearest"}, "half_pixel_centers=False"),
    ("torch_nearest_by1.7", {"scale_factor": 1.7, "mode": "nearest"}, "written as 2 GATHER"),
    ("torch_bilinear_ac0_by1.7", {"scale_factor": 1.7, "mode": "bilinear"},
     "written as 2 BATCH_MATMUL"),
    ("torch_nearest_by2.0", {"scale_factor": 2.0, "mode": "nearest"}, ""),
    ("torch_bilinear_ac1_by1.7",
     {"scale_factor": 1.7, "mode": "bilinear", "align_corners": True}, ""),
    ("torch_nearest-exact_7x10_3x5", {"size": (3, 5), "mode": "nearest-exact"}, ""),
    ("torch_bicubic_ac0_7x10_3x5", {"size": (3, 5), "mode": "bicubic"}, ""),
    ("torch_area_7x10_3x5", {"size": (3, 5), "mode": "area"}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "change"), CALLS, ids=[name for name, _, _ in CALLS])
def test_what_is_written_is_the_module(
    name: str, options: Options, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What litert-torch lost is found by PyTorch's own graph, mended, and verified."""
    installed(monkeypatch)
    module, target = Recorded(name, **options).eval(), tmp_path / "model.tflite"
    found = convert(module, target, inputs=["1x3x7x10"], fast=True)
    assert found.ok, found.refused
    assert [one.text for one in found.changes] == ([change] if change else [])
    assert (found.exporter, found.opset) == ("litert", None)
    assert [one.names[0] for one in found.verifications] == [
        "model.tflite", "model.tflite@reference"
    ]  # fmt: skip
    running = runtime_of(Side(str(target))).started(Side(str(target)), RunSettings())
    x = np.random.default_rng(3).uniform(-1, 1, (1, 3, 7, 10)).astype(np.float32)
    (y,) = running.run({running.inputs[0].name: x}).values()
    with torch.no_grad():
        meant = module(torch.from_numpy(x)).numpy()
    assert float(np.abs(y - meant).max()) < 2e-6


def test_what_litert_torch_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is there, and the reason is litert-torch's own; other ways are tried."""
    converter = installed(monkeypatch, "Lowering not found: aten._upsample_bilinear2d_aa.default")
    module = Recorded("torch_bilinear_ac0_7x10_3x5", size=(3, 5), mode="bilinear", antialias=True)
    found = convert(module.eval(), tmp_path / "model.tflite", inputs=["1x3x7x10"], fast=True)
    assert found.refused.startswith("litert-torch refuses: RuntimeError: Lowering not found")
    assert len(converter.asked) == 2
    assert not list(tmp_path.iterdir())


def test_a_transposed_convolution_is_asked_for_without_what_litert_torch_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stride alone: groups, dilation, padding and what is added at the end are written out."""
    converter = installed(monkeypatch)
    programs: list[Any] = []

    def convert_program(module: nn.Module, tensors: Any) -> None:  # noqa: ANN401 - as it calls
        programs.append(torch.export.export(module, tensors))
        raise ValueError("failed to legalize operation 'mhlo.convolution'")

    monkeypatch.setattr(sys.modules["litert_torch"], "convert", convert_program)
    given: Options = {"padding": 1, "output_padding": 1, "groups": 3, "dilation": 2}
    module = nn.ConvTranspose2d(3, 6, 3, stride=2, **given).eval()
    found = convert(module, tmp_path / "model.tflite", inputs=["1x3x7x6"], fast=True)
    assert "in plain operators: conv_transpose" not in found.notes
    assert found.refused.startswith("litert-torch refuses: ValueError: failed to legalize")
    assert not converter.asked
    calls = [
        [node.args[3:] for node in one.graph.nodes if "conv_transpose" in str(node.target)]
        for one in programs
    ]
    assert calls == [[([2, 2], [1, 1], [1, 1], 3, [2, 2])], [([2, 2],)] * 3]
    x = torch.rand(1, 3, 7, 6)
    with torch.no_grad():
        here, there = programs[1].module()(x), module(x)
    assert here.shape == there.shape
    assert float((here - there).abs().max()) < 1e-6


def test_free_axes_are_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """litert-torch is told which lengths are free, as torch.export is."""
    converter = installed(monkeypatch)
    module = Recorded("torch_nearest_by2.0", scale_factor=2.0, mode="nearest").eval()
    convert(module, tmp_path / "model.tflite", inputs=["1x3x7x10"], dynamic="2,3", fast=True)
    (shapes,) = converter.asked[0]["dynamic_shapes"]
    assert list(shapes) == [2, 3]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"opset": 17}, "litert-torch writes it: --opset is for ONNX"),
        ({"exporter": "dynamo"}, "litert-torch writes it: --exporter is for ONNX"),
        ({"input_names": "image"}, "--input-names is for ONNX and Core ML"),
        ({"providers": ("cuda",)}, "LiteRT has no 'cuda'; expected cpu, litert, xnnpack"),
    ],
)
def test_options_of_other_files_are_refused(
    options: Options, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is converted."""
    converter = installed(monkeypatch)
    module = Recorded("torch_nearest_by2.0", scale_factor=2.0, mode="nearest").eval()
    with pytest.raises(UsageError, match=told):
        convert(module, tmp_path / "model.tflite", inputs=["1x3x7x10"], **options)
    assert not converter.asked


def test_what_is_missing_is_told_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is loaded."""
    monkeypatch.setitem(sys.modules, "litert_torch", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'halfpixel\[litert-convert\]'"):
        convert("math:sqrt", tmp_path / "model.tflite", inputs=["1x3x7x10"])


def test_the_command_says_what_it_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call, the operator that it became and the change stand together."""
    installed(monkeypatch)
    (tmp_path / "networks_of_a_test.py").write_text(
        "from litert_files.converter import Recorded\n"
        "def made():\n"
        '    return Recorded("torch_nearest_7x10_3x5", size=(3, 5), mode="nearest").eval()\n',
        "utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    target = str(tmp_path / "model.tflite")
    asked = ["convert", "networks_of_a_test:made", "-o", target, "--input", "1x3x7x10"]
    result = CliRunner().invoke(cli, asked)
    assert result.exit_code == 0, result.output
    assert 'F.interpolate(x, size=(3, 5), mode="nearest")' in result.output
    assert "half_pixel_centers=False" in result.output
