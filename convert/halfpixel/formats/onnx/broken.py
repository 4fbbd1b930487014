"""What a broken structure makes fail, in one line that names the file."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from halfpixel.errors import GraphError, ModelFileError

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from onnx import ModelProto

    from halfpixel.storage.remote_file import File


@contextmanager
def errors_of(
    path: "File | None", model: "ModelProto | Callable[[], ModelProto]"
) -> Generator[None]:
    """Turn what a broken structure makes fail into one line that names the file.

    Args:
        path: the file, or None for a model in memory.
        model: what was read from it, or what returns that.

    Raises:
        GraphError: raised inside, now with the file's name.
        ModelFileError: graphs are nested too deep, or a name is no text.
    """
    file = path or "<model>"
    try:
        yield
    except GraphError as error:
        raise GraphError("" if path is None else str(path), error.node, error.reason) from error
    except RecursionError as error:
        raise ModelFileError(file, "graphs or functions are nested too deep") from error
    except (TypeError, AttributeError, UnicodeError) as error:
        if is_text_broken(model() if callable(model) else model):
            raise ModelFileError(file, "a name or text in the model is not UTF-8") from error
        raise


def is_text_broken(message: "Message") -> bool:
    """Whether a text anywhere in a message is not UTF-8.

    protobuf hands such a text out as bytes; this is asked only once something failed on it.
    """
    for part, value in message.ListFields():
        values = value if part.is_repeated else [value]
        for one in values:
            if part.type == part.TYPE_MESSAGE:
                if is_text_broken(one):
                    return True
            elif part.type == part.TYPE_STRING and isinstance(one, bytes):
                return True
    return False
