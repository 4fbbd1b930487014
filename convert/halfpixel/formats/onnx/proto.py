"""ModelProto without importing onnx, whose package costs more than a whole check.

The generated module that defines the messages needs protobuf alone. It is loaded from where
onnx is installed and entered under its own name, so that a later ``import onnx`` finds it.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from halfpixel.errors import GraphError, MissingExtraError, ModelFileError

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from onnx import ModelProto

GENERATED: Final = "onnx.onnx_ml_pb2"


@lru_cache(maxsize=1)
def model_class() -> "type[ModelProto]":
    """Return the ModelProto class.

    Raises:
        MissingExtraError: onnx is not installed.
    """
    if "onnx" in sys.modules or GENERATED in sys.modules:
        return cast("type[ModelProto]", _loaded().ModelProto)  # type: ignore[attr-defined]
    package = find_spec("onnx")
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError("onnx", "all")
    place = Path(package.submodule_search_locations[0]) / "onnx_ml_pb2.py"
    spec = spec_from_file_location(GENERATED, place)
    if spec is None or spec.loader is None or not place.exists():
        return cast("type[ModelProto]", _loaded().ModelProto)  # type: ignore[attr-defined]
    module = module_from_spec(spec)
    sys.modules[GENERATED] = module
    spec.loader.exec_module(module)
    return cast("type[ModelProto]", module.ModelProto)


def _loaded() -> object:
    if GENERATED in sys.modules:
        return sys.modules[GENERATED]
    import onnx

    return onnx


def parse(data: bytes, path: Path) -> "ModelProto":
    """Return the model that bytes spell.

    Raises:
        ModelFileError: they are no ModelProto, or one without a graph.
    """
    from google.protobuf.message import DecodeError

    try:
        model: ModelProto = model_class().FromString(data)
    except DecodeError as error:
        raise ModelFileError(path, "not an ONNX model, or truncated") from error
    except RecursionError as error:
        raise ModelFileError(path, "messages are nested too deep") from error
    if not model.HasField("graph") or model.ir_version < 1:
        raise ModelFileError(path, "not an ONNX model: it has no graph or no ir_version")
    return model


@contextmanager
def telling(path: Path | None, model: "ModelProto") -> Generator[None]:
    """Turn what a broken structure makes fail into one line that names the file.

    Args:
        path: the file, or None for a model in memory.
        model: what was read from it.

    Raises:
        GraphError: raised inside, now with the file's name.
        ModelFileError: graphs are nested too deep, or a name is no text.
    """
    file = path or Path("<model>")
    try:
        yield
    except GraphError as error:
        raise GraphError("" if path is None else str(path), error.node, error.reason) from error
    except RecursionError as error:
        raise ModelFileError(file, "graphs or functions are nested too deep") from error
    except (TypeError, AttributeError, UnicodeError) as error:
        if _text_is_broken(model):
            raise ModelFileError(file, "a name or text in the model is not UTF-8") from error
        raise


def _text_is_broken(message: "Message") -> bool:
    """Whether a text anywhere in a message is not UTF-8.

    protobuf hands such a text out as bytes; this is asked only once something failed on it.
    """
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        for one in values:
            if field.type == field.TYPE_MESSAGE:
                if _text_is_broken(one):
                    return True
            elif field.type == field.TYPE_STRING and isinstance(one, bytes):
                return True
    return False
