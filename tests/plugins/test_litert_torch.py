"""litert_torch.convert with its resizes set right."""

import logging
from pathlib import Path

import pytest
import torch

from halfpixel import check
from halfpixel.plugins import litert
from halfpixel.plugins.torch_onnx import ResamplingWarning
from litert_files.converter import Model, Recorded, installed

X = torch.zeros(1, 3, 7, 10)


def test_a_module_is_converted_and_mended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """What litert_torch.convert takes is handed on; what it returns has another file."""
    converter = installed(monkeypatch)
    module = Recorded("torch_bilinear_ac0_by1.7", scale_factor=1.7, mode="bilinear").eval()
    path = tmp_path / "model.tflite"
    with caplog.at_level(logging.INFO, "halfpixel"):
        model = litert.convert(module, (X,), quant_config=None, output_file_path=str(path))
    assert isinstance(model, Model)
    assert converter.asked == [
        {"sample_args": (X,), "sample_kwargs": None, "strict_export": False,
         "dynamic_shapes": None, "quant_config": None, "output_file_path": str(path)}
    ]  # fmt: skip
    assert [one.message.partition(": ")[2] for one in caplog.records] == [
        "written as 2 BATCH_MATMUL"
    ]
    assert path.read_bytes() == model.model_content()
    assert not [one.op for one in check(path).sites if one.op == "RESIZE_BILINEAR"]


def test_a_right_module_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is changed, and nothing is said."""
    installed(monkeypatch)
    name = "torch_nearest_by2.0"
    module = Recorded(name, scale_factor=2.0, mode="nearest").eval()
    model = litert.convert(module, sample_kwargs={"x": X})
    assert model.model_content() == Path("models/litert", f"{name}.tflite").read_bytes()


def test_a_model_is_not_lost_for_what_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as litert_torch made it, and that is said."""
    installed(monkeypatch)
    module = Recorded("torch_nearest_by2.0", scale_factor=2.0, mode="nearest").eval()

    def nothing(_: Model, path: str) -> None:
        Path(path).write_bytes(b"none")

    monkeypatch.setattr(Model, "export", nothing)
    with pytest.warns(ResamplingWarning, match="is as litert_torch.convert made it"):
        model = litert.convert(module, (X,))
    assert isinstance(model, Model)
