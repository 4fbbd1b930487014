"""Hugging Face transformers: preprocessor_config.json and processor_config.json.

What a file leaves out is what the image processor's class does: rows of `transformers.toml`. A
processor on Pillow and a fast one on torchvision's tensors compute the same weights, for the latter
resizes with antialias=True; they round bytes differently, by one at most. A fast one took BICUBIC
in the place of LANCZOS where torchvision was older than 0.27.

An integer size is a square, or the shorter side, as the class has it. Source: transformers 5.24
`image_processing_utils.py`, get_size_dict; `image_processing_backends.py`; run.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly, Fitting, Multiples, Rule, Shortest, ShortestWithin
from halfpixel.pipeline.steps import Cropping, Padding, Pipeline, Resizing, Step, Values
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import normalised, pillow, pillow_numbered, rescaled
from halfpixel.preprocessors.class_defaults import Said
from halfpixel.preprocessors.fields import (
    Fields,
    fraction,
    length,
    number,
    numbers,
    shown,
    table,
    word,
)

FILE: Final = Path(__file__).with_name("transformers.toml")
RELEASE: Final = "transformers 5.24.0"
TYPES: Final = ("image_processor_type", "feature_extractor_type")
PLAIN: Final[Fields] = {
    "form": "plain",
    "resample": 2,
    "do_rescale": True,
    "default_to_square": True,
}
"""What a class does that says nothing: of a file that names none, or one that has no row."""

SQUARE_FROM: Final = 384
"""From this size on ConvNeXt's images are squeezed into a square."""


@lru_cache(maxsize=1)
def rows() -> Mapping[str, Fields]:
    """Return what each class does where a file says nothing, by its name."""
    import tomllib

    return cast("Mapping[str, Fields]", tomllib.loads(FILE.read_text(encoding="utf-8")))


def _takes(written: Written) -> bool:
    values = written.values
    if values is None or "pretrained_cfg" in values:
        return False
    if any(key in values for key in (*TYPES, "image_processor")):
        return True
    return "do_resize" in values or ("resample" in values and "size" in values)


def read(written: Written) -> Pipeline:
    """Return what a configuration of transformers says; raises ConventionError."""
    values = written.values or {}
    if "image_processor" in values:
        values = table("image_processor", values["image_processor"])
    if "sampling_rate" in values:
        raise ConventionError("it is about audio, and readies no images")
    name = _class_of(values)
    row = rows().get(name, PLAIN)
    if row["form"] == "own":
        raise ConventionError(f"{name} resizes in a way of its own, which is not described")
    said = Said(values, row, name)
    steps = tuple(_steps(said))
    return Pipeline(f"Hugging Face {name or 'image processor'}", steps, tuple(_doubts(said)))


def _class_of(values: Fields) -> str:
    """Return the class that a file names, as it is called today; empty where it names none."""
    given = next((word(key, values[key]) for key in TYPES if values.get(key) is not None), "")
    if len(given) > 100 or not (given.isidentifier() or not given):
        raise ConventionError(f"{TYPES[0]} is {shown(given)}, expected the name of a class")
    return (
        given.removesuffix("Fast").removesuffix("Pil").replace("FeatureExtractor", "ImageProcessor")
    )


def _doubts(said: Said) -> Iterator[str]:
    if not said.name:
        yield (
            f"{TYPES[0]} is not written: what is left out is as for the base class of {RELEASE}, "
            "and an integer size is a square; of CLIP and others it is the shorter side"
        )
    elif said.name not in rows():
        yield f"{said.name} is not described here: it is read as the base class of {RELEASE}"
    elif said.left_out:
        keys = ", ".join(dict.fromkeys(said.left_out))
        yield f"not written, and as in {said.name} of {RELEASE}: {keys}"
    if said.values.get("resample", said.row.get("resample")) == 1:
        yield "a fast processor takes BICUBIC in the place of LANCZOS before torchvision 0.27"


def _steps(said: Said) -> Iterator[Step]:
    cropped: Step | None = None
    if said.flag("do_resize", usual=True):
        call = pillow(pillow_numbered("resample", said.get("resample")))
        rule, cropped = FORMS[str(said.row["form"])](said)
        yield Resizing(rule, call)
    if cropped is not None:
        yield cropped
    if said.flag("do_center_crop"):
        size = said.size("crop_size")
        if "height" not in size:
            raise ConventionError(f"crop_size has {', '.join(size)}, expected height and width")
        yield Cropping(size["height"], size["width"], "floor")
    yield from _of_values(said)
    if said.flag("do_pad") and said.get("pad_size") is not None:
        size = said.size("pad_size")
        if "height" not in size:
            raise ConventionError(f"pad_size has {', '.join(size)}, expected height and width")
        yield Padding(size["height"], size["width"])
    yield Values("order", "NCHW, float32")


