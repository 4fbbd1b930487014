"""The pictures of a page: each is stored once, whatever number of findings shows it."""

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.checking.result import SiteFinding
from halfpixel.report.pictures import picture_of_finding

if TYPE_CHECKING:
    from markupsafe import Markup

_HEAD: Final = re.compile(
    r'<svg\b[^>]* id="(?P<name>\w+)"[^>]* viewBox="0 0 (?P<width>[0-9.]+) (?P<height>[0-9.]+)"'
    r'[^>]* font-family="(?P<font>[^"]*)"[^>]*>'
)


MOST: Final = 3_000_000
"""Bytes of pictures in a page; what is met after that is not drawn, and is said not to be."""


class Picture(Struct, frozen=True):
    """One picture.

    Attributes:
        name: the name by which a page refers to it.
        body: the elements in it, as SVG.
        width: its width, in CSS pixels.
        height: its height.
        font: the families of its letters.
    """

    name: str
    body: "Markup"
    width: float
    height: float
    font: str


class Gallery(Struct):
    """The pictures of a page, by name.

    Attributes:
        pictures: each picture once.
        known: those of operations and findings that are alike.
        size: their size, in bytes.
        left: findings whose picture has no room.
    """

    pictures: dict[str, Picture] = field(default_factory=dict[str, Picture])
    known: dict[tuple[int, int], Picture | None] = field(
        default_factory=dict[tuple[int, int], Picture | None]
    )
    size: int = 0
    left: int = 0

    def of(self, one: SiteFinding) -> Picture | None:
        """Return the picture of a finding; None where there is nothing to draw."""
        key = id(one.site.operation), id(one.finding)
        if key not in self.known:
            alike = replace(one.site, name="the site", graph="", source=None)
            text = picture_of_finding(alike, replace(one.finding, message=""))
            self.known[key] = None if text is None else self._add(text)
        return self.known[key]

    def _add(self, text: str) -> Picture | None:
        from markupsafe import Markup

        head = _HEAD.search(text)
        if head is None:
            return None
        name, body = head["name"], text[head.end() :].rpartition("</svg>")[0]
        if name in self.pictures:
            return self.pictures[name]
        if self.size + len(body) > MOST:
            self.left += 1
            return None
        self.size += len(body)
        width, height = float(head["width"]), float(head["height"])
        made = Picture(name, Markup(body), width, height, head["font"])  # noqa: S704 - escaped where it was drawn
        self.pictures[name] = made
        return made
