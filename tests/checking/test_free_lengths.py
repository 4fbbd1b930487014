"""What check says of a free length is what onnxruntime and PyTorch do at 256 of them."""

import re
from itertools import product
from typing import Final

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import TensorProto, helper, numpy_helper

import halfpixel
from halfpixel.fixing.fix import fix
from halfpixel.intents.pytorch_record import FX_NODE
from onnx_resizes import WRITTEN

FACTORS: Final = (
    0.1, 0.15, 0.2, 0.25, 0.29, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
    0.9, 0.95, 1.05, 1.1, 1.2, 1.25, 1.3, 1.4, 1.5, 1.6, 1.7, 1.75, 1.8, 2.0, 2.2, 2.4, 2.5, 3.0,
    3.3, 4.0, 4.8, 5.0, 7.0,
)  # fmt: skip
SIZES: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 16, 20, 28, 32, 50, 56, 64)
LENGTHS: Final = range(1, 257)
SAID: Final = r"^(\w+) .*at (\d+) of the first 256 lengths, the smallest (\d+):"
ATEN: Final = {
    "nearest": "upsample_nearest1d.vec",
    "nearest-exact": "_upsample_nearest_exact1d.vec",
}


def model_of(
    mode: str, factor: float | None, size: int | None, declared: str = "", length: str = "n"
) -> onnx.ModelProto:
    """Return a resize along one free axis as PyTorch's exporter writes and records it."""
    inputs = ["x", "", "f"] if size is None else ["x", "", "", "f"]
    given = np.array([1, 1, factor], np.float32) if size is None else np.array([1, 1, size])
    node = helper.make_node("Resize", inputs, ["y"], name="up", mode="nearest", **WRITTEN[mode])
    arguments = f"%x, {None if size is None else [size]}, {None if size else [factor]}"
    call = f"call_function[target=torch.ops.aten.{ATEN[mode]}](args = ({arguments}), kwargs = {{}})"
    entry = node.metadata_props.add()
    entry.key, entry.value = FX_NODE, f"%u : [num_users=1] = {call}"
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, length])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, size or "m"])],
        [numpy_helper.from_array(given, "f")],
    )
    if declared:
        entry = graph.metadata_props.add()
        entry.key, entry.value = "pkg.torch.export.ExportedProgram.range_constraints", declared
    opset = helper.make_opsetid("", 19)
    return helper.make_model(
        graph, opset_imports=[opset], ir_version=10, producer_name="pytorch",
        producer_version="2.13.0",
    )  # fmt: skip


def wrong_lengths(
    model: onnx.ModelProto, mode: str, factor: float | None, size: int | None
) -> list[int]:
    """Return the lengths at which onnxruntime reads other pixels than PyTorch."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[int] = []
    for n in LENGTHS:
        if size is None and int(n * (factor or 1)) < 1:
            continue
        x = np.arange(n, dtype=np.float32).reshape(1, 1, n)
        here = np.asarray(session.run(None, {"x": x})[0])
        there = F.interpolate(torch.from_numpy(x), size, factor, mode).numpy()
        if here.shape == there.shape and (here != there).any():
            found.append(n)
    return found


@pytest.mark.parametrize(
    ("mode", "factor", "size"),
    [
        *product(WRITTEN, FACTORS, [None]),
        *product(WRITTEN, [None], SIZES),
    ],
)
def test_what_is_said_of_a_free_length_is_what_the_runtimes_do(
    mode: str, factor: float | None, size: int | None
) -> None:
    model = model_of(mode, factor, size)
    wrong = wrong_lengths(model, mode, factor, size)
    kept = [n for n in wrong if size is None and int(n * (factor or 1)) == n]
    wrong = max(kept, [n for n in wrong if n not in kept], key=len)
    said = [
        (found[1], int(found[2]), int(found[3]))
        for one in halfpixel.check(model).files[0].findings
        if one.rule.name in {"nearest-off-by-one", "scale-keeps-length"}
        for found in [re.search(SAID, f"{one.finding.severity} {one.finding.message}")]
        if found is not None
    ]
    severity = "error" if 100 * len(wrong) >= len(LENGTHS) else "note"
    assert said == ([(severity, len(wrong), wrong[0])] if wrong else [])


@pytest.mark.parametrize(
    ("declared", "length", "size", "said"),
    [
        ("{s53: VR[16, 64]}", "s53", 5, "at 1 of the 49 lengths, the smallest 35"),
        ("{s53: VR[16, 64]}", "h", 5, "at 1 of the 49 lengths, the smallest 35"),
        ("{s53: VR[2, 30]}", "s53", 5, ""),
        ("{s53: VR[0, int_oo]}", "s53", 5, "at 7 of the first 256 lengths, the smallest 35"),
        ("{s53: VR[2, int_oo]}", "s53", 5, "at 7 of the first 256 lengths, the smallest 35"),
        ("{s53: VR[1, 40], s7: VR[1, 4]}", "2*s53", 5, "at 1 of the 40 lengths, the smallest 70"),
        ("{s53: VR[1, 9], s7: VR[1, 4]}", "h", 5, "at 7 of the first 256 lengths"),
    ],
)
def test_a_declared_range_narrows_the_lengths(
    declared: str, length: str, size: int, said: str
) -> None:
    model = model_of("nearest", None, size, declared, length)
    findings = [str(one.finding.message) for one in halfpixel.check(model).files[0].findings]
    assert (said in findings[0]) if said else not findings


@pytest.mark.parametrize(
    ("mode", "factor", "size"),
    [
        ("nearest", 0.6, None),
        ("nearest", 2.4, None),
        ("nearest", 1.05, None),
        ("nearest-exact", 0.3, None),
        ("nearest", None, 5),
        ("nearest-exact", None, 5),
    ],
)
def test_a_fix_reads_the_pixels_of_pytorch_at_every_length(
    mode: str, factor: float | None, size: int | None
) -> None:
    model = model_of(mode, factor, size)
    assert wrong_lengths(model, mode, factor, size)
    fixed = fix(model).model
    assert isinstance(fixed, onnx.ModelProto)
    assert not wrong_lengths(fixed, mode, factor, size)
