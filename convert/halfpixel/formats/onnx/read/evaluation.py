"""An operation with the function that evaluates it, and the tensors that this is given."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from msgspec import Struct

from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.constants import Numbers
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.site import Operation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.arrays import Array
    from halfpixel.site import Compute


MISFITS: Final = (ValueError, IndexError, KeyError, OverflowError, ZeroDivisionError)
"""What reading a node raises where its parts contradict each other."""

P = ParamSpec("P")
T = TypeVar("T")


class Described(Struct, frozen=True):
    """An operation and the function that evaluates it."""

    operation: Operation
    compute: "Compute"


def if_sound(read: Callable[P, T], *arguments: P.args, **names: P.kwargs) -> T | None:
    """Return what is read, or None where the node's parts do not belong together."""
    try:
        return read(*arguments, **names)
    except MISFITS:
        import logging

        logging.getLogger(__name__).debug("no site", exc_info=True)
        return None


def bind(
    scope: Scope, node: "NodeProto", names: Sequence[str], inputs: "Sequence[Array]"
) -> "dict[str, Array]":
    """Match given tensors with a node's inputs: all of them, or those not constant.

    Raises:
        GraphError: the count fits neither.
    """
    varying = [name for name in names if scope.constant_dims(name) is None]
    for wanted in (names, varying, names[: len(inputs)]):
        if len(wanted) == len(inputs):
            return dict(zip(wanted, inputs, strict=True))
    expected = f"{len(varying)} (or all {len(names)})"
    raise GraphError("", node.name, f"{len(inputs)} inputs given, expected {expected}")


def numbers_of(scope: Scope, given: "dict[str, Array]", name: str) -> Numbers | None:
    """Return an input as plain numbers: as given, or the constant that it is."""
    if not name:
        return None
    if name in given:
        return tuple(given[name].ravel().tolist())
    return scope.numbers(name)


def array_of(scope: Scope, given: "dict[str, Array]", name: str) -> "Array | None":
    """Return an input as an array: as given, or the constant that it is."""
    import numpy as np

    if not name:
        return None
    if name in given:
        return given[name]
    values = scope.numbers(name)
    dims = None if values is None else scope.constant_dims(name)
    return None if dims is None else np.asarray(values).reshape(dims)


def arrays_of(
    scope: Scope, node: "NodeProto", inputs: "Sequence[Array]", least: int
) -> "list[Array | None]":
    """Return all inputs of a node as arrays; the first `least` must be at hand."""
    names = [name for name in node.input if name]
    given = bind(scope, node, names, inputs)
    arrays = [array_of(scope, given, name) for name in node.input]
    for place in range(least):
        if place >= len(arrays) or arrays[place] is None:
            raise GraphError("", node.name, f"cannot be evaluated: input {place} is not at hand")
    return arrays


def guarded_compute(node: "NodeProto", compute: "Compute") -> "Compute":
    """Turn a misfit of shapes into one clear line."""

    def guarded(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        try:
            return compute(inputs)
        except (ValueError, IndexError) as error:
            raise GraphError("", node.name, f"cannot be evaluated: {error}") from error

    return guarded
