"""One target with inputs that atheris chooses by the code that they reach.

    pip install atheris
    python -m fuzzing.guided --target check --minutes 30 --corpus FOLDER

Inputs that reach new code are kept in --corpus and mutated further, by the same mutators; what
fails is told and kept as `python -m fuzzing` does, and the run goes on. Exit code 1 says that
something failed. It finds what random mutation does not, at a third of the speed.
"""

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from fuzzing.mutation import mutated_message
from fuzzing.parent import memory_folder
from fuzzing.seeds import words
from fuzzing.targets import TARGETS, Target
from fuzzing.trial import tried
from fuzzing.worker import keep

if TYPE_CHECKING:
    from fuzzing.case import Case

OF_FILES: Final = {target.name: target for target in TARGETS if target.corpus is not None}
"""Targets whose input is one file."""

QUIET: Final = ("-handle_alrm=0", "-rss_limit_mb=0", "-len_control=0", "-print_final_stats=1")
"""Options of libFuzzer: time and memory are watched by `limits.py`."""


def case_of(target: Target, data: bytes) -> "Case":
    """Return the case of a file: the command that its bytes choose, with the file as it is."""
    case = target.make(Random(crc32(data)))
    (name,) = case.files
    return replace(case, files={name: data})


def mutate(target: Target, data: bytes, largest: int, seed: int) -> bytes:
    """Return a file changed by its fields, of `largest` bytes at most."""
    known = target.corpus() if target.corpus is not None else ()
    return mutated_message(Random(seed), data, known, words())[:largest]


@dataclass(slots=True)
class Guided:
    """A run of one target: where it works, until when, and the kinds of failures so far."""

    target: Target
    room: Path
    failures: Path
    until: float
    tried: int = 0
    known: set[str] = field(default_factory=set[str])

    def __call__(self, data: bytes) -> None:
        """Try one input; end the process once time is over, which libFuzzer never returns from."""
        case = case_of(self.target, data)
        trial = tried(self.target, case, self.room)
        self.tried += 1
        if trial.kind and trial.kind not in self.known:
            self.known.add(trial.kind)
            kept = keep(case, self.failures / f"{self.target.name}-{self.tried}", trial.text)
            print(f"FAILURE {len(self.known)}: {trial.kind}\n  {kept}", flush=True)
        if time.monotonic() > self.until:
            print(f"{self.tried:,} inputs: {len(self.known)} kinds of failures", flush=True)
            os._exit(1 if self.known else 0)


def main() -> None:
    """Read the arguments, and run until time is over."""
    parser = argparse.ArgumentParser("python -m fuzzing.guided", description=__doc__)
    parser.add_argument("--target", choices=OF_FILES, required=True)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--corpus", type=Path, help="where inputs are kept  [default: a new folder]"
    )
    parser.add_argument("--failures", type=Path, help="where failing inputs are kept")
    asked = parser.parse_args()
    atheris: Any = import_module("atheris")
    atheris.instrument_imports(include=["halfpixel", "halfpixel_rules"]).__enter__()  # to the end
    target = OF_FILES[asked.target]
    corpus = asked.corpus or Path(tempfile.mkdtemp(prefix="halfpixel-corpus-"))
    failures = asked.failures or Path(tempfile.mkdtemp(prefix="halfpixel-fuzzing-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for place, data in enumerate(target.corpus() if target.corpus is not None else ()):
        (corpus / f"seed-{place}").write_bytes(data)
    room = Path(tempfile.mkdtemp(prefix="halfpixel-room-", dir=memory_folder()))
    run = Guided(target, room, failures.absolute(), time.monotonic() + asked.minutes * 60)

    def mutated(data: bytes, largest: int, seed: int) -> bytes:
        return mutate(target, data, largest, seed)

    options = [sys.argv[0], str(corpus), f"-seed={asked.seed}", *QUIET]
    atheris.Setup(options, run, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
