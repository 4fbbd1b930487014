"""What a script that exports leaves behind: models, arrays beside them, and `cases.json`.

Runs under every Python that an old release needs, 3.7 and later, as all that begins with of_.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


class Written:
    """Cases of one release, in a folder."""

    def __init__(self, folder: str) -> None:
        """Begin with none."""
        self.folder = Path(folder)
        self.cases: list[dict[str, Any]] = []
        self.refused: dict[str, int] = {}

    def path(self, name: str) -> str:
        """Return where a model of a name goes."""
        return str(self.folder / name)

    def write(self, name: str, body: bytes) -> None:
        """Write a model."""
        (self.folder / name).write_bytes(body)

    def add(self, name: str, call: str, arrays: Any = None, **told: Any) -> None:
        """Add a case: the model's file, the call in words, its input and its output."""
        told.update(file=name, call=call, arrays="")
        told.setdefault("layout", "NCHW")
        if arrays is not None:
            told["arrays"] = f"{Path(name).stem}.npz"
            np.savez(self.path(told["arrays"]), x=arrays[0], y=arrays[1])
        self.cases.append(told)

    def refuse(self, call: str, error: Exception) -> None:
        """Add a call that the release does not export."""
        words = str(error).strip().splitlines() or [""]
        why = f"{call}: {type(error).__name__}: {words[0][:100]}"
        self.refused[why] = self.refused.get(why, 0) + 1

    def save(self) -> None:
        """Write the list of cases."""
        body = json.dumps({"cases": self.cases, "refused": self.refused}, indent=1)
        (self.folder / "cases.json").write_text(body, encoding="utf-8")
