"""What a text on the command line names: a model file, and one of its nodes."""

import os
from collections.abc import Iterator, Sequence
from typing import Final

from halfpixel.address import Location, is_address, location, node_in
from halfpixel.checking.shapes import Shapes, sites_at
from halfpixel.errors import UsageError, did_you_mean
from halfpixel.format import Opened
from halfpixel.site import Site

NAMED: Final = 3
"""Nodes that are named to somebody who has to choose one."""


def exists(text: str) -> bool:
    """Whether there is such a file; a call may be longer than any name.

    A file elsewhere is not asked for: whoever opens it is told.
    """
    return is_address(text) or os.path.exists(text)  # noqa: PTH110 - Path.exists raises where a name is too long


def file_and_node(subject: str) -> tuple[Location, str] | None:
    """Return the model file that a text names, and the node; empty for none of them.

    The longest file that exists counts, since names of nodes hold colons and slashes too.

    Returns:
        None where no file is named.
    """
    if is_address(subject):
        text, node = node_in(subject)
        return location(text), node
    if exists(subject):
        return location(subject), ""
    for place in _colons(subject):
        if place and exists(subject[:place]):
            return location(subject[:place]), subject[place + 1 :]
    return None


def _colons(text: str) -> Iterator[int]:
    """Yield the places of the colons of a text, the last one first."""
    place = text.rfind(":")
    while place >= 0:
        yield place
        place = text.rfind(":", 0, place)


def sites_named(model: Opened, path: Location, node: str, shapes: Shapes) -> list[tuple[int, Site]]:
    """Return the sites of a model that have a name, each with its place among all; all for none.

    Args:
        model: the model.
        path: its file.
        node: a name, with or without the graph that the node stands in; empty for every site.
        shapes: lengths of its inputs, by name.

    Raises:
        UsageError: no site has it.
    """
    sites = sites_at(model, shapes)
    found = [
        (place, site)
        for place, site in enumerate(sites)
        if not node or node in {site.name, site.path}
    ]
    if node and not found:
        near = did_you_mean(node, [site.path for site in sites])
        there = near or _told("; there are: ", [site.path for site in sites])
        raise UsageError(f"{path}: no resampling node is called {node!r}{there}")
    return found


def site_named(model: Opened, path: Location, node: str, shapes: Shapes) -> Site:
    """Return the one site of a model that has a name; the only one of a model for none.

    Args:
        model: the model.
        path: its file.
        node: as for `sites_named`.
        shapes: lengths of its inputs, by name.

    Raises:
        UsageError: there is none, or there are several and none is named.
    """
    found = sites_named(model, path, node, shapes)
    if not found:
        raise UsageError(f"{path}: no resampling node")
    if len(found) > 1:
        names = [f"{path}:{site.path}" for _, site in found]
        told = _told("; name one, as ", names)
        raise UsageError(f"{path}: {len(found)} resampling nodes, expected one{told}")
    return found[0][1]


def _told(head: str, names: Sequence[str]) -> str:
    """Return some names behind what they are; empty for none."""
    return f"{head}{', '.join(map(repr, names[:NAMED]))}" if names else ""
