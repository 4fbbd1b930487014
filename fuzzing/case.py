"""A case: the files in a folder, and the command that is run there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Case:
    """One input of a target.

    Attributes:
        files: contents by the path inside a folder of its own, with forward slashes.
        command: arguments of `halfpixel`, run in that folder; empty where no command is run.
    """

    files: Mapping[str, bytes]
    command: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of it all."""
        said = sum(len(text.encode("utf-8", "surrogatepass")) for text in self.command)
        return said + sum(map(len, self.files.values()))

    def write(self, folder: Path) -> None:
        """Write the files into a folder that is there."""
        for name, data in self.files.items():
            path = folder / name
            if "/" in name:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