def _of_values(said: Said) -> Iterator[Step]:
    if said.flag("do_rescale"):
        factor = said.get("rescale_factor")
        yield rescaled(1 / 255 if factor is None else number("rescale_factor", factor))
    if said.flag("do_normalize"):
        mean, std = said.get("image_mean"), said.get("image_std")
        if mean is not None and std is not None:
            yield normalised(numbers("image_mean", mean), numbers("image_std", std))
    flipped = said.flag("do_flip_channel_order")
    yield Values("colour", "BGR" if flipped else "RGB")


Form = Callable[[Said], tuple[Rule, Step | None]]


def _plain(said: Said) -> tuple[Rule, Step | None]:
    size = said.size("size")
    match size:
        case {"height": height, "width": width}:
            return Exactly(height, width), None
        case {"shortest_edge": short, "longest_edge": long}:
            return ShortestWithin(short, long), None
        case {"shortest_edge": short}:
            return Shortest(short), None
        case {"max_height": height, "max_width": width}:
            return Fitting(height, width, "floor"), None
        case _:
            raise ConventionError(f"size has {', '.join(size)}, which the class does not take")


def _part(said: Said) -> float:
    given = said.get("crop_pct")
    return 1.0 if given is None else fraction("crop_pct", given)


def _shorter(said: Said) -> int:
    """Return the length of the shorter side, which these classes need."""
    size = said.size("size")
    if "shortest_edge" in size:
        return size["shortest_edge"]
    if "height" not in size or size["height"] != size["width"]:
        raise ConventionError(f"size has {', '.join(size)}, expected shortest_edge")
    return size["height"]


def _crop_part(said: Said) -> tuple[Rule, Step | None]:
    return Shortest(int(_shorter(said) / _part(said))), None


def _crop_below(said: Said) -> tuple[Rule, Step | None]:
    side = _shorter(said)
    if side >= SQUARE_FROM:
        return Exactly(side, side), None
    return Shortest(int(side / _part(said))), Cropping(side, side, "floor")


def _part_of_224(said: Said) -> tuple[Rule, Step | None]:
    size = said.size("size")
    if "shortest_edge" not in size:
        return _plain(said)
    return Shortest(int((256 / 224) * size["shortest_edge"])), None


def _longest(said: Said) -> tuple[Rule, Step | None]:
    size = said.size("size")
    if "longest_edge" not in size:
        return _plain(said)
    return Fitting(size["longest_edge"], size["longest_edge"], "half up"), None


def _multiples(said: Said) -> tuple[Rule, Step | None]:
    size = said.size("size")
    if "height" not in size:
        raise ConventionError(f"size has {', '.join(size)}, expected height and width")
    given = said.get("ensure_multiple_of")
    multiple = 1 if given is None else length("ensure_multiple_of", given)
    keeps = said.flag("keep_aspect_ratio")
    if multiple == 1 and not keeps:
        return Exactly(size["height"], size["width"]), None
    return Multiples(size["height"], size["width"], multiple, keeps), None


FORMS: Final[Mapping[str, Form]] = {
    "plain": _plain,
    "crop part": _crop_part,
    "crop below 384": _crop_below,
    "256 of 224": _part_of_224,
    "longest": _longest,
    "multiples": _multiples,
}
"""How a class reads its size, by the form of its row."""

PREPROCESSOR = Preprocessor(
    "Hugging Face transformers",
    _takes,
    read,
    examples=(
        (
            '{"image_processor_type": "CLIPImageProcessor"}',
            "Image.resize((298, 224), Image.BICUBIC)",
        ),
        (
            '{"do_resize": true, "size": {"height": 224, "width": 192}, "resample": 2}',
            "Image.resize((192, 224), Image.BILINEAR)",
        ),
        (
            '{"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 224}}',
            "Image.resize((341, 256), Image.BICUBIC)",
        ),
        (
            '{"image_processor_type": "DetrImageProcessor"}',
            "Image.resize((1066, 800), Image.BILINEAR)",
        ),
    ),
    how="run with transformers 5.24.0, torchvision 0.29.1 and Pillow 13.0.0",
)
