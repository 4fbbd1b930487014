"""fix beside cp, and beside the same edit by onnx.load and onnx.save."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from book.bench import Subject
from book.meter import warm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from book.bench import Bench
    from book.results import Case

EDIT = """
import onnx, sys
model = onnx.load(sys.argv[1])
for node in model.graph.node:
    if node.op_type == "Resize":
        for attribute in node.attribute:
            if attribute.name == "coordinate_transformation_mode":
                attribute.s = b"align_corners"
onnx.save(model, sys.argv[2])
"""
MODELS = (("1 MB", "one_megabyte"), ("1.5 GB embedded", "embedded"))
QUICK = (("1 MB", "one_megabyte"), ("94 MB embedded", "weights-4"))


def cases(bench: Bench) -> Iterator[Case]:
    """Measure."""
    for name, model in QUICK if bench.quick else MODELS:
        path, out = bench.model(model), bench.folder / "fixed.onnx"

        def clear() -> None:
            out.unlink(missing_ok=True)  # noqa: B023 - called within this turn of the loop
            os.sync()  # what the run before left to be written is not this one's

        words = ("fix", str(path), "-o", str(out), "--expect", "align_corners=true")
        synced = 'cp "$1" "$2" && sync "$2"'
        warm(path)
        yield bench.case(
            f"{name}, one attribute of each resize",
            [
                bench.ours(*words, name="halfpixel fix"),
                bench.peer_code("onnx.load and onnx.save", "onnx", EDIT, str(path), str(out)),
                Subject("cp", "limit", ["cp", str(path), str(out)]),
                Subject("cp and sync", "limit", ["sh", "-c", synced, "sh", str(path), str(out)]),
            ],
            {"bytes": path.stat().st_size},
            before=clear,
        )
        clear()
