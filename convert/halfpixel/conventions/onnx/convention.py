"""ONNX's nodes as text: Resize(mode=linear, coordinate_transformation_mode=asymmetric, scales=2).

Attributes are given by name. scales and sizes are one an axis of the input, or of `axes`, or of the
spatial axes alone (one or two values); one number stands for both spatial axes. Where neither is
given, the output may have any size. `opset` says which version is meant where it is not the newest.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.convention import Convention, Reading
from halfpixel.conventions.meaning import flag, number, whole
from halfpixel.conventions.onnx.resize import RESIZES, Request, attributes_of, read
from halfpixel.conventions.onnx.vocabulary import NEAREST, SMOOTH
from halfpixel.conventions.python_call import PythonCall, listed, name_of, open_length, parse
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Kernel, Linear, Nearest, Sampling
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.sampling.coordinate import WHOLE

OPSETS: Final = {"Resize": 19, "Upsample": 9}
OLDEST: Final = {"Resize": 10, "Upsample": 7}
ATTRIBUTES: Final = (
    "mode",
    "coordinate_transformation_mode",
    "nearest_mode",
    "cubic_coeff_a",
    "antialias",
    "exclude_outside",
    "extrapolation_value",
    "keep_aspect_ratio_policy",
    "axes",
)
NUMERIC: Final = frozenset({"cubic_coeff_a", "extrapolation_value"})
OF_NODE: Final = frozenset({"op_type", "inputs", "outputs", "name", "doc_string", "domain"})
SWITCHES: Final = frozenset({"antialias", "exclude_outside"})


def _respelled(text: str) -> str:
    """Return a node that onnx.helper makes as a call of its attributes.

    >>> _respelled('helper.make_node("Resize", inputs=["x"], outputs=["y"], mode="cubic")')
    "Resize(mode='cubic')"
    """
    if "make_node(" not in text:
        return text
    try:
        call = parse(text)
    except ConventionError:
        return text
    kind = call.positional[0] if call.positional else call.named.get("op_type")
    if call.last != "make_node" or kind not in OPSETS:
        return text
    named = {name: value for name, value in call.named.items() if name not in OF_NODE}
    return str(PythonCall(str(kind), (), named))


class _Asked(Struct, frozen=True):
    """The scales or sizes of a node, spread over every axis of its input.

    Attributes:
        by: which of the two they are.
        values: one an axis, or one an axis of the attribute `axes`; None each where open.
        spatial: the axes that are spatial.
        rank: number of axes.
    """

    by: str
    values: tuple[object, ...]
    spatial: tuple[int, ...]
    rank: int


def _read(text: str, length: int | None) -> Reading:
    call = parse(text)
    if call.last not in OPSETS:
        raise ConventionError(f"{call.last} is not Resize or Upsample")
    given = _bound(call)
    opset = whole("opset", given.get("opset", OPSETS[call.last]))
    if opset < OLDEST[call.last]:
        raise ConventionError(f"opset is {opset}, {call.last} came with {OLDEST[call.last]}")
    attributes: dict[str, object] = {
        name: _attribute(name, given[name]) for name in ATTRIBUTES if name in given
    }
    asked = _asked(given.get("scales"), given.get("sizes"), attributes.get("axes"))
    scales = sizes = None
    if asked.by == "scales":
        numbers = [number("scales", value) for value in asked.values]
        scales = tuple(numbers)
    else:
        sizes = tuple(open_length("sizes", value) for value in asked.values)
    lengths: list[int | None] = [1] * asked.rank
    if sizes is not None and len(sizes) == asked.rank:
        lengths = list(sizes)  # an axis that is not spatial keeps its length
    for axis in asked.spatial:
        lengths[axis] = length
    roi = _roi(given.get("roi"), len(asked.values))
    request = Request(tuple(lengths), asked.by, scales, sizes, roi)
    meaning = read(call.last, opset, attributes, request)
    if meaning.scales is not None and length is not None:
        outs = tuple(output_length_float32(length, scale) for scale in meaning.scales)
        meaning = replace(meaning, sizes=outs)
    return meaning.along(asked.spatial)


def _bound(call: PythonCall) -> dict[str, object]:
    """Return the arguments of a node by name; a number where the image stands is its scale."""
    inputs = ("x", "scales") if call.last == "Upsample" else ("x", "roi", "scales", "sizes")
    given = call.bind(*inputs, *ATTRIBUTES, "opset")
    first = given.get("x")
    items = listed(first) or (first,)
    if "scales" not in given and all(isinstance(n, int | float | Fraction) for n in items):
        given["scales"] = first
    return given


def _attribute(name: str, value: object) -> object:
    if name == "axes":
        items = listed(value) or ()
        if not items:
            raise ConventionError(f"axes is {value!r}, expected a list of axes")
        return tuple(whole(name, item) for item in items)
    if name in SWITCHES:
        return int(flag(name, value))
    return number(name, value) if name in NUMERIC else name_of(value)


def _asked(scales: object, sizes: object, axes: object) -> _Asked:
    """Spread scales or sizes that are given for some axes, or as one number, over every axis."""
    if scales is not None and sizes is not None:
        raise ConventionError("both scales and sizes are given, expected one")
    by, value = ("sizes", sizes) if scales is None else ("scales", scales)
    chosen = cast("tuple[int, ...] | None", axes)
    items = listed(value) or (value,) * (len(chosen) if chosen else 2)
    if chosen:
        rank = max(4, *(axis + 1 for axis in chosen))
        return _Asked(by, items, tuple(sorted(axis % rank for axis in chosen)), rank)
    if len(items) <= 2:
        items = (1, 1, *items)
    rank = len(items)
    return _Asked(by, items, tuple(range(min(2, rank - 1), rank)), rank)


def _roi(value: object, count: int) -> tuple[float, ...] | None:
    """Return starts and ends, one each a value of scales or sizes; the whole of other axes."""
    if value is None:
        return None
    numbers = [number("roi", item) for item in listed(value) or (value,)]
    half = len(numbers) // 2
    if len(numbers) % 2 or half > count:
        raise ConventionError(f"roi has {len(numbers)} values for {count} axes")
    rest = count - half
    return (*[0.0] * rest, *numbers[:half], *[1.0] * rest, *numbers[half:])


def _write(sampling: Sampling, spatial: int) -> str | None:
    attributes = attributes_of(sampling)
    if attributes is None or _beyond(sampling):
        return None
    words = [f"{name}={value}" for name, value in attributes.items()]
    if sampling.coordinate == "tf_crop_and_resize" and sampling.roi != WHOLE:
        start, end = (f"{float(place):.9g}" for place in sampling.roi)
        words.append(f"roi=[{', '.join([start] * spatial + [end] * spatial)}]")
    scale = "sizes" if sampling.scale is None else f"{float(sampling.scale):.9g}"
    words.append(f"{'sizes' if sampling.scale is None else 'scales'}={scale}")
    return f"Resize({', '.join(words)})"


def _beyond(sampling: Sampling) -> bool:
    """Whether what is beyond the border is what ONNX has no attribute for."""
    folds = sampling.border != "clamp" and not sampling.exclude_outside
    constant = sampling.extrapolate and sampling.coordinate != "tf_crop_and_resize"
    return constant or (folds and not isinstance(sampling.kernel, Nearest))


def _examples() -> Iterator[tuple[str, Sampling]]:
    kernels: list[Kernel] = [Linear(), Cubic(), Linear(antialias=True)]
    samplings = [Sampling(rule, kernel) for kernel in kernels for rule in SMOOTH]
    samplings += [Sampling(rule, Nearest(rounding)) for rule, rounding in NEAREST]
    samplings.append(Sampling("half_pixel", Cubic(Fraction(-1, 2)), exclude_outside=True))
    samplings.append(Sampling("half_pixel", Linear(), Fraction(3, 2)))
    samplings.append(Sampling("asymmetric", Nearest("floor"), Fraction(2)))
    for sampling in samplings:
        text = _write(sampling, 2)
        if text is not None:
            yield text, sampling


CONVENTION = Convention(
    "ONNX Resize-19",
    (*sorted(RESIZES), *(f"op.{name}" for name in OPSETS)),
    _read,
    _write,
    examples=tuple(_examples()),
    source="ONNX docs/Operators.md (Resize), onnx/reference/ops/op_resize.py",
    ran="onnxruntime 1.31.1",
    respell=_respelled,
)
