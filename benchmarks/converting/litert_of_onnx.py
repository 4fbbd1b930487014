"""Small ONNX models converted to LiteRT by onnx2tf, and run.

    python benchmarks/converting/litert_of_onnx.py --into FILE  # goes on there
    python benchmarks/converting/litert_of_onnx.py --join FILE > results

Each model goes through `halfpixel convert MODEL.onnx --to MODEL.tflite`. What onnx2tf wrote first,
and the file that halfpixel wrote, are run here on ai-edge-litert on numbers that convert has not
seen, and held against the model in onnxruntime. Needs onnx2tf (a program on the path is enough).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from halfpixel.converting import exports
from halfpixel.converting.convert import convert
from halfpixel.converting.export.by_onnx2tf import need_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOLERANCE = 1e-5
IMAGE, DOWN, UP = (1, 3, 7, 10), (1, 3, 3, 5), (1, 3, 13, 17)
LINEAR = ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
NEAREST = (
    ("asymmetric", "floor"),
    ("half_pixel", "round_prefer_floor"),
    ("half_pixel", "round_prefer_ceil"),
    ("align_corners", "round_prefer_floor"),
)
CUBIC = ("half_pixel", "align_corners", "asymmetric")


@dataclass(frozen=True)
class Case:
    """One model.

    Attributes:
        text: what it computes.
        model: the model.
    """

    text: str
    model: onnx.ModelProto


@dataclass(frozen=True)
class Row:
    """What became of one model.

    Attributes:
        text: what it computes.
        before: how far what onnx2tf wrote is off, in parts of its largest value; -1 for nothing.
        how: as written, mended, in plain operators, or refused.
        after: how far the file of halfpixel is off.
        reason: why it was refused.
        told: what was said of it.
        seconds: that it took.
    """

    text: str
    before: float
    how: str
    after: float
    reason: str
    told: tuple[str, ...]
    seconds: float


def cases() -> Iterator[Case]:
    """Yield every model."""
    for opset in (17, 18):
        for mode in LINEAR:
            yield resize(opset, UP, mode="linear", coordinate_transformation_mode=mode)
        for mode, rounding in NEAREST:
            yield resize(opset, DOWN, mode="nearest", coordinate_transformation_mode=mode,
                         nearest_mode=rounding)  # fmt: skip
        for mode in CUBIC:
            yield resize(opset, UP, mode="cubic", coordinate_transformation_mode=mode)
        factors = (1.0, 1.0, 1.7, 1.7)
        yield resize(opset, factors, mode="linear", coordinate_transformation_mode="half_pixel")
    for mode in ("linear", "cubic"):
        yield resize(18, DOWN, mode=mode, antialias=1)  # as many rows as channels
    yield resize(18, (1, 3, 4, 6), mode="linear", antialias=1)
    half = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    yield resize(13, (1, 3, 17), shape=(1, 3, 10), **half)
    yield resize(13, (1, 2, 8, 10, 12), shape=(1, 2, 4, 5, 6), **half)
    yield node("Upsample", 9, [np.array([1, 1, 2, 2], np.float32)], mode="linear")
    yield node("DepthToSpace", 13, [], shape=(1, 12, 4, 5), blocksize=2)
    given = {
        "kernel_shape": [3, 3],
        "strides": [2, 2],
        "pads": [1, 1, 1, 1],
        "output_padding": [1, 1],
    }
    weights = np.random.default_rng(1).uniform(-1, 1, (3, 4, 3, 3)).astype(np.float32)
    yield node("ConvTranspose", 13, [weights], **given)
    grid = np.random.default_rng(2).uniform(-1.2, 1.2, (1, 5, 4, 2)).astype(np.float32)
    for corners in (0, 1):
        yield node("GridSample", 16, [grid], mode="bilinear", align_corners=corners)


def resize(
    opset: int, lengths: Sequence[float], shape: Sequence[int] = IMAGE, **attributes: object
) -> Case:
    """Return one Resize, by size or by factors."""
    sized = isinstance(lengths[0], int)
    array = np.array(lengths, np.int64 if sized else np.float32)
    given = [None, None, array] if sized else [None, array]
    return node("Resize", opset, given, shape, **attributes)


def node(
    op: str,
    opset: int,
    constants: Sequence[np.ndarray[Any, Any] | None],
    shape: Sequence[int] = IMAGE,
    **attributes: object,
) -> Case:
    """Return one operator behind a Relu, as in a network, with its constants."""
    names = ["r", *("" if one is None else f"c{k}" for k, one in enumerate(constants))]
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["x"], ["r"]),
            helper.make_node(op, names, ["y"], name="up", **attributes),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(one, name)
            for name, one in zip(names[1:], constants, strict=True)
            if one is not None
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    said = ", ".join(f"{name}={value}" for name, value in attributes.items())
    small = [str(one.tolist()) for one in constants if one is not None and one.size < 9]
    text = f"{op}-{opset} of {'x'.join(map(str, shape))} ({', '.join([*small, said])})"
    return Case(text, model)


def converted(case: Case, folder: Path) -> Row:
    """Convert one model and run what was written."""
    began = time.monotonic()
    path, target, first = folder / "m.onnx", folder / "m.tflite", folder / "first.tflite"
    for one in (target, first):
        one.unlink(missing_ok=True)
    onnx.save(case.model, path)
    export = exports.export_onnx2tf

    def kept(source: Any, to: Path, kinds: Any) -> Any:  # noqa: ANN401 - as it is
        written = export(source, to, kinds)
        if not first.exists() and not kinds:
            shutil.copy(to, first)
        return written

    exports.export_onnx2tf = kept
    try:
        found = convert(path, target)
    finally:
        exports.export_onnx2tf = export
    took = time.monotonic() - began
    before = _apart(path, first) if first.exists() else -1.0
    if not found.output:
        return Row(case.text, before, "refused", -1.0, found.refused, found.notes, took)
    plain = any(note.startswith("in plain operators") for note in found.notes)
    how = "mended" if found.changes else "in plain operators" if plain else "as written"
    return Row(case.text, before, how, _apart(path, target), "", found.notes, took)


def _apart(path: Path, written: Path) -> float:
    """Return how far a file is from the model; -1 where it is not run."""
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    shape = [one.dim_value for one in onnx.load(path).graph.input[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(7).uniform(-1, 1, shape).astype(np.float32)
    (meant,) = session.run(None, {"x": x})
    try:
        found = _run(written, x)
    except (RuntimeError, ValueError):
        return -1.0
    ways = [found, np.moveaxis(found, -1, 1)]
    apart = [float(np.abs(one - meant).max()) for one in ways if one.shape == meant.shape]
    return min(apart, default=float("inf")) / max(1.0, float(np.abs(meant).max()))


def _run(path: Path, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    from ai_edge_litert.interpreter import Interpreter

    model = Interpreter(str(path))
    model.allocate_tensors()
    (port,) = model.get_input_details()
    fits = tuple(port["shape"]) == x.shape
    model.set_tensor(port["index"], x if fits else np.ascontiguousarray(np.moveaxis(x, 1, -1)))
    model.invoke()
    found: np.ndarray[Any, Any] = model.get_tensor(model.get_output_details()[0]["index"])
    return found


def table(rows: list[Row]) -> Iterator[str]:
    """Yield the results, a model a line."""
    ran = subprocess.run(
        [*need_program(Path("m.onnx")), "-V"], capture_output=True, text=True, check=False
    )
    yield f"{len(rows)} ONNX models through halfpixel convert and onnx2tf {ran.stdout.strip()}."
    yield f"Equal: within {TOLERANCE:g} of onnxruntime's numbers, on ai-edge-litert."
    counts = Counter(row.how for row in rows)
    yield ", ".join(f"{count} {how}" for how, count in counts.most_common())
    right = sum(0 <= row.before <= TOLERANCE for row in rows)
    wrong = sum(row.before > TOLERANCE for row in rows)
    yield f"what onnx2tf wrote: {right} equal, {wrong} not, {len(rows) - right - wrong} not run"
    equal = sum(0 <= row.after <= TOLERANCE for row in rows)
    yield f"what halfpixel wrote: {equal} equal, {len(rows) - counts['refused'] - equal} not"
    yield ""
    yield f"{'onnx2tf alone':>14}  {'halfpixel':>9}  "
    for row in rows:
        before = "not run" if row.before < 0 else f"{row.before:.2g}"
        after = "-" if row.after < 0 else f"{row.after:.2g}"
        yield f"{before:>14}  {after:>9}  {row.how}: {row.text}"
        if row.reason:
            yield f"{'':27}{' '.join(row.reason.split())[:200]}"


def main() -> None:
    """Convert every model, or print the table of what was converted before."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", type=Path, help="rows as JSON, a line each; those in it stay")
    parser.add_argument("--join", type=Path)
    options = parser.parse_args()
    path = options.join or options.into
    there = path.read_text("utf-8").splitlines() if path is not None and path.exists() else []
    rows = [Row(**{**json.loads(line), "told": ()}) for line in there]
    done = {row.text for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases() if options.join is None else ():
            if case.text in done:
                continue
            rows.append(converted(case, Path(folder)))
            print(f"{case.text}: {rows[-1].how}", file=sys.stderr)
            if options.into is not None:
                with options.into.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(rows[-1])) + "\n")
    order = [case.text for case in cases()]
    print("\n".join(table(sorted(rows, key=lambda row: order.index(row.text)))))


if __name__ == "__main__":
    main()
