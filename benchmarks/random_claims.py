"""Random nodes and pairs, held to PyTorch, onnxruntime and the exact weights.

    python benchmarks/random_claims.py --count 20000 --seed 1

Every PyTorch call that is claimed is pasted into Python and compared with what onnxruntime and the
exact weights give, at the model's lengths or, where they are free, at many; every verdict on a pair
is held to the weights far out; every difference between onnxruntime and the exact weights has to
have a known cause. Exit code 1 where something is refuted or has none.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from claims.attributing import attribute
from claims.judging import Judged, judge
from claims.nodes import Node, grid_samples, resizes

SHOWN = 3


def main() -> int:
    """Run, print a summary, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shown", type=int, default=SHOWN)
    options = parser.parse_args()
    found: list[tuple[Node, Judged]] = []

    def every(node: Node) -> None:
        found.append((node, judge(node, attribute)))

    start = time.monotonic()
    nodes = st.one_of(resizes(), resizes(), resizes(), resizes(), resizes(), grid_samples())
    run(nodes, every, options.count, options.seed)
    claimed = sum(judged.claimed for _, judged in found)
    compared = sum(judged.compared for _, judged in found)
    print(f"{len(found)} nodes, {claimed} with a PyTorch call, compared at {compared} lengths")
    reasons = Counter(why for _, judged in found for why in set(judged.attributed))
    for why, count in reasons.most_common():
        print(f"  onnxruntime differs at {count} nodes: {why}")
    faults = [fault for _, judged in found for fault in judged.faults]
    groups: dict[tuple[object, ...], list[object]] = {}
    for fault in faults:
        node = fault.node
        key = (fault.kind, node.op, node.attribute("mode"), node.attribute("coordinate_transformation_mode"), node.by, bool(node.free or node.unranked))
        groups.setdefault(key, []).append(fault)
    for key, group in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        print(len(group), *key)
        for fault in group[: options.shown]:
            print("   ", fault.text, fault.lengths, fault.node)
    print(f"{len(faults)} refuted or unexplained, in {time.monotonic() - start:.0f} s")
    return 1 if faults else 0


def run(strategy, check, count: int, number: int) -> None:
    """Call `check` with `count` examples of a strategy."""
    wrapped = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(seed(number)(given(strategy)(check)))
    wrapped()


if __name__ == "__main__":
    sys.exit(main())
