"""Lengths that are made are such as the network takes; shapes that it cannot have are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from coreml_networks import run
from halfpixel.checking.shapes import parse_shapes
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.runtimes.feeds import FeedSettings, make_feeds
from halfpixel.verifying.verify import verify

node = helper.make_node
HALF = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}


def built(
    nodes: list[onnx.NodeProto], tensors: dict[str, Any], shape: list[Any], **more: list[Any]
) -> onnx.ModelProto:
    inputs = {"x": shape, **more}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def stepped(step: int) -> onnx.ModelProto:
    """Return a network that takes multiples of a length: reduced, enlarged, and added."""
    scales = np.array([1, 1, step, step], np.float32)
    nodes = [
        node("AveragePool", ["x"], ["p"], kernel_shape=[step] * 2, strides=[step] * 2),
        node("Resize", ["p", "", "scales"], ["u"], name="up", **HALF),
        node("Add", ["x", "u"], ["y"]),
    ]
    return built(nodes, {"scales": scales}, ["n", 3, "h", "w"])


def fixed(height: int, width: int, reduced: int = 1) -> onnx.ModelProto:
    """Return a network that takes one size, which stands in a Reshape inside alone."""
    nodes = [
        node("AveragePool", ["x"], ["p"], kernel_shape=[reduced] * 2, strides=[reduced] * 2),
        node("Reshape", ["p", "shape"], ["r"]),
        node("Resize", ["r", "", "scales"], ["y"], name="up", **HALF),
    ]
    tensors = {
        "shape": np.array([1, 3, height, width], np.int64),
        "scales": np.array([1, 1, 2, 2], np.float32),
    }
    return built(nodes, tensors, ["n", 3, "h", "w"])


def convolved(channels: int) -> onnx.ModelProto:
    """Return a network whose channels no input declares."""
    weights = np.random.default_rng(0).standard_normal((2, channels, 3, 3)).astype(np.float32)
    nodes = [node("Conv", ["x", "w"], ["c"], pads=[1] * 4),
             node("Resize", ["c", "", "scales"], ["y"], name="up", **HALF)]  # fmt: skip
    return built(
        nodes, {"w": weights, "scales": np.array([1, 1, 2, 2], np.float32)}, ["n", "c", "h", "w"]
    )


@pytest.mark.parametrize("step", [8, 14, 16, 24, 32, 60])
def test_multiples_are_found(step: int) -> None:
    found = verify(stepped(step), stepped(step))
    assert found.equal
    shapes = {case.shapes["x"][2:] for case in found.cases}
    assert len(shapes) >= 2
    assert all(n % step == 0 or n == 1 for shape in shapes for n in shape)  # one window is taken
    assert len(shapes - {(1, 1)}) >= 2
    assert all(case.outputs for case in found.cases)
    assert found.dropped


@pytest.mark.parametrize(("size", "reduced"), [((48, 48), 1), ((50, 70), 1), ((6, 9), 8)])
def test_a_size_that_a_refusal_names_is_taken(size: tuple[int, int], reduced: int) -> None:
    found = verify(fixed(*size, reduced), fixed(*size, reduced))
    assert found.equal
    height, width = found.cases[0].shapes["x"][2:]
    assert (height // reduced, width // reduced) == size


@pytest.mark.parametrize("channels", [1, 4, 6])
def test_channels_that_are_free_are_found(channels: int) -> None:
    found = verify(convolved(channels), convolved(channels))
    assert found.equal
    assert {case.shapes["x"][1] for case in found.cases} == {channels}
    assert len(found.cases) >= 2


def test_a_length_that_one_side_refuses_is_a_difference() -> None:
    assert not verify(stepped(8), stepped(16)).equal


def test_a_network_that_takes_nothing_that_is_tried_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(fixed(4999, 4999), path)
    result = run(path, path, "--output-format", "json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["equal"], told["cases"]) == (1, False, [])
    assert "nothing was compared" in run(path, path).stdout


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("q=1x3x64x64", "no such input; there are: x"),
        ("x=1x3x64", "input 'x' has 4 axes: nx3xhxw"),
        ("x=1x4x64x64", "axis 1 of input 'x' is 3: nx3xhxw"),
        ("x=1x3x0x64", "expected NAME=1x3x64x64"),
        ("x=1x3x²x64", "expected NAME=1x3x64x64"),
    ],
)
def test_a_shape_that_inputs_cannot_have_is_one_line(tmp_path: Path, shape: str, told: str) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(stepped(32), path)
    for sides in ((path,), (path, path)):
        result = run(*sides, "--shape", shape)
        assert result.exit_code == 2
        assert told in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert result.stdout == ""


def test_a_length_that_is_asked_for_one_input_holds_for_the_others() -> None:
    ports = [Port("x", "float32", ("n", 3, "h", "w")), Port("mask", "float32", ("n", 1, "h", "w"))]
    case = next(make_feeds(ports, FeedSettings(parse_shapes(["x=1x3x40x56"]))))
    assert case["mask"].shape == (1, 1, 40, 56)
    with pytest.raises(UsageError, match="no such input"):
        next(make_feeds(ports, FeedSettings(parse_shapes(["z=1"]))))


class Halved(torch.nn.Module):
    """Half of an image, enlarged and added to it: even lengths."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        small = torch.nn.functional.avg_pool2d(x, 8)
        return x + torch.nn.functional.interpolate(small, scale_factor=8.0, mode="bilinear")


