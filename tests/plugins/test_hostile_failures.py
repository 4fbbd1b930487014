"""What the plugins tell of models whose names are hostile: to pytest, to logs, as warnings."""

import logging
import warnings
from pathlib import Path

import onnx
import onnx_ir
import pytest

import example_models as models
from halfpixel.plugins import onnx_ir as plugin
from halfpixel.plugins import torch_onnx
from halfpixel.plugins.failure import verify_failure
from halfpixel.verifying.verify import verify
from hostile.names import UGLY, check_tame, check_told

NAME = UGLY.replace("\0", "").replace("/", "")


def written(path: Path, mode: str) -> Path:
    """Write a model of hostile names."""
    node = models.resize(target="y", name=NAME, attributes={"coordinate_transformation_mode": mode})
    onnx.save(models.model([node], (1, 1, 5, 6)), path)
    return path


def test_a_failing_comparison_is_told_in_lines(tmp_path: Path) -> None:
    modes = ("asymmetric", "half_pixel")
    a, b = (str(written(tmp_path / f"{mode}{NAME[:60]}.onnx", mode)) for mode in modes)
    told = verify_failure(verify(a, b), (a, b), tmp_path)
    check_tame(told)
    check_told(told)
    assert "picture of" in told


def test_what_a_pass_logs_is_a_line(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    model = onnx_ir.load(written(tmp_path / "m.onnx", "asymmetric"))
    with caplog.at_level(logging.INFO, logger="halfpixel"):
        plugin.FixResampling(unsafe_fixes=True).call(model)
    assert caplog.messages
    for message in caplog.messages:
        check_tame(message)
        check_told(message)


def test_a_warning_of_the_exporter_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exported(_model: object, _args: object, f: str) -> None:
        written(Path(f), "asymmetric")

    monkeypatch.setattr("torch.onnx.export", exported)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch_onnx.export(None, (), str(tmp_path / f"{NAME[:90]}.onnx"))
    assert [one.category for one in caught] == [torch_onnx.ResamplingWarning]
    check_tame(str(caught[0].message))
    check_told(str(caught[0].message))
