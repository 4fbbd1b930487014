"""Lines of a module: at which two inputs part, such as `if x.shape[2] > 8:`, and of a node.

Both are run, and every step of the module's own Python is written down: the last one that both take
is the branch. What PyTorch does inside its own functions is no branch of the module's.
"""

import linecache
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final

from halfpixel.converting.export.quietly import quietly
from halfpixel.converting.source import Source, tensors_of
from halfpixel.intents.pytorch_record import STACK_TRACE, user_line

if TYPE_CHECKING:
    from halfpixel.arrays import Feeds

MOST: Final = 1 << 20
"""Steps that are written down; a module that takes more is told nothing of."""

FOREIGN: Final = frozenset({"torch", "halfpixel"})

Step = tuple[CodeType, int, int]
"""Code, place in it and line."""


class _TooManyError(Exception):
    """A module takes more steps than are written down."""


def branch(source: Source, one: "Feeds", other: "Feeds") -> str:
    """Return where a module branches between two inputs, with its line; empty where it does not."""
    if source.scripted:
        return ""
    first, second = _steps(source, one), _steps(source, other)
    if first is None or second is None:
        return ""
    at = next((k for k, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if not at:
        return ""
    code, _, number = first[at - 1]
    line = linecache.getline(code.co_filename, number).strip()
    where = f"{os.path.basename(code.co_filename)}:{number}"  # noqa: PTH119 - a name as it is told
    return told(where, line)


def line_of(path: Path, node: str) -> str:
    """Return the line of the module that a node came of, where its exporter wrote that down."""
    import onnx

    if path.suffix != ".onnx":
        return ""
    model = onnx.load(path, load_external_data=False)  # pyright: ignore[reportUnknownMemberType]
    for one in model.graph.node:
        records = {entry.key: entry.value for entry in one.metadata_props}
        if one.name == node and (line := user_line(records.get(STACK_TRACE, ""))):
            place, text = line
            return told(os.path.basename(place), text)  # noqa: PTH119 - a name as it is told
    return ""


def told(place: str, line: str) -> str:
    """Return a place as it is told.

    >>> told("net.py:12", "y = up(x)"), told("net.py:12", "")
    ('net.py:12 (`y = up(x)`)', 'net.py:12')
    """
    return f"{place} (`{line}`)" if line else place


def _steps(source: Source, feeds: "Feeds") -> Sequence[Step] | None:
    """Return every step of the module's own Python; None where it does not run, or takes ages."""
    import torch

    found: list[Step] = []

    def step(frame: FrameType, event: str, argument: object) -> Any:  # noqa: ANN401 - as sys.settrace has it
        del argument
        if event == "call":
            name = str(frame.f_globals.get("__name__", ""))
            if name.partition(".")[0] in FOREIGN:
                return None
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        elif event == "opcode":
            if len(found) >= MOST:
                raise _TooManyError
            found.append((frame.f_code, frame.f_lasti, frame.f_lineno))
        return step

    before = sys.gettrace()
    tensors = tensors_of(feeds)
    try:
        with torch.no_grad(), quietly():
            sys.settrace(step)
            source.module(*tensors)
    except Exception:  # noqa: BLE001 - it takes no such input, or too many steps
        return None
    finally:
        sys.settrace(before)
    return found
