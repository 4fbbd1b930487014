"""The files of models/litert: one call each, with the framework's own output."""

import csv
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from msgspec import Struct
from numpy.typing import NDArray

FOLDER: Final = Path(__file__).parents[2] / "models" / "litert"


class Recorded(Struct, frozen=True):
    """A file, the call that it was converted from, and whether LiteRT gives what that gave."""

    path: Path
    call: str
    right: bool

    def arrays(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return an input, and the framework's output."""
        found = np.load(self.path.with_suffix(".npz"))
        return found["x"], found["y"]


def recorded() -> list[Recorded]:
    """Return every file, in the order of the manifest."""
    with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return [
            Recorded(FOLDER / row["file"], row["call"], row["litert_vs_framework"] == "ok")
            for row in csv.DictReader(stream)
        ]


def run(model: bytes, x: NDArray[Any], *, reference: bool = False) -> NDArray[Any]:
    """Return the first output of a model by LiteRT's interpreter; skips where there is none."""
    found = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="pip install ai-edge-litert runs LiteRT files"
    )
    kind = found.OpResolverType
    resolver = kind.BUILTIN_REF if reference else kind.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = found.Interpreter(model_content=model, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    out: NDArray[Any] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return out
