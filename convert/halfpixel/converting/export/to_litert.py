"""litert-torch, asked to write a module as a .tflite file.

The file is what litert-torch makes of it: lost factors and the wrong nearest are found and mended
in it afterwards, as in any file.

Source: litert-torch 0.10.0 `_convert/interface.py`.
"""

import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from halfpixel.converting.export.quietly import quietly
from halfpixel.converting.export.to_onnx import Exported, ExportRefusal, asked
from halfpixel.converting.source import Source, shapes_of
from halfpixel.errors import MissingExtraError

if TYPE_CHECKING:
    from halfpixel.converting.calls import Kind

EXTRA: Final = "litert-convert"


def export_litert(source: Source, path: Path, kinds: "frozenset[Kind]") -> Exported:
    """Write a module as a LiteRT model.

    Args:
        source: the module.
        path: the file.
        kinds: calls that are written in plain operators.

    Raises:
        MissingExtraError: litert-torch is not installed.
        ExportRefusal: it refuses the module.
        ModelFileError: the file cannot be written.
    """
    tools = library()
    if source.scripted:
        raise ExportRefusal("litert-torch reads no TorchScript: give the module itself")
    from halfpixel.converting.plain.exporting import written_out

    free: Mapping[str, object] = {}
    if any(source.free.values()):
        free = {"dynamic_shapes": shapes_of(source, steps=False)}
    context = written_out(kinds) if kinds else nullcontext()
    with quietly(), context, asked("litert-torch refuses", path), _silent():
        model = tools.convert(source.graph or source.module, source.tensors(), **free)
        model.export(str(path))
    return Exported(path)


@contextmanager
def _silent() -> Generator[None]:
    """Have what C++ prints to standard error by itself go nowhere: it is no part of a report."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def need_library() -> None:
    """Refuse where litert-torch is not there; raises as `library`."""
    if find_spec("litert_torch") is None:
        raise MissingExtraError("litert-torch", EXTRA)


def library() -> Any:  # noqa: ANN401 - litert-torch is untyped
    """Return litert-torch.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        with quietly(), _silent():
            return import_module("litert_torch")
    except ImportError as error:
        raise MissingExtraError("litert-torch", EXTRA) from error
