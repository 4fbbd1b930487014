"""What stands at the inputs of a Resize or Upsample beside its data."""

from typing import TYPE_CHECKING, Final

from halfpixel.conventions.onnx.resize import FIRST_RESIZE
from halfpixel.formats.onnx.read.constants import NAMES
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.site import Input

if TYPE_CHECKING:
    from onnx import NodeProto

EARLY: Final = ("scales",)
ROLES: Final = ("roi", "scales", "sizes")


def roles_of(op: str, opset: int) -> tuple[str, ...]:
    """Return the inputs of a resize beside its data, in order.

    >>> roles_of("Resize", 10), roles_of("Upsample", 7)
    (('scales',), ())
    """
    if op == "Upsample" or opset < FIRST_RESIZE:
        return EARLY if opset >= 9 else ()
    return ROLES


def inputs_beside(scope: Scope, node: "NodeProto", opset: int) -> tuple[Input, ...]:
    """Return what stands at the inputs of a resize beside its data."""
    out: list[Input] = []
    for place, role in enumerate(roles_of(node.op_type, opset), 1):
        name = given_name(node, place)
        if name:
            empty = is_empty(scope, name)
            out.append(Input(role, element_type(scope, name), "empty" if empty else ""))
        else:
            out.append(Input(role, state="left out"))
    return tuple(out)


def is_empty(scope: Scope, name: str) -> bool:
    """Whether a value is known to hold no element: a constant, or by its declared shape."""
    tensor = scope.constant(name)
    if tensor is not None:
        return 0 in tensor.dims
    scope, name = scope.resolve(name)
    declared = scope.values.get(name)
    if declared is None:
        return False
    dims = declared.type.tensor_type.shape.dim
    return any(dim.HasField("dim_value") and dim.dim_value == 0 for dim in dims)


def element_type(scope: Scope, name: str) -> str:
    """Return the element type of a value, from what makes it where nothing declares it."""
    told = scope.dtype(name)
    if told:
        return told
    tensor = scope.constant(name)
    if tensor is not None:
        return NAMES.get(tensor.data_type, "")
    found = scope.producer(name)
    if found is None or found[1].op_type != "Cast":
        return ""
    to = found[0].attributes(found[1]).get("to")
    return NAMES.get(to, "") if isinstance(to, int) else ""
