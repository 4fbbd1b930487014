"""Time of each lowering relative to onnxruntime's own Resize, on its CPU provider.

    python benchmarks/cost/lowering_time.py

A model of one Resize is written in other operators by `halfpixel.fix(..., lower=...)`. Resize
and its lowerings run in turns on the same input, in one process, and the medians are compared:
2.00 is twice as slow as Resize, 0.50 twice as fast. The largest difference of the outputs is
shown beside it, and what the lowering multiplies and moves for one channel, as parts of what
Resize does. A lowering that does not serve a resize is declined,
with its reason.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import onnx
import onnxruntime as ort
from msgspec.structs import astuple

import halfpixel
from halfpixel.sampling.lowering import LOWERINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS: Final = 30
NEAREST: Final = {
    "mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor",
}  # fmt: skip
LINEAR: Final = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
ALIGNED: Final = {"mode": "linear", "coordinate_transformation_mode": "align_corners"}
CUBIC: Final = {"mode": "cubic", "coordinate_transformation_mode": "half_pixel"}
ANTIALIAS: Final = LINEAR | {"antialias": 1, "exclude_outside": 1}
CASES: Final[tuple[tuple[str, list[int], list[int], dict[str, object]], ...]] = (
    ("linear x2", [1, 64, 64, 64], [128, 128], {**LINEAR}),
    ("linear x4", [1, 32, 64, 64], [256, 256], {**LINEAR}),
    ("linear 1.5", [1, 64, 64, 64], [96, 96], {**LINEAR}),
    ("linear aligned", [1, 64, 64, 64], [127, 127], {**ALIGNED}),
    ("linear halved", [1, 64, 128, 128], [64, 64], {**LINEAR}),
    ("linear antialias", [1, 64, 128, 128], [48, 48], {**ANTIALIAS}),
    ("cubic x2", [1, 32, 64, 64], [128, 128], {**CUBIC}),
    ("nearest x2", [1, 64, 64, 64], [128, 128], {**NEAREST}),
    ("nearest 1.5", [1, 64, 64, 64], [96, 96], {**NEAREST}),
    ("nearest 3-D", [1, 16, 16, 32, 32], [32, 64, 64], {**NEAREST}),
    ("linear 3-D", [1, 16, 16, 32, 32], [32, 64, 64], {**LINEAR}),
)


def resize(shape: list[int], lengths: list[int], attributes: dict[str, object]) -> onnx.ModelProto:
    """Return a model with one Resize."""
    outs = [*shape[:2], *lengths]
    sizes = onnx.numpy_helper.from_array(np.array(outs, np.int64), "sizes")
    node = onnx.helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], "up", **attributes)
    graph = onnx.helper.make_graph(
        [node],
        "resize",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, outs)],
        [sizes],
    )
    opset = onnx.helper.make_opsetid("", 20)
    return onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)


def session(model: onnx.ModelProto) -> ort.InferenceSession:
    """Return a session on the CPU provider."""
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def times(
    sessions: dict[str, ort.InferenceSession], x: NDArray[np.float32]
) -> dict[str, list[float]]:
    """Return seconds of every session, run in turns."""
    found: dict[str, list[float]] = {name: [] for name in sessions}
    for turn in range(ROUNDS + 2):
        for name, one in sessions.items():
            start = time.perf_counter()
            one.run(None, {"x": x})
            if turn > 1:
                found[name].append(time.perf_counter() - start)
    return found


def main() -> None:
    """Print one row a resize and lowering."""
    print(f"onnxruntime {ort.__version__}, CPU provider, median of {ROUNDS} runs in turns")
    columns = f"{'resize':<17}{'input -> output':<30}{'lowering':<12}{'time':>6}{'differs':>9}"
    print(f"{columns}  multiply-adds, bytes")
    random = np.random.default_rng(0)
    for name, shape, lengths, attributes in CASES:
        model = resize(shape, lengths, attributes)
        sessions, costs, declined = {"Resize": session(model)}, {}, {}
        for kind in LOWERINGS:
            result = halfpixel.fix(model, lower={"up": kind})
            if not result.changes:
                declined[kind] = next(d.reason for d in result.declined if kind in d.why)
                continue
            (change,), changed = result.changes, result.model
            sessions[kind], costs[kind] = session(cast("onnx.ModelProto", changed)), change.cost
        x = random.standard_normal(shape, np.float32)
        (expected,) = sessions["Resize"].run(None, {"x": x})
        medians = {kind: median(seconds) for kind, seconds in times(sessions, x).items()}
        sizes = f"{'x'.join(map(str, shape))} -> {'x'.join(map(str, lengths))}"
        for kind in LOWERINGS:
            lead = f"{name:<17}{sizes:<30}{kind:<12}"
            if kind in declined:
                print(f"{lead}{'-':>6}{'-':>9}  {declined[kind]}")
                continue
            (y,) = sessions[kind].run(None, {"x": x})
            ratio = medians[kind] / medians["Resize"]
            off = float(np.abs(np.asarray(y) - np.asarray(expected)).max())
            cost = costs[kind]
            words = (
                ""
                if cost is None
                else " and ".join(
                    f"{new / old:.2f}"
                    for old, new in zip(astuple(cost[0]), astuple(cost[1]), strict=True)
                )
            )
            print(f"{lead}{ratio:>6.2f}{off:>9.1e}  {words}")


if __name__ == "__main__":
    main()
