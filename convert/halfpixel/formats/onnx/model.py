"""An ONNX model that was read, and one that was changed and is not written yet."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from halfpixel.errors import ModelFileError
from halfpixel.format import Change, Outcome, Port, SiteValues, Value
from halfpixel.formats.mapping import stamp
from halfpixel.formats.onnx.broken import errors_of
from halfpixel.formats.onnx.memory import like, proto_of, written_by
from halfpixel.formats.onnx.read.place import Place
from halfpixel.formats.onnx.read.walk import Walk
from halfpixel.formats.onnx.structure import RECORD, parse, structure
from halfpixel.site import Site

if TYPE_CHECKING:
    from onnx import ModelProto

    from halfpixel.formats.onnx.edit import OnnxEdit
    from halfpixel.formats.onnx.read.nodes.table import Table
    from halfpixel.formats.pieces import Piece
    from halfpixel.storage.remote_file import File

FORMAT_NAME: Final = "ONNX"


@dataclass
class OnnxModel:
    """A model, or its skeleton.

    Attributes:
        head: its structure, changes included; without its nodes where these are in a table.
        source: the file, or the object, that it was read from.
        edit: how it differs from what was read; None where it does not.
        table: the nodes of a huge graph.
        data: the bytes of a large structure, until its nodes were read.
    """

    head: "ModelProto"
    source: object
    edit: "OnnxEdit | None" = None
    table: "Table | None" = None
    data: bytes = field(default=b"", init=False)
    _whole: "ModelProto | None" = field(default=None, init=False)
    _places: list[Place] | None = field(default=None, init=False)
    _values: tuple[Value, ...] | None = field(default=None, init=False)
    _inputs: tuple[Port, ...] | None = field(default=None, init=False)
    _data_files: list[str] | None = field(default=None, init=False)
    _seen: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Remember the file as it is now."""
        if self._seen is None and isinstance(self.source, Path):
            self._seen = stamp(self.source)

    def check_unchanged(self) -> None:
        """Raise ModelFileError for a file that is another one since it was read."""
        if isinstance(self.source, Path) and stamp(self.source) not in {self._seen, None}:
            raise ModelFileError(self.source, "has changed since it was read")

    @property
    def proto(self) -> "ModelProto":
        """Its structure, changes included."""
        if self.table is None:
            return self.head
        if self._whole is None:
            self._whole = parse(self.table.data, self.source)
        return self._whole

    @property
    def format(self) -> str:
        """Name of its format."""
        return FORMAT_NAME

    @property
    def written(self) -> tuple[str, str]:
        """Which program wrote it, with its version, and the opset of its operators."""
        return written_by(self.head)

    @property
    def path(self) -> "File | None":
        """The file that it was read from, or None."""
        if isinstance(self.source, Path):
            return self.source
        from halfpixel.storage.remote_file import RemoteFile

        return self.source if isinstance(self.source, RemoteFile) else None

    @property
    def sites(self) -> list[Site]:
        """Its resampling sites, in graph order; raises as `places`."""
        return [place.site for place in self.places]

    def sites_at(self, shapes: Mapping[str, tuple[int, ...]]) -> list[Site]:
        """Return its sites as they are where inputs have given lengths; raises as `sites`."""
        from halfpixel.formats.onnx.read.lengths.inference import with_lengths

        with errors_of(self.path, self.proto):
            return Walk(with_lengths(self.proto, shapes), self.path).sites()

    @property
    def record(self) -> tuple[str, ...]:
        """What earlier fixes changed, a line each, as they recorded it in the model."""
        entries = (entry.value for entry in self.head.metadata_props if entry.key == RECORD)
        return tuple(line for value in entries for line in value.splitlines())

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What it takes, in order."""
        from halfpixel.formats.onnx.read.lengths.values import inputs_of

        if self._inputs is None:
            with errors_of(self.path, self.proto):
                self._inputs = inputs_of(self.proto)
        return self._inputs

    @property
    def data_files(self) -> list[str]:
        """Names of the files beside it that hold its weights."""
        from halfpixel.formats.onnx.read.external_data import data_files

        if self._data_files is None:
            with errors_of(self.path, self.proto):
                self._data_files = data_files(self.proto)
        return self._data_files

    @property
    def values(self) -> tuple[Value, ...]:
        """Values of the main graph, in graph order."""
        from halfpixel.formats.onnx.read.lengths.values import values_of

        if self._values is None:
            with errors_of(self.path, self.proto):
                self._values = values_of(self.proto)
        return self._values

    @property
    def site_values(self) -> tuple[SiteValues, ...]:
        """The values between which each site stands, in the order of `sites`."""
        return tuple(
            SiteValues(
                p.data,
                p.output,
                p.scope.container == ("graph",),
                (p.data,) if p.site.operation.hidden else tuple(filter(None, p.node.input)),
            )
            for p in self.places
        )

    @property
    def places(self) -> list[Place]:
        """Its sites with their nodes.

        Raises:
            GraphError: the graph is impossible.
            ModelFileError: graphs are nested too deep, or a name is no text.
        """
        if self._places is None:
            with errors_of(self.path, lambda: self.proto):
                self._places = Walk(self.head, self.path, self.table or self.data).places()
            self.data = b""
        return self._places

    def words(self, change: Change, newest: int | None) -> str:
        """Return what a change would be written as, in words; raises as the format's does."""
        from halfpixel.formats.onnx.write.plan import words_of_change

        return words_of_change(self.places[change.site], change, newest)

    def rewrite(self, changes: Sequence[Change], newest: int | None) -> "ChangedOnnxModel":
        """Return the model with changes made, as far as they can be; raises as `sites`.

        Args:
            changes: what sites should compute.
            newest: newest opset that the model may be taken to; None for any.
        """
        from halfpixel.formats.onnx.write.rewrite import Rewriting
        from halfpixel.formats.onnx.write.version_converter import opset_of

        if not changes:
            return ChangedOnnxModel(self, None, (), ())
        with errors_of(self.path, self.proto):
            edit, outcomes = Rewriting(self.proto, self.places, self.path, newest).edit(changes)
        before, after = opset_of(self.proto), edit.opset
        notes = () if after is None else (f"opset {before} to {after}",)
        return ChangedOnnxModel(self, edit, tuple(outcomes), notes)


