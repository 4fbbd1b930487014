"""torchvision: the presets of its weights, and transforms that are composed.

A preset is what `weights.transforms()` prints, or the call of its class: ImageClassification,
SemanticSegmentation, VideoClassification, ObjectDetection. Composed are Resize, CenterCrop, Pad,
ToTensor and its kin, Normalize, as code has them or as a Compose prints itself.

An image of Pillow's is resized by Pillow, and antialias is not asked. Tensors are resized by
F.interpolate; without antialias the kernel stays narrow. Resize has it from 0.17 on, where nothing
is said; before, only where it is asked for. The preset of videos takes tensors, without.

Source: torchvision 0.29.1 `transforms/_presets.py`, `transforms/transforms.py`,
`transforms/functional.py`; run.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from halfpixel.conventions.python_call import PythonCall, Symbol, name_of, parse
from halfpixel.errors import ConventionError
from halfpixel.pipeline.sizes import Exactly, Rule, Shortest, Size
from halfpixel.pipeline.steps import Cropping, Pipeline, Resizing, Step, Values
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import (
    interpolate,
    named,
    normalised,
    pillow,
    pillow_numbered,
    rescaled,
)
from halfpixel.preprocessors.fields import is_list, items, length, lengths, numbers, shown

MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)
PRESETS: Final = {
    "ImageClassification": (
        "crop_size",
        "resize_size",
        "mean",
        "std",
        "interpolation",
        "antialias",
    ),
    "SemanticSegmentation": ("resize_size", "mean", "std", "interpolation", "antialias"),
    "VideoClassification": ("crop_size", "resize_size", "mean", "std", "interpolation"),
    "ObjectDetection": (),
}
"""What the presets take, by name."""

TO_TENSOR: Final = frozenset({"ToTensor", "MaybeToTensor"})
"""Transforms that divide bytes by 255."""

QUIET: Final = frozenset(
    {"PILToTensor", "MaybePILToTensor", "ToImage", "ConvertImageDtype", "ToDtype", "RGB", "Lambda"}
)
"""Transforms that move no sample; of the last two no more is known."""

COLOUR: Final = Values("colour", "RGB")
ORDER: Final = Values("order", "NCHW, float32")


def _takes(written: Written) -> bool:
    return written.call is not None and written.call.last in {*PRESETS, "Compose"}


def read(written: Written) -> Pipeline:
    """Return what a preset or a Compose does; raises ConventionError."""
    call = written.call
    if call is None:
        raise ConventionError("it is no call of torchvision's")
    if call.last == "Compose":
        steps = tuple(_composed(call))
        doubts = tuple(_of_tensors(call))
    else:
        given = call.bind(*PRESETS[call.last])
        steps = (*_preset(call.last, given), COLOUR, ORDER)
        told = given.get("antialias", True) is not True
        doubts = (NARROW,) if told and call.last != "VideoClassification" else ()
    return Pipeline(f"torchvision {call.last}", steps, doubts)


NARROW: Final = "of tensors, in the place of Pillow's images, the kernel would stay narrow"


def _preset(name: str, given: Mapping[str, object]) -> Iterator[Step]:
    if name == "ObjectDetection":
        yield rescaled(1 / 255)
        return
    video = name == "VideoClassification"
    size = given.get("resize_size", None if name != "ImageClassification" else 256)
    if size is not None:
        filtered = _filter(given.get("interpolation", "bilinear"))
        call = interpolate(filtered, antialias=False) if video else pillow(filtered)
        yield Resizing(_rule(size), call)
    if "crop_size" in PRESETS[name]:
        if "crop_size" not in given:
            raise ConventionError(f"{name} has no crop_size, which it needs")
        yield Cropping(*_pair("crop_size", given["crop_size"]))
    yield rescaled(1 / 255)
    usual = ((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)) if video else (MEAN, STD)
    yield normalised(
        numbers("mean", given.get("mean", usual[0])), numbers("std", given.get("std", usual[1]))
    )


def _composed(call: PythonCall) -> Iterator[Step]:
    rescales = False
    for one in _inner(call):
        name = one.last
        if name == "Resize":
            given = one.bind("size", "interpolation", "max_size", "antialias")
            if "size" not in given:
                raise ConventionError("Resize has no size, which it needs")
            call_text = pillow(_filter(given.get("interpolation", "bilinear")))
            yield Resizing(_rule(given["size"], given.get("max_size")), call_text)
        elif name in {"CenterCrop", "CenterCropOrPad"}:
            yield Cropping(*_pair("size", one.bind("size", "fill").get("size")))
        elif name == "Pad":
            raise ConventionError("Pad is not described: expected Resize and CenterCrop")
        elif name in TO_TENSOR:
            rescales = True
            yield rescaled(1 / 255)
        elif name == "Normalize":
            given = one.bind("mean", "std", "inplace")
            yield normalised(
                numbers("mean", _list(given.get("mean"))), numbers("std", _list(given.get("std")))
            )
        elif name not in QUIET:
            known = "Resize, CenterCrop, ToTensor, Normalize"
            raise ConventionError(f"{shown(name)} is not described: expected {known}")
    yield COLOUR
    yield ORDER if rescales else Values("order", "NCHW")


def _of_tensors(call: PythonCall) -> Iterator[str]:
    """Yield what is otherwise where tensors are resized."""
    names = [one.last for one in _inner(call)]
    if "Resize" not in names:
        return
    first = names.index("Resize")
    if any(name in {*TO_TENSOR, *QUIET} for name in names[:first]):
        yield (
            "a tensor is resized: from torchvision 0.17 on with the same weights as an image of "
            "Pillow's; before, unless antialias=True, the kernel stays narrow"
        )


def _inner(call: PythonCall) -> list[PythonCall]:
    """Return the transforms of a Compose."""
    given: Sequence[object] = call.positional or (call.named.get("transforms"),)
    if len(given) == 1 and is_list(given[0]):
        given = items("transforms", given[0])
    found: list[PythonCall] = []
    for one in given:
        if not isinstance(one, Symbol):
            raise ConventionError(f"a transform is {shown(one)}, expected a call")
        found.append(parse(one.text))
    return found


def _list(value: object) -> object:
    """Return the numbers of a tensor as code has them: tensor([0.5, 0.5])."""
    if isinstance(value, Symbol) and value.text.endswith(")"):
        call = parse(value.text)
        return call.positional[0] if call.last == "tensor" and call.positional else value
    return value


def _filter(value: object) -> str:
    """Return Pillow's filter for an InterpolationMode, by its name, its value or its number."""
    found = name_of(value)
    return (
        named("interpolation", found)
        if isinstance(found, str)
        else pillow_numbered("interpolation", found)
    )


