"""A registry of 10,000 models, checked: time, memory, faults told, the second run, a killed one.

    python benchmarks/registry.py [FOLDER] [--models N] [--jobs N]

The models are made of those in `models/` (each copy says in its doc_string which it is), of
larger ones that are built here, of hostile ones (`hostile_models.py`), and of broken ones: cut,
with bits flipped, empty, no model at all, absent. All is the same on every machine. A rule package is
installed beside them whose rule crashes at nodes of one name.

What is asked: at most 1.3 times the time that two perfect workers take, which is half of what one
process takes for one file after the other; at most 500 MB in all processes together; each fault
told once; a second run at least 20 times faster; and a run that is killed at random and resumed
comes to the same bytes. Needs Linux, whose /proc tells the memory of each process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from platform import machine

import numpy as np
from hostile_models import KINDS
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parent.parent
DOC_STRING = 6 << 3 | 2
"""Tag of ModelProto.doc_string: of several that a message has, the last one counts."""

SIZE = 30_000
"""Bytes of a hostile model."""

ENDS = b"crash"
"""What nodes are called at which the rule ends its process."""

RULE = '''"""A node is called crash.

## Why it matters
It ends the process, as a defect of a library would.

## Where it comes from
This benchmark.

## What is reported
Nothing.

## Fix safety
None.
"""

import os
import signal
from collections.abc import Iterator

from halfpixel.rule import Finding, Rule
from halfpixel.site import Site


def check(site: Site) -> Iterator[Finding]:
    """End the process."""
    if site.name == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    return
    yield


RULE = Rule(__name__, __doc__, check)
'''

ALONE = """
import json, sys, time
from pathlib import Path
from halfpixel.checking.check import Judge, Settings
paths = [Path(text) for text in json.load(open(sys.argv[1]))]
judge = Judge(Settings())
began = time.perf_counter()
for path in paths:
    judge.file(path, str(path))
print(time.perf_counter() - began, time.process_time())
"""


@dataclass
class Registry:
    """A folder of models.

    Attributes:
        folder: where they lie.
        broken: those that are to be told as faults, by their names.
        crashing: those of them at which the process ends.
        names: all of them.
        size: their bytes.
    """

    folder: Path
    broken: set[str] = field(default_factory=set)
    crashing: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    size: int = 0

    def write(self, place: int, kind: str, data: bytes | None) -> None:
        """Write one model; None for a link to nothing."""
        name = f"{place // 500:02}/{place:05}-{kind}.onnx"
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.symlink_to("/nowhere/at/all.onnx")
        else:
            path.write_bytes(data)
            self.size += len(data)
        self.names.append(name)


def made(folder: Path, count: int) -> Registry:
    """Make a registry: of 100 models 92 are sound, 4 larger, 2 hostile and 2 broken."""
    registry = Registry(folder)
    chance = random.Random(19)  # noqa: S311 - any will do
    sound = [p.read_bytes() for p in sorted((ROOT / "models").rglob("*.onnx"))]
    larger = [chain(nodes, payload) for nodes, payload in ((500, 0), (2_000, 0), (60, 4), (9, 12))]
    hostile = [KINDS[name](SIZE) for name in sorted(KINDS)]
    for place in range(count):
        kind = place % 100
        base = sound[place % len(sound)]
        note = f"model {place}".encode()
        said = bytes([DOC_STRING, len(note)]) + note
        if kind < 92:
            registry.write(place, "sound", base + said)
        elif kind < 96:
            registry.write(place, "larger", larger[place % 4] + said)
        elif kind < 98:
            registry.write(place, "hostile", hostile[(place // 50) % len(hostile)] + said)
        else:
            registry.write(place, "broken", broken(place, base, chance))
            registry.broken.add(registry.names[-1])
            if (place // 100) % 20 == 7 and kind == 98:
                registry.crashing.add(registry.names[-1])
                path = folder / registry.names[-1]
                path.unlink(missing_ok=True)
                path.write_bytes(chain(1, 0, ENDS.decode()) + said)
    return registry


def broken(place: int, base: bytes, chance: random.Random) -> bytes | None:
    """Return the bytes of a file that is no model; None for a link to nothing."""
    match (place // 2) % 5:
        case 0:
            return base[: chance.randrange(8, len(base) // 2)]
        case 1:
            return chance.randbytes(2_000)
        case 2:
            return b""
        case 3:
            return b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"
        case _:
            return None


def chain(nodes: int, megabytes: int, name: str = "up") -> bytes:
    """Return a chain of nodes, each tenth of which is a resize, with weights of so many MB."""
    made_nodes = []
    for place in range(nodes):
        ends = [f"v{place}"], [f"v{place + 1}"]
        if place % 10:
            made_nodes.append(helper.make_node("Relu", *ends))
            continue
        own = {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}
        called = name if nodes == 1 else f"{name}{place}"
        made_nodes.append(
            helper.make_node("Resize", [*ends[0], "", "scales"], ends[1], name=called, **own)
        )
    weights = [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")]
    if megabytes:
        weights.append(numpy_helper.from_array(np.zeros(megabytes << 18, np.float32), "weights"))
    ends = [
        helper.make_tensor_value_info(one, TensorProto.FLOAT, shape)
        for one, shape in (("v0", [1, 3, "h", "w"]), (f"v{nodes}", [1, 3, "a", "b"]))
    ]
    graph = helper.make_graph(made_nodes, "g", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version, model.producer_name = 9, "benchmark"
    return model.SerializeToString()


def packages(folder: Path) -> Path:
    """Install the rule that crashes; return the folder that is put on Python's path."""
    package, known = folder / "crashing_rules", folder / "crashing_rules-1.0.dist-info"
    for place in (package, known):
        place.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    (package / "called_crash.py").write_text(RULE, encoding="utf-8")
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: crashing-rules\nVersion: 1\n")
    (known / "entry_points.txt").write_text("[halfpixel.rules]\ncrashing = crashing_rules\n")
    return folder


