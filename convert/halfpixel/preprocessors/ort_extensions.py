"""onnxruntime-extensions: the transforms of an image processor, as its JSON has them.

Its resize is Pillow's, to the byte, for LINEAR, CUBIC and LANCZOS; NEAREST ends the process of
release 0.15.2. Where keep_aspect_ratio is not 0 the image covers the size, its fractions cut, and
that is what it does where nothing is said. Source: onnxruntime-extensions 0.15.2
`shared/api/image_transforms.hpp`; run.
"""

from collections.abc import Iterator
from typing import Final

from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly, Fitting
from halfpixel.pipeline.steps import Cropping, Pipeline, Resizing, Step, Values
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import normalised, pillow, rescaled
from halfpixel.preprocessors.fields import (
    Fields,
    is_table,
    items,
    length,
    number,
    numbers,
    shown,
    table,
    word,
)

FILTERS: Final = {"LINEAR": "BILINEAR", "CUBIC": "BICUBIC", "LANCZOS": "LANCZOS"}
"""Pillow's filters by the names that the resize has for them."""

MOST: Final = 256
"""Transforms of one processor that are read."""

CLIP: Final = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])
"""Mean and deviation where Normalize says none."""


def _takes(written: Written) -> bool:
    found = (written.values or {}).get("processor")
    return is_table(found) and "transforms" in table("processor", found)


def read(written: Written) -> Pipeline:
    """Return what the JSON of an image processor says; raises ConventionError."""
    processor = table("processor", (written.values or {}).get("processor"))
    steps: list[Step] = []
    for place, one in enumerate(items("transforms", processor.get("transforms"), MOST), 1):
        where = f"transform {place}"
        operation = table(where, table(where, one).get("operation"))
        kind = word(f"{where}: type", operation.get("type"))
        attributes = operation.get("attrs")
        steps += _steps(kind, {} if attributes is None else table(f"{where}: attrs", attributes))
    return Pipeline("onnxruntime-extensions image processor", tuple(steps))


def _steps(kind: str, attributes: Fields) -> Iterator[Step]:
    if kind == "DecodeImage":
        space = word("color_space", attributes.get("color_space", "RGB"))
        yield Values("colour", "BGR" if space.upper() == "BGR" else "RGB")
    elif kind == "ConvertRGB":
        yield Values("colour", "channels in the opposite order")
    elif kind == "Resize":
        yield _resize(attributes)
    elif kind == "CenterCrop":
        height, width = (length(key, attributes.get(key, 224)) for key in ("height", "width"))
        yield Cropping(height, width, "floor")
    elif kind == "Rescale":
        yield rescaled(number("rescale_factor", attributes.get("rescale_factor", 1 / 255)))
    elif kind == "Normalize":
        mean, std = attributes.get("mean", CLIP[0]), attributes.get("std", CLIP[1])
        yield normalised(numbers("mean", mean), numbers("std", std))
    elif kind == "Permute3D":
        yield Values("order", "NCHW")
    else:
        raise ConventionError(f"type is {shown(kind)}, which is not described")


def _resize(attributes: Fields) -> Resizing:
    height, width = (length(key, attributes.get(key, 256)) for key in ("height", "width"))
    interpolation = word("interpolation", attributes.get("interpolation", "CUBIC"))
    if interpolation not in FILTERS:
        known = ", ".join(FILTERS)
        raise ConventionError(f"interpolation is {shown(interpolation)}, expected one of {known}")
    keeps = number("keep_aspect_ratio", attributes.get("keep_aspect_ratio", 1)) != 0
    rule = Fitting(height, width, "floor", covers=True) if keeps else Exactly(height, width)
    return Resizing(rule, pillow(FILTERS[interpolation]))


PREPROCESSOR = Preprocessor(
    "onnxruntime-extensions",
    _takes,
    read,
    examples=(
        (
            (
                '{"processor": {"name": "image_processing", "transforms": [{"operation": {"name": '
                '"r", "type": "Resize", "attrs": {"height": 256, "width": 256, '
                '"interpolation": "CUBIC"}}}]}}'
            ),
            "Image.resize((341, 256), Image.BICUBIC)",
        ),
        (
            (
                '{"processor": {"transforms": [{"operation": {"type": "Resize", '
                '"attrs": {"height": 224, '
                '"width": 224, "interpolation": "LINEAR", "keep_aspect_ratio": 0}}}]}}'
            ),
            "Image.resize((224, 224), Image.BILINEAR)",
        ),
    ),
    how="run with onnxruntime-extensions 0.15.2",
)
