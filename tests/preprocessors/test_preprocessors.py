"""What was written down of how images are readied: every form, read; every wrong value, refused."""

import json
from pathlib import Path

import pytest

from halfpixel.errors import ConventionError
from halfpixel.pipeline.steps import Cropping, Padding, Pipeline, Resizing, Values
from halfpixel.preprocessor import (
    is_written,
    load_preprocessors,
    read_pipeline,
)
from halfpixel.preprocessors.hugging_face import FORMS, rows
from preprocessors.written import hugging, ort, timm, vino

IMAGE = (480, 640)
EXAMPLES = [(text, call) for one in load_preprocessors() for text, call in one.examples]
MODELS = Path(__file__).parents[2] / "models" / "preprocessing"


def resize_of(pipeline: Pipeline) -> str:
    """Return the call of the first resize, for an image of 480 rows and 640 columns."""
    for step, before, _ in pipeline.at(IMAGE):
        if isinstance(step, Resizing):
            return step.text(before)
    return ""


@pytest.mark.parametrize(("text", "call"), EXAMPLES)
def test_an_example_comes_to_its_resize(text: str, call: str) -> None:
    assert resize_of(read_pipeline(text)) == call


def test_every_preprocessor_says_how_it_is_known_and_shows_an_example() -> None:
    for one in load_preprocessors():
        assert one.how.startswith(("run with ", "read in "))
        assert one.examples


SAID: list[tuple[str, str, tuple[int, int] | None]] = [
    # CLIP's own file of 2021: integers, and the name of a feature extractor
    (
        hugging(feature_extractor_type="CLIPFeatureExtractor", size=224, crop_size=224,
                do_center_crop=True),
        "Image.resize((298, 224), Image.BICUBIC)", (224, 224),
    ),
    (hugging(size=224), "Image.resize((224, 224), Image.BICUBIC)", (224, 224)),
    (hugging(size=[224, 192]), "Image.resize((192, 224), Image.BICUBIC)", (224, 192)),
    (
        hugging(size={"shortest_edge": 800, "longest_edge": 1000}),
        "Image.resize((1000, 750), Image.BICUBIC)", None,
    ),
    (
        hugging(size={"max_height": 100, "max_width": 100}),
        "Image.resize((100, 75), Image.BICUBIC)", None,
    ),
    (
        hugging(image_processor_type="ViTImageProcessorFast", resample=None),
        "Image.resize((224, 224), Image.BILINEAR)", (224, 224),
    ),
    (
        json.dumps({"processor_class": "CLIPProcessor",
                    "image_processor": {"image_processor_type": "SiglipImageProcessor"}}),
        "Image.resize((224, 224), Image.BICUBIC)", (224, 224),
    ),
    (
        hugging(image_processor_type="ConvNextImageProcessor", size={"shortest_edge": 384}),
        "Image.resize((384, 384), Image.BICUBIC)", (384, 384),
    ),
    (
        hugging(image_processor_type="PoolFormerImageProcessor", crop_pct=0.95),
        "Image.resize((313, 235), Image.BICUBIC)", (224, 224),
    ),
    (
        hugging(image_processor_type="LevitImageProcessor"),
        "Image.resize((341, 256), Image.BICUBIC)", (224, 224),
    ),
    (
        hugging(image_processor_type="SamImageProcessor", resample=2),
        "Image.resize((1024, 768), Image.BILINEAR)", (1024, 1024),
    ),
    (
        hugging(image_processor_type="DPTImageProcessor", size={"height": 518, "width": 518},
                keep_aspect_ratio=True, ensure_multiple_of=14),
        "Image.resize((686, 518), Image.BICUBIC)", None,
    ),
    (hugging(do_resize=False, do_center_crop=True, crop_size=200), "", (200, 200)),
    (timm(crop_pct=0.95), "Image.resize((313, 235), Image.BICUBIC)", (224, 224)),
    (timm(crop_pct=1.0, crop_mode="squash"), "Image.resize((224, 224), Image.BICUBIC)", (224, 224)),
    (timm(crop_pct=1.0, crop_mode="border"), "Image.resize((224, 168), Image.BICUBIC)", (224, 224)),
    (
        ("transforms.Compose([transforms.Resize((224, 192), "
        "interpolation=InterpolationMode.BILINEAR), transforms.ToTensor()])"),
        "Image.resize((192, 224), Image.BILINEAR)", (224, 192),
    ),
    (
        ("Compose(\n    Resize(size=256, interpolation=bicubic, max_size=None, antialias=True)\n"
        "    CenterCrop(size=(224, 224))\n    MaybeToTensor()\n"
        "    Normalize(mean=tensor([0.4850, 0.4560, 0.406]), std=tensor([0.2290, 0.2240, 0.225]))\n"
        ")"),
        "Image.resize((341, 256), Image.BICUBIC)", (224, 224),
    ),
    ("SemanticSegmentation(resize_size=520)", "Image.resize((693, 520), Image.BILINEAR)", None),
    ("ObjectDetection()", "", None),
    (
        "LetterBox(new_shape=(320, 640), scaleup=False)",
        "cv2.resize(x, (427, 320), interpolation=cv2.INTER_LINEAR)", (320, 640),
    ),
    ("load_img('a.jpg')", "", None),
    (
        "load_img('a.jpg', target_size=(32, 16), interpolation='lanczos')",
        "Image.resize((16, 32), Image.LANCZOS)", (32, 16),
    ),
    (
        "keras.layers.Resizing(32, 16, crop_to_aspect_ratio=True)",
        'tf.image.resize(x, (32, 16), method="bilinear")', (32, 16),
    ),
    (
        ort("Resize", height=224, width=224, interpolation="LANCZOS", keep_aspect_ratio=0),
        "Image.resize((224, 224), Image.LANCZOS)", (224, 224),
    ),
    (
        vino(resize_type="fit_to_window"),
        'F.interpolate(x, size=(36, 48), mode="bilinear", align_corners=False)', (64, 48),
    ),
    (
        vino("1,64,48,3", resize_type="crop", mean_values="123.675 116.28 103.53"),
        'F.interpolate(x, size=(64, 48), mode="bilinear", align_corners=False)', (64, 48),
    ),
    (
        "ppp.input().preprocess().resize(ResizeAlgorithm.RESIZE_NEAREST, 32, 16)",
        ("Resize(x, sizes=(1, 1, 32, 16), mode=nearest, "
        "coordinate_transformation_mode=half_pixel, nearest_mode=round_prefer_floor)"), (32, 16),
    ),
    (
        "fn.resize(images, size=(100, 200), mode='not_larger')",
        ("Resize(x, sizes=(1, 1, 100, 133), mode=linear, "
        "coordinate_transformation_mode=half_pixel, antialias=1)"),
        None,
    ),
    ("ct.ImageType(name='x', scale=2.0, bias=[-1, -1, -1])", "", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "call", "output"), SAID)
