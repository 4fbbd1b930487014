"""Export every resize of TensorFlow by a release of tf2onnx; measure what onnxruntime makes of it.

    pip install tensorflow-cpu tf2onnx onnxruntime
    python benchmarks/exporting/tf2onnx_exports.py FOLDER [--release 1.5.6] [--opsets 8,11,18]
    python benchmarks/truth/precision_recall.py FOLDER

Two flags, five kernels, antialiasing, and lengths that grow and shrink, fixed and free. A release
that is named by --release is installed beside what is there, into `FOLDER/layers`, as
`rows.py` does it; the names that NumPy and TensorFlow have dropped since are put back
before it is imported. Beside a model lies TensorFlow's own output; `manifest.csv` says of each
model whether onnxruntime gives it: `ok`, `differs` or `does-not-load`. What a release refuses is
printed.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import types
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from environment import layered

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLERANCES = {"bicubic": 5e-3}
"""TensorFlow's bicubic reads its weights from a table of 1,024 entries; others agree to 1e-4."""

LENGTHS = (((6, 7), (12, 14)), ((6, 7), (9, 5)), ((8, 9), (4, 5)), ((5, 4), (13, 16)))
FLAGS = ((False, False), (True, False), (False, True))
"""align_corners, half_pixel_centers; TensorFlow refuses both at once."""


@dataclass(frozen=True, slots=True)
class Case:
    """One resize of TensorFlow.

    Attributes:
        kernel: bilinear, nearest, bicubic, area, a kernel of ScaleAndTranslate, or image, which is
            tf.image.resize.
        corners: align_corners; antialias of ScaleAndTranslate.
        half: half_pixel_centers.
        before: height and width of the image.
        after: those of the output.
        free: the exported model's image has free height and width.
    """

    kernel: str
    corners: bool
    half: bool
    before: tuple[int, int]
    after: tuple[int, int]
    free: bool

    @property
    def name(self) -> str:
        """The model's name, without release and opset."""
        flags = f"ac{self.corners:d}-hp{self.half:d}" + ("-free" if self.free else "")
        lengths = "x".join(map(str, self.before)) + "-to-" + "x".join(map(str, self.after))
        return f"{self.kernel}-{flags}-{lengths}"


def cases() -> Iterator[Case]:
    """Yield every resize."""
    for (before, after), (corners, half), free in product(LENGTHS, FLAGS, (False, True)):
        for kernel in ("bilinear", "nearest", "bicubic"):
            yield Case(kernel, corners, half, before, after, free)
        if not half:
            yield Case("area", corners, half, before, after, free)
        if half and not free:
            for kernel in ("lanczos3", "triangle", "keyscubic"):
                yield Case(kernel, corners=True, half=True, before=before, after=after, free=False)


def resize(tf: Any, image: Any, case: Case) -> Any:
    """Return the output of TensorFlow's own operator."""
    raw = tf.raw_ops
    flags = {"align_corners": case.corners, "half_pixel_centers": case.half}
    if case.kernel == "bilinear":
        return raw.ResizeBilinear(images=image, size=case.after, **flags, name="ResizeBilinear")
    if case.kernel == "nearest":
        name = "ResizeNearestNeighbor"
        return raw.ResizeNearestNeighbor(images=image, size=case.after, **flags, name=name)
    if case.kernel == "bicubic":
        return raw.ResizeBicubic(images=image, size=case.after, **flags, name="ResizeBicubic")
    if case.kernel == "image":
        return tf.image.resize(image, case.after)
    if case.kernel == "area":
        corners = case.corners
        return raw.ResizeArea(
            images=image, size=case.after, align_corners=corners, name="ResizeArea"
        )
    return raw.ScaleAndTranslate(
        images=image,
        size=case.after,
        scale=[a / b for a, b in zip(case.after, case.before, strict=True)],
        translation=[0.0, 0.0],
        kernel_type=case.kernel,
        antialias=case.corners,
    )


def imported() -> Any:
    """Return tf2onnx, of whatever release is there, on today's NumPy and TensorFlow."""
    plain: dict[str, Any] = {"object": object, "bool": bool, "int": int, "float": float}
    for name, kind in {**plain, "str": str, "cast": {}, "product": np.prod}.items():
        if name not in vars(np):
            setattr(np, name, kind)
    gone = types.ModuleType("tensorflow.tools.graph_transforms")
    gone.TransformGraph = None  # type: ignore[attr-defined]
    sys.modules.setdefault(gone.__name__, gone)
    import tf2onnx

    return tf2onnx


def export(tf: Any, tf2onnx: Any, case: Case, opset: int) -> tuple[Any, Any, Any]:
    """Return the model, an image and TensorFlow's output of it."""
    lengths = (None, None) if case.free else case.before
    image = np.random.default_rng(7).normal(0, 1, (1, *case.before, 2)).astype(np.float32)
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        x = tf.compat.v1.placeholder(tf.float32, [1, *lengths, 2], name="x")
        y = tf.identity(resize(tf, x, case), name="y")
        want = session.run(y, {x: image})
        named = {"input_names": ["x:0"], "output_names": ["y:0"]}
        written = tf2onnx.tfonnx.process_tf_graph(graph, opset=opset, **named)
        model = tf2onnx.optimizer.optimize_graph(written).make_model("resize")
    return model, image, want


def verdict(model: bytes, image: Any, want: Any, tolerance: float) -> str:
    """Return what onnxruntime makes of a model."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        got = session.run(None, {session.get_inputs()[0].name: image})[0]
    except Exception:  # noqa: BLE001 - onnxruntime raises a dozen kinds, all mean the same
        return "does-not-load"
    same = got.shape == want.shape and np.abs(got - want).max(initial=0) <= tolerance
    return "ok" if same else "differs"


def main() -> None:
    """Write the models, their truth and the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--release", default="")
    parser.add_argument("--opsets", default="8,9,10,11,13,15,18")
    asked = parser.parse_args()
    if asked.release:
        at = layered(Path(sys.executable), (f"tf2onnx=={asked.release}",), asked.folder)
        sys.path.insert(0, str(at))
    tf2onnx = imported()
    import tensorflow as tf

    asked.folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, str]] = []
    refused: dict[str, int] = {}
    for opset, case in product(map(int, asked.opsets.split(",")), cases()):
        try:
            model, image, want = export(tf, tf2onnx, case, opset)
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            why = f"opset {opset}, {case.kernel}: {type(error).__name__}"
            refused[why] = refused.get(why, 0) + 1
            continue
        path = asked.folder / f"{case.name}-o{opset}.onnx"
        path.write_bytes(model.SerializeToString())
        names = [value.name for value in model.graph.input[:1]], model.graph.output[0].name
        np.savez(path.with_suffix(".npz"), **{names[0][0]: image, names[1]: want})
        told = verdict(path.read_bytes(), image, want, TOLERANCES.get(case.kernel, 1e-4))
        rows.append({"file": path.name, "onnxruntime_vs_eager": told})
    with (asked.folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["file", "onnxruntime_vs_eager"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    words = [row["onnxruntime_vs_eager"] for row in rows]
    counts = ", ".join(f"{word} {words.count(word)}" for word in sorted(set(words)))
    print(
        f"tf2onnx {tf2onnx.__version__}, TensorFlow {tf.__version__}: {len(rows)} models: {counts}"
    )
    for why, count in refused.items():
        print(f"  not exported: {why} ({count})")


if __name__ == "__main__":
    main()
