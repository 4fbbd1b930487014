"""Pairs of sites of two conventions decide, however little of them reaches the outputs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from coreml_networks import run
from halfpixel.verifying.measure import parse_tolerances
from halfpixel.verifying.result import VerifySettings
from halfpixel.verifying.verify import verify

node = helper.make_node

HALF: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
CORNERS: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
ASYMMETRIC = {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}
CUBIC = {"mode": "cubic", "coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": -0.5}
NEAREST = {"mode": "nearest", "coordinate_transformation_mode": "half_pixel"}


def built(
    nodes: list[onnx.NodeProto], tensors: dict[str, Any], shape: list[Any]
) -> onnx.ModelProto:
    """Return a model from x to y."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def decoder(
    attributes: dict[str, Any],
    gain: float,
    offset: float = 0.0,
    shape: tuple[Any, ...] = (1, 3, 16, 24),
) -> onnx.ModelProto:
    """Return a net of two levels whose second resize is looked at with little weight."""
    random = np.random.default_rng(11)
    tensors: dict[str, Any] = {
        name: random.standard_normal(size).astype(np.float32) * 0.3
        for name, size in {"w1": (4, 3, 3, 3), "w2": (4, 4, 3, 3), "w3": (3, 8, 1, 1)}.items()
    }
    tensors |= {"two": np.array([1, 1, 2, 2], np.float32), "gain": np.float32(gain),
                "offset": np.float32(offset)}  # fmt: skip
    nodes = [
        node("Conv", ["x", "w1"], ["a"], pads=[1, 1, 1, 1]),
        node("AveragePool", ["a"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p", "w2"], ["b"], pads=[1, 1, 1, 1]),
        node("AveragePool", ["b"], ["q"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Resize", ["q", "", "two"], ["u1"], name="first", **HALF),
        node("Add", ["u1", "b"], ["c"]),
        node("Resize", ["c", "", "two"], ["u2"], name="second", **attributes),
        node("Mul", ["u2", "gain"], ["v"]),
        node("Concat", ["a", "v"], ["j"], axis=1),
        node("Conv", ["j", "w3"], ["z"]),
        node("Add", ["z", "offset"], ["y"]),
    ]
    return built(nodes, tensors, list(shape))


@pytest.mark.parametrize("gain", [1.0, 1e-3, 1e-5, 1e-9, 0.0])
@pytest.mark.parametrize("shape", [(1, 3, 16, 24), ("n", 3, "h", "w")])
@pytest.mark.parametrize(
    "pair", [(HALF, CORNERS), (ASYMMETRIC, HALF), (HALF, CUBIC), (HALF, NEAREST)]
)
def test_another_convention_is_a_difference_at_any_gain(
    pair: tuple[dict[str, Any], dict[str, Any]], shape: tuple[Any, ...], gain: float
) -> None:
    one, other = (decoder(attributes, gain, shape=shape) for attributes in pair)
    found = verify(one, other)
    assert not found.equal
    assert found.first is not None
    assert found.first.node == "second"
    same = verify(one, decoder({**pair[0], "extrapolation_value": 3.0}, gain, shape=shape))
    assert same.equal
    assert not same.proven


def test_the_text_says_how_small_the_effect_is_and_why(tmp_path: Path) -> None:
    a, b = tmp_path / "a.onnx", tmp_path / "b.onnx"
    onnx.save(decoder(HALF, 1e-5), a)
    onnx.save(decoder(CORNERS, 1e-5), b)
    text = " ".join(run(a, b).stdout.split())
    assert "second (Resize) and second (Resize) follow two conventions" in text
    assert "times the noise floor" in text
    assert "untrained weights, or a small gain" in text
    told = json.loads(run(a, b, "--output-format", "json").stdout)
    assert (told["equal"], told["first_divergent_node"]) == (False, "second")
    assert told["outputs"][0]["measure"]["times"] < 1000
    wide = run(a, b, "--tolerance", "1e-3")
    assert wide.exit_code == 0
    assert "as --tolerance or --task has it" in wide.stdout
    assert verify(str(a), str(b), VerifySettings(tolerances=parse_tolerances(("1e-3",)))).equal


def test_an_offset_hides_no_difference_of_another_node() -> None:
    """Beside 100 the tolerance is 0.04, more than all that the output varies by."""
    one, other = decoder(HALF, 1.0, 100.0), decoder(HALF, 1.0, 100.0)
    for tensor in other.graph.initializer:
        if tensor.name == "w3":
            array = numpy_helper.to_array(tensor) * np.float32(1.01)
            tensor.CopyFrom(numpy_helper.from_array(array, "w3"))
    found = verify(one, other)
    assert not found.equal
    (output,) = found.outputs
    assert output.difference.beyond == 0
    assert output.measure is not None
    assert "more than rounding does" in output.measure.why


def test_sites_that_are_handed_something_else_decide_nothing() -> None:
    """Padded, resized with aligned corners and cut is what asymmetric reads."""
    tensors = {"two": np.array([1, 1, 2, 2], np.float32), "pads": np.array([0] * 6 + [1, 1]),
               "sizes": np.array([1, 3, 17, 25], np.int64), "from": np.array([0, 0], np.int64),
               "to": np.array([16, 24], np.int64), "axes": np.array([2, 3], np.int64)}  # fmt: skip
    plain = built([node("Resize", ["x", "", "two"], ["y"], name="up", **ASYMMETRIC)], tensors,
                  ["n", 3, 8, 12])  # fmt: skip
    written = built(
        [
            node("Pad", ["x", "pads"], ["p"], mode="edge"),
            node("Resize", ["p", "", "", "sizes"], ["u"], name="up", **CORNERS),
            node("Slice", ["u", "from", "to", "axes"], ["y"]),
        ],
        tensors,
        [1, 3, 8, 12],
    )
    assert verify(plain, written).equal


@pytest.mark.parametrize("offset", [0.0, 1.0, 30.0])
@pytest.mark.parametrize("gain", [1e-1, 1e-2, 1e-3, 1e-4])
def test_the_node_is_named_where_outputs_are_within_the_tolerance(
    gain: float, offset: float
) -> None:
    """Either the judge or the pair decides; the values inside are within the tolerance alike."""
    found = verify(decoder(CORNERS, gain, offset), decoder(HALF, gain, offset))
    assert found.differs
    assert found.first is not None
    assert found.first.node == "second"
    small = verify(scaled_inputs(CORNERS, gain), scaled_inputs(HALF, gain))
    assert small.differs
    assert small.first is not None
    assert small.first.node == "up"


def scaled_inputs(attributes: dict[str, Any], gain: float) -> onnx.ModelProto:
    """Return a net whose resize is handed numbers that are small beside the tolerance."""
    tensors = {"gain": np.float32(gain), "two": np.array([1, 1, 2, 2], np.float32),
               "more": np.float32(3)}  # fmt: skip
    nodes = [
        node("Mul", ["x", "gain"], ["a"]),
        node("Resize", ["a", "", "two"], ["u"], name="up", **attributes),
        node("Add", ["u", "more"], ["y"]),
    ]
    return built(nodes, tensors, [1, 3, 8, 12])


def test_sites_in_another_order_are_no_difference() -> None:
    """Both read x, and a file may list either first."""
    resizes = [node("Resize", ["x", "", "two"], [name], name=name, **attributes)
               for name, attributes in (("p", HALF), ("q", ASYMMETRIC))]  # fmt: skip
    rest = [node("Mul", ["q", "two_"], ["r"]), node("Sub", ["p", "r"], ["y"])]
    tensors = {"two": np.array([1, 1, 2, 2], np.float32), "two_": np.float32(2)}
    one = built([*resizes, *rest], tensors, [1, 3, 8, 12])
    other = built([*resizes[::-1], *rest], tensors, [1, 3, 8, 12])
    assert verify(one, other).equal


def test_a_resize_that_keeps_its_length_has_no_convention() -> None:
    """Its output lengths are those of its input, which no file says."""
    nodes = [node("Shape", ["x"], ["s"])]
    models = [
        built([*nodes, node("Resize", ["x", "", "", "s"], ["y"], name="up", **attributes)], {},
              ["n", 3, "h", "w"])
        for attributes in (HALF, ASYMMETRIC)
    ]  # fmt: skip
    assert verify(models[0], models[1]).equal


def test_a_pair_inside_a_branch_decides_too() -> None:
    def branched(attributes: dict[str, Any]) -> onnx.ModelProto:
        resize = node("Resize", ["x", "", "two"], ["r"], name="inner", **attributes)
        made = [helper.make_tensor_value_info("r", TensorProto.FLOAT, [1, 3, 16, 16])]
        then = helper.make_graph([resize], "then", [], made)
        other = helper.make_graph(
            [node("Resize", ["x", "", "two"], ["r"], **HALF)], "else", [], made
        )
        nodes = [node("If", ["flag"], ["u"], name="if", then_branch=then, else_branch=other),
                 node("Mul", ["u", "gain"], ["v"]), node("ReduceMean", ["x"], ["m"]),
                 node("Add", ["v", "m"], ["y"])]  # fmt: skip
        tensors = {
            "two": np.array([1, 1, 2, 2], np.float32),
            "flag": np.ones((), np.bool_),
            "gain": np.float32(1e-4),
        }
        return built(nodes, tensors, [1, 3, 8, 8])

    assert not verify(branched(HALF), branched(CORNERS)).equal
    assert verify(branched(HALF), branched(HALF)).equal


GRID: dict[str, Any] = {"mode": "linear", "padding_mode": "zeros", "align_corners": 0}


@pytest.mark.parametrize(
    "other",
    [{**GRID, "align_corners": 1}, {**GRID, "padding_mode": "border"}, {**GRID, "mode": "nearest"}],
)
def test_grids_of_two_conventions_differ(other: dict[str, Any]) -> None:
    grid = np.random.default_rng(3).uniform(-0.9, 0.9, (1, 5, 6, 2)).astype(np.float32)

    def sampled(grid: Any, attributes: dict[str, Any]) -> onnx.ModelProto:  # noqa: ANN401
        nodes = [node("GridSample", ["x", "grid"], ["s"], name="warp", **attributes),
                 node("Mul", ["s", "gain"], ["t"]), node("ReduceMean", ["x"], ["m"]),
                 node("Add", ["t", "m"], ["y"])]  # fmt: skip
        return built(nodes, {"grid": grid, "gain": np.float32(1e-4)}, [1, 3, 8, 8])

    assert not verify(sampled(grid, GRID), sampled(grid, other)).equal
    assert verify(sampled(grid, GRID), sampled(grid, GRID)).equal
    if other["align_corners"]:  # the same places in other words
        assert verify(sampled(grid, GRID), sampled(grid * np.float32(8 / 7), other)).equal


def test_what_the_optimiser_alone_changes_is_told_and_does_not_decide(tmp_path: Path) -> None:
    """A folded BatchNormalization: 5000 and back is 2e-4 in float32."""
    random = np.random.default_rng(4)
    tensors = {"w": random.standard_normal((2, 3, 3, 3)).astype(np.float32) * 0.1,
               "b": np.full(2, 5000, np.float32), "mean": np.full(2, 5000, np.float32),
               "one": np.ones(2, np.float32), "zero": np.zeros(2, np.float32),
               "two": np.array([1, 1, 2, 2], np.float32)}  # fmt: skip
    nodes = [node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
             node("BatchNormalization", ["c", "one", "zero", "mean", "one"], ["n"]),
             node("Resize", ["n", "", "two"], ["y"], **HALF)]  # fmt: skip
    paths = [tmp_path / "a.onnx", tmp_path / "b.onnx"]
    for path in paths:
        onnx.save(built(nodes, tensors, [1, 3, 12, 20]), path)
    for sides in ((paths[0], paths[0]), paths, paths[:1]):
        result = run(*sides)
        assert result.exit_code == 0, result.output
        assert "graph optimisation changes output 'y'" in " ".join(result.stdout.split())
    split = [nodes[0], node("Identity", ["c"], ["d"]), *nodes[1:]]
    split[2].input[0] = "d"  # the optimiser folds it all the same, the plain run does not
    plain = VerifySettings(optimiser=False)
    assert verify(built(split, tensors, [1, 3, 12, 20]), str(paths[0]), plain).equal


def test_nothing_compared_is_no_success(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    onnx.save(built([node("Relu", ["x"], ["y"])], {}, [1, 3, 4, 4]), path)
    assert run(path).exit_code == 1
    assert "nothing was compared" in run(path).stdout
    told = json.loads(run(path, "--output-format", "json").stdout)
    assert told["equal"] is False
    blank = built([node("Sub", ["x", "x"], ["y"])], {}, [1, 3, 4, 4])
    assert not verify(blank, onnx.ModelProto.FromString(blank.SerializeToString())).equal
