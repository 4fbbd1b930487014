"""What a report shows of a model beside its findings: what stands around a site, the fix as a diff.

The model is read a second time, without its weights. Where it cannot be, a report does without.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Final

from msgspec import Struct

from halfpixel.address import location
from halfpixel.boundary import boundary
from halfpixel.checking.check import opened
from halfpixel.checking.result import FileReport
from halfpixel.checking.subject import exists
from halfpixel.errors import HalfpixelError
from halfpixel.format import Change, Opened, Outcome, SiteValues, Value
from halfpixel.work import working

MOST: Final = 6
"""Inputs and readers of a site that are drawn; the others are counted."""


class Neighbour(Struct, frozen=True):
    """What stands before or behind a site.

    Attributes:
        name: name of the node, or of the value where no node makes it.
        kind: the node's type, or what else makes or takes the value.
        value: the value between the two.
    """

    name: str
    kind: str
    value: str


class Around(Struct, frozen=True):
    """What stands around one site.

    Attributes:
        inputs: what makes its inputs, the resampled one first.
        readers: what reads its output.
        more: how many readers there are beside these.
    """

    inputs: tuple[Neighbour, ...] = ()
    readers: tuple[Neighbour, ...] = ()
    more: int = 0


class Behind(Struct, frozen=True):
    """What a second reading of a file shows.

    Attributes:
        arounds: what stands around each site, in their order.
        diffs: for a finding, by its place, the lines of the change that mends it.
    """

    arounds: tuple[Around, ...] = ()
    diffs: Mapping[int, tuple[str, ...]] = {}


def behind(file: FileReport, most: int) -> Behind:
    """Return what a second reading of a checked file shows; nothing where it cannot be read.

    Args:
        file: what was found in it.
        most: steps of exact work that it may take.
    """
    path = location(file.path)
    if file.error is not None or not file.findings or not exists(file.path):
        return Behind()
    try:
        with boundary(file.path), working(most):
            model = opened(path)
            if not file.is_of(model.sites):
                return Behind()
            arounds = tuple(_arounds(model))
            return Behind(arounds, dict(_diffs(model, file)))
    except HalfpixelError:
        return Behind()


def _arounds(model: Opened) -> Iterator[Around]:
    made = {value.name: value for value in model.values}
    ports = {port.name for port in model.inputs}
    readers: dict[str, dict[tuple[str, str], Value]] = defaultdict(dict)
    for value in made.values():
        for name in value.reads:
            readers[name].setdefault((value.node, value.op), value)
    for site in model.site_values:
        yield _around(site, made, ports, list(readers[site.output].values()))


def _around(
    site: SiteValues, made: Mapping[str, Value], ports: set[str], readers: Sequence[Value]
) -> Around:
    names = dict.fromkeys(name for name in (site.data, *site.inputs) if name)
    inputs = tuple(_input(name, made, ports, main=site.main) for name in names)
    behind_it = tuple(Neighbour(one.node, one.op, site.output) for one in readers[:MOST])
    if not readers and site.main:
        behind_it = (Neighbour(site.output, "output of the model", site.output),)
    return Around(inputs[:MOST], behind_it, max(0, len(readers) - MOST))


def _input(name: str, made: Mapping[str, Value], ports: set[str], *, main: bool) -> Neighbour:
    if main and name in ports:
        return Neighbour(name, "input of the model", name)
    if main and name in made:
        return Neighbour(made[name].node, made[name].op, name)
    return Neighbour(name, "constant of the file" if main else "value of the subgraph", name)


def _diffs(model: Opened, file: FileReport) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the diff of each finding that has a fix: one fix a site is made at a time."""
    rounds: list[dict[int, tuple[int, Change]]] = []
    for number, (place, one) in enumerate(zip(file.places, file.findings, strict=True)):
        change = one.change_at(place)
        if change is None:
            continue
        free = next((turn for turn in rounds if place not in turn), None)
        if free is None:
            rounds.append(free := {})
        free[place] = number, change
    for turn in rounds:
        asked = list(turn.values())
        outcomes = model.rewrite([change for _, change in asked], None).outcomes
        for (number, _), outcome in zip(asked, outcomes, strict=True):
            yield number, diff(outcome)


def diff(outcome: Outcome) -> tuple[str, ...]:
    """Return the lines of a change as a diff without its head.

    >>> diff(Outcome("up", "", "Resize", "a", before=("y", " a = 1"), after=("y", " a = 2")))
    (' y', '- a = 1', '+ a = 2')
    """
    lines = unified_diff(outcome.before, outcome.after, lineterm="", n=99)
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))
