"""Every pair of calls of the libraries that are installed: what `compare` says, and what runs say.

    python benchmarks/truth/pairs_of_libraries.py --python /path/to/other/python \
        --keep /tmp/pairs --jobs 2 --write benchmarks/results/pairs_of_libraries.txt

The calls are the examples of every convention whose library is importable, in this interpreter or
in one that is named; where a convention names no library, or its examples leave more than lengths
open, they are the first different ones of its oracle table. A worker an interpreter runs them on
the same images of noise in float32. Each pair is compared at x2, x0.5, 640 to 224 and 7 to 3, calls
that are read as the same once. "equal" has to be equal within the rounding of float32, "different"
has to differ. What is neither is refuted, but for what is known of a library's own arithmetic:
`own_arithmetic.toml` has a row, with the reason, for each call that is off its own exact weights.
What is done is kept in a folder (`kept_pairs.py`), and is not done again. An interpreter needs
numpy and msgspec. Exit code 1 where a verdict is refuted, or a call is off its weights without a
reason.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from kept_pairs import Kept, key_of, pair_of
from library_calls import CASES, Call, calls, work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from halfpixel.sampling import Sampling

ROOT: Final = Path(__file__).resolve().parents[2]
REASONS: Final = Path(__file__).with_name("own_arithmetic.toml")
ROUNDING: Final = 2e-4
"""Of an image of 0 to 1, in float32: what coordinates of long axes and sums of products lose."""

LISTED: Final = 40
"""Refuted pairs that are told of, at most."""


class Reason(NamedTuple):
    """Why calls are off their own exact weights.

    Attributes:
        name: the convention's.
        call: a pattern of the calls.
        cases: keys of `CASES`; none for all.
        most: by how much an output is off, at most, of an image of 0 to 1.
        why: the reason.
    """

    name: str
    call: str
    cases: tuple[str, ...]
    most: float
    why: str

    def tells(self, call: Call, own: float) -> bool:
        """Whether it is the reason why a call is off by so much."""
        known = call.name == self.name and fnmatchcase(call.text, self.call)
        return known and call.case in (self.cases or CASES) and own <= self.most


class Made(NamedTuple):
    """A call that was run.

    Attributes:
        call: the call.
        own: by how much its output is off what its own exact weights make.
        why: the reason; empty where it is none, or is not known.
    """

    call: Call
    own: float
    why: str

    @property
    def follows(self) -> bool:
        """Whether it is what its exact weights make."""
        return self.own <= ROUNDING


class Seen(NamedTuple):
    """A pair, compared and run.

    Attributes:
        a: the first.
        b: the second.
        verdict: what `compare` says.
        costly: the command would have asked for more work.
        gap: largest difference of the two outputs.
        exact: largest difference of the exact outputs.
    """

    a: Made
    b: Made
    verdict: str
    costly: bool
    gap: float
    exact: float

    @property
    def holds(self) -> bool:
        """Whether the runs say the same as the verdict."""
        if self.verdict == "equal":
            return self.gap <= ROUNDING
        return self.verdict == "open" or self.gap > ROUNDING

    @property
    def explained(self) -> bool:
        """Whether a library's own arithmetic, which is known, or too small a difference, is why."""
        small = self.verdict == "different" and self.exact <= ROUNDING
        return small or any(one.why for one in (self.a, self.b))

    @property
    def kind(self) -> str:
        """What the runs say of the verdict."""
        return "as said" if self.holds else "beside" if self.explained else "refuted"


def reasons() -> list[Reason]:
    """Return what is known of the libraries' own arithmetic."""
    rows = tomllib.loads(REASONS.read_text(encoding="utf-8"))["row"]
    return [
        Reason(row["name"], row["call"], tuple(row.get("cases", ())), row["most"], row["why"])
        for row in rows
    ]


def seen(found: Sequence[Call], kept: Kept, jobs: int) -> Iterator[Made | Seen]:
    """Yield every call of one case that was run, and every pair of them."""
    known = reasons()
    arrays = {call: array for call in found if (array := kept.array(call)) is not None}
    readings = {call: read for call in arrays if (read := _samplings(call)) is not None}
    if not readings:
        return
    case = found[0].case
    verdicts = kept.compare(case, readings, jobs)
    exact = {key_of(read): kept.exact(case, read) for read in dict.fromkeys(readings.values())}
    made: dict[Call, tuple[Made, str]] = {}
    for call, read in readings.items():
        key = key_of(read)
        own = float(np.abs(arrays[call] - exact[key]).max())
        told = (one.why for one in known if one.tells(call, own))
        made[call] = Made(call, own, next(told, "") if own > ROUNDING else ""), key
        yield made[call][0]
    apart = {
        pair_of(one, other): float(np.abs(exact[one] - exact[other]).max())
        for one, other in combinations(exact, 2)
    }
    for (a, one), (b, other) in combinations(made.values(), 2):
        pair = pair_of(one, other)
        gap = float(np.abs(arrays[a.call] - arrays[b.call]).max())
        found_so = verdicts[pair]
        yield Seen(a, b, found_so.says, found_so.costly, gap, apart.get(pair, 0.0))


