"""The calls of libraries that are installed, at each case, and a worker that runs them."""

from __future__ import annotations

import ast
import json
from hashlib import sha256
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from halfpixel.sampling import Sampling

CASES: Final = {"x2": (24, 48), "x0.5": (48, 24), "640 to 224": (640, 224), "7 to 3": (7, 3)}
"""Lengths of both axes: input and output."""

MOST: Final = 12
"""Different calls of an oracle table, at most."""

DENSE: Final = 200
"""Pixels of a row, beyond which the calls of an oracle table are left out."""


class Call(NamedTuple):
    """One call at one case, with every length written out.

    Attributes:
        name: the convention's.
        text: the call.
        case: a key of `CASES`.
        tabled: it is of the convention's oracle table, and run as that says.
    """

    name: str
    text: str
    case: str
    tabled: bool = False

    @property
    def file(self) -> str:
        """Name of the array that a worker writes, the same in every run.

        >>> Call("A", "f(x)", "x2").file == Call("A", "f(x)", "x0.5").file
        False
        """
        return f"made-{sha256(repr(self).encode()).hexdigest()[:16]}.npy"


OPEN: Final = frozenset({"height", "width", "size", "zoom"})
"""Names that stand for lengths: a call with one in a quotient is run by its oracle table."""


def _names(text: str) -> set[str]:
    return {part.id for part in ast.walk(ast.parse(text)) if isinstance(part, ast.Name)}


def calls() -> Iterator[Call]:
    """Yield every example of every convention that has a library, at every case that it takes."""
    from halfpixel.checking.equivalents import filled
    from halfpixel.convention import load_conventions
    from halfpixel.errors import ConventionError

    for case, pair in CASES.items():
        found: list[Call] = []
        for one in load_conventions():
            if one.library is None:
                continue
            texts = dict.fromkeys(filled(one, text, [pair] * 2) for text, _ in one.examples)
            for text in texts:
                try:
                    opened = one.read(text, pair[0])
                    made = opened if opened.by_lengths is None else opened.at((pair[0],) * 2)
                except ConventionError:
                    continue
                if made.lengths == (pair[1],) * 2 and not OPEN & _names(text):
                    found.append(Call(one.name, text, case))
        yield from found
        yield from _of_tables(case, pair, {call.name for call in found})


def _of_tables(case: str, pair: tuple[int, int], known: Container[str]) -> Iterator[Call]:
    """Yield the calls of the oracle tables of conventions of which none is known, at a case."""
    from conventions.oracles.oracle import reading, tables
    from halfpixel.errors import HalfpixelError

    for oracle in tables():
        name = oracle.convention
        if name in known:
            continue
        texts = [one.text((pair[1], pair[1])) for one in oracle.cases if "{h}" in one.call]
        readings: set[tuple[Sampling | None, ...]] = set()
        for text in dict.fromkeys(texts):
            try:
                made = reading(oracle, text, (pair[0], pair[0]))
            except HalfpixelError:
                continue
            if len(readings) == MOST:
                break
            dense = any(_is_dense(one, pair) for one in made.samplings)
            if made.lengths == (pair[1],) * 2 and made.samplings not in readings and not dense:
                readings.add(made.samplings)
                yield Call(name, text, case, tabled=True)


def _is_dense(sampling: Sampling | None, pair: tuple[int, int]) -> bool:
    """Whether every output sample of a long axis asks for every pixel: exact work of minutes."""
    length = getattr(None if sampling is None else sampling.kernel, "row_length", None)
    return length is not None and length(*pair) > DENSE


class Run(NamedTuple):
    """What became of a call in one interpreter.

    Attributes:
        text: the call.
        case: a key of `CASES`.
        release: the library and its release; empty where it failed.
        failed: why it failed.
    """

    text: str
    case: str
    release: str = ""
    failed: str = ""


RUNS: Final = "runs.jsonl"
"""The file that a worker adds a `Run` to, a line each."""


def work(folder: Path) -> None:
    """Run what can be run here of the calls in a folder, and write what they make.

    What another interpreter has made is not made again.
    """
    from conventions.oracles.oracle import run as by_table
    from conventions.oracles.oracle import tables
    from halfpixel.convention import load_conventions
    from halfpixel.errors import HalfpixelError
    from halfpixel.verifying.libraries.call import is_installed, release, run
    from halfpixel.verifying.libraries.measure import noise

    by_name = {one.name: one for one in load_conventions() if is_installed(one)}
    known = {one.convention: one for one in tables() if find_spec(one.library)}
    with (folder / RUNS).open("a", encoding="utf-8") as runs:
        for call in (Call(*fields) for fields in json.loads((folder / "calls.json").read_text())):
            one, oracle = by_name.get(call.name), known.get(call.name)
            place = folder / call.file
            if place.exists() or (oracle if call.tabled else one) is None:
                continue
            image = noise((CASES[call.case][0],) * 2, "float32").astype(np.float32)
            told = Run(call.text, call.case)
            try:
                if call.tabled and oracle is not None:
                    made = by_table(oracle, call.text, image)
                    told = told._replace(release=oracle.version())
                elif one is not None and one.library is not None:
                    made = run(one, call.text, image)
                    told = told._replace(release=release(one.library))
                else:
                    continue
            except HalfpixelError as error:
                told = told._replace(failed=str(error))
            except Exception as error:  # noqa: BLE001 - whatever another library raises
                told = told._replace(failed=f"{type(error).__name__}: {error}")
            else:
                half = place.with_suffix(".half.npy")
                np.save(half, made)
                half.rename(place)
            runs.write(json.dumps(told) + "\n")
            runs.flush()
