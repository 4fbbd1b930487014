"""A registry of 10,000 models, checked: time, memory, faults told, the second run, a killed one.

    python benchmarks/cost/registry.py [FOLDER] [--models N] [--jobs N] [--turns]

The models are made of those in `models/` (each copy says in its doc_string which it is), of
larger ones that are built here, of hostile ones (`hostile/models.py`), and of broken ones: cut,
with bits flipped, empty, no model at all, absent. All is the same on every machine. A rule package
is installed beside them whose rule crashes at nodes of one name.

What is asked: at most 1.3 times the time that two perfect workers take, which is half of what one
process takes for one file after the other, and is measured as that and, since a machine that does
other work too gives more to two processes than to one, with two processes. The three take turns, on
one quarter of the models after the other (of three quarters), so that all meet the same machine,
and medians with quartiles are told. At most 500 MB in all processes together; each fault told once;
a second run at least 20 times faster; and a run that is killed at random and resumed comes to the
same bytes. Needs Linux, whose /proc tells the memory of each process.
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
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from platform import machine
from statistics import quantiles

from registry_models import Registry, made, packages

ROOT = Path(__file__).resolve().parents[2]

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
class Took:
    """What a run takes.

    Attributes:
        seconds: by the clock.
        cpu: seconds of all cores, of all its processes.
        memory: bytes that all its processes hold at most.
    """

    seconds: float
    cpu: float
    memory: int = 0


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

    def start(
        self, cache: str, report: str, files: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        """Begin a run, of all models where `files` does not say of which."""
        command = [
            sys.executable, "-m", "halfpixel", "check",
            *(files or (str(self.registry.folder),)), "--jobs",
            str(self.jobs), "--cache", str(self.folder / cache), "-o", str(self.folder / report),
            "--output-format", "jsonl",
        ]  # fmt: skip
        return subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)

    def timed(self, cache: str, report: str, files: tuple[str, ...] = ()) -> Took:
        """Return what a run takes."""
        began, most, stop = time.perf_counter(), 0, threading.Event()
        run = self.start(cache, report, files)

        def watch() -> None:
            nonlocal most
            while not stop.wait(0.25):
                most = max(most, memory(run.pid))

        thread = threading.Thread(target=watch)
        thread.start()
        _, status, used = os.wait4(run.pid, 0)  # with all processes that it waited for
        seconds = time.perf_counter() - began
        run.returncode = os.waitstatus_to_exitcode(status)
        stop.set()
        thread.join()
        return Took(seconds, used.ru_utime + used.ru_stime, most)

    def turn(self, quarter: int) -> tuple[Took, Took, Took]:
        """Return what a quarter of the models takes: one process, perfect workers, the command."""
        names = self.registry.names[quarter::4]
        paths = [str(self.registry.folder / name) for name in names]
        listed = self.folder / f"quarter{quarter}"
        listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
        crash = {str(self.registry.folder / name) for name in self.registry.crashing}
        alive = [path for path in paths if path not in crash]

        def command() -> Took:
            return self.timed(
                f"cache{quarter}", f"quarter{quarter}.jsonl", ("--files-from", str(listed))
            )

        first = command() if quarter % 2 else None
        return self.perfect(1, alive), self.perfect(self.jobs, alive), first or command()

    def perfect(self, workers: int, paths: list[str]) -> Took:
        """Return what so many processes take, each for its part, one file after the other.

        They ask nobody for the next file, start nothing anew, and are all done at once.
        """
        running: list[subprocess.Popen[str]] = []
        for worker in range(workers):
            listed = self.folder / f"list{worker}.json"
            listed.write_text(json.dumps(paths[worker::workers]), encoding="utf-8")
            command = [sys.executable, "-c", ALONE, str(listed)]
            running.append(
                subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)
            )
        told = [[float(n) for n in one.communicate()[0].split()] for one in running]
        return Took(sum(wall for wall, _ in told) / workers, sum(cpu for _, cpu in told))

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


def spread(values: list[float]) -> str:
    """Return a median with its quartiles.

    >>> spread([1.0, 2.0, 3.0])
    '2.00 (1.00 to 3.00)'
    """
    low, middle, high = quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Make the models, run, and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path)
    arguments.add_argument("--models", type=int, default=10_000)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--turns", action="store_true", help="the first figures alone")
    given = arguments.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="registry-"))
    try:
        report(folder, given.models, given.jobs, turns_alone=given.turns)
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def report(folder: Path, count: int, jobs: int, *, turns_alone: bool) -> None:
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
    turns = [runs.turn(quarter) for quarter in range(3)]
    print("three quarters of the models, in turns, each:")
    print(f"  one process, one file after the other: {spread([a.seconds for a, _, _ in turns])} s")
    print(f"  {jobs} perfect workers: {spread([b.seconds for _, b, _ in turns])} s")
    print(f"  halfpixel check: {spread([c.seconds for _, _, c in turns])} s, which is")
    print(
        f"    {spread([c.seconds / b.seconds for _, b, c in turns])} times that of the perfect "
        f"workers, {spread([c.seconds * jobs / a.seconds for a, _, c in turns])} times that of one "
        f"process over {jobs} (asked 1.3)"
    )
    print(
        f"    {spread([c.cpu / a.cpu for a, _, c in turns])} times the cores' time of one process"
    )
    if turns_alone:
        return
    first = runs.timed("cache", "first.jsonl")
    print(f"first run of all: {first.seconds:.1f} s, {first.cpu:.1f} s of the cores")
    print(f"memory of all its processes: {first.memory / 1e6:.0f} MB (asked 500)")
    once, more = runs.faults("first.jsonl")
    print(f"faults told once: {once} of {len(registry.broken)}; lines too many: {more}")
    second = runs.timed("cache", "second.jsonl")
    print(
        f"second run: {second.seconds:.2f} s, {first.seconds / second.seconds:.1f} times faster, "
        f"with {first.cpu / second.cpu:.1f} times less of the cores (asked 20)"
    )
    same = runs.sum_of("first.jsonl") == runs.sum_of("second.jsonl")
    print(f"its report is {'the same' if same else 'ANOTHER'} to the byte")
    ended = runs.killed(first.seconds)
    same = runs.sum_of("first.jsonl") == runs.sum_of("killed.jsonl")
    print(f"killed {ended} times and resumed: {'the same' if same else 'ANOTHER'} to the byte")
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
