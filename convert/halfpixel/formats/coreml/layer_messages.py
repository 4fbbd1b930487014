"""Core ML's messages for the layers of neural networks that do not resample, with their weights.

Layers that say the same in the same fields share a message here.

Source: apple/coremltools `mlmodel/format/NeuralNetwork.proto`, as of coremltools 9.0.
"""

from halfpixel.formats.protobuf_schema import (
    Bool,
    Bytes,
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


class LinearQuantization(Message):
    scale: Scalars[Float] = field(1)
    bias: Scalars[Float] = field(2)


class Table(Message):
    floatValue: Scalars[Float] = field(1)


class Quantization(Message):
    numberOfBits: UInt64 = field(1)
    linear: LinearQuantization = field(101, "QuantizationType")
    table: Table = field(102, "QuantizationType")


class Weights(Message, name="WeightParams"):
    floatValue: Scalars[Float] = field(1)
    float16Value: Bytes = field(2)
    rawValue: Bytes = field(30)
    int8RawValue: Bytes = field(31)
    quantization: Quantization = field(40)


class ImageScaler(Message):
    channelScale: Float = field(10)
    blueBias: Float = field(20)
    greenBias: Float = field(21)
    redBias: Float = field(22)
    grayBias: Float = field(30)


class MeanImage(Message):
    meanImage: Scalars[Float] = field(1)


class Preprocessing(Message):
    featureName: Text = field(1)
    scaler: ImageScaler = field(10, "preprocessor")
    meanImage: MeanImage = field(11, "preprocessor")


class Edge(Message):
    startEdgeSize: UInt64 = field(1)
    endEdgeSize: UInt64 = field(2)


class Borders(Message):
    borderAmounts: Repeated[Edge] = field(10)


class Valid(Message):
    paddingAmounts: Borders = field(1)


class Same(Message):
    asymmetryMode: Int32 = field(1)


class Complete(Message):
    paddingAmounts: Scalars[UInt64] = field(10)


class Kernel(Message):
    """The weights of a convolution; what else it says is read by `read.layer`."""

    weights: Weights = field(90)
    bias: Weights = field(91)


class Pool(Message):
    type: Int32 = field(1)
    kernelSize: Scalars[UInt64] = field(10)
    stride: Scalars[UInt64] = field(20)
    valid: Valid = field(30, "padding")
    same: Same = field(31, "padding")
    includeLastPixel: Complete = field(32, "padding")
    avgPoolExcludePadding: Bool = field(50)
    globalPooling: Bool = field(60)


class Slopes(Message):
    """Two numbers, or two lists of one a channel."""

    alpha: Float = field(1)
    beta: Float = field(2)


class ChannelSlopes(Message):
    alpha: Weights = field(1)
    beta: Weights = field(2)


class Nothing(Message):
    pass


class Activation(Message):
    linear: Slopes = field(5, "kind")
    ReLU: Nothing = field(10, "kind")
    leakyReLU: Slopes = field(15, "kind")
    thresholdedReLU: Slopes = field(20, "kind")
    PReLU: ChannelSlopes = field(25, "kind")
    tanh: Nothing = field(30, "kind")
    scaledTanh: Slopes = field(31, "kind")
    sigmoid: Nothing = field(40, "kind")
    sigmoidHard: Slopes = field(41, "kind")
    ELU: Slopes = field(50, "kind")
    softsign: Nothing = field(60, "kind")
    softplus: Nothing = field(70, "kind")
    parametricSoftplus: ChannelSlopes = field(71, "kind")


class InnerProduct(Message):
    inputChannels: UInt64 = field(1)
    outputChannels: UInt64 = field(2)
    hasBias: Bool = field(10)
    weights: Weights = field(20)
    bias: Weights = field(21)
    int8DynamicQuantize: Bool = field(22)


class Batchnorm(Message):
    channels: UInt64 = field(1)
    computeMeanVar: Bool = field(5)
    instanceNormalization: Bool = field(6)
    epsilon: Float = field(10)
    gamma: Weights = field(15)
    beta: Weights = field(16)
    mean: Weights = field(17)
    variance: Weights = field(18)


class MeanVariance(Message):
    acrossChannels: Bool = field(1)
    normalizeVariance: Bool = field(2)
    epsilon: Float = field(3)


class ResponseNorm(Message):
    alpha: Float = field(1)
    beta: Float = field(2)
    localSize: UInt64 = field(3)
    k: Float = field(4)


class CropBorders(Message):
    cropAmounts: Borders = field(1)
    offset: Scalars[UInt64] = field(5)


class PadBorders(Message):
    constant: Slopes = field(1, "kind")
    reflection: Nothing = field(2, "kind")
    replication: Nothing = field(3, "kind")
    paddingAmounts: Borders = field(10)


class Unary(Message):
    type: Int32 = field(1)
    alpha: Float = field(2)
    epsilon: Float = field(3)
    shift: Float = field(4)
    scale: Float = field(5)


class Scale(Message):
    shapeScale: Scalars[UInt64] = field(1)
    scale: Weights = field(2)
    hasBias: Bool = field(3)
    shapeBias: Scalars[UInt64] = field(4)
    bias: Weights = field(5)


class Constant(Message):
    """Lengths and numbers: loadConstant, loadConstantND and bias."""

    shape: Scalars[UInt64] = field(1)
    data: Weights = field(2)


class Reduction(Message):
    mode: Int32 = field(1)
    epsilon: Float = field(2)
    axis: Int32 = field(3)


class Target(Message):
    targetShape: Scalars[Int64] = field(1)
    mode: Int32 = field(2)


class Reorganised(Message):
    mode: Int32 = field(1)
    blockSize: UInt64 = field(2)


class Cut(Message):
    startIndex: Int64 = field(1)
    endIndex: Int64 = field(2)
    stride: UInt64 = field(3)
    axis: Int32 = field(4)


class StaticCut(Message):
    beginIds: Scalars[Int64] = field(1)
    beginMasks: Scalars[Bool] = field(2)
    endIds: Scalars[Int64] = field(3)
    endMasks: Scalars[Bool] = field(4)
    strides: Scalars[Int64] = field(5)
    squeezeMasks: Scalars[Bool] = field(6)


class Axes(Message):
    """Axes, and two flags: reductions, squeeze, expandDims and transpose."""

    axes: Scalars[Int64] = field(1)
    first: Bool = field(2)
    second: Bool = field(3)


class Axis(Message):
    """An axis, or another whole number, and two flags."""

    axis: Int64 = field(1)
    first: Bool = field(2)
    second: Bool = field(3)


class Split(Message):
    axis: Int64 = field(1)
    numSplits: UInt64 = field(2)
    splitSizes: Scalars[UInt64] = field(3)


class Matmul(Message):
    transposeA: Bool = field(1)
    transposeB: Bool = field(2)
    weightMatrixFirstDimension: UInt64 = field(5)
    weightMatrixSecondDimension: UInt64 = field(6)
    hasBias: Bool = field(7)
    weights: Weights = field(8)
    bias: Weights = field(9)
    int8DynamicQuantize: Bool = field(10)


class ConstantPad(Message):
    value: Float = field(1)
    padAmounts: Scalars[UInt64] = field(2)
    padToGivenOutputSizeMode: Bool = field(3)


class LayerNorm(Message):
    normalizedShape: Scalars[Int64] = field(1)
    eps: Float = field(2)
    gamma: Weights = field(3)
    beta: Weights = field(4)
