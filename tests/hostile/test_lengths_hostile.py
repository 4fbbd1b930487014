"""Lengths as strangers write them: chains that double, and recorded ranges of any text."""

import pytest
from onnx import ModelProto, TensorProto, helper

from halfpixel.checking.check import opened
from halfpixel.formats.onnx.read.ranges import RANGES, declared_ranges, ranges_of
from halfpixel.work import working


def chain(depth: int) -> ModelProto:
    """Return a resize to sizes that a chain of Concat makes, each of sixteen of the one before."""
    make, value = helper.make_node, helper.make_tensor_value_info
    nodes = [make("Shape", ["x"], ["c0"])]
    nodes += [make("Concat", [f"c{i}"] * 16, [f"c{i + 1}"], axis=0) for i in range(depth)]
    nodes.append(make("Resize", ["x", "", "", f"c{depth}"], ["y"], name="up", mode="linear"))
    inputs = [value("x", TensorProto.FLOAT, ["a", "b", "c", "d"])]
    graph = helper.make_graph(nodes, "g", inputs, [value("y", TensorProto.FLOAT, None)])
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def test_a_chain_of_concat_is_followed_once() -> None:
    """Twice the depth is no more than some steps more, though the list has 16^22 numbers."""
    done: list[int] = []
    for depth in (11, 22):
        with working(1 << 40) as work:
            assert [site.name for site in opened(chain(depth)).sites] == ["up"]
        done.append(work.done)
    assert done[1] < 2 * done[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{s0: VR[2, 9], s1: VR[0, int_oo]}", {"s0": range(2, 10), "s1": range(1, (1 << 31) + 1)}),
        ("{s0: VR[5, 3]}", {}),
        ("{s0: VR[1, \u00b2]}", {}),
        ("{s0: VR[1, " + "9" * 5000 + "]}", {}),
        ("{s0: VR[1, " + "9" * 18 + "]}", {"s0": range(1, (1 << 31) + 1)}),
        ("a" * 60_000, {}),
    ],
    ids=["honest", "empty", "power", "digits", "large", "letters"],
)
def test_a_recorded_range_may_be_any_text(text: str, found: dict[str, range]) -> None:
    graph = chain(1).graph
    entry = graph.metadata_props.add()
    entry.key, entry.value = RANGES, text
    named = {name: one for name, one in declared_ranges(graph).items() if name}
    assert named == found


def test_a_symbol_of_many_digits_is_no_multiple() -> None:
    assert ranges_of((1, 1, "9" * 5000 + "*h"), {"h": range(1, 9)}, 1) == ()
