"""Core ML's messages, as far as they are used, in a descriptor pool of our own.

Importing coremltools takes seconds, and its generated modules enter protobuf's one default pool.
The messages are spelled out here by name, number and type instead; what a file has beyond them
is kept by protobuf as unknown fields. Enumerations are numbers here, which on the wire they are.

Source: apple/coremltools `mlmodel/format/Model.proto`, `FeatureTypes.proto`, `MIL.proto` and
`NeuralNetwork.proto`, as of coremltools 9.0 (specification versions 1 to 10).
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto
    from google.protobuf.message import Message

PACKAGE: Final = "halfpixel.coreml"

MESSAGES: Final = {
    # FeatureTypes.proto
    "SizeRange": "lowerBound=1:uint64 upperBound=2:int64",
    "ImageSize": "width=1:uint64 height=2:uint64",
    "ImageSizes": "sizes=1:ImageSize*",
    "ImageSizeRange": "widthRange=1:SizeRange heightRange=2:SizeRange",
    "ImageFeatureType": "width=1:int64 height=2:int64 enumeratedSizes=21:ImageSizes/flexible "
    "imageSizeRange=31:ImageSizeRange/flexible colorSpace=3:int32",
    "Shape": "shape=1:int64*",
    "EnumeratedShapes": "shapes=1:Shape*",
    "ShapeRange": "sizeRanges=1:SizeRange*",
    "ArrayFeatureType": "shape=1:int64* dataType=2:int32 enumeratedShapes=21:EnumeratedShapes"
    "/flexible shapeRange=31:ShapeRange/flexible",
    "FeatureType": "imageType=4:ImageFeatureType/type multiArrayType=5:ArrayFeatureType/type "
    "isOptional=1000:bool",
    # Model.proto
    "FeatureDescription": "name=1:string type=3:FeatureType",
    "Metadata": "userDefined=100:{string}",
    "FunctionDescription": "name=1:string input=2:FeatureDescription* output=3:FeatureDescription*",
    "ModelDescription": "functions=20:FunctionDescription* defaultFunctionName=21:string "
    "metadata=100:Metadata input=1:FeatureDescription* output=10:FeatureDescription*",
    # MIL.proto
    "Program": "version=1:int64 functions=2:{Function} docString=3:string attributes=4:{Value}",
    "Function": "inputs=1:NamedValueType* opset=2:string block_specializations=3:{Block} "
    "attributes=4:{Value}",
    "Block": "inputs=1:NamedValueType* outputs=2:string* operations=3:Operation* "
    "attributes=4:{Value}",
    "Operation": "type=1:string inputs=2:{Argument} outputs=3:NamedValueType* blocks=4:Block* "
    "attributes=5:{Value}",
    "Argument": "arguments=1:Binding*",
    "Binding": "name=1:string/binding value=2:Value/binding",
    "NamedValueType": "name=1:string type=2:ValueType",
    "ValueType": "tensorType=1:TensorType/type listType=2:ListType/type",
    "ListType": "type=1:ValueType length=2:Dimension",
    "TensorType": "dataType=1:int32 rank=2:int64 dimensions=3:Dimension* attributes=4:{Value}",
    "Dimension": "constant=1:ConstantDimension/dimension unknown=2:UnknownDimension/dimension",
    "ConstantDimension": "size=1:uint64",
    "UnknownDimension": "variadic=1:bool",
    "Value": "docString=1:string type=2:ValueType immediateValue=3:ImmediateValue/value "
    "blobFileValue=5:BlobFileValue/value",
    "ImmediateValue": "tensor=1:TensorValue/value",
    "BlobFileValue": "fileName=1:string offset=2:uint64",
    "TensorValue": "floats=1:Floats/value ints=2:Ints/value bools=3:Bools/value "
    "strings=4:Strings/value longInts=5:LongInts/value doubles=6:Doubles/value "
    "bytes=7:Bytes/value",
    "Floats": "values=1:float*",
    "Ints": "values=1:int32*",
    "Bools": "values=1:bool*",
    "Strings": "values=1:string*",
    "LongInts": "values=1:int64*",
    "Doubles": "values=1:double*",
    "Bytes": "values=1:bytes",
    # NeuralNetwork.proto
    "Tensor": "rank=1:uint32 dimValue=2:int64*",
    "Upsample": "scalingFactor=1:uint64* fractionalScalingFactor=7:float* mode=5:int32 "
    "linearUpsampleMode=6:int32",
    "SamplingMode": "samplingMethod=1:int32",
    "BoxCoordinatesMode": "boxMode=1:int32",
    "ResizeBilinear": "targetSize=1:uint64* mode=2:SamplingMode",
    "CropResize": "targetSize=1:uint64* normalizedCoordinates=2:bool mode=3:SamplingMode "
    "boxIndicesMode=4:BoxCoordinatesMode spatialScale=5:float",
    "EdgeSizes": "startEdgeSize=1:uint64 endEdgeSize=2:uint64",
    "BorderAmounts": "borderAmounts=10:EdgeSizes*",
    "ValidPadding": "paddingAmounts=1:BorderAmounts",
    "SamePadding": "asymmetryMode=1:int32",
    "Convolution": "outputChannels=1:uint64 kernelChannels=2:uint64 nGroups=10:uint64 "
    "kernelSize=20:uint64* stride=30:uint64* dilationFactor=40:uint64* valid=50:ValidPadding"
    "/padding same=51:SamePadding/padding isDeconvolution=60:bool hasBias=70:bool "
    "outputShape=100:uint64*",
    "Concat": "sequenceConcat=100:bool",
    "ReorganizeData": "mode=1:int32 blockSize=2:uint64",
    "Pooling": "type=1:int32 kernelSize=10:uint64* stride=20:uint64* valid=30:ValidPadding/padding "
    "same=31:SamePadding/padding globalPooling=60:bool",
}
"""``name=number:type`` of each field: ``*`` repeated, ``{type}`` a map, ``/`` a oneof."""

_SCALARS: Final = {
    "double": 1,
    "float": 2,
    "int64": 3,
    "uint64": 4,
    "int32": 5,
    "bool": 8,
    "string": 9,
    "bytes": 12,
    "uint32": 13,
}
"""FieldDescriptorProto.Type of the types that are no messages."""

_MESSAGE: Final = 11
_OPTIONAL, _REPEATED = 1, 3


@lru_cache(maxsize=1)
def classes() -> "dict[str, type[Message]]":
    """Return the message classes by name."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(
        name="halfpixel/coreml.proto", package=PACKAGE, syntax="proto3"
    )
    for name, fields in MESSAGES.items():
        _describe(file.message_type.add(name=name), fields.split())
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    found = {name: pool.FindMessageTypeByName(f"{PACKAGE}.{name}") for name in MESSAGES}
    return {name: message_factory.GetMessageClass(one) for name, one in found.items()}


