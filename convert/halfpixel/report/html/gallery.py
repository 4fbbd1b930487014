"""The pictures of a page: each is stored once, whatever number of findings shows it."""

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.checking.result import SiteFinding
from halfpixel.report.pictures import picture_of_finding, picture_of_pair
from halfpixel.sampling import Resize
from halfpixel.site import Site

if TYPE_CHECKING:
    from markupsafe import Markup

_HEAD: Final = re.compile(
    r'<svg\b[^>]* viewBox="0 0 (?P<width>[0-9.]+) (?P<height>[0-9.]+)"[^>]*>'
    r'(?:<title>[^<]*</title>|\s)*<g id="(?P<name>\w+)"'
)
"""The head of a picture, with its size and the name that its own style goes by."""

_STYLE: Final = re.compile(r"<style>([^<]*)</style>")

MOST: Final = 2_500_000
"""Bytes of pictures in a page; what is met after that is not drawn, and is said not to be."""

DRAWN: Final = "drawn"
"""The class of every picture: what each says of its own letters and lines is said once for all."""


class Picture(Struct, frozen=True):
    """One picture.

    Attributes:
        name: the name by which a page refers to it.
        body: the elements in it, as SVG.
        width: its width, in CSS pixels.
        height: its height.
    """

    name: str
    body: "Markup"
    width: float
    height: float


class Gallery(Struct):
    """The pictures of a page, by name.

    Attributes:
        pictures: each picture once.
        known: those of operations and findings that are alike.
        size: their size, in bytes.
        left: findings whose picture has no room.
        styles: what pictures say of their letters and lines.
    """

    pictures: dict[str, Picture] = field(default_factory=dict[str, Picture])
    known: dict[tuple[int, int], Picture | None] = field(
        default_factory=dict[tuple[int, int], Picture | None]
    )
    size: int = 0
    left: int = 0
    styles: dict[str, None] = field(default_factory=dict[str, None])

    def of(self, one: SiteFinding) -> Picture | None:
        """Return the picture of a finding; None where there is nothing to draw."""
        key = id(one.site.operation), id(one.finding)
        if key not in self.known and self.left:
            self.left += 1
            return None
        if key not in self.known:
            text = picture_of_finding(_nameless(one.site), replace(one.finding, message=""))
            self.known[key] = self.drawn(text)
        return self.known[key]

    @property
    def style(self) -> "Markup":
        """What all pictures say of their letters and lines, as CSS."""
        from markupsafe import Markup

        return Markup("".join(self.styles))  # noqa: S704 - written where it was drawn

    def of_site(self, site: Site) -> Picture | None:
        """Return the picture of a site of which nothing is found."""
        return self.drawn(picture_of_finding(_nameless(site)))

    def of_pair(self, a: Site, b: Site) -> Picture | None:
        """Return the picture of two resizes of the same lengths, the second as what was meant."""
        if not isinstance(a.operator, Resize) or not isinstance(b.operator, Resize):
            return None
        ins, outs = a.operation.lengths
        pairs = [(ins[axis], outs[axis]) for axis, _ in a.operator.axes]
        calls = a.operation.claim or "", b.operation.claim or ""
        try:
            text = picture_of_pair(
                a.operator, b.operator, lengths=pairs, title="Two sites of the same call",
                labels=("first", "second"), calls=calls,
            )  # fmt: skip
        except ValueError:  # a table that was made for other lengths
            return None
        return self.drawn(text)

    def drawn(self, text: str | None) -> Picture | None:
        """Return a picture that was drawn; None where there is none, or no room for it."""
        return None if text is None else self._add(text)

    def _add(self, text: str) -> Picture | None:
        from markupsafe import Markup

        head = _HEAD.search(text)
        if head is None:
            return None
        own, name = head["name"], f"picture-{head['name']}"
        if name in self.pictures:
            return self.pictures[name]
        body = text.partition(">")[2].rpartition("</svg>")[0]
        style = _STYLE.search(body)
        if style is not None:
            self.styles[style[1].replace(f"#{own} ", f".{DRAWN} ")] = None
            body = _STYLE.sub("", body).replace(f'<g id="{own}"', f'<g class="{DRAWN}"', 1)
        if self.size + len(body) > MOST:
            self.left += 1
            return None
        self.size += len(body)
        width, height = float(head["width"]), float(head["height"])
        made = Picture(name, Markup(body), width, height)  # noqa: S704 - escaped where it was drawn
        self.pictures[name] = made
        return made


def _nameless(site: Site) -> Site:
    """Return a site without what is its own: those that are alike share a picture."""
    return replace(site, name="the site", graph="", source=None)
