"""Write two large Core ML models that resample twice, for benchmarks.

    python coreml_large.py FOLDER [--megabytes 500]

``large.mlpackage`` is an ML Program whose weights lie in a file of their own, and
``large.mlmodel`` a neural network that holds them all in one message. Both are convolutions
of one pixel between 2048 channels, with a resize after the first and one before the last.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coreml_packages
import coreml_variants_mil
import numpy as np
from coreml_interpolate import quiet
from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - as its makers call it
from coremltools.models import datatypes
from coremltools.models.neural_network import NeuralNetworkBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coreml_site import Array
    from coremltools.models import MLModel
    from coremltools.proto import Model_pb2

CHANNELS = 2048
INPUT = (1, CHANNELS, 6, 8)
FLOATS = 0x0A  # WeightParams.floatValue, packed
SMALLEST = 2


def weights(megabytes: int) -> Iterator[Array]:
    """Yield kernels of that size together, at least two."""
    random = np.random.default_rng(0)
    for _ in range(max(SMALLEST, round(megabytes * 1e6 / (CHANNELS**2 * 4)))):
        yield random.random((CHANNELS, CHANNELS, 1, 1), np.float32) / CHANNELS


def program(megabytes: int) -> MLModel:
    """Return the ML Program."""
    kernels = list(weights(megabytes))

    def body(x: Any) -> Any:  # noqa: ANN401 - variables of MIL
        for i, kernel in enumerate(kernels):
            x = mb.conv(x=x, weight=kernel, name=f"conv_{i}")
            if i == 0:
                x = mb.upsample_bilinear(x=x, scale_factor_height=2.0, scale_factor_width=2.0,
                                         align_corners=False, name="enlarged")  # fmt: skip
            if i == len(kernels) - SMALLEST:
                x = mb.resize_bilinear(x=x, target_size_height=9, target_size_width=15,
                                       sampling_mode="DEFAULT", name="resized")  # fmt: skip
        return x

    x = mb.placeholder(shape=INPUT)
    return coreml_variants_mil.convert(coreml_variants_mil.program({"x": x}, 15, body), 15)


def network(megabytes: int) -> Model_pb2.Model:
    """Return the neural network."""
    builder = NeuralNetworkBuilder(
        [("x", datatypes.Array(*INPUT))], [("y", None)], disable_rank5_shape_mapping=True
    )
    count = max(SMALLEST, round(megabytes * 1e6 / (CHANNELS**2 * 4)))
    last = "x"
    for i, kernel in enumerate(weights(megabytes)):
        name = "y" if i == count - 1 else f"conv_{i}"
        layer = convolution(builder, name, last)
        layer.convolution.weights.MergeFromString(packed(kernel))
        last = name
        if i == 0:
            builder.add_upsample("enlarged", 2, 2, last, "enlarged", "BILINEAR",
                                 "ALIGN_CORNERS_FALSE")  # fmt: skip
            last = "enlarged"
        if i == count - SMALLEST:
            builder.add_resize_bilinear("resized", last, "resized", 9, 15, "UPSAMPLE_MODE")
            last = "resized"
    return builder.spec


def convolution(builder: NeuralNetworkBuilder, name: str, source: str) -> Any:  # noqa: ANN401
    """Add a convolution without its weights, as the builder copies those one by one."""
    small = np.zeros((1, 1, 1, 1), np.float32)
    layer = builder.add_convolution(
        name, 1, 1, 1, 1, 1, 1, "valid", 1, small, None, has_bias=False, input_name=source,
        output_name=name,
    )  # fmt: skip
    layer.convolution.outputChannels = layer.convolution.kernelChannels = CHANNELS
    layer.convolution.ClearField("weights")
    return layer


def packed(kernel: Array) -> bytes:
    """Return the message of weights that holds an array."""
    text = kernel.astype("<f4").tobytes()
    length, size = len(text), bytearray()
    while length > 0x7F:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([FLOATS, *size, length]) + text


def main() -> None:
    """Write both models."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megabytes", type=int, default=500)
    options = parser.parse_args()
    quiet()
    options.folder.mkdir(parents=True, exist_ok=True)
    coreml_packages.save(program(options.megabytes), options.folder / "large.mlpackage")
    text = coreml_packages.neutral(network(options.megabytes))
    (options.folder / "large.mlmodel").write_bytes(text)


if __name__ == "__main__":
    main()
