"""Which findings people are shown, and what is alike said once.

Notes say what is worth knowing of a right model. Unless they are asked for they are counted, and
notes of one file that say the same are one line, with the nodes that they are about.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from halfpixel.checking.result import FileReport, SiteFinding
from halfpixel.rule import SEVERITIES, Severity

KNOWN: Final = {"assumed": "assumed, not proven"}
"""How a finding is known, for people, where one word says too little."""

NAMED: Final = 16
"""Nodes that are named of those that a note is about."""


class Shown(Struct, frozen=True):
    """What is shown of one file.

    Attributes:
        single: findings with something of their own to say, in the order of the sites.
        alike: notes that say the same of several nodes, in the order of the first.
    """

    single: tuple[SiteFinding, ...]
    alike: tuple[tuple[SiteFinding, ...], ...]


def shown(file: FileReport, least: Severity) -> Shown:
    """Return what is shown of a file where the mildest severity to be shown is given."""
    rank = SEVERITIES.index
    kept = [one for one in file.findings if rank(one.finding.severity) <= rank(least)]
    groups: dict[tuple[str, ...], list[SiteFinding]] = {}
    for one in kept:
        if one.finding.severity == "note":
            groups.setdefault(_said(one), []).append(one)
    alike = tuple(tuple(group) for group in groups.values() if len(group) > 1)
    grouped = {id(one) for group in alike for one in group}
    return Shown(tuple(one for one in kept if id(one) not in grouped), alike)


def _said(one: SiteFinding) -> tuple[str, ...]:
    """Return all that a finding says beside where it is."""
    finding = one.finding
    safety = "" if finding.fix is None else finding.fix.safety
    return one.rule.name, finding.message, finding.how, safety, one.words, finding.declined


def nodes(alike: Sequence[SiteFinding]) -> str:
    """Return how many nodes findings are about, and the first of them by name."""
    return named([one.site.path for one in alike])


def named(names: Sequence[str]) -> str:
    """Return how many nodes there are, and the first of them by name.

    >>> named(["a", "b"])
    '2 nodes: a, b'
    """
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} nodes: {', '.join(names[:NAMED])}{more}"
