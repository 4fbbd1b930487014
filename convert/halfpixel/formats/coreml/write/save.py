"""Writing a Core ML model: a file, or a package that is there whole or not at all.

A new package is put together in a folder beside it, which then takes its name. Its weights are
the old package's own files, linked where the file system can and copied where it cannot; the
manifest is copied. In place, nothing but the specification's file is replaced. A process that is
killed between the two renames of a replacement leaves the old package as `.halfpixel-*.old`.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from halfpixel.errors import ModelFileError, system_reason
from halfpixel.formats import atomic
from halfpixel.formats.coreml.read.package import MANIFEST, Package, located
from halfpixel.formats.data_folder import DataFolder, Unsafe, quoted, visible_parts
from halfpixel.formats.pieces import Piece

PROGRAM: Final = 0o7111
"""Permissions that a file of a model does not have: it is no program."""


def save(
    package: Package,
    pieces: Sequence[Piece],
    target: Path,
    *,
    replace: bool,
    verify: Callable[[Path], None],
) -> None:
    """Write the changed model.

    Args:
        package: the model as it is.
        pieces: the changed specification, its ranges those of the old one.
        target: the package or file to write; a package goes to a package.
        replace: what has that name is replaced.
        verify: looks at the new specification before it counts, and raises to keep it back.

    Raises:
        ModelFileError: it cannot be written, or is there and not to be replaced.
    """
    if package.folder is None:
        if target.name.endswith(".mlpackage"):
            raise ModelFileError(target, "is the name of a package, and the model is a single file")
        if target.is_dir():
            raise ModelFileError(target, "is a folder, and the model is a single file")
        atomic.write(pieces, package.local, target, replace=replace, verify=verify)
        return
    if os.path.realpath(target) == os.path.realpath(package.folder):
        if not replace:
            raise ModelFileError(target, "is the model itself")
        atomic.followed(target)
        atomic.write(pieces, package.local, package.local, replace=True, verify=verify)
        return
    _check(target, replace=replace)
    if Path(os.path.realpath(target)).is_relative_to(os.path.realpath(package.folder)):
        raise ModelFileError(target, "lies in the package itself")
    try:
        with _unfinished(target) as folder:
            _fill(package, pieces, folder, verify)
            _give_name(folder, target)
    except OSError as error:
        reason = system_reason(error)
        raise ModelFileError(target, f"cannot be written: {reason}") from error


def keep(folder: Path, backup: Path, *, replace: bool) -> None:
    """Let a package be there a second time, under another name, its files linked or copied.

    Raises:
        ModelFileError: it cannot be, or something has that name and is not to be replaced.
    """
    _check(backup, replace=replace, named=False)
    package = located(folder)
    atomic.followed(package.local)  # what is not replaced needs no backup
    try:
        with _unfinished(backup) as new:
            _take_all(package.files, new, None, hidden=True)
            _give_name(new, backup)
    except OSError as error:
        reason = system_reason(error)
        raise ModelFileError(backup, f"cannot be written: {reason}") from error


def _check(target: Path, *, replace: bool, named: bool = True) -> None:
    """Refuse a target that is no package, or is there and is not to be replaced."""
    if named and not target.name.endswith(".mlpackage"):
        raise ModelFileError(target, "expected the name of a .mlpackage, as the model is one")
    if target.is_symlink():
        raise ModelFileError(target, "is a symbolic link, which is not replaced by a package")
    if not target.exists():
        return
    if not replace:
        there = FileExistsError(errno.EEXIST, "it exists")
        raise ModelFileError(target, "is there already and is not replaced unasked") from there
    if not (target / "Manifest.json").is_file():
        raise ModelFileError(target, "is no Core ML package, and is not replaced by one")
    if not os.access(target, os.W_OK) or not target.stat().st_mode & atomic.WRITABLE:
        raise ModelFileError(target, "cannot be written: it is read-only")


@contextmanager
def _unfinished(target: Path) -> Generator[Path]:
    """Make a folder beside the target, which is gone at the end unless it got its name."""
    folder = target.with_name(f".halfpixel-{secrets.token_hex(6)}.tmp")
    folder.mkdir()
    try:
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)


def _fill(
    package: Package,
    pieces: Sequence[Piece],
    folder: Path,
    verify: Callable[[Path], None],
) -> None:
    """Put the new package together."""
    old = package.folder or package.local.parent
    within = package.local.relative_to(old)
    try:
        visible_parts(within.as_posix())
    except Unsafe as error:
        raise ModelFileError(package.path, f"{quoted(str(within))} {error}") from error
    _take_all(package.files, folder, package.local, hidden=False)
    new_spec = folder / within
    atomic.write(pieces, package.local, new_spec, replace=False, verify=verify)
    shutil.copystat(old, folder)


def _take_all(files: DataFolder, folder: Path, spec: Path | None, *, hidden: bool) -> None:
    """Link or copy every file of a package but the one that is written anew.

    Args:
        files: the package.
        folder: where its files go.
        spec: the file that is written anew; None where there is none.
        hidden: what begins with a dot is taken too.

    Raises:
        ModelFileError: a file is a link that leads out, or is no file.
    """
    old = files.folder
    for place, folders, names in os.walk(old):
        within = Path(place).relative_to(old)
        folders[:] = [name for name in folders if hidden or not name.startswith(".")]
        for name in folders:
            if Path(place, name).is_symlink():
                raise ModelFileError(old, f"{quoted(str(within / name))} is a link to a folder")
            (folder / within / name).mkdir()
        for name in names:
            source = Path(place, name)
            if source == spec or (name.startswith(".") and not hidden):
                continue
            relative = (within / name).as_posix()
            try:
                _take(files, relative, folder / within / name)
            except Unsafe as error:
                raise ModelFileError(old, f"{quoted(relative)} {error}") from error


def _take(files: DataFolder, name: str, new: Path) -> None:
    """Link a file, or copy it; what may be executed, or lies elsewhere, is copied."""
    with files.open(name) as old:
        about = os.fstat(old.fileno())
        if name != MANIFEST and not about.st_mode & PROGRAM and not files.leaves(name):
            with suppress(OSError):  # another file system, or one without links
                os.link(files.real(name), new)
                if os.path.samestat(new.lstat(), about):
                    return
                new.unlink()
        atomic.write([(0, about.st_size)], old, new, replace=False)


def _give_name(folder: Path, target: Path) -> None:
    """Let a folder take a name, and what had it go."""
    for place, _, _ in os.walk(folder):
        atomic.sync_folder(Path(place))
    if target.exists():
        aside = target.with_name(f".halfpixel-{secrets.token_hex(6)}.old")
        target.rename(aside)
        try:
            folder.rename(target)
        except BaseException:
            aside.rename(target)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    else:
        folder.rename(target)
    atomic.sync_folder(target.parent)
