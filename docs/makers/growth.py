"""What is said of things that grow: a table, and where the growth stops and why."""

from collections.abc import Iterator
from typing import NamedTuple

from book.results import Case
from book.words import megabytes, number, seconds


class Series(NamedTuple):
    """Something that grows.

    Attributes:
        name: its name in the results.
        title: what it is called.
        why: where its growth stops, and why.
    """

    name: str
    title: str
    why: str


SERIES = (
    Series(
        "nodes",
        "nodes (100 of them resizes)",
        "With few nodes the start of the interpreter and the imports are all there is. From some "
        "100,000 on, time and memory grow as the nodes do, since each is walked once, and nothing "
        "stops that.",
    ),
    Series(
        "sites",
        "resizes among 100,000 nodes",
        "A resize costs more than another node: it is described exactly, and every rule is asked "
        "of it. Equal ones are worked out once.",
    ),
    Series(
        "bytes",
        "megabytes of embedded weights",
        "It does not grow: the payload of a weight is passed over by its length, unread. What "
        "reads payloads grows with them, in time and in memory.",
    ),
    Series(
        "models",
        "models in a folder",
        "The start is paid once; from then on each file costs what it holds, and nothing stops it.",
    ),
    Series(
        "workers",
        "workers over the same models",
        "It stops at the cores of the machine: a worker more than there are cores waits for one, "
        "and each pays its own start.",
    ),
)


def grown(series: Series, cases: list[Case], picture: str) -> Iterator[str]:
    """Yield the section of something that grows."""
    first, last = cases[0], cases[-1]
    yield f"### {series.title[0].upper()}{series.title[1:]}"
    yield ""
    yield f"![Seconds as {series.title} grow; the table below has the numbers]({picture})"
    yield ""
    names = list(dict.fromkeys(one.name for case in cases for one in case.measured if one.runs))
    yield f"| {series.title} | {' | '.join(f'{name} | memory' for name in names)} |"
    yield f"| --- |{' --- | --- |' * len(names)}"
    for case in cases:
        cells = [f"| {case.at:,.0f} |"]
        for name in names:
            runs = [one for one in case.measured if one.name == name and one.runs]
            if not runs:
                cells.append(" | |")
                continue
            peak = number(runs[0].spread(megabytes).middle)
            cells.append(f" {number(runs[0].spread(seconds).middle)} s | {peak} MB |")
        yield "".join(cells)
    yield ""
    if first.ours.runs and last.ours.runs and first.at != last.at:
        times = last.ours.spread(seconds).middle / first.ours.spread(seconds).middle
        larger = last.ours.spread(megabytes).middle / first.ours.spread(megabytes).middle
        yield (
            f"{number(last.at / first.at)} times as many take {number(times)} times the time and "
            f"{number(larger)} times the memory. {series.why}"
        )
    yield ""
