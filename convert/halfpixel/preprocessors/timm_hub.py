"""timm: the pretrained_cfg of a model, as config.json of the hub holds it.

The images of Pillow are resized; crop_pct says which part of the resized image is kept:

========== ==================================================================================
crop_mode  what is done
========== ==================================================================================
center     the shorter side to size / crop_pct, then the middle; of a size that is no square,
           in proportion so that it is covered
squash     both sides to size / crop_pct, then the middle
border     in proportion, so that the image fits size / crop_pct, then the middle of a border
           of the mean's colour
========== ==================================================================================

Lengths size / crop_pct are cut to whole ones. Source: timm 1.0.31 `data/transforms_factory.py`,
transforms_imagenet_eval; `data/config.py`, resolve_data_config (the defaults); run.
"""

import math
from typing import Final

from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly, Fitting, Rule, Shortest, Size
from halfpixel.pipeline.steps import Cropping, Pipeline, Resizing, Step, Values
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import named, normalised, pillow, rescaled
from halfpixel.preprocessors.fields import Fields, fraction, items, length, numbers, table, word

USUAL: Final[Fields] = {
    "input_size": [3, 224, 224],
    "interpolation": "bicubic",
    "crop_pct": 0.875,
    "crop_mode": "center",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
}
"""What timm takes where a configuration says nothing. Source: timm 1.0.31 `data/config.py`."""

MODES: Final = ("center", "squash", "border")


def _takes(written: Written) -> bool:
    values = written.values or {}
    return "pretrained_cfg" in values or ("input_size" in values and "interpolation" in values)


def read(written: Written) -> Pipeline:
    """Return what a configuration of timm's says; raises ConventionError."""
    values = written.values or {}
    if "pretrained_cfg" in values:
        values = table("pretrained_cfg", values["pretrained_cfg"])
    left_out = [key for key in USUAL if values.get(key) is None]
    said = {**USUAL, **{key: one for key, one in values.items() if one is not None}}
    lengths = items("input_size", said["input_size"], 3)
    if len(lengths) != 3:
        raise ConventionError(f"input_size has {len(lengths)} values, expected 3")
    size = length("input_size", lengths[1]), length("input_size", lengths[2])
    mode, mean = word("crop_mode", said["crop_mode"]), numbers("mean", said["mean"])
    if mode not in MODES:
        raise ConventionError(f"crop_mode is {mode[:60]!r}, expected one of {', '.join(MODES)}")
    call = pillow(named("interpolation", word("interpolation", said["interpolation"])))
    part = fraction("crop_pct", said["crop_pct"])
    steps: tuple[Step, ...] = (
        Resizing(_rule(mode, (math.floor(size[0] / part), math.floor(size[1] / part))), call),
        Cropping(*size, value=round(255 * mean[0]) if mode == "border" else 0),
        rescaled(1 / 255),
        normalised(mean, numbers("std", said["std"])),
        Values("colour", "RGB"),
        Values("order", "NCHW, float32"),
    )
    doubts = (f"not written, and as timm 1.0.31 has it: {', '.join(left_out)}",) if left_out else ()
    return Pipeline("timm", steps, doubts)


def _rule(mode: str, size: Size) -> Rule:
    if mode == "squash":
        return Exactly(*size)
    if mode == "border":
        return Fitting(*size)
    return Shortest(size[0]) if size[0] == size[1] else Fitting(*size, covers=True)


PREPROCESSOR = Preprocessor(
    "timm",
    _takes,
    read,
    examples=(
        (
            (
                '{"pretrained_cfg": {"input_size": [3, 224, 224], "interpolation": "bicubic", '
                '"crop_pct": 0.875, "crop_mode": "center"}}'
            ),
            "Image.resize((341, 256), Image.BICUBIC)",
        ),
        (
            '{"input_size": [3, 288, 224], "interpolation": "bilinear", "crop_pct": 1.0}',
            "Image.resize((384, 288), Image.BILINEAR)",
        ),
        (
            '{"input_size": [3, 256, 256], "interpolation": "bicubic", "crop_mode": "squash"}',
            "Image.resize((292, 292), Image.BICUBIC)",
        ),
        (
            '{"input_size": [3, 224, 224], "interpolation": "lanczos", "crop_mode": "border"}',
            "Image.resize((256, 192), Image.LANCZOS)",
        ),
    ),
    how="run with timm 1.0.31, torchvision 0.29.1 and Pillow 13.0.0",
)
