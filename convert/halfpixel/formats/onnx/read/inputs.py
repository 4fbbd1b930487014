"""What stands at the inputs of a resampling node beside its data."""

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.conventions.onnx.resize import FIRST_RESIZE, RESIZES
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.read.constants import NAMES
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.surroundings import Input

if TYPE_CHECKING:
    from onnx import NodeProto

EARLY: Final = ("scales",)
ROLES: Final = ("roi", "scales", "sizes")
OTHERS: Final = {"RoiAlign": ("rois", "batch_indices"), "AffineGrid": ("size",)}

TYPED: Final = frozenset(
    {"Add", "Concat", "Div", "Floor", "Gather", "Identity", "Mul", "Reshape", "Round", "Slice"}
    | {"Squeeze", "Sub", "Unsqueeze"}
)
"""Operators whose output has the element type of their first input."""

OPTIONAL_SINCE: Final = 13
"""First opset whose Resize can do without roi and scales."""

FARTHEST: Final = 32
"""Nodes that are followed back from an input."""


TYPES: Final = {
    "scales": ("float32",),
    "sizes": ("int64",),
    "roi": ("float32", "float16", "float64", "bfloat16"),
}
"""Element types of a resize's inputs. Source: ONNX `docs/Operators.md`, Resize, T2 and inputs."""

MISTYPED: Final = {"scales": ("float16",), "sizes": ("int32",), "roi": ()}
"""Types that converters leave there by mistake, which no runtime takes: the values are told."""


def roles_of(op: str, opset: int) -> tuple[str, ...]:
    """Return the inputs of a node beside its data, in order.

    >>> roles_of("Resize", 10), roles_of("Upsample", 7), roles_of("RoiAlign", 16)
    (('scales',), (), ('rois', 'batch_indices'))
    """
    if op not in RESIZES:
        return OTHERS.get(op, ())
    if op == "Upsample" or opset < FIRST_RESIZE:
        return EARLY if opset >= 9 else ()
    return ROLES


def inputs_beside(scope: Scope, node: "NodeProto", opset: int) -> tuple[Input, ...]:
    """Return what stands at the inputs of a node beside its data."""
    out: list[Input] = []
    for place, role in enumerate(roles_of(node.op_type, opset), 1):
        name = given_name(node, place)
        if not name:
            out.append(Input(role, state="left out"))
        elif not is_empty(scope, name):
            out.append(Input(role, element_type(scope, name)))
        else:
            found = scope.producer(name)
            plain = found[1].op_type == "Constant" if found else scope.constant(name) is not None
            dtype = element_type(scope, name)
            out.append(Input(role, dtype, "empty" if plain else "empty in a run"))
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
    for _ in range(FARTHEST):
        told = scope.dtype(name)
        if told:
            return told
        constant = scope.constant_type(name)
        if constant:
            return constant
        found = scope.producer(name)
        if found is None:
            return ""
        scope, node = found
        if node.op_type == "Cast":
            to = scope.attributes(node).get("to")
            return NAMES.get(to, "") if isinstance(to, int) else ""
        if node.op_type not in TYPED or not node.input:
            return ""
        name = node.input[0]
    return ""


class Lengths(Struct, frozen=True):
    """The scales, sizes and roi inputs of a Resize: names, and values where constant."""

    by: str
    scales: str = ""
    sizes: str = ""
    roi: str = ""


def resize_inputs(scope: Scope, node: "NodeProto", opset: int) -> Lengths:
    """Return which inputs of an Upsample or Resize say its lengths.

    Raises:
        ConventionError: neither scales nor sizes are connected, or both are.
    """
    roles = roles_of(node.op_type, opset)
    names = {role: given_name(node, place) for place, role in enumerate(roles, 1)}
    if "sizes" not in names:
        return Lengths("scales", **names)
    roi, scales, sizes = (names[role] for role in ROLES)
    if scales and is_empty(scope, scales):
        scales = ""
    if sizes and is_empty(scope, sizes):
        sizes = ""
    if scales and sizes and _may_be_empty(scope, scales, opset):
        scales = ""
    if bool(scales) == bool(sizes):
        found = "both scales and sizes" if scales else "neither scales nor sizes"
        raise ConventionError(f"{found} are given, expected exactly one")
    return Lengths("scales" if scales else "sizes", scales, sizes, roi)


def _may_be_empty(scope: Scope, name: str, opset: int) -> bool:
    """Whether a scales beside sizes is computed as nothing, or fed as opsets 11 and 12 ask for."""
    values = scope.computed(name)
    if values is not None:
        return not values
    shape = scope.shape(name)
    return opset < OPTIONAL_SINCE and not (shape and isinstance(shape[0], int))


def check_type(scope: Scope, what: str, name: str) -> None:
    """Refuse a constant of a type that an input does not have.

    Raises:
        ConventionError: it has such a type.
    """
    found = scope.constant_type(name) if name else ""
    if found and found not in {*TYPES[what], *MISTYPED[what]}:
        raise ConventionError(f"{what} is {found}, expected {' or '.join(TYPES[what])}")
