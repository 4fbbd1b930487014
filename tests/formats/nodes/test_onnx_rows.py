"""The nodes of a huge graph are found in its file, and in the structure of it."""

from pathlib import Path

import pytest
from onnx import GraphProto, TensorProto, helper

import example_models as models
from halfpixel.formats.onnx import rows
from halfpixel.formats.onnx.structure import skeleton
from halfpixel.formats.protobuf_wire import bytes_field


@pytest.fixture(autouse=True)
def every_graph_is_huge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every graph for a huge one."""
    monkeypatch.setattr(rows, "HUGE", 1)
    monkeypatch.setattr(rows, "LEAST", 0)


@pytest.mark.parametrize("weight", [1, 5000])
def test_a_file_with_payloads(weight: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nodes are stepped over once, and stand elsewhere in the structure."""
    made = models.model([models.resize("x", "u"), helper.make_node("Add", ["u", "x"], ["y"])])
    made.graph.initializer.append(TensorProto(name="w", data_type=1, dims=[weight]))
    made.graph.initializer[-1].raw_data = bytes(4 * weight)
    path = tmp_path / "m.onnx"
    path.write_bytes(made.SerializeToString())
    found = skeleton(path, small=0)
    assert found.row is not None
    assert found.row.in_skeleton(found.data) == rows.row_of(found.data)
    monkeypatch.setattr(rows, "HUGE", 1 << 30)
    assert found.data == skeleton(path, small=0).data


def test_a_node_with_a_payload_is_looked_into(tmp_path: Path) -> None:
    """So that the row is found in the structure alone, in which the node is short."""
    tensor = TensorProto(name="t", data_type=1, dims=[5000], raw_data=bytes(20_000))
    constant = helper.make_node("Constant", [], ["c"], value=tensor)
    path = tmp_path / "m.onnx"
    path.write_bytes(models.model([constant, models.resize()]).SerializeToString())
    found = skeleton(path, small=0)
    assert found.row is None
    assert found.payloads == 1
    row = rows.row_of(found.data)
    assert row is not None
    assert len(row.sizes) == 2


def test_a_long_node_without_a_payload_is_stepped_over(tmp_path: Path) -> None:
    many = [f"x{k}" for k in range(3000)]
    nodes = [models.resize("x", "u"), helper.make_node("Sum", many, ["y"]), models.resize("y", "z")]
    path = tmp_path / "m.onnx"
    path.write_bytes(models.model(nodes).SerializeToString())
    found = skeleton(path, small=0)
    assert found.row is not None
    assert len(found.row.sizes) == len(nodes)
    assert found.data == path.read_bytes()


def test_a_row_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever of a node a block ends in."""
    graph = GraphProto()
    for k in range(40):
        graph.node.add(output=[f"{k}"], op_type="Relu", doc_string="d" * (7 * k))
    graph.node.add(op_type="Relu", doc_string="d" * 20_000)
    data = bytes_field(7, graph.SerializeToString())
    whole = rows.row_of(data)
    assert whole is not None
    assert len(whole.sizes) == len(graph.node)
    for size in range(5, 60):
        monkeypatch.setattr(rows, "BLOCK", size)
        assert rows.row_of(data) == whole


def test_what_will_not_be_huge_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a part of it tells how many nodes it has."""
    graph = GraphProto()
    for k in range(100):
        graph.node.add(output=[f"{k}"], op_type="Relu")
    data = bytes_field(7, graph.SerializeToString())
    monkeypatch.setattr(rows, "BLOCK", 64)
    for huge, is_huge in ((101, False), (100, True)):
        monkeypatch.setattr(rows, "HUGE", huge)
        assert (rows.row_of(data) is not None) == is_huge
