"""Sites of two models are paired by what they are handed and compute, whatever their order."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from halfpixel.verifying.verify import verify

node = helper.make_node
MODES = ("half_pixel", "align_corners", "asymmetric")
GAIN = 1e-12
"""What follows a resize passes on nothing of it: its convention alone decides."""


def heads(modes: Sequence[str], order: Sequence[int], prefix: str, gain: float) -> onnx.ModelProto:
    """Return a network of three heads of the same lengths, each enlarged in its way.

    Args:
        modes: the convention of each.
        order: in which order the file has them.
        prefix: what the names of its values begin with.
        gain: what their sum is multiplied by.
    """
    random = np.random.default_rng(1)
    tensors: dict[str, Any] = {"sizes": np.array([1, 2, 9, 9]), "gain": np.float32(gain)}
    nodes: list[onnx.NodeProto] = []
    for place in order:
        weight = random_weight(place)
        tensors[f"{prefix}w{place}"] = weight
        nodes += [
            node("Conv", ["x", f"{prefix}w{place}"], [f"{prefix}c{place}"], f"{prefix}conv{place}"),
            node("Resize", [f"{prefix}c{place}", "", "", "sizes"], [f"{prefix}u{place}"],
                 f"{prefix}up{len(nodes)}", mode="linear",
                 coordinate_transformation_mode=modes[place]),
        ]  # fmt: skip
    nodes += [
        node("Sum", [f"{prefix}u{place}" for place in range(len(modes))], [f"{prefix}sum"]),
        node("Mul", [f"{prefix}sum", "gain"], [f"{prefix}m"]),
        node("ReduceMean", ["x"], [f"{prefix}mean"]),
        node("Add", [f"{prefix}m", f"{prefix}mean"], [f"{prefix}a"]),
        node("Add", [f"{prefix}a", "noise"], ["y"]),
    ]
    tensors["noise"] = random.standard_normal((1, 2, 9, 9)).astype(np.float32)
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 4, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def random_weight(place: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    random = np.random.default_rng(place)
    return random.standard_normal((2, 3, 1, 1)).astype(np.float32)


ORDERS = list(itertools.permutations(range(3)))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("gain", [1.0, GAIN])
def test_another_order_is_no_difference(order: tuple[int, ...], gain: float) -> None:
    found = verify(heads(MODES, (0, 1, 2), "", gain), heads(MODES, order, "o_", gain))
    assert found.verdict == "equal", found.proven
    assert found.pairing is not None
    assert [pair.equal for pair in found.pairing.pairs] == [True] * 3


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("gain", [1.0, GAIN])
@pytest.mark.parametrize("broken", range(3))
def test_the_broken_one_is_named(order: tuple[int, ...], gain: float, broken: int) -> None:
    modes = list(MODES)
    modes[broken] = MODES[(broken + 1) % 3]
    found = verify(heads(MODES, (0, 1, 2), "", gain), heads(modes, order, "o_", gain))
    assert found.verdict == "different"
    assert found.first is not None
    assert found.first.node == f"up{2 * broken}"
    assert found.pairing is not None
    (apart,) = found.pairing.differences
    assert apart.a.name == f"up{2 * broken}"


def inside(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose heads stand in a branch that is taken."""
    nodes = list(model.graph.node)
    last = nodes[-5].output[0]
    branches = {
        name: helper.make_graph(
            part, name, [], [helper.make_tensor_value_info(end, TensorProto.FLOAT, [1, 2, 9, 9])]
        )
        for name, part, end in (
            ("then_branch", nodes[:-4], last),
            ("else_branch", [node("Neg", ["noise"], ["other"])], "other"),
        )
    }
    del model.graph.node[:]
    either = node("If", ["yes"], [last], "either")
    either.attribute.extend(helper.make_attribute(name, one) for name, one in branches.items())
    model.graph.node.extend([either, *nodes[-4:]])
    model.graph.initializer.append(numpy_helper.from_array(np.array(1, bool), "yes"))
    return model


@pytest.mark.parametrize("gain", [1.0, GAIN])
def test_inside_of_a_branch_too(gain: float) -> None:
    one = inside(heads(MODES, (0, 1, 2), "", gain))
    assert verify(one, inside(heads(MODES, (2, 0, 1), "o_", gain))).verdict == "equal"
    modes = [MODES[0], MODES[2], MODES[2]]
    found = verify(one, inside(heads(modes, (2, 0, 1), "o_", gain)))
    assert found.verdict == "different"
    assert found.first is not None
    assert found.first.node == "up2"
