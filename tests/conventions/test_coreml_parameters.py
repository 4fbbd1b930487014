"""Parameters of Core ML that are of another kind than their operator's: a finding, no default."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import coreml_programs as programs
from coreml_programs import Op
from halfpixel.checking.check import check
from halfpixel.conventions.coreml.parameters import COMPUTED, KINDS
from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.messages import MilProgram
from halfpixel.formats.coreml.network_messages import (
    Convolution,
    CropResize,
    ResizeBilinear,
    Upsample,
)
from halfpixel.formats.coreml.read.layer import attributes_of
from halfpixel.formats.protobuf_schema import Message, new
from halfpixel.formats.protobuf_wire import varint_bytes

INPUTS = {
    "x": ("float32", (1, 2, 4, 4)),
    "grid": ("float32", (1, 8, 8, 2)),
    "theta": ("float32", (1, 6)),
    "boxes": ("float32", (1, 1, 4, 1, 1)),
}
TWO = np.array([2, 2], np.int32)
FACTORS = {"scale_factor_height": 2.0, "scale_factor_width": 2.0}
SIZES = {"target_size_height": 8, "target_size_width": 8}
SAMPLER = {
    "sampling_mode": "bilinear",
    "padding_mode": "constant",
    "padding_value": 0.0,
    "coordinates_mode": "normalized_minus_one_to_one",
    "align_corners": True,
}
SOUND: dict[str, dict[str, object]] = {
    "upsample_nearest_neighbor": {**FACTORS},
    "upsample_bilinear": {**FACTORS, "align_corners": False},
    "resize_nearest_neighbor": {**SIZES},
    "resize_bilinear": {**SIZES, "sampling_mode": "UNALIGN_CORNERS"},
    "resize": {"shape": TWO * 4, "resized_dims": 2, "sampling_mode": "UNALIGN_CORNERS"},
    "resample": {"coordinates": "%grid", **SAMPLER},
    "affine": {"transform_matrix": "%theta", "output_height": 8, "output_width": 8, **SAMPLER},
    "crop_resize": {"roi": "%boxes", "target_height": 8, "target_width": 8},
    "conv_transpose": {"weight": np.ones((2, 2, 4, 4), np.float32), "strides": TWO},
}
VALUES: dict[str, object] = {
    "a text": "2",
    "a whole number": 3,
    "a number": 2.5,
    "true or false": True,
    "a list of whole numbers": TWO,
    "a list of numbers": np.array([1.0, 2.0], np.float32),
    "a list of texts": np.array(["a", "b"]),
    "computed": "%x",
}


def package(folder: Path, op: str, **changed: object) -> Path:
    given = {"x": "%x", **SOUND[op], **changed}
    operation = Op(op, given, [("y", "float32", (1, 2, 8, 8))], "odd")
    return programs.package(folder / "m.mlpackage", INPUTS, [operation], ["y"])


def cases() -> Iterator[tuple[str, str, str]]:
    for op, kinds in KINDS.items():
        for name, kind in kinds.items():
            right = {kind, "a whole number"} if kind == "a number" else {kind}
            right |= {"computed"} if (op, name) in COMPUTED else set()
            yield from ((op, name, value) for value in VALUES if value not in right)


def problems(path: Path) -> list[str]:
    (file,) = check(path).files
    assert (file.error, file.faults) == (None, ())
    assert {one.site.name for one in file.findings} <= {"odd"}
    return [one.finding.message for one in file.findings if one.rule.name == "illegal-mode"]


@pytest.mark.parametrize("op", SOUND)
def test_sound_parameters_are_no_finding(tmp_path: Path, op: str) -> None:
    assert SOUND.keys() == KINDS.keys()
    assert problems(package(tmp_path, op)) == []


@pytest.mark.parametrize(("op", "name", "value"), list(cases()))
def test_a_parameter_of_another_kind_is_a_finding(
    tmp_path: Path, op: str, name: str, value: str
) -> None:
    (told,) = problems(package(tmp_path, op, **{name: VALUES[value]}))
    assert name in told


@pytest.mark.parametrize("how", ["empty", "of another type", "of no length", "given twice"])
@pytest.mark.parametrize("op", ["upsample_bilinear", "resize_bilinear", "crop_resize"])
def test_a_value_that_is_not_what_it_declares_is_a_finding(
    tmp_path: Path, op: str, how: str
) -> None:
    name = "align_corners" if op == "upsample_bilinear" else "sampling_mode"
    right = False if name == "align_corners" else "ALIGN_CORNERS"
    path = package(tmp_path, op, **{name: right})

    def spoil(made: MilProgram) -> None:
        (operation,) = programs.operations(made, op)
        if how == "given twice":
            operation.inputs[name].arguments.add().name = "x"
            return
        value = programs.constant(made, operation, name)
        if how == "empty":
            value.immediateValue.tensor.ClearField("bools")
            value.immediateValue.tensor.ClearField("strings")
        elif how == "of another type":
            value.type.tensorType.dataType = programs.CODES["int32"]
        else:
            value.type.tensorType.rank = 1

    (told,) = problems(programs.changed(path, spoil))
    assert name in told


LAYERS: dict[str, type[Message]] = {
    "upsample": Upsample,
    "resizeBilinear": ResizeBilinear,
    "cropResize": CropResize,
    "convolution": Convolution,
}


@pytest.mark.parametrize(
    ("kind", "number", "name"),
    [
        (kind, number, one.name)
        for kind, message in LAYERS.items()
        for number, one in new(message).DESCRIPTOR.fields_by_number.items()
    ],
)
def test_a_field_of_another_wire_type_is_refused(kind: str, number: int, name: str) -> None:
    eight_bytes = varint_bytes(number << 3 | 1) + bytes(8)
    with pytest.raises(ConventionError, match=f"{name} is of another type than the field's"):
        attributes_of(kind, eight_bytes)
