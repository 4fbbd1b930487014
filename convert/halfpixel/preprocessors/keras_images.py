"""Keras: load_img, image_dataset_from_directory, smart_resize, Resizing, and what a layer saves.

============================= ============================== ==============================
call                          resizes by                     where nothing is said
============================= ============================== ==============================
load_img(target_size=...)     Pillow                         nearest
image_dataset_from_directory  tf.image.resize                bilinear, to 256x256
Resizing, smart_resize        the backend: tf.image.resize   bilinear, without antialias
============================= ============================== ==============================

The applications resize nothing themselves: their pages show load_img, whose default is nearest.
With crop_to_aspect_ratio (load_img: keep_aspect_ratio; always for smart_resize) the largest middle
part of that ratio is cut out first. Source: keras 3.15.1 `src/utils/image_utils.py`,
`src/utils/image_dataset_utils.py`, `src/backend/tensorflow/image.py`; run.
"""

from collections.abc import Mapping
from typing import Final

from halfpixel.conventions.python_call import PythonCall
from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly, Size
from halfpixel.pipeline.steps import Pipeline, RatioCrop, Resizing, Step, Values
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import named, pillow
from halfpixel.preprocessors.fields import Fields, flag, items, length, shown, table, word

PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "load_img": ("path", "color_mode", "target_size", "interpolation", "keep_aspect_ratio"),
    "smart_resize": ("x", "size", "interpolation", "data_format"),
    "Resizing": (
        "height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio",
        "fill_mode", "fill_value", "antialias", "data_format", "name", "dtype", "trainable",
    ),
    "image_dataset_from_directory": (
        "directory", "labels", "label_mode", "class_names", "color_mode", "batch_size",
        "image_size", "shuffle", "seed", "validation_split", "subset", "interpolation",
        "follow_links", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "data_format", "format",
        "verbose",
    ),
}  # fmt: skip
SMOOTHED: Final = frozenset({"bilinear", "bicubic"})
METHODS: Final = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5")


def _takes(written: Written) -> bool:
    if written.call is not None:
        return written.call.last in PARAMETERS
    values = written.values or {}
    return values.get("class_name") == "Resizing" and "config" in values


def read(written: Written) -> Pipeline:
    """Return what a call of Keras, or a layer that it saved, does; raises ConventionError."""
    call = written.call
    if call is None:
        config = table("config", (written.values or {}).get("config"))
        given: Fields = {key: one for key, one in config.items() if one is not None}
        name = "Resizing"
    else:
        name, given = call.last, _given(call)
    steps = _steps(name, given)
    said = "" if name in {"Resizing", "smart_resize"} else "RGB, "
    return Pipeline(f"Keras {name}", (*steps, Values("order", f"{said}NHWC, values 0 to 255")))


def _given(call: PythonCall) -> Fields:
    return call.bind(*PARAMETERS[call.last])


def _steps(name: str, given: Fields) -> tuple[Step, ...]:
    if name == "load_img":
        if given.get("target_size") is None:
            return ()
        size = _pair("target_size", given["target_size"])
        filtered = named(
            "interpolation", word("interpolation", given.get("interpolation", "nearest"))
        )
        keeps = flag("keep_aspect_ratio", given.get("keep_aspect_ratio", False))
        return _cut(size, pillow(filtered), keeps=keeps)
    if name == "Resizing":
        if "height" not in given or "width" not in given:
            raise ConventionError("Resizing has no height and width, which it needs")
        size = length("height", given["height"]), length("width", given["width"])
    else:
        size = _pair(
            "size", given.get("size" if name == "smart_resize" else "image_size", (256, 256))
        )
    if flag("pad_to_aspect_ratio", given.get("pad_to_aspect_ratio", False)):
        raise ConventionError("pad_to_aspect_ratio is True, which is not described")
    cut = flag("crop_to_aspect_ratio", given.get("crop_to_aspect_ratio", name == "smart_resize"))
    return _cut(size, _tensorflow(given), keeps=cut)


def _cut(size: Size, call: str, *, keeps: bool) -> tuple[Step, ...]:
    resizing = Resizing(Exactly(*size), call)
    return (RatioCrop(*size), resizing) if keeps else (resizing,)


def _tensorflow(given: Fields) -> str:
    """Return the call of tf.image.resize, with its lengths left open."""
    method = word("interpolation", given.get("interpolation", "bilinear")).lower()
    if method not in METHODS:
        known = ", ".join(METHODS)
        raise ConventionError(f"interpolation is {shown(method)}, expected one of {known}")
    smooth = flag("antialias", given.get("antialias", False)) and method in SMOOTHED
    ending = ", antialias=True" if smooth else ""
    return f'tf.image.resize(x, ({{height}}, {{width}}), method="{method}"{ending})'


def _pair(name: str, value: object) -> Size:
    given = items(name, value, 2)
    if len(given) != 2:
        raise ConventionError(f"{name} is {shown(value)}, expected a height and a width")
    return length(name, given[0]), length(name, given[1])


PREPROCESSOR = Preprocessor(
    "Keras",
    _takes,
    read,
    examples=(
        (
            'load_img("elephant.jpg", target_size=(224, 224))',
            "Image.resize((224, 224), Image.NEAREST)",
        ),
        (
            'image_dataset_from_directory("images", image_size=(180, 180))',
            'tf.image.resize(x, (180, 180), method="bilinear")',
        ),
        (
            (
                '{"class_name": "Resizing", "config": {"height": 224, "width": 224, '
                '"interpolation": "bicubic", "antialias": true}}'
            ),
            'tf.image.resize(x, (224, 224), method="bicubic", antialias=True)',
        ),
        (
            "keras.preprocessing.image.smart_resize(x, (200, 100))",
            'tf.image.resize(x, (200, 100), method="bilinear")',
        ),
    ),
    how="run with keras 3.15.1, TensorFlow 2.21.0 and Pillow 13.0.0",
)
