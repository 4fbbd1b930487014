"""What a run over all pairs of calls keeps: a run that is broken off goes on where it was.

In the folder lie the arrays that calls made (`made-*.npy`, `runs.jsonl`), what their exact weights
make (`exact-*.npy`), and the verdicts of a case (`verdicts-*.jsonl`), all by what they follow from:
a convention that reads a call otherwise is compared anew, and nothing else is.
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from library_calls import CASES, RUNS, Call, Run

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from halfpixel.sampling import Sampling

    Samplings = tuple[Sampling | None, ...]


class Verdict(NamedTuple):
    """What `compare` says of two calls, and of all that are read as they are.

    Attributes:
        a: the first call.
        b: the second.
        says: the verdict.
        costly: it took more work than the command does unasked.
    """

    a: str
    b: str
    says: str
    costly: bool


class Task(NamedTuple):
    """Comparisons that one process makes: what is nearest to a call is looked for once in them.

    Attributes:
        case: a key of `CASES`.
        a: a call.
        others: calls of one convention, each with the key of its pair.
    """

    case: str
    a: str
    others: tuple[tuple[str, str], ...]


def key_of(samplings: Samplings) -> str:
    """Return what stands for a reading, the same in every run."""
    return sha256(repr(samplings).encode()).hexdigest()[:16]


def pair_of(a: str, b: str) -> str:
    """Return what stands for two readings, whichever is the first.

    >>> pair_of("b", "a")
    'a b'
    """
    return " ".join(sorted((a, b)))


class Kept:
    """A folder of what is done."""

    def __init__(self, folder: Path) -> None:
        """Take a folder, which is made where it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def runs(self) -> list[Run]:
        """Return what became of every call that was run."""
        place = self.folder / RUNS
        return [Run(*one) for one in _lines(place)] if place.exists() else []

    def array(self, call: Call) -> NDArray[np.float64] | None:
        """Return what a call made; None where it was not run, or failed."""
        place = self.folder / call.file
        return np.load(place).astype(np.float64) if place.exists() else None

    def exact(self, case: str, samplings: Samplings) -> NDArray[np.float64]:
        """Return what exact weights make of the image of a case, computed once."""
        from halfpixel.sampling import Resize
        from halfpixel.verifying.libraries.measure import noise

        n_in, n_out = CASES[case]
        place = self.folder / f"exact-{n_in}-{n_out}-{key_of(samplings)}.npy"
        if not place.exists():
            axes = tuple((axis, one) for axis, one in enumerate(samplings) if one is not None)
            image = noise((n_in, n_in), "float32")
            np.save(place, Resize(axes).evaluate(image, (n_out, n_out)))
        return np.load(place)

    def verdicts(self, case: str) -> dict[str, Verdict]:
        """Return the verdicts that are known of a case, by their pair."""
        place = self._verdicts(case)
        found = _lines(place) if place.exists() else ()
        return {key: Verdict(*fields) for key, *fields in found}

    def compare(
        self, case: str, readings: Mapping[Call, Samplings], jobs: int
    ) -> dict[str, Verdict]:
        """Return the verdicts of a case, those that are not known made by some processes."""
        known = self.verdicts(case)
        tasks = list(_tasks(case, readings, known))
        if not tasks:
            return known
        with (
            self._verdicts(case).open("a", encoding="utf-8") as file,
            ProcessPoolExecutor(jobs) as pool,
        ):
            for done in as_completed([pool.submit(compared, task) for task in tasks]):
                for key, found in done.result():
                    known[key] = found
                    file.write(json.dumps([key, *found]) + "\n")
                file.flush()
        return known

    def _verdicts(self, case: str) -> Path:
        n_in, n_out = CASES[case]
        return self.folder / f"verdicts-{n_in}-{n_out}.jsonl"


def _lines(place: Path) -> Iterator[Sequence[str]]:
    """Yield the lines of a file; one that was broken off is none."""
    for line in place.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _tasks(case: str, readings: Mapping[Call, Samplings], known: Container[str]) -> Iterator[Task]:
    """Yield what is to be compared: one pair of calls for all that are read the same."""
    alike: dict[str, list[Call]] = {}
    for call, samplings in readings.items():
        alike.setdefault(key_of(samplings), []).append(call)
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one, other in combinations_with_replacement(alike, 2):
        key = pair_of(one, other)
        pair = alike[one][:2] if one == other else [alike[one][0], alike[other][0]]
        if key not in known and len(pair) > 1:
            groups.setdefault((pair[0].text, pair[1].name), []).append((key, pair[1].text))
    for (a, _), others in groups.items():
        yield Task(case, a, tuple(others))


def compared(task: Task) -> list[tuple[str, Verdict]]:
    """Return what `compare` says of the pairs of a task."""
    return [(key, compared_pair(task.case, task.a, b)) for key, b in task.others]


def compared_pair(case: str, a: str, b: str) -> Verdict:
    """Return what `compare` says of two calls, with more work where it asks for more."""
    from halfpixel import compare
    from halfpixel.errors import HalfpixelError

    size = "{}:{}".format(*CASES[case])
    try:
        return Verdict(a, b, compare(a, b, size=size).verdict, costly=False)
    except HalfpixelError:  # it is too much work
        found = compare(a, b, size=size, max_work=10**9)
        return Verdict(a, b, found.verdict, costly=True)
