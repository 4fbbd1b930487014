"""A plan as layers of a neural network: gathers, and products with constant matrices.

The layers have been there since specification 4, for networks whose arrays have the rank that they
are given with (EXACT_ARRAY_MAPPING). Source: apple/coremltools `mlmodel/format/
NeuralNetwork.proto` (GatherLayerParams, LoadConstantNDLayerParams, BatchedMatMulLayerParams, whose
weights are stored transposed, TransposeLayerParams).
"""

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from halfpixel.formats.coreml.edit import NewLayer
from halfpixel.formats.coreml.schema import NETWORK_LAYERS
from halfpixel.formats.plan import Pixels, Product
from halfpixel.formats.protobuf_wire import VARINT, bytes_field, varint_bytes

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.specification import Layer

NUMBERS: Final = {name: number for number, name in NETWORK_LAYERS.items()}


def layers(layer: "Layer", plan: Product, taken: set[str]) -> tuple[NewLayer, ...]:
    """Return the layers that compute a resize of the last two axes.

    Args:
        layer: the layer that is replaced.
        plan: how it is written.
        taken: names of layers and values that are there; new ones are added.
    """
    chain, rank = _Chain(layer, taken), plan.rank
    for step in plan.steps:
        if isinstance(step, Pixels):
            chain.gather(step.axis - rank, step.pixels)
            continue
        dense = step.weights.matrix()  # rows of outputs: W transposed, as it is stored
        turned = step.axis == rank - 2
        if turned:
            chain.transpose(rank)
        chain.product([float(v) for v in dense.reshape(-1)], step.n_in, step.n_out)
        if turned:
            chain.transpose(rank)
    return chain.layers()


class _Chain:
    """Layers in a row, from the input of one layer to its output."""

    def __init__(self, layer: "Layer", taken: set[str]) -> None:
        self.layer, self.taken = layer, taken
        self.made: list[NewLayer] = []
        self.value = layer.inputs[0]

    def layers(self) -> tuple[NewLayer, ...]:
        """Return them, the last with the old layer's name and output."""
        last = self.made[-1]
        end = NewLayer(
            last.kind, last.number, last.parameters, self.layer.name, last.inputs,
            self.layer.outputs,
        )  # fmt: skip
        return (*self.made[:-1], end)

    def gather(self, axis: int, table: Sequence[int]) -> None:
        """Add a gather along an axis that is counted from the end."""
        values = b"".join(_float(float(v)) for v in table)
        data = bytes_field(2, bytes_field(1, values))
        shape = bytes_field(1, varint_bytes(len(table)))
        pixels = self._add("loadConstantND", shape + data, ())
        parameters = varint_bytes(1 << 3 | VARINT) + varint_bytes(axis & ((1 << 64) - 1))
        self.value = self._add("gather", parameters, (self.value, pixels))

    def transpose(self, rank: int) -> None:
        """Let the last two axes change places."""
        axes = [*range(rank - 2), rank - 1, rank - 2]
        packed = b"".join(varint_bytes(axis) for axis in axes)
        self.value = self._add("transpose", bytes_field(1, packed), (self.value,))

    def product(self, stored: Sequence[float], n_in: int, n_out: int) -> None:
        """Multiply the last axis by a matrix of (n_in, n_out), stored by its columns."""
        values = b"".join(map(_float, stored))
        lengths = varint_bytes(5 << 3 | VARINT) + varint_bytes(n_in)
        lengths += varint_bytes(6 << 3 | VARINT) + varint_bytes(n_out)
        parameters = lengths + bytes_field(8, bytes_field(1, values))
        self.value = self._add("batchedMatmul", parameters, (self.value,))

    def _add(self, kind: str, parameters: bytes, inputs: tuple[str, ...]) -> str:
        count = len(self.made)
        while (output := f"{self.layer.name}_halfpixel_{count}") in self.taken:
            count += 1
        self.taken.add(output)
        made = NewLayer(kind, NUMBERS[kind], parameters, output, inputs, (output,))
        self.made.append(made)
        return output


def _float(value: float) -> bytes:
    return struct.pack("<f", value)
