"""What LiteRT's delegates make of its resizes: read in their sources, and run on the CPU."""

import pytest

from halfpixel.conventions.litert.resize import BILINEAR, NEAREST, Flags
from halfpixel.site import Operation
from halfpixel.targets.target import load_target, names
from target_nodes import DOWN, UP, litert, node, resize

NONE = Flags()
CORNERS = Flags(align_corners=True)
HALF = Flags(half_pixel_centers=True)
BOTH = Flags(align_corners=True, half_pixel_centers=True)
LITERT = [name for name in names() if name.startswith("litert-")]
LONG = ((33, 33), (257, 257))

SAID: tuple[tuple[str, Operation, str, str], ...] = (
    ("litert-builtin", litert(BILINEAR, HALF), "native", ""),
    ("litert-builtin", litert(BILINEAR, BOTH), "refused", "both flags"),
    ("litert-builtin", litert(BILINEAR, HALF, dtype="float16"), "refused", "it blends float32"),
    ("litert-builtin", litert(BILINEAR, HALF, UP, "int8"), "native", ""),
    ("litert-builtin", litert(BILINEAR, NONE, LONG, "int8"), "different", "0.118 input px"),
    ("litert-builtin", litert(BILINEAR, CORNERS, LONG, "int8"), "native", ""),
    ("litert-builtin", litert(BILINEAR, NONE, LONG, "uint8"), "native", ""),
    ("litert-builtin", litert(NEAREST, BOTH), "different", "no framework means"),
    ("litert-builtin", litert(NEAREST, HALF, dtype="float16"), "native", ""),
    ("litert-builtin", litert(NEAREST, HALF, dtype="float64"), "refused", "32 bits"),
    ("litert-xnnpack", litert(BILINEAR, BOTH), "different", "align_corners alone"),
    ("litert-xnnpack", litert(BILINEAR, BOTH, constant=False), "refused", "both flags"),
    ("litert-xnnpack", litert(BILINEAR, NONE, LONG, "int8"), "native", ""),
    ("litert-xnnpack", litert(BILINEAR, NONE, LONG, "int16"), "different", "ten fractional bits"),
    ("litert-xnnpack", litert(NEAREST, HALF), "native", ""),
    ("litert-micro", litert(BILINEAR, HALF, UP, "int8"), "native", ""),
    ("litert-micro", litert(BILINEAR, NONE, LONG, "int8"), "different", "0.118 input px"),
    ("litert-micro", litert(BILINEAR, NONE, UP, "uint8"), "refused", "float32 and int8"),
    ("litert-micro", litert(NEAREST, HALF, constant=False), "refused", "computed"),
    ("litert-gpu", litert(BILINEAR, HALF, DOWN), "native", ""),
    ("litert-gpu", litert(BILINEAR, BOTH), "different", "leaves|left to|align_corners alone"),
    ("litert-gpu-opengl", litert(BILINEAR, HALF, DOWN), "refused", "it does not shrink"),
    ("litert-gpu-opengl", litert(BILINEAR, HALF, UP), "native", ""),
    ("litert-nnapi", litert(BILINEAR, HALF), "native", ""),
    ("litert-nnapi-android10", litert(BILINEAR, HALF), "fallback", "no half_pixel_centers"),
    ("litert-nnapi-android10", litert(NEAREST, CORNERS), "fallback", "no align_corners"),
    ("litert-nnapi-android10", litert(BILINEAR, NONE), "native", ""),
    ("litert-qnn", litert(NEAREST, HALF), "native", ""),
    ("litert-coreml", litert(BILINEAR, HALF), "different", "0.25 input px"),
    ("litert-coreml", litert(BILINEAR, HALF, DOWN), "different", "0.5 input px"),
    ("litert-coreml", litert(BILINEAR, CORNERS), "native", ""),
    ("litert-coreml", litert(NEAREST, NONE), "fallback", "no builder"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "operation", "verdict", "words"), SAID)
def test_what_is_said_of_a_resize(
    name: str, operation: Operation, verdict: str, words: str
) -> None:
    said = load_target(name).says(operation)
    assert said is not None
    assert said.verdict == verdict
    assert any(part in said.reason for part in words.split("|"))


def test_each_format_has_targets_of_its_own() -> None:
    of_onnx = resize(node("linear", "half_pixel"))
    assert len(LITERT) == 9
    assert [load_target(name).says(of_onnx) for name in LITERT] == [None] * 9
    others = [name for name in names() if name not in LITERT and not name.startswith("coreml")]
    assert {load_target(name).says(litert(BILINEAR, HALF)) for name in others} == {None}
