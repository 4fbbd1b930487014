"""A policy: a fix follows what is expected, and an expectation that cannot be is refused."""

from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from onnx import helper
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import example_models as models
import halfpixel
from example_models import float_model
from halfpixel.checking.check import Settings
from halfpixel.cli.main import cli
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings
from halfpixel.intents.policy import parse_policy
from oracles import as_written

Array = np.ndarray[Any, np.dtype[Any]]
RANDOM = np.random.default_rng(3)


def asked(*policies: str) -> FixSettings:
    """Return settings that make every fix."""
    expected = tuple(parse_policy(text) for text in policies)
    return FixSettings(Settings(policies=expected, severity="warning"), unsafe=True)


@pytest.mark.parametrize("corners", ["true", "false"])
@pytest.mark.parametrize("lengths", [["h", "w"], [4, 5]], ids=["free", "fixed"])
def test_a_policy_for_channels_last_keeps_its_axes(corners: str, lengths: list[int | str]) -> None:
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], "up",
        mode="linear", coordinate_transformation_mode="asymmetric",
    )  # fmt: skip
    model = float_model([node], {"x": [1, *lengths, 3]}, ["y"], {"s": (1, 2, 2, 1)}, 13)
    result = fix(model, settings=asked(f"align_corners={corners}"))
    assert result.changes
    x: Array = RANDOM.random((1, 4, 5, 3), np.float32)
    image = torch.from_numpy(x).permute(0, 3, 1, 2)
    aligned = corners == "true"
    meant = F.interpolate(image, scale_factor=2.0, mode="bilinear", align_corners=aligned)
    expected = meant.permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(as_written(result.model, {"x": x})[0], expected, atol=1e-5)


@pytest.mark.parametrize("factor", [0.7, 1.7, 2.3])
def test_a_policy_changes_no_output_length(factor: float) -> None:
    node = helper.make_node(
        "Resize", ["x", "", "s"], ["y"], "up",
        mode="linear", coordinate_transformation_mode="asymmetric",
    )  # fmt: skip
    shape: list[int | str] = [1, 1, "h", "w"]
    model = float_model([node], {"x": shape}, ["y"], {"s": (1, 1, factor, factor)}, 13)
    result = fix(model, settings=asked("align_corners=false"))
    for length in range(3, 40):
        x: Array = RANDOM.random((1, 1, length, length), np.float32)
        image = torch.from_numpy(x)
        expected = F.interpolate(image, scale_factor=factor, mode="bilinear", align_corners=False)
        (found,) = as_written(result.model, {"x": x})
        if as_written(model, {"x": x})[0].shape == tuple(expected.shape):
            np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("width", [3, "w"])
@pytest.mark.parametrize("newest", [7, None])
def test_nearest_takes_every_pixel_twice_where_the_length_doubles(
    width: int | str, newest: int | None
) -> None:
    node = helper.make_node(
        "Upsample", ["x"], ["y"], "up", mode="nearest", scales=[1.0, 1.0, 1.0, 2.3]
    )
    model = float_model([node], {"x": [1, 1, 1, width]}, ["y"], {}, 7)
    settings = asked("mode=nearest")
    result = fix(model, settings=FixSettings(settings.check, unsafe=True, max_opset=newest))
    if not result.changes:
        assert (width, newest) == ("w", 7)
        return
    for length in (3,) if width == 3 else range(2, 12):
        x: Array = np.arange(length, dtype=np.float32).reshape(1, 1, 1, length)
        expected = F.interpolate(torch.from_numpy(x), scale_factor=(1, 2.3), mode="nearest")
        np.testing.assert_array_equal(as_written(result.model, {"x": x})[0], expected.numpy())


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("mode=magic", "mode is 'magic', expected one of nearest"),
        ("mode=nearest,align_corners=true", "mode 'nearest' has no align_corners"),
        ("mode=trilinear,antialias=true", "mode 'trilinear' has no antialias"),
    ],
)
def test_a_call_that_pytorch_refuses_is_not_expected(policy: str, reason: str) -> None:
    result = CliRunner().invoke(cli, ["check", str(models.MISMATCHES), "--expect", policy])
    assert result.exit_code == 2
    assert reason in result.output


def test_an_expectation_that_holds_keeps_what_is_recorded() -> None:
    path = models.MISMATCHES / "A3.onnx"
    plain = halfpixel.check(path).findings
    expected = halfpixel.check(path, expect=["align_corners=false"]).findings
    assert [one.finding for one in expected] == [one.finding for one in plain]
    (change,) = fix(path, expect=["antialias=false"]).changes
    assert "scales 1, 1, 0.5, 0.5" in change.text


def test_an_expectation_for_no_node_is_a_wrong_option() -> None:
    path = str(models.MISMATCHES / "A3.onnx")
    for command in (["check", path], ["fix", path, "--diff"]):
        result = CliRunner().invoke(cli, [*command, "--expect", "nope:align_corners=false"])
        assert result.exit_code == 2
        assert "no such node; there are: node__upsample_bilinear2d_aa" in result.output


def test_a_policy_for_aligned_corners_speaks_of_coordinates() -> None:
    path = models.CORPUS / "bilinear_x2_ac0-t1.12.1-o16.onnx"
    (one,) = halfpixel.check(path, expect=["align_corners=true"], severity="error").findings
    assert one.rule.name == "differs-from-intent"


def test_the_diff_defines_every_constant_that_it_reads() -> None:
    (change, *_) = fix(models.MISMATCHES / "B1.onnx", expect=["align_corners=false"]).changes
    read = [line.split(": ")[1] for line in change.after if line.startswith("  input")]
    made = {line.split(" = ")[0] for line in change.after}
    assert {name for name in read if "halfpixel" in name} <= made