def _pair(name: str, value: object) -> Size:
    """Return a height and a width, which are one number where they are the same."""
    found = lengths(name, value)
    return found[0], found[-1]


def _rule(value: object, longest: object = None) -> Rule:
    shorter, *more = lengths("size", value)
    if more:
        return Exactly(shorter, *more)
    most = None if longest is None else length("max_size", longest)
    if most is not None and most <= shorter:
        raise ConventionError(f"max_size is {most}, expected more than the size, {shorter}")
    return Shortest(shorter, most)


PREPROCESSOR = Preprocessor(
    "torchvision transforms",
    _takes,
    read,
    examples=(
        (
            (
                "ImageClassification(\n    crop_size=[224]\n    resize_size=[232]\n"
                "    mean=[0.485, 0.456, 0.406]\n    std=[0.229, 0.224, 0.225]\n"
                "    interpolation=InterpolationMode.BILINEAR\n)"
            ),
            "Image.resize((309, 232), Image.BILINEAR)",
        ),
        (
            (
                "transforms.Compose([transforms.Resize(256, interpolation=3), "
                "transforms.CenterCrop(224), transforms.ToTensor()])"
            ),
            "Image.resize((341, 256), Image.BICUBIC)",
        ),
        (
            "VideoClassification(crop_size=(112, 112), resize_size=(128, 171))",
            'F.interpolate(x, size=(128, 171), mode="bilinear", align_corners=False)',
        ),
    ),
    how="run with torchvision 0.29.1 and Pillow 13.0.0",
)