def _describe(message: "DescriptorProto", fields: list[str]) -> None:
    groups: list[str] = []
    for field in fields:
        name, _, rest = field.partition("=")
        number, _, kind = rest.partition(":")
        kind, _, group = kind.partition("/")
        many = kind.endswith("*") or kind.startswith("{")
        if kind.startswith("{"):
            kind = _map_entry(message, name, kind[1:-1])
        kind = kind.removesuffix("*")
        made = message.field.add(
            name=name, number=int(number), label=_REPEATED if many else _OPTIONAL
        )
        _typed(made, kind)
        if group:
            if group not in groups:
                groups.append(group)
                message.oneof_decl.add(name=group)
            made.oneof_index = groups.index(group)


def _map_entry(message: "DescriptorProto", name: str, kind: str) -> str:
    """Add the message that protobuf makes of one entry of a map, and return its name."""
    title = "".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Entry"
    entry = message.nested_type.add(name=title)
    entry.options.map_entry = True
    _typed(entry.field.add(name="key", number=1, label=_OPTIONAL), "string")
    _typed(entry.field.add(name="value", number=2, label=_OPTIONAL), kind)
    return f"{message.name}.{title}"


def _typed(field: object, kind: str) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto

    assert isinstance(field, FieldDescriptorProto)  # noqa: S101 - for the type checkers
    if kind in _SCALARS:
        field.type = FieldDescriptorProto.Type.ValueType(_SCALARS[kind])
    else:
        field.type = FieldDescriptorProto.Type.ValueType(_MESSAGE)
        field.type_name = f".{PACKAGE}.{kind}"


