"""What the bytes of a graph's nodes tell is what its messages tell, or nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import GraphProto, ModelProto, NodeProto, helper

import example_models as models
from halfpixel.checking.check import Judge, Settings
from halfpixel.checking.result import Report
from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.nodes.order import producers_of
from halfpixel.formats.onnx.read.nodes.serialized import serialized
from halfpixel.formats.onnx.read.nodes.tags import LARGE
from halfpixel.formats.protobuf_wire import bytes_field
from halfpixel.report.machine.as_json import document

TYPES = frozenset({"Resize", "Re"})
NAMES = st.sampled_from(["", "a", "b", "c", "d", "e" * 127, "f" * 128, "ä", "\0"])
FIELDS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 4, 7]), st.sampled_from([b"", b"a", b"b", b"Resize"])),
    max_size=6,
)


def told(graph: GraphProto) -> tuple[dict[str, int], list[int]] | None:
    """Return what the messages tell; None for a graph that is refused."""
    try:
        producers = producers_of(graph.node, "")
    except GraphError:
        return None
    asked = [place for place, node in enumerate(graph.node) if node.op_type in TYPES]
    return {
        name: producers[name] for name in (n for one in graph.node for n in one.output if n)
    }, asked


def agrees(graph: bytes) -> bool:
    """Whether the bytes tell something, which then is what the messages tell."""
    data = bytes_field(7, graph) + ModelProto(ir_version=9).SerializeToString()
    messages = GraphProto.FromString(graph)
    found = serialized(data, len(messages.node), TYPES)
    if found is None:
        return False
    expected = told(messages)
    assert expected is not None
    producers, asked = expected
    assert len(found.producers.places) == len(producers)
    assert all(found.producers[name] == place for name, place in producers.items())
    assert list(found.asked) == asked
    bodies = [NodeProto.FromString(body) for body in found.asked.values()]
    assert bodies == [messages.node[place] for place in asked]
    return True


@given(
    st.lists(
        st.tuples(
            st.lists(NAMES, max_size=3),
            st.lists(NAMES, max_size=2),
            NAMES,
            st.sampled_from(["Resize", "Relu", "Res", "Re", ""]),
        ),
        max_size=5,
    )
)
def test_any_graph(nodes: list[tuple[list[str], list[str], str, str]]) -> None:
    """Cycles, disorder, values that are made twice, optional inputs and long names among them."""
    graph = GraphProto()
    for inputs, outputs, name, op in nodes:
        graph.node.add(input=inputs, output=outputs, name=name, op_type=op)
    agrees(graph.SerializeToString())


@given(st.lists(FIELDS, max_size=4))
def test_any_order_of_fields(nodes: list[list[tuple[int, bytes]]]) -> None:
    """Fields that come again, or in an order that protobuf does not write."""
    bodies = (b"".join(bytes_field(*one) for one in node) for node in nodes)
    agrees(b"".join(bytes_field(1, body) for body in bodies))


@pytest.mark.parametrize(
    ("node", "is_told"),
    [
        ([(1, b"x"), (2, b"y"), (4, b"Relu")], True),
        ([(1, b"x"), (2, b"y"), (3, b"n"), (4, b"Resize"), (5, b"")], True),
        ([(1, b"x"), (1, b""), (2, b"y"), (2, b""), (4, b"Split")], True),
        ([(1, b"x"), (2, b"y"), (4, b"Relu"), (4, b"Resize")], False),
        ([(1, b"x"), (2, b"y"), (4, b"Relu"), (1, b"y")], False),
        ([(1, b"x"), (2, b"y"), (4, b"Relu"), (2, b"x")], False),
        ([(4, b"Relu"), (1, b"x"), (2, b"y")], False),
        ([(1, b"y"), (2, b"y"), (4, b"Relu")], False),
        ([(1, b"x"), (2, b"y")], False),
        ([], False),
    ],
)
def test_what_tells_something(node: list[tuple[int, bytes]], is_told: bool) -> None:  # noqa: FBT001 - a table
    """Bytes as protobuf writes them, in order: all else is left to the messages."""
    body = b"".join(bytes_field(*one) for one in node)
    assert agrees(bytes_field(1, body)) == is_told


def long_chain(last: NodeProto) -> ModelProto:
    """Return a model of more nodes than are looked at one by one, the last of which is given."""
    count = LARGE + 10
    nodes = [
        helper.make_node("Relu", ["x" if k == 0 else f"v{k - 1}"], [f"v{k}"]) for k in range(count)
    ]
    up = [models.resize(f"v{100 * k}", f"u{k}", f"up{k}") for k in range(20)]
    return models.model([*nodes, *up, last])


def test_a_large_file_is_judged_as_a_model_in_memory_is(tmp_path: Path) -> None:
    """Whose bytes are not at hand; the name that the same bytes stand behind is each one's own."""
    made = long_chain(models.resize("v3", "y", "resize/ResizeArea"))
    path = tmp_path / "m.onnx"
    path.write_bytes(made.SerializeToString())
    judge = Judge(Settings())
    here, there = judge.file(path, "m"), judge.file(made, "m")
    assert len(here.sites) == 21
    assert document(Report((here,))) == document(Report((there,)))
    assert here.sites[-1].operation.origin.kept


def test_a_large_graph_with_a_cycle_is_refused(tmp_path: Path) -> None:
    """With the line that a small one is refused with."""
    made = long_chain(models.resize("v3", "y", "last"))
    made.graph.node[5].input[0] = "v9"
    path = tmp_path / "m.onnx"
    path.write_bytes(made.SerializeToString())
    judge = Judge(Settings())
    line = "node 'v5': the graph has a cycle: Relu depends on itself"
    assert judge.file(path, "m").error == f"{path}: {line}"
    assert judge.file(made, "m").error == line
