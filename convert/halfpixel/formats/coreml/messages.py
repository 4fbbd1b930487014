"""Core ML's messages for what a model declares, and for ML Programs, as far as they are used.

Importing coremltools takes seconds, and its generated modules enter protobuf's one default pool.
The messages are spelled out here by name, number and type instead.

Source: apple/coremltools `mlmodel/format/FeatureTypes.proto`, `Model.proto` and `MIL.proto`, as of
coremltools 9.0 (specification versions 1 to 10).
"""

from halfpixel.formats.protobuf_schema import (
    Bool,
    Bytes,
    Double,
    Entries,
    Float,
    Int32,
    Int64,
    Message,
    Repeated,
    Scalars,
    Text,
    UInt64,
    field,
)


# FeatureTypes.proto
class SizeRange(Message):
    lowerBound: UInt64 = field(1)
    upperBound: Int64 = field(2)


class ImageSize(Message):
    width: UInt64 = field(1)
    height: UInt64 = field(2)


class ImageSizes(Message):
    sizes: Repeated[ImageSize] = field(1)


class ImageSizeRange(Message):
    widthRange: SizeRange = field(1)
    heightRange: SizeRange = field(2)


class ImageFeatureType(Message):
    width: Int64 = field(1)
    height: Int64 = field(2)
    enumeratedSizes: ImageSizes = field(21, "flexible")
    imageSizeRange: ImageSizeRange = field(31, "flexible")
    colorSpace: Int32 = field(3)


class Shape(Message):
    shape: Scalars[Int64] = field(1)


class EnumeratedShapes(Message):
    shapes: Repeated[Shape] = field(1)


class ShapeRange(Message):
    sizeRanges: Repeated[SizeRange] = field(1)


class ArrayFeatureType(Message):
    shape: Scalars[Int64] = field(1)
    dataType: Int32 = field(2)
    enumeratedShapes: EnumeratedShapes = field(21, "flexible")
    shapeRange: ShapeRange = field(31, "flexible")


class FeatureType(Message):
    imageType: ImageFeatureType = field(4, "type")
    multiArrayType: ArrayFeatureType = field(5, "type")
    isOptional: Bool = field(1000)


# Model.proto
class FeatureDescription(Message):
    name: Text = field(1)
    type: FeatureType = field(3)


class Metadata(Message):
    userDefined: Entries[Text] = field(100)


class FunctionDescription(Message):
    name: Text = field(1)
    input: Repeated[FeatureDescription] = field(2)
    output: Repeated[FeatureDescription] = field(3)


class ModelDescription(Message):
    functions: Repeated[FunctionDescription] = field(20)
    defaultFunctionName: Text = field(21)
    metadata: Metadata = field(100)
    input: Repeated[FeatureDescription] = field(1)
    output: Repeated[FeatureDescription] = field(10)


# MIL.proto
class ConstantDimension(Message):
    size: UInt64 = field(1)


class UnknownDimension(Message):
    variadic: Bool = field(1)


class Dimension(Message):
    constant: ConstantDimension = field(1, "dimension")
    unknown: UnknownDimension = field(2, "dimension")


class TensorType(Message):
    dataType: Int32 = field(1)
    rank: Int64 = field(2)
    dimensions: Repeated[Dimension] = field(3)
    attributes: Entries["MilValue"] = field(4)


class ListType(Message):
    type: "ValueType" = field(1)
    length: Dimension = field(2)


class ValueType(Message):
    tensorType: TensorType = field(1, "type")
    listType: ListType = field(2, "type")


class NamedValueType(Message):
    name: Text = field(1)
    type: ValueType = field(2)


class Floats(Message):
    values: Scalars[Float] = field(1)


class Ints(Message):
    values: Scalars[Int32] = field(1)


class Bools(Message):
    values: Scalars[Bool] = field(1)


class Strings(Message):
    values: Scalars[Text] = field(1)


class LongInts(Message):
    values: Scalars[Int64] = field(1)


class Doubles(Message):
    values: Scalars[Double] = field(1)


class ByteString(Message, name="Bytes"):
    values: Bytes = field(1)


class TensorValue(Message):
    floats: Floats = field(1, "value")
    ints: Ints = field(2, "value")
    bools: Bools = field(3, "value")
    strings: Strings = field(4, "value")
    longInts: LongInts = field(5, "value")
    doubles: Doubles = field(6, "value")
    bytes: ByteString = field(7, "value")


class KeyValuePair(Message):
    key: "MilValue" = field(1)
    value: "MilValue" = field(2)


class DictionaryValue(Message):
    values: Repeated[KeyValuePair] = field(1)


class ImmediateValue(Message):
    tensor: TensorValue = field(1, "value")
    dictionary: DictionaryValue = field(4, "value")


class BlobFileValue(Message):
    fileName: Text = field(1)
    offset: UInt64 = field(2)


class MilValue(Message, name="Value"):
    docString: Text = field(1)
    type: ValueType = field(2)
    immediateValue: ImmediateValue = field(3, "value")
    blobFileValue: BlobFileValue = field(5, "value")


class Binding(Message):
    name: Text = field(1, "binding")
    value: MilValue = field(2, "binding")


class Argument(Message):
    arguments: Repeated[Binding] = field(1)


class MilOperation(Message, name="Operation"):
    type: Text = field(1)
    inputs: Entries[Argument] = field(2)
    outputs: Repeated[NamedValueType] = field(3)
    blocks: Repeated["Block"] = field(4)
    attributes: Entries[MilValue] = field(5)


class Block(Message):
    inputs: Repeated[NamedValueType] = field(1)
    outputs: Scalars[Text] = field(2)
    operations: Repeated[MilOperation] = field(3)
    attributes: Entries[MilValue] = field(4)


class Function(Message):
    inputs: Repeated[NamedValueType] = field(1)
    opset: Text = field(2)
    block_specializations: Entries[Block] = field(3)
    attributes: Entries[MilValue] = field(4)


class MilProgram(Message, name="Program"):
    version: Int64 = field(1)
    functions: Entries[Function] = field(2)
    docString: Text = field(3)
    attributes: Entries[MilValue] = field(4)


class Model(Message):
    specificationVersion: Int32 = field(1)
    description: ModelDescription = field(2)
    mlProgram: MilProgram = field(502, "Type")
