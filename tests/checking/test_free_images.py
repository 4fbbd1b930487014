"""What check says of two free axes of a nearest resize is what onnxruntime and PyTorch do there."""

import re
from itertools import product
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import TensorProto, helper, numpy_helper

import halfpixel
from halfpixel.intents.pytorch_record import FX_NODE
from onnx_resizes import WRITTEN

Array = np.ndarray[Any, np.dtype[Any]]
LONGEST: Final = 32
ATEN: Final = {
    "nearest": "upsample_nearest2d.vec",
    "nearest-exact": "_upsample_nearest_exact2d.vec",
}
SAID: Final = r"at (\d+) of the (?:first )?(\d+)x(\d+) image sizes, the smallest (\d+)x(\d+):"


def model_of(mode: str, factors: tuple[float, float], height: int | str = "h") -> onnx.ModelProto:
    """Return a resize of an image as PyTorch's exporter writes and records it."""
    node = helper.make_node("Resize", ["x", "", "f"], ["y"], "up", mode="nearest", **WRITTEN[mode])
    arguments = f"%x, None, [{factors[0]}, {factors[1]}]"
    call = f"call_function[target=torch.ops.aten.{ATEN[mode]}](args = ({arguments}), kwargs = {{}})"
    entry = node.metadata_props.add()
    entry.key, entry.value = FX_NODE, f"%u : [num_users=1] = {call}"
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, height, "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, None, None])],
        [numpy_helper.from_array(np.array([1, 1, *factors], np.float32), "f")],
    )
    entry = graph.metadata_props.add()
    entry.key = "pkg.torch.export.ExportedProgram.range_constraints"
    entry.value = f"{{h: VR[1, {LONGEST}], w: VR[1, {LONGEST}]}}"
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10,
        producer_name="pytorch", producer_version="2.13.0",
    )  # fmt: skip


def wrong_sizes(
    model: onnx.ModelProto, mode: str, factors: tuple[float, float], heights: range
) -> list[tuple[int, int]]:
    """Return the image sizes at which onnxruntime reads other pixels than PyTorch."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[tuple[int, int]] = []
    for h, w in product(heights, range(1, LONGEST + 1)):
        if min(int(h * factors[0]), int(w * factors[1])) < 1:
            continue
        x: Array = np.arange(h * w, dtype=np.float32).reshape(1, 1, h, w)
        here = np.asarray(session.run(None, {"x": x})[0])
        there = F.interpolate(torch.from_numpy(x), None, factors, mode).numpy()
        if here.shape == there.shape and (here != there).any():
            found.append((h, w))
    return found


@pytest.mark.parametrize("mode", WRITTEN)
@pytest.mark.parametrize(
    "factors",
    [
        (1.05, 1.05), (1.1, 1.1), (1.02, 1.02), (1.1, 2.0), (2.05, 2.05),
        (1.5, 1.5), (2.0, 2.0), (1.9, 4.0), (1.1, 1.02),
    ],
)  # fmt: skip
def test_image_sizes_that_are_copied_are_counted(mode: str, factors: tuple[float, float]) -> None:
    model = model_of(mode, factors)
    wrong = wrong_sizes(model, mode, factors, range(1, LONGEST + 1))
    said = [
        (one.finding.severity, [int(text) for text in found.groups()])
        for one in halfpixel.check(model).findings
        for found in [re.search(SAID, one.finding.message)]
        if found is not None
    ]
    smallest = min(wrong, key=lambda size: (sum(size), size), default=(0, 0))
    severity = "error" if 100 * len(wrong) >= LONGEST * LONGEST else "note"
    counted = (severity, [len(wrong), LONGEST, LONGEST, *smallest])
    assert said == ([counted] if wrong else [])


def test_one_length_may_be_known() -> None:
    model = model_of("nearest", (1.1, 1.1), 30)
    wrong = wrong_sizes(model, "nearest", (1.1, 1.1), range(30, 31))
    (found,) = halfpixel.check(model).findings
    assert f"at {len(wrong)} of the 1x{LONGEST} image sizes" in found.finding.message
    assert wrong


def test_a_copy_that_hangs_on_both_lengths_is_not_fixed() -> None:
    (found,) = halfpixel.check(model_of("nearest", (1.1, 1.1))).findings
    assert (found.finding.fix, bool(found.finding.declined)) == (None, True)
