"""Time and memory of `halfpixel check` on files that are made to be slow, above a bare start.

    python benchmarks/hostile/cost.py
    python benchmarks/hostile/cost.py --kind functions --kind records --bytes 100000

Each kind of file is built at 100 KB and at 10 MB; what is measured is the time of the processor
and the peak memory of a whole process, less what a check of one small model takes. What is asked:
at most 1 s and 200 MB for 100 KB, 5 s and 500 MB for 10 MB. Needs a system with os.wait4, and onnx.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from coreml import COREML
from graphs import GRAPHS

from models import KINDS, SMALL, model, resize

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cost"))

from processes import ENVIRONMENT, Cost

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = [sys.executable, "-m", "halfpixel", "check", "--output-format", "json"]
MOST = 20
"""Seconds after which a process is ended."""

EVERY = {**KINDS, **GRAPHS, **COREML}

ASKED = {100_000: (1.0, 200), 10_000_000: (5.0, 500)}
"""Seconds and megabytes by the size of the file."""


def measure(command: list[str], seconds: int) -> tuple[Cost, int]:
    """Return what a process takes, and its exit code; it is ended after so many seconds of work."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    quiet = subprocess.DEVNULL
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=quiet,
        stderr=quiet,
        env=ENVIRONMENT,
        preexec_fn=limited,  # noqa: PLW1509
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    wall = time.perf_counter() - start
    cost = Cost(wall, usage.ru_maxrss / unit, usage.ru_utime + usage.ru_stime)
    return cost, process.returncode


def lines(kinds: list[str], asked: list[int], limit: float) -> Iterator[str]:
    """Yield a line for each kind and size."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(model([resize(0)], SMALL, []))
        bare, _ = measure([*CHECK, str(path)], MOST)
        yield f"bare start: {bare.processor:.2f} s, {bare.megabytes:.0f} MB"
        for kind in kinds:
            for size in asked:
                path = Path(folder) / ("model.mlmodel" if kind in COREML else "model.onnx")
                path.write_bytes(EVERY[kind](size))
                run, code = measure([*CHECK, str(path)], MOST)
                seconds, memory = run.processor - bare.processor, run.megabytes - bare.megabytes
                most = ASKED.get(size, (limit, 1e9))
                over = "  EXCEEDS" if seconds > most[0] or memory > most[1] or code < 0 else ""
                yield (
                    f"{kind:22} {path.stat().st_size:>10} bytes: {seconds:6.2f} s, "
                    f"{memory:5.0f} MB, exit code {code}{over}"
                )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kind", action="append", choices=list(EVERY), help="such files alone")
    parser.add_argument("--bytes", action="append", type=int, help="sizes of the files")
    parser.add_argument("--limit", type=float, default=5.0, help="seconds asked for other sizes")
    given = parser.parse_args()
    for line in lines(given.kind or list(EVERY), given.bytes or list(ASKED), given.limit):
        print(line, flush=True)


if __name__ == "__main__":
    main()
