"""ONNX's operators that sample at coordinates or add up kernels, read from text.

GridSample(mode=linear, align_corners=1): attributes by name, the inputs before them or left out.
`opset` says which version is meant where it is not the newest.

Source: ONNX `docs/Operators.md`: GridSample-22, AffineGrid-20, RoiAlign-22, ConvTranspose-22,
DepthToSpace-13.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from halfpixel.conventions.meaning import choice, flag, length, number, whole
from halfpixel.conventions.onnx.grid import affine_grid, conv_transpose, grid_sample, roi_align
from halfpixel.conventions.python_call import PythonCall, Symbol, listed, name_of
from halfpixel.errors import ConventionError
from halfpixel.sampling import AffineGrid, ConvTranspose, DepthToSpace, GridSample, RoiAlign

Sampler = GridSample | AffineGrid | RoiAlign | ConvTranspose | DepthToSpace
Attributes = dict[str, object]

NEWEST: Final = 22
"""The opset whose words are read where none is named."""

INPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "GridSample": ("X", "grid"),
    "AffineGrid": ("theta", "size"),
    "RoiAlign": ("X", "rois", "batch_indices"),
    "ConvTranspose": ("X", "W", "B"),
    "DepthToSpace": ("input",),
}
"""What each operator takes, which says nothing of what it computes."""

FIRST: Final[Mapping[str, int]] = {
    "GridSample": 16,
    "AffineGrid": 20,
    "RoiAlign": 10,
    "ConvTranspose": 1,
    "DepthToSpace": 1,
}
"""The opset that each came with."""

ATTRIBUTES: Final[
    Mapping[str, Mapping[str, Literal["word", "flag", "whole", "number", "list"]]]
] = {
    "GridSample": {"mode": "word", "padding_mode": "word", "align_corners": "flag"},
    "AffineGrid": {"align_corners": "flag"},
    "RoiAlign": {
        "mode": "word",
        "output_height": "whole",
        "output_width": "whole",
        "sampling_ratio": "whole",
        "spatial_scale": "number",
        "coordinate_transformation_mode": "word",
    },
    "ConvTranspose": {
        "kernel_shape": "list",
        "strides": "list",
        "pads": "list",
        "output_padding": "list",
        "dilations": "list",
        "output_shape": "list",
        "group": "whole",
        "auto_pad": "word",
    },
    "DepthToSpace": {"blocksize": "whole", "mode": "word"},
}
"""The attributes of each, and what kind of value each has."""


def sampler_call(call: PythonCall) -> Sampler | None:
    """Return what a call computes; None where it is none of these operators.

    The kernel of a transposed convolution is data where `kernel_shape` does not say its lengths:
    they are said to be 1.

    Raises:
        ConventionError: the operator does not take its attributes.

    >>> from halfpixel.conventions.python_call import parse
    >>> sampler_call(parse("GridSample(X, grid, mode=cubic)")).mode
    'cubic'
    """
    op = call.last
    if op not in INPUTS:
        return None
    kinds = ATTRIBUTES[op]
    inputs = INPUTS[op]
    if len(call.positional) > len(inputs):
        count = len(call.positional)
        raise ConventionError(f"{count} inputs, {op} takes {len(inputs)}: attributes have names")
    given = PythonCall(op, call.positional, call.named).bind(*inputs, *kinds, "opset")
    opset = whole("opset", given.pop("opset", NEWEST))
    if opset < FIRST[op]:
        raise ConventionError(f"opset is {opset}, {op} came with {FIRST[op]}")
    attributes: Attributes = {
        name: _value(kinds[name], name, value) for name, value in given.items() if name in kinds
    }
    return _READERS[op](attributes, opset)


def _value(kind: str, name: str, value: object) -> object:
    match kind:
        case "word":
            return str(name_of(value))
        case "flag":
            return int(flag(name, value))
        case "whole":
            return whole(name, value)
        case "number":
            return number(name, value)
        case _:
            items = listed(value)
            if items is None or any(isinstance(item, Symbol) for item in items):
                raise ConventionError(f"{name} is {value!r}, expected a list of integers")
            return tuple(whole(name, item) for item in items)


def _conv_transpose(attributes: Attributes, _opset: int) -> ConvTranspose:
    kernel = listed(attributes.pop("kernel_shape", None))
    named = ("strides", "dilations", "output_padding", "pads")
    counts = [len(items) for name in named if (items := listed(attributes.get(name)))]
    axes = len(kernel) if kernel else counts[0] if counts else 2
    if not kernel and not any(attributes.get(name) for name in named[:3]) and counts:
        axes = counts[0] // 2  # a start and an end an axis
    lengths = kernel or (1,) * axes
    return conv_transpose(attributes, tuple(length("kernel_shape", n) for n in lengths))


def _depth_to_space(attributes: Attributes, _opset: int) -> DepthToSpace:
    if "blocksize" not in attributes:
        raise ConventionError("blocksize is not given")
    block = length("blocksize", attributes["blocksize"])
    modes: dict[str, Literal["CRD", "DCR"]] = {"DCR": "DCR", "CRD": "CRD"}
    return DepthToSpace(block, modes[choice("mode", attributes.get("mode", "DCR"), modes)])


_READERS: Final[Mapping[str, Callable[[Attributes, int], Sampler]]] = {
    "GridSample": lambda attributes, opset: grid_sample(opset, attributes, None),
    "AffineGrid": lambda attributes, _opset: affine_grid(attributes),
    "RoiAlign": lambda attributes, opset: roi_align(opset, attributes),
    "ConvTranspose": _conv_transpose,
    "DepthToSpace": _depth_to_space,
}
