"""The programs that the book stands beside, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporting.environment import Environment, UnavailableError, made

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = Path(__file__).with_name("peers.toml")
DROPPED = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "VIRTUAL_ENV"}
PLAIN = {name: value for name, value in os.environ.items() if name not in DROPPED}
"""The environment of a peer: nothing of ours is on its path."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that reads a model.

    Attributes:
        name: what it is called.
        does: what it does with the model.
        words: its command, which a path comes after.
        unavailable: why it cannot be had here.
    """

    name: str
    does: str
    words: tuple[str, ...] = ()
    unavailable: str = ""


class Peers:
    """Environments, made when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        """Keep the environments in a folder."""
        self.folder = folder
        body: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.environments = {
            one["name"]: Environment(one["name"], python, tuple(one["packages"]))
            for one in body["environment"]
        }
        self.rows: list[dict[str, Any]] = body["peer"]
        self._pythons: dict[str, Path | str] = {}

    def python(self, environment: str) -> Path | str:
        """Return the Python of an environment, or why there is none."""
        if environment not in self._pythons:
            try:
                self._pythons[environment] = made(self.environments[environment], self.folder)
            except UnavailableError as error:
                self._pythons[environment] = str(error)
        return self._pythons[environment]

    def all(self) -> list[Peer]:
        """Return every peer, in the table's order."""
        return [self.peer(row) for row in self.rows]

    def peer(self, row: Mapping[str, Any]) -> Peer:
        """Return the peer of a row of the table."""
        python = self.python(row["environment"])
        if isinstance(python, str):
            return Peer(row["name"], row["does"], unavailable=python)
        if "code" in row:
            words = (str(python), "-c", row["code"])
        else:
            words = (str(python.parent / row["command"][0]), *row["command"][1:])
        return Peer(row["name"], row["does"], words)

    def versions(self) -> dict[str, str]:
        """Return the releases that the environments in use hold, of the packages named for them."""
        found: dict[str, str] = {}
        for name, python in self._pythons.items():
            if not isinstance(python, str):
                pinned = self.environments[name].packages
                listed = subprocess.run(
                    [str(python), "-m", "pip", "list", "--format=freeze"],
                    capture_output=True, text=True, check=True,
                ).stdout.splitlines()  # fmt: skip
                known = dict(line.lower().split("==") for line in listed if "==" in line)
                wanted = [one.partition("==")[0] for one in pinned]
                found |= {one: known[one.lower()] for one in wanted if one.lower() in known}
        return found
