"""An ONNX model that was read, and one that was changed and is not written yet."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from halfpixel.errors import GraphError, ModelFileError
from halfpixel.format import Change, Outcome, Port, SiteValues, Value
from halfpixel.formats import atomic
from halfpixel.formats.onnx.edit import ModelEdit, applied, compose
from halfpixel.formats.onnx.ir_tensors import give_back
from halfpixel.formats.onnx.proto import parse, telling
from halfpixel.formats.onnx.read.values import inputs_of, values_of
from halfpixel.formats.onnx.read.walk import Place, Walk
from halfpixel.formats.onnx.wire import skeleton
from halfpixel.formats.onnx.write.external_data import (
    EXTERNAL,
    brought_data,
    data_files,
    same_structure,
    tensors,
)
from halfpixel.formats.onnx.write.rewrite import RECORD, Rewriting
from halfpixel.formats.onnx.write.splice import splice
from halfpixel.formats.onnx.write.version_converter import opset_of
from halfpixel.formats.protobuf_wire import mapped, stamp
from halfpixel.site import Site

if TYPE_CHECKING:
    from onnx import ModelProto


FORMAT_NAME: Final = "ONNX"


class _HasProto(Protocol):
    """A torch.onnx.ONNXProgram, as far as it is used here."""

    model: object

    @property
    def model_proto(self) -> "ModelProto": ...


def proto_of(source: object) -> "ModelProto":
    """Return the ModelProto of a model in memory."""
    root = type(source).__module__.partition(".")[0]
    if root == "torch":
        return cast("_HasProto", source).model_proto
    if root == "onnx_ir":
        import onnx_ir

        return onnx_ir.to_proto(cast("onnx_ir.Model", source))
    return cast("ModelProto", source)


def in_memory(source: object) -> "ModelProto":
    """Return the ModelProto of a model in memory or of its serialized bytes."""
    if isinstance(source, bytes):
        from onnx import ModelProto

        return ModelProto.FromString(source)
    return proto_of(source)


@dataclass
class OnnxModel:
    """A model, or its skeleton.

    Attributes:
        proto: its structure, changes included.
        source: the path or the object that it was read from.
        edit: how it differs from what was read.
    """

    proto: "ModelProto"
    source: object
    edit: ModelEdit = field(default_factory=ModelEdit)
    _places: list[Place] | None = field(default=None, init=False)
    _values: tuple[Value, ...] | None = field(default=None, init=False)
    _seen: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Remember the file as it is now."""
        if self._seen is None and self.path is not None:
            self._seen = stamp(self.path)

    def check_unchanged(self) -> None:
        """Refuse a file that is another one since it was read.

        Raises:
            ModelFileError: it is.
        """
        if self.path is not None and stamp(self.path) not in {self._seen, None}:
            raise ModelFileError(self.path, "has changed since it was read")

    @property
    def format(self) -> str:
        """Name of its format."""
        return FORMAT_NAME

    @property
    def path(self) -> Path | None:
        """The file that it was read from, or None."""
        return self.source if isinstance(self.source, Path) else None

    @property
    def sites(self) -> list[Site]:
        """Its resampling sites, in graph order.

        Raises:
            GraphError: the graph is impossible.
            ModelFileError: graphs are nested too deep, or a name is no text.
        """
        return [place.site for place in self.places]

    @property
    def record(self) -> tuple[str, ...]:
        """What earlier fixes changed, a line each, as they recorded it in the model."""
        entries = (entry.value for entry in self.proto.metadata_props if entry.key == RECORD)
        return tuple(line for value in entries for line in value.splitlines())

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What it takes, in order."""
        with telling(self.path, self.proto):
            return inputs_of(self.proto)

    @property
    def data_files(self) -> list[str]:
        """Names of the files beside it that hold its weights."""
        with telling(self.path, self.proto):
            return data_files(self.proto)

    @property
    def values(self) -> tuple[Value, ...]:
        """Values of the main graph, in graph order."""
        if self._values is None:
            with telling(self.path, self.proto):
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
        """Its sites with their nodes; raises as `sites`."""
        if self._places is None:
            path = self.path
            with telling(path, self.proto):
                self._places = Walk(self.proto, path.parent if path else None).places()
        return self._places

    def words(self, change: Change) -> str:
        """Return what a change would be written as, in words; raises as the format's does."""
        from halfpixel.formats.onnx.write.words import words_of_change

        return words_of_change(self.places[change.site], change)

    def rewrite(self, changes: Sequence[Change], newest: int | None) -> "OnnxRewritten":
        """Return the model with changes made, as far as they can be.

        Args:
            changes: what sites should compute.
            newest: newest opset that the model may be taken to; None for any.

        Raises:
            GraphError: the graph is impossible.
            ModelFileError: graphs are nested too deep, or a name is no text.
        """
        if not changes:
            return OnnxRewritten(self, ModelEdit(), (), ())
        folder = None if self.path is None else self.path.parent
        with telling(self.path, self.proto):
            rewriting = Rewriting(self.proto, folder, newest)
            edit, outcomes = rewriting.edit(changes)
        before, after = opset_of(self.proto), edit.opset
        notes = () if after is None else (f"opset {before} to {after}",)
        return OnnxRewritten(self, edit, tuple(outcomes), notes)


