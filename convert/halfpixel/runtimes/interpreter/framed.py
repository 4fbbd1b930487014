"""A LiteRT model as its sites are described: with the channels first, as PyTorch has them.

A resize of LiteRT has the channels last, and its site is described with the channels first. What
such a site is handed and makes has a name of its own here, under which it is given that way.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.format import SiteValues
from halfpixel.formats.litert.edit import UNCHANGED, LitertEdit
from halfpixel.formats.litert.model import LitertModel
from halfpixel.formats.litert.read.sites import LitertPlace

if TYPE_CHECKING:
    from halfpixel.storage.remote_file import File

CHANNELS_FIRST: Final = " (channels first)"
"""How the name of a value ends that is given with its channels first."""


class Framed(LitertModel):
    """A model whose resizes take and make images with the channels first."""

    def __init__(
        self,
        path: "File",
        edit: LitertEdit = UNCHANGED,
        name: Path | None = None,
        seen: tuple[int, int] | None = None,
    ) -> None:
        """Read it; each site evaluates images with the channels first. Raises as a model does."""
        super().__init__(path, edit, name, seen)
        self.places = [
            replace(one, site=replace(one.site, compute=one.found.site.compute))
            for one in self.places
        ]

    @property
    def site_values(self) -> Sequence[SiteValues]:
        """The values between which each site stands, in the order of `sites`."""
        return tuple(map(_ends, self.places))

    @property
    def turned(self) -> Iterator[str]:
        """The names of values that are given with their channels first."""
        for one in self.places:
            if one.turned and not one.graph:
                yield from (one.data + CHANNELS_FIRST, one.output + CHANNELS_FIRST)


def _ends(place: LitertPlace) -> SiteValues:
    more = CHANNELS_FIRST if place.turned else ""
    data = place.data + more
    return SiteValues(data, place.output + more, not place.graph, (data,))
