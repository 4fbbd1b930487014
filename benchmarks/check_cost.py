"""Time and peak memory of `halfpixel check` beside onnx.load, as whole processes.

    python benchmarks/make_models.py FOLDER
    python benchmarks/check_cost.py FOLDER

Each command runs several times, alternating with its peer; the medians of one run are
compared. What is asked of them: on 1.5 GB at most a tenth of the time and a thirtieth of the
memory of onnx.load; on 1 MB at most 0.2 s more than a bare interpreter; on 100,000 nodes at
most 3 times onnx.load(load_external_data=False). Needs a system with os.wait4.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

RUNS = 9
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
LOAD = "import onnx, sys; onnx.load(sys.argv[1])"
LOAD_STRUCTURE = "import onnx, sys; onnx.load(sys.argv[1], load_external_data=False)"


def cost(command: list[str]) -> tuple[float, float]:
    """Return (seconds, peak megabytes) of one process."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        sys.exit(f"{' '.join(command)} gave {process.returncode}")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return time.perf_counter() - start, usage.ru_maxrss / unit


def side_by_side(one: list[str], other: list[str]) -> tuple[tuple[float, float], ...]:
    """Return the median (seconds, megabytes) of two commands, run in turns."""
    runs: tuple[list[tuple[float, float]], ...] = ([], [])
    for command in (one, other):
        cost(command)  # once to warm the file cache
    for _ in range(RUNS):
        for command, found in zip((one, other), runs, strict=True):
            found.append(cost(command))
    return tuple((median(s for s, _ in found), median(m for _, m in found)) for found in runs)


def main() -> None:
    """Measure the three models."""
    folder = Path(sys.argv[1])
    python = sys.executable
    check = [python, "-m", "halfpixel", "check", "--output-format", "json"]

    path = str(folder / "large.onnx")
    ours, peer = side_by_side([*check, path], [python, "-c", LOAD, path])
    print(
        f"large.onnx: check {ours[0]:.2f} s, {ours[1]:.0f} MB; onnx.load {peer[0]:.2f} s, "
        f"{peer[1]:.0f} MB: 1/{peer[0] / ours[0]:.0f} of the time (asked 1/10), "
        f"1/{peer[1] / ours[1]:.0f} of the memory (asked 1/30)"
    )
    path = str(folder / "one_megabyte.onnx")
    ours, peer = side_by_side([*check, path], [python, "-c", ""])
    print(
        f"one_megabyte.onnx: check {ours[0]:.3f} s, bare interpreter {peer[0]:.3f} s: "
        f"{ours[0] - peer[0]:.3f} s more (asked 0.2)"
    )
    for name in ("many_nodes.onnx", "many_resizes.onnx"):
        path = str(folder / name)
        ours, peer = side_by_side([*check, path], [python, "-c", LOAD_STRUCTURE, path])
        print(
            f"{name}: check {ours[0]:.2f} s, onnx.load {peer[0]:.2f} s: "
            f"{ours[0] / peer[0]:.2f} times (asked 3)"
        )


if __name__ == "__main__":
    main()
