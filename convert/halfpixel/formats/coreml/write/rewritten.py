"""A changed Core ML model that is not written yet."""

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from halfpixel.errors import MissingExtraError, ModelFileError
from halfpixel.format import Outcome
from halfpixel.formats import atomic
from halfpixel.formats.coreml.edit import CoremlEdit, pieces_of
from halfpixel.formats.coreml.read.package import Package
from halfpixel.formats.coreml.read.program import blobs_of, check_names
from halfpixel.formats.coreml.write.save import save

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from halfpixel.formats.coreml.model import CoremlModel


@dataclass
class CoremlRewritten:
    """A changed model that is not written yet.

    Attributes:
        before: the model that was changed.
        edit: the whole change since it was read.
        outcomes: what became of every change that was asked for.
        notes: what changed beside the sites.
    """

    before: "CoremlModel"
    edit: CoremlEdit
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()
    _opened: "CoremlModel | None" = None

    @property
    def opened(self) -> "CoremlModel":
        """The changed model."""
        if self._opened is None:
            same = self.edit is self.before.edit
            self._opened = self.before if same else replace(self.before, edit=self.edit)
        return self._opened

    def verify(self) -> None:
        """Refuse a changed program in which a name stands for nothing, or for two values.

        Raises:
            GraphError: there is such a name.
        """
        for leaf in self.opened.leaves:
            if leaf.label in self.edit.programs:
                check_names(self.opened.programs[leaf.label], leaf.version)

    def save(self, target: Path, *, replace: bool) -> None:
        """Write it: a package to a package, a file to a file."""
        package = self.before.package
        self.before.check_unchanged()
        for program in self.before.programs.values():
            for name in blobs_of(program):
                package.blob(name)  # raises where the package is not whole
        pieces = self._pieces()

        def verify(written: Path) -> None:
            self._check_read_back(written, target)

        save(package, pieces, target, replace=replace, verify=verify)

    def copy_out(self, stream: BinaryIO) -> None:
        """Write a single file to an open stream."""
        package = self.before.package
        if package.folder is not None:
            raise ModelFileError(package.path, "a package is a folder, and cannot go to a stream")

        def verify(written: Path) -> None:
            self._check_read_back(written, Path("<standard output>"))

        atomic.copy_out(self._pieces(), package.spec, stream, verify)

    def model(self) -> object:
        """Return the changed specification as coremltools has it.

        Raises:
            MissingExtraError: coremltools is not installed.
        """
        try:
            module = import_module("coremltools.proto.Model_pb2")
        except ImportError as error:
            raise MissingExtraError("coremltools", "coreml") from error
        data = atomic.joined(self._pieces(), self.before.package.spec)
        return cast("type[Message]", module.Model).FromString(data)

    def _pieces(self) -> list[atomic.Piece]:
        return self.before.look(lambda spec: pieces_of(spec, self.edit))

    def _check_read_back(self, written: Path, target: Path) -> None:
        """Refuse a file whose sites are not those that were meant."""
        from halfpixel.formats.coreml.model import CoremlModel

        package = Package(self.before.path, written, self.before.package.folder)
        found = CoremlModel(replace(package, data=self.before.package.model_path))
        if found.sites != self.opened.sites or tuple(found.record) != tuple(self.opened.record):
            raise ModelFileError(target, "reads back as another model than was written")
