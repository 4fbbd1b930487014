"""Time and peak memory of `halfpixel verify` beside the runs that it makes, and beside Polygraphy.

    python benchmarks/cost/verify_cost.py FOLDER [POLYGRAPHY]

Two models of 64 layers with 1 GB of activations in all, one of whose resizes is spoiled, are
written to FOLDER. Printed, from one run: the time of `verify` as a part of the time in
onnxruntime's own sessions (asked: at most 1.5), and its peak memory beside that of one run of
one model (asked: at most twice). POLYGRAPHY is the command of an installed Polygraphy: it
compares the same two models with all outputs marked.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save
from processes import cost

from halfpixel.runtimes.onnxruntime_ import OnnxRunning
from halfpixel.verifying.verify import verify

LAYERS = 64
SIDE = 512
CHANNELS = 16  # 512 x 512 x 16 floats are 16.8 MB
SPOILED = 40

ONE_RUN = """
import sys
import numpy as np
import onnxruntime as ort
session = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
x = np.random.default_rng(0).random((1, 16, 512, 512), np.float32)
session.run(None, {"x": x})
"""


def write(path: Path, coordinates: str) -> None:
    """Write a chain of convolutions with a pair of resizes in it."""
    random = np.random.default_rng(0)
    nodes, tensors, last = [], [], "x"
    for layer in range(LAYERS):
        name = f"v{layer}"
        if layer in {SPOILED, SPOILED + 1}:
            length = SIDE if layer > SPOILED else SIDE // 2
            sizes = numpy_helper.from_array(
                np.array([1, CHANNELS, length, length], np.int64), f"s{layer}"
            )
            tensors.append(sizes)
            nodes.append(
                helper.make_node(
                    "Resize", [last, "", "", sizes.name], [name], f"resize{layer}", mode="linear",
                    coordinate_transformation_mode=coordinates if layer > SPOILED else "half_pixel",
                )
            )  # fmt: skip
        elif layer % 4:
            nodes.append(helper.make_node("Sin", [last], [name], f"sin{layer}"))
        else:
            weight = random.standard_normal((CHANNELS, CHANNELS, 1, 1)).astype(np.float32) / 4
            tensors.append(numpy_helper.from_array(weight, f"w{layer}"))
            nodes.append(helper.make_node("Conv", [last, f"w{layer}"], [name], f"conv{layer}"))
        last = name
    shape = [1, CHANNELS, SIDE, SIDE]
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    save(model, path)


def timed() -> list[float]:
    """Add up the seconds that are spent in sessions, from now on."""
    spent = [0.0]

    def watch(name: str) -> None:
        original: Any = getattr(OnnxRunning, name)

        def wrapped(*arguments: object) -> object:
            start, before = time.perf_counter(), spent[0]
            try:
                return original(*arguments)
            finally:
                spent[0] = before + time.perf_counter() - start

        setattr(OnnxRunning, name, wrapped)

    for name in ("run", "_started"):
        watch(name)
    return spent


def main() -> None:
    """Measure."""
    folder = Path(sys.argv[1])
    right, wrong = folder / "chain.onnx", folder / "chain_spoiled.onnx"
    write(right, "half_pixel")
    write(wrong, "align_corners")
    one = cost([sys.executable, "-c", ONE_RUN, str(right)])
    command = [sys.executable, "-m", "halfpixel", "verify", str(wrong), str(right)]
    ours = cost(command)
    spent = timed()
    start = time.perf_counter()
    found = verify(str(wrong), str(right))
    wall = time.perf_counter() - start
    named = None if found.first is None else found.first.node
    print(
        f"verify: {wall:.2f} s, of which {spent[0]:.2f} s in sessions: {wall / spent[0]:.2f} times "
        f"(asked 1.5); named {named}"
    )
    print(
        f"verify as a process: {ours[0]:.1f} s, {ours[1]:.0f} MB; one run of one model: "
        f"{one[0]:.1f} s, {one[1]:.0f} MB: {ours[1] / one[1]:.2f} times the memory (asked 2)"
    )
    if len(sys.argv) > 2:
        outputs = folder / "outputs.json"
        marked = ["--onnxrt", "--onnx-outputs", "mark", "all", "--seed", "0"]
        first = [sys.argv[2], "run", str(right), *marked, "--save-outputs", str(outputs)]
        second = [sys.argv[2], "run", str(wrong), *marked, "--load-outputs", str(outputs)]
        costs = [cost(first), cost(second)]
        seconds = sum(one.seconds for one in costs)
        memory = max(one.megabytes for one in costs)
        version = subprocess.run(
            [sys.argv[2], "--version"], check=True, capture_output=True, text=True
        ).stdout.partition(" | Path")[0]
        print(
            f"{version}, all outputs marked: {seconds:.1f} s, {memory:.0f} MB: halfpixel takes "
            f"1/{seconds / ours[0]:.1f} of the time and 1/{memory / ours[1]:.1f} of the memory"
        )


if __name__ == "__main__":
    main()
