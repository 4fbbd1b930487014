"""Every pair of calls of the libraries that are installed: what `compare` says, and what runs say.

    python benchmarks/truth/pairs_of_libraries.py --python /path/to/other/python \
        --write benchmarks/results/pairs_of_libraries.txt

The calls are the examples of every convention whose library is importable, in this interpreter or
in one that is named; where a convention names no library, or its examples leave more than lengths
open, they are the first different ones of its oracle table. A worker an interpreter runs them on
the same images of noise in float32. Each pair is compared at x2, x0.5, 640 to 224 and 7 to 3, calls
that are read as the same once. "equal" has to be equal within the rounding of float32, "different"
has to differ; what is neither is listed, with the reason that is known: by how much either call is
off its own exact weights. An interpreter needs numpy and msgspec. Exit code 1 where a verdict is
refuted by two runs that both follow their exact weights.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from library_calls import CASES, Call, calls, work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from halfpixel.sampling import Sampling

ROOT: Final = Path(__file__).resolve().parents[2]
ROUNDING: Final = 2e-4
"""Of an image of 0 to 1, in float32: what coordinates of long axes and sums of products lose."""

LISTED: Final = 40
"""Refuted or odd pairs that are told of, at most."""


class Seen(NamedTuple):
    """A pair, compared and run.

    Attributes:
        a: the first.
        b: the second.
        verdict: what `compare` says.
        gap: largest difference of the two outputs.
        own: by how much either output is off its own exact weights.
        exact: largest difference of the exact outputs.
    """

    a: Call
    b: Call
    verdict: str
    gap: float
    own: float
    exact: float

    @property
    def holds(self) -> bool:
        """Whether the runs say the same as the verdict."""
        if self.verdict == "equal":
            return self.gap <= ROUNDING
        return self.verdict == "open" or self.gap > ROUNDING

    @property
    def explained(self) -> bool:
        """Whether a library does not follow its own exact weights, or the difference is too small.

        What a library does beside its weights stands with its convention.
        """
        return self.own > ROUNDING or (self.verdict == "different" and self.exact <= ROUNDING)


def seen(found: Sequence[Call], folder: Path) -> Iterator[Seen]:
    """Yield every pair of calls of one case that were both run."""
    from halfpixel import compare
    from halfpixel.verifying.libraries.measure import noise

    arrays = {
        call: np.load(folder / call.file).astype(np.float64)
        for call in found
        if (folder / call.file).exists() and _is_read(call)
    }
    samplings = {call: _samplings(call) for call in arrays}
    distinct = {samplings[call]: call for call in arrays}
    made_exactly = {
        key: _exact(key, call, noise((CASES[call.case][0],) * 2, "float32"))
        for key, call in distinct.items()
    }
    exact = {call: made_exactly[samplings[call]] for call in arrays}
    own = {call: float(np.abs(array - exact[call]).max()) for call, array in arrays.items()}
    verdicts: dict[frozenset[object], str] = {}
    for a, b in combinations(arrays, 2):
        n_in, n_out = CASES[a.case]
        alike = frozenset({samplings[a], samplings[b]})
        if alike not in verdicts:  # calls that are read as the same are compared once
            found_so = compare(a.text, b.text, size=f"{n_in}:{n_out}", max_work=10**9)
            verdicts[alike] = found_so.verdict
        gap = float(np.abs(arrays[a] - arrays[b]).max())
        apart = float(np.abs(exact[a] - exact[b]).max())
        yield Seen(a, b, verdicts[alike], gap, max(own[a], own[b]), apart)


def _is_read(call: Call) -> bool:
    """Whether the command reads the call as its own convention does."""
    from halfpixel.checking.comparing.side import side_of
    from halfpixel.errors import HalfpixelError

    try:
        return side_of(call.text).at((CASES[call.case][0],) * 2).lengths[0] is not None
    except HalfpixelError as error:
        sys.stderr.write(f"not read: {call.text}: {error}\n")
        return False


def _samplings(call: Call) -> tuple[Sampling | None, ...]:
    """Return what a call is read as, along both axes."""
    from halfpixel.checking.comparing.side import side_of

    n_in, _ = CASES[call.case]
    return side_of(call.text).at((n_in, n_in)).samplings


def _exact(
    samplings: Sequence[Sampling | None], call: Call, image: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Return what the exact weights of a call make of an image."""
    from halfpixel.sampling import Resize

    n_out = CASES[call.case][1]
    axes = tuple((axis, one) for axis, one in enumerate(samplings) if one is not None)
    return Resize(axes).evaluate(image, (n_out, n_out))


