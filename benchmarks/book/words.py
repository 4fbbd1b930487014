"""The book in words: a table a case, what is asked of it, and why where it does not hold."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from book.results import misses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from book.results import Case, Cost, Measured, Miss, Spread

REASONS = Path(__file__).with_name("reasons.toml")
HEAD = (
    "| | time | times ours | peak memory | times ours | its own pages | mapped |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)


class Reason(NamedTuple):
    """Why a peer, or several, does not take as many times ours as is asked.

    Attributes:
        case: pattern of the case's name.
        peer: pattern of the peer's name.
        what: time or memory.
        text: the reason; {ours}, {peer} and {limit} are what each takes.
    """

    case: str
    peer: str
    what: str
    text: str


def number(value: float) -> str:
    """Return a number with three digits that count.

    >>> [number(one) for one in (1234.5, 123.4, 12.34, 1.234, 0.01234)]
    ['1,234', '123', '12.3', '1.23', '0.012']
    """
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def told(found: Spread, unit: str = "") -> str:
    """Return a median with its quartiles.

    >>> from book.results import spread
    >>> told(spread([1.0, 2.0, 3.0]), "s"), told(spread([7.5], least=True), "s")
    ('2.00 s (1.50 to 2.50)', 'over 7.50 s')
    """
    middle = f"{number(found.middle)} {unit}".rstrip()
    if found.least:
        return f"over {middle}"
    if found.runs == 1:
        return middle
    return f"{middle} ({number(found.low)} to {number(found.high)})"


def table(case: Case) -> Iterator[str]:
    """Yield the lines of a case's table: ours, the peers from fast to slow, the limits."""
    yield from HEAD
    if not case.ours.runs:
        yield f"| {case.ours.name} | failed: {case.ours.failed} | | | | | |"
        return
    yield row(case, case.ours)
    for role in ("peer", "limit"):
        for one in sorted(case.others(role), key=lambda one: one.spread(seconds).middle):
            yield row(case, one)
    for one in case.measured:
        if one.failed:
            yield f"| {one.name} | not measured: {one.failed.replace('|', '/')} | | | | | |"


def row(case: Case, one: Measured) -> str:
    """Return the line of one command."""
    ours = one is case.ours
    name = f"**{one.name}**" if ours else f"*{one.name}*" if one.role == "limit" else one.name
    times = ["", ""] if ours else [told(case.ratio(one, w)) for w in ("time", "memory")]
    peak = one.spread(megabytes)
    first = told(one.spread(seconds), "s")
    if not peak.middle:
        return f"| {name} | {first} | {times[0]} | gone before it was sampled | | | |"
    own, mapped = (number(one.spread(f).middle) for f in (lambda r: r.own, lambda r: r.mapped))
    memory = f"{'over ' if peak.least else ''}{number(peak.middle)} MB"
    return f"| {name} | {first} | {times[0]} | {memory} | {times[1]} | {own} MB | {mapped} MB |"


def row_words(one: Measured) -> str:
    """Return a command with its seconds, as a label."""
    found = one.spread(seconds)
    return f"{one.name}, {'over ' if found.least else ''}{number(found.middle)} s"


def seconds(run: Cost) -> float:
    """Return the seconds of a run."""
    return run.seconds


def megabytes(run: Cost) -> float:
    """Return the megabytes of a run at its peak."""
    return run.peak


def verdict(case: Case) -> Iterator[str]:
    """Yield whether what is asked of a case holds, and why not where it does not."""
    time, memory = case.asked
    if not time:
        return
    asked = (
        f"at least {time:g} times the time and {memory:g} times the memory"
        if memory
        else "at least the time"
    )
    found = list(misses(case))
    if not found:
        yield f"Asked of every peer: {asked} of check. It holds."
        return
    yield f"Asked of every peer: {asked} of check. It does not hold:"
    yield ""
    for miss in found:
        times = f"{told(miss.found)} times the {miss.what}"
        yield f"- {miss.peer.name} takes {times}: {reason(miss) or 'no reason is known'}"


@cache
def reasons() -> tuple[Reason, ...]:
    """Return the reasons that are known."""
    rows = tomllib.loads(REASONS.read_text(encoding="utf-8"))["reason"]
    return tuple(Reason(one["case"], one["peer"], one["what"], one["text"]) for one in rows)


def reason(miss: Miss) -> str:
    """Return why a peer does not take as many times ours as is asked; empty where none is known."""
    for one in reasons():
        if (
            fnmatchcase(miss.case.name, one.case)
            and fnmatchcase(miss.peer.name, one.peer)
            and miss.what == one.what
        ):
            limit = next(miss.case.others("limit"), None)
            values = {"ours": miss.case.ours, "peer": miss.peer, "limit": limit}
            return one.text.format_map(
                {k: "" if v is None else short(v, miss) for k, v in values.items()}
            )
    return ""


def short(one: Measured, miss: Miss) -> str:
    """Return what a command takes of what is missed."""
    if miss.what == "time":
        return f"{number(one.spread(seconds).middle)} s"
    return f"{number(one.spread(megabytes).middle)} MB"
