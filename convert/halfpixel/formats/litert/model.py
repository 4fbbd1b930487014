"""A LiteRT model that was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from halfpixel.errors import GraphError, ModelFileError, UsageError
from halfpixel.format import Change, ChangedModel, Port, SiteValues, Value
from halfpixel.formats.litert.read.contents import Contents, contents_of
from halfpixel.formats.litert.read.contents import Value as Tensor
from halfpixel.formats.litert.read.file import KIND, model_view
from halfpixel.formats.litert.read.sites import LitertPlace, places_of
from halfpixel.formats.protobuf_wire import Malformed, stamp
from halfpixel.site import Site

FORMAT_NAME: Final = "LiteRT"


@dataclass
class LitertModel:
    """A model on the disk.

    Attributes:
        path: its file.
        places: its sites with where they stand, in order.
        inputs: what it takes, in order.
        values: values of the first graph, in the order in which they are computed.
    """

    path: Path
    places: list[LitertPlace] = field(init=False)
    inputs: tuple[Port, ...] = field(init=False)
    values: tuple[Value, ...] = field(init=False)
    record: tuple[str, ...] = ()
    data_files: tuple[str, ...] = ()
    _seen: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Read it, and remember the file as it is now."""
        self._seen = self._seen or stamp(self.path)
        self.places = self._places({})

    def _places(self, shapes: Mapping[str, tuple[int, ...]]) -> list[LitertPlace]:
        try:
            with model_view(self.path) as (view, base):
                contents = contents_of(view, base)
                if not shapes:
                    self.inputs, self.values = _ports(contents), ()
                return list(places_of(contents, self.path, shapes))
        except Malformed as error:
            raise ModelFileError(self.path, f"not {KIND}, or broken: {error}") from error
        except GraphError as error:
            raise GraphError(str(self.path), error.node, error.reason) from error

    def check_unchanged(self) -> None:
        """Refuse a file that is another one since it was read.

        Raises:
            ModelFileError: it is.
        """
        if stamp(self.path) not in {self._seen, None}:
            raise ModelFileError(self.path, "has changed since it was read")

    @property
    def format(self) -> str:
        """Name of its format."""
        return FORMAT_NAME

    @property
    def sites(self) -> list[Site]:
        """Its resampling sites, in order."""
        return [place.site for place in self.places]

    def sites_at(self, shapes: Mapping[str, tuple[int, ...]]) -> list[Site]:
        """Return its sites as they are where inputs have given lengths, in order."""
        return [place.site for place in self._places(shapes)]

    @property
    def site_values(self) -> Sequence[SiteValues]:
        """The values between which each site stands, in the order of `sites`."""
        return tuple(
            SiteValues(place.data, place.output, not place.graph, (place.data,))
            for place in self.places
        )

    def words(self, change: Change, newest: int | None) -> str:
        """Return what a change would be written as, in words; raises as the format's does."""
        from halfpixel.errors import ConventionError
        raise ConventionError("TODO")

    def rewrite(self, changes: Sequence[Change], newest: int | None) -> ChangedModel:
        """Return the model with changes made, as far as they can be."""
        from halfpixel.errors import ConventionError
        raise ConventionError("TODO")


def _ports(contents: Contents) -> tuple[Port, ...]:
    """Return what the first graph takes."""
    if not contents.subgraphs:
        return ()
    graph = contents.graph(0)
    taken = [graph.values[place] for place in graph.inputs if place >= 0]
    return tuple(Port(one.name, _dtype(one), one.shape) for one in taken)


def _dtype(value: Tensor) -> str:
    return value.dtype.lower()


def opened(source: object) -> LitertModel:
    """Return the structure of a model.

    Args:
        source: the path of a .tflite file or a bundle.

    Raises:
        ModelFileError: there is no LiteRT model, or it is truncated or unreadable.
        GraphError: a graph is impossible.
    """
    if not isinstance(source, Path):
        raise UsageError("a LiteRT model is read from a file")
    return LitertModel(source)