def _samplings(call: Call) -> tuple[Sampling | None, ...] | None:
    """Return what the command reads a call as, along both axes; None where it does not."""
    from halfpixel.checking.comparing.side import side_of
    from halfpixel.errors import HalfpixelError

    n_in, _ = CASES[call.case]
    try:
        found = side_of(call.text).at((n_in, n_in))
    except HalfpixelError as error:
        sys.stderr.write(f"not read: {call.text}: {error}\n")
        return None
    return None if found.lengths[0] is None else found.samplings


def report(
    made: Sequence[Made], pairs: Sequence[Seen], releases: set[str], failed: dict[str, str]
) -> list[str]:
    """Return the lines of the result."""
    lines = [f"libraries: {', '.join(sorted(releases))}"]
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in pairs:
        counts[one.a.call.case][one.verdict] += 1
        counts[one.a.call.case][f"{one.verdict} {one.kind}"] += 1
        counts[one.a.call.case]["costly"] += one.costly
    for case, count in counts.items():
        total = sum(count[verdict] for verdict in ("equal", "different", "open"))
        told = [
            f"{count[verdict]} {verdict} ({count[f'{verdict} as said']} as run"
            f"{_more(count, verdict)})"
            for verdict in ("equal", "different", "open")
            if count[verdict]
        ]
        of = sum(one.call.case == case for one in made)
        lines.append(f"{case}: {total} pairs of {of} calls: {', '.join(told)}")
        if count["costly"]:
            lines.append(f"  with more work than is allowed unasked: {count['costly']}")
    whose = Counter(
        tuple(sorted((one.a.call.name, one.b.call.name))) for one in pairs if one.verdict == "equal"
    )
    lines += [f"  equal, {a} and {b}: {count}" for (a, b), count in sorted(whose.items())]
    lines += [f"not run: {text}: {why}" for text, why in sorted(failed.items())]
    lines += _off(made)
    odd = sorted((one for one in pairs if one.kind == "refuted"), key=lambda one: -one.gap)
    lines += [
        f"REFUTED, {one.a.call.case}: {one.verdict}, {one.gap:.2g} apart as run, {one.exact:.2g} "
        f"by the weights: {one.a.call.text} | {one.b.call.text}"
        for one in odd[:LISTED]
    ]
    if len(odd) > LISTED:
        lines.append(f"and {len(odd) - LISTED} more")
    return lines


def _off(made: Sequence[Made]) -> Iterator[str]:
    """Yield the calls that are off their own exact weights, with the reason."""
    for one in sorted(made, key=lambda one: (bool(one.why), one.call.name)):
        if not one.follows:
            why = one.why or "NO REASON IS KNOWN"
            yield f"off its own weights by {one.own:.2g}, {one.call.case}: {one.call.text}: {why}"


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
    parser.add_argument("--keep", type=Path, help="folder of what is done, to go on from")
    parser.add_argument("--jobs", type=int, default=1, help="processes that compare")
    parser.add_argument("--write", type=Path, help="file of the result")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run is not None:
        work(asked.run)
        return 0
    sys.path.insert(0, str(ROOT / "tests"))
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        kept = Kept(asked.keep or Path(name))
        found = list(calls())
        (kept.folder / "calls.json").write_text(json.dumps(found))
        paths = os.pathsep.join(str(ROOT / one) for one in ("convert", "rules", "tests"))
        for python in (sys.executable, *asked.python):
            environment = {**os.environ, "PYTHONPATH": paths}
            command = [python, __file__, "--run", str(kept.folder)]
            subprocess.run(command, check=True, env=environment)
        names = {(call.text, call.case): call.name for call in found}
        runs = [one for one in kept.runs() if (one.text, one.case) in names]
        ran = {(one.text, one.case): one.release for one in runs if one.release}
        releases = {f"{names[key]} ({release})" for key, release in ran.items()}
        failed = {one.text: one.failed for one in runs if (one.text, one.case) not in ran}
        made: list[Made] = []
        pairs: list[Seen] = []
        for case in CASES:
            for one in seen([call for call in found if call.case == case], kept, asked.jobs):
                if isinstance(one, Made):
                    made.append(one)
                else:
                    pairs.append(one)
            sys.stderr.write(f"{case}: {time.perf_counter() - start:.0f} s\n")
    lines = report(made, pairs, releases, failed)
    sys.stdout.write("\n".join([*lines, f"{time.perf_counter() - start:.0f} s"]) + "\n")
    if asked.write is not None:
        asked.write.write_text("\n".join(lines) + "\n")
    unknown = any(not one.follows and not one.why for one in made)
    return int(unknown or any(one.kind == "refuted" for one in pairs))


if __name__ == "__main__":
    sys.exit(main())
