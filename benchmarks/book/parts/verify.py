"""verify beside Polygraphy's comparison of the same two models, one of whose resizes is spoiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from book.bench import Subject
from book.peers import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from book.bench import Bench
    from book.results import Case

RUNS = """
import sys
import numpy as np
import onnxruntime as ort
x = np.random.default_rng(0).random((1, 16, 256, 256), np.float32)
for path in sys.argv[1:]:
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    session.run(None, {"x": x})
    del session
"""
BOTH = (
    '"$1" run "$2" --onnxrt --onnx-outputs mark all --seed 0 --save-outputs "$4" && '
    '"$1" run "$3" --onnxrt --onnx-outputs mark all --seed 0 --load-outputs "$4"'
)


def cases(bench: Bench) -> Iterator[Case]:
    """Measure."""
    right, spoiled = (str(bench.model(name)) for name in ("right", "spoiled"))
    python = bench.peers.python("polygraphy")
    saved = bench.folder / "outputs.json"
    if isinstance(python, str):
        peer = Subject("Polygraphy run, all outputs", "peer", unavailable=python)
    else:
        command = ["sh", "-c", BOTH, "sh", str(python.parent / "polygraphy"), right, spoiled]
        answers = frozenset({0, 1})  # 1 says that they differ
        words = [*command, str(saved)]
        peer = Subject("Polygraphy run, all outputs", "peer", words, PLAIN, answers)
    yield bench.case(
        "64 layers, 260 MB of activations, one resize spoiled",
        [
            bench.ours("verify", spoiled, right, name="halfpixel verify"),
            peer,
            bench.code("each model run once", "limit", RUNS, right, spoiled),
        ],
        {"layers": 64, "activations": 64 * 16 * 256 * 256 * 4},
    )
    saved.unlink(missing_ok=True)
