"""Attributes and constants of another type than the operator's: told, never passed over."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.conventions.onnx.attributes import KINDS, TYPES

OPSETS = {"Resize": 19, "Upsample": 7, "ConvTranspose": 13}
INPUTS = {
    "Resize": ["x", "", "scales"],
    "Upsample": ["x"],
    "GridSample": ["x", "grid"],
    "AffineGrid": ["theta", "size"],
    "RoiAlign": ["x", "rois", "batch"],
    "ConvTranspose": ["x", "weight"],
}
NEEDED: dict[str, dict[str, object]] = {"Upsample": {"scales": [1.0, 1.0, 2.0, 2.0]}}
RIGHT: dict[int, object] = {1: 0.5, 2: 1, 3: "linear", 6: [1.0, 1.0, 2.0, 2.0], 7: [1, 1]}
WRONG: dict[str, object] = {
    "float": 1.5,
    "int": 1,
    "string": "1",
    "floats": [1.0, 2.0],
    "ints": [1, 2],
    "strings": ["a", "b"],
    "tensor": numpy_helper.from_array(np.ones(2, np.float32)),
    "graph": helper.make_graph([], "g", [], []),
}
SPOILED = ("no type", "a reference", "twice", "two values", "another field", "no field of its own")


def attribute(name: str, kind: int, how: str) -> list[AttributeProto]:
    """Return a spoiled attribute; `kind` is the type that it ought to have."""
    if how in WRONG:
        return [helper.make_attribute(name, WRONG[how])]
    right = helper.make_attribute(name, RIGHT[kind])
    other = "i" if kind == KINDS["float"] else "f"
    match how:
        case "no type":
            right.ClearField("type")
        case "a reference":
            return [AttributeProto(name=name, ref_attr_name="outer", type=right.type)]
        case "twice":
            return [right, right]
        case "two values":
            setattr(right, other, 3)
        case "another field":
            right = AttributeProto(name=name, type=right.type)
            setattr(right, other, 3)
        case _:  # the number of the value's field, as bytes of another wire type
            bare = AttributeProto(name=name, type=right.type).SerializeToString()
            number = {1: 2, 2: 3, 3: 4, 6: 7, 7: 8}[kind]
            wire = 0 if kind in {3, 6} else 5 if kind in {2, 7} else 2
            body = {0: b"\x01", 2: b"\x01a", 5: b"\x00\x00\x80\x3f"}[wire]
            right = AttributeProto.FromString(bare + bytes([number << 3 | wire]) + body)
    return [right]


def cases() -> Iterator[tuple[str, str, str]]:
    for op in INPUTS:
        for name, kind in TYPES[op].items():
            yield from ((op, name, how) for how in WRONG if KINDS.get(how) != kind)
            yield from ((op, name, how) for how in SPOILED)


def node(op: str, given: list[AttributeProto]) -> NodeProto:
    rest = {k: v for k, v in NEEDED.get(op, {}).items() if k not in {a.name for a in given}}
    made = helper.make_node(op, INPUTS[op], ["y"], "odd")
    made.attribute.extend([helper.make_attribute(k, v) for k, v in rest.items()] + given)
    return made


def model(op: str, given: list[AttributeProto]) -> ModelProto:
    """Return a node of every input that an operator may have, and a sound Resize behind it."""
    shapes = {"x": [1, 1, 6, 6], "grid": [1, 5, 5, 2], "theta": [1, 2, 3], "rois": [3, 4]}
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    inputs.append(helper.make_tensor_value_info("batch", TensorProto.INT64, [3]))
    constants = [
        models.scales(),
        numpy_helper.from_array(np.ones((1, 1, 4, 4), np.float32), "weight"),
        numpy_helper.from_array(np.array([1, 1, 4, 4], np.int64), "size"),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    opsets = [helper.make_opsetid("", OPSETS.get(op, 20))]
    graph = helper.make_graph([node(op, given)], "g", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


@pytest.mark.parametrize(("op", "name", "how"), list(cases()))
def test_an_attribute_that_is_not_the_operators_is_a_finding(op: str, name: str, how: str) -> None:
    made = model(op, attribute(name, TYPES[op][name], how))
    (file,) = halfpixel.check(made).files
    assert (file.error, file.faults) == (None, ())
    (found,) = file.findings
    assert (found.rule.name, found.site.name) == ("illegal-mode", "odd")
    assert name in found.finding.message
    assert halfpixel.fix(made, unsafe_fixes=True).error is None


@pytest.mark.parametrize("op", INPUTS)
def test_attributes_of_the_right_types_are_none(op: str) -> None:
    given = [helper.make_attribute("mode", "linear")] if op == "Upsample" else []
    (file,) = halfpixel.check(model(op, given)).files
    assert "illegal-mode" not in {one.rule.name for one in file.findings}


def in_function(
    inner: Mapping[str, object],
    call: Mapping[str, object],
    declared: list[str],
    **defaults: object,
) -> ModelProto:
    """Return a call of a function whose Resize takes attributes of the call: name to name."""
    resize = helper.make_node("Resize", ["a", "", "s"], ["b"], "inner")
    for name, value in inner.items():
        if isinstance(value, str) and value.startswith("@"):
            resize.attribute.add(name=name, ref_attr_name=value[1:], type=TYPES["Resize"][name])
        else:
            resize.attribute.append(helper.make_attribute(name, value))
    body = [helper.make_node("Constant", [], ["s"], value=models.scales()), resize]
    given = [helper.make_attribute(name, value) for name, value in defaults.items()]
    function = helper.make_function(
        "local", "f", ["a"], ["b"], body, [helper.make_opsetid("", 19)], declared, given
    )
    node = helper.make_node("f", ["x"], ["y"], "call", domain="local")
    node.attribute.extend(helper.make_attribute(name, value) for name, value in call.items())
    return models.float_model([node], {"x": (1, 1, 4, 4)}, ["y"], {}, 19, [function])


MODE = {"mode": "@how", "coordinate_transformation_mode": "half_pixel"}


@pytest.mark.parametrize(
    ("call", "declared", "defaults", "call_text"),
    [
        ({"how": "linear"}, ["how"], {}, "bilinear"),
        ({}, [], {"how": "linear"}, "bilinear"),
        ({"how": "cubic"}, [], {"how": "linear"}, "bicubic"),
    ],
)
def test_a_function_takes_its_attributes_from_the_call(
    call: dict[str, object], declared: list[str], defaults: dict[str, object], call_text: str
) -> None:
    (site,) = halfpixel.sites(in_function(MODE, call, declared, **defaults))
    assert site.torch_call is None or call_text in site.torch_call
    assert not site.operation.problem


@pytest.mark.parametrize(
    ("call", "declared", "words"),
    [
        ({"how": 1}, ["how"], "mode is 1 (int), expected string"),
        ({}, [], "mode refers to attribute 'how' of a function, and the function has none"),
    ],
)
def test_a_function_that_is_given_something_else_is_a_finding(
    call: dict[str, object], declared: list[str], words: str
) -> None:
    (found,) = halfpixel.check(in_function(MODE, call, declared)).findings
    assert words in found.finding.message


def test_an_attribute_that_the_call_leaves_out_is_left_out() -> None:
    (site,) = halfpixel.sites(in_function(MODE, {}, ["how"]))
    assert "mode" not in site.operation.attributes
    assert not site.operation.problem


def test_a_reference_of_a_call_outside_of_functions_names_the_call(tmp_path: Path) -> None:
    made = in_function(MODE, {}, ["how"])
    made.graph.node[0].attribute.add(name="how", ref_attr_name="outer", type=3)
    path = tmp_path / "m.onnx"
    path.write_bytes(made.SerializeToString())
    error = halfpixel.check(path).files[0].error or ""
    assert error.startswith(f"{path}: node 'call': how refers to attribute 'outer'")


def scaled(tensor: TensorProto) -> ModelProto:
    tensor.name = "scales"
    return models.model([models.resize(name="odd")], initializers=[tensor])


def tensor(kind: int, dims: list[int], **fields: Any) -> TensorProto:  # noqa: ANN401 - of the field
    return TensorProto(name="scales", data_type=kind, dims=dims, **fields)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (tensor(14, [4], raw_data=bytes(32)), "scales is complex64, expected float32"),
        (tensor(15, [4], raw_data=bytes(64)), "scales is complex128, expected float32"),
        (tensor(8, [4], string_data=[b"1"] * 4), "scales is string, expected float32"),
        (tensor(9, [4], raw_data=bytes(4)), "scales is bool, expected float32"),
        (tensor(7, [4], int64_data=[1, 1, 2, 2]), "scales is int64, expected float32"),
        (tensor(11, [4], double_data=[1, 1, 2, 2]), "scales is float64, expected float32"),
        (tensor(0, [4], raw_data=bytes(16)), "scales is of no type, expected float32"),
        (tensor(77, [4], raw_data=bytes(16)), "scales is of type 77, expected float32"),
        (tensor(1, [3], float_data=[1, 2, 2]), "scales has 3 values, input has rank 4"),
        (tensor(1, [4], float_data=[1, 1, float("nan"), 2]), "scales holds nan"),
        (tensor(1, [4], float_data=[1, 1, float("inf"), 2]), "scales holds inf"),
        (tensor(1, [4], float_data=[1, 1, 0, 2]), "scales holds 0.0"),
        (tensor(1, [4], float_data=[1, 1, -2, 2]), "scales holds -2.0"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_scales_that_mean_nothing_are_a_finding(given: TensorProto, words: str) -> None:
    (found,) = halfpixel.check(scaled(given)).findings
    assert found.rule.name == "illegal-mode"
    assert words in found.finding.message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (tensor(1, [4], raw_data=b"abc"), "of shape [4] has 3 bytes, expected 16"),
        (tensor(1, [4], raw_data=bytes(20)), "of shape [4] has 20 bytes, expected 16"),
        (tensor(1, [4], float_data=[1, 1]), "of shape [4] has 2 values, expected 4"),
        (tensor(1, [4], float_data=[1] * 5), "of shape [4] has 5 values, expected 4"),
        (tensor(1, [4]), "of shape [4] has 0 values, expected 4"),
        (tensor(1, [-4], float_data=[1] * 4), "of shape [-4], expected lengths of at least 0"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_constant_that_is_broken_names_file_and_node(
    tmp_path: Path, given: TensorProto, words: str
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(scaled(given).SerializeToString())
    (file,) = halfpixel.check(path).files
    assert file.error is not None
    assert not file.defect
    assert file.error.startswith(f"{path}: node 'odd': constant 'scales' ")
    assert words in file.error
    assert halfpixel.fix(path).error == file.error
