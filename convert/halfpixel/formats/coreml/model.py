"""A Core ML model that was read, and one that was changed and is not written yet."""

import dataclasses
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from msgspec.structs import replace

from halfpixel.address import Address, Location
from halfpixel.errors import MissingExtraError, ModelFileError, UsageError
from halfpixel.format import Change, Port, SiteValues, Value
from halfpixel.formats import atomic
from halfpixel.formats.changed import Changed
from halfpixel.formats.coreml.edit import RECORD, CoremlEdit, pieces_of
from halfpixel.formats.coreml.read.contents import Contents, contents_of
from halfpixel.formats.coreml.read.elsewhere import located_elsewhere
from halfpixel.formats.coreml.read.network import network_values
from halfpixel.formats.coreml.read.package import Package, located
from halfpixel.formats.coreml.read.place import CoremlPlace, alike
from halfpixel.formats.coreml.read.program import program_values
from halfpixel.formats.coreml.read.specification import specification
from halfpixel.formats.coreml.write.elsewhere import package_here
from halfpixel.formats.mapping import stamp
from halfpixel.formats.pieces import Piece, joined
from halfpixel.work import MOST, working

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from halfpixel.site import Site

FORMAT_NAME: Final = "Core ML"


@dataclass
class CoremlModel:
    """A model on the disk.

    Attributes:
        package: where its parts lie.
        edit: how it differs from its file.
        contents: what is in it.
    """

    package: Package
    edit: CoremlEdit = field(default_factory=CoremlEdit)
    contents: Contents = field(init=False)
    _seen: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Read it, and remember the file as it is now."""
        if isinstance(self.package.spec, Path):
            self._seen = self._seen or stamp(self.package.spec)
        self.contents = contents_of(self.package, self.edit)

    def check_unchanged(self) -> None:
        """Refuse a file that is another one since it was read.

        Raises:
            ModelFileError: it is.
        """
        spec = self.package.spec
        if isinstance(spec, Path) and stamp(spec) not in {self._seen, None}:
            raise ModelFileError(self.path, "has changed since it was read")

    def edited(self, edit: CoremlEdit) -> "CoremlModel":
        """Return the same file with another edit."""
        return dataclasses.replace(self, edit=edit)

    def check_weights(self, *, copied: bool = False) -> None:
        """Refuse files of weights that lead out of the package or are not there.

        Args:
            copied: they go to another package, where none may be hidden.

        Raises:
            ModelFileError: there is such a file.
        """
        from halfpixel.formats.coreml.read.weights import blobs_of

        for program in self.contents.programs.values():
            for name in sorted(blobs_of(program)):
                self.package.check_blob(name, copied=copied)

    @property
    def format(self) -> str:
        """Name of its format."""
        return FORMAT_NAME

    @property
    def written(self) -> tuple[str, str]:
        """Which converter wrote it, with its version, and the version of its specification."""
        producer = self.contents.producer
        name = f"{producer.name} {'.'.join(map(str, producer.version or ()))}".strip()
        return name, f"specification {self.contents.version}"

    @property
    def path(self) -> Location:
        """What the user named."""
        return self.package.path

    @property
    def places(self) -> list[CoremlPlace]:
        """Its sites with where they stand, in order."""
        return self.contents.places

    @property
    def sites(self) -> "list[Site]":
        """Its resampling sites, in order."""
        return [place.site for place in self.contents.places]

    def sites_at(self, shapes: Mapping[str, tuple[int, ...]]) -> "list[Site]":
        """Return its sites as they are where inputs have given lengths, in order.

        Raises:
            UsageError: an ML Program, whose file declares every length inside by itself.
        """
        contents = contents_of(self.package, self.edit, shapes)
        free = any(None in (port.shape or ()) for port in self.inputs)
        if free and contents.programs:
            told = "an ML Program declares its own lengths, and none follows from its inputs"
            raise UsageError(f"--shape: {self.path}: {told}; verify takes --shape")
        return [place.site for place in contents.places]

    @property
    def inputs(self) -> Sequence[Port]:
        """What it takes, in order."""
        return self.contents.inputs

    @property
    def record(self) -> Sequence[str]:
        """What earlier fixes changed, a line each."""
        before = self.contents.metadata.get(RECORD, "")
        return tuple((before if self.edit.record is None else self.edit.record).splitlines())

    @property
    def data_files(self) -> Sequence[str]:
        """Names of the files beside the specification that hold its weights."""
        folder = self.package.folder
        if folder is None:
            return ()
        base = self.package.model_path
        found = (one for one in sorted(base.rglob("*.bin")) if one.is_file())
        return tuple(str(one.relative_to(base)) for one in found)

    @property
    def values(self) -> Sequence[Value]:
        """Values of the main function or the network, in the order in which they are computed."""
        scope = self.contents.main
        if scope is None:
            network = self.contents.network
            return () if network is None else network_values(self.package, network)
        return program_values(scope)

    @property
    def site_values(self) -> Sequence[SiteValues]:
        """The values between which each site stands, in the order of `sites`."""
        contents = self.contents
        whole = contents.main is not None or contents.network is not None
        return tuple(
            SiteValues(p.data, p.output, whole and contents.in_main(p), p.inputs)
            for p in contents.places
        )

    def words(self, change: Change, newest: int | None) -> str:
        """Return what a change would be written as, in words; raises as the format's does."""
        from halfpixel.formats.coreml.write.words import words_of_change

        del newest
        return words_of_change(self.contents, change)

    def rewrite(self, changes: Sequence[Change], newest: int | None) -> "ChangedCoremlModel":
        """Return the model with changes made, as far as they can be.

        Args:
            changes: what sites should compute.
            newest: not used: a specification version is never raised.
        """
        from halfpixel.formats.coreml.write.rewrite import rewritten

        del newest
        edit, outcomes = rewritten(self.contents, self.edit, self.record, changes)
        return ChangedCoremlModel(self, edit, outcomes)


