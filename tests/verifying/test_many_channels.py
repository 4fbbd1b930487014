"""A site of Core ML with very many channels is run on some of them; they are alike."""

from pathlib import Path

import pytest

from coreml_programs import Op, package
from halfpixel.checking.check import sites
from halfpixel.verifying import lengths
from halfpixel.verifying.site_check import SiteCheck

NETWORKS = Path(__file__).parents[2] / "models" / "coreml" / "interpolate"


def test_some_channels_of_a_program_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"align_corners": False, "scale_factor_height": 2.0, "scale_factor_width": 2.0}
    up = Op("upsample_bilinear", {"x": "%x", **given}, [("y", "float32", (1, 64, 16, 16))], "up")
    inputs = {"x": ("float32", (1, 64, 8, 8))}
    path = package(tmp_path / "a.mlpackage", inputs, [up], ["y"], 8)
    monkeypatch.setattr(lengths, "ENOUGH", 4 * (16 * 16 + 8 * 8))
    (some,) = SiteCheck(path).results()
    assert (some.shape, some.agrees) == ((1, 4, 8, 8), True)


@pytest.mark.parametrize("name", ["nearest-5x7-to-10x14", "bilinear_ac0-6x10-to-9x7"])
def test_some_channels_of_a_network_are_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = NETWORKS / f"{name}-network.mlmodel"
    (site,) = sites(path)
    monkeypatch.setattr(lengths, "ENOUGH", 1)
    (some,) = SiteCheck(path).results()
    assert site.input_shape is not None
    assert (some.shape, some.agrees) == ((1, 1, *site.input_shape[2:]), True)
