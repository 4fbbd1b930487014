"""A LiteRT model that was read: its sites, without weights."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Self, TypeVar

from msgspec.structs import replace

from halfpixel.address import Address
from halfpixel.errors import ConventionError, GraphError, ModelFileError, reason_of
from halfpixel.format import Change, Outcome, Port, SiteValues, Value
from halfpixel.formats.changed import Changed
from halfpixel.formats.litert.edit import RECORD, UNCHANGED, LitertEdit
from halfpixel.formats.litert.read.contents import Contents, check_room, contents_of
from halfpixel.formats.litert.read.ends import ports_of, values_of
from halfpixel.formats.litert.read.file import KIND, members_view
from halfpixel.formats.litert.read.sought import may_resample
from halfpixel.formats.litert.schema import VERSION
from halfpixel.formats.mapping import stamp
from halfpixel.formats.protobuf_wire import Malformed
from halfpixel.site import Site
from halfpixel.work import MOST, working

if TYPE_CHECKING:
    from halfpixel.formats.litert.read.sites import LitertPlace
    from halfpixel.formats.pieces import Piece
    from halfpixel.storage.remote_file import File

FORMAT_NAME: Final = "LiteRT"
BUNDLED: Final = "it lies in a bundle, which is not written: unpack it, and fix the .tflite file"

T = TypeVar("T")


class LitertModel:
    """A model in a file, on this disk or elsewhere.

    Attributes:
        path: its file.
        edit: how it differs from its file.
        name: the file that errors name, where it is not that one.
        places: its sites with where they stand, in order.
    """

    def __init__(
        self,
        path: "File",
        edit: LitertEdit = UNCHANGED,
        name: Path | None = None,
        seen: tuple[int, int] | None = None,
    ) -> None:
        """Read it, and remember the file as it is now.

        Args:
            path: its file.
            edit: how it differs from its file.
            name: the file that errors name, where it is not that one.
            seen: what tells the state of the file in which it was read before.

        Raises:
            ModelFileError: it is no LiteRT model, or broken.
            GraphError: a graph is impossible.
        """
        self.path, self.edit, self.name = path, edit, name
        self._seen = seen or (stamp(path) if isinstance(path, Path) else None)
        with self.members() as members:
            first = members[0]
            record = first.metadata.get(RECORD, b"").decode(errors="replace")
            self._record = tuple(record.splitlines())
            self._writer = first.writer, first.writer_version, first.description
            self._bundled = len(members) > 1 or first.base > 0
            self.places = self._places(members)

    def edited(self, edit: LitertEdit) -> Self:
        """Return the same file with another edit."""
        return type(self)(self.path, edit, self.name, self._seen)

    def _places(
        self, members: Sequence[Contents], shapes: "Mapping[str, tuple[int, ...]] | None" = None
    ) -> "list[LitertPlace]":
        """Return the sites of models, the first of them at given lengths of its inputs."""
        if not any(may_resample(one.kinds) for one in members):
            return []
        check_room(members)
        from halfpixel.formats.litert.read.sites import places_of

        return [
            place
            for number, contents in enumerate(members)
            for place in places_of(contents, self.path, self.edit, None if number else shapes)
        ]

    @contextmanager
    def contents(self) -> Generator[Contents]:
        """Open the file, at its first model; raises as `members`."""
        with self.members() as members:
            yield members[0]

    @contextmanager
    def members(self) -> Generator[list[Contents]]:
        """Open the file, at each of its models: several lie in a bundle.

        Raises:
            ModelFileError: it is no LiteRT model, or broken.
            GraphError: a graph is impossible.
        """
        path = self.name or self.path
        try:
            with members_view(self.path) as (view, members):
                yield [contents_of(view, one.base, one.name) for one in members]
        except Malformed as error:
            raise ModelFileError(path, f"not {KIND}, or broken: {error}") from error
        except GraphError as error:
            raise GraphError(str(path), error.node, error.reason) from error

    def _of(self, read: Callable[[Contents], T]) -> T:
        with self.contents() as contents:
            return read(contents)

    def check_unchanged(self) -> None:
        """Refuse a file that is another one since it was read.

        Raises:
            ModelFileError: it is.
        """
        if not isinstance(self.path, Path):
            self.path.check_unchanged()
        elif stamp(self.path) not in {self._seen, None}:
            raise ModelFileError(self.path, "has changed since it was read")

    @property
    def format(self) -> str:
        """Name of its format."""
        return FORMAT_NAME

    @property
    def written(self) -> tuple[str, str]:
        """Who wrote it, with its version, and the version of its schema.

        Of a writer of whom nothing is known, what the file says of itself.
        """
        from halfpixel.intents.exporter_file import exporter_of

        told, version, description = self._writer
        exporter = exporter_of(told)
        name = description if exporter is None else exporter.title
        return f"{name} {version}".strip(), f"schema {VERSION}"

    @property
    def sites(self) -> list[Site]:
        """Its resampling sites, in order."""
        return [place.site for place in self.places]

    def sites_at(self, shapes: Mapping[str, tuple[int, ...]]) -> list[Site]:
        """Return its sites as they are where inputs have given lengths, in order."""
        with self.members() as members:
            return [place.site for place in self._places(members, shapes)]

    @property
    def record(self) -> Sequence[str]:
        """What earlier fixes changed, a line each."""
        return self.edit.record or self._record

    @property
    def data_files(self) -> Sequence[str]:
        """Nothing: weights lie in the file itself."""
        return ()

    @property
    def inputs(self) -> Sequence[Port]:
        """What the first graph takes, in order."""
        return self._of(ports_of)

    @property
    def values(self) -> Sequence[Value]:
        """Values of the first graph, in the order in which they are computed."""
        return self._of(values_of)

    @property
    def site_values(self) -> Sequence[SiteValues]:
        """The values between which each site stands, in the order of `sites`."""
        return tuple(
            SiteValues(place.data, place.output, not place.graph, (place.data,))
            for place in self.places
        )

    def words(self, change: Change, newest: int | None) -> str:
        """Return what a change would be written as, in words; raises as the format's does."""
        from halfpixel.formats.litert.write.plan import plan_of

        del newest
        if self._bundled:
            raise ConventionError(BUNDLED)
        return plan_of(self.places[change.site], change)[0].text

    def rewrite(self, changes: Sequence[Change], newest: int | None) -> "ChangedLitertModel":
        """Return the model with changes made, as far as they can be.

        Args:
            changes: what sites should compute.
            newest: not used: a version of the schema is never raised.
        """
        from halfpixel.formats.litert.write.rewrite import rewritten

        del newest
        if not changes:
            return ChangedLitertModel(self, self.edit, ())
        if self._bundled:
            asked = [(self.places[change.site].site, change.why) for change in changes]
            declined = [Outcome.declined(site, why, BUNDLED) for site, why in asked]
            return ChangedLitertModel(self, self.edit, declined)
        needed = {self.places[change.site].graph for change in changes}

        def made(contents: Contents) -> "tuple[LitertEdit, list[Outcome]]":
            graphs = {index: contents.graph(index) for index in needed}
            before = replace(self.edit, record=tuple(self.record))
            return rewritten(self.places, graphs, before, changes)

        return ChangedLitertModel(self, *self._of(made))


