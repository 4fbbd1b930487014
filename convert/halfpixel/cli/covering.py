"""Which folders a run covers: what it has not seen of others is nobody's mistake."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.address import Location
from halfpixel.cli.files import models_in
from halfpixel.errors import UsageError

if TYPE_CHECKING:
    from halfpixel.settings.configuration import Configuration

MOST: Final = 2000
"""Folders and models of a folder that are looked at; a larger one is covered if it is named."""


class Covering:
    """What was named on the command line, and what was checked of it."""

    def __init__(
        self, paths: Sequence[str], files: Sequence[Location], configuration: "Configuration"
    ) -> None:
        """Keep the folders that were named.

        Args:
            paths: what was named.
            files: the files that were checked.
            configuration: what is excluded.
        """
        self._configuration = configuration
        self._files = [path for path in files if isinstance(path, Path)]
        here = [path for path in paths if os.path.isdir(path)]  # noqa: PTH112 - one may be closed
        self._folders = [] if configuration.given.exclude else list(map(os.path.realpath, here))
        self._whole: dict[str, bool] = {}

    def named(self, folder: str) -> bool:
        """Whether a folder, or one that it lies in, was named, and nothing was passed over."""
        real = os.path.join(os.path.realpath(folder), "")  # noqa: PTH118 - texts, as below
        return any(real.startswith(os.path.join(one, "")) for one in self._folders)  # noqa: PTH118

    def found(self, folder: str) -> bool:
        """Whether a folder was named, or every model in it was found in folders that were."""
        return bool(self._folders) and self.whole(folder)

    def whole(self, folder: str) -> bool:
        """Whether a folder was named, or else every model in it was checked."""
        if folder not in self._whole:
            self._whole[folder] = self.named(folder) or self._all_checked(folder)
        return self._whole[folder]

    def _all_checked(self, folder: str) -> bool:
        if self._configuration.given.exclude:
            return False
        checked = set(map(os.path.realpath, self._files))
        looked_at = 0

        def excluded(path: Path) -> bool:
            nonlocal looked_at
            looked_at += 1
            return looked_at > MOST or self._configuration.excluded(path)

        try:
            models = {os.path.realpath(path) for path in models_in(Path(folder), excluded)}
        except UsageError:  # a configuration in it that is none, and that settled nothing here
            return False
        return looked_at <= MOST and bool(models) and models <= checked
