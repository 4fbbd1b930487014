"""What providers leave to the CPU: channels that are resized or not known, extrapolation values."""

import pytest
from msgspec.structs import replace

from halfpixel.site import Operation
from halfpixel.targets.target import load_target
from target_nodes import DOWN, UP, node, resize

CASES: tuple[tuple[str, str, Operation, str, str], ...] = (
    ("qnn, channels at rank 3", "onnxruntime-qnn",
     resize(node("linear", "half_pixel"), UP, rank=3, axes=(1, 2)),
     "fallback", "batch or channels"),
    ("qnn, channels at rank 5", "onnxruntime-qnn",
     resize(node("linear", "half_pixel"), UP, rank=5, axes=(1, 3, 4)),
     "refused", "batch or channels are resized; onnxruntime-cpu"),
    ("qnn, three axes", "onnxruntime-qnn",
     resize(node("linear", "half_pixel"), UP, rank=5, axes=(2, 3, 4)), "native", ""),
    ("xnnpack, extrapolation", "onnxruntime-xnnpack",
     resize(node("linear", "half_pixel", extrapolation_value=1.5), UP),
     "fallback", "in every mode"),
    ("directml, extrapolation", "onnxruntime-directml",
     resize(node("linear", "half_pixel", extrapolation_value=1.5), UP),
     "fallback", "in every mode"),
    ("xnnpack, channels", "onnxruntime-xnnpack",
     replace(resize(node("linear", "half_pixel"), UP), input_shape=(1, None, 4, 5)),
     "fallback", "channels has to be known"),
    ("cpu, int8", "onnxruntime-cpu",
     resize(node("linear", "half_pixel", antialias=1), DOWN, dtype="int8"),
     "different", "becomes 0"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("target", "operation", "verdict", "reason"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_what_becomes_of_a_node(
    target: str, operation: Operation, verdict: str, reason: str
) -> None:
    said = load_target(target).says(operation)
    assert said is not None
    assert (said.verdict, reason in said.reason) == (verdict, True), said
