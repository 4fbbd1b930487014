"""compare takes what readies images: its first resize, at the lengths that it makes itself."""

from pathlib import Path

import pytest

from external_models import run
from halfpixel.checking.comparing.compare import compare
from halfpixel.checking.comparing.words import lines
from litert_files.built import BILINEAR, resize, tflite

LINEAR = "cv2.resize(x, (64, 48), interpolation=cv2.INTER_LINEAR)"
SMOOTH = 'F.interpolate(x, size=(48, 64), mode="bilinear", antialias=True)'


@pytest.mark.parametrize(
    ("written", "call", "verdict"),
    [
        ("LetterBox(64)", LINEAR, "equal"),
        ("LetterBox(64)", SMOOTH, "different"),
        ("LetterBox((64, 64))", LINEAR.replace("48", "64"), "different"),
        ("SemanticSegmentation(resize_size=48)", SMOOTH, "equal"),
        ("fn.resize(x, size=(48, 64))", LINEAR, "different"),
        ("keras.layers.Resizing(48, 64)", LINEAR, "equal"),
    ],
)
def test_the_first_resize_is_compared_with_a_call(written: str, call: str, verdict: str) -> None:
    assert compare(written, call, size="640x480").verdict == verdict
    assert compare(call, written, size="640x480").verdict == verdict


def test_two_of_them_are_compared_and_what_is_no_sampling_is_named() -> None:
    found = compare(
        "LetterBox(64)", "fn.resize(x, resize_longer=64, antialias=False)", size="64x48"
    )
    assert found.verdict == "equal"
    texts = [remark.text for remark in found.a.remarks]
    assert "Ultralytics LetterBox pads to 64x64 with 114, too" in texts
    assert "RGB, turned from the BGR of cv2.imread" in texts


def test_a_file_is_a_side_and_one_that_resizes_nothing_is_none(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"class_name": "Resizing", "config": {"height": 48, "width": 64}}')
    assert run("compare", path, LINEAR)[0] == 0
    assert run("compare", path, SMOOTH, "--size", "640x480")[0] == 1
    path.write_text('{"pretrained_cfg": 3}')
    code, output = run("compare", path, LINEAR)
    assert (code, "pretrained_cfg is 3" in output) == (2, True)
    code, output = run("compare", "ObjectDetection()", LINEAR)
    assert (code, "says of no resize" in output) == (2, True)


def beside(a: str, b: str) -> list[str]:
    return [line for line in lines(compare(a, b)) if "beside the weights" in line]


LITERT = "{}(x, size=(h, w), align_corners=False, half_pixel_centers=False)"


def test_only_what_concerns_a_kernel_stands_beside_its_weights() -> None:
    blended, picked = map(LITERT.format, ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"))
    told = beside(blended, picked)
    assert [line for line in told if "a coordinate of nearest" in line] == [told[-1]]
    assert told[-1].startswith("b, ")
    assert all(line.startswith("a, ") for line in told[:-1])
    told = beside("jax.image.resize(x, (8, 8), 'bilinear')", blended)
    assert not any("nearest may read" in line for line in told)


def test_what_both_do_is_told_once() -> None:
    told = beside("cv2.resize(x, (8, 8))", "cv2.resize(x, (9, 9))")
    assert told
    assert all(line.startswith("both, ") for line in told)
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(("dtype", "told"), [("FLOAT32", False), ("UINT8", True), ("INT8", True)])
def test_a_node_of_floats_is_not_told_of_bytes(dtype: str, *, told: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    scale = 0.0 if dtype == "FLOAT32" else 0.5
    path.write_bytes(tflite(resize(BILINEAR, {}, (14, 20), dtype=dtype, scale=scale)))
    lines_of = beside(f"{path}", LITERT.format("RESIZE_BILINEAR"))
    assert any(line.startswith(("a, ", "both, ")) for line in lines_of) is told
