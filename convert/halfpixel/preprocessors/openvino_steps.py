"""OpenVINO: the steps of a PrePostProcessor as code has them, and what Model API keeps in an XML.

resize of the steps is an Interpolate of opset 11 with its defaults: half_pixel, no antialias.

====================== ==================================================================
algorithm              what it is
====================== ==================================================================
RESIZE_LINEAR          linear
RESIZE_CUBIC           cubic, a = -0.75
RESIZE_NEAREST         nearest, half way down
RESIZE_BILINEAR_PILLOW Pillow's BILINEAR
RESIZE_BICUBIC_PILLOW  Pillow's BICUBIC
====================== ==================================================================

Model API writes `rt_info/model_info` into a model's XML: resize_type is standard, fit_to_window
(the border behind), fit_to_window_letterbox (around) or crop (the largest middle part first); it
resizes linearly by the same operator. Source: OpenVINO 2026.4, its Python package (run), and
`src/core/src/preprocess/preprocess_steps_impl.cpp` (read); Model API `adapters/utils.py` (read).
"""

from collections.abc import Iterator
from typing import Final

from halfpixel.conventions.python_call import PythonCall, name_of, parse
from halfpixel.errors import ConventionError, said_of
from halfpixel.pipeline.sizes import Exactly, Fitting, Size
from halfpixel.pipeline.steps import Padding, Pipeline, RatioCrop, Resizing, Step, Values
from halfpixel.preprocessor import Preprocessor, Written
from halfpixel.preprocessors.calls import interpolate, pillow
from halfpixel.preprocessors.fields import length, listed, number, numbers, shown

LINEAR: Final = interpolate("BILINEAR", antialias=False)
NEAREST: Final = (
    "Resize(x, sizes=(1, 1, {height}, {width}), mode=nearest, "
    "coordinate_transformation_mode=half_pixel, nearest_mode=round_prefer_floor)"
)
ALGORITHMS: Final = {
    "RESIZE_LINEAR": LINEAR,
    "RESIZE_CUBIC": interpolate("BICUBIC", antialias=False),
    "RESIZE_NEAREST": NEAREST,
    "RESIZE_BILINEAR_PILLOW": pillow("BILINEAR"),
    "RESIZE_BICUBIC_PILLOW": pillow("BICUBIC"),
}
CHAIN: Final = ".preprocess()"
LONGEST_CHAIN: Final = 64
RESIZES: Final = ("standard", "fit_to_window", "fit_to_window_letterbox", "crop")
SHOWN_FIELDS: Final = ("mean_values", "scale_values")


def _takes(written: Written) -> bool:
    if written.call is not None:
        return CHAIN in written.call.name
    return "<model_info" in written.document


def read(written: Written) -> Pipeline:
    """Return what the steps, or the information of a model, say; raises ConventionError."""
    if written.call is not None:
        return Pipeline("OpenVINO PrePostProcessor", tuple(_chained(written.call)))
    return Pipeline("OpenVINO Model API", tuple(_of_model(written.document)))


def _chained(call: PythonCall) -> Iterator[Step]:
    """Yield the steps of a chain of calls, the first of which is written first."""
    calls: list[PythonCall] = []
    for _ in range(LONGEST_CHAIN):
        if call.name.endswith(CHAIN.removesuffix("()")):
            break
        calls.append(call)
        call = parse(call.name.rpartition(".")[0])
    else:
        raise ConventionError(f"it has more than {LONGEST_CHAIN} steps")
    for one in reversed(calls):
        yield from _step(one)