def report(pairs: Sequence[Seen], releases: dict[str, str], failed: dict[str, str]) -> list[str]:
    """Return the lines of the result."""
    lines = [f"libraries: {', '.join(sorted({f'{n} ({r})' for n, r in releases.items()}))}"]
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in pairs:
        counts[one.a.case][one.verdict] += 1
        kind = "as said" if one.holds else "beside" if one.explained else "refuted"
        counts[one.a.case][f"{one.verdict} {kind}"] += 1
    for case, count in counts.items():
        total = sum(count[verdict] for verdict in ("equal", "different", "open"))
        told = [
            f"{count[verdict]} {verdict} ({count[f'{verdict} as said']} as run"
            f"{_more(count, verdict)})"
            for verdict in ("equal", "different", "open")
            if count[verdict]
        ]
        lines.append(f"{case}: {total} pairs: {', '.join(told)}")
    whose = Counter(
        tuple(sorted((one.a.name, one.b.name))) for one in pairs if one.verdict == "equal"
    )
    lines += [f"  equal, {a} and {b}: {count}" for (a, b), count in sorted(whose.items())]
    odd = [one for one in pairs if not one.holds]
    lines += [f"not run: {text}: {why}" for text, why in sorted(failed.items())]
    for one in sorted(odd, key=lambda one: (one.explained, -one.gap))[:LISTED]:
        kind = "beside the weights" if one.explained else "REFUTED"
        lines.append(
            f"{kind}, {one.a.case}: {one.verdict}, {one.gap:.2g} apart as run, {one.exact:.2g} by "
            f"the weights, {one.own:.2g} off its own: {one.a.text} | {one.b.text}"
        )
    if len(odd) > LISTED:
        lines.append(f"and {len(odd) - LISTED} more")
    return lines


def _more(count: Counter[str], verdict: str) -> str:
    parts = [
        f", {count[f'{verdict} {kind}']} {words}"
        for kind, words in (("beside", "beside the weights"), ("refuted", "REFUTED"))
        if count[f"{verdict} {kind}"]
    ]
    return "".join(parts)


def main() -> int:
    """Run every call, compare every pair, and say how many verdicts hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    parser.add_argument("--write", type=Path, help="file of the result")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run is not None:
        work(asked.run)
        return 0
    sys.path.insert(0, str(ROOT / "tests"))
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = list(calls())
        (folder / "calls.json").write_text(json.dumps(found))
        paths = os.pathsep.join(str(ROOT / one) for one in ("convert", "rules", "tests"))
        for python in (sys.executable, *asked.python):
            environment = {**os.environ, "PYTHONPATH": paths}
            command = [python, __file__, "--run", name]
            subprocess.run(command, check=True, env=environment)
        releases: dict[str, str] = {}
        failed: dict[str, str] = {}
        for file in folder.glob("told-*.json"):
            told, wrong = json.loads(file.read_text())
            releases |= told
            failed |= wrong
        pairs: list[Seen] = []
        for case in CASES:
            pairs += seen([one for one in found if one.case == case], folder)
    lines = report(pairs, releases, failed)
    sys.stdout.write("\n".join([*lines, f"{time.perf_counter() - start:.0f} s"]) + "\n")
    if asked.write is not None:
        asked.write.write_text("\n".join(lines) + "\n")
    return int(any(not one.holds and not one.explained for one in pairs))


if __name__ == "__main__":
    sys.exit(main())
