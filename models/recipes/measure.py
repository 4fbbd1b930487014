"""Run exported models against the eager outputs beside them and write the manifest.

    python measure.py FOLDER

Every ``NAME.onnx`` in the folder has a ``NAME.npz`` with the model's inputs and outputs
under their own names. Paths of the machine that exported are cut from the models first,
so that what is measured is what is kept.
"""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime as ort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[np.generic]]

TOLERANCE = 1e-4
RESAMPLING = {
    "AffineGrid", "ConvTranspose", "GatherND", "GridSample", "Resize", "RoiAlign", "Upsample",
}  # fmt: skip
TELLING = (
    "antialias", "align_corners", "nearest_mode", "coordinate_transformation_mode", "mode",
)  # fmt: skip
NAME = re.compile(r"(?P<call>.+)-t(?P<torch>[\d.]+)(?P<dynamo>d?)-o(?P<opset>\d+)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What onnxruntime made of a model.

    Attributes:
        word: ``ok`` (within 1e-4, or that part of the largest value where it exceeds 1),
            ``differs`` or ``does-not-load`` (also: does not run).
        error: largest absolute difference, ``inf`` for another shape, None if it did not run.
    """

    word: str
    error: float | None

    @property
    def digits(self) -> str:
        """The error as the manifest writes it."""
        return "" if self.error is None else f"{self.error:.3g}"


def neutral(text: str) -> str:
    r"""Cut the folders of the exporting machine from a text.

    >>> neutral('File "/home/me/lib/site-packages/torch/nn/functional.py", line 1')
    'File "site-packages/torch/nn/functional.py", line 1'
    >>> neutral('File "/home/me/net.py", line 1, in forward')
    'File "net.py", line 1, in forward'
    """
    text = re.sub(r"/(?:[^\s\"':/]+/)*site-packages/", "site-packages/", text)
    return re.sub(r"(File \")/(?:[^\"/]+/)*", r"\1", text)


def clean(path: Path) -> None:
    """Cut the folders of the exporting machine from every text of a model, in place."""
    model = onnx.load(path, load_external_data=False)
    before = model.SerializeToString()
    graph = model.graph
    holders: list[onnx.NodeProto | onnx.ValueInfoProto | onnx.GraphProto | onnx.TensorProto]
    holders = [graph, *graph.node, *graph.value_info, *graph.input, *graph.output]
    holders += graph.initializer
    for holder in holders:
        if holder.doc_string:
            holder.doc_string = neutral(holder.doc_string)
        for entry in holder.metadata_props:
            entry.value = neutral(entry.value)
    after = model.SerializeToString()
    if after != before:
        path.write_bytes(after)


def operators(path: Path) -> str:
    """Return the distinct resampling operators of a model with their telling attributes."""
    found: dict[str, None] = {}
    for node in onnx.load(path, load_external_data=False).graph.node:
        if node.op_type not in RESAMPLING:
            continue
        told = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        words = [f"{name}={_text(told[name])}" for name in TELLING if name in told]
        found[f"{node.op_type}:{','.join(words)}"] = None
    return "; ".join(found)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def run(path: Path, inputs: Arrays) -> dict[str, NDArray[np.generic]]:
    """Run a model on onnxruntime's CPU provider.

    Raises:
        Exception: what onnxruntime raises for a model that it does not load or run.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {value.name: inputs[value.name] for value in session.get_inputs()}
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def compare(outputs: Arrays, expected: Arrays) -> Verdict:
    """Return how far the outputs are from what PyTorch computed."""
    worst, scale = 0.0, 1.0
    for name, got in outputs.items():
        want = expected[name]
        if got.shape != want.shape:
            return Verdict("differs", float("inf"))
        scale = max(scale, float(np.abs(want.astype(np.float64)).max(initial=0)))
        distance = np.abs(got.astype(np.float64) - want.astype(np.float64))
        worst = max(worst, float(distance.max(initial=0)))
    return Verdict("ok" if worst <= TOLERANCE * scale else "differs", worst)


def judge(path: Path, arrays: Arrays) -> Verdict:
    """Run a model on its inputs and compare with its expected outputs."""
    try:
        outputs = run(path, arrays)
    except Exception:  # noqa: BLE001 - onnxruntime raises a dozen kinds, all mean the same
        return Verdict("does-not-load", None)
    return compare(outputs, arrays)


def load(path: Path) -> dict[str, NDArray[np.generic]]:
    """Return the arrays beside a model."""
    with np.load(path.with_suffix(".npz")) as arrays:
        return dict(arrays)


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write a table, its columns named by its first row."""
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def update_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Put rows into a table in place of those of the same file, in the order of the files."""
    kept: dict[str, Mapping[str, object]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            kept = {row["file"]: row for row in csv.DictReader(file)}
    kept |= {str(row["file"]): row for row in rows}
    write_rows(path, (kept[file] for file in sorted(kept)))


def row(path: Path) -> dict[str, object]:
    """Clean a model, run it, and return its line of the manifest.

    Raises:
        ValueError: the file's name does not tell the call, the release and the opset.
    """
    told = NAME.fullmatch(path.stem)
    if told is None:
        message = f"{path.name}: expected a name like nearest_x2-t1.13.1-o16.onnx"
        raise ValueError(message)
    clean(path)
    verdict = judge(path, load(path))
    return {
        "file": path.name,
        "torch": told["torch"],
        "exporter": "dynamo" if told["dynamo"] else "torchscript",
        "opset": told["opset"],
        "call": told["call"],
        "onnxruntime_vs_eager": verdict.word,
        "max_abs_diff": verdict.digits,
        "operators": operators(path),
    }


def main() -> None:
    """Measure a folder."""
    folder = Path(sys.argv[1])
    write_rows(folder / "manifest.csv", map(row, sorted(folder.glob("*.onnx"))))


if __name__ == "__main__":
    main()