def test_what_is_written_comes_to_a_resize_and_a_size(
    text: str, call: str, output: tuple[int, int] | None
) -> None:
    pipeline = read_pipeline(text)
    assert resize_of(pipeline) == call
    assert pipeline.output == output


@pytest.mark.parametrize(
    ("subject", "known"),
    [
        ("models/preprocessor_config.json", True),
        ("model.XML", True),
        ("model.onnx", False),
        ("checkerboard", False),
        ("transforms.Compose([transforms.Resize(3)])", True),
        ("cv2.resize(x, (3, 4))", False),
        ("Resize(scales=[2.0, 2.0])", False),
        ("F.interpolate(x, size=", False),
    ],
)
def test_a_subject_is_known_by_its_ending_or_by_what_it_calls(subject: str, known: bool) -> None:  # noqa: FBT001 - a case
    assert is_written(subject) is known


def test_every_row_has_a_form_and_comes_to_a_pipeline() -> None:
    for name, row in rows().items():
        text = json.dumps({"image_processor_type": name})
        if row["form"] == "own":
            with pytest.raises(ConventionError, match="a way of its own"):
                read_pipeline(text)
            continue
        assert row["form"] in FORMS
        pipeline = read_pipeline(text)
        assert resize_of(pipeline).startswith("Image.resize((")
        assert f"as in {name} of transformers 5.24.0" in pipeline.doubts[0]


def test_what_a_file_leaves_out_is_said() -> None:
    unnamed, unknown = (
        read_pipeline(hugging(size=224, **more)).doubts
        for more in ({}, {"image_processor_type": "MyImageProcessor"})
    )
    assert "an integer size is a square; of CLIP and others it is the shorter side" in unnamed[0]
    assert unknown == (
        (
            "MyImageProcessor is not described here: it is read as the base class of transformers "
            "5.24.0"
        ),
    )


def test_what_is_no_sampling_stands_beside_it() -> None:
    pipeline = read_pipeline((MODELS / "clip_preprocessor.json").read_text())
    assert [one.words for one in pipeline.steps if isinstance(one, Values)] == [
        "values times 1/255",
        "less 0.48145466 0.4578275 0.40821073, over 0.26862954 0.26130258 0.27577711",
        "RGB",
        "NCHW, float32",
    ]
    assert Cropping(224, 224, "floor") in pipeline.steps


def test_a_letterbox_goes_round_the_image_or_to_a_multiple_of_the_stride() -> None:
    for text, border in [
        ("LetterBox((640, 640))", Padding(640, 640, 114, middle=True)),
        ("LetterBox((640, 640), auto=True)", Padding(None, None, 114, middle=True, multiple=32)),
        ("LetterBox((640, 640), center=False)", Padding(640, 640, 114)),
    ]:
        assert border in read_pipeline(text).steps
