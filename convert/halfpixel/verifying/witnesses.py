"""Lengths at which two sides may differ and hardly anywhere else: those that check itself names.

A nearest resize that reads another pixel at length 45 is right at all usual lengths. Findings and
pairs of sites say so of the length of a site's input; the model's own length that leads to it
follows from the model's shapes.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from halfpixel.checking.check import Judge, Settings
from halfpixel.errors import HalfpixelError
from halfpixel.format import Opened, Port
from halfpixel.intents.pairing import pair_sites
from halfpixel.runtimes.feeds import CHANNELS, FeedSettings, Lengths, lengths_in
from halfpixel.verifying.side import Started
from halfpixel.work import MOST as WORK
from halfpixel.work import working

if TYPE_CHECKING:
    from halfpixel.checking.result import SiteFinding
    from halfpixel.site import Site

NAMED: Final = re.compile(r"\blength (?P<length>[0-9]+) (?:to|shrinks|becomes|stays)\b")
"""How a length is named at which something goes wrong."""

MOST: Final = 3
"""Lengths that are tried beside the usual ones."""

LONGEST: Final = 4096
KNOWN: Final = 64
"""A length of the model at which that of a site tells how many times shorter it is."""


def witness_lengths(
    sides: tuple[Started, Started], ports: Sequence[Port], settings: FeedSettings
) -> list[tuple[int, int]]:
    """Return heights and widths of inputs at which check, or a pair of sites, sees a difference.

    Args:
        sides: the sides; those that are no models say nothing.
        ports: what both take.
        settings: how inputs are made.

    >>> NAMED.search("at length 45 to 100 (axis 3) 1 of 100 samples are off")["length"]
    '45'
    """
    found: dict[int, None] = {}
    for model, site, length in _named(sides):
        at = _length_of_model(model, site, length, ports, settings)
        if at is not None and at <= LONGEST:
            found[at] = None
        if len(found) == MOST:
            break
    return [(length, length) for length in found]


def _named(sides: tuple[Started, Started]) -> "Iterator[tuple[Opened, Site, int]]":
    """Yield the lengths that are named, with the model and the site whose input has them."""
    a, b = sides
    if a.model is not None and b.model is not None:
        for pair in pair_sites(a.sites, b.sites).pairs:
            if pair.equal is False and (said := NAMED.search(pair.difference)):
                yield a.model, pair.a, int(said["length"])
    for model in (a.model, b.model):
        for one in () if model is None else _findings(model):
            said = NAMED.search(one.finding.message)
            if said is not None and model is not None:
                yield model, one.site, int(said["length"])


def _findings(model: Opened) -> "Sequence[SiteFinding]":
    """Return what check finds in a model, of whose sites some may be too much work."""
    try:
        if not model.sites:  # read as they are, whatever work is left for rules
            return ()
        with working(WORK):
            return Judge(Settings(severity="note")).judged(model, "").findings
    except HalfpixelError:
        return ()


def _length_of_model(
    model: Opened, site: "Site", length: int, ports: Sequence[Port], settings: FeedSettings
) -> int | None:
    """Return the length of the model's inputs at which that of a site is the one named.

    None where it is fixed, or where none leads to it.
    """
    shape = site.operation.input_shape or ()
    own = shape[-1] if shape else None
    if isinstance(own, int):
        return None
    if any(own is not None and own in (port.shape or ()) for port in ports):
        return length
    known = _at(model, site, KNOWN, ports, settings)
    if known is None or known < 1:
        return length
    for times in (KNOWN // known, KNOWN / known):
        for step in (0, 1, -1, 2, -2):
            tried = round(length * times) + step
            if tried > 0 and _at(model, site, tried, ports, settings) == length:
                return tried
    return None


def _at(
    model: Opened, site: "Site", length: int, ports: Sequence[Port], settings: FeedSettings
) -> int | None:
    """Return the length of a site's input where that of the model's inputs is given."""
    shapes = lengths_in(ports, settings, Lengths(1, CHANNELS, (length, length)))
    try:
        sites = model.sites_at(shapes)
    except HalfpixelError:
        return None
    for one in sites:
        if (one.graph, one.name, one.op) == (site.graph, site.name, site.op):
            last = (one.operation.input_shape or (None,))[-1]
            return last if isinstance(last, int) else None
    return None
