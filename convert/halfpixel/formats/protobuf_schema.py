"""Protobuf messages declared as annotated classes, which type checkers and protobuf both read.

    class Binding(Message):
        name: Text = field(1, "binding")
        value: "Value" = field(2, "binding")

says a message's fields, their types, their numbers and the oneof that they belong to. Such a class
is never instantiated: `new` and `parsed` return a message of the class that protobuf makes of it,
in a descriptor pool of its own. What a file has beyond the declared fields is kept by protobuf as
unknown fields. Enumerations are numbers, which on the wire they are.
"""

import sys
from collections.abc import Iterable, Iterator, MutableMapping
from functools import lru_cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Protocol,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from msgspec import Struct

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
    from google.protobuf.message import Message as Base
else:
    Base = object

Double = Annotated[float, 1]
Float = Annotated[float, 2]
Int64 = Annotated[int, 3]
UInt64 = Annotated[int, 4]
Int32 = Annotated[int, 5]
Bool = Annotated[bool, 8]
Text = Annotated[str, 9]
Bytes = Annotated[bytes, 12]
UInt32 = Annotated[int, 13]
"""Scalars, each with its FieldDescriptorProto.Type."""

MESSAGE: Final = 11
OPTIONAL, REPEATED = 1, 3

T = TypeVar("T")


class Scalars(Protocol[T]):
    """A repeated field of numbers or texts."""

    def __iter__(self) -> Iterator[T]: ...
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, place: int, /) -> T: ...
    @overload
    def __getitem__(self, places: slice, /) -> list[T]: ...
    def __delitem__(self, places: slice, /) -> None: ...
    def append(self, value: T, /) -> None: ...
    def extend(self, values: Iterable[T], /) -> None: ...


class Repeated(Protocol[T]):
    """A repeated field of messages."""

    def __iter__(self) -> Iterator[T]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> T: ...
    def __delitem__(self, place: int, /) -> None: ...
    def add(self) -> T: ...
    def insert(self, place: int, message: T, /) -> None: ...


Entries = MutableMapping[str, T]
"""A map from texts to messages, or to texts."""


class Message(Base):
    """A declared message."""

    message_name = "Message"

    def __init_subclass__(cls, name: str = "") -> None:
        """Take the message's own name, where the class has another."""
        cls.message_name = name or cls.__name__


M = TypeVar("M", bound=Message)


class Field(Struct, frozen=True):
    """One field: its number, and the oneof that it belongs to."""

    number: int
    oneof: str


def field(number: int, oneof: str = "") -> Any:  # noqa: ANN401 - of the type that is declared
    """Return the declaration of a field."""
    return Field(number, oneof)


def new(kind: type[M]) -> M:
    """Return an empty message."""
    return cast("M", _made(kind)())


def parsed(kind: type[M], data: bytes) -> M:
    """Return the message that bytes spell.

    Raises:
        google.protobuf.message.DecodeError: they are none.
    """
    return cast("M", _made(kind).FromString(data))


def serialized(message: Message) -> bytes:
    """Return a message's bytes, the entries of maps in the order of their keys."""
    return message.SerializeToString(deterministic=True)


def _made(kind: type[M]) -> "type[Base]":
    return _module_made(kind.__module__)[kind.message_name]


@lru_cache
def _module_made(module: str) -> "dict[str, type[Base]]":
    """Return protobuf's classes of the messages that a module declares, by name."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = [
        one
        for one in vars(sys.modules[module]).values()
        if isinstance(one, type) and issubclass(one, Message) and one.__module__ == module
    ]
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{module.replace('.', '/')}.proto", package=module, syntax="proto3"
    )
    for kind in kinds:
        _describe(file.message_type.add(name=kind.message_name), kind)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    names = [kind.message_name for kind in kinds]
    found = {name: pool.FindMessageTypeByName(f"{module}.{name}") for name in names}
    return {name: message_factory.GetMessageClass(one) for name, one in found.items()}


def _describe(message: "DescriptorProto", kind: type[Message]) -> None:
    groups: list[str] = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        declared = vars(kind).get(name)
        if not isinstance(declared, Field):
            continue
        made = message.field.add(name=name, number=declared.number, label=OPTIONAL)
        origin = get_origin(hint)
        if origin is MutableMapping:
            made.label = made.Label.ValueType(REPEATED)
            made.type = made.Type.ValueType(MESSAGE)
            entry = _map_entry(message, name, get_args(hint)[1])
            made.type_name = f".{kind.__module__}.{message.name}.{entry}"
        elif origin in {Scalars, Repeated}:
            made.label = made.Label.ValueType(REPEATED)
            _typed(made, get_args(hint)[0])
        else:
            _typed(made, hint)
        if declared.oneof:
            if declared.oneof not in groups:
                groups.append(declared.oneof)
                message.oneof_decl.add(name=declared.oneof)
            made.oneof_index = groups.index(declared.oneof)


def _map_entry(message: "DescriptorProto", name: str, hint: object) -> str:
    """Add the message that protobuf makes of one entry of a map, and return its name."""
    title = "".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Entry"
    entry = message.nested_type.add(name=title)
    entry.options.map_entry = True
    _typed(entry.field.add(name="key", number=1, label=OPTIONAL), Text)
    _typed(entry.field.add(name="value", number=2, label=OPTIONAL), hint)
    return title


def _typed(made: "FieldDescriptorProto", hint: object) -> None:
    """Say that a field is a scalar, or a message of the same module."""
    if isinstance(hint, type) and issubclass(hint, Message):
        made.type = made.Type.ValueType(MESSAGE)
        made.type_name = f".{hint.__module__}.{hint.message_name}"
    else:
        made.type = made.Type.ValueType(cast("int", get_args(hint)[1]))
