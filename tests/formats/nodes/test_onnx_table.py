"""What is looked up in the bytes of a huge graph is what its messages tell, or nothing."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

import example_models as models
import halfpixel
from halfpixel.checking.check import Judge, Settings
from halfpixel.checking.result import Report
from halfpixel.errors import GraphError
from halfpixel.formats.onnx import rows
from halfpixel.formats.onnx.read import walk
from halfpixel.formats.onnx.read.nodes import columns
from halfpixel.formats.onnx.read.nodes.columns import Names, Unusual, Words, hash_of
from halfpixel.formats.onnx.read.nodes.order import joined_in, producers_of, readers_of
from halfpixel.formats.onnx.read.nodes.table import Table
from halfpixel.formats.onnx_file import opened
from halfpixel.formats.protobuf_wire import bytes_field
from halfpixel.report.machine.as_json import document

TYPES = frozenset({"Resize", "Re"})
HEAD = ModelProto(ir_version=9, opset_import=[helper.make_opsetid("", 17)])
NAMES = st.sampled_from(
    ["", "a", "b", "c" * 7, "c" * 8, "c" * 9, "d" * 16, "d" * 17, "e" * 127, "f" * 128, "ä", "\0"]
)
FIELDS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3, 4, 5, 7]), st.sampled_from([b"", b"a", b"b", b"Resize"])),
    max_size=6,
)


@pytest.fixture(autouse=True, scope="module")
def every_graph_is_huge() -> Iterator[None]:
    """Take every graph for a huge one, of few columns, of which no shapes are inferred."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "HUGE", 1)
        patch.setattr(rows, "LEAST", 0)
        patch.setattr(columns, "MOST", 2)
        patch.setattr(walk, "LARGEST_GRAPH", 0)
        yield


def table_of(data: bytes) -> Table | None:
    """Return what the bytes of a model tell; None where they do not."""
    row = rows.row_of(data)
    try:
        return None if row is None else Table(data, row, "m.onnx")
    except Unusual:
        return None


def agrees(graph: bytes, *, last: bool = False) -> bool:
    """Whether the bytes tell something, which then is what the messages tell."""
    head, body = HEAD.SerializeToString(), bytes_field(7, graph)
    found = table_of(head + body if last else body + head)
    if found is None:
        return False
    messages = GraphProto.FromString(graph)
    nodes = messages.node
    producers = producers_of(nodes, "")
    values = {name for node in nodes for name in (*node.input, *node.output)} | {"nowhere"}
    assert {n: found.producers.get(n) for n in values} == {n: producers.get(n) for n in values}
    assert all((name in found.producers) == (name in producers) for name in values)
    readers = readers_of(nodes)
    for name in filter(None, values):
        assert list(found.readers.get(name, ())) == readers.get(name, [])
    joining, joined = found.read_by(TYPES), joined_in(nodes, TYPES)
    assert {name for name in values if name and name in joining} == joined - {""}
    asked = found.asked(TYPES)
    assert list(asked) == [k for k, node in enumerate(nodes) if node.op_type in TYPES]
    assert all(NodeProto.FromString(body) == nodes[place] for place, body in asked.items())
    assert list(found.nodes) == list(nodes)
    assert [found.nodes[k] for k in range(len(nodes))] == list(nodes)
    messages.ClearField("node")
    assert found.head.graph == messages
    return True


@given(
    st.lists(
        st.tuples(
            st.lists(NAMES, max_size=3),
            st.lists(NAMES, max_size=2),
            NAMES,
            st.sampled_from(["Resize", "Relu", "Res", "Re", ""]),
            st.sampled_from(["", "com.microsoft"]),
        ),
        max_size=5,
    ),
    st.booleans(),
)
def test_any_graph(
    nodes: list[tuple[list[str], list[str], str, str, str]],
    last: bool,  # noqa: FBT001 - drawn
) -> None:
    """Cycles, disorder, values that are made twice, optional inputs and long names among them."""
    graph = GraphProto(name="g")
    for inputs, outputs, name, op, domain in nodes:
        node = graph.node.add(input=inputs, output=outputs, name=name, op_type=op)
        if domain:
            node.domain = domain
    try:
        producers_of(graph.node, "")
    except GraphError:
        assert not agrees(graph.SerializeToString())
    else:
        agrees(graph.SerializeToString(), last=last)


