"""One process that makes inputs and tries them, within bounds of time and memory."""

import contextlib
import os
import shlex
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Protocol

from fuzzing import limits
from fuzzing.case import Case
from fuzzing.smaller import smaller
from fuzzing.targets import TARGETS, Target
from fuzzing.trial import Trial, tried

WARM: Final = 12
"""Inputs of each target that are tried before anything is measured: libraries are loaded."""

KEPT: Final = 400_000_000
"""Bytes that a process may have kept of all its inputs before a new one takes over."""

MINIMISE: Final = 8.0
"""Seconds that a failing input is made smaller for."""


class Shared(Protocol):
    """What the parent sees of a worker at any moment: numbers at places."""

    def __getitem__(self, place: int, /) -> int:
        """Return a number."""
        ...

    def __setitem__(self, place: int, value: int, /) -> None:
        """Change a number."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker does.

    Attributes:
        targets: names of the targets, in the order of `TARGETS`.
        seed: of all inputs.
        first: number of its first input of each target, by name.
        step: from one number to its next.
        until: when it stops, by time.monotonic.
        inputs: of each target, the number before which it stops; None where time decides alone.
        room: the folder below which it works.
        failures: the folder in which failing inputs are kept.
        known: kinds of failures that were told already.
    """

    targets: Sequence[str]
    seed: int
    first: dict[str, int]
    step: int
    until: float
    inputs: int | None
    room: Path
    failures: Path
    known: frozenset[str] = frozenset()


@dataclass(slots=True)
class Figures:
    """Of one target: inputs tried and read, and what the costliest took.

    Attributes:
        inputs: tried.
        read: of these, those that were not refused.
        spent: seconds, of the clock.
        slowest: seconds of computing of one input.
        largest: bytes of one input.
        failing: inputs that failed.
        following: number of the next input.
    """

    inputs: int = 0
    read: int = 0
    spent: float = 0.0
    slowest: float = 0.0
    largest: int = 0
    failing: int = 0
    following: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A failure that is told: its target, number, kind, text, and where its input is kept."""

    target: str
    number: int
    kind: str
    text: str
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker has ended: with what figures, and whether it wants to be replaced."""

    figures: dict[str, Figures]
    again: bool = False


@dataclass(slots=True)
class Worker:
    """The loop of one process."""

    plan: Plan
    to_parent: Connection
    now: Shared
    figures: dict[str, Figures] = field(default_factory=dict[str, Figures])
    known: set[str] = field(default_factory=set[str])

    def run(self) -> bool:
        """Try inputs until time or numbers are over; return whether a new process is wanted."""
        targets = [one for one in TARGETS if one.name in self.plan.targets]
        self.known = set(self.plan.known)
        self.figures = {name: Figures(following=number) for name, number in self.plan.first.items()}
        warm(targets, self.plan.seed, self.plan.room)
        for _ in range(5):
            limits.pace()
        limits.confine()
        start = limits.resident()
        told = time.monotonic()
        while time.monotonic() < self.plan.until:
            left = [one for one in targets if self._is_open(one)]
            if not left:
                return False
            target = min(left, key=lambda one: self.figures[one.name].spent / one.share)
            self.step(target)
            if time.monotonic() > told + 1:
                told = time.monotonic()
                self.to_parent.send(self.figures)
                if limits.resident() - start > KEPT:
                    return True
        return False

    def step(self, target: Target) -> None:
        """Try the next input of a target."""
        figures = self.figures[target.name]
        number = figures.following
        start = time.monotonic()
        self.now[0], self.now[1] = TARGETS.index(target), number
        self.now[2] += 1
        case = target.case(self.plan.seed, number)
        trial = tried(target, case, self.plan.room)
        figures.following += self.plan.step
        figures.inputs += 1
        figures.read += trial.read
        figures.slowest = max(figures.slowest, trial.cost.seconds)
        figures.largest = max(figures.largest, trial.cost.memory)
        if trial.kind:
            figures.failing += 1
            if trial.kind not in self.known:
                self.known.add(trial.kind)
                self.to_parent.send(self.found(target, number, case, trial))
        figures.spent += time.monotonic() - start

    def found(self, target: Target, number: int, case: Case, trial: Trial) -> Found:
        """Make a failing input smaller, and keep it."""

        def fails(other: Case) -> bool:
            self.now[2] += 1
            return tried(target, other, self.plan.room).kind == trial.kind

        if not trial.kind.startswith(("hang", "slow", "large")):
            case = smaller(case, fails, MINIMISE)
        kept = keep(case, self.plan.failures / f"{target.name}-{number}", trial.text)
        return Found(target.name, number, trial.kind, trial.text, str(kept))

    def _is_open(self, target: Target) -> bool:
        most = self.plan.inputs
        return most is None or self.figures[target.name].following < most


def work(plan: Plan, to_parent: Connection, now: Shared) -> None:
    """Be a worker process: quiet, in a folder of its own, until the plan is done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)  # onnxruntime writes there what it thinks of a model
    room = Path(tempfile.mkdtemp(dir=plan.room))
    os.chdir(room)
    worker = Worker(replace(plan, room=room), to_parent, now)
    try:
        again = worker.run()
        to_parent.send(Ended(worker.figures, again))
    finally:
        os.chdir("/")
        shutil.rmtree(room, ignore_errors=True)


def warm(targets: Sequence[Target], seed: int, room: Path) -> None:
    """Try a few inputs of each target, so that libraries are loaded before costs are measured.

    Those that take long to load come first: what is tried is given up after some seconds.
    """
    import_module("onnx.version_converter")  # which a fix loads
    if any(target.name == "verify" for target in targets):
        for library in ("onnxruntime", "torch"):
            with contextlib.suppress(ImportError):
                import_module(library)
    for target in targets:
        for number in range(WARM):
            tried(target, target.case(seed, -1 - number), room)


def keep(case: Case, folder: Path, text: str) -> Path:
    """Write a failing input into a folder, with the command that fails and what is known of it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    case.write(folder)
    (folder / "FAILURE.txt").write_text(text, encoding="utf-8", errors="backslashreplace")
    line = shlex.join(("halfpixel", *case.command)) if case.command else ""
    (folder / "COMMAND.txt").write_bytes(f"{line}\n".encode("utf-8", "surrogatepass"))
    return folder
