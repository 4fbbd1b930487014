"""Where the other resizes align corners, half pixels are not offered before that is asked."""

from pathlib import Path

import pytest
from onnx import ModelProto

from example_models import model, resize
from halfpixel.checking.check import check
from halfpixel.fixing.fix import fix


def network(*coordinates: str) -> ModelProto:
    """Return linear resizes one behind the other, on these coordinates."""
    nodes = [
        resize(f"x{i}" if i else "x", f"x{i + 1}", f"up{i}", {MODE: one})
        for i, one in enumerate(coordinates)
    ]
    nodes[-1].output[0] = "y"
    return model(nodes, opset=13)


MODE = "coordinate_transformation_mode"
HINT = "corners: --expect up0:align_corners=true, or =false for half pixels"
CASES = {
    ("asymmetric", "align_corners"): f"the other resize here aligns {HINT}",
    ("asymmetric", "align_corners", "align_corners"): f"the other 2 resizes here align {HINT}",
    ("asymmetric", "asymmetric", "align_corners"): f"1 of the 2 other resizes here aligns {HINT}",
    (
        "asymmetric",
        "align_corners",
        *["asymmetric"] * 2,
    ): f"1 of the 3 other resizes here aligns {HINT}",
    (
        "asymmetric",
        *["align_corners"] * 2,
        "asymmetric",
    ): f"2 of the 3 other resizes here align {HINT}",
    ("asymmetric", "align_corners", "half_pixel"): "",
    ("asymmetric", "half_pixel"): "",
    ("asymmetric",): "",
}


@pytest.mark.parametrize(("coordinates", "hint"), CASES.items(), ids=["-".join(c) for c in CASES])
def test_siblings_are_asked_before_half_pixels_are_offered(
    coordinates: tuple[str, ...], hint: str
) -> None:
    made = network(*coordinates)
    (first, *_) = check(made, select=["asymmetric-linear"]).findings
    assert (first.site.name, first.finding.declined) == ("up0", hint)
    assert (first.finding.fix is None) == bool(hint)
    changed = fix(made, unsafe_fixes=True, select=["asymmetric-linear"]).changes
    assert bool(changed) != bool(hint)


@pytest.mark.parametrize("aligned", [True, False])
def test_the_option_that_is_named_settles_it(aligned: bool, tmp_path: Path) -> None:  # noqa: FBT001
    made = network("asymmetric", "align_corners")
    done = fix(made, expect=[f"up0:align_corners={str(aligned).lower()}"])
    done.save(tmp_path / "fixed.onnx")
    (found, _) = check(tmp_path / "fixed.onnx").sites
    assert found.torch_call is not None
    assert f"align_corners={aligned}" in found.torch_call
