"""A site of very many channels is run on some of them; they are alike."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import example_models as models
from coreml_programs import Op, package
from halfpixel.verifying import site_lengths
from halfpixel.verifying.site_check import SiteCheck

Array = np.ndarray[Any, np.dtype[Any]]


def enlarged(by: str, *, axes: tuple[int, ...] = ()) -> onnx.ModelProto:
    """Return a resize of 2 images of 64 channels, by sizes or scales."""
    given: Array = (
        np.array([2, 64, 24, 40]) if by == "sizes" else np.array([1, 1, 3, 5], np.float32)
    )
    values = given[list(axes)] if axes else given
    inputs = ["x", "", "", "v"] if by == "sizes" else ["x", "", "v"]
    node = helper.make_node("Resize", inputs, ["y"], "up", mode="linear")
    if axes:
        node.attribute.append(helper.make_attribute("axes", axes))
    made = models.model([node], (2, 64, 8, 8), [numpy_helper.from_array(values, "v")], 18)
    made.ir_version = 9
    return made


@pytest.mark.parametrize(
    ("by", "axes"),
    [("sizes", ()), ("scales", ()), ("sizes", (2, 3)), ("sizes", (3, 1, 0, 2)), ("scales", (3, 2))],
)
def test_some_channels_are_run(
    by: str, axes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole,) = SiteCheck(enlarged(by, axes=axes)).results()
    assert (whole.shape, whole.agrees) == ((2, 64, 8, 8), True)
    monkeypatch.setattr(site_lengths, "MANY", 4 * 24 * 40)
    (some,) = SiteCheck(enlarged(by, axes=axes)).results()
    assert (some.shape, some.agrees) == ((1, 4, 8, 8), True)


def test_some_channels_of_a_program_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"align_corners": False, "scale_factor_height": 2.0, "scale_factor_width": 2.0}
    up = Op("upsample_bilinear", {"x": "%x", **given}, [("y", "float32", (1, 64, 16, 16))], "up")
    inputs = {"x": ("float32", (1, 64, 8, 8))}
    path = package(tmp_path / "a.mlpackage", inputs, [up], ["y"], 8)
    monkeypatch.setattr(site_lengths, "MANY", 4 * 16 * 16)
    (some,) = SiteCheck(path).results()
    assert (some.shape, some.agrees) == ((1, 4, 8, 8), True)


def test_channels_that_are_resized_are_all_run(monkeypatch: pytest.MonkeyPatch) -> None:
    node = models.resize(attributes={"mode": "nearest"})
    made = models.model([node], (1, 8, 4, 4), [models.scales(1, 2, 2, 2)], 18)
    made.ir_version = 9
    monkeypatch.setattr(site_lengths, "MANY", 16)
    (found,) = SiteCheck(made).results()
    assert (found.shape, found.agrees) == ((1, 8, 4, 4), True)
