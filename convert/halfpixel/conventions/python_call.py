"""A call as text, in whatever framework's words: parsed, and never run.

Arguments are literals, quotients of numbers (`10/3`, exactly), and lists of these. Anything else is
a `Symbol`, which keeps its source: an option by its bare name (`mode=linear`, `cv2.INTER_LINEAR`),
or a length that the text leaves open (`size=(height, width)`).
"""

import ast
import sys
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import Final, cast

from msgspec import Struct

from halfpixel.conventions.meaning import MOST, length
from halfpixel.errors import ConventionError, did_you_mean


class Symbol(Struct, frozen=True):
    """An argument that is no literal.

    Attributes:
        text: its source.
    """

    text: str

    def __repr__(self) -> str:
        """Return the source, as an error message names it."""
        return self.text


class PythonCall(Struct, frozen=True):
    """One call.

    Attributes:
        name: what is called, with the modules before it: "cv2.resize".
        positional: arguments without a name.
        named: arguments with a name.
    """

    name: str
    positional: tuple[object, ...]
    named: Mapping[str, object]

    def __str__(self) -> str:
        """Return the call as text, which `parse` reads.

        >>> str(parse("Resize( x,scales = [1, 10/3], mode=linear)"))
        'Resize(x, scales=(1, 10/3), mode=linear)'
        """
        words = [_spelled(value) for value in self.positional]
        words += [f"{name}={_spelled(value)}" for name, value in self.named.items()]
        return f"{self.name}({', '.join(words)})"

    @property
    def last(self) -> str:
        """The name without the modules."""
        return self.name.rpartition(".")[2]

    def bind(self, *parameters: str) -> dict[str, object]:
        """Return the arguments by parameter name.

        Args:
            parameters: what the operator takes, in the order of a call without names.

        Raises:
            ConventionError: an argument too many, twice, or of a name that there is not.

        >>> parse("cv2.resize(x, (4, 3), fx=0)").bind("src", "dsize", "dst", "fx")
        {'src': x, 'dsize': (4, 3), 'fx': 0}
        """
        if len(self.positional) > len(parameters):
            count = len(self.positional)
            raise ConventionError(f"{count} arguments, {self.name} takes {len(parameters)}")
        found = dict(zip(parameters, self.positional, strict=False))
        for name, value in self.named.items():
            if name in found:
                raise ConventionError(f"{name} is given twice")
            if name not in parameters:
                expected = ", ".join(parameters)
                near = did_you_mean(name, parameters)
                raise ConventionError(
                    f"{self.name} has no argument {name}, expected {expected}{near}"
                )
            found[name] = value
        return found


def _spelled(value: object) -> str:
    items = listed(value)
    if items is not None:
        inside = ", ".join(map(_spelled, items))
        return f"({inside},)" if len(items) == 1 else f"({inside})"
    return str(value) if isinstance(value, Fraction) else repr(value)


def parse(text: str) -> PythonCall:
    """Return the call that a text spells.

    Raises:
        ConventionError: it is no call, or its arguments are unpacked.

    >>> parse("Resize(mode=linear, scales=[1, 1, 10/3])").named
    {'mode': linear, 'scales': (1, 1, Fraction(10, 3))}
    """
    return _parsed(text) if len(text) <= REMEMBERED else _parsed.__wrapped__(text)


REMEMBERED: Final = 1 << 12
"""Characters of a text that is parsed once: what a factor makes of lengths is asked of each."""


@lru_cache(maxsize=64)
def _parsed(text: str) -> PythonCall:
    node = call_node(text)
    try:
        named = {word.arg: _value(word.value) for word in node.keywords if word.arg is not None}
        return PythonCall(ast.unparse(node.func), tuple(map(_value, node.args)), named)
    except RecursionError as error:
        raise ConventionError("its arguments are nested too deep") from error


def call_node(text: str) -> ast.Call:
    """Return the syntax of the call that a text spells, its arguments spelled out.

    Raises:
        ConventionError: it is no call, its arguments are unpacked, or a number is too long.
    """
    try:
        with silent():
            node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConventionError(f"{text!r} is not a Python call") from error
    if not isinstance(node, ast.Call):
        raise ConventionError(f"{text!r} is not a call")
    unpacked = any(word.arg is None for word in node.keywords)
    if unpacked or any(isinstance(value, ast.Starred) for value in node.args):
        raise ConventionError("its arguments are unpacked, not spelled out")
    numbers = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    if any(isinstance(n, int) and n.bit_length() > sys.float_info.max_exp for n in numbers):
        raise ConventionError("it has an integer beyond every float")
    return node


@contextmanager
def silent() -> Generator[None]:
    """Let Python say nothing of the style of a text that it parses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _value(node: ast.expr) -> object:
    try:
        return _literal(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, ArithmeticError):
        return Symbol(ast.unparse(node))


def _literal(node: ast.expr) -> object:
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return Fraction(ast.literal_eval(node.left)) / Fraction(ast.literal_eval(node.right))
    return ast.literal_eval(node)


def name_of(value: object) -> object:
    """Return the last name of a symbol, such as INTER_LINEAR of `cv2.INTER_LINEAR`."""
    return value.text.rpartition(".")[2] if isinstance(value, Symbol) else value


def listed(value: object) -> tuple[object, ...] | None:
    """Return the items of a list; None where it is none."""
    return tuple(cast("Sequence[object]", value)) if isinstance(value, tuple) else None


def open_length(name: str, value: object) -> int | None:
    """Return a length; None where the text leaves it open.

    Raises:
        ConventionError: it is no length.
    """
    return None if value is None or isinstance(value, Symbol) else length(name, value)


def open_lengths(name: str, value: object, count: int) -> tuple[int | None, ...]:
    """Return some lengths, None each where the text leaves them open.

    Raises:
        ConventionError: they are others in number, or no lengths.

    >>> open_lengths("size", Symbol("size"), 2), open_lengths("size", (4, Symbol("w")), 2)
    ((None, None), (4, None))
    """
    if isinstance(value, Symbol):
        return (None,) * count
    items = listed(value)
    if items is None or len(items) != count:
        raise ConventionError(f"{name} is {value!r}, expected {count} lengths")
    return tuple(open_length(name, item) for item in items)


def number_of(name: str, value: object) -> Fraction:
    """Return a number as it is written: 0.1 is a tenth.

    Raises:
        ConventionError: it is no finite number.
    """
    found = _as_written(name, value)
    if found is None:
        raise ConventionError(f"{name} is {value!r}, expected a finite number")
    return found


def exact(name: str, value: object) -> Fraction:
    """Return a positive factor as it is written: 0.1 is a tenth.

    Raises:
        ConventionError: it is no positive number.
    """
    found = _as_written(name, value)
    if found is None or not 0 < found < MOST:
        raise ConventionError(f"{name} is {value!r}, expected a positive number")
    return found


def _as_written(name: str, value: object) -> Fraction | None:
    """Return a number as it is written; None where it is infinite, or none at all."""
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise ConventionError(f"{name} is {value!r}, expected a number")
    try:
        return value if isinstance(value, Fraction) else Fraction(repr(value))
    except ValueError:
        return None