@dataclass
class OnnxRewritten:
    """A changed model that is not written yet.

    Attributes:
        before: the model that was changed.
        edit: the change.
        outcomes: what became of every change that was asked for.
        notes: what changed beside the sites.
    """

    before: OnnxModel
    edit: ModelEdit
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...]
    _opened: OnnxModel | None = None

    @property
    def opened(self) -> OnnxModel:
        """The changed model, with the whole change since it was read."""
        if self._opened is None:
            with telling(self.before.path, self.before.proto):
                self._opened = self._changed()
        return self._opened

    def _changed(self) -> OnnxModel:
        before = self.before
        if not self.edit:
            return before
        whole = self.edit
        if before.edit:
            whole = compose(before.edit, self.edit, _read_again(before))
        return replace(before, proto=applied(before.proto, self.edit), edit=whole)

    def verify(self) -> None:
        """Let onnx.checker look at the structure, weights left out.

        Raises:
            GraphError: the checker refuses it, and did not refuse what was read.
        """
        with telling(self.before.path, self.before.proto):
            reason = _refused(self.opened.proto)
            if reason and not _refused(self.before.proto):
                raise GraphError("", "", f"onnx.checker refuses the result: {reason}")

    def save(self, target: Path, *, replace: bool) -> None:
        """Write the changed file; external data is copied where it goes to another folder.

        Raises:
            ModelFileError: it cannot be written, or reads back as something else.
        """
        path = self.before.path
        if path is None:
            data = self.opened.proto.SerializeToString()
            atomic.write([data], None, target, replace=replace)
            return
        pieces = self._pieces(path)

        def verify(written: Path) -> None:
            self._check_read_back(written, target)

        with telling(path, self.opened.proto), brought_data(self.opened.proto, path, target):
            atomic.write(pieces, path, target, replace=replace, verify=verify)

    def copy_out(self, stream: BinaryIO) -> None:
        """Write the changed model to an open stream."""
        path = self.before.path
        if path is None:
            stream.write(self.opened.proto.SerializeToString())
        else:
            with telling(path, self.opened.proto), brought_data(self.opened.proto, path, path):
                pieces = self._pieces(path)

            def verify(written: Path) -> None:
                self._check_read_back(written, Path("<standard output>"))

            atomic.copy_out(pieces, path, stream, verify)

    def model(self) -> object:
        """Return the changed model as an object of the kind that was given.

        For a path, a ModelProto with everything that is in the file itself.
        """
        source = self.before.source
        if isinstance(source, Path):
            found = parse(atomic.joined(self._pieces(source), source), source)
            self._check_same(found, None, source)
            return found
        root = type(source).__module__.partition(".")[0]
        if root not in {"torch", "onnx_ir"}:
            return self.opened.proto
        import onnx_ir

        held = source if root == "onnx_ir" else cast("_HasProto", source).model
        model = onnx_ir.from_proto(self.opened.proto)
        give_back(model, cast("onnx_ir.Model", held), [])
        if root == "onnx_ir":
            return model
        program = cast("_HasProto", copy.copy(source))
        vars(program).update(_inference_session=None, _tempdir=None)  # these run the old model
        program.model = model
        return program

    def _pieces(self, path: Path) -> list[atomic.Piece]:
        edit = self.opened.edit
        self.before.check_unchanged()
        if edit:
            return splice(path, edit)
        with mapped(path) as view:
            return [(0, len(view))]

    def _check_read_back(self, written: Path, target: Path) -> None:
        """Refuse a file that does not hold the structure that was meant."""
        try:
            found = parse(skeleton(written).data, written)
        except ModelFileError as error:
            raise ModelFileError(target, f"does not read back: {error.reason}") from error
        self._check_same(found, written, target)

    def _check_same(self, found: "ModelProto", written: Path | None, target: Path) -> None:
        path = self.before.path
        if path is not None and not same_structure(found, written, self.opened.proto, path):
            raise ModelFileError(target, "reads back as another model than was written")


def _read_again(model: OnnxModel) -> "ModelProto":
    """Return the model as it was before any change."""
    if model.path is not None:
        return parse(skeleton(model.path).data, model.path)
    return proto_of(model.source)


def _refused(model: "ModelProto") -> str:
    """Return why onnx.checker refuses a model, its external tensors emptied; else nothing."""
    from onnx import checker

    plain = type(model)()
    plain.CopyFrom(model)
    for tensor in tensors(plain):
        if tensor.data_location == EXTERNAL:
            del tensor.dims[:], tensor.external_data[:]
            tensor.dims.append(0)
            tensor.ClearField("data_location")
            tensor.raw_data = b""
    try:
        checker.check_model(plain)  # pyright: ignore[reportUnknownMemberType] - for a path
    except checker.ValidationError as error:
        return str(error).strip().splitlines()[0]
    return ""
