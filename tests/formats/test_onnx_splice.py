"""The writer: what is not changed stays as it is, byte for byte, whatever it is."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

import example_models as models
import halfpixel
from halfpixel.checking.check import Settings
from halfpixel.errors import ModelFileError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings
from halfpixel.formats.onnx.edit import GraphEdit, OnnxEdit, applied, compose
from halfpixel.formats.onnx.write.splice import splice
from halfpixel.formats.pieces import Piece, joined
from halfpixel.formats.protobuf_wire import bytes_field
from halfpixel.intents.policy import parse_policy

CORNERS = FixSettings(Settings(policies=(parse_policy("align_corners=true"),), severity="warning"))
"""Settings under which every linear resize is to align its corners: a change of one attribute."""


def spliced(path: Path, edit: OnnxEdit) -> bytes:
    """Return the bytes of the changed file."""
    return joined(splice(path, edit), path)


def node(name: str) -> NodeProto:
    """Return a node that copies."""
    return helper.make_node("Identity", ["x"], [name], name)


def saved(folder: Path, model: ModelProto) -> Path:
    """Write a model and return its path."""
    path = folder / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def nested() -> ModelProto:
    """Return a model with a resize in the main graph, in both branches of an If, in a function."""

    def branch(name: str) -> onnx.GraphProto:
        inner = models.resize("x", f"{name}_y", f"{name}_up")
        outputs = [helper.make_tensor_value_info(f"{name}_y", TensorProto.FLOAT, [None] * 4)]
        return helper.make_graph([inner], name, [], outputs)

    choice = helper.make_node(
        "If", ["c"], ["b"], "choice", then_branch=branch("then"), else_branch=branch("else")
    )
    body = helper.make_function(
        "local", "Up", ["x", "scales"], ["y"], [models.resize(name="inside")],
        [helper.make_opsetid("", 19)],
    )  # fmt: skip
    call = helper.make_node("Up", ["x", "scales"], ["f"], "call", domain="local")
    total = helper.make_node("Sum", ["a", "b", "f"], ["y"])
    graph = models.graph([models.resize(target="a"), choice, call, total])
    graph.input.append(helper.make_tensor_value_info("c", TensorProto.BOOL, []))
    graph.output[0].CopyFrom(helper.make_tensor_value_info("y", 1, [None] * 4))
    opsets = [helper.make_opsetid("", 19), helper.make_opsetid("local", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=[body])


def test_without_a_change_the_pieces_are_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path, nested())
    assert splice(path, OnnxEdit()) == [(0, path.stat().st_size)]


def test_a_file_and_a_message_are_changed_alike(tmp_path: Path) -> None:
    model = nested()
    path = saved(tmp_path, model)
    inner = GraphEdit({0: [node("p"), node("then_y")]})
    edit = OnnxEdit(
        GraphEdit({0: [node("n"), None], 3: []}, {(1, 1, 0): inner}),
        {0: GraphEdit({0: [None, node("z")]})},
        opset=20,
        metadata={"key": "value"},
    )
    found = onnx.load_from_string(spliced(path, edit))
    assert found == applied(model, edit)
    assert [n.op_type for n in found.graph.node] == ["Identity", "Resize", "If", "Up"]
    assert found.opset_import[0].version == 20
    assert found.functions[0].opset_import[0].version == 20
    assert found.metadata_props[0].value == "value"


def test_two_edits_are_one(tmp_path: Path) -> None:
    model = nested()
    first = OnnxEdit(GraphEdit({0: [node("n"), None, node("o")], 2: []}), opset=20)
    second = OnnxEdit(GraphEdit({0: [], 1: [node("m"), None], 2: [node("q")]}))
    second.graph.inner[3, 0, 0] = GraphEdit({0: [node("then_y")]})
    one = compose(first, second, model)
    assert applied(applied(model, first), second) == applied(model, one)
    path = saved(tmp_path, model)
    assert onnx.load_from_string(spliced(path, one)) == applied(model, one)


def test_unknown_fields_survive_where_they_are(tmp_path: Path) -> None:
    strange = bytes_field(1000, b"from the future")
    path = tmp_path / "m.onnx"
    model = models.model([models.resize()])
    raw = model.SerializeToString()
    model.graph.node[0].ClearField("attribute")
    path.write_bytes(strange + raw + strange)
    result = fix(path, settings=CORNERS)
    assert result.changes
    target = tmp_path / "out.onnx"
    result.save(target)
    data = target.read_bytes()
    assert data.startswith(strange)
    assert data.count(strange) == 2


def test_untouched_bytes_are_the_old_ones(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    product = helper.make_node("MatMul", ["u", "w"], ["y"])
    tensors = [models.scales(), numpy_helper.from_array(weights, "w")]
    model = models.model([models.resize(target="u"), product], (1, 1, 4, 32), tensors)
    path = saved(tmp_path, model)
    target = tmp_path / "out.onnx"
    fix(path, settings=CORNERS).save(target)
    old, new = path.read_bytes(), target.read_bytes()
    payload = weights.tobytes()
    assert old.count(payload) == new.count(payload) == 1
    start = old.index(payload)
    tail = old[start : old.rindex(b"\x42")]  # up to the opset: nothing there changed
    assert tail in new


def test_sites_in_subgraphs_and_functions_are_repaired(tmp_path: Path) -> None:
    result = fix(saved(tmp_path, nested()), settings=CORNERS)
    target = tmp_path / "out.onnx"
    result.save(target)
    modes = {
        site.graph: site.operation.attributes["coordinate_transformation_mode"]
        for site in halfpixel.sites(target)
    }
    places = ("", "choice.then_branch", "choice.else_branch", "call.Up")
    assert modes == dict.fromkeys(places, "align_corners")


def test_a_function_with_two_meanings_is_declined(tmp_path: Path) -> None:
    model = nested()
    again = helper.make_node("Up", ["x", "other"], ["g"], "again", domain="local")
    model.graph.node.insert(0, again)
    model.graph.initializer.append(models.scales(1, 1, 3, 3, name="other"))
    path = saved(tmp_path, model)
    result = fix(path, lower={"inside": "matmul"})
    reasons = {one.reason for one in result.declined}
    assert reasons == {"a local function is called with two meanings"}
    assert not result.changes


def test_a_graph_in_pieces_is_refused_and_stays(tmp_path: Path) -> None:
    model = models.model([models.resize()])
    rest = bytes_field(7, helper.make_graph([], "", [], []).SerializeToString())
    path = tmp_path / "m.onnx"
    data = model.SerializeToString() + rest
    path.write_bytes(data)
    result = fix(path, settings=CORNERS)
    with pytest.raises(ModelFileError, match="in several pieces"):
        result.save(tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()
    assert path.read_bytes() == data


def test_weights_beside_the_model_follow_it_and_are_not_rewritten(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    product = helper.make_node("MatMul", ["u", "w"], ["y"])
    tensors = [models.scales(), numpy_helper.from_array(weights, "w")]
    model = models.model([models.resize(target="u"), product], (1, 1, 4, 32), tensors)
    folder, other = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    other.mkdir()
    path = folder / "m.onnx"
    onnx.save(model, path, save_as_external_data=True, location="m.data", size_threshold=0)
    before = (folder / "m.data").stat()
    result = fix(path, settings=CORNERS)
    result.save(folder / "fixed.onnx")
    after = (folder / "m.data").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    result.save(other / "m.onnx")
    assert (other / "m.data").read_bytes() == (folder / "m.data").read_bytes()
    found = onnx.load(other / "m.onnx")
    assert np.array_equal(numpy_helper.to_array(found.graph.initializer[1]), weights)
    (other / "m.data").write_bytes(b"something else")
    with pytest.raises(ModelFileError, match="another file is there"):
        result.save(other / "m.onnx")
    assert (other / "m.data").read_bytes() == b"something else"


def test_the_result_is_read_back_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, models.model([models.resize()]))
    data = path.read_bytes()
    result = fix(path, settings=CORNERS)

    def forgets(_path: Path, _edit: OnnxEdit) -> list[Piece]:
        return [(0, len(data))]

    monkeypatch.setattr("halfpixel.formats.onnx.write.save.splice", forgets)
    with pytest.raises(ModelFileError, match="reads back as another model"):
        result.save(path)
    assert path.read_bytes() == data
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]
