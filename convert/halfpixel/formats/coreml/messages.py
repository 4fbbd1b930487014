"""What Core ML's messages look like to the type checkers; `coreml_schema` makes the classes."""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Repeated(Protocol[T]):
    """A repeated field of messages."""

    def __iter__(self) -> Iterator[T]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> T: ...
    def __delitem__(self, place: int, /) -> None: ...
    def add(self) -> T: ...
    def insert(self, place: int, message: T, /) -> None: ...


class AnyMessage(Protocol):
    """What every message can do."""

    def WhichOneof(self, group: str, /) -> str | None: ...
    def HasField(self, name: str, /) -> bool: ...
    def ClearField(self, name: str, /) -> None: ...
    def CopyFrom(self, other: object, /) -> None: ...
    def SerializeToString(self) -> bytes: ...


class _Size(Protocol):
    size: int


class Dimension(AnyMessage, Protocol):
    """One length: a constant, or unknown."""

    constant: _Size


class TensorType(AnyMessage, Protocol):
    """Element type and shape."""

    dataType: int
    rank: int
    dimensions: Repeated[Dimension]


class ValueType(AnyMessage, Protocol):
    """The type of a value."""

    tensorType: TensorType


class NamedValueType(AnyMessage, Protocol):
    """A value's name and type."""

    name: str
    type: ValueType


class _Values(Protocol):
    values: Sequence[float] | Sequence[str] | bytes


class TensorValue(AnyMessage, Protocol):
    """Numbers or texts, spelled out."""

    ints: _Values
    floats: _Values
    bools: _Values
    strings: _Values
    bytes: _Values


class _Immediate(AnyMessage, Protocol):
    tensor: TensorValue


class _Blob(Protocol):
    fileName: str
    offset: int


class Value(AnyMessage, Protocol):
    """A constant, in the program or in the weights file."""

    type: ValueType
    immediateValue: _Immediate
    blobFileValue: _Blob


class Binding(AnyMessage, Protocol):
    """What an operation's parameter is bound to: a name, or a constant."""

    name: str
    value: Value


class Argument(AnyMessage, Protocol):
    """What an operation's parameter is bound to: one binding, or several."""

    arguments: Repeated[Binding]


class Operation(AnyMessage, Protocol):
    """One operation of an ML Program."""

    type: str
    inputs: MutableMapping[str, Argument]
    outputs: Repeated[NamedValueType]
    blocks: "Repeated[Block]"
    attributes: MutableMapping[str, Value]


class Block(AnyMessage, Protocol):
    """A list of operations."""

    inputs: Repeated[NamedValueType]
    outputs: Sequence[str]
    operations: Repeated[Operation]


class Function(AnyMessage, Protocol):
    """One function: its body, once for each opset."""

    inputs: Repeated[NamedValueType]
    opset: str
    block_specializations: MutableMapping[str, Block]


class Program(AnyMessage, Protocol):
    """An ML Program."""

    version: int
    functions: MutableMapping[str, Function]


class _Shape(AnyMessage, Protocol):
    shape: Sequence[int]


class _Shapes(AnyMessage, Protocol):
    shapes: Repeated[_Shape]


class _Range(AnyMessage, Protocol):
    lowerBound: int
    upperBound: int


class _Ranges(AnyMessage, Protocol):
    sizeRanges: Repeated[_Range]


class Numbers(Protocol):
    """A repeated field of numbers."""

    def __iter__(self) -> Iterator[int]: ...
    def __len__(self) -> int: ...
    def __delitem__(self, place: slice, /) -> None: ...
    def extend(self, values: Sequence[int], /) -> None: ...


class ArrayType(AnyMessage, Protocol):
    """A declared array."""

    shape: Numbers
    dataType: int
    enumeratedShapes: _Shapes
    shapeRange: _Ranges


class ImageType(AnyMessage, Protocol):
    """A declared image."""

    width: int
    height: int
    colorSpace: int


class _FeatureType(AnyMessage, Protocol):
    imageType: ImageType
    multiArrayType: ArrayType


class Feature(AnyMessage, Protocol):
    """A declared input or output."""

    name: str
    type: _FeatureType


class FunctionDescription(AnyMessage, Protocol):
    """The inputs and outputs of one function."""

    name: str
    input: Repeated[Feature]
    output: Repeated[Feature]


class _Metadata(AnyMessage, Protocol):
    userDefined: MutableMapping[str, str]


class Description(AnyMessage, Protocol):
    """What a model declares."""

    functions: Repeated[FunctionDescription]
    defaultFunctionName: str
    metadata: _Metadata
    input: Repeated[Feature]
    output: Repeated[Feature]


class Lengths(AnyMessage, Protocol):
    """Declared lengths of a network's value."""

    dimValue: Sequence[int]
