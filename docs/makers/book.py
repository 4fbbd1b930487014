"""The page of the benchmark book, and its plots, from what was measured last."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

from book.peers import TABLE
from book.results import PARTS, Case, Measured, Part, load, misses
from book.words import number, row_words, seconds, table, told, verdict

from makers import plots
from makers.growth import SERIES, Series, grown

FOLDER = "book"
HEAD = """# The benchmark book

Made by `docs/build.py` from `benchmarks/results/book`, which

```console
$ python benchmarks/book
```

measures: halfpixel beside whatever else does part of its work, as whole processes that take turns
on one machine. **The ratios count**, not the seconds: *times ours* says how many times as long, or
as large, as halfpixel another takes, compared turn by turn; behind a median stand its quartiles,
where there was more than one turn. What was stopped is said to take *over* so much. Memory is the
most at one time: *its own pages*, and those *mapped* from files, which the system takes back
whenever it wants. What stands in italics is no peer but a limit: the least that anyone has to do.
"""
TITLES = {
    "check": "check",
    "fix": "fix",
    "verify": "verify",
    "convert": "convert",
    "many": "Many files",
    "growth": "What grows, and where it stops",
}
INTROS = {
    "check": "The peers, and what each does with a model:",
    "fix": "The same edit of every resize, made by halfpixel and by loading and saving; `cp` only "
    "copies, and does not wait for the disk as fix does. Pages of its own are what a fix needs, "
    "and the same in every run. What is mapped is the old file, given back at once; how much of it "
    "stands there for a moment hangs on the pieces in which the system caches the file: the same "
    "fix of 1.5 GB peaks at 65 MB or at 190 MB.",
    "verify": "Two models of which one resize differs. Polygraphy keeps every activation; "
    "halfpixel runs on to the node that parts them.",
    "convert": "The same export, by halfpixel and by PyTorch alone. halfpixel also reads back what "
    "was written, runs the file and the module, and compares; the limit does that once.",
    "many": "One command over a folder, beside a loop of Python over its files. They are this "
    "repository's own, each with a text added: a few kilobytes, in which nearly every node belongs "
    "to a resize. A loader has next to nothing to read in them, and check all of its work to do.",
    "growth": "One thing grows and all else stays.",
}


def page() -> str:
    """Return the page."""
    parts = [part for name in PARTS if (part := load(name)) is not None]
    lines = [HEAD, *summary(parts)]
    for part in parts:
        lines += ["", f"## {TITLES[part.name]}", "", *where(part), "", INTROS[part.name], ""]
        if part.name == "check":
            lines += [*peers(), ""]
        for case in part.cases:
            if not case.series:
                lines += [f"### {case.name}", "", *facts(case), *shown(part, case), *table(case)]
                lines += ["", *limits(case), "", *verdict(case), ""]
        for series, cases in of_series(part).items():
            lines += grown(series, cases, image(part, series.name))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def summary(parts: list[Part]) -> Iterator[str]:
    """Yield what is asked of check, and whether it holds."""
    yield "| asked of check | holds | where it does not; why stands with each |"
    yield "| --- | --- | --- |"
    for case in (case for part in parts for case in part.cases if case.asked[0]):
        time, memory = case.asked
        asked = f"{time:g} times faster, {memory:g} times smaller" if memory else "no slower"
        found = list(misses(case))
        off = "; ".join(f"{m.peer.name}: {told(m.found)} times the {m.what}" for m in found)
        yield f"| {case.name}: {asked} than any peer | {'no' if found else 'yes'} | {off} |"


def where(part: Part) -> Iterator[str]:
    """Yield on what a part was measured, and with what."""
    kind = part.machine
    yield (
        f"`{part.command}`, {part.date}: {kind['processor']}, {kind['cores']} cores, "
        f"{kind['memory']}, {kind['system']}, load {kind['load']}."
    )
    yield f"{', '.join(f'{name} {version}' for name, version in part.versions.items())}."


def peers() -> Iterator[str]:
    """Yield what each peer does with a model."""
    for one in tomllib.loads(TABLE.read_text(encoding="utf-8"))["peer"]:
        yield f"- **{one['name']}**: {one['does']}."


def facts(case: Case) -> Iterator[str]:
    """Yield the bytes of a case, whole and structure."""
    if "structure" in case.facts:
        whole, structure = (case.facts[name] / 1e6 for name in ("bytes", "structure"))
        read = case.ours.spread(lambda run: run.read).middle if case.ours.runs else 0
        yield (
            f"{number(whole)} MB, of which {number(structure)} MB are structure. check maps the "
            f"model, and read {number(read)} MB besides, nearly all of it its own modules."
        )
        yield ""


def limits(case: Case) -> Iterator[str]:
    """Yield how far from the limits ours is."""
    if not case.ours.runs:
        return
    for one in case.others("limit"):
        times = number(1 / case.ratio(one, "time").middle)
        above = case.ours.spread(seconds).middle - one.spread(seconds).middle
        told_above = f"{number(above)} s above" if above > 0 else f"{number(-above)} s below"
        yield f"- {case.ours.name} takes {times} times the limit, {one.name}: {told_above} it."


def of_series(part: Part) -> Mapping[Series, list[Case]]:
    """Return the cases of growing things, by what grows."""
    found = {one: [case for case in part.cases if case.series == one.name] for one in SERIES}
    return {one: cases for one, cases in found.items() if cases}


def shown(part: Part, case: Case) -> Iterator[str]:
    """Yield the picture of a case."""
    if case.ours.runs:
        yield f"![{alternative(case)}]({image(part, case.name)})"
        yield ""


def image(part: Part, name: str) -> str:
    """Return the file of a picture, beside the page."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{part.name} {name}".lower()).strip("-")
    return f"{FOLDER}/{words}.svg"


