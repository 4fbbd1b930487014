"""Inputs and their shapes as a person gives them: files, a function, `NAME=1x3x64x64`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from halfpixel.errors import ModelFileError, UsageError, place_of, said_of
from halfpixel.runtimes.named import named

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Feeds


def read_feeds(texts: Sequence[str]) -> "tuple[Feeds, ...]":
    """Return the cases that `--inputs` names.

    Args:
        texts: an .npz file of arrays by input name; `NAME=FILE` with an .npy or .pb file, one
            an input; or `package.module:function`, which returns a dict of arrays or several.

    Raises:
        ModelFileError: a file cannot be read.
        UsageError: a text that is none of these.
    """
    single: Feeds = {}
    cases: list[Feeds] = []
    for text in texts:
        name, equals, file = text.partition("=")
        if equals:
            single[name] = _read_one(Path(file))
        elif text.endswith(".npz"):
            from halfpixel.runtimes.recorded_ import read_arrays, split_cases

            cases += split_cases(read_arrays(Path(text)), ())
        elif ":" in text:
            cases += _called(text)
        else:
            raise UsageError(
                f"--inputs {text!r}: expected an .npz, NAME=FILE.npy, NAME=FILE.pb or "
                "package.module:function"
            )
    return (*cases, single) if single else tuple(cases)


def _read_one(path: Path) -> "Array":
    import numpy as np

    try:
        if path.suffix == ".pb":
            from onnx import TensorProto, numpy_helper

            return numpy_helper.to_array(TensorProto.FromString(path.read_bytes()))
        return cast("Array", np.load(path, allow_pickle=False))
    except Exception as error:
        reason = f"neither an .npy array nor a TensorProto: {error}".splitlines()[0]
        raise ModelFileError(path, reason.lower()) from error


def _called(text: str) -> "list[Feeds]":
    import numpy as np

    try:
        function = named(text, "function")
    except UsageError as error:
        raise UsageError(f"--inputs {error}") from error
    try:
        result: object = function()
        several: list[object] = [result]
        if not isinstance(result, Mapping):
            several = list(cast("list[object]", result))
    except Exception as error:
        told = f"--inputs {text}: the function fails: {said_of(error)}{place_of(error)}"
        raise UsageError(told) from error
    found: list[Feeds] = []
    for one in several:
        if not isinstance(one, Mapping):
            raise UsageError(f"--inputs {text}: expected a dict of arrays, or several")
        arrays = cast("Mapping[str, object]", one)
        found.append({str(name): np.asarray(array) for name, array in arrays.items()})
    return found
