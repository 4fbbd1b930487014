"""Inputs and their shapes as a person gives them: files, a function, `NAME=1x3x64x64`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from halfpixel.errors import ModelFileError, UsageError, place_of, said_of
from halfpixel.runtimes.image_files import images_in
from halfpixel.runtimes.named import named

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Feeds


def read_feeds(texts: Sequence[str]) -> "tuple[Feeds, ...]":
    """Return the cases that `--inputs` names.

    Args:
        texts: an .npz file of arrays by input name; `NAME=FILE` with an .npy or .pb file, one
            an input; an .npy file of the name of its input, or of the only one; a folder of such
            .npz and .npy files, one a case; or `package.module:function`, which returns a dict of
            arrays or several.

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
            cases += _read_cases(Path(text))
        elif text.endswith(".npy"):
            single[Path(text).stem] = _read_one(Path(text))
        elif Path(text).is_dir():
            cases += _read_folder(Path(text))
        elif ":" in text:
            cases += _called(text)
        else:
            raise UsageError(
                f"--inputs {text!r}: expected an .npz, an .npy, NAME=FILE.npy, NAME=FILE.pb, a "
                "folder or package.module:function"
            )
    return (*cases, single) if single else tuple(cases)


def split_images(texts: Sequence[str]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the images of folders that `--inputs` names, and its other texts.

    Raises:
        UsageError: a folder that holds neither images nor arrays.
    """
    folders = [text for text in texts if Path(text).is_dir() and not any(_arrays_in(Path(text)))]
    images = tuple(path for text in folders for path in images_in(Path(text)))
    return images, tuple(text for text in texts if text not in folders)


def _arrays_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {".npy", ".npz"})


def _read_folder(folder: Path) -> "list[Feeds]":
    paths = _arrays_in(folder)
    if not paths:
        raise UsageError(f"--inputs {folder}: holds no .npy or .npz")
    cases: list[Feeds] = []
    for path in paths:
        cases += _read_cases(path) if path.suffix == ".npz" else [{path.stem: _read_one(path)}]
    return cases


def _read_cases(path: Path) -> "list[Feeds]":
    from halfpixel.runtimes.recorded_ import read_arrays, split_cases

    return split_cases(read_arrays(path), ())


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
