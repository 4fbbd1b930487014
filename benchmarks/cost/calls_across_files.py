"""How far one job runs through the engine: distinct files, and switches from one to another.

    python benchmarks/cost/calls_across_files.py

The five jobs (check, fix, verify, convert, and check of a Core ML package) run on one small model
each, in this process, twice: the first run imports what it needs, the second is counted, by
`sys.setprofile`. A switch is a call of a function whose file in the engine or the rules is another
than that of the function that called last.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import halfpixel

if TYPE_CHECKING:
    from types import FrameType

MODELS = Path(__file__).resolve().parents[2] / "models"
ENGINE = str(Path(halfpixel.__file__).resolve().parent)
MODEL = MODELS / "corpus" / "bilinear_x2_ac0-t1.8.1-o10.onnx"
PACKAGE = MODELS / "coreml" / "variants" / "resize_bilinear-up-align_corners-ios15.mlpackage"


def job(*arguments: str) -> None:
    """Run one command, whatever its exit code."""
    from halfpixel.__main__ import main

    sys.argv = ["halfpixel", *arguments]
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(SystemExit),
    ):
        main()


class Tracer:
    """The engine's files in the order in which their functions call and are called."""

    def __init__(self) -> None:
        """Start with an empty path."""
        self.path: list[str] = []

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note the file of a function of the engine that is called."""
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(ENGINE) and frame.f_code.co_name != "<module>":
            self.path.append(file)

    @property
    def files(self) -> int:
        """How many files of the engine ran."""
        return len(set(self.path))

    @property
    def switches(self) -> int:
        """How often the file changed from one call to the next."""
        return sum(a != b for a, b in zip(self.path, self.path[1:], strict=False))


def upsample() -> object:
    """Return a network of one bilinear resize."""
    import torch

    return torch.nn.Upsample(scale_factor=2, mode="bilinear")


def main() -> None:
    """Trace every job twice, and print what the second run gives."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        fixed, converted = f"{folder}/fixed.onnx", f"{folder}/converted.onnx"
        factory = f"{Path(__file__).stem}:upsample"
        sys.path.insert(0, str(Path(__file__).parent))
        jobs = {
            "check": ("check", str(MODEL)),
            "fix": ("fix", str(MODEL), "--unsafe-fixes", "-o", fixed),
            "verify": ("verify", str(MODEL), fixed),
            "convert": ("convert", factory, "--input", "1x2x4x4", "-o", converted),
            "Core ML check": ("check", str(PACKAGE)),
        }
        for name, arguments in jobs.items():
            job(*arguments)
            tracer = Tracer()
            sys.setprofile(tracer)
            try:
                job(*arguments)
            finally:
                sys.setprofile(None)
            print(f"{name}: {tracer.files} files, {tracer.switches} switches")


if __name__ == "__main__":
    main()
