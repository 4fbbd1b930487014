"""What rounding alone flips, rows of a top-k and steps of a type, does not set a pair apart."""

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from coreml_networks import run
from halfpixel.verifying.verify import verify

Array = np.ndarray[Any, np.dtype[Any]]


def ranked(*, divided: bool = False) -> onnx.ModelProto:
    """Return the best 6000 of 102400 places of an enlarged image, their features with them.

    Args:
        divided: the scores' normalisation is written otherwise, which rounds otherwise.
    """
    random = np.random.default_rng(0)
    weight = (random.normal(size=(8, 3, 3, 3)) * 0.2).astype(np.float32)
    factor, shift = (random.uniform(0.5, 1.5, (8, 1, 1)).astype(np.float32) for _ in range(2))
    values: dict[str, Array] = {
        "weight": weight, "scales": np.array([1, 1, 2, 2], np.float32), "flat": np.array([8, -1]),
        "factor": 1 / factor if divided else factor, "shift": -shift if divided else shift,
        "count": np.array([6000]), "first": np.array([0]),
    }  # fmt: skip
    node = helper.make_node
    nodes = [
        node("Resize", ["x", "", "scales"], ["u"], "up", mode="linear"),
        node("Conv", ["u", "weight"], ["c"], "conv", pads=[1, 1, 1, 1]),
        node("Div" if divided else "Mul", ["c", "factor"], ["m"], "factor"),
        node("Sub" if divided else "Add", ["m", "shift"], ["n"], "shift"),
        node("Reshape", ["n", "flat"], ["features"], "features"),
        node("Sigmoid", ["features"], ["s"], "sigmoid"),
        node("ReduceMean", ["s"], ["scores"], "scores", axes=[0], keepdims=0),
        node("TopK", ["scores", "count"], ["best", "places"], "topk"),
        node("Gather", ["features", "places"], ["rows"], "gather", axis=1),
    ]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 160, 160])
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [8, 6000])
    tensors = [numpy_helper.from_array(value, name) for name, value in values.items()]
    graph = helper.make_graph(nodes, "g", [image], [rows], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.onnx" for name in ("a", "same", "divided")]
    for path in paths:
        onnx.save(ranked(divided=path.stem == "divided"), path)
    return paths


def test_pairs_that_only_rounding_sets_apart_are_equal(files: list[Path]) -> None:
    for a, b in itertools.pairwise([*files, files[0]]):
        result = run(a, b)
        assert result.stdout.splitlines()[-1] == "equal, 3 of 3 runs compared", result.stdout
        assert result.exit_code == 0
        assert "ill-conditioned" in result.stdout
        assert "one float step of the inputs flips topk (TopK)" in result.stdout
    lines = run(files[0], files[1]).stdout.splitlines()
    told = [line for line in lines if "graph optimisation changes output 'rows'" in line]
    assert len(told) == 2  # one a side, at its worst


def places(*, divided: bool = False) -> onnx.ModelProto:
    """Return the places of the best alone, which are whole numbers."""
    model = ranked(divided=divided)
    del model.graph.node[-1], model.graph.output[:]
    made = helper.make_tensor_value_info("places", TensorProto.INT64, [6000])
    model.graph.output.append(made)
    return model


def test_places_that_rounding_flips_are_told_and_no_difference(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.onnx" for name in ("a", "divided", "other")]
    broken = places()
    broken.graph.node[0].attribute.append(
        helper.make_attribute("coordinate_transformation_mode", "asymmetric")
    )
    for path, model in zip(paths, (places(), places(divided=True), broken), strict=True):
        onnx.save(model, path)
    result = run(paths[0], paths[1])
    assert result.exit_code == 0, result.stdout
    assert "output 'places' differs by" in result.stdout
    assert "ill-conditioned: rounding alone flips as many of its elements" in result.stdout
    assert run(paths[0], paths[2]).exit_code == 1


def test_a_verdict_names_its_measure(files: list[Path], tmp_path: Path) -> None:
    other = ranked()
    other.graph.node[1].attribute[0].ints[:] = [0, 0, 2, 2]
    path = tmp_path / "moved.onnx"
    onnx.save(other, path)
    last = run(files[0], path).stdout.splitlines()[-1]
    assert re.match(r"different by [0-9.,]+( million)? times the noise floor, 1 of 1", last), last


def network(kind: str, mode: str = "half_pixel", *, divided: bool = False) -> onnx.ModelProto:
    """Return a network whose features are rounded to a type before they are enlarged.

    Args:
        kind: the type.
        mode: the resize's convention.
        divided: the features are scaled in other words, and moved by 0.5 and back, which rounds.
    """
    random = np.random.default_rng(0)
    factor = random.uniform(0.5, 1.5, (4, 1, 1)).astype(np.float32)
    tensors: dict[str, Any] = {
        "weight": (random.standard_normal((4, 3, 3, 3)) * 0.3).astype(np.float32),
        "factor": 1 / factor if divided else factor,
        "two": np.array([1, 1, 2, 2], np.float32),
        "half": np.float32(0.5),
        "step": np.float32(0.01),
        "zero": np.int8(0),
    }
    rounded = [
        helper.make_node("Cast", ["m"], ["q"], "narrow", to=getattr(TensorProto, kind.upper())),
        helper.make_node("Cast", ["q"], ["d"], "wide", to=TensorProto.FLOAT),
    ]
    if kind == "int8":
        rounded = [
            helper.make_node("QuantizeLinear", ["m", "step", "zero"], ["q"], "narrow"),
            helper.make_node("DequantizeLinear", ["q", "step", "zero"], ["d"], "wide"),
        ]
    if not divided:
        rounded[0].input[0] = "n"
    nodes = [
        helper.make_node("Conv", ["x", "weight"], ["c"], pads=[1] * 4),
        helper.make_node("Div" if divided else "Mul", ["c", "factor"], ["n"]),
        *[
            helper.make_node("Add", ["n", "half"], ["more"]),
            helper.make_node("Sub", ["more", "half"], ["m"]),
        ][: 2 * divided],
        *rounded,
        helper.make_node("Resize", ["d", "", "two"], ["y"], "up", mode="linear",
             coordinate_transformation_mode=mode),
    ]  # fmt: skip
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 160, 200])
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    values = [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()]
    graph = helper.make_graph(nodes, "g", [image], [made], values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "int8"])
def test_rounding_to_a_type_is_no_difference(kind: str) -> None:
    found = verify(network(kind), network(kind, divided=True))
    assert found.equal
    measures = [output.measure for case in found.cases for output in case.outputs]
    assert any(measures)
    if kind != "float16":  # whose steps are within what inputs do that are moved
        told = " ".join(one.why for one in measures if one is not None)
        assert "ill-conditioned: rounding alone flips" in told
        assert re.search(r"one float step of the inputs flips (narrow|wide) \(", told)


@pytest.mark.parametrize("mode", ["asymmetric", "align_corners"])
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "int8"])
def test_another_convention_differs_at_each_type(kind: str, mode: str) -> None:
    found = verify(network(kind), network(kind, mode))
    assert found.differs
    assert found.first is not None
    assert found.first.node == "up"