def _step(call: PythonCall) -> Iterator[Step]:
    name = call.last
    if name == "resize":
        given = call.bind("alg", "dst_height", "dst_width")
        algorithm = name_of(given.get("alg"))
        if algorithm not in ALGORITHMS:
            known = ", ".join(ALGORITHMS)
            raise ConventionError(f"alg is {shown(algorithm)}, expected one of {known}")
        if "dst_height" not in given or "dst_width" not in given:
            raise ConventionError("resize has no height and width, which it takes of the model")
        size = length("dst_height", given["dst_height"]), length("dst_width", given["dst_width"])
        yield Resizing(Exactly(*size), ALGORITHMS[str(algorithm)])
    elif name in {"mean", "scale"}:
        values = listed(numbers(name, next(iter(call.positional), None)))
        yield Values("normalise", f"less {values}" if name == "mean" else f"over {values}")
    elif name in {"reverse_channels", "convert_color"}:
        colour = name_of(next(iter(call.positional), None))
        yield Values(
            "colour", f"channels to {shown(colour)}" if colour else "channels in the opposite order"
        )
    elif name == "convert_layout":
        yield Values("order", "axes as the model has them")
    elif name == "convert_element_type":
        yield Values("type", "another element type")
    else:
        raise ConventionError(f"{shown(name)} is a step that is not described")


def _of_model(document: str) -> Iterator[Step]:
    """Yield what the model_info of a model's XML says."""
    given, size = _information(document)
    kind = given.get("resize_type", "standard")
    if kind not in RESIZES:
        raise ConventionError(f"resize_type is {shown(kind)}, expected one of {', '.join(RESIZES)}")
    if size is None:
        raise ConventionError("its first input has no fixed height and width")
    value = number("pad_value", _number(given.get("pad_value", "0")))
    if kind == "crop":
        yield RatioCrop(*size)
    whole = kind in {"standard", "crop"}
    yield Resizing(Exactly(*size) if whole else Fitting(*size), LINEAR)
    if not whole:
        yield Padding(*size, value, middle=kind.endswith("letterbox"))
    if given.get("reverse_input_channels", "").lower() in {"true", "yes", "1"}:
        yield Values("colour", "channels in the opposite order")
    for key, words in zip(SHOWN_FIELDS, ("less", "over"), strict=True):
        texts = given.get(key, "").replace("[", " ").replace("]", " ").replace(",", " ").split()
        if texts:
            found = numbers(key, [_number(text) for text in texts])
            yield Values("normalise", f"{words} {listed(found)}")


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _information(document: str) -> tuple[dict[str, str], Size | None]:
    """Return the fields of a model's model_info, and the height and width of its first input."""
    from xml.etree import ElementTree as ET

    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise ConventionError("is XML with a document type, which no model has")
    try:
        root = ET.fromstring(document)  # noqa: S314 - without entities, see above
    except (ET.ParseError, RecursionError, ValueError) as error:
        raise ConventionError(f"is no XML: {said_of(error)}") from error
    found = root.find("./rt_info/model_info")
    fields = {one.tag: one.get("value", "") for one in (() if found is None else found)}
    layer = root.find("./layers/layer[@type='Parameter']/data")
    shape = ("" if layer is None else layer.get("shape", "")).replace(",", " ").split()
    dims = [int(text) for text in shape if text.isascii() and text.isdigit() and len(text) < 10]
    if len(dims) != len(shape) or len(dims) != 4 or not all(dims):
        return fields, None
    behind = dims[3] in {1, 3, 4} and dims[1] not in {1, 3, 4}
    return fields, (dims[1], dims[2]) if behind else (dims[2], dims[3])


PREPROCESSOR = Preprocessor(
    "OpenVINO",
    _takes,
    read,
    examples=(
        (
            (
                "ppp.input().preprocess().convert_element_type(Type.f32)"
                ".resize(ResizeAlgorithm.RESIZE_LINEAR, 224, 192).mean([127.5])"
            ),
            'F.interpolate(x, size=(224, 192), mode="bilinear", align_corners=False)',
        ),
        (
            "ppp.input().preprocess().resize(ResizeAlgorithm.RESIZE_BICUBIC_PILLOW, 224, 224)",
            "Image.resize((224, 224), Image.BICUBIC)",
        ),
        (
            (
                '<net><layers><layer type="Parameter"><data shape="1,3,640,640"/></layer></layers>'
                '<rt_info><model_info><resize_type value="fit_to_window_letterbox"/>'
                '<pad_value value="114"/></model_info></rt_info></net>'
            ),
            'F.interpolate(x, size=(480, 640), mode="bilinear", align_corners=False)',
        ),
    ),
    how="run with OpenVINO 2026.4.1; Model API read",
)
