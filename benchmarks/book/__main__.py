"""The benchmark book: halfpixel beside everything that does part of its work, in one run.

    python benchmarks/book [--only PART ...] [--quick] [--turns N] [--patience SECONDS]
        [--models FOLDER] [--environments FOLDER] [--results FOLDER]

PART is one of check, fix, verify, convert, many, growth; all of them by default. Commands of a case
take turns, so that what else the machine does meets all of them, and are compared turn by turn: the
ratios count, as medians with their quartiles, and not the seconds. A command that takes more than
1.5 seconds has three turns, one of more than 5 a single one, and what takes more of the processor
than patience is stopped and said to take more.

Each peer of `peers.toml` runs in a virtual environment of its own, which pip makes at the first
run; one that cannot be had is said to be. Models are made for the run (6 GB) and removed after it,
unless --models names a folder for them. Results go to `benchmarks/results/book`, and
`python docs/build.py` makes the page of them. --quick has small models and one turn, shows that
everything runs, and writes no results. Needs Linux.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
import time
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(ROOT / "benchmarks")]

from book.bench import Bench  # noqa: E402 - found beside this file
from book.machine import machine, versions  # noqa: E402
from book.peers import Peers  # noqa: E402
from book.results import FOLDER, PARTS, Part, save  # noqa: E402
from book.words import verdict  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence


def arguments() -> argparse.Namespace:
    """Return what is asked for."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks/book", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--only", action="append", choices=PARTS, help="a part; repeatable")
    parser.add_argument("--quick", action="store_true", help="small models, one turn, no results")
    parser.add_argument("--turns", type=int, default=5, help="turns of a quick command")
    parser.add_argument("--patience", type=float, default=12, help="seconds; then a run is stopped")
    parser.add_argument("--models", type=Path, help="where models are made, and kept")
    parser.add_argument("--environments", type=Path, default=ROOT / "build" / "book")
    parser.add_argument("--results", type=Path, default=FOLDER)
    return parser.parse_args()


def main() -> None:
    """Measure, print and write."""
    asked = arguments()
    own = tempfile.TemporaryDirectory(prefix="halfpixel-book-")
    with nullcontext(asked.models) if asked.models else own as folder:
        bench = Bench(
            folder=Path(folder).resolve(),
            peers=Peers(asked.environments.resolve()),
            turns=1 if asked.quick else asked.turns,
            patience=asked.patience,
            quick=asked.quick,
        )
        bench.folder.mkdir(parents=True, exist_ok=True)
        for name in asked.only or PARTS:
            measured(name, bench, asked.results, asked.only or ())


def measured(name: str, bench: Bench, results: Path, only: Sequence[str]) -> None:
    """Measure a part, print it and write it down; where its folders were is no one's to know."""
    print(f"\n# {name}: {(import_module(f'book.parts.{name}').__doc__ or '').splitlines()[0]}")
    kind, start = machine(bench.folder), time.monotonic()
    cases = tuple(import_module(f"book.parts.{name}").cases(bench))
    for case in cases:
        for line in verdict(case):
            print(line if line.startswith("- ") or not line else f"{case.name}: {line}")
    if not bench.quick:
        today = dt.datetime.now(tz=dt.UTC).date().isoformat()
        known = {**versions(), **bench.peers.versions()}
        parts = (f"--only {one}" for one in only)
        command = " ".join(("python benchmarks/book", *parts))
        print(save(Part(name, command, today, kind, known, cases), results))
    print(f"{name}: {time.monotonic() - start:.0f} s in all", flush=True)


if __name__ == "__main__":
    main()
