"""Outputs that tell nothing, or too little: blank ones, small ones, outliers, nothing but NaN."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from halfpixel.verifying.measure import difference, parse_tolerances
from halfpixel.verifying.verify import verify
from resize_pairs import GOOD, IMAGE, Array, built, command, pair


def test_outputs_that_tell_nothing_do_not_hide_a_difference() -> None:
    zero: dict[str, Array] = {"zero": np.zeros(1, np.float32)}
    one, other = pair([], [helper.make_node("Mul", ["r", "zero"], ["y"])])
    for model in (one, other):
        model.graph.initializer.append(numpy_helper.from_array(zero["zero"], "zero"))
    found = verify(one, other)
    assert not found.equal
    assert found.first is not None
    assert found.first.node == "up"
    same = verify(one, onnx.ModelProto.FromString(one.SerializeToString()))
    assert not same.differs
    assert not same.compared
    assert not same.equal


def test_nothing_but_nan_is_no_success(tmp_path: Path) -> None:
    model = built(
        [helper.make_node("Sub", ["x", "x"], ["z"]), helper.make_node("Div", ["z", "z"], ["y"])],
        {"x": IMAGE},
    )
    path = tmp_path / "nan.onnx"
    onnx.save(model, path)
    result = command("verify", str(path), str(path))
    assert result.exit_code == 1
    assert "nothing was compared" in result.output


def test_an_outlier_excuses_nothing() -> None:
    low = np.finfo(np.float32).min
    assert not difference(np.array([low, 5], np.float32), np.array([low, 1], np.float32)).equal
    many = np.full(50, 1e9)
    many[:40] = 1
    moved = many.copy()
    moved[0] = 1.5
    assert not difference(moved.astype(np.float32), many.astype(np.float32)).equal


def test_large_whole_numbers_are_compared_as_such() -> None:
    one: Array = np.array([2**60], np.int64)
    assert not difference(one, one + 1).equal
    assert difference(one, one).equal


def test_the_wider_tolerance_counts() -> None:
    loose = parse_tolerances(("float32=0.01",))
    assert difference(np.array([1.005], np.float32), np.array([1.0]), loose).equal


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-12])
def test_small_numbers_do_not_hide_a_difference(size: float) -> None:
    right = onnx.load(GOOD)
    small = numpy_helper.from_array(np.array(size, np.float32), "size")
    right.graph.initializer.append(small)
    last = right.graph.output[0].name
    right.graph.node.append(helper.make_node("Mul", [last, "size"], ["small"], "scaled"))
    right.graph.output[0].name = "small"
    wrong = onnx.ModelProto()
    wrong.CopyFrom(right)
    resize = next(node for node in wrong.graph.node if node.op_type == "Resize")
    kept = [a for a in resize.attribute if a.name != "coordinate_transformation_mode"]
    del resize.attribute[:]
    resize.attribute.extend(kept)
    resize.attribute.append(
        helper.make_attribute("coordinate_transformation_mode", "align_corners")
    )
    assert verify(right, right).equal
    found = verify(wrong, right)
    assert not found.equal
    assert found.first is not None
    assert found.first.node == resize.name
