"""Which findings people are shown, site by site, and what is alike said once.

Sites of one file are alike where they are the same operator, are and mean the same call but for its
lengths, and the same is found, but for the lengths at which it is.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from halfpixel.checking.result import FileReport, SiteFinding
from halfpixel.rule import SEVERITIES, Severity
from halfpixel.site import Site

KNOWN: Final = {"assumed": "assumed, not proven"}
"""How a finding is known, for people, where one word says too little."""

NAMED: Final = 16
"""Nodes that are named of those that are alike."""

_LENGTH: Final = re.compile(
    r"\b(?:lengths?|axis|axes|sizes?|to)[ =]\(?[0-9]+(?:, ?[0-9]+)*(?!\.[0-9]|\w)"
    r"|\[\.\.\., [:0-9, ]+\]"
)
"""Lengths, sizes and axes in a text; a scale, a kernel and how far samples are off are none."""


class Block(Struct, frozen=True):
    """A site with what is found there, and those that are alike.

    Attributes:
        found: what is found at the first site.
        others: the other sites, in order.
    """

    found: tuple[SiteFinding, ...]
    others: tuple[Site, ...] = ()

    @property
    def site(self) -> Site:
        """The first site."""
        return self.found[0].site


def blocks(file: FileReport, least: Severity, *, fold: bool = True) -> Iterator[Block]:
    """Yield the sites of a file at which something is shown, in order.

    Args:
        file: what was found in it.
        least: the mildest severity that is shown.
        fold: sites that are alike are one block.
    """
    rank = SEVERITIES.index
    kept = [one for one in file.findings if rank(one.finding.severity) <= rank(least)]
    groups: dict[object, list[tuple[SiteFinding, ...]]] = {}
    for place, (_, group) in enumerate(groupby(kept, key=lambda one: id(one.site))):
        found = tuple(group)
        groups.setdefault(_key(found) if fold else place, []).append(found)
    for first, *others in groups.values():
        yield Block(first, tuple(found[0].site for found in others))


def _key(found: Sequence[SiteFinding]) -> object:
    """Return what sites that are alike have in common."""
    site = found[0].site
    intent = site.intent
    meant = ("", "", "") if intent is None else (intent.text, intent.how, intent.origin)
    told = site.operation.claim or site.operation.problem or ""
    source = (site.source or "").rpartition(":")[0]
    head = (site.op, site.operation.version, told, *meant, source)
    return tuple(map(without_lengths, head)), tuple(map(_said, found))


def _said(one: SiteFinding) -> tuple[str, ...]:
    """Return all that a finding says beside where it is, and at which lengths."""
    finding = one.finding
    safety = "" if finding.fix is None else finding.fix.safety
    said = (finding.message, one.words, finding.declined)
    return (finding.severity, one.rule.name, finding.how, safety, *map(without_lengths, said))


def without_lengths(text: str) -> str:
    """Return a text without the lengths in it.

    >>> without_lengths("at length 8 to 16 (axis 2) samples are up to 0.25 input px off")
    'at # # (#) samples are up to 0.25 input px off'
    """
    return _LENGTH.sub("#", text)


def named(names: Sequence[str], most: int = NAMED) -> str:
    """Return names, the first of many, and how many more there are.

    >>> named(["a", "b"])
    'a, b'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
