"""What runs in the process of the interpreter: models come in, arrays go out.

The interpreter is C++ that trusts its file: what it crashes on ends this process alone. It imports
nothing of halfpixel, so that it starts by its path.

A message is a line of JSON, then as many bytes as it says by `size`. `{"key", "kernel", "keep"}`
loads a model, of a file where there is a `path`, else of the bytes; `{"key", "feeds", "wanted"}`
runs one on arrays that the bytes hold: tensors are named by their numbers. The answer is
`{"arrays"}`, `{"absent"}` where the model is no longer here, or `{"refused"}` in the interpreter's
words.
"""

import os
import sys
from collections import OrderedDict
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

MOST: Final = 8
"""Models that are loaded side by side."""


def _interpreter(asked: dict[str, Any], payload: bytes) -> Any:  # noqa: ANN401 - untyped library
    library = import_module("ai_edge_litert.interpreter")
    return library.Interpreter(
        model_content=Path(asked["path"]).read_bytes() if "path" in asked else payload,
        experimental_op_resolver_type=library.OpResolverType[asked["kernel"]],
        experimental_preserve_all_tensors=asked["keep"],
        num_threads=1,
    )


def _ran(interpreter: Any, asked: dict[str, Any], given: list[Any]) -> list[Any]:  # noqa: ANN401
    import numpy as np

    fitting = {int(one["index"]): tuple(one["shape"]) for one in interpreter.get_input_details()}
    for (place, _, shape), _array in zip(asked["feeds"], given, strict=True):
        if fitting.get(place) != tuple(shape):
            interpreter.resize_tensor_input(place, shape)
    interpreter.allocate_tensors()
    for (place, _, _), array in zip(asked["feeds"], given, strict=True):
        interpreter.set_tensor(place, array)
    interpreter.invoke()
    return [np.ascontiguousarray(interpreter.get_tensor(place)) for place in asked["wanted"]]


def _answer(
    asked: dict[str, Any], payload: bytes, models: "OrderedDict[int, Any]"
) -> tuple[dict[str, Any], list[bytes]]:
    import numpy as np

    if "kernel" in asked:
        models[asked["key"]] = _interpreter(asked, payload)
        while len(models) > MOST:
            models.popitem(last=False)
        return {"arrays": []}, []
    if asked["key"] not in models:
        return {"absent": True}, []
    given: list[Any] = []
    start = 0
    for _, dtype, shape in asked["feeds"]:
        array = np.frombuffer(payload, dtype, int(np.prod(shape, dtype=np.int64)), start)
        given.append(array.reshape(shape))
        start += array.nbytes
    models.move_to_end(asked["key"])
    found = _ran(models[asked["key"]], asked, given)
    arrays = [[str(one.dtype), list(one.shape)] for one in found]
    return {"arrays": arrays}, [one.tobytes() for one in found]


def main() -> None:
    """Answer until the other end is closed."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the library prints is no answer
    models: OrderedDict[int, Any] = OrderedDict()
    while line := sys.stdin.buffer.readline():
        asked = msgspec.json.decode(line)
        payload = sys.stdin.buffer.read(asked["size"])
        try:
            answer, blobs = _answer(asked, payload, models)
        except Exception as error:  # noqa: BLE001 - its words are the answer
            answer, blobs = {"refused": f"{type(error).__name__}: {error}"}, []
        out.write(msgspec.json.encode(answer) + b"\n")
        for blob in blobs:
            out.write(blob)
        out.flush()


if __name__ == "__main__":
    main()