def test_lengths_are_such_as_the_guards_of_a_module_allow() -> None:
    """Without them (64, 64) and odd lengths would be tried, and refused."""
    length = torch.export.Dim("length", min=9, max=30)
    shapes = {"x": {2: 8 * length, 3: 8 * torch.export.Dim("width", min=10, max=12)}}
    program = torch.export.export(Halved(), (torch.rand(1, 3, 80, 88),), dynamic_shapes=shapes)
    found = verify(program, program)
    assert found.equal
    assert not found.dropped
    assert {case.shapes["x"] for case in found.cases} == {(1, 3, 72, 80), (1, 3, 72, 96)}


def recurrent(least: int, *, named: bool) -> onnx.ModelProto:
    """Return a network of samples and a state, which needs so many samples: (layers, N, features).

    Where axes have no names, nothing says that a batch stands in both inputs.
    """
    batch, samples = ("n", "t") if named else (None, None)
    tensors = {"shape": np.array([0, 1, -1], np.int64), "two": np.array([2], np.int64)}
    nodes = [
        node("Reshape", ["x", "shape"], ["channel"]),
        node("AveragePool", ["channel"], ["frames"], kernel_shape=[least]),
        node("ReduceMean", ["frames", "two"], ["mean"], keepdims=0),
        node("Add", ["state", "mean"], ["y"]),
    ]
    return built(nodes, tensors, [batch, samples], state=[2, batch, 128])


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("least", [10, 512, 12000])
def test_a_length_of_samples_is_found(*, least: int, named: bool) -> None:
    found = verify(recurrent(least, named=named), recurrent(least, named=named))
    assert found.equal
    assert all(case.shapes["x"][1] >= least for case in found.cases)
    assert {case.shapes["state"][1] == case.shapes["x"][0] for case in found.cases} == {True}
    assert len(found.cases) >= 2


def test_tokens_are_more_than_channels() -> None:
    table = np.random.default_rng(0).standard_normal((10, 8)).astype(np.float32)
    nodes = [node("Cast", ["x"], ["i"], to=TensorProto.INT64), node("Gather", ["t", "i"], ["y"])]
    model = built(nodes, {"t": table}, ["n", "tokens"])
    assert {case.shapes["x"][1] for case in verify(model, model).cases} == {64, 65, 32, 1}


def test_channels_that_stand_last_leave_height_and_width() -> None:
    nodes = [node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
             node("Resize", ["t", "", "scales"], ["y"], name="up", **HALF)]  # fmt: skip
    model = built(nodes, {"scales": np.array([1, 1, 2, 2], np.float32)}, ["n", "h", "w", 3])
    shapes = [case.shapes["x"] for case in verify(model, model).cases]
    assert list(dict.fromkeys(shapes)) == [
        (1, 64, 64, 3), (2, 65, 97, 3), (1, 32, 47, 3), (1, 1, 1, 3),
    ]  # fmt: skip


def test_lengths_that_are_named_by_a_question_mark_are_not_one_length() -> None:
    model = built([node("Relu", ["x"], ["y"])], {}, [None, 3, "?", "?"])
    assert (2, 3, 65, 97) in {case.shapes["x"] for case in verify(model, model).cases}


def test_values_that_are_tried_in_vain_are_no_trial_of_lengths() -> None:
    nodes = [node("Floor", ["x"], ["f"]), node("AveragePool", ["f"], ["p"], kernel_shape=[8, 8],
                                               strides=[8, 8]),
             node("Resize", ["p", "", "scales"], ["u"], name="up", **HALF),
             node("Add", ["x", "u"], ["s"]), node("Sub", ["s", "x"], ["y"])]  # fmt: skip
    scales = {"scales": np.array([1, 1, 8, 8], np.float32)}
    one, other = (built(nodes, scales, ["n", 3, "h", "w"]) for _ in range(2))
    found = verify(one, other)
    assert len({case.shapes["x"] for case in found.cases} - {(1, 3, 1, 1)}) >= 2
    assert found.equal
