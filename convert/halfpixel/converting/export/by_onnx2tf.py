"""onnx2tf, asked to write an ONNX model as a .tflite file, in a process of its own.

It pins its own TensorFlow, ONNX and NumPy, so it is a program here and no library: that of this
Python, or the one on the path (`pipx install onnx2tf`). It writes over the model that it is given,
and loads images from the network where its working folder has none: it runs in a folder of its own
on a copy, with made images.

Source: onnx2tf 1.29.24 `onnx2tf.py`, convert and main; `utils/common_functions.py`,
download_test_image_data.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.converting.export.quietly import LONGEST
from halfpixel.converting.export.to_onnx import Exported, ExportRefusal
from halfpixel.converting.onnx_in.as_file import prepared
from halfpixel.converting.source import Source
from halfpixel.errors import UsageError
from halfpixel.formats.litert.write.names import name_by_signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from halfpixel.converting.calls import Kind

PROGRAM: Final = "onnx2tf"
IMAGES: Final = "calibration_image_sample_data_20x128x128x3_float32.npy"
"""The file that it would load from the network."""

SIDE: Final = 128
SAID: Final = re.compile(
    r"^(?:ERROR|[\w.]*(?:Error|Exception)):(?! ?(?:input_onnx_file_path|onnx_op_))"
)
"""How a line begins that says why it stopped, and not where."""

COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
PLACE: Final = re.compile(r"/[^\s'\"]*:\d+:\d+: ?")
"""A place in a file of its own, in TensorFlow's words."""


def need_program(path: Path) -> "Sequence[str]":
    """Return how onnx2tf is started.

    Raises:
        UsageError: it is not installed.
    """
    if find_spec(PROGRAM) is not None:
        return sys.executable, "-m", PROGRAM
    beside = Path(sys.executable).parent
    found = shutil.which(PROGRAM) or shutil.which(PROGRAM, path=str(beside))
    if found is None:
        told = "pip install onnx2tf, or pipx install onnx2tf for an environment of its own"
        raise UsageError(f"{path}: onnx2tf writes LiteRT of ONNX, and is not installed: {told}")
    return (found,)


def export_onnx2tf(source: Source, path: Path, kinds: "frozenset[Kind]") -> Exported:
    """Write an ONNX model as a LiteRT model.

    Args:
        source: of `file_source`.
        path: the file.
        kinds: resizes that are written in plain operators beforehand.

    Raises:
        UsageError: onnx2tf is not installed.
        ExportRefusal: it refuses the model.
        ModelFileError: the model cannot be read.
    """
    program = need_program(path)
    model = prepared(source, path.parent, kinds)
    _make_images(path.parent / IMAGES)
    made = path.parent / "made"
    # its own programs, such as onnxsim, lie beside it
    places = os.pathsep.join((str(Path(program[0]).parent), os.environ.get("PATH", "")))
    ran = subprocess.run(  # noqa: S603 - the program that was found, and names of our own
        [*program, "-i", model.name, "-o", made.name],
        cwd=path.parent,
        env={**os.environ, "PATH": places, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    found = made / f"{model.stem}_float32.tflite"
    if not found.is_file():
        raise ExportRefusal(f"onnx2tf refuses: {_reason(ran.stdout + ran.stderr, ran.returncode)}")
    found.replace(path)
    name_by_signature(path)
    return Exported(path)


def _make_images(path: Path) -> None:
    """Write the images that it would load: numbers from 0 to 1."""
    import numpy as np

    images = np.random.default_rng(0).random((20, SIDE, SIDE, 3), np.float32)
    np.save(path, images)


def _reason(said: str, code: int) -> str:
    r"""Return the line of what it said that tells why it stopped.

    >>> _reason("ERROR: No Loop is supported.\nERROR: onnx_op_name: up\n", 1)
    'No Loop is supported.'
    >>> _reason("tf.ConverterError: No./bin/onnx2tf:8:1: error: 'tf.Up' op is no op\nb.py:9\n", 1)
    "tf.ConverterError: No. error: 'tf.Up' op is no op"
    >>> _reason("", -9)
    'it ended with code -9 and said nothing'
    """
    lines = [" ".join(line.split()) for line in COLOURS.sub("", said).splitlines()]
    told = [line.removeprefix("ERROR: ") for line in lines if SAID.match(line)]
    told = [PLACE.sub(" ", line) for line in told]
    last = [*filter(None, lines), *told][-1:]
    return last[0][:LONGEST] if last else f"it ended with code {code} and said nothing"
