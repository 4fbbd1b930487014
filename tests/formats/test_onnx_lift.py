"""A model at a later opset computes what it computed, whatever its operators."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

import example_models as models
from halfpixel.checking.check import opened
from halfpixel.errors import ConventionError
from halfpixel.fixing.fix import fix
from halfpixel.formats.onnx.edit import applied
from halfpixel.formats.onnx.read.walk import Walk
from halfpixel.formats.onnx.write.lift import Lift, scales_before_11
from halfpixel.formats.onnx.write.version_converter import opset_of
from oracles import by_onnxruntime

Array = np.ndarray[Any, np.dtype[Any]]


def lifted(model: ModelProto, target: int, file: Path | None = None) -> ModelProto:
    """Return a model at a later opset."""
    scales = scales_before_11(Walk(model, file).places())
    return applied(model, Lift(model, target, scales, frozenset()).edit())


def op(name: str, *inputs: str, **attributes: object) -> NodeProto:
    """Return a node from x (and constants) to y."""
    return helper.make_node(name, ["x", *inputs], ["y"], name.lower(), **attributes)  # type: ignore[arg-type]


def model_of(
    opset: int, node: NodeProto, constants: Mapping[str, Array], shape: list[int] | None = None
) -> ModelProto:
    """Return a model of one node."""
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = models.graph([node], shape or [2, 3, 4, 4], tensors)
    if not tensors:
        del graph.initializer[:]
    types = {"i": TensorProto.INT64, "b": TensorProto.BOOL}
    name = node.output[0]
    graph.output[0].CopyFrom(helper.make_tensor_value_info(name, types.get(name, 1), None))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=6)


def ints(*values: int) -> Array:
    """Return int64 values."""
    return np.array(values, np.int64)


def floats(*values: float) -> Array:
    """Return float32 values."""
    return np.array(values, np.float32)


ZOO: list[tuple[str, int, NodeProto, dict[str, Array]]] = [
    ("clip", 7, op("Clip", min=0.2, max=0.6), {}),
    ("dropout", 7, op("Dropout", ratio=0.3), {}),
    ("flatten", 7, op("Flatten", axis=2), {}),
    ("softmax", 7, op("Softmax", axis=1), {}),
    ("softmax in the middle", 9, op("LogSoftmax", axis=2), {}),
    ("hardmax", 9, op("Hardmax", axis=1), {}),
    ("softmax by default", 9, op("Softmax"), {}),
    ("hardmax by default", 11, op("Hardmax"), {}),
    ("groups", 18, op("GroupNormalization", "s", "b", num_groups=1),
     {"s": floats(2), "b": floats(1)}),
    ("elu", 9, op("Elu", alpha=0.5), {}),
    ("one hot", 9, helper.make_node("OneHot", ["j", "n", "v"], ["y"], axis=-1),
     {"j": ints(1, 2), "n": ints(4), "v": floats(0, 1)}),
    ("compare", 7, helper.make_node("Greater", ["x", "t"], ["b"]), {"t": floats(0.5)}),
    ("tile", 9, op("Tile", "r"), {"r": ints(1, 1, 2, 3)}),
    ("squeeze", 9, op("Unsqueeze", axes=[0, 2]), {}),
    ("split", 9, helper.make_node("Split", ["x"], ["y", "z"], axis=3, split=[1, 3]), {}),
    ("sum", 9, op("ReduceSum", axes=[1, 2], keepdims=0), {}),
    ("mean", 9, op("ReduceMean", axes=[-1]), {}),
    ("max over all", 9, op("ReduceMax", keepdims=1), {}),
    ("norm", 9, op("ReduceL2", axes=[2]), {}),
    ("topk", 9, helper.make_node("TopK", ["x"], ["y", "z"], axis=3, k=2), {}),
    ("slice", 9, op("Slice", starts=[1, 0], ends=[3, 2], axes=[2, 3]), {}),
    ("pad", 9, op("Pad", pads=[0, 0, 1, 1, 0, 0, 2, 0], mode="edge"), {}),
    ("pad with a value", 9, op("Pad", pads=[0, 0, 1, 1, 0, 0, 2, 0], value=0.5), {}),
    ("gemm", 9, helper.make_node("Gemm", ["a", "b", "c"], ["y"]),
     {"a": np.ones((2, 3), np.float32), "b": np.ones((3, 4), np.float32), "c": floats(1, 2, 3, 4)}),
    ("pool", 9, op("MaxPool", kernel_shape=[2, 2], strides=[1, 1]), {}),
    ("average", 9, op("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), {}),
    ("batch", 7, op("BatchNormalization", "s", "b", "m", "v", epsilon=1e-3),
     {name: floats(0.5, 1, 2) for name in "sbmv"}),
    ("instance", 9, op("InstanceNormalization", "s", "b"),
     {"s": floats(1, 2, 3), "b": floats(0, 1, 2)}),
    ("deconvolution", 9, op("ConvTranspose", "w", strides=[2, 2], pads=[1, 1, 1, 1]),
     {"w": np.full((3, 2, 4, 4), 0.1, np.float32)}),
    ("argmax", 9, helper.make_node("ArgMax", ["x"], ["i"], axis=1), {}),
    ("depth", 9, op("SpaceToDepth", blocksize=2), {}),
    ("gather", 9, op("Gather", "i", axis=2), {"i": ints(3, 0)}),
    ("power", 9, op("Pow", "e"), {"e": floats(2)}),
    ("prelu", 7, op("PRelu", "s"), {"s": np.full((3, 1, 1), 0.1, np.float32)}),
    ("grid", 16, op("GridSample", "g", mode="bicubic", padding_mode="border"),
     {"g": np.random.default_rng(0).random((2, 3, 3, 2)).astype(np.float32)}),
    ("rois", 10, op("RoiAlign", "r", "b", output_height=2, output_width=2),
     {"r": np.array([[0, 0, 3, 3]], np.float32), "b": ints(0)}),
    ("upsample linear", 9, op("Upsample", "s", mode="linear"), {"s": floats(1, 1, 2, 2)}),
    ("upsample nearest", 7, op("Upsample", mode="nearest", scales=[1.0, 1.0, 2.0, 3.0]), {}),
    ("resize linear", 10, op("Resize", "s", mode="linear"), {"s": floats(1, 1, 1.5, 0.5)}),
    ("resize down", 10, op("Resize", "s", mode="nearest"), {"s": floats(1, 1, 0.6, 0.75)}),
    ("resize up and down", 10, op("Resize", "s"), {"s": floats(1, 1, 1.5, 0.6)}),
    ("resize 11", 11, op("Resize", "r", "s", mode="cubic"),
     {"r": floats(), "s": floats(1, 1, 2, 2)}),
]  # fmt: skip


@pytest.mark.parametrize("target", [11, 13, 16, 18, 19, 21])
@pytest.mark.parametrize(
    ("opset", "node", "constants"), [case[1:] for case in ZOO], ids=[case[0] for case in ZOO]
)
def test_an_operator_computes_what_it_did(
    opset: int, node: NodeProto, constants: dict[str, Array], target: int
) -> None:
    if target <= opset:
        return
    model = model_of(opset, node, constants)
    x: Array = np.random.default_rng(0).random((2, 3, 4, 4)).astype(np.float32)
    after = lifted(model, target)
    assert opset_of(after) == target
    one, other = by_onnxruntime(model, {"x": x}), by_onnxruntime(after, {"x": x})
    assert one.shape == other.shape
    assert np.allclose(one, other, atol=1e-6)
    names = [n.name for n in after.graph.node if n.name]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("target", [11, 13, 18, 20])
def test_exported_models_compute_what_they_did(target: int) -> None:
    compared = 0
    for path in sorted(models.CORPUS.glob("*.onnx")):
        model = onnx.load(path)
        if opset_of(model) >= target:
            continue
        with np.load(path.with_suffix(".npz")) as arrays:
            feeds = {v.name: arrays[v.name] for v in model.graph.input if v.name in arrays}
        try:
            before = by_onnxruntime(model, feeds)
        except Fail:
            continue  # an Upsample that shrinks: it never loaded
        result = lifted(model, target)
        checker.check_model(result)
        after = by_onnxruntime(result, feeds)
        assert np.abs(after - before).max() <= 1e-6, path.name
        compared += 1
    assert compared > 8


def test_names_records_and_weights_stay() -> None:
    path = models.CORPUS / "unet_ac0-t1.12.1-o10.onnx"
    model = onnx.load(path)
    model.graph.node[0].metadata_props.add(key="who", value="me")
    after = lifted(model, 13)
    assert after.graph.initializer == model.graph.initializer
    assert after.graph.node[0] == model.graph.node[0]
    assert [n.name for n in after.graph.node if n.name] == [
        n.name for n in model.graph.node if n.name
    ]
    assert after.graph.value_info == model.graph.value_info
    assert after.metadata_props == model.metadata_props


def test_resizes_in_subgraphs_are_lifted_too() -> None:
    def branch(name: str, mode: str) -> onnx.GraphProto:
        nodes = [helper.make_node("Upsample", ["x", "scales"], [name], mode=mode)]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4)]
        return helper.make_graph(nodes, name, [], outputs)

    choice = helper.make_node(
        "If", ["c"], ["y"], then_branch=branch("a", "linear"), else_branch=branch("b", "nearest")
    )
    graph = models.graph([choice])
    graph.input.append(helper.make_tensor_value_info("c", TensorProto.BOOL, []))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=6)
    after = lifted(model, 13)
    x: Array = np.random.default_rng(0).random((1, 1, 4, 4)).astype(np.float32)
    for flag in (True, False):
        feeds: dict[str, Array] = {"x": x, "c": np.array(flag)}
        assert np.array_equal(by_onnxruntime(model, feeds), by_onnxruntime(after, feeds))


def test_a_local_function_is_lifted_too() -> None:
    body = helper.make_function(
        "local", "Total", ["x"], ["y"],
        [helper.make_node("ReduceMean", ["x"], ["y"], axes=[1])], [helper.make_opsetid("", 17)],
    )  # fmt: skip
    call = helper.make_node("Total", ["x"], ["y"], domain="local")
    graph = models.graph([call])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    model = helper.make_model(graph, opset_imports=opsets, functions=[body], ir_version=8)
    after = lifted(model, 18)
    assert [o.version for o in after.functions[0].opset_import] == [18]
    x: Array = np.random.default_rng(0).random((1, 1, 4, 4)).astype(np.float32)
    assert np.array_equal(by_onnxruntime(model, {"x": x}), by_onnxruntime(after, {"x": x}))


def test_what_cannot_be_lifted_is_declined_with_the_reason() -> None:
    node = helper.make_node("Resize", ["x", "s"], ["y"], "up", mode="nearest")
    graph = models.graph([node])
    graph.input.append(helper.make_tensor_value_info("s", TensorProto.FLOAT, [4]))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 10)], ir_version=6)
    with pytest.raises(ConventionError, match="rounds by the value of scales"):
        lifted(model, 11)


def test_an_attribute_that_is_lost_is_a_reason() -> None:
    values = {name: np.ones((3, 4, 4), np.float32) for name in "sbmv"}
    model = model_of(7, op("BatchNormalization", *values, spatial=0), values)
    with pytest.raises(ConventionError, match=r"(attribute spatial .* is gone|out of reach)"):
        lifted(model, 11)


def test_a_cap_on_the_opset_is_kept() -> None:
    path = models.MISMATCHES / "B1.onnx"
    capped = fix(path, unsafe_fixes=True, max_opset=10)
    assert [change.text for change in capped.changes] == ["written as matmul"]
    model = capped.model
    assert isinstance(model, ModelProto)
    assert opset_of(model) == 10
    with np.load(path.with_suffix(".npz")) as arrays:
        assert np.abs(by_onnxruntime(model, {"x": arrays["x"]}) - arrays["y"]).max() < 1e-5
    free = fix(path, unsafe_fixes=True)
    assert free.notes == ("opset 10 to 11",)


def test_without_known_lengths_a_cap_declines() -> None:
    model = onnx.load(models.MISMATCHES / "B1.onnx")
    for value in (*model.graph.input, *model.graph.output):
        for axis in (2, 3):
            value.type.tensor_type.shape.dim[axis].dim_param = f"n{axis}"
    result = fix(model, unsafe_fixes=True, max_opset=10)
    (declined,) = result.declined
    assert declined.reason == (
        "no Resize attribute of opset 10 says it; a matrix product needs lengths that the file "
        "fixes"
    )
    assert result.model is model
    assert opened(model).sites[0].opset == 10
