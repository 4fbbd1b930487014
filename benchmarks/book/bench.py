"""Commands that take turns: what a part of the book measures with."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from book.meter import FailedError, measure
from book.peers import PLAIN, Peers
from book.results import Case, Cost, Measured
from book.words import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from book.results import Role

ROOT = Path(__file__).resolve().parents[2]
OURS = {**PLAIN, "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("convert", "rules"))}
LONG, LONGER = 1.5, 5.0
"""Seconds: what takes longer runs in three turns, or in one."""
OWN = 10
"""Times the patience with a peer that there is with ours: what is compared has to end."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A command of a case.

    Attributes:
        name: what it is called.
        role: ours, a peer or a limit.
        words: the command.
        environment: its environment, the whole of it.
        answers: the exit codes of an answer.
        unavailable: why it cannot be had here.
    """

    name: str
    role: Role
    words: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: PLAIN)
    answers: frozenset[int] = frozenset({0})
    unavailable: str = ""


@dataclass
class Bench:
    """Where models and environments are, and how often things run.

    Attributes:
        folder: where models are made.
        peers: the programs beside us.
        turns: how often a quick command runs.
        patience: seconds of the processor after which a run is stopped.
        quick: small models and one turn: to see that everything runs.
    """

    folder: Path
    peers: Peers
    turns: int
    patience: float
    quick: bool

    def model(self, name: str) -> Path:
        """Return a model; it is made by a process of its own."""
        path = self.folder / f"{name}.onnx"
        if not path.exists():
            script = str(Path(__file__).with_name("models.py"))
            subprocess.run([sys.executable, script, str(self.folder), name], check=True)
        return path

    def ours(self, *words: str, name: str) -> Subject:
        """Return a command of this tree's halfpixel."""
        command = [sys.executable, "-m", "halfpixel", *words]
        return Subject(name, "ours", command, OURS, frozenset({0, 1}))

    def code(self, name: str, role: Role, code: str, *words: str) -> Subject:
        """Return a piece of Python for our own interpreter, without halfpixel."""
        return Subject(name, role, [sys.executable, "-c", code, *words])

    def peer_code(self, name: str, environment: str, code: str, *words: str) -> Subject:
        """Return a piece of Python for a peer's environment."""
        python = self.peers.python(environment)
        if isinstance(python, str):
            return Subject(name, "peer", unavailable=python)
        return Subject(name, "peer", [str(python), "-c", code, *words])

    def options(self) -> str:
        """Return what check says of its options."""
        help_ = self.ours("check", "--help", name="help")
        done = subprocess.run(
            help_.words, env=dict(help_.environment), capture_output=True, text=True, check=True
        )
        return done.stdout

    def beside(self, path: Path, names: Iterable[str] = ()) -> list[Subject]:
        """Return the peers, or some of them, each reading a model."""
        wanted = set(names)
        return [
            Subject(one.name, "peer", [*one.words, str(path)], unavailable=one.unavailable)
            for one in self.peers.all()
            if not wanted or one.name in wanted
        ]

    def alternate(
        self, subjects: Sequence[Subject], before: Callable[[], None] | None = None
    ) -> tuple[Measured, ...]:
        """Return what commands take that run in turns.

        Args:
            subjects: the commands.
            before: called before each run, outside of what is measured.
        """
        runs: list[list[Cost]] = [[] for _ in subjects]
        failed = [one.unavailable for one in subjects]
        for turn in range(self.turns):
            for index, subject in enumerate(subjects):
                if failed[index] or self._enough(runs[index], turn):
                    continue
                if before is not None:
                    before()
                try:
                    runs[index].append(
                        measure(
                            subject.words,
                            subject.environment,
                            patience=self.patience * (OWN if subject.role == "ours" else 1),
                            answers=subject.answers,
                        )
                    )
                except FailedError as error:
                    failed[index] = str(error)
        return tuple(
            Measured(one.name, one.role, () if why else tuple(costs), why)
            for one, costs, why in zip(subjects, runs, failed, strict=True)
        )

    @staticmethod
    def _enough(runs: Sequence[Cost], turn: int) -> bool:
        """Whether a command has run often enough for how long it takes."""
        if not runs:
            return False
        slowest = max(run.seconds for run in runs)
        return turn >= (1 if slowest > LONGER else 3 if slowest > LONG else turn + 1)

    def case(  # noqa: PLR0913 - the parts of a case
        self,
        name: str,
        subjects: Sequence[Subject],
        facts: Mapping[str, float],
        *,
        asked: tuple[float, float] = (0.0, 0.0),
        before: Callable[[], None] | None = None,
        series: tuple[str, float] = ("", 0.0),
    ) -> Case:
        """Measure a case, and print it."""
        found = Case(name, facts, self.alternate(subjects, before), asked, *series)
        print("\n".join(("", f"## {name}", "", *table(found))), flush=True)
        return found
