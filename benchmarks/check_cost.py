"""Time and peak memory of `halfpixel check` beside onnx.load, as whole processes.

    python benchmarks/make_models.py FOLDER
    python benchmarks/check_cost.py FOLDER

Each command runs several times, alternating with its peer; the medians of one run are
compared. What is asked of them: on 1.5 GB at most a tenth of the time and a thirtieth of the
memory of onnx.load; on 1 MB at most 0.2 s more than a bare interpreter; on 100,000 nodes at
most 3 times onnx.load(load_external_data=False). Needs a system with os.wait4.
"""

from __future__ import annotations

import sys
from pathlib import Path

from processes import side_by_side

LOAD = "import onnx, sys; onnx.load(sys.argv[1])"
LOAD_STRUCTURE = "import onnx, sys; onnx.load(sys.argv[1], load_external_data=False)"


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
