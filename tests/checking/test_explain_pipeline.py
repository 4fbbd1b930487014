"""Explain: how images are readied, step by step; and what stands beside it on the command line."""

from pathlib import Path

import pytest

from external_models import run
from halfpixel.checking.comparing.lengths import parse_image
from halfpixel.checking.explain_pipeline import pipeline_lines
from halfpixel.errors import UsageError

LETTERBOX = "LetterBox(new_shape=(320, 320))"


def test_every_step_is_told_for_an_image_of_a_size() -> None:
    lines = list(pipeline_lines(LETTERBOX, (481, 640), brief=True))
    assert lines == [
        "LetterBox: Ultralytics LetterBox",
        "  an image of 640x481:",
        "  1. resize in proportion, to fit 320x320: 640x481 becomes 320x240",
        "     cv2.resize(x, (320, 240), interpolation=cv2.INTER_LINEAR)",
        "  2. pad with 114, 40 rows above and 0 columns left of it: 320x240 becomes 320x320",
        "  3. values times 1/255",
        "  4. RGB, turned from the BGR of cv2.imread",
        "  5. NCHW, float32",
        "  the network gets 320x320 of every image",
    ]


def test_the_resize_is_told_in_numbers_and_in_the_words_of_every_library() -> None:
    lines = list(pipeline_lines(LETTERBOX))
    assert "  an image of 640x480, for example:" in lines
    assert "     kernel: linear" in lines
    assert any("at length 480 to 240, outputs 0 to 7 read: 0.5 2.5" in line for line in lines)
    assert any('F.interpolate(x, size=(height, width), mode="bilinear"' in line for line in lines)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        (
            "VideoClassification(crop_size=(24, 24), resize_size=(28, 36))",
            "  2. crop the middle: 36x28 becomes 24x24, from column 6 and row 2",
        ),
        (
            "VideoClassification(crop_size=(48, 24), resize_size=(28, 36))",
            "  2. crop the middle: 36x28 becomes 24x48, with a border of 0",
        ),
        (
            "keras.layers.Resizing(10, 20, crop_to_aspect_ratio=True)",
            "  1. crop the middle: 640x480 becomes 640x320, from column 0 and row 80",
        ),
        (
            "ct.ImageType(shape=(1, 3, 24, 36), scale=1/255)",
            "  1. resize to 36x24: 640x480 becomes 36x24, by what is not written",
        ),
        ("LetterBox(64, center=False)", "  2. pad with 114, behind it: 64x48 becomes 64x64"),
        ("load_img('a')", "Keras load_img"),
    ],
)
def test_what_is_cut_or_padded_is_told_with_its_place(subject: str, said: str) -> None:
    lines = "\n".join(pipeline_lines(subject, brief=True))
    assert said in lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected WIDTHxHEIGHT"),
        ("640x", "expected WIDTHxHEIGHT"),
        ("x480", "expected WIDTHxHEIGHT"),
        ("-1x3", "expected WIDTHxHEIGHT"),
        ("1e3x4", "expected WIDTHxHEIGHT"),
        ("0x3", "0 pixels, expected 1 to"),
        ("9999999x1", "9999999 pixels, expected 1 to"),
        ("640x480:224x224", "expected WIDTHxHEIGHT of the image alone, as 640x480"),
        ("4x5x6", "expected WIDTHxHEIGHT of the image alone, as 640x480"),
    ],
)
def test_a_size_is_a_width_and_a_height(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        parse_image(text)


def test_the_command_reads_files_and_calls_and_draws_the_resize(tmp_path: Path) -> None:
    written, picture = tmp_path / "config.json", tmp_path / "a.svg"
    written.write_text('{"class_name": "Resizing", "config": {"height": 24, "width": 32}}')
    code, output = run("explain", written, "--size", "64x48")
    assert code == 0
    assert "64x48 becomes 32x24" in output
    code, output = run("explain", written, "cv2.resize(x, (32, 24), interpolation=1)")
    assert code == 0
    assert "equal at every length" in output
    code, output = run("explain", LETTERBOX, "--picture", picture)
    assert code == 0
    assert picture.read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none.json",), "none.json: no such file"),
        (("LetterBox(0)",), "new_shape is 0, expected a length in pixels"),
        ((LETTERBOX, "--size", "big"), "--size 'big': expected WIDTHxHEIGHT"),
        ((LETTERBOX, "--shape", "x=1x3x4x4"), "--shape is for a model"),
        (("checkerboard", "--size", "3x4"), "--size is for a file or a call that readies images"),
        (("ct.ImageType()", "--picture", "a.svg"), "says of no resize what it computes"),
        (("ObjectDetection()", "cv2.resize(x, (3, 4))"), "says of no resize what it computes"),
    ],
)
def test_what_cannot_be_explained_is_one_line(words: tuple[str, ...], said: str) -> None:
    code, output = run("explain", *words)
    assert code == 2
    assert said in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize(
    "subject",
    [
        f"LetterBox({(1 << 31) - 1})",
        f"fn.resize(x, resize_shorter={(1 << 31) - 1})",
        f"LetterBox({1 << 30}, scale_fill=True, interpolation=cv2.INTER_AREA)",
    ],
)
def test_lengths_of_strangers_take_no_more_work_than_others(subject: str) -> None:
    assert run("explain", subject, "--size", "1x60000")[0] == 0
