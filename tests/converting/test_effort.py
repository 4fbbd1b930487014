"""What is exported again, what is not, and what is told on the way."""

from typing import NoReturn

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from convert_nets import Wrong
from halfpixel.converting.export import to_coreml
from halfpixel.report import convert_report


class Spectrum(nn.Module):
    """No exporter to ONNX writes its transform, whatever the resize is written in."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        z: Tensor = torch.linalg.cond(y.mean((0, 1))[:4, :4])[None] + y
        return z


class Found(nn.Module):
    """As many rows as are bright, and a check of them that a trace warns of."""

    def forward(self, x: Tensor) -> Tensor:
        up = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        if torch.isnan(up).any():  # of which torch.export makes no graph
            raise ValueError
        rows = up.flatten(0, 2)
        rows = rows[rows.mean(1) > -9]
        if rows.shape[0] > 1000:
            rows = rows[:1000]
        return rows * int(torch.tensor(rows.shape[1]))


@pytest.mark.filterwarnings("ignore")  # the tracer warns
def test_a_warning_that_every_trial_passed_is_a_note() -> None:
    found = halfpixel.convert(Found(), inputs=["1x2x5x6"], exporter="torchscript")
    assert (found.refused, found.findings) == ("", 0)
    told = [note for note in found.notes if "might matter" in note]
    assert len(told) > 1
    assert all("verified equal on" in note for note in told)


@pytest.mark.parametrize("module", [Spectrum(), Wrong()], ids=["refused", "another"])
def test_what_is_no_resampling_is_not_exported_again(module: nn.Module) -> None:
    stages: list[str] = []
    found = halfpixel.convert(
        module, inputs=["1x2x5x6"], exporter="torchscript", progress=stages.append
    )
    assert found.refused
    assert [one for one in stages if "plain operators" in one] == []
    assert next(convert_report.lines(found)) == f"refused: {found.refused}"


def test_stages_are_told_and_fast_has_fewer() -> None:
    told: dict[bool, list[str]] = {True: [], False: []}
    for fast, stages in told.items():
        module = nn.Upsample(scale_factor=2.0)
        found = halfpixel.convert(
            module, inputs=["1x2x5x6"], dynamic="2,3", fast=fast, progress=stages.append
        )
        assert found.refused == ""
        assert len(found.verifications[0].cases) == 1 if fast else 4
        assert any(note.startswith("--fast: ") for note in found.notes) is fast
    assert told[True][:2] == ["loading and running the module", "torch.export"]
    assert set(told[True]) < set(told[False]) | {"running the file beside the module on 1 inputs"}


def raising(*_given: object, **_options: object) -> NoReturn:
    text = (
        "No available version for gelu in the coremltools.target.iOS15 opset. Please update the "
        "minimum_deployment_target to at least coremltools.target.iOS16"
    )
    raise ValueError(text)


def test_core_ml_names_the_option_of_this_command(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    monkeypatch.setattr(tools, "convert", raising)
    found = halfpixel.convert(nn.Upsample(scale_factor=2.0), "m.mlpackage", inputs=["1x2x5x6"])
    assert "--target coreml-ios16 writes for iOS 16 and later" in found.refused
    assert "minimum_deployment_target" not in found.refused
    later = "Please set minimum_deployment_target to iOS99 or later."
    assert to_coreml.DEPLOYMENT.search(later)
