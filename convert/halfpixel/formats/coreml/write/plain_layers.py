"""A plan as layers of a neural network: gathers, and products with constant matrices.

The layers have been there since specification 4, for networks whose arrays have the rank that they
are given with (EXACT_ARRAY_MAPPING). Source: apple/coremltools `mlmodel/format/
NeuralNetwork.proto` (GatherLayerParams, LoadConstantNDLayerParams, BatchedMatMulLayerParams, whose
weights are stored transposed, TransposeLayerParams).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from halfpixel.formats.coreml.edit import NewLayer
from halfpixel.formats.coreml.network_messages import (
    BatchedMatmul,
    Gather,
    LoadConstantND,
    Transpose,
)
from halfpixel.formats.coreml.schema import LAYER_NUMBERS
from halfpixel.formats.plan import Pixels, Product
from halfpixel.formats.protobuf_schema import Message, new, serialized

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.layer import NetworkLayer


def layers(layer: "NetworkLayer", plan: Product, taken: set[str]) -> tuple[NewLayer, ...]:
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

    def __init__(self, layer: "NetworkLayer", taken: set[str]) -> None:
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
        constant = new(LoadConstantND)
        constant.shape.append(len(table))
        constant.data.floatValue.extend(map(float, table))
        pixels = self._add("loadConstantND", constant, ())
        gather = new(Gather)
        gather.axis = axis
        self.value = self._add("gather", gather, (self.value, pixels))

    def transpose(self, rank: int) -> None:
        """Let the last two axes change places."""
        transpose = new(Transpose)
        transpose.axes.extend([*range(rank - 2), rank - 1, rank - 2])
        self.value = self._add("transpose", transpose, (self.value,))

    def product(self, stored: Sequence[float], n_in: int, n_out: int) -> None:
        """Multiply the last axis by a matrix of (n_in, n_out), stored by its columns."""
        product = new(BatchedMatmul)
        product.weightMatrixFirstDimension = n_in
        product.weightMatrixSecondDimension = n_out
        product.weights.floatValue.extend(stored)
        self.value = self._add("batchedMatmul", product, (self.value,))

    def _add(self, kind: str, parameters: Message, inputs: tuple[str, ...]) -> str:
        count = len(self.made)
        while (output := f"{self.layer.name}_halfpixel_{count}") in self.taken:
            count += 1
        self.taken.add(output)
        made = NewLayer(
            kind, LAYER_NUMBERS[kind], serialized(parameters), output, inputs, (output,)
        )
        self.made.append(made)
        return output
