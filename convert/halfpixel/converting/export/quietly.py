"""Exporters talk; what they say in the end is one line."""

import ast
import io
import linecache
import logging
import os
import sys
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import lru_cache
from inspect import currentframe
from pathlib import Path
from typing import Any, Final, cast

from msgspec import Struct

LONGEST: Final = 300

TRACING: Final = "PyTorch, tracing "
"""How a line begins that tells what PyTorch warns of while it traces; the place follows."""

NUMBERS: Final = ("Converting a tensor to a Python", "Using len")
"""How PyTorch begins where a number of the module became a constant."""

OWN: Final = frozenset({"torch", "halfpixel", "warnings"})
"""Packages whose lines are none of the module's."""


@contextmanager
def quietly() -> Generator[None]:
    """Drop warnings, log lines and prints of exporters; errors are raised as ever."""
    before = logging.root.manager.disable
    nowhere = io.StringIO()
    with warnings.catch_warnings(), redirect_stdout(nowhere), redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        try:
            yield
        finally:
            logging.disable(before)


@contextmanager
def tracing() -> Generator[list["Constant"]]:
    """Collect what PyTorch warns of while it traces: what became a constant."""
    import torch

    found: list[Constant] = []
    own = str(Path(__file__).parents[2])

    def heard(message: object, category: object, filename: str, number: int, *_: object) -> None:
        del category
        if filename == exporting.__file__:  # it passes calls of the module on
            filename, number = _caller() or (filename, number)
        if filename.startswith(own):
            return  # of plain operators, whose lengths are meant to be constants
        place = f"{os.path.basename(filename)}:{number}"  # noqa: PTH119 - a name as it is told
        text = " ".join(str(message).split()).partition(". ")[0]
        line = linecache.getline(filename, number).strip()
        one = Constant(place, text, line, is_guard(filename, number), is_small(filename, number))
        if one not in found:
            found.append(one)

    from halfpixel.converting.plain import exporting

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", cast("type[Warning]", vars(torch.jit)["TracerWarning"]))
        warnings.showwarning = cast("Any", heard)
        yield found


class Constant(Struct, frozen=True):
    """A number that became a constant of a trace.

    Attributes:
        place: where, as `file.py:12`.
        text: what PyTorch says of it.
        line: what is written there.
        guard: it is asked whether to raise an error, and nothing else.
        small: numbers are compared with 0 and 1 alone.
    """

    place: str
    text: str
    line: str = ""
    guard: bool = False
    small: bool = False

    @property
    def note(self) -> str:
        """All of it in words."""
        return f"{TRACING}{self.place}: {self.text}"

    @property
    def number(self) -> bool:
        """Whether it is a number that the module computes with, rather than a comparison."""
        return self.text.startswith(NUMBERS) and "bool" not in self.text


def is_guard(filename: str, number: int) -> bool:
    """Whether a line belongs to an assertion, or to an `if` that raises an error and no more."""
    tests = [
        node.test
        for node in _nodes(filename)
        if isinstance(node, ast.Assert)
        or (isinstance(node, ast.If) and [type(one) for one in node.body] == [ast.Raise])
    ]
    return any(one.lineno <= number <= (one.end_lineno or 0) for one in tests)


def is_small(filename: str, number: int) -> bool:
    """Whether a line compares lengths with 0 or 1 alone, and nothing that is computed of them.

    A length of 1 is another program to torch.export too.
    """
    around = [
        node
        for node in _nodes(filename)
        if isinstance(node, ast.FunctionDef) and _has(node, number)
    ]
    found = [node for node in _nodes(filename) if isinstance(node, ast.Compare)]
    here = [node for node in found if _has(node, number)]
    return bool(here) and all(_with_one(node, around[-1:]) for node in here)


def _has(node: ast.expr | ast.stmt, number: int) -> bool:
    return node.lineno <= number <= (node.end_lineno or node.lineno)


def _with_one(node: ast.Compare, around: Sequence[ast.AST]) -> bool:
    """Whether a length is compared with 0 or 1, or something with None."""
    if all(isinstance(one, ast.Is | ast.IsNot) for one in node.ops):
        return True
    sides = [node.left, *node.comparators]
    others = [one for one in sides if not (isinstance(one, ast.Constant) and one.value in {0, 1})]
    return len(sides) == 2 and len(others) == 1 and _is_length(others[0], around)


def _is_length(node: ast.AST, around: Sequence[ast.AST]) -> bool:
    """Whether an expression is `x.shape[2]`, `x.size(2)` or a name that nothing else is given."""
    if isinstance(node, ast.Subscript):
        return _is_shape(node.value)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "size"
    if not isinstance(node, ast.Name):
        return False
    given = [one for part in around for one in ast.walk(part) if _gives(one, node.id)]
    return bool(given) and all(
        isinstance(one, ast.Assign) and (_is_length(one.value, ()) or _is_shape(one.value))
        for one in given
    )


def _is_shape(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "shape"


def _gives(node: ast.AST, name: str) -> bool:
    """Whether a statement or a parameter gives a name its value."""
    if isinstance(node, ast.arg):
        return node.arg == name
    kept = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For | ast.NamedExpr | ast.With
    if not isinstance(node, kept):
        return False
    inside = (one for one in ast.walk(node) if isinstance(one, ast.Name))
    return any(one.id == name and isinstance(one.ctx, ast.Store) for one in inside)


@lru_cache(maxsize=256)
def _nodes(filename: str) -> tuple[ast.AST, ...]:
    """Return the syntax of a file; nothing where it is not Python."""
    try:
        return tuple(ast.walk(ast.parse("".join(linecache.getlines(filename)))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _caller() -> tuple[str, int] | None:
    """Return the place in a module that calls PyTorch."""
    frame = currentframe()
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if name not in OWN:
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


@contextmanager
def unprinted() -> Generator[None]:
    """Drop what C++ prints: the TorchScript exporter shows a whole graph where it refuses."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def reason_of(error: BaseException) -> str:
    r"""Return why something failed, in one line: the first cause, without its advice.

    >>> reason_of(ValueError("no\n  such   mode\n\nSet LOGS=1 for more."))
    'ValueError: no such mode'
    """
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause = cause.__cause__
    first = seen[-1]
    text = str(first).strip().partition("\n\n")[0]
    line = " ".join(text.split()) or "no reason given"
    if len(line) > LONGEST:
        line = line[:LONGEST].rpartition(" ")[0] + " ..."
    return f"{type(first).__name__}: {line}"