class ChangedLitertModel(Changed[LitertModel, LitertEdit]):
    """A changed model that is not written yet."""

    def verify(self) -> None:
        """Read the changed model, which raises where it is not sound."""
        _ = self.opened

    @property
    def pieces(self) -> "list[Piece]":
        """The changed file, in new bytes and ranges of the old one.

        Raises:
            ModelFileError: it cannot be written, with the reason.
        """
        from halfpixel.formats.litert.write.pieces import pieces

        with self.before.contents() as contents:
            try:
                return pieces(contents, self.edit)
            except ConventionError as error:
                raise ModelFileError(self.before.path, reason_of(error)) from error

    def save(self, target: Path, *, replace: bool) -> None:
        """Write it to a file, whole or not at all."""
        from halfpixel.formats import atomic
        from halfpixel.storage.fetching import on_disk

        self.before.check_unchanged()

        def verify(written: Path) -> None:
            self._check_read_back(written, target)

        with on_disk(self.before.path) as old:
            atomic.write(self.pieces, old, target, replace=replace, verify=verify)

    def copy_out(self, stream: BinaryIO) -> None:
        """Write it to an open stream."""
        from halfpixel.formats import atomic
        from halfpixel.storage.fetching import on_disk

        def verify(written: Path) -> None:
            self._check_read_back(written, Path("<standard output>"))

        with on_disk(self.before.path) as old:
            atomic.copy_out(self.pieces, old, stream, verify)

    def model(self) -> object:
        """Return the changed file's bytes."""
        from halfpixel.formats.pieces import joined
        from halfpixel.storage.fetching import on_disk

        with on_disk(self.before.path) as old:
            return joined(self.pieces, old)

    def _check_read_back(self, written: Path, target: Path) -> None:
        """Refuse a file whose sites are not those that were meant."""
        with working(MOST, afresh=False):
            found = LitertModel(written, name=target)
        if [one.facts for one in found.places] != [one.facts for one in self.opened.places]:
            raise ModelFileError(target, "reads back as another model than was written")


def opened(source: object) -> LitertModel:
    """Return the structure of a model.

    Args:
        source: the path or the address of a .tflite file or a bundle.

    Raises:
        ModelFileError: there is no LiteRT model, or it is truncated or unreadable.
        GraphError: a graph is impossible.
    """
    if isinstance(source, Address):
        from halfpixel.storage.remote_file import RemoteFile

        return LitertModel(RemoteFile(source))
    return LitertModel(Path(str(source)))
