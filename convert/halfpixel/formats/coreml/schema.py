"""The numbers that Core ML's schema gives to layers, kinds of models and element types.

Source: apple/coremltools `mlmodel/format/Model.proto`, `FeatureTypes.proto`, `MIL.proto` and
`NeuralNetwork.proto`, as of coremltools 9.0 (specification versions 1 to 10).
"""

from typing import Final

NETWORK_LAYERS: Final = {
    100: "convolution", 120: "pooling", 130: "activation", 140: "innerProduct", 150: "embedding",
    160: "batchnorm", 165: "mvn", 170: "l2normalize", 175: "softmax", 180: "lrn", 190: "crop",
    200: "padding", 210: "upsample", 211: "resizeBilinear", 212: "cropResize", 220: "unary",
    230: "add", 231: "multiply", 240: "average", 245: "scale", 250: "bias", 260: "max", 261: "min",
    270: "dot", 280: "reduce", 290: "loadConstant", 300: "reshape", 301: "flatten", 310: "permute",
    320: "concat", 330: "split", 340: "sequenceRepeat", 345: "reorganizeData", 350: "slice",
    400: "simpleRecurrent", 410: "gru", 420: "uniDirectionalLSTM", 430: "biDirectionalLSTM",
    500: "custom", 600: "copy", 605: "branch", 615: "loop", 620: "loopBreak", 625: "loopContinue",
    660: "clip", 665: "ceil", 670: "floor", 680: "sign", 685: "round", 700: "exp2", 710: "sin",
    715: "cos", 720: "tan", 730: "asin", 735: "acos", 740: "atan", 750: "sinh", 755: "cosh",
    760: "tanh", 770: "asinh", 775: "acosh", 780: "atanh", 790: "erf", 795: "gelu", 815: "equal",
    820: "notEqual", 825: "lessThan", 827: "lessEqual", 830: "greaterThan", 832: "greaterEqual",
    840: "logicalOr", 845: "logicalXor", 850: "logicalNot", 855: "logicalAnd",
    865: "modBroadcastable", 870: "minBroadcastable", 875: "maxBroadcastable",
    880: "addBroadcastable", 885: "powBroadcastable", 890: "divideBroadcastable",
    895: "floorDivBroadcastable", 900: "multiplyBroadcastable", 905: "subtractBroadcastable",
    920: "tile", 925: "stack", 930: "gather", 940: "gatherND", 950: "softmaxND",
    952: "gatherAlongAxis", 960: "reverse", 975: "splitND", 980: "concatND", 985: "transpose",
    995: "sliceStatic", 1000: "sliceDynamic", 1015: "topK", 1020: "argMin", 1025: "argMax",
    1040: "embeddingND", 1045: "batchedMatmul", 1065: "getShape", 1070: "loadConstantND",
    1105: "broadcastToStatic", 1120: "squeeze", 1125: "expandDims", 1130: "flattenTo2D",
    1140: "reshapeStatic", 1145: "reshapeDynamic", 1150: "rankPreservingReshape",
    1155: "constantPad", 1250: "reduceL1", 1255: "reduceL2", 1260: "reduceMax", 1265: "reduceMin",
    1270: "reduceSum", 1275: "reduceProd", 1280: "reduceMean", 1285: "reduceLogSum",
    1290: "reduceSumSquare", 1295: "reduceLogSumExp", 1313: "whereNonZero",
    1330: "whereBroadcastable", 1350: "layerNormalization", 1400: "NonMaximumSuppression",
    1460: "clampedReLU", 1461: "argSort", 1465: "pooling3d", 1466: "globalPooling3d",
    1471: "convolution3d",
}  # fmt: skip
"""Numbers of the fields that say what a layer is, as far as layers are named."""


def layer_name(number: int) -> str:
    """Return what a layer is, by the number of its field.

    >>> layer_name(211), layer_name(1999)
    ('resizeBilinear', 'layer 1999')
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

LAYER_NUMBERS: Final = {name: number for number, name in NETWORK_LAYERS.items()}
"""The field of each layer, by its name."""
