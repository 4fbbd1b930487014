"""Convert: from PyTorch to ONNX, Core ML or LiteRT, with nothing lost on the way.

Load and run the module, export it, hold every site against the call that PyTorch itself makes,
fix what the exporter lost, run the file beside the module at the exported lengths and at others,
and only then give it its name. What the exporter refuses, or what no fix says, is exported again
with these calls in plain operators.
"""

import os
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.boundary import boundary
from halfpixel.converting.result import COREML, LITERT, MODELS
from halfpixel.dialect import LITERT as LITERT_WORDS
from halfpixel.dialect import ML_PROGRAM, NEURAL_NETWORK, ONNX
from halfpixel.errors import ModelFileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from halfpixel.converting.result import Conversion, ConvertSettings, Exporter

DIALECTS: Final = {
    ".onnx": ONNX,
    ".mlpackage": ML_PROGRAM,
    ".mlmodel": NEURAL_NETWORK,
    LITERT: LITERT_WORDS,
}
"""What each kind of file holds."""

ENDINGS: Final = ".onnx, .mlpackage, .mlmodel or .tflite"


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
    allow_fallback: bool = False,
    limits: tuple[float, float] | None = None,
    arrays: Sequence[str] = (),
    input_names: Sequence[str] | str = (),
    output_names: Sequence[str] | str = (),
    fast: bool = False,
    settings: "ConvertSettings | None" = None,
    progress: "Callable[[str], None] | None" = None,
) -> "Conversion":
    """Convert a PyTorch module, check it against its own calls, fix it and verify it.

    Args:
        source: `package.module:factory`, a .pt2 or TorchScript file, an ONNX file on its way to
            Core ML or LiteRT, a torch.nn.Module or an ExportedProgram.
        output: the file: .onnx, .mlpackage, .mlmodel or .tflite; None to have the ONNX model in
            memory.
        inputs: shapes of the inputs, as `--input` takes them: `[NAME=]1x3x64x64[:TYPE]`.
        dynamic: axes that are free: "all", "2,3" or "NAME=2,3", each with a name and the lengths
            that it takes where these are known: "x=0@batch,2@height:32..1024:32".
        opset: newest opset of the file.
        exporter: "dynamo" or "torchscript".
        targets: names of targets that the file is to run on.
        expect: what is meant, as `--expect` takes it: `[NODE:]KEY=VALUE`.
        unsafe_fixes: make fixes that rest on an assumption too.
        force_write: write a file that failed verification.
        tolerance: what counts as equal: `[TYPE=]ABS[,REL]`.
        providers: execution providers to verify on, beside onnxruntime's CPU; of a LiteRT model
            kernels, beside XNNPACK and the reference ones.
        allow_fallback: resampling nodes may fall back from a provider to the CPU.
        limits: range of made floats; 0 to 1 where none is given, and what a trace did not follow
            is tried from -1 to 0 too.
        arrays: inputs to export and verify with, as `--inputs` takes them: an .npz by name.
        input_names: what the inputs are called in the file, in order.
        output_names: what the outputs are called, in order.
        fast: run the file as exported alone, and not at other lengths.
        settings: all of this at once, in place of the other keywords.
        progress: told the name of each stage before it begins.

    Returns:
        What became of it. A module that the exporter refuses, and a file that failed
        verification, or that nothing could be told of, is `refused` with the reason, not an
        exception. The module is left as it was: in training, if it was.

    Raises:
        UsageError: no such factory, inputs that it does not take, or options that say nothing
            of such an output.
        ModelFileError: a file cannot be read or written.
        RuntimeFailure: an execution provider that was asked for is not there.
        MissingExtraError: PyTorch, or what writes or runs such a file, is not installed.
    """
    from halfpixel.converting.exports import Exports
    from halfpixel.converting.free_axes import parse_dynamic, parse_names
    from halfpixel.converting.load import load
    from halfpixel.converting.onnx_in.as_file import file_source
    from halfpixel.converting.result import (
        ConvertSettings,
        parse_exporter,
        parse_input,
    )
    from halfpixel.converting.retry import converted
    from halfpixel.intents.policy import parse_policy
    from halfpixel.runtimes.feed_files import read_feeds
    from halfpixel.runtimes.named import check_there
    from halfpixel.verifying.measure import parse_tolerances

    asked = ConvertSettings(
        inputs=tuple(parse_input(text) for text in inputs),
        dynamic=parse_dynamic((dynamic,) if isinstance(dynamic, str) else tuple(dynamic)),
        opset=opset,
        exporter=parse_exporter(exporter),
        targets=tuple(targets),
        policies=tuple(parse_policy(text) for text in expect),
        unsafe=unsafe_fixes,
        force=force_write,
        tolerances=parse_tolerances(tuple(tolerance)),
        providers=tuple(providers),
        fallback=allow_fallback,
        limits=limits,
        arrays=read_feeds(tuple(arrays)),
        input_names=parse_names("--input-names", input_names) if input_names else (),
        output_names=parse_names("--output-names", output_names) if output_names else (),
        fast=fast,
    )
    if settings is None:
        settings = asked
    elif asked != ConvertSettings():
        raise UsageError("settings says all of it: give settings, or the other keywords")
    target = None if output is None else Path(output)
    _check_source(source, target)
    _check_target(source, target, settings)
    _check_providers(settings, target)
    check_there(source)
    place = None if target is None else target.parent
    with (
        boundary(str(source) if isinstance(source, str | Path) else type(source).__name__),
        _in_evaluation(source),
        tempfile.TemporaryDirectory(dir=place, prefix=".halfpixel-") as folder,
    ):
        to_litert = target is not None and target.suffix == LITERT
        if to_litert and _writer(source) == "onnx2tf":
            found = file_source(Path(str(source)), settings, progress)
        else:
            found = load(source, settings, progress)
        return converted(Exports(found, settings, Path(folder), target))


