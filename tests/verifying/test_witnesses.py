"""A difference that shows at few lengths is seen: verify tries those that check itself names."""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
import torch
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

import halfpixel
from halfpixel.verifying import witnesses
from halfpixel.verifying.verify import verify
from halfpixel.work import MOST, Work, working

node = helper.make_node
SIZE = 100
"""Of its nearest resizes from up to 80 px, onnxruntime's float32 is off at 45 alone."""

FLOOR: dict[str, Any] = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric",
                         "nearest_mode": "floor"}  # fmt: skip


def built(nodes: list[NodeProto], tensors: dict[str, Any]) -> ModelProto:
    """Return a model of free height and width."""
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, SIZE, SIZE])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )  # fmt: skip
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="pytorch")


ONE = np.ones((1, 1, 1, 1), np.float32)


def before(stride: int) -> list[NodeProto]:
    """Return what thins the input out before it is resized."""
    thin = node("Conv", ["x", "one"], ["p"], "thin", strides=[stride, stride])
    return [thin, node("Shape", ["p"], ["shape"])]


def resized(stride: int) -> ModelProto:
    """Return a model that resizes to a fixed size in onnxruntime's own arithmetic."""
    nodes = [*before(stride), node("Slice", ["shape", "zero", "two"], ["first"]),
             node("Concat", ["first", "size"], ["sizes"], axis=0),
             node("Resize", ["p", "", "", "sizes"], ["y"], "up", **FLOOR)]  # fmt: skip
    return built(nodes, {"zero": [0], "two": [2], "size": [SIZE, SIZE], "one": ONE})


def gathered(stride: int) -> ModelProto:
    """Return a model that reads the right pixels, by whole numbers alone."""
    nodes = before(stride)
    tensors: dict[str, Any] = {"places": np.arange(SIZE), "size": np.array(SIZE), "one": ONE}
    last = "p"
    for axis in (2, 3):
        tensors[f"axis{axis}"] = np.array(axis)
        made = "y" if axis == 3 else f"g{axis}"
        nodes += [
            node("Gather", ["shape", f"axis{axis}"], [f"n{axis}"], axis=0),
            node("Mul", ["places", f"n{axis}"], [f"m{axis}"]),
            node("Div", [f"m{axis}", "size"], [f"at{axis}"]),
            node("Gather", [last, f"at{axis}"], [made], f"gather{axis}", axis=axis),
        ]
        last = made
    return built(nodes, tensors)


class Up(nn.Module):
    """The same in PyTorch."""

    def __init__(self, stride: int) -> None:
        """Keep what the input is thinned out by."""
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Thin out and resize."""
        thin = nn.functional.conv2d(x, torch.ones(1, 1, 1, 1), stride=self.stride)
        return nn.functional.interpolate(thin, size=(SIZE, SIZE), mode="nearest")


def test_check_names_the_length() -> None:
    found = halfpixel.check(resized(1)).findings
    assert any("length 45 to 100" in one.finding.message for one in found)


@pytest.mark.parametrize("stride", [1, 2, 8])
@pytest.mark.parametrize("other", ["a module", "a model", "a model, first"])
def test_a_pair_that_parts_at_one_length_is_different(stride: int, other: str) -> None:
    sides: list[object] = [resized(stride), Up(stride) if other == "a module" else gathered(stride)]
    if other.endswith("first"):
        sides.reverse()
    found = verify(sides[0], sides[1])
    assert found.verdict == "different"
    lengths = {case.shapes["x"][2] for case in found.cases if not case.equal}
    assert len(lengths) == 1
    assert (lengths.pop() - 1) // stride + 1 == 45
    if other != "a model, first":
        assert found.first is not None
        assert found.first.node == "up"


def test_what_is_right_there_too_is_equal() -> None:
    assert verify(gathered(2), Up(2)).equal


def test_the_picture_that_is_moved_is_shown_at_free_lengths_too() -> None:
    made = node("Sin", ["x"], ["y"])
    shape: list[str | int | None] = [1, 3, "h", "w"]
    graph = helper.make_graph(
        [made], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    found = verify(model, torch_sine())
    looks = [(case.shapes["x"], case.made.partition(", ")[2]) for case in found.cases]
    assert ((1, 3, 65, 97), "the same moved by a pixel") in looks
    assert [look for _, look in looks[:3]] == [
        "white noise", "noise with edges", "the same moved by a pixel",
    ]  # fmt: skip


def torch_sine() -> nn.Module:
    class Sine(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.sin(x)

    return Sine()


def test_what_check_is_asked_for_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(most: int) -> AbstractContextManager[Work]:
        asked.append(most)
        return working(most)

    monkeypatch.setattr(witnesses, "working", counted)
    verify(resized(1), gathered(1))
    assert asked == [MOST]
