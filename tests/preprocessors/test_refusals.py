"""Configurations of strangers: whatever is wrong in one is a line, and nothing else."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from halfpixel.errors import ConventionError, UsageError
from halfpixel.preprocessor import LONGEST, pipeline_of, read_pipeline
from preprocessors.written import hugging, ort, timm, vino

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG: list[tuple[str, str]] = [
    ("", "'' is not a Python call"),
    ("{", "is no JSON"),
    ("[1, 2]", "no object of names and values"),
    ('{"do_resize": NaN}', "is no JSON"),
    ("{" * 100_000, "is no JSON"),
    ('{"a": 1}', "says nothing of how images are readied"),
    ("cv2.resize(x, (3, 4))", "says nothing of how images are readied"),
    (hugging(size="big"), "size is 'big', expected a length in pixels"),
    (hugging(size=True), "size is True, expected a length"),
    (hugging(size=-3), "size is -3, expected a length"),
    (hugging(size=10**400), "expected a length in pixels"),
    (hugging(size={"height": 3}), "size has height, expected height and width"),
    (hugging(size={"height": 3, "wide": 4}), "size has 'wide', expected height and width"),
    (hugging(size=[1, 2, 3]), "size has 3 values, at most 2"),
    (hugging(size=[1]), "expected a height and a width"),
    (hugging(), "says no size"),
    (hugging(size=3, resample=9), "resample is 9, expected one of 0 (NEAREST)"),
    (hugging(size=3, resample="bicubic"), "resample is 'bicubic'"),
    (hugging(size=3, do_center_crop="yes"), "do_center_crop is 'yes', expected true or false"),
    (hugging(size=3, do_center_crop=True), "says no crop_size"),
    (hugging(size=3, rescale_factor="x"), "rescale_factor is 'x', expected a number"),
    (
        hugging(size=3, do_normalize=True, image_mean=[0] * 99, image_std=1),
        "image_mean has 99 values",
    ),
    (hugging(size=3, image_processor_type="a b"), "expected the name of a class"),
    (hugging(size=3, image_processor_type=7), "image_processor_type is 7, expected a text"),
    (hugging(image_processor_type="Owlv2ImageProcessor"), "a way of its own"),
    (
        hugging(image_processor_type="ConvNextImageProcessor", size=[3, 4]),
        "expected shortest_edge",
    ),
    (
        hugging(image_processor_type="PoolFormerImageProcessor", size={"longest_edge": 3}),
        "size has longest_edge, expected shortest_edge",
    ),
    (
        hugging(image_processor_type="PoolFormerImageProcessor", crop_pct=0),
        "crop_pct is 0, expected more than 0",
    ),
    (json.dumps({"feature_extractor_type": "A", "sampling_rate": 16000}), "about audio"),
    (timm(input_size=[224, 224]), "input_size has 2 values"),
    (timm(interpolation="random"), "interpolation is 'random'"),
    (timm(crop_mode="middle"), "crop_mode is 'middle'"),
    (timm(crop_pct=2), "crop_pct is 2, expected more than 0 and at most 1"),
    ('{"pretrained_cfg": []}', "pretrained_cfg is [], expected an object"),
    ("Compose([Resize()])", "Resize has no size"),
    ("Compose([Pad(3)])", "Pad is not described"),
    ("Compose([Resize(3), 4])", "a transform is 4, expected a call"),
    ("Compose([Resize(256, max_size=200)])", "max_size is 200, expected more than the size"),
    ("ImageClassification(resize_size=3)", "has no crop_size"),
    ("ImageClassification(crop=3)", "has no argument crop"),
    ("LetterBox(0)", "new_shape is 0"),
    ("LetterBox(64, interpolation=17)", "interpolation is 17"),
    ("load_img('a', target_size=(3,))", "expected a height and a width"),
    ("Resizing(3, 4, pad_to_aspect_ratio=True)", "not described"),
    ("Resizing(3)", "no height and width"),
    ("Resizing(3, 4, interpolation='box')", "interpolation is 'box'"),
    (ort("Resize", interpolation="NEAREST"), "interpolation is 'NEAREST'"),
    (ort("Blur"), "type is 'Blur', which is not described"),
    ('{"processor": {"transforms": [3]}}', "transform 1 is 3, expected an object"),
    (vino("1,3,?,?"), "no fixed height and width"),
    (vino(resize_type="twist"), "resize_type is 'twist'"),
    (vino(resize_type="fit_to_window", pad_value="nan"), "expected a finite number"),
    ('<!DOCTYPE a [<!ENTITY b "c">]><model_info/>', "document type"),
    ("<model_info", "is no XML"),
    ("ppp.input().preprocess().resize(3, 4, 5)", "alg is 3"),
    ("ppp.input().preprocess().resize(RESIZE_LINEAR)", "which it takes of the model"),
    ("ppp.input().preprocess().dance()", "a step that is not described"),
    ("ppp.preprocess()" + ".mean(1)" * 99, "more than 64 steps"),
    ("fn.resize(x)", "no size that is described"),
    ("fn.resize(x, size=3, interp_type=INTERP_GAUSSIAN)", "interp_type is 'INTERP_GAUSSIAN'"),
    ("ct.ImageType(shape=(1, 2))", "shape has 2 values"),
    ("ct.ImageType(color_layout=ct.colorlayout.CMYK)", "color_layout is 'CMYK'"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_wrong_value_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ConventionError) as caught:
        read_pipeline(text)
    line = str(caught.value)
    assert said in line
    assert "\n" not in line
    assert len(line) < 1000


def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    wrong: list[tuple[str, Callable[[Path], object], str]] = [
        ("none.json", lambda _path: None, "no such file"),
        ("folder.json", Path.mkdir, "no such file"),
        ("long.json", lambda path: path.write_bytes(b" " * (LONGEST + 1)), "longer than"),
        ("bytes.json", lambda path: path.write_bytes(b"\xff{}"), "can't decode byte"),
        ("empty.json", lambda path: path.write_bytes(b""), "is not a Python call"),
    ]
    for name, make, said in wrong:
        make(tmp_path / name)
        with pytest.raises(UsageError, match=said) as caught:
            pipeline_of(str(tmp_path / name))
        assert str(caught.value).startswith(str(tmp_path / name))


def test_a_byte_order_mark_is_none_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "preprocessor_config.json"
    path.write_text(hugging(size=32), encoding="utf-8-sig")
    assert pipeline_of(str(path)).output == (32, 32)
