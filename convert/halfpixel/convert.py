"""Convert: from PyTorch to ONNX or Core ML, with nothing lost on the way.

Load and run the module, export it, hold every site against the call that PyTorch's own graph made,
fix what the exporter lost, run the file beside the module at the exported lengths and at others,
and only then give it its name. What the exporter refuses, or what no fix says, is exported again
with these calls in plain operators.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.errors import ModelFileError, UsageError

if TYPE_CHECKING:
    from halfpixel.conversion import Conversion, ConvertSettings, Exporter

SUFFIXES: Final = (".onnx", ".mlpackage", ".mlmodel")
MODELS: Final = (*SUFFIXES, ".mlmodelc")


def convert(  # noqa: PLR0913 - one keyword an option of the command
    source: object,
    output: str | Path | None = None,
    *,
    inputs: Sequence[str] = (),
    dynamic: Sequence[str] | str = (),
    opset: int | None = None,
    exporter: "Exporter | None" = None,
    targets: Sequence[str] = (),
    expect: Sequence[str] = (),
    unsafe_fixes: bool = False,
    force_write: bool = False,
    tolerance: Sequence[str] = (),
    providers: Sequence[str] = (),
    settings: "ConvertSettings | None" = None,
) -> "Conversion":
    """Convert a PyTorch module, check it against its own calls, fix it and verify it.

    Args:
        source: `package.module:factory`, a .pt2 or TorchScript file, an ONNX file on its way to
            Core ML, a torch.nn.Module or an ExportedProgram.
        output: the file: .onnx, .mlpackage or .mlmodel; None to have the ONNX model in memory.
        inputs: shapes of the inputs, as `--input` takes them: `[NAME=]1x3x64x64[:TYPE]`.
        dynamic: axes that are free: "all", "2,3" or "NAME=2,3".
        opset: newest opset of the file.
        exporter: "dynamo" or "torchscript".
        targets: names of targets that the file is to run on.
        expect: what is meant, as `--expect` takes it: `[NODE:]KEY=VALUE`.
        unsafe_fixes: make fixes that rest on an assumption too.
        force_write: write a file that failed verification.
        tolerance: what counts as equal: `[TYPE=]ABS[,REL]`.
        providers: execution providers to verify on, beside onnxruntime's CPU.
        settings: all of this at once, in place of the other keywords.

    Returns:
        What became of it. A module that the exporter refuses, and a file that failed
        verification, is `refused` with the reason, not an exception.

    Raises:
        UsageError: no such factory, or inputs that it does not take.
        ModelFileError: a file cannot be read or written.
        MissingExtraError: PyTorch, onnxruntime or coremltools is not installed.
    """
    from halfpixel.conversion import ConvertSettings, parse_dynamic, parse_input
    from halfpixel.converting.attempts import Converting
    from halfpixel.converting.source import load
    from halfpixel.intent import parse_policy
    from halfpixel.measure import parse_tolerances

    if settings is None:
        free = (dynamic,) if isinstance(dynamic, str) else tuple(dynamic)
        settings = ConvertSettings(
            inputs=tuple(parse_input(text) for text in inputs),
            dynamic=parse_dynamic(free),
            opset=opset,
            exporter=exporter,
            targets=tuple(targets),
            policies=tuple(parse_policy(text) for text in expect),
            unsafe=unsafe_fixes,
            force=force_write,
            tolerances=parse_tolerances(tuple(tolerance)),
            providers=tuple(providers),
        )
    target = None if output is None else Path(output)
    _check_source(source, target)
    _check_target(target)
    loaded = load(source, settings)
    place = None if target is None else target.parent
    with tempfile.TemporaryDirectory(dir=place, prefix=".halfpixel-") as folder:
        return Converting(loaded, settings, Path(folder), target).result()


def _check_source(source: object, target: Path | None) -> None:
    """Refuse a model that is converted already, but for ONNX on its way to Core ML."""
    text = str(source) if isinstance(source, str | Path) else ""
    to_core_ml = target is not None and not target.name.endswith(".onnx")
    if text.endswith(MODELS) and not (text.endswith(".onnx") and to_core_ml):
        told = "halfpixel fix mends a model; --to torch says it in PyTorch's words"
        raise UsageError(f"{text}: is converted already; {told}")


def _check_target(target: Path | None) -> None:
    """Refuse, before any work, a file that cannot be written."""
    if target is None:
        return
    if not target.name.endswith(SUFFIXES):
        raise UsageError(f"{target}: expected a name that ends in .onnx, .mlpackage or .mlmodel")
    folder = target.parent
    if not folder.is_dir():
        raise ModelFileError(target, f"there is no folder {folder}")
    closed = target.exists() and not target.is_dir() and not os.access(target, os.W_OK)
    if closed or not os.access(folder, os.W_OK):
        raise ModelFileError(target, "cannot be written: permission denied")