@given(st.lists(FIELDS, max_size=4))
def test_any_order_of_fields(nodes: list[list[tuple[int, bytes]]]) -> None:
    """Fields that come again, or in an order that protobuf does not write."""
    bodies = (b"".join(bytes_field(*one) for one in node) for node in nodes)
    graph = b"".join(bytes_field(1, body) for body in bodies)
    try:
        producers_of(GraphProto.FromString(graph).node, "")
    except GraphError:
        assert not agrees(graph)
    except Exception:  # noqa: BLE001 - whatever protobuf says of bytes that are no message
        assert not agrees(graph)
    else:
        agrees(graph)


X, Y, RELU = (1, b"x"), (2, b"y"), (4, b"Relu")


@pytest.mark.parametrize(
    ("node", "is_told"),
    [
        ([X, Y, RELU], True),
        ([X, Y, (3, b"n"), (4, b"Resize"), (5, b"")], True),
        ([X, Y, (3, b"n" * 127), RELU, (6, b"d" * 200_000), (7, b"")], True),
        ([X, (1, b""), Y, (2, b""), (4, b"Split")], True),
        ([*[X] * 1023, Y, RELU], True),
        ([*[X] * 1025, Y, RELU], True),
        ([X, Y, (3, b"n" * 128), RELU], False),
        ([X, Y, RELU, (6, b"d" * (1 << 21))], False),
        ([X, Y, RELU, (4, b"Resize")], False),
        ([X, Y, RELU, (1, b"y")], False),
        ([X, Y, RELU, (2, b"x")], False),
        ([X, Y, RELU, (5, b"\xff")], False),
        ([RELU, X, Y], False),
        ([(1, b"y"), Y, RELU], False),
        ([X, Y], False),
        ([], False),
    ],
)
def test_what_tells_something(node: list[tuple[int, bytes]], is_told: bool) -> None:  # noqa: FBT001 - a table
    """Bytes as protobuf writes them, in order: all else is left to the messages."""
    body = b"".join(bytes_field(*one) for one in node)
    assert agrees(bytes_field(1, body)) == is_told
    assert agrees(bytes_field(1, body), last=True) == is_told


NODE = bytes_field(1, b"".join(bytes_field(*one) for one in (X, Y, RELU)))


@pytest.mark.parametrize(("longest", "is_told"), [(127, True), (128, False)])
def test_a_node_of_many_names(longest: int, is_told: bool) -> None:  # noqa: FBT001 - a table
    names = [*(f"x{k}" for k in range(3000)), "y" * longest, *(f"z{k}" for k in range(3000))]
    nodes = [
        NodeProto(op_type="Re", input=names, output=["a"]),
        NodeProto(op_type="Resize", input=["a", "x7", "z8"], output=["b"]),
    ]
    assert agrees(GraphProto(node=nodes).SerializeToString()) is is_told


@pytest.mark.parametrize(
    "model",
    [
        bytes_field(7, NODE) + bytes_field(7, NODE),  # two graphs
        bytes_field(7, NODE + bytes_field(2, b"g") + NODE),  # nodes behind what is none
        bytes_field(7, bytes_field(2, b"g") + NODE),
        bytes_field(7, NODE + b"\x0a\x7f"),  # half a node
        bytes_field(7, NODE)[:-1],
        bytes_field(7, NODE.replace(b"\x0a", b"\x8a\x00", 1)),  # a tag in two bytes
        bytes_field(7, NODE + b"\x0f"),  # no field
        b"\x0f" + bytes_field(7, NODE),
        b"",
    ],
)
def test_what_tells_nothing(model: bytes) -> None:
    assert table_of(model + HEAD.SerializeToString()) is None


