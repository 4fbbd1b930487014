"""Names that coremltools gives to TensorFlow's bilinear resizes say that their flags are kept."""

from pathlib import Path

import pytest

from coreml_programs import Op, changed, package, set_value
from halfpixel.checking.check import check, sites
from halfpixel.formats.coreml.messages import MilProgram

SHAPE, OUT = (1, 2, 5, 7), (1, 2, 10, 14)


def said(folder: Path, name: str, mode: str) -> list[tuple[str, str]]:
    """Return the severities and rules of what is said of a resize, in a file without metadata."""
    given = {"target_size_height": 10, "target_size_width": 14, "sampling_mode": mode}
    op = Op("resize_bilinear", {"x": "%x", **given}, [(name, "float32", OUT)], name)
    inputs = {"x": ("float32", SHAPE)}
    path = package(folder / "m.mlpackage", inputs, [op], [name], 6)
    return [(one.finding.severity, one.rule.name) for one in check(path).findings]


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("m_up_channel_first_resize_bilinear", "note"),
        ("m_ResizeBilinear_channel_first_resize_bilinear_cast_fp16", "note"),
        ("m_up", "warning"),
        ("m_up_channel_first_resize_bilinears", "warning"),
    ],
)
def test_what_tensorflow_1_asked_for_is_no_accident(
    tmp_path: Path, name: str, severity: str
) -> None:
    assert (severity, "coreml-default-mode") in said(tmp_path, name, "DEFAULT")


def test_aligned_corners_are_as_they_were(tmp_path: Path) -> None:
    found = said(tmp_path, "m_up_channel_first_resize_bilinear", "STRICT_ALIGN_CORNERS")
    assert all(severity == "note" for severity, _ in found)
    assert "coreml-default-mode" not in {rule for _, rule in found}


def test_the_name_of_another_kernel_is_louder(tmp_path: Path) -> None:
    name = "m_ResizeNearestNeighbor_channel_first_resize_bilinear"
    assert ("warning", "differs-from-name") in said(tmp_path, name, "DEFAULT")


def test_a_program_without_metadata_says_who_built_it(tmp_path: Path) -> None:
    """coremltools' buildInfo stands among the program's own attributes."""
    given = {"align_corners": False, "scale_factor_height": 2.0, "scale_factor_width": 2.0}
    op = Op("upsample_bilinear", {"x": "%x", **given}, [("y", "float32", OUT)], "up")
    path = package(tmp_path / "m.mlpackage", {"x": ("float32", SHAPE)}, [op], ["y"], 6)
    told = {"coremltools-version": "7.2.1", "coremltools-component-torch": "2.3.0"}
    told["coremltools-source-dialect"] = "TorchScript"
    (before,) = sites(path)
    assert before.intent is None

    def build(program: MilProgram) -> None:
        values = program.attributes["buildInfo"].immediateValue.dictionary.values
        for key, value in told.items():
            pair = values.add()
            set_value(pair.key, key)
            set_value(pair.value, value)

    (after,) = sites(changed(path, build))
    assert after.operation.origin.producer.version == (7, 2)
    assert after.operation.origin.framework == "torch==2.3.0"
    assert after.intent is not None
    assert 'mode="bilinear"' in after.intent.text
