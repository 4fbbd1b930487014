"""Parameters of an operation that have to be constants of their kind, or the reason they are not.

And fields of a message whose bytes are of another kind than the field's, which protobuf sets aside.

Source: apple/coremltools `mlmodel/format/MIL.proto`, message Argument; Protocol Buffers
documentation, "Encoding", wire types.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions.coreml.parameters import COMPUTED, KINDS, check_kinds
from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.messages import MilOperation, MilValue
from halfpixel.formats.coreml.read.program import MilScope, dtype_of
from halfpixel.site import Attribute

if TYPE_CHECKING:
    from google.protobuf.message import Message

_TYPES: Final = {str: ("string",), bool: ("bool",), int: ("int", "uint"), float: ("float", "bfl")}
"""How the names of MIL's element types begin, by the type of a value in Python."""


def check_parameters(
    scope: MilScope, operation: MilOperation, attributes: Mapping[str, Attribute]
) -> None:
    """Refuse a parameter that is there and was not read, or is of another kind than its operator's.

    Raises:
        ConventionError: such a parameter.
    """
    op = operation.type
    for name in KINDS.get(op, {}):
        if name not in operation.inputs:
            continue
        count = len(operation.inputs[name].arguments)
        if count != 1:
            raise ConventionError(f"{name} is bound to {count} values, expected 1")
        value = scope.argument(operation, name)[1]
        if value is None:
            if (op, name) not in COMPUTED:
                raise ConventionError(f"{name} is computed, expected a constant")
        elif name not in attributes or not _is_as_declared(value, attributes[name]):
            raise ConventionError(f"{name} holds no value of the type that it declares")
    check_kinds(op, attributes)


def _is_as_declared(value: MilValue, found: Attribute) -> bool:
    """Whether what was read is of the element type that the constant declares."""
    items = found if isinstance(found, tuple) else (found,)
    declared = dtype_of(value.type)
    return all(declared.startswith(_TYPES[type(item)]) for item in items)


def check_fields(message: object) -> None:
    """Refuse a message in which a declared field is of another wire type.

    Raises:
        ConventionError: such a field, also of a message in it.
    """
    from google.protobuf.unknown_fields import UnknownFieldSet

    one = cast("Message", message)
    known = one.DESCRIPTOR.fields_by_number
    strays = UnknownFieldSet(one)
    for place in range(len(strays)):
        number = strays[place].field_number
        if number in known:
            name = known[number].name
            raise ConventionError(f"{name} is of another type than the field's")
    for part, inner in one.ListFields():
        if part.message_type is not None:
            for item in inner if part.is_repeated else [inner]:
                check_fields(item)
