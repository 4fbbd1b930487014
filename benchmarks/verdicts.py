"""What `halfpixel verify` says of networks with one resize broken, and of the same ones unbroken.

    python benchmarks/verdicts.py [--limit N] [--seed N] [--folder FOLDER]

Each resize (and grid sampling) of each network in FOLDER (models/architectures) is moved to each
other convention of its operator, with the network's weights as they are and divided by 10, 100
and 1000: `verify` is to say different, and to name that node. Whether the broken node computes
something else at the lengths that it has there is decided by onnxruntime, which runs both nodes
by themselves on white noise; where it does not, `verify` may not say different. Unbroken pairs
are the network and what onnxruntime's basic optimisation makes of it, at each scale: `verify` is
to say equal, or, where such weights leave outputs one number throughout, that nothing was
compared. Printed: a row a verdict, then how many of each kind there are and which are false.
`--limit` takes that many, drawn evenly. Exit code 1 where a verdict is false.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper, shape_inference

from halfpixel.verifying.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from halfpixel.verifying.result import Verification

FOLDER = Path(__file__).parent.parent / "models" / "architectures"
SCALES = (1, 10, 100, 1000)
LINEAR = ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
NEAREST = tuple((where, how) for where in ("asymmetric", "half_pixel", "align_corners")
                for how in ("floor", "round_prefer_floor", "ceil"))  # fmt: skip
SAME = 1e-5
"""Largest difference of two nodes, of numbers of 0 to 1, that compute the same."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One verdict that is asked for; `node` is -1 for an unbroken pair."""

    path: Path
    scale: int
    node: int = -1
    change: tuple[tuple[str, str | int], ...] = ()


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return the attributes of a node."""
    found = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in found.items()}


def changes(node: onnx.NodeProto) -> Iterator[dict[str, str | int]]:
    """Yield what moves a node to each other convention of its operator."""
    own = attributes(node)
    where = own.get("coordinate_transformation_mode", "half_pixel")
    if node.op_type == "GridSample":
        yield {"align_corners": 1 - int(own.get("align_corners", 0))}
    elif node.op_type == "Resize" and own.get("mode", "nearest") == "nearest":
        how = own.get("nearest_mode", "round_prefer_floor")
        for other, rounding in NEAREST:
            if (other, rounding) != (where, how):
                yield {"coordinate_transformation_mode": other, "nearest_mode": rounding}
    elif node.op_type == "Resize":
        for other in LINEAR:
            if other != where:
                yield {"coordinate_transformation_mode": other}
        if own.get("mode") == "cubic":
            yield {"cubic_coeff_a": "-0.5" if own.get("cubic_coeff_a", -0.75) != -0.5 else "-0.75"}


def every(folder: Path) -> Iterator[Asked]:
    """Yield all verdicts of a folder of models."""
    for path in sorted(folder.glob("*.onnx")):
        nodes = onnx.load(path).graph.node
        for scale in SCALES:
            yield Asked(path, scale)
            for place, node in enumerate(nodes):
                for change in changes(node):
                    yield Asked(path, scale, place, tuple(change.items()))


def scaled(model: onnx.ModelProto, scale: int) -> None:
    """Divide the weights of a model: its float matrices and kernels."""
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if scale > 1 and array.ndim > 1 and array.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(array / np.float32(scale), tensor.name))


def changed(node: onnx.NodeProto, change: tuple[tuple[str, str | int], ...]) -> None:
    """Set attributes of a node."""
    names = {name for name, _ in change}
    kept = [one for one in node.attribute if one.name not in names]
    del node.attribute[:]
    node.attribute.extend(kept)
    for name, value in change:
        real = float(value) if name == "cubic_coeff_a" else value
        node.attribute.append(helper.make_attribute(name, real))


def session(model: onnx.ModelProto, target: str = "") -> ort.InferenceSession:
    """Return a session; what basic optimisation makes of the model is written to `target`."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    if target:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = target
    return ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def handed(asked: Asked, model: onnx.ModelProto) -> dict[str, Any] | None:
    """Return what a node is handed with the recorded inputs; None where that cannot be asked."""
    node = model.graph.node[asked.node]
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    with np.load(asked.path.with_suffix(".npz")) as file:
        fed = {one.name: file[one.name] for one in model.graph.input if one.name in file}
    wanted = [name for name in node.input if name and name not in constants and name not in fed]
    more = deepcopy(model)
    del more.graph.output[:]
    known = {v.name: v for v in shape_inference.infer_shapes(model).graph.value_info}
    more.graph.output.extend(known.get(n, onnx.ValueInfoProto(name=n)) for n in wanted)
    try:
        found = session(more).run(wanted, fed) if wanted else []
    except Exception:  # noqa: BLE001 - onnxruntime raises a dozen kinds
        return None
    return {**constants, **fed, **dict(zip(wanted, found, strict=True))}