def alternative(case: Case) -> str:
    """Return what the picture of a case shows, in a line."""
    return f"Seconds of each command, {case.name}; the table below has the numbers"


def ordered(case: Case) -> list[Measured]:
    """Return the commands of a case that have runs: ours, the peers from fast to slow, limits."""
    ranks = {"ours": 0, "peer": 1, "limit": 2}
    known = [one for one in case.measured if one.runs]
    return sorted(known, key=lambda one: (ranks[one.role], one.spread(seconds).middle))


def of_case(path: str, case: Case) -> str:
    """Return the picture of a case: a bar a command."""
    rows = [
        plots.Bar(row_words(one), one.spread(seconds).middle, one.role) for one in ordered(case)
    ]
    name = path.removeprefix(f"{FOLDER}/").removesuffix(".svg")
    return plots.bars(name, f"{case.name}: seconds", plots.told(row.words for row in rows), rows)


def of_growth(path: str, series: Series, cases: list[Case]) -> str:
    """Return the picture of what grows: a curve a command."""
    names = {one.name: one.role for case in cases for one in case.measured if one.runs}
    lines = [
        plots.Curve(
            name,
            [
                (case.at, one.spread(seconds).middle)
                for case in cases
                for one in case.measured
                if one.name == name and one.runs
            ],
            role,
        )
        for name, role in names.items()
    ]
    said = plots.told(
        f"{line.words}: " + ", ".join(f"{number(y)} s at {x:,.0f}" for x, y in line.points)
        for line in lines
    )
    name = path.removeprefix(f"{FOLDER}/").removesuffix(".svg")
    return plots.curves(name, f"Seconds, as {series.title} grow", said, series.title, lines)


@cache
def pictures() -> Mapping[str, Callable[[], str]]:
    """Return every picture by its path below docs."""
    found: dict[str, Callable[[], str]] = {}
    for part in (part for name in PARTS if (part := load(name)) is not None):
        for case in part.cases:
            if not case.series and case.ours.runs:
                path = image(part, case.name)
                found[path] = partial(of_case, path, case)
        for series, cases in of_series(part).items():
            path = image(part, series.name)
            found[path] = partial(of_growth, path, series, cases)
    return found
