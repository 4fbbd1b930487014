"""Time and peak memory of `halfpixel fix` beside cp and onnx.load / onnx.save.

    python benchmarks/cost/make_models.py FOLDER
    python benchmarks/cost/fix_cost.py FOLDER

`large.onnx` holds 1.5 GB of embedded weights. The same edit, align_corners of four resizes, is
made by `halfpixel fix` and by loading, changing and saving the model with onnx; cp copies the
file. Every command writes a new file, which is removed before each run; they run in turns, and
the medians of one run are compared. What is asked: at most 1.5 times what cp takes and 100 MB.
`cp` does not wait for the disk and fix does, so `cp; sync` stands beside them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from processes import side_by_side

RUNS = 7
EDIT = """
import onnx, sys
from onnx import helper
model = onnx.load(sys.argv[1])
for node in model.graph.node:
    if node.op_type == "Resize":
        for attribute in node.attribute:
            if attribute.name == "coordinate_transformation_mode":
                attribute.s = b"align_corners"
onnx.save(model, sys.argv[2])
"""


def main() -> None:
    """Measure the edit."""
    folder = Path(sys.argv[1])
    path, out = str(folder / "large.onnx"), folder / "fixed.onnx"
    python = sys.executable
    fix = [python, "-m", "halfpixel", "fix", path, "-o", str(out), "--expect", "align_corners=true"]
    copy = ["cp", path, str(out)]
    synced = ["sh", "-c", 'cp "$1" "$2" && sync "$2"', "sh", path, str(out)]
    edited = [python, "-c", EDIT, path, str(out)]

    def clear() -> None:
        out.unlink(missing_ok=True)
        os.sync()  # what the run before left to be written is not this one's

    ours, cp, cp_sync = side_by_side(fix, copy, synced, runs=RUNS, before=clear)
    _, onnx = side_by_side(fix, edited, runs=2, before=clear)  # apart: it empties the file cache
    clear()
    print(
        f"large.onnx: fix {ours[0]:.2f} s, {ours[1]:.0f} MB (asked 100); cp {cp[0]:.2f} s, "
        f"cp and sync {cp_sync[0]:.2f} s; onnx.load and save {onnx[0]:.2f} s, {onnx[1]:.0f} MB: "
        f"{ours[0] / cp[0]:.2f} times cp (asked 1.5), {ours[0] / cp_sync[0]:.2f} times cp and "
        f"sync, 1/{onnx[0] / ours[0]:.0f} of the time and 1/{onnx[1] / ours[1]:.0f} of the memory "
        "of onnx"
    )


if __name__ == "__main__":
    main()