@given(st.binary(max_size=127), st.binary(max_size=127))
def test_hash(name: bytes, other: bytes) -> None:
    """Of many names at once as of each, and names are told apart by their bytes."""
    words, at = Words(name + other + bytes(columns.BEHIND)), [0, len(name)]
    both = Names(
        np.zeros(2, np.int32), np.array(at, np.int32), np.array([len(name), len(other)], np.uint8)
    )
    assert words.hashes(both).tolist() == [hash_of(name), hash_of(other)]
    first, second = both.picked(slice(1)), both.picked(slice(1, 2))
    assert words.equal(first, second).tolist() == [name == other]


def test_names_of_one_hash_are_left_to_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = GraphProto()
    for k in range(2):
        graph.node.add(input=["x"], output=[f"y{k}"], op_type="Relu")
    assert agrees(graph.SerializeToString())
    monkeypatch.setattr(columns, "FACTORS", [0] * len(columns.FACTORS))
    assert not agrees(graph.SerializeToString())
    del graph.node[1]  # x, which none makes, has the hash of y0
    assert not agrees(graph.SerializeToString())


def saved(made: ModelProto, folder: Path) -> Path:
    """Write a model."""
    path = folder / "m.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def judged(source: object) -> dict[str, object]:
    """Return what is found in a model."""
    return document(Report((Judge(Settings()).file(source, "m.onnx"),)))


BRANCH = helper.make_graph(
    [models.resize("u", "inner")],
    "g",
    [],
    [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)],
)
CASES = {
    "joined": [models.resize("x", "u"), helper.make_node("Add", ["u", "x"], ["y"])],
    "named by what reads it": [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        models.resize("t", "u"),
        helper.make_node("Transpose", ["u"], ["y"], name="r/ResizeBilinear", perm=[0, 2, 3, 1]),
    ],
    "nested": [
        helper.make_node("Relu", ["x"], ["u"]),
        helper.make_node("If", ["x"], ["y"], then_branch=BRANCH, else_branch=BRANCH),
    ],
    "a cycle": [helper.make_node("Add", ["x", "y"], ["u"]), models.resize("u", "y")],
    "made twice": [models.resize("x", "y"), models.resize("x", "y")],
    "in disorder": [helper.make_node("Relu", ["u"], ["y"]), models.resize("x", "u")],
    "aligned": [models.resize("x", "y", "up", {"coordinate_transformation_mode": "align_corners"})],
}


@contextmanager
def by_messages() -> Generator[None]:
    """Take no graph for a huge one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "HUGE", 1 << 30)
        yield


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_judged_as_by_its_messages(name: str, tmp_path: Path) -> None:
    path = saved(models.model(CASES[name]), tmp_path)
    assert (opened(path).table is None) == (name in {"a cycle", "made twice", "in disorder"})
    told = judged(path)
    with by_messages():
        assert told == judged(path)


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """Also where the name stands in a node of which no message was made."""
    nodes = [helper.make_node("Relu", ["x"], ["u"]), models.resize("u", "y")]
    path = saved(models.model(nodes), tmp_path)
    told = judged(path)
    path.write_bytes(path.read_bytes().replace(b"\x01u", b"\x01\xff"))
    broken = judged(path)
    assert broken != told
    with by_messages():
        assert broken == judged(path)


def test_a_file_is_fixed_as_by_its_messages(tmp_path: Path) -> None:
    wrong, fixed = models.MISMATCHES / "A1.onnx", [tmp_path / "1.onnx", tmp_path / "2.onnx"]
    halfpixel.fix(wrong).save(fixed[0])
    with by_messages():
        halfpixel.fix(wrong).save(fixed[1])
    assert opened(wrong).table is not None
    assert fixed[0].read_bytes() == fixed[1].read_bytes() != wrong.read_bytes()


def test_only_the_head_is_parsed_until_all_is_asked_for(tmp_path: Path) -> None:
    made = models.model(CASES["aligned"])
    model = opened(saved(made, tmp_path))
    assert len(model.sites) == 1
    assert not model.head.graph.node
    assert model.proto == made
