"""Time and peak memory of `halfpixel check` beside onnx.load, as whole processes.

    python benchmarks/cost/make_models.py FOLDER
    python benchmarks/cost/check_cost.py FOLDER
    python benchmarks/cost/check_cost.py FOLDER --against CHECKOUT

Each command runs several times, alternating with its peer; the medians of one run are
compared. What is asked of them: on 1.5 GB at most a tenth of the time and a thirtieth of the
memory of onnx.load; at start-up at most 0.1 s more than a bare interpreter; on 100,000 nodes at
most 3 times onnx.load(load_external_data=False), on 1,000,000 at most 2 times; a warm check of a
small file inside a process at most 1 ms. With --against, the start-up alone is measured:
on 1 MB, how much more than a bare interpreter this tree takes and how much another checkout
does, from a folder without settings, in wall time and in time of the processor. Needs a system
with os.wait4.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from processes import Tree, side_by_side

HERE = Path(__file__).resolve().parents[2]
LOAD = "import onnx, sys; onnx.load(sys.argv[1])"
LOAD_STRUCTURE = "import onnx, sys; onnx.load(sys.argv[1], load_external_data=False)"
CHECK = [sys.executable, "-m", "halfpixel", "check", "--output-format", "json"]
BARE = [sys.executable, "-c", ""]
LEAST = [sys.executable, "-S", "-c", ""]
WRONG = ("A1", "B1", "B6")


def beside_onnx(folder: Path) -> None:
    """Measure the models beside what onnx takes to load them."""
    python = sys.executable
    path = str(folder / "large.onnx")
    ours, peer = side_by_side([*CHECK, path], [python, "-c", LOAD, path])
    print(
        f"large.onnx: check {ours.seconds:.2f} s, {ours.megabytes:.0f} MB; onnx.load "
        f"{peer.seconds:.2f} s, {peer.megabytes:.0f} MB: "
        f"1/{peer.seconds / ours.seconds:.0f} of the time (asked 1/10), "
        f"1/{peer.megabytes / ours.megabytes:.0f} of the memory (asked 1/30)"
    )
    for name, asked in (("small.onnx", 0.1), ("one_megabyte.onnx", 0.2)):
        path = str(folder / name)
        ours, peer, least = side_by_side([*CHECK, path], BARE, LEAST)
        print(
            f"{name}: check {ours.seconds:.3f} s, bare interpreter {peer.seconds:.3f} s, without "
            f"site {least.seconds:.3f} s: {ours.seconds - peer.seconds:.3f} and "
            f"{ours.seconds - least.seconds:.3f} s more (asked {asked})"
        )
    many = (("many_nodes.onnx", 3), ("many_resizes.onnx", 3), ("million_nodes.onnx", 2))
    for name, times in many:
        path = str(folder / name)
        ours, peer = side_by_side([*CHECK, path], [python, "-c", LOAD_STRUCTURE, path])
        print(
            f"{name}: check {ours.seconds:.2f} s, {ours.megabytes:.0f} MB; onnx.load "
            f"{peer.seconds:.2f} s, {peer.megabytes:.0f} MB: "
            f"{ours.seconds / peer.seconds:.2f} times (asked {times}), "
            f"{ours.megabytes / peer.megabytes:.2f} times the memory"
        )


def warm(paths: list[Path]) -> None:
    """Measure checks of small files inside this process, each after one of the same file."""
    from halfpixel import check

    for path in paths:
        found = check(path).findings
        costs: list[float] = []
        for _ in range(51):
            start = time.perf_counter()
            check(path)
            costs.append(time.perf_counter() - start)
        told = f"{len(found)} finding{'' if len(found) == 1 else 's'}"
        print(f"{path.name}, warm, {told}: {1e3 * median(costs):.2f} ms (asked 1)")


def beside_another(folder: Path, checkout: Path, runs: int) -> None:
    """Measure the start-up of this tree beside another checkout's."""
    path = str((folder / "one_megabyte.onnx").resolve())
    with tempfile.TemporaryDirectory() as empty:
        commands = [
            Tree(HERE, empty, [*CHECK, path]),
            Tree(checkout.resolve(), empty, [*CHECK, path]),
            Tree(HERE, empty, BARE),
        ]
        ours, theirs, bare = side_by_side(*commands, runs=runs)
    for what, new, old, none in (
        ("wall", ours.seconds, theirs.seconds, bare.seconds),
        ("processor", ours.processor, theirs.processor, bare.processor),
    ):
        print(
            f"one_megabyte.onnx, {what}: check {new:.3f} s, of {checkout} {old:.3f} s, bare "
            f"interpreter {none:.3f} s: {(new - none) / (old - none):.2f} of what it took above a "
            "bare interpreter"
        )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description="Time and memory of halfpixel check.")
    parser.add_argument("folder", type=Path, help="where make_models.py put the models")
    parser.add_argument("--against", type=Path, help="another checkout, whose start-up is measured")
    parser.add_argument("--runs", type=int, default=21, help="how often, with --against")
    asked = parser.parse_args()
    if asked.against is None:
        beside_onnx(asked.folder)
        wrong = [HERE / "models" / "exporter_mismatches" / f"{name}.onnx" for name in WRONG]
        warm([asked.folder / "small.onnx", *wrong])
    else:
        beside_another(asked.folder, asked.against, asked.runs)


if __name__ == "__main__":
    main()