def memory(root: int) -> int:
    """Return the bytes that a process and all below it hold, each page counted once."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            after = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(place.name)] = int(after[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    held = 0
    for pid in family:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
        except OSError:
            continue
        held += sum(int(one.split()[1]) for one in text.splitlines() if one.startswith("Pss:"))
    return held << 10


@dataclass
class Runs:
    """How the registry is checked.

    Attributes:
        registry: the models.
        folder: where reports and caches go.
        jobs: processes.
    """

    registry: Registry
    folder: Path
    jobs: int

    @property
    def environment(self) -> dict[str, str]:
        """Where the rule that crashes is found."""
        own = [str(self.folder / "packages"), str(ROOT / "convert"), str(ROOT / "rules")]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(own)}

    def start(self, cache: str, report: str) -> subprocess.Popen[bytes]:
        """Begin a run."""
        command = [
            sys.executable, "-m", "halfpixel", "check", str(self.registry.folder), "--jobs",
            str(self.jobs), "--cache", str(self.folder / cache), "-o", str(self.folder / report),
            "--output-format", "jsonl",
        ]  # fmt: skip
        return subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)

    def timed(self, cache: str, report: str) -> tuple[float, int]:
        """Return the seconds that a run takes, and the most memory that it holds."""
        began, most, stop = time.perf_counter(), 0, threading.Event()
        run = self.start(cache, report)

        def watch() -> None:
            nonlocal most
            while not stop.wait(0.25):
                most = max(most, memory(run.pid))

        thread = threading.Thread(target=watch)
        thread.start()
        run.wait()
        seconds = time.perf_counter() - began
        stop.set()
        thread.join()
        return seconds, most

    def alone(self) -> float:
        """Return the seconds that one process takes, one file after the other."""
        crash = self.registry.crashing
        paths = [str(self.registry.folder / n) for n in self.registry.names if n not in crash]
        listed = self.folder / "list.json"
        listed.write_text(json.dumps(paths), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", ALONE, str(listed)],
            check=True, capture_output=True, text=True, env=self.environment,
        )  # fmt: skip
        return float(done.stdout.split()[0])

    def killed(self, seconds: float, times: int = 5) -> int:
        """Kill a run at random, again and again, and let the last one end; return how often."""
        chance, ended = random.Random(7), 0  # noqa: S311 - any will do
        while ended < times:
            run = self.start("killed", "killed.jsonl")
            time.sleep(chance.uniform(0.1, 0.4) * seconds)
            if run.poll() is not None:
                return ended
            run.send_signal(signal.SIGKILL)
            run.wait()
            ended += 1
        self.start("killed", "killed.jsonl").wait()
        return ended

    def sum_of(self, report: str) -> str:
        """Return a hash of a report."""
        return hashlib.sha256((self.folder / report).read_bytes()).hexdigest()[:16]

    def faults(self, report: str) -> tuple[int, int]:
        """Return how many faults are told once, and how many lines the report has too many."""
        lines = (self.folder / report).read_text(encoding="utf-8").splitlines()
        told = [json.loads(line) for line in lines]
        failed = [os.path.relpath(f["path"], self.registry.folder) for f in told if f["error"]]
        once = sum(failed.count(name) == 1 for name in self.registry.broken)
        return once, len(lines) - len(self.registry.names)


def main() -> None:
    """Make the models, run, and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path)
    arguments.add_argument("--models", type=int, default=10_000)
    arguments.add_argument("--jobs", type=int, default=2)
    given = arguments.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="registry-"))
    try:
        report(folder, given.models, given.jobs)
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def report(folder: Path, count: int, jobs: int) -> None:
    """Print the figures."""
    packages(folder / "packages")
    runs = Runs(made(folder / "models", count), folder, jobs)
    registry = runs.registry
    print(f"{machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    print(f"Python {sys.version.split()[0]}, onnx {version('onnx')}, numpy {version('numpy')}")
    print(
        f"{count} models, {registry.size / 1e6:.0f} MB; {len(registry.broken)} are broken, "
        f"{len(registry.crashing)} of them end the process that judges them"
    )
    alone = [runs.alone()]
    first, most = runs.timed("cache", "first.jsonl")
    alone.append(runs.alone())
    perfect = sum(alone) / len(alone) / jobs
    print(
        f"one after the other: {alone[0]:.1f} and {alone[1]:.1f} s, so {jobs} perfect workers take "
        f"{perfect:.1f} s"
    )
    print(f"first run: {first:.1f} s, {first / perfect:.2f} times (asked 1.3)")
    print(f"memory of all its processes: {most / 1e6:.0f} MB (asked 500)")
    once, more = runs.faults("first.jsonl")
    print(f"faults told once: {once} of {len(registry.broken)}; lines too many: {more}")
    second, _ = runs.timed("cache", "second.jsonl")
    print(f"second run: {second:.2f} s, {first / second:.1f} times faster (asked 20)")
    same = runs.sum_of("first.jsonl") == runs.sum_of("second.jsonl")
    print(f"its report is {'the same' if same else 'ANOTHER'} to the byte")
    ended = runs.killed(first)
    same = runs.sum_of("first.jsonl") == runs.sum_of("killed.jsonl")
    print(f"killed {ended} times and resumed: {'the same' if same else 'ANOTHER'} to the byte")
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
