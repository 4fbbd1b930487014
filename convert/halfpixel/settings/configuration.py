"""What each file is checked by: the command line, then the nearest configuration above the file.

The nearest `halfpixel.toml`, or `pyproject.toml` with a table `[tool.halfpixel]`, in the file's own
folder or one above it settles what the command line leaves open; a file with none has that of the
working folder. Nothing is read of a folder twice, and nothing is imported where no file is found.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from halfpixel.address import Address, Location
from halfpixel.checking.check import Settings
from halfpixel.errors import UsageError
from halfpixel.settings.pattern import USUAL, Rooted, matches, rooted
from halfpixel.settings.settled import About, Given, Settled

if TYPE_CHECKING:
    from halfpixel.intents.policy import Policy
    from halfpixel.settings.file import Layer

NAMES: Final = ("halfpixel.toml", "pyproject.toml")
"""What a configuration is called; of one folder the first counts."""


class Configuration:
    """What is settled for every file of a command."""

    def __init__(self, given: Given) -> None:
        """Read the configuration that is named, or nothing yet.

        Raises:
            UsageError: the file that is named cannot be read, or says what it may not.
        """
        self.given = given
        self._here = _working_folder()
        self._read: dict[str, tuple[Layer, ...]] = {}
        self._of: dict[str, Settled] = {}
        self._settled: dict[object, Settled] = {}
        self._exclusions: dict[str, list[Rooted]] = {}
        self._named: tuple[Layer, ...] | None = None
        self._expected: tuple[Policy, ...] = ()
        if given.expect:
            from halfpixel.intents.policy import parse_policy

            self._expected = tuple(map(parse_policy, given.expect))
        if given.config is not None:
            self._named = _named(given.config, self._here)

    def of(self, path: Location) -> Settled:
        """Return what a file is checked by; the same object where it is the same.

        Raises:
            UsageError: a configuration file above it cannot be read, or says what it may not.
        """
        name = str(path)
        if name not in self._of:
            self._of[name] = self._found(path)
        return self._of[name]

    def said_of(self, path: Location) -> "tuple[str, tuple[Layer, ...]]":
        """Return the path of a file from the root, and what settles it, base first."""
        return self._full(path), self._layers(self._folder(path))

    def settle_alike(self, new: Location, path: Location) -> None:
        """Let a file that was written be checked by what its source is checked by."""
        self._of[str(new)] = self.of(path)

    def _found(self, path: Location) -> Settled:
        full, layers = self.said_of(path)
        about = tuple(About(*_about(layer, full)) for layer in layers)
        key = tuple(layer.path for layer in layers), about
        if key not in self._settled:
            self._settled[key] = self._settle(layers, about)
        return self._settled[key]

    def excluded(self, path: Location, *, named: bool = False, within: bool = False) -> bool:
        """Whether a file or a folder is passed over.

        Args:
            path: the file or the folder.
            named: it is named itself, and not found in a folder or by a pattern.
            within: it is if a folder is that it lies in.
        """
        full, layers = self.said_of(path)
        if named and not self._forced(layers):
            return False
        key = layers[-1].path if layers else ""
        if key not in self._exclusions:
            self._exclusions[key] = self._excluding(layers)
        return matches(full, self._exclusions[key], within=within or named)

    def _forced(self, layers: "Sequence[Layer]") -> bool:
        said = [one.table.force_exclude for one in layers if one.table.force_exclude is not None]
        return self.given.force_exclude or (bool(said) and said[-1])

    def _excluding(self, layers: "Sequence[Layer]") -> list[Rooted]:
        here = rooted(self._here, self.given.exclude)
        usual = rooted(layers[-1].folder if layers else self._here, USUAL)
        more: list[Rooted] = []
        for layer in layers:
            from halfpixel.settings.keys import texts

            more += rooted(layer.folder, texts(layer.table.extend_exclude))
            if layer.table.exclude is not None:
                usual = rooted(layer.folder, texts(layer.table.exclude))
        return [*usual, *more, *here]

    def _folder(self, path: Location) -> str:
        """Return the folder whose configuration counts: the working one, of a file elsewhere."""
        if isinstance(path, Address):
            return self._here
        return os.path.dirname(self._full(path))  # noqa: PTH120 - of thousands of files

    def _full(self, path: Location) -> str:
        if isinstance(path, Address):
            return str(path)
        return os.path.normpath(os.path.join(self._here, path))  # noqa: PTH118 - links stay

    def _layers(self, folder: str) -> "tuple[Layer, ...]":
        """Return the configuration above a folder, base first; that of the working folder else."""
        if self._named is not None:
            return self._named
        found = self._above(folder)
        return found or (self._above(self._here) if folder != self._here else ())

    def _above(self, folder: str) -> "tuple[Layer, ...]":
        passed: list[str] = []
        found: tuple[Layer, ...] = ()
        while folder not in self._read:
            passed.append(folder)
            found = _in(folder)
            parent = os.path.dirname(folder)  # noqa: PTH120 - as above
            if found or parent == folder:
                break
            folder = parent
        else:
            found = self._read[folder]
        self._read.update(dict.fromkeys(passed, found))
        return found

    def _settle(self, layers: "Sequence[Layer]", about: Sequence[About]) -> Settled:
        given = self.given
        asked = Settings(
            given.select,
            given.ignore,
            self._expected,
            given.severity,
            given.targets,
            given.max_work,
            given.shapes,
            in_nodes=given.in_nodes,
            preprocess=given.preprocess,
        )
        baseline = None
        if given.baseline is not None:
            baseline = os.path.join(self._here, given.baseline)  # noqa: PTH118 - as above
        settled = Settled(asked, given.fail_on or "warning", baseline)
        if not layers:
            return settled
        from halfpixel.settings.merging import merged

        return merged(settled, given, layers, about)


def _about(layer: "Layer", full: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return which tables of a file, and which of its suppressions, are about a model."""
    from halfpixel.settings.keys import texts

    def is_about(patterns: Sequence[str]) -> bool:
        return matches(full, rooted(layer.folder, patterns))

    table = layer.table
    files = tuple(pattern for pattern in table.per_file if is_about([pattern]))
    known = ((place, texts(one.file)) for place, one in enumerate(table.suppress))
    return files, tuple(place for place, patterns in known if not patterns or is_about(patterns))


def _in(folder: str) -> "tuple[Layer, ...]":
    """Return what the configuration in a folder says; nothing where there is none."""
    for name in NAMES:
        path = os.path.join(folder, name)  # noqa: PTH118 - of every folder above every file
        if os.path.isfile(path):  # noqa: PTH113 - likewise
            from halfpixel.settings.file import read_layers

            found = read_layers(path)
            if found is not None:
                return found
    return ()


def _named(name: str, here: str) -> "tuple[Layer, ...]":
    """Return what the configuration that is named says."""
    from halfpixel.settings.file import read_layers

    if not name or "\0" in name:
        raise UsageError(f"--config {name!r}: expected the name of a file")
    path = os.path.normpath(os.path.join(here, name))  # noqa: PTH118 - as above
    found = read_layers(path)
    if found is None:
        raise UsageError(f"--config {path}: has no [tool.halfpixel]")
    return found


def _working_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a text, as the others are
    except OSError as error:
        raise UsageError("the working folder is gone") from error
