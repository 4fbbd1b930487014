"""What was measured: runs of commands that took turns, and the ratios between them.

A part of the book is one file of `benchmarks/results/book`; the page and what is printed are made
from it alone.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - msgspec reads the types of fields
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).resolve().parents[1] / "results" / "book"
PARTS = ("check", "fix", "verify", "convert", "many", "growth")
Role = Literal["ours", "peer", "limit"]
What = Literal["time", "memory"]


class Cost(msgspec.Struct, frozen=True):
    """What one run took.

    Attributes:
        seconds: wall time.
        processor: seconds of the processor, of the process and of what it waited for.
        own: most megabytes of pages of its own at one time.
        mapped: most megabytes of pages that are mapped from files, or shared.
        peak: most megabytes of both at one time.
        read: megabytes that it asked the system to read, its libraries included.
        disk: megabytes that came from the disk for it.
        stopped: it was stopped when patience ended; all of it is a lower bound.
    """

    seconds: float
    processor: float
    own: float
    mapped: float
    peak: float
    read: float
    disk: float
    stopped: bool = False

    def rounded(self) -> Cost:
        """Return it with no more digits than a run can tell."""
        return Cost(
            round(self.seconds, 4),
            round(self.processor, 4),
            round(self.own, 1),
            round(self.mapped, 1),
            round(self.peak, 1),
            round(self.read, 1),
            round(self.disk, 1),
            self.stopped,
        )


class Spread(NamedTuple):
    """A median with its quartiles.

    Attributes:
        middle: the median.
        low: the first quartile.
        high: the third quartile.
        runs: how many numbers it is of.
        least: the true number is larger, since a run was stopped.
    """

    middle: float
    low: float
    high: float
    runs: int
    least: bool = False


class Measured(msgspec.Struct, frozen=True):
    """One command of a case.

    Attributes:
        name: what it is called.
        role: ours, a peer, or a limit, which does the least that any of them has to.
        runs: a cost a turn; a slow command sits out the later turns.
        failed: why there are none: it is not to be had here, or its own last line.
    """

    name: str
    role: Role
    runs: tuple[Cost, ...] = ()
    failed: str = ""

    def spread(self, what: Callable[[Cost], float]) -> Spread:
        """Return the median of something over the runs."""
        return spread([what(run) for run in self.runs], least=any(r.stopped for r in self.runs))


class Case(msgspec.Struct, frozen=True):
    """Commands that took turns over one thing.

    Attributes:
        name: the thing.
        facts: numbers of it, such as its bytes.
        measured: the commands.
        asked: how many times ours every peer is to take, of time and of memory; 0 asks nothing.
        series: the row of growing things that it belongs to.
        at: where in that row it stands.
    """

    name: str
    facts: Mapping[str, float]
    measured: tuple[Measured, ...]
    asked: tuple[float, float] = (0.0, 0.0)
    series: str = ""
    at: float = 0.0

    @property
    def ours(self) -> Measured:
        """What is measured of halfpixel."""
        return next(one for one in self.measured if one.role == "ours")

    def others(self, role: Role) -> Iterator[Measured]:
        """Yield the others of a role that have runs."""
        return (one for one in self.measured if one.role == role and one.runs)

    def ratio(self, other: Measured, what: What) -> Spread:
        """Return how many times ours another takes, turn by turn."""
        pairs = zip(self.ours.runs, other.runs, strict=False)
        return spread(
            [taken(b, what) / taken(a, what) for a, b in pairs],
            least=any(run.stopped for run in other.runs),
        )


class Part(msgspec.Struct, frozen=True):
    """A part of the book: what was measured in one run of one command."""

    name: str
    command: str
    date: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    cases: tuple[Case, ...]


class Miss(NamedTuple):
    """A peer that does not take as many times ours as is asked."""

    case: Case
    peer: Measured
    what: What
    found: Spread
    asked: float


def taken(cost: Cost, what: What) -> float:
    """Return the seconds of a run, or the megabytes at its peak."""
    return cost.seconds if what == "time" else cost.peak


def spread(numbers: list[float], *, least: bool = False) -> Spread:
    """Return the median and the quartiles of numbers.

    >>> spread([4.0, 1.0, 2.0, 3.0, 5.0])
    Spread(middle=3.0, low=2.0, high=4.0, runs=5, least=False)
    """
    if len(numbers) < 2:
        return Spread(numbers[0], numbers[0], numbers[0], 1, least)
    low, _, high = quantiles(numbers, n=4, method="inclusive")
    return Spread(median(numbers), low, high, len(numbers), least)


def misses(case: Case) -> Iterator[Miss]:
    """Yield the peers of a case that do not take as many times ours as is asked."""
    times: tuple[tuple[What, float], ...] = (("time", case.asked[0]), ("memory", case.asked[1]))
    for peer in case.others("peer"):
        for what, asked in times:
            found = case.ratio(peer, what)
            if found.middle < asked:
                yield Miss(case, peer, what, found, asked)


def load(name: str, folder: Path = FOLDER) -> Part | None:
    """Return a part as it was last measured; None where it was not."""
    path = folder / f"{name}.json"
    return msgspec.json.decode(path.read_bytes(), type=Part) if path.exists() else None


def save(part: Part, folder: Path = FOLDER) -> Path:
    """Write a part; return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{part.name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(part), indent=1) + b"\n")
    return path
