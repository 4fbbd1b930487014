"""What reads an output asks for its lengths: an Add, a Concat, a Reshape, the model's output."""

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
import pytest
from onnx import ModelProto, NodeProto, TensorProto, helper

import halfpixel
from halfpixel.fixing.fix import fix

SCALE = 0.83064514398574829  # 103 / 124 in float32; 124 times it is 102.99999785 in float64


def model(
    behind: Sequence[NodeProto],
    constants: Sequence[TensorProto] = (),
    output: Sequence[int | None] = (),
    channels: int = 1,
) -> ModelProto:
    """Return a resize from 124 to 103, and what stands behind it."""
    make = helper.make_tensor_value_info
    up = helper.make_node("Resize", ["x", "", "s"], ["u"], name="up", mode="linear")
    scales = helper.make_tensor("s", TensorProto.FLOAT, [4], [1, 1, SCALE, SCALE])
    graph = helper.make_graph(
        [up, *behind],
        "g",
        [make("x", TensorProto.FLOAT, [1, channels, 124, 124])],
        [make("y" if behind else "u", TensorProto.FLOAT, output or None)],
        [scales, *constants],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def shape(*lengths: int) -> TensorProto:
    return helper.make_tensor("shape", TensorProto.INT64, [len(lengths)], lengths)


def image(*lengths: int) -> TensorProto:
    return helper.make_tensor("image", TensorProto.FLOAT, lengths, np.zeros(lengths).ravel())


def runs(model: ModelProto) -> bool:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    try:
        session = ort.InferenceSession(model.SerializeToString(), options)
        session.run(None, {"x": np.zeros(shape, np.float32)})
    except Exception:  # noqa: BLE001 - onnxruntime raises a dozen kinds, all mean the same
        return False
    return True


def said(model: ModelProto) -> list[tuple[str, str]]:
    found = halfpixel.check(model).findings
    return [
        (f.finding.severity, f.finding.message) for f in found if f.rule.name == "declared-length"
    ]


RESHAPE = helper.make_node("Reshape", ["u", "shape"], ["y"], name="flat")
TURN = helper.make_node("Transpose", ["u"], ["t"], perm=[0, 2, 3, 1])
ADD = helper.make_node("Add", ["image", "u"], ["y"], name="sum")
BESIDE = helper.make_node("Concat", ["u", "image"], ["y"], axis=1, name="beside")

FAILS = {
    "reshape": (model([RESHAPE], [shape(1, 102, 102, 1)]), "Reshape 'flat' needs 102"),
    "elements": (model([RESHAPE], [shape(1, 10404)]), "Reshape 'flat' needs 10404"),
    "add": (model([ADD], [image(1, 1, 102, 102)]), "Add 'sum' needs 102"),
    "row": (model([ADD], [image(102)]), "Add 'sum' needs 102"),
    "concat": (model([BESIDE], [image(1, 5, 102, 102)]), "Concat 'beside' needs 102"),
    "add of what is computed": (
        model([ADD], [image(1, 1, 103, 103)]),
        "Add 'sum' needs it, but shape inference gives 102: the model does not load",
    ),
    "concat along a length": (
        model(
            [helper.make_node("Concat", ["u", "image"], ["y"], axis=2, name="beside")],
            [image(1, 1, 102, 103)],
        ),
        "Concat 'beside' needs it, but shape inference gives 102",
    ),
    "behind a Transpose": (
        model(
            [TURN, helper.make_node("Add", ["t", "image"], ["y"], name="sum")],
            [image(1, 102, 102, 1)],
        ),
        "Add 'sum' needs 102",
    ),
}

RUNS = {
    "nothing": model([]),
    "reshape": model([RESHAPE], [shape(1, 103, 103, 1)]),
    "open reshape": model([RESHAPE], [shape(1, -1)]),
    "broadcast": model([ADD], [image(1, 1, 1, 1)]),
    "its own square": model(
        [
            helper.make_node("Sigmoid", ["u"], ["v"]),
            helper.make_node("Mul", ["u", "v"], ["y"]),
        ]
    ),
    "channels": model([TURN, helper.make_node("Relu", ["t"], ["y"])], channels=3),
}


@pytest.mark.parametrize("name", FAILS)
def test_what_fails_behind_a_resize_is_an_error(name: str) -> None:
    """onnxruntime does not run it, and the node that fails is named."""
    wrong, words = FAILS[name]
    assert not runs(wrong)
    assert [severity for severity, _ in said(wrong)] == ["error"]
    assert words in said(wrong)[0][1]


@pytest.mark.parametrize("name", RUNS)
def test_what_runs_is_not_accused(name: str) -> None:
    """onnxruntime runs it, and nothing is said."""
    assert runs(RUNS[name])
    assert said(RUNS[name]) == []


def test_the_models_own_output_counts() -> None:
    """A declared output that is not what is computed is a warning; onnxruntime runs it."""
    declared = model([], output=[1, 1, 102, 102])
    assert runs(declared)
    assert said(declared) == [
        ("warning", "length 103 is computed (axis 2), and the model's output is declared with 102")
    ]


MENDED = [name for name, (_, words) in FAILS.items() if "needs 102" in words]


@pytest.mark.parametrize("name", MENDED)
def test_an_unsafe_fix_makes_it_run(name: str) -> None:
    """The lengths that are needed are given as sizes."""
    fixed = fix(FAILS[name][0], unsafe_fixes=True)
    assert isinstance(fixed.model, ModelProto)
    assert runs(fixed.model)
    assert said(fixed.model) == []
