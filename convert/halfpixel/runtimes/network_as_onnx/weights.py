"""The weights of a neural network's layers as arrays.

Source: apple/coremltools `mlmodel/format/NeuralNetwork.proto` (WeightParams, QuantizationParams)
and `coremltools/models/neural_network/quantization_utils.py` (the order of packed bits).
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from halfpixel.formats.coreml.layer_messages import Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def array(message: Weights, shape: Sequence[int]) -> "Floats":
    """Return weights as float32; quantised ones are what their scales or their table make of them.

    Args:
        message: as they are written.
        shape: their lengths; scales are one for all, or one for each along the first axis.

    Raises:
        ValueError: there are none, or not as many as the lengths say.
    """
    import numpy as np

    count = math.prod(shape)
    found: NDArray[np.generic]
    if len(message.floatValue):
        found = np.fromiter(message.floatValue, np.float32, len(message.floatValue))
    elif message.float16Value:
        found = np.frombuffer(message.float16Value, "<f2")
    elif message.rawValue or message.int8RawValue:
        found = _quantised(message, shape, count)
    else:
        raise ValueError("it has no weights")
    if found.size != count:
        expected = "x".join(map(str, shape)) or "1"
        raise ValueError(f"it has {found.size} weights, expected {expected}")
    return found.astype(np.float32).reshape(tuple(shape))


def _quantised(message: Weights, shape: Sequence[int], count: int) -> "NDArray[np.generic]":
    import numpy as np

    told = message.quantization
    kind = told.WhichOneof("QuantizationType")
    if message.int8RawValue:
        codes = np.frombuffer(message.int8RawValue, np.int8).astype(np.int64)
    else:
        codes = _unpacked(message.rawValue, int(told.numberOfBits), count)
    if kind == "table":
        table = np.fromiter(told.table.floatValue, np.float32, len(told.table.floatValue))
        return table[codes]
    if kind != "linear" or codes.size != count:
        raise ValueError("its weights are quantised in no way that is known")
    values = codes.reshape(shape[0] if shape else 1, -1).astype(np.float64)
    scale, bias = (
        np.fromiter(numbers, np.float64, len(numbers)).reshape(-1, 1)
        for numbers in (told.linear.scale, told.linear.bias)
    )
    return values * scale + (bias if bias.size else 0.0)


def _unpacked(data: bytes, bits: int, count: int) -> "NDArray[np.int64]":
    r"""Return unsigned numbers of 1 to 8 bits, the highest bit of each first.

    >>> _unpacked(b"\xe4", 2, 4).tolist()
    [3, 2, 1, 0]
    """
    import numpy as np

    if not 1 <= bits <= 8:
        raise ValueError(f"its weights have {bits} bits, expected 1 to 8")
    flat = np.frombuffer(data, np.uint8)
    if flat.size * 8 < count * bits:
        raise ValueError(f"it has {flat.size} bytes of weights, too few for {count}")
    digits = np.unpackbits(flat[: -(-count * bits // 8)])[: count * bits].reshape(-1, bits)
    powers = 1 << np.arange(bits - 1, -1, -1, dtype=np.int64)
    return digits.astype(np.int64) @ powers
