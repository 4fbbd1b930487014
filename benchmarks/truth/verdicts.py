"""What `halfpixel verify` says of networks with one resize broken, and of the same ones unbroken.

    python benchmarks/truth/verdicts.py [--limit N] [--seed N] [--folder FOLDER] [--rows FILE]

Each resize (and grid sampling) of each network in FOLDER (models/architectures) is moved to each
other convention of its operator, with the network's weights as they are and divided by 10, 100
and 1000: `verify` is to say different, and to name that node. Whether the broken node computes
something else at the lengths that it has there is decided by onnxruntime, which runs both nodes
by themselves on white noise, at the recorded inputs and at each shape that `verify` compared; where
it does nowhere, `verify` may not say different. Unbroken pairs
are the network and what onnxruntime's basic optimisation makes of it, at each scale: `verify` is
to say equal, or, where such weights leave outputs one number throughout, that nothing was
compared. Printed: a row a verdict, then a table by operator and one by network, and the rows that
are false. `--limit` takes that many, drawn evenly. `--rows` is a file that rows are added to: those
that stand there are not asked again, so that a long table can be made in pieces. Exit code 1 where
a verdict is false.
"""

from __future__ import annotations

import argparse
import platform
import random
import sys
import tempfile
import time
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
from breaking import Asked, attributes, changed, every, scaled
from onnx import helper, numpy_helper, shape_inference

from halfpixel.verifying.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from halfpixel.verifying.result import Case, Verification

FOLDER = Path(__file__).parents[2] / "models" / "architectures"
SAME = 1e-5
"""Largest difference of two nodes, of numbers of 0 to 1, that compute the same."""


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


def handed(asked: Asked, model: onnx.ModelProto, fed: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a node is handed with inputs; None where that cannot be asked."""
    node = model.graph.node[asked.node]
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
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


def inputs(asked: Asked, model: onnx.ModelProto, cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """Yield the recorded inputs, then white noise of each other shape that was compared."""
    with np.load(asked.path.with_suffix(".npz")) as file:
        recorded = {one.name: file[one.name] for one in model.graph.input if one.name in file}
    yield recorded
    seen = [{name: array.shape for name, array in recorded.items()}]
    for case in cases:
        if dict(case.shapes) not in seen:
            seen.append(dict(case.shapes))
            random = np.random.default_rng(0)
            yield {
                name: random.random(shape).astype(recorded[name].dtype)
                for name, shape in case.shapes.items()
            }


def apart(asked: Asked, model: onnx.ModelProto, fed: dict[str, Any]) -> bool | None:
    """Return whether onnxruntime makes something else of the broken node; None if it refuses."""
    values = handed(asked, model, fed)
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
    if apart(asked, model, next(inputs(asked, model, ()))) is None:
        return "", "refused by onnxruntime", None
    other = deepcopy(model)
    changed(other.graph.node[asked.node], asked.change)
    found = verify(other, model)
    somewhere = any(apart(asked, model, fed) for fed in inputs(asked, model, found.cases))
    expected = "different" if somewhere else "not different"
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


class Verdict(NamedTuple):
    """One verdict that was given, as a row of a file.

    Attributes:
        network: name of the file.
        scale: what the weights are divided by.
        node: place of the broken node, or -1.
        op: operator of that node, with the mode of a Resize; or "unbroken".
        change: what is broken.
        expected: what verify is to say; empty where onnxruntime refuses the broken node.
        word: what it says.
        seconds: how long it took.
    """

    network: str
    scale: str
    node: str
    op: str
    change: str
    expected: str
    word: str
    seconds: str

    @property
    def false(self) -> bool:
        """Whether verify says something else than what is expected."""
        return bool(self.expected) and self.word not in RIGHT[self.expected]

    @property
    def text(self) -> str:
        """The row as people read it."""
        return (
            f"{'FALSE' if self.false else 'right':6}{self.network:40} /{self.scale:<5}"
            f"node {self.node:5}{self.op:17}{self.change:66}"
            f"{self.expected or '-':14}{self.word:24}{self.seconds:>6} s"
        )


def operator(asked: Asked) -> str:
    """Return what is broken: an operator, with the mode of a Resize."""
    if asked.node < 0:
        return "unbroken"
    node = onnx.load(asked.path).graph.node[asked.node]
    mode = f" {attributes(node).get('mode', 'nearest')}" if node.op_type == "Resize" else ""
    return node.op_type + mode


def given(asked: Asked) -> Verdict:
    """Ask verify."""
    began = time.monotonic()
    expected, word, found = answered(asked)
    if found is not None and found.proven and expected and word not in RIGHT[expected]:
        word += f" ({found.proven})"
    change = ", ".join(f"{name}={value}" for name, value in asked.change)
    row = (asked.path.stem, str(asked.scale), str(asked.node), operator(asked), change)
    return Verdict(*row, expected, word, f"{time.monotonic() - began:.1f}")


def tables(rows: Sequence[Verdict]) -> Iterator[str]:
    """Yield how many verdicts there are of each kind, by operator and by network.

    That is: of a broken node that computes something else, of one that computes the same at the
    lengths that were compared, of an unbroken network, of a node that onnxruntime refuses.
    """
    kinds = ("different", "not different", "equal", "")
    heads = ("differ", "same", "unbroken", "refused", "false")
    for title, column in (("operator", 3), ("network", 0)):
        yield f"{title:40}" + "".join(f"{head:>10}" for head in heads)
        for name in sorted({row[column] for row in rows}):
            own = [row for row in rows if row[column] == name]
            counts = [sum(row.expected == kind for row in own) for kind in kinds]
            false = sum(row.false for row in own)
            yield f"{name:40}" + "".join(f"{count:10}" for count in (*counts, false))
        yield ""
    for (expected, word), count in sorted(
        Counter((row.expected, row.word.partition(",")[0]) for row in rows).items()
    ):
        yield f"{count:5} expected {expected or 'nothing'}: {word}"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--rows", type=Path, default=None)
    options = parser.parse_args()
    every_one = list(every(options.folder))
    asked = every_one
    if options.limit:
        asked = random.Random(options.seed).sample(asked, len(asked))[: options.limit]  # noqa: S311
    known: dict[tuple[str, ...], Verdict] = {}
    if options.rows is not None and options.rows.exists():
        lines = options.rows.read_text(encoding="utf-8").splitlines()
        known = {one[:5]: one for one in (Verdict(*line.split("\t")) for line in lines)}
    rows: list[Verdict] = []
    for one in asked:
        change = ", ".join(f"{name}={value}" for name, value in one.change)
        key = (one.path.stem, str(one.scale), str(one.node), operator(one), change)
        row = known.get(key)
        if row is None:
            row = given(one)
            print(row.text, flush=True)
            if options.rows is not None:
                with options.rows.open("a", encoding="utf-8") as file:
                    file.write("\t".join(row) + "\n")
        rows.append(row)
    print(
        f"# halfpixel verify on broken networks: onnxruntime {ort.__version__}, onnx "
        f"{onnx.__version__}, Python {platform.python_version()}"
    )
    print("\n".join(tables(rows)))
    false = [row for row in rows if row.false]
    print(f"{len(rows)} verdicts of {len(every_one)}, {len(false)} of them false")
    for row in false:
        print(row.text)
    return bool(false)


if __name__ == "__main__":
    sys.exit(main())