@dataclass
class ChangedOnnxModel:
    """A changed model that is not written yet.

    Attributes:
        before: the model that was changed.
        edit: the change; None where nothing is to change.
        outcomes: what became of every change that was asked for.
        notes: what changed beside the sites.
    """

    before: OnnxModel
    edit: "OnnxEdit | None"
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]
    _opened: OnnxModel | None = None

    @property
    def opened(self) -> OnnxModel:
        """The changed model, with the whole change since it was read."""
        if self._opened is None:
            with errors_of(self.before.path, self.before.proto):
                self._opened = self._changed()
        return self._opened

    def _changed(self) -> OnnxModel:
        before = self.before
        if not self.edit:
            return before
        from halfpixel.formats.onnx.edit import applied, compose

        old = before.edit
        whole = compose(old, self.edit, _read_again(before)) if old else self.edit
        changed = applied(before.proto, self.edit)
        return dataclasses.replace(before, head=changed, table=None, edit=whole)

    def verify(self) -> None:
        """Let onnx.checker look at the structure, weights left out; raises as `check_sound`."""
        from halfpixel.formats.onnx.write.save import check_sound

        with errors_of(self.before.path, self.before.proto):
            check_sound(self.before.proto, self.opened.proto)

    @property
    def pieces(self) -> "Sequence[Piece]":
        """The changed file, in new bytes and ranges of the old one; none where there is no file."""
        from halfpixel.formats.onnx.write.save import pieces

        path = self.before.path
        return () if path is None else pieces(path, self.opened.edit)

    def save(self, target: Path, *, replace: bool) -> None:
        """Write the changed file; external data is copied where it goes to another folder.

        Raises:
            ModelFileError: it cannot be written, or reads back as something else.
        """
        from halfpixel.formats.onnx.write.save import save
        from halfpixel.storage.fetching import on_disk

        changed, path = self._to_be_written(), self.before.path
        if path is None:
            from halfpixel.formats import atomic

            atomic.write([changed.proto.SerializeToString()], None, target, replace=replace)
            return
        beside = () if isinstance(path, Path) else changed.data_files
        with errors_of(path, changed.proto), on_disk(path, beside) as old:
            save(old, changed.edit, changed.proto, target, replace=replace)

    def copy_out(self, stream: BinaryIO) -> None:
        """Write the changed model to an open stream."""
        from halfpixel.formats.onnx.write.save import copy_out
        from halfpixel.storage.fetching import on_disk

        changed, path = self._to_be_written(), self.before.path
        if path is None:
            stream.write(changed.proto.SerializeToString())
            return
        with errors_of(path, changed.proto), on_disk(path) as old:
            copy_out(old, changed.edit, changed.proto, stream)

    def model(self) -> object:
        """Return the changed model as an object of the kind that was given.

        For a path, a ModelProto with everything that is in the file itself.
        """
        from halfpixel.formats.onnx.write.save import whole
        from halfpixel.storage.fetching import on_disk

        changed, path = self._to_be_written(), self.before.path
        if path is None:
            return like(self.before.source, changed.proto)
        with on_disk(path) as old:
            return whole(old, changed.edit, changed.proto)

    def _to_be_written(self) -> OnnxModel:
        """Return the changed model; refuse a file that is another one since it was read."""
        changed = self.opened
        self.before.check_unchanged()
        return changed


def _read_again(model: OnnxModel) -> "ModelProto":
    """Return the model as it was before any change."""
    return proto_of(model.source) if model.path is None else structure(model.path)
