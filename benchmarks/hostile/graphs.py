"""More model files that are made to be slow: graphs in which one value is asked for many times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import ModelProto, helper

from models import HALF, SMALL, model, resize, scales, sizes, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import NodeProto, TensorProto

CUBIC: dict[str, object] = {"mode": "cubic", "coordinate_transformation_mode": "half_pixel"}


def arithmetic(size: int, *, backwards: bool = True) -> bytes:
    """Return one long chain of shape arithmetic whose every value is the size of a resize.

    The resizes stand in the order of the chain, or the last first.
    """
    count = size // 140
    nodes = [helper.make_node("Shape", ["x"], ["a0"])]
    nodes += [helper.make_node("Add", [f"a{i}", "zero"], [f"a{i + 1}"]) for i in range(count)]
    order = range(count, 0, -1) if backwards else range(1, count + 1)
    made = [resize(i, "x", "", "", f"a{i}") for i in order]
    return model([*nodes, *made], ["n", 1, 6, 6], [sizes("zero", 0, 0, 0, 0)])


def fan(size: int) -> bytes:
    """Return shape arithmetic in which every value is the sum of the two before it."""
    count = size // 140
    nodes = [helper.make_node("Shape", ["x"], ["a0"]), helper.make_node("Abs", ["a0"], ["a1"])]
    nodes += [helper.make_node("Max", [f"a{i}", f"a{i + 1}"], [f"a{i + 2}"]) for i in range(count)]
    made = [resize(i, "x", "", "", f"a{count + 1 - i}") for i in range(count)]
    return model([*nodes, *made], ["n", 1, "h", "w"], [])


def indices(size: int) -> bytes:
    """Return gathers whose indices are the end of one long chain of shape arithmetic."""
    count = size // 30
    table = helper.make_tensor("table", 7, [8, 1], [0, 0, 1, 1, 2, 2, 3, 3])
    nodes = [
        helper.make_node("Shape", ["x"], ["h"], start=0, end=1),
        helper.make_node("Sub", ["h", "h"], ["none"]),
        helper.make_node("Add", ["table", "none"], ["a0"]),
    ]
    nodes += [helper.make_node("Add", [f"a{i}", "none"], [f"a{i + 1}"]) for i in range(count // 2)]
    nodes += [helper.make_node("GatherND", ["x", f"a{count // 2 - i % 7}"], [f"y{i}"])
              for i in range(count // 2)]  # fmt: skip
    return model(nodes, [4, 3], [table])


def one_table(size: int, *, share: bool = True) -> bytes:
    """Return gathers of one large table of pixels, or of a part of it each."""
    count = max(1, size // 100)
    long = size // 5
    if share:
        data = helper.make_tensor("t", 7, [long, 1], [i // 2 for i in range(long)])
        nodes = [helper.make_node("GatherND", ["x", "t"], [f"y{i}"]) for i in range(count)]
        return model(nodes, [long, 3], [data])
    each = 64
    tables = [
        helper.make_tensor(f"t{i}", 7, [each, 1], [(j + i) // 2 for j in range(each)])
        for i in range(size // (4 * each))
    ]
    nodes = [helper.make_node("GatherND", ["x", f"t{i}"], [f"y{i}"]) for i in range(len(tables))]
    return model(nodes, [4 * each, 3], tables)


def permutation(size: int) -> bytes:
    """Return cubic resizes that one Transpose of a huge order reads."""
    count = size // 2 // 120
    order = list(range(size // 8))
    nodes: list[NodeProto] = []
    for i in range(count):
        nodes += [resize(i, "x", "", "s", **CUBIC),
                  helper.make_node("Relu", [f"y{i}"], [f"r{i}"])]  # fmt: skip
    nodes.append(helper.make_node("Transpose", [f"r{count - 1}"], ["t"], perm=order))
    ends = [helper.make_node("Transpose", [f"r{i}"], [f"t{i}"]) for i in range(0, count, 2)]
    return model([*nodes, *ends], SMALL, [])


def before_permutation(size: int) -> bytes:
    """Return cubic resizes of what one Transpose of a huge order makes."""
    nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=list(range(size // 8)))]
    nodes += [resize(i, "t", "", "s", **CUBIC) for i in range(size // 2 // 110)]
    return model(nodes, SMALL, [])


def multiplied(size: int) -> bytes:
    """Return functions that hold many resizes and are called in many ways."""
    ways, inner = 60, max(1, size // 120)
    body = [
        helper.make_node("Resize", ["a", "", "s"], [f"c{i}"], name=f"up{i}", **HALF)
        for i in range(inner)
    ]
    opsets = [helper.make_opsetid("", 18)]
    function = helper.make_function("own", "f", ["a", "s"], [f"c{inner - 1}"], body, opsets)
    calls, constants, values = [], [], []
    for i in range(min(ways, size // 100)):
        constants.append(scales(f"s{i}", 1, 1, 1 + i / 8, 2))
        values.append(value(f"x{i}", [1, 1, 6 + i, 6]))
        calls += [helper.make_node("Relu", ["x"], [f"x{i}"]),
                  helper.make_node("f", [f"x{i}", f"s{i}"], [f"y{i}"], domain="own")]  # fmt: skip
    built = ModelProto.FromString(model(calls, SMALL, constants, functions=[function]))
    built.graph.value_info.extend(values)
    return built.SerializeToString()


def shared_branch(size: int) -> bytes:
    """Return constants that are folded of one another, read by many resizes."""
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = []
    for i in range(size // 230):
        constants.append(helper.make_tensor(f"q{i}", 3, [4], [1, 1, 2, 2]))
        nodes += [helper.make_node("DequantizeLinear", [f"q{i}", "one"], [f"s{i}"]),
                  resize(i, "x", "", f"s{i}", **CUBIC)]  # fmt: skip
    return model(nodes, SMALL, [*constants, helper.make_tensor("one", 1, [], [1.0])])


GRAPHS: dict[str, Callable[[int], bytes]] = {
    "arithmetic": arithmetic,
    "arithmetic forwards": lambda n: arithmetic(n, backwards=False),
    "fan of arithmetic": fan,
    "computed indices": indices,
    "one table": one_table,
    "many tables": lambda n: one_table(n, share=False),
    "permutation behind": permutation,
    "permutation before": before_permutation,
    "functions of many": multiplied,
    "folded constants": shared_branch,
}
