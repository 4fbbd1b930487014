"""Pixels that a target's float32 reads are those of the runtime itself, and are reported."""

import math
import random
from itertools import product
from typing import Any, Final

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from halfpixel.checking.check import Settings, check
from halfpixel.sampling.arithmetic import float32
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.kernel import Rounding
from halfpixel.sampling.nearest import Arithmetic, onnxruntime_nearest
from oracles import by_onnxruntime

COORDINATES: Final[tuple[Coordinate, ...]] = (
    "half_pixel", "asymmetric", "tf_half_pixel_for_nn", "pytorch_half_pixel", "align_corners",
)  # fmt: skip
ROUNDINGS: Final[tuple[Rounding, ...]] = (
    "floor", "ceil", "round_prefer_floor", "round_prefer_ceil",
)  # fmt: skip
TIED: Final = [(20, 6), (14, 2), (224, 32), (28, 4), (30, 9), (127, 195), (66, 31)]
SCALES: Final = (0.3, 0.6, 0.7, 1.7, 2.4, 1.1, 0.29, 0.55, 3.3)


def model_of(
    coordinate: str, rounding: str, n_in: int | str, n_out: int, scale: float | None = None
) -> ModelProto:
    """Return a nearest resize of the last of four axes."""
    inputs = ["x", "", "", "given"] if scale is None else ["x", "", "given"]
    sizes, scales = np.array([1, 1, 1, n_out]), np.array([1, 1, 1, scale or 1], np.float32)
    given = numpy_helper.from_array(sizes if scale is None else scales, "given")
    node = helper.make_node(
        "Resize", inputs, ["y"], "up", mode="nearest",
        coordinate_transformation_mode=coordinate, nearest_mode=rounding,
    )  # fmt: skip
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 1, n_in])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", [x], [y], [given])
    opset = helper.make_opsetid("", 13)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def by_openvino(model: ModelProto, x: np.ndarray[Any, np.dtype[np.float32]]) -> list[int]:
    """Return the pixels that OpenVINO reads on the CPU."""
    openvino = pytest.importorskip("openvino", reason="pip install openvino")
    core = openvino.Core()
    read = core.read_model(model.SerializeToString(), b"")
    compiled = core.compile_model(read, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return [int(value) for value in compiled(x)[compiled.outputs[0]].ravel()]


@pytest.mark.oracle
@pytest.mark.parametrize(("coordinate", "rounding"), [*product(COORDINATES, ROUNDINGS)])
@pytest.mark.parametrize("arithmetic", ["onnxruntime", "openvino"])
def test_a_runtime_reads_the_pixels_of_its_arithmetic(
    arithmetic: Arithmetic, coordinate: Coordinate, rounding: Rounding
) -> None:
    chosen = random.Random(coordinate + rounding)  # noqa: S311 - cases, no secrets
    pairs = [*TIED, *((chosen.randint(1, 200), chosen.randint(1, 200)) for _ in range(20))]
    for (n_in, size), scale in product(pairs, (None, chosen.choice(SCALES))):
        n_out = size if scale is None else math.floor(float32(n_in * float32(scale)))
        if n_out < 1 or (scale is not None and n_out == n_in):
            continue  # lengths that a scale keeps are handed through
        x = np.arange(n_in, dtype=np.float32).reshape(1, 1, 1, n_in)
        model = model_of(coordinate, rounding, n_in, n_out, scale)
        if arithmetic == "openvino":
            read = by_openvino(model, x)
        else:
            read = [int(value) for value in by_onnxruntime(model, {"x": x}).ravel()]
        simulated = onnxruntime_nearest(coordinate, rounding, n_in, n_out, scale, arithmetic)
        assert simulated == tuple(read), (n_in, n_out, scale)


EXACT: Final = "half_pixel", "round_prefer_ceil"
FLOOR: Final = "asymmetric", "floor"
CASES: Final = [
    ("a tie that is missed", "openvino", model_of(*EXACT, 20, 6),
     "at length 20 to 6 (axis 3) output 4 reads pixel 14, not 15"),
    ("no tie", "openvino", model_of(*EXACT, 20, 7), ""),
    ("twice as long", "openvino", model_of(*EXACT, 20, 40), ""),
    ("a patch size", "openvino", model_of(*FLOOR, 224, 32), "output 1 reads pixel 6, not 7"),
    ("its own arithmetic", "onnxruntime-cpu", model_of(*FLOOR, 224, 32), "output 1 reads pixel 6"),
    ("a tie with a width", "onnxruntime-cpu", model_of(*EXACT, 20, 6), ""),
    ("free, by a factor", "openvino", model_of(*EXACT, "w", 0, 0.3),
     "at 240 of the first 256 lengths, the smallest 17: at length 17 to 5 (axis 3) output 4"),
    ("free, by a right factor", "openvino", model_of(*EXACT, "w", 0, 2.0), ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "model", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_tie_of_a_target_is_reported(target: str, model: ModelProto, said: str) -> None:
    report = check(model, Settings(targets=(target,))).files[0]
    messages = [one.finding.message for one in report.findings if one.rule.kind == "target"]
    assert (said in messages[0]) if said else not messages