class ChangedCoremlModel(Changed[CoremlModel, CoremlEdit]):
    """A changed model that is not written yet."""

    @contextmanager
    def _here(self) -> "Generator[ChangedCoremlModel]":
        """Let it lie on this disk for a while; one that does stays where it is."""
        with package_here(self.before.package) as package:
            if package is self.before.package:
                yield self
                return
            before = dataclasses.replace(self.before, package=package, _seen=None)
            yield ChangedCoremlModel(before, self.edit, self.outcomes)

    def verify(self) -> None:
        """Refuse a changed program in which a name stands for nothing, or for two values.

        Raises:
            GraphError: there is such a name.
        """
        from halfpixel.formats.coreml.write.rewrite import check_names

        contents = self.opened.contents
        for leaf in contents.leaves:
            if leaf.label in self.edit.programs:
                check_names(contents.programs[leaf.label], leaf.version)

    def save(self, target: Path, *, replace: bool) -> None:
        """Write it: a package to a package, a file to a file."""
        from halfpixel.formats.coreml.write.save import save

        with self._here() as copy:
            old, folder = copy.before, copy.before.package.folder
            old.check_unchanged()
            copied = folder is not None and os.path.realpath(target) != os.path.realpath(folder)
            old.check_weights(copied=copied)
            save(
                old.package, copy.pieces, target, replace=replace,
                verify=lambda written: copy.check_read_back(written, target),
            )  # fmt: skip

    def copy_out(self, stream: BinaryIO) -> None:
        """Write a single file to an open stream."""
        package = self.before.package
        if package.folder is not None:
            raise ModelFileError(package.path, "a package is a folder, and cannot go to a stream")

        def verify(written: Path) -> None:
            self.check_read_back(written, Path("<standard output>"))

        with self._here() as copy:
            atomic.copy_out(copy.pieces, copy.before.package.local, stream, verify)

    def model(self) -> object:
        """Return the changed specification as coremltools has it, which has to be installed."""
        try:
            module = import_module("coremltools.proto.Model_pb2")
        except ImportError as error:
            raise MissingExtraError("coremltools", "coreml") from error
        with self._here() as copy:
            data = joined(copy.pieces, copy.before.package.local)
        return cast("type[Message]", module.Model).FromString(data)

    @property
    def pieces(self) -> list[Piece]:
        """The changed specification, in new bytes and ranges of the old one."""
        with specification(self.before.package) as spec:
            return pieces_of(spec, self.edit)

    def check_read_back(self, written: Path, target: Path) -> None:
        """Refuse a file whose sites are not those that were meant."""
        before = self.before.package
        with working(MOST, afresh=False):
            found = CoremlModel(replace(before, spec=written, data=before.model_path))
        ours, theirs = self.opened.sites, found.sites
        same = len(ours) == len(theirs) and all(map(alike, ours, theirs))
        if not same or tuple(found.record) != tuple(self.opened.record):
            raise ModelFileError(target, "reads back as another model than was written")


def opened(source: object) -> CoremlModel:
    """Return the structure of a model.

    Args:
        source: the path or the address of a .mlpackage or .mlmodel.

    Raises:
        ModelFileError: there is no Core ML model, or it is truncated or unreadable.
        GraphError: a program is impossible.
    """
    if isinstance(source, Address):
        return CoremlModel(located_elsewhere(source))
    return CoremlModel(located(Path(str(source))))