NETWORK_LAYERS: Final = {
    100: "convolution", 120: "pooling", 130: "activation", 140: "innerProduct", 160: "batchnorm",
    165: "mvn", 175: "softmax", 180: "lrn", 190: "crop", 200: "padding", 210: "upsample",
    211: "resizeBilinear", 212: "cropResize", 220: "unary", 230: "add", 231: "multiply",
    240: "average", 245: "scale", 250: "bias", 260: "max", 261: "min", 270: "dot", 280: "reduce",
    290: "loadConstant", 300: "reshape", 301: "flatten", 310: "permute", 320: "concat",
    330: "split", 340: "sequenceRepeat", 345: "reorganizeData", 350: "slice", 500: "custom",
    600: "copy", 605: "branch", 615: "loop", 620: "loopBreak", 625: "loopContinue", 660: "clip",
    795: "gelu", 875: "maxBroadcastable", 880: "addBroadcastable", 885: "powBroadcastable",
    890: "divideBroadcastable", 900: "multiplyBroadcastable", 905: "subtractBroadcastable",
    930: "gather", 950: "softmaxND", 975: "splitND", 980: "concatND", 985: "transpose",
    995: "sliceStatic", 1000: "sliceDynamic", 1045: "batchedMatmul", 1065: "getShape",
    1070: "loadConstantND", 1120: "squeeze", 1125: "expandDims", 1140: "reshapeStatic",
    1145: "reshapeDynamic", 1155: "constantPad", 1350: "layerNormalization",
    1460: "clampedReLU",
}  # fmt: skip
"""Numbers of the fields that say what a layer is, as far as layers are named."""


def layer_name(number: int) -> str:
    """Return what a layer is, by the number of its field.

    >>> layer_name(211), layer_name(1313)
    ('resizeBilinear', 'layer 1313')
    """
    return NETWORK_LAYERS.get(number, f"layer {number}")


MODEL_KINDS: Final = {
    200: "pipelineClassifier", 201: "pipelineRegressor", 202: "pipeline",
    303: "neuralNetworkRegressor", 403: "neuralNetworkClassifier", 500: "neuralNetwork",
    502: "mlProgram", 3000: "serializedModel",
}  # fmt: skip
"""Numbers of the fields that say what a model is, where it can hold a resampling operator."""

OTHER_KINDS: Final = frozenset({
    300, 301, 302, 304, 400, 401, 402, 404, 501, 555, 556, 560, 600, 601, 602, 603, 604, 606, 607,
    609, 610, 900, 2000, 2001, 2002, 2003, 2004, 2005, 2006,
})  # fmt: skip
"""The same where it cannot."""

DATA_TYPES: Final = {
    1: "bool", 2: "string", 10: "float16", 11: "float32", 12: "float64", 13: "bfloat16",
    21: "int8", 22: "int16", 23: "int32", 24: "int64", 25: "int4", 31: "uint8", 32: "uint16",
    33: "uint32", 34: "uint64", 35: "uint4",
    36: "uint2", 37: "uint1", 38: "uint6", 39: "uint3",
}  # fmt: skip
"""MIL's element types."""

ARRAY_TYPES: Final = {
    65552: "float16", 65568: "float32", 65600: "float64", 131080: "int8", 131104: "int32",
}  # fmt: skip
"""Element types of a model's declared arrays."""