def _check_source(source: object, target: Path | None) -> None:
    """Refuse a model that is converted already, but for an ONNX file on its way elsewhere."""
    text = str(source) if isinstance(source, str | Path) else ""
    ends = (*COREML, LITERT)
    onward = text.endswith(".onnx") and target is not None and target.name.endswith(ends)
    if text.endswith(MODELS) and not onward:
        advice = "halfpixel fix mends a model; --to torch says it in PyTorch's words"
        raise UsageError(f"{text}: is converted already; {advice}")


def _in_evaluation(source: object) -> "AbstractContextManager[object]":
    """Have the caller's own module in evaluation mode for as long as it is converted."""
    if isinstance(source, str | Path):
        return nullcontext()
    from halfpixel.runtimes.torch_module import evaluating, need_library

    need_library()
    import torch

    if isinstance(source, torch.nn.Module) and not isinstance(source, torch.fx.GraphModule):
        return evaluating(source)
    return nullcontext()


def _check_targets(target: Path, settings: "ConvertSettings") -> None:
    """Refuse targets that run no such file, and opsets that there are not."""
    from onnx.defs import onnx_opset_version

    from halfpixel.targets.target import load_target

    for name in settings.targets:
        system = load_target(name).system
        runs = ONNX if system is None else system.dialect
        if runs != DIALECTS[target.suffix]:
            raise UsageError(f"{target}: --target {name} runs models of {runs.name}, not this kind")
    newest = onnx_opset_version()
    if settings.opset is not None and settings.opset > newest:
        raise UsageError(f"--opset {settings.opset}: the newest that is known here is {newest}")


def _check_target(source: object, target: Path | None, settings: "ConvertSettings") -> None:
    """Refuse, before any work, a file that cannot be written, and options that it does not have."""
    if target is None:
        _check_targets(Path("model.onnx"), settings)
        return
    if not target.name.endswith(tuple(DIALECTS)):
        raise UsageError(f"{target}: expected a name that ends in {ENDINGS}")
    _check_targets(target, settings)
    given = {"exporter": settings.exporter, "opset": settings.opset}
    stray = [name for name, value in given.items() if value is not None]
    if stray and target.suffix != ".onnx":
        writer = _writer(source) if target.suffix == LITERT else "coremltools"
        raise UsageError(f"{target}: {writer} writes it: --{stray[0]} is for ONNX")
    if target.suffix == LITERT:
        _check_litert(source, target, settings)
    folder = target.parent
    if not folder.is_dir():
        raise ModelFileError(target, f"there is no folder {folder}")
    closed = target.exists() and not target.is_dir() and not os.access(target, os.W_OK)
    if closed or not os.access(folder, os.W_OK):
        raise ModelFileError(target, "cannot be written: permission denied")


def _writer(source: object) -> str:
    """Return what writes LiteRT of a source."""
    return "onnx2tf" if str(source).endswith(".onnx") else "litert-torch"


def _check_litert(source: object, target: Path, settings: "ConvertSettings") -> None:
    """Refuse what is not written as LiteRT, before anything is loaded, which takes long."""
    from halfpixel.converting.export.by_onnx2tf import need_program
    from halfpixel.converting.export.to_litert import need_library

    named = {"input": settings.input_names, "output": settings.output_names}
    for what, names in named.items():
        if names:
            told = f"{_writer(source)} gives its own names: --{what}-names is for ONNX and Core ML"
            raise UsageError(f"{target}: {told}")
    if _writer(source) == "onnx2tf":
        need_program(Path(str(source)))
    else:
        need_library()


def _check_providers(settings: "ConvertSettings", target: Path | None) -> None:
    """Ask for every provider before any work, since an export takes minutes.

    Raises:
        UsageError: options that are not KEY=VALUE.
        RuntimeFailure: this build of onnxruntime has no such provider, or this is not macOS.
        MissingExtraError: onnxruntime is not installed.
    """
    from halfpixel.runtime import parse_provider
    from halfpixel.runtimes.coreml_ import COREML, SUFFIXES, need_macos
    from halfpixel.runtimes.litert_ import check_kernels
    from halfpixel.runtimes.provider import available

    name = "the model" if target is None else target.name
    for text in settings.providers:
        where, _ = parse_provider(text)
        if name.endswith(LITERT):
            check_kernels(f"{name}@{where}", where)
        elif where == COREML and name.endswith(SUFFIXES):
            need_macos(f"{name}@{where}")
        elif where != "reference":
            available(where, f"{name}@{where}")
