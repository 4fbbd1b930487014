"""A resize as other layers of a neural network: gathers, or products with constant matrices.

The layers have been there since specification 4, for networks whose arrays have the rank that they
are given with (EXACT_ARRAY_MAPPING). Source: apple/coremltools `mlmodel/format/
NeuralNetwork.proto` (GatherLayerParams, LoadConstantNDLayerParams, BatchedMatMulLayerParams, whose
weights are stored transposed, TransposeLayerParams).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from halfpixel.errors import ConventionError
from halfpixel.formats.coreml.edit import LARGEST_CONSTANTS, NewLayer
from halfpixel.formats.coreml.network_messages import (
    BatchedMatmul,
    Gather,
    LoadConstantND,
    Transpose,
)
from halfpixel.formats.coreml.schema import NETWORK_LAYERS
from halfpixel.formats.plan import Goal, moved_steps
from halfpixel.formats.protobuf_schema import Message, new, serialized

if TYPE_CHECKING:
    from halfpixel.formats.coreml.read.layer import NetworkLayer

SINCE: Final = 4
NUMBERS: Final = {name: number for number, name in NETWORK_LAYERS.items()}


def lowered(layer: "NetworkLayer", goal: Goal, taken: set[str]) -> tuple[NewLayer, ...]:
    """Return the layers that compute a resize of the last two axes.

    Args:
        layer: the layer that is replaced.
        goal: what it should compute, its lengths known.
        taken: names of layers and values that are there; new ones are added.

    Raises:
        ConventionError: lengths are not known, or other axes are resampled.
    """
    rank = len(goal.lengths[0])
    steps = moved_steps(goal)
    if any(step.axis < rank - 2 for step in steps):
        raise ConventionError("only the last two axes are resampled by other layers")
    if sum(step.n_in * step.n_out for step in steps) > LARGEST_CONSTANTS:
        raise ConventionError("its constants would be too large")
    chain = _Chain(layer, taken)
    for step in steps:
        pixels = step.pixels
        if pixels is not None:
            chain.gather(step.axis - rank, pixels)
            continue
        if step.weights.outside:
            raise ConventionError("samples outside the image are a constant, not a product")
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
        if not self.made:
            raise ConventionError("it resamples no axis")
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
        made = NewLayer(kind, NUMBERS[kind], serialized(parameters), output, inputs, (output,))
        self.made.append(made)
        return output
