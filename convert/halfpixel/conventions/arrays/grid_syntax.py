"""Coordinates that a call of NumPy makes of a grid, read from its text: a line along each axis.

Numbers are exact, and names stand for lengths: an output length where samples are counted, an input
length elsewhere, and ``x.shape[k]`` the input length of axis k. Nothing is run.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.meaning import MOST
from halfpixel.errors import ConventionError

ZERO: Final = Fraction(0)
MOST_NODES: Final = 400
"""Parts of an expression of coordinates, at most."""

AXES: Final = 3
"""Axes of an image, at most."""


class Places(Struct, frozen=True):
    """Coordinates ``step * i + start`` for i below ``count``, rounded up where it `is_range`."""

    step: Fraction
    start: Fraction
    count: Fraction
    is_range: bool = False


class Lengths:
    """Lengths that names stand for, and what they were found to be.

    Attributes:
        image: the text of the image.
        ins: input length of each axis.
        outs: output length of each axis, where a name says it.
        names: names by (whether it is an output length, axis), as they were met.
    """

    def __init__(self, image: str, ins: Sequence[int], outs: Sequence[int]) -> None:
        """Start with no name."""
        self.image, self.ins, self.outs = image, tuple(ins), tuple(outs)
        self.names: dict[str, tuple[bool, int]] = {}
        self._inputs: dict[int, str] = {}  # what is the input length of an axis

    def named(self, name: str, axis: int | None, *, counts: bool = False) -> Fraction:
        """Return the length that a name stands for along an axis.

        Raises:
            ConventionError: no axis says what it is.
        """
        if name not in self.names:
            if axis is None:
                raise ConventionError(f"{name} is not known: write {self.image or 'x'}.shape[0]")
            if not counts and axis in self._inputs:
                raise ConventionError(
                    f"{name} is not known along axis {axis}, of which {self._inputs[axis]} is the "
                    f"length: no samples are counted by it"
                )
            self.names[name] = counts, axis
            if not counts:
                self._inputs[axis] = name
        is_output, of = self.names[name]
        return Fraction((self.outs if is_output else self.ins)[of])

    def shape(self, axis: int) -> Fraction:
        """Return the input length of an axis, which the image itself says.

        Raises:
            ConventionError: a name was taken for it.
        """
        said = f"{self.image}.shape[{axis}]"
        if self._inputs.setdefault(axis, said) != said:
            raise ConventionError(f"{self._inputs[axis]} is not known beside {said}")
        return Fraction(self.ins[axis])


def scalar(node: ast.expr, at: Lengths, axis: int | None, *, counts: bool = False) -> Fraction:
    """Return the number that an expression comes to.

    Raises:
        ConventionError: it is none that is read.
    """
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as value):
            if math.isfinite(value):
                return Fraction(repr(value))
        case ast.Name(id=name):
            return at.named(name, axis, counts=counts)
        case ast.Subscript(
            value=ast.Attribute(value=image, attr="shape"), slice=ast.Constant(value=int() as k)
        ) if ast.unparse(image) == at.image and 0 <= k < AXES:
            return at.shape(k)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -scalar(inner, at, axis, counts=counts)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            one, other = (scalar(side, at, axis, counts=counts) for side in (left, right))
            return _done(OPERATORS[type(op)], one, other)
        case _:
            pass
    raise ConventionError(f"{ast.unparse(node)} is no number that is read")


def _done(
    operator: Callable[[Fraction, Fraction], Fraction], one: Fraction, other: Fraction
) -> Fraction:
    try:
        return operator(one, other)
    except ZeroDivisionError as error:
        raise ConventionError("it divides by nothing") from error


OPERATORS: Final[dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def grid_places(node: ast.expr, at: Lengths) -> list[Places]:
    """Return the coordinates along each axis of a grid.

    Raises:
        ConventionError: it is no grid that is read.

    >>> grid = ast.parse("(np.indices((9, w)) + 0.5) / 2 - 0.5", mode="eval").body
    >>> [str(one.start) for one in grid_places(grid, Lengths("x", (4, 4), (8, 8)))]
    ['-1/4', '-1/4']
    """
    match node:
        case ast.Call(func=func, args=args) if _last(func) == "meshgrid":
            words = {word.arg: word.value for word in node.keywords}
            if ast.unparse(words.get("indexing", ast.Constant("xy"))) != "'ij'":
                raise ConventionError("np.meshgrid turns the axes without indexing='ij'")
            return [_range(one, at, axis) for axis, one in enumerate(args)]
        case ast.Call(func=func, args=[ast.Tuple(elts=items) | ast.List(elts=items)]) if (
            _last(func) == "indices"
        ):
            counts = [scalar(one, at, axis, counts=True) for axis, one in enumerate(items)]
            return [Places(Fraction(1), ZERO, count) for count in counts]
        case ast.Subscript(value=value, slice=cut) if _last(value) == "mgrid":
            cuts = cut.elts if isinstance(cut, ast.Tuple) else [cut]
            return [_slice(one, at, axis) for axis, one in enumerate(cuts)]
        case ast.List(elts=[one]) | ast.Tuple(elts=[one]):
            return [_range(one, at, 0)]
        case ast.List() | ast.Tuple():
            raise ConventionError(
                "arrays of unlike shapes, which SciPy refuses; np.meshgrid is read"
            )
        case ast.BinOp():
            return _moved(node, at, lambda one: grid_places(one, at), None)
        case _:
            raise ConventionError(f"{ast.unparse(node)[:80]} is no grid that is read")


def _range(node: ast.expr, at: Lengths, axis: int) -> Places:
    """Return the coordinates that np.linspace or np.arange lists, moved and scaled or not."""
    match node:
        case ast.BinOp():
            return _moved(node, at, lambda one: [_range(one, at, axis)], axis)[0]
        case ast.Call(func=func, args=args) if _last(func) == "linspace":
            given = _bound(node, ("start", "stop", "num", "endpoint"), args)
            count = scalar(given["num"], at, axis, counts=True)
            start, stop = (scalar(given[name], at, axis) for name in ("start", "stop"))
            ends = ast.unparse(given.get("endpoint", ast.Constant(value=True))) == "True"
            between = count - ends
            return Places((stop - start) / between if between else ZERO, start, count)
        case ast.Call(func=func, args=args) if _last(func) == "arange" and 1 <= len(args) <= 3:
            if len(args) == 1:
                return Places(Fraction(1), ZERO, scalar(args[0], at, axis, counts=True))
            return _stepped(args[0], args[1], args[2] if len(args) > 2 else None, at, axis)
        case _:
            raise ConventionError(f"{ast.unparse(node)[:80]} lists no coordinates that are read")


def _bound(node: ast.Call, names: Sequence[str], args: Sequence[ast.expr]) -> dict[str, ast.expr]:
    given = dict(zip(names, args, strict=False))
    named = {word.arg: word.value for word in node.keywords if word.arg is not None}
    given |= {name: value for name, value in named.items() if name in names}
    if not set(names[:3]) <= set(given):
        raise ConventionError(f"{ast.unparse(node)[:80]}: {', '.join(names[:3])} are not all given")
    return given


def _slice(node: ast.expr, at: Lengths, axis: int) -> Places:
    match node:
        case ast.Slice(lower=low, upper=ast.expr() as high, step=step):
            low = low or ast.Constant(0)
            match step:
                case ast.Constant(value=complex() as many):
                    count = Fraction(round(many.imag) if abs(many.imag) < MOST else 0)
                    start, stop = scalar(low, at, axis), scalar(high, at, axis)
                    if count < 1:
                        raise ConventionError(f"{ast.unparse(node)} has no samples")
                    return Places((stop - start) / (count - 1) if count > 1 else ZERO, start, count)
                case None if isinstance(low, ast.Constant) and low.value == 0:
                    return Places(Fraction(1), ZERO, scalar(high, at, axis, counts=True))
                case _:
                    return _stepped(low, high, step, at, axis)
        case _:
            raise ConventionError(f"{ast.unparse(node)[:80]} is no slice of np.mgrid that is read")


def _stepped(
    low: ast.expr, high: ast.expr, step: ast.expr | None, at: Lengths, axis: int
) -> Places:
    start, stop = scalar(low, at, axis), scalar(high, at, axis)
    by = Fraction(1) if step is None else scalar(step, at, axis)
    if by <= 0:
        raise ConventionError(f"the step {by} along axis {axis} is not positive")
    return Places(by, start, (stop - start) / by, is_range=True)


def matrix_places(nodes: Mapping[str, ast.expr], at: Lengths) -> list[Places]:
    """Return the coordinates of a matrix with an offset."""
    matrix = _items(nodes.get("matrix"))
    if matrix is None:
        raise ConventionError("matrix is not written out, expected one number an axis")
    shape, offset = _items(nodes.get("output_shape")), _items(nodes.get("offset"))
    if any(items is not None and len(items) != len(matrix) for items in (shape, offset)):
        raise ConventionError("matrix, offset and output_shape are not of one length")
    found: list[Places] = []
    for axis in range(len(matrix)):
        if shape is None and "output_shape" in nodes:
            raise ConventionError("output_shape is not written out, expected one length an axis")
        count = (
            Fraction(at.ins[axis]) if shape is None else scalar(shape[axis], at, axis, counts=True)
        )
        alone = nodes.get("offset", ast.Constant(0))
        start = scalar(alone if offset is None else offset[axis], at, axis)
        found.append(Places(_step(matrix, axis, at), start, count))
    return found


def _items(node: ast.expr | None) -> list[ast.expr] | None:
    """Return the items of a list, or of an array or a diagonal that is made of one."""
    match node:
        case ast.Call(func=ast.Attribute(attr="array" | "asarray" | "diag"), args=[inner, *_]):
            return _items(inner)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return items if 1 <= len(items) <= AXES else None
        case _:
            return None


def _step(matrix: Sequence[ast.expr], axis: int, at: Lengths) -> Fraction:
    """Return what a matrix multiplies an axis by: of rows, all else has to be 0."""
    row = _items(matrix[axis])
    if row is None:
        return scalar(matrix[axis], at, axis)
    numbers = [scalar(one, at, axis) for one in row]
    if len(numbers) != len(matrix) or any(n for k, n in enumerate(numbers) if k != axis):
        raise ConventionError("matrix turns or moves the image, expected a diagonal")
    return numbers[axis]


def _moved(
    node: ast.BinOp, at: Lengths, inner: Callable[[ast.expr], list[Places]], axis: int | None
) -> list[Places]:
    """Return coordinates that a number is added to, or that are multiplied by one."""
    is_right = _is_grid(node.right) and not _is_grid(node.left)
    grid, other = (node.right, node.left) if is_right else (node.left, node.right)
    found = inner(grid)
    number = scalar(other, at, axis)
    match node.op:
        case ast.Add():
            return [replace(p, start=p.start + number) for p in found]
        case ast.Mult():
            return [replace(p, step=p.step * number, start=p.start * number) for p in found]
        case ast.Sub() if not is_right:
            return [replace(p, start=p.start - number) for p in found]
        case ast.Div() if not is_right and number:
            return [replace(p, step=p.step / number, start=p.start / number) for p in found]
        case _:
            raise ConventionError(f"{ast.unparse(node)[:80]} is no line of coordinates")


def _is_grid(node: ast.expr) -> bool:
    """Whether an array of coordinates is in an expression."""
    made = {"meshgrid", "indices", "mgrid", "linspace", "arange"}
    return any(isinstance(part, ast.Attribute) and part.attr in made for part in ast.walk(node))


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
