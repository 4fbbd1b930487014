"""The process that starts the workers, watches them, and tells what they found."""

import multiprocessing
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from fuzzing.targets import TARGETS
from fuzzing.worker import Ended, Figures, Found, Plan, Shared, keep, work

STUCK: Final = 300.0
"""Seconds of the clock after which a worker that tries one input is ended: it does not hear
its own timer, deep in a library."""

MEMORY_FOLDER: Final = Path("/dev/shm")  # noqa: S108 - a new folder of our own is made in it


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: how long, how many, of what, and where failures are kept."""

    minutes: float
    inputs: int | None
    targets: Sequence[str]
    seed: int
    jobs: int
    failures: Path


@dataclass(slots=True)
class Child:
    """A worker as its parent sees it."""

    process: BaseProcess
    from_child: Connection
    now: Shared
    figures: dict[str, Figures]
    last: int = -1
    since: float = 0.0


@dataclass(slots=True)
class Parent:
    """A run: its workers, and what they found so far."""

    asked: Asked
    found: dict[str, Found] = field(default_factory=dict[str, Found])
    done: list[dict[str, Figures]] = field(default_factory=list[dict[str, Figures]])
    until: float = 0.0
    room: Path = Path()

    def run(self) -> int:
        """Run all workers to their end, print the figures, and return the exit code."""
        start = time.monotonic()
        self.until = start + self.asked.minutes * 60
        self.room = Path(tempfile.mkdtemp(prefix="halfpixel-fuzzing-", dir=memory_folder()))
        jobs = range(self.asked.jobs)
        children = [self.started(dict.fromkeys(self.asked.targets, job)) for job in jobs]
        try:
            while children:
                children = [new for child in children for new in self.watched(child)]
                time.sleep(0.2)
        except KeyboardInterrupt:
            print("ended early")
        finally:
            for child in children:
                self.done.append(child.figures)
                child.process.kill()
                child.process.join()
            shutil.rmtree(self.room, ignore_errors=True)
        self.show(time.monotonic() - start)
        return 1 if self.found else 0

    def started(self, first: dict[str, int]) -> Child:
        """Start a worker whose inputs begin at some numbers."""
        asked, context = self.asked, multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        now = context.Array("q", 3, lock=False)
        plan = Plan(
            asked.targets,
            asked.seed,
            first,
            asked.jobs,
            self.until,
            asked.inputs,
            self.room,
            asked.failures,
            frozenset(self.found),
        )
        process = context.Process(target=work, args=(plan, theirs, now), daemon=True)
        process.start()
        theirs.close()
        figures = {name: Figures(following=number) for name, number in first.items()}
        return Child(process, ours, now, figures, since=time.monotonic())

    def watched(self, child: Child) -> list[Child]:
        """Hear what a worker tells; return it, its successor, or nothing where it is done."""
        told = self.heard(child)
        if told is not None:
            child.process.join()
            self.done.append(told.figures)
            return [self.started(_following(told.figures))] if told.again else []
        if child.now[2] != child.last:
            child.last, child.since = child.now[2], time.monotonic()
        stuck = time.monotonic() - child.since > STUCK
        if child.process.is_alive() and not stuck:
            return [child]
        if stuck:
            child.process.kill()
        child.process.join()
        self.heard(child)
        return self.died(child, "hang in a library" if stuck else "")

    def heard(self, child: Child) -> Ended | None:
        """Take in what a worker has told; return its last word."""
        try:
            while child.from_child.poll():
                told = child.from_child.recv()
                if isinstance(told, Found):
                    self.tell(told)
                elif isinstance(told, Ended):
                    return told
                else:
                    child.figures = told
        except EOFError:
            pass
        return None

    def died(self, child: Child, why: str) -> list[Child]:
        """Tell that an input ended its process, and go on behind it."""
        if child.last <= 0:
            self.tell(Found("", 0, f"a worker does not start: {child.process.exitcode}", ""))
            return []
        target, number = TARGETS[child.now[0]], child.now[1]
        code = child.process.exitcode or 0
        why = why or (signal.Signals(-code).name if code < 0 else f"exit code {code}")
        kept = keep(
            target.case(self.asked.seed, number),
            self.asked.failures / f"{target.name}-{number}",
            why,
        )
        self.tell(
            Found(target.name, number, f"the process ends: {target.name}: {why}", why, str(kept))
        )
        figures = child.figures[target.name]
        figures.inputs += max(0, number - figures.following) // self.asked.jobs + 1
        figures.failing += 1
        figures.following = number + self.asked.jobs
        self.done.append(child.figures)
        return [self.started(_following(child.figures))] if time.monotonic() < self.until else []

    def tell(self, found: Found) -> None:
        """Print a failure, once of each kind."""
        if found.kind in self.found:
            return
        self.found[found.kind] = found
        print(f"FAILURE {len(self.found)}: {found.target} {found.number}: {found.kind}")
        print(f"  {found.kept}", flush=True)

    def show(self, seconds: float) -> None:
        """Print what was tried."""
        print(
            f"\n{'target':15}{'inputs':>9}{'read':>9}{'failing':>9}{'slowest':>10}{'largest':>10}"
        )
        whole = 0
        for name in self.asked.targets:
            parts = [figures[name] for figures in self.done if name in figures]
            inputs = sum(one.inputs for one in parts)
            whole += inputs
            slowest = max((one.slowest for one in parts), default=0.0)
            largest = max((one.largest for one in parts), default=0) / 1e6
            print(
                f"{name:15}{inputs:9,}{sum(one.read for one in parts):9,}"
                f"{sum(one.failing for one in parts):9,}{slowest:8.2f} s{largest:7.0f} MB"
            )
        what = f"{whole:,} inputs in {seconds / 60:.1f} minutes, seed {self.asked.seed}"
        print(f"{what}: {len(self.found)} kinds of failures")
        if self.found:
            print(f"kept in {self.asked.failures}")


def memory_folder() -> Path | None:
    """Return where files are written fastest; None for where the system puts passing ones."""
    return MEMORY_FOLDER if MEMORY_FOLDER.is_dir() else None


def _following(figures: dict[str, Figures]) -> dict[str, int]:
    return {name: one.following for name, one in figures.items()}