def apart(asked: Asked, model: onnx.ModelProto) -> bool | None:
    """Return whether onnxruntime makes something else of the broken node; None if it refuses."""
    values = handed(asked, model)
    if values is None:
        return None
    node = model.graph.node[asked.node]
    other = deepcopy(node)
    changed(other, asked.change)
    data = np.random.default_rng(0).random(values[node.input[0]].shape, np.float32)
    made = []
    for one in (node, other):
        rest = [numpy_helper.from_array(values[name], name) for name in one.input[1:] if name]
        inputs = [helper.make_tensor_value_info(one.input[0], 1, data.shape)]
        outputs = [helper.make_tensor_value_info(one.output[0], 1, None)]
        graph = helper.make_graph([one], "one", inputs, outputs, rest)
        alone = helper.make_model(
            graph, opset_imports=model.opset_import, ir_version=model.ir_version
        )
        try:
            made.append(session(alone).run(None, {one.input[0]: data})[0])
        except Exception:  # noqa: BLE001
            return None
    return bool(np.abs(made[0] - made[1]).max(initial=0) > SAME)


def answered(asked: Asked) -> tuple[str, str, Verification | None]:
    """Return what is expected, what is said, and all of it."""
    model = onnx.load(asked.path)
    scaled(model, asked.scale)
    if asked.node < 0:
        with tempfile.TemporaryDirectory() as folder:
            target = f"{folder}/basic.onnx"
            session(model, target)
            found = verify(model, onnx.load(target))
        return "equal", said(found), found
    expected = {True: "different", False: "not different", None: ""}[apart(asked, model)]
    if not expected:
        return "", "refused by onnxruntime", None
    other = deepcopy(model)
    changed(other.graph.node[asked.node], asked.change)
    found = verify(other, model)
    word = said(found)
    name = other.graph.node[asked.node].name
    if word == "different" and expected == word and (found.first is None or
                                                     found.first.node != name):  # fmt: skip
        word = f"different, at {found.first.node if found.first else 'no node'}"
    return expected, word, found


def said(found: Verification) -> str:
    """Return the verdict in a word or two."""
    if found.differs:
        return "different"
    return "equal" if found.compared else "nothing compared"


RIGHT = {
    "equal": {"equal", "nothing compared"},
    "different": {"different"},
    "not different": {"equal", "nothing compared"},
}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    asked = list(every(options.folder))
    if options.limit and options.limit < len(asked):
        asked = random.Random(options.seed).sample(asked, options.limit)  # noqa: S311
    counts: Counter[tuple[str, str]] = Counter()
    false = 0
    for one in asked:
        began = time.monotonic()
        expected, word, found = answered(one)
        wrong = bool(expected) and word not in RIGHT[expected]
        false += wrong
        counts[expected or "not asked", word.partition(",")[0]] += 1
        told = ", ".join(f"{name}={value}" for name, value in one.change) or "unbroken"
        place = f"node {one.node}" if one.node >= 0 else ""
        why = f"  {found.proven}" if wrong and found is not None else ""
        print(
            f"{'FALSE' if wrong else 'right':6}{one.path.stem:40} /{one.scale:<5}{place:9}{told:76}"
            f"{expected or '-':14}{word:24}{time.monotonic() - began:6.1f} s{why}",
            flush=True,
        )
    for (expected, word), count in sorted(counts.items()):
        print(f"{count:5} expected {expected}: {word}")
    print(f"{len(asked)} verdicts of {len(list(every(options.folder)))}, {false} of them false")
    return bool(false)


if __name__ == "__main__":
    sys.exit(main())
