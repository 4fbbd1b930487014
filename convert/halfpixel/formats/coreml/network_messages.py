"""Core ML's messages for the layers of neural networks, as far as they are used.

Source: apple/coremltools `mlmodel/format/NeuralNetwork.proto`, as of coremltools 9.0.
"""

from halfpixel.formats.protobuf_schema import (
    Bool,
    Float,
    Int32,
    Int64,
    Message,
    Repeated,
    Scalars,
    Text,
    UInt32,
    UInt64,
    field,
)


class NeuralNetworkLayer(Message):
    name: Text = field(1)
    input: Scalars[Text] = field(2)
    output: Scalars[Text] = field(3)


class Tensor(Message):
    rank: UInt32 = field(1)
    dimValue: Scalars[Int64] = field(2)


class Upsample(Message):
    scalingFactor: Scalars[UInt64] = field(1)
    fractionalScalingFactor: Scalars[Float] = field(7)
    mode: Int32 = field(5)
    linearUpsampleMode: Int32 = field(6)


class SamplingMode(Message):
    samplingMethod: Int32 = field(1)


class BoxCoordinatesMode(Message):
    boxMode: Int32 = field(1)


class ResizeBilinear(Message):
    targetSize: Scalars[UInt64] = field(1)
    mode: SamplingMode = field(2)


class CropResize(Message):
    targetSize: Scalars[UInt64] = field(1)
    normalizedCoordinates: Bool = field(2)
    mode: SamplingMode = field(3)
    boxIndicesMode: BoxCoordinatesMode = field(4)
    spatialScale: Float = field(5)


class EdgeSizes(Message):
    startEdgeSize: UInt64 = field(1)
    endEdgeSize: UInt64 = field(2)


class BorderAmounts(Message):
    borderAmounts: Repeated[EdgeSizes] = field(10)


class ValidPadding(Message):
    paddingAmounts: BorderAmounts = field(1)


class SamePadding(Message):
    asymmetryMode: Int32 = field(1)


class Convolution(Message):
    outputChannels: UInt64 = field(1)
    kernelChannels: UInt64 = field(2)
    nGroups: UInt64 = field(10)
    kernelSize: Scalars[UInt64] = field(20)
    stride: Scalars[UInt64] = field(30)
    dilationFactor: Scalars[UInt64] = field(40)
    valid: ValidPadding = field(50, "padding")
    same: SamePadding = field(51, "padding")
    isDeconvolution: Bool = field(60)
    hasBias: Bool = field(70)
    outputShape: Scalars[UInt64] = field(100)


class Concat(Message):
    sequenceConcat: Bool = field(100)


class ValidCompletePadding(Message):
    paddingAmounts: Scalars[UInt64] = field(10)


class Pooling(Message):
    type: Int32 = field(1)
    kernelSize: Scalars[UInt64] = field(10)
    stride: Scalars[UInt64] = field(20)
    valid: ValidPadding = field(30, "padding")
    same: SamePadding = field(31, "padding")
    includeLastPixel: ValidCompletePadding = field(32, "padding")
    globalPooling: Bool = field(60)


class Padding(Message):
    paddingAmounts: BorderAmounts = field(10)


class Crop(Message):
    cropAmounts: BorderAmounts = field(1)


class Permute(Message):
    axis: Scalars[UInt64] = field(1)


class LoadConstant(Message):
    shape: Scalars[UInt64] = field(1)


class Reshape(Message):
    targetShape: Scalars[Int64] = field(1)


class WeightParams(Message):
    floatValue: Scalars[Float] = field(1)


class LoadConstantND(Message):
    shape: Scalars[UInt64] = field(1)
    data: WeightParams = field(2)


class Gather(Message):
    axis: Int64 = field(1)


class Transpose(Message):
    axes: Scalars[UInt64] = field(1)


class BatchedMatmul(Message):
    weightMatrixFirstDimension: UInt64 = field(5)
    weightMatrixSecondDimension: UInt64 = field(6)
    weights: WeightParams = field(8)


class LinearActivation(Message):
    alpha: Float = field(1)
    beta: Float = field(2)


class Activation(Message):
    linear: LinearActivation = field(5, "NonlinearityType")
