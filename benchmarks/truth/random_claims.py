"""Random nodes and pairs, held to PyTorch, onnxruntime and the exact weights.

    python benchmarks/truth/random_claims.py --count 20000 --seed 1 --workers 4

Every PyTorch call that is claimed of a node is pasted into Python and compared with what
onnxruntime and the exact weights give, at the model's lengths or, where they are free, at many.
Every difference between onnxruntime and the exact weights has to have a known cause (the rows of
docs/conformance-onnxruntime-cpu.md and `conforming/causes.py`). Where a record says what was meant,
a finding has to say so where the node is not that. Every verdict on a pair of samplings is held to
the weights far out. Exit code 1 where something is refuted or has no cause.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from claims.attributing import attribute
from claims.drawing import grid_samples, resizes
from claims.judging import Fault, Judged, judge
from claims.pairs import Pair, pairs, untrue, verdict_of
from claims.records import contradicted, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from claims.nodes import Node

KINDS = ("resize",) * 12 + ("grid",) + ("record",) * 3 + ("pair",) * 4
SAMPLES = {"resize": resizes(), "grid": grid_samples(), "record": recorded(), "pair": pairs()}
EVERY = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), SAMPLES[kind]))


@dataclass
class Tally:
    """What was counted, and what is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def node(self, node: Node) -> None:
        """Judge a node."""
        judged = judge(node, attribute)
        self.counts[f"{node.op} nodes"] += 1
        self.judged(judged)

    def record(self, node: Node) -> None:
        """Judge a node and what a record says of it."""
        self.counts["nodes with a record"] += 1
        self.judged(judge(node, attribute))
        self.wrong(contradicted(node))

    def judged(self, judged: Judged) -> None:
        """Count what was found of a node."""
        self.counts["nodes with a PyTorch call"] += judged.claimed
        self.counts["calls pasted and compared"] += judged.compared
        self.counts.update(f"onnxruntime differs: {why}" for why in set(judged.attributed))
        self.wrong(judged.faults)

    def wrong(self, faults: list[Fault] | tuple[Fault, ...]) -> None:
        """Note what is wrong."""
        for fault in faults:
            given = fault.node
            told = given.attribute("mode"), given.attribute("coordinate_transformation_mode")
            kind = f"{fault.kind}: {given.op} {' '.join(map(str, told))} {given.by}"
            self.faults.append((kind, f"{fault.text} at {fault.lengths}: {given}"))

    def pair(self, pair: Pair) -> None:
        """Judge a verdict."""
        self.counts[f"pairs: {verdict_of(pair)}"] += 1
        text = untrue(pair)
        if text:
            self.faults.append(("pair", f"{text}: {pair}"))


def work(count: int, number: int) -> Tally:
    """Judge `count` examples."""
    tally = Tally()
    judges: dict[str, Callable[[Any], None]] = {
        "resize": tally.node,
        "grid": tally.node,
        "record": tally.record,
        "pair": tally.pair,
    }

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(EVERY)
    def every(example: tuple[str, Any]) -> None:
        kind, value = example
        tally.counts["configurations"] += 1
        judges[kind](value)

    every()
    return tally


def main() -> int:
    """Run, print a summary, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--shown", type=int, default=3, help="examples of each kind of fault")
    options = parser.parse_args()
    start = time.monotonic()
    parts = [options.count // options.workers] * options.workers
    seeds = [options.seed * 1000 + k for k in range(options.workers)]
    tally = Tally()
    with ProcessPoolExecutor(options.workers) as pool:
        for part in pool.map(work, parts, seeds):
            tally.counts += part.counts
            tally.faults += part.faults
    print(f"$ python benchmarks/truth/random_claims.py {' '.join(sys.argv[1:])}")
    print(f"PyTorch {torch.__version__}, onnxruntime {onnxruntime.__version__}, CPU")
    for name, count in sorted(tally.counts.items()):
        print(f"{count:8d}  {name}")
    groups: dict[str, list[str]] = {}
    for kind, text in tally.faults:
        groups.setdefault(kind, []).append(text)
    for kind, texts in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(texts):8d}  {kind}")
        for text in texts[: options.shown]:
            print(f"          {text}")
    print(
        f"{len(tally.faults):8d}  refuted or without a cause, in {time.monotonic() - start:.0f} s"
    )
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
