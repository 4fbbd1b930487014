"""A resize that is written as one step an axis: GATHERs of pixels, or products with matrices.

That is how a fix writes what no flags say (`write/rewrite.py`): a GATHER along the rows and one
along the columns, or for each a RESHAPE to three axes, a BATCH_MATMUL with a constant, and a
RESHAPE back. Pixels and weights are compared with those of PyTorch's calls, by size and by factors.
"""

from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from halfpixel.formats.litert.graph import Graph, Node, Span
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.read.sought import PRODUCT
from halfpixel.formats.litert.read.writing import length_of
from halfpixel.work import spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array

MOVED: Final = (1, 2)
"""Axes of an image with the channels last that are resampled."""

LARGEST: Final = 1 << 24
"""Bytes of pixels and weights of one step that are looked at."""

A_STEP: Final = 256
"""Bytes that are looked at in the time of a step of work."""

SUMS: Final = 1e-3
"""By how much the sum of a row of weights may be off from 1."""

WHOLE: Final = {"INT32": "<i4", "INT64": "<i8"}
FLOATS: Final = {"FLOAT32": "<f4"}
"""How pixels and weights lie in a file, by their types."""

LABELS: Final = {"GATHER": "GATHER", "RESHAPE": PRODUCT}
"""What a resize is written as, by the operator that ends it."""


class Step(Struct, frozen=True):
    """One axis of a resize, as it is written.

    Attributes:
        axis: with the channels last.
        before: number of the tensor that is resampled.
        version: of the operator that it is.
        nodes: the outputs of the operators that it is written in.
        constant: number of the tensor that holds its pixels or weights.
        n_in: input length.
        n_out: output length.
    """

    axis: int
    before: int
    version: int
    nodes: tuple[tuple[int, ...], ...]
    constant: int
    n_in: int
    n_out: int


class Separable(Struct, frozen=True):
    """Steps along one or both axes, one behind the other.

    Attributes:
        node: the operator that ends them.
        label: which operators it is written in.
        version: of these.
        data: number of the tensor that is resampled.
        steps: by axis.
    """

    node: Node
    label: str
    version: int
    data: int
    steps: Mapping[int, Step]

    @property
    def nodes(self) -> frozenset[tuple[int, ...]]:
        """The outputs of the operators that it is written in."""
        return frozenset(one for step in self.steps.values() for one in step.nodes)


class Read(Struct, frozen=True):
    """One axis of a resize, as it was read.

    Attributes:
        n_in: input length.
        weights: of shape (n_out, n_in), or the pixel that each output is, of shape (n_out,).
    """

    n_in: int
    weights: "Array"


Axes = Mapping[int, Read]
"""What is moved, by its axis with the channels last."""


class Steps(Struct):
    """A graph in which steps are looked for.

    Attributes:
        contents: the model.
        graph: the graph.
    """

    contents: Contents
    graph: Graph
    _makers: dict[int, Node] = field(default_factory=dict[int, Node])
    _readers: dict[int, int] = field(default_factory=dict[int, int])

    def found(self) -> Iterator[Separable]:
        """Yield what may be a resize: gathers of pixels, or products, along one axis or two."""
        graph = self.graph
        self._makers = {out: node for node in graph.nodes for out in node.outputs}
        for place in (*graph.outputs, *(n for node in graph.nodes for n in node.inputs)):
            self._readers[place] = self._readers.get(place, 0) + 1
        taken = set[tuple[int, ...]]()
        for node in reversed(graph.nodes):
            if node.op not in LABELS or node.outputs in taken:
                continue
            last = self._step(node)
            if last is None:
                continue
            maker = self._makers.get(last.before)
            single = self._readers.get(last.before) == 1 and maker is not None
            first = self._step(maker) if single and maker and maker.op == node.op else None
            steps = (last,) if first is None or first.axis == last.axis else (first, last)
            by_axis = {step.axis: step for step in steps}
            one = Separable(node, LABELS[node.op], last.version, steps[0].before, by_axis)
            taken |= one.nodes
            yield one

    def _step(self, node: Node) -> Step | None:
        """Return the step that an operator ends; None where it ends none."""
        ends = *node.inputs[:2], *node.outputs
        if len(node.inputs) < 2 or len(node.outputs) != 1 or min(ends) < 0:
            return None
        return self._gather(node) if node.op == "GATHER" else self._product(node)

    def _lengths(self, place: int) -> tuple[int, ...] | None:
        shape = self.graph.values[place].shape if place >= 0 else None
        if shape is None or not all(isinstance(n, int) for n in shape):
            return None
        return tuple(n for n in shape if isinstance(n, int))

    def _gather(self, node: Node) -> Step | None:
        """Return a gather of pixels along one axis of an image."""
        options, image = node.options(23), self._lengths(node.inputs[0])
        axis = 0 if options is None else options.number(0, "i")
        if image is None or len(image) != 4 or axis % 4 not in MOVED:
            return None
        if options is not None and options.number(1, "i"):
            return None
        shape = self._constant(node.inputs[1], WHOLE, 1)
        if shape is None:
            return None
        nodes, n_in = (node.outputs,), image[axis % 4]
        return Step(axis % 4, node.inputs[0], node.version, nodes, node.inputs[1], n_in, shape[0])

    def _product(self, node: Node) -> Step | None:
        """Return a product with a matrix along one axis of an image, whose others are two."""
        product = self._makers.get(node.inputs[0])
        after = self._lengths(node.outputs[0])
        if product is None or product.op != PRODUCT or after is None or len(after) != 4:
            return None
        options = product.options(101)
        if len(product.inputs) != 2 or (
            options is not None and (options.flag(0) or options.flag(1))
        ):
            return None
        flat = self._makers.get(product.inputs[1])
        if (
            flat is None
            or flat.op != "RESHAPE"
            or not flat.inputs
            or not self._alone(product, flat)
        ):
            return None
        weights = self._constant(product.inputs[0], FLOATS, 3)
        image, inside = self._lengths(flat.inputs[0]), self._lengths(flat.outputs[0])
        if weights is None or weights[0] != 1 or image is None or len(image) != 4:
            return None
        _, n_out, n_in = weights
        for axis in MOVED:
            outer, inner = prod(image[:axis]), prod(image[axis + 1 :])
            made = (*image[:axis], n_out, *image[axis + 1 :])
            if inside == (outer, n_in, inner) and image[axis] == n_in and made == after:
                nodes = node.outputs, product.outputs, flat.outputs
                at = flat.inputs[0], product.version, nodes, product.inputs[0]
                return Step(axis, *at, n_in, n_out)
        return None

    def _alone(self, *nodes: Node) -> bool:
        """Whether what operators make is read once."""
        return all(self._readers.get(one.outputs[0]) == 1 for one in nodes)

    def _constant(self, place: int, kinds: Mapping[str, str], rank: int) -> tuple[int, ...] | None:
        """Return the lengths of a constant of a rank and of some types; None where it is none."""
        shape = self._lengths(place)
        if shape is None or len(shape) != rank:
            return None
        value = self.graph.values[place]
        kind = kinds.get(value.dtype)
        if value.data is None or kind is None:
            return None
        size = int(kind[-1]) * prod(shape)
        return shape if 0 < size <= LARGEST and length_of(value.data) == size else None

    def weights(self, step: Step) -> "Array | None":
        """Return pixels of shape (n_out,), or weights of shape (n_out, n_in).

        None for pixels outside the image, and for weights whose rows do not add up to 1.
        """
        import numpy as np

        value = self.graph.values[step.constant]
        data = value.data or b""
        if value.dtype in WHOLE:
            spend(length_of(data) // A_STEP)
            pixels = np.frombuffer(self.contents.bytes_of(data), WHOLE[value.dtype])
            return pixels if pixels.min() >= 0 and pixels.max() < step.n_in else None
        size = 4 * step.n_in
        ends = self._part(data, 0, size), self._part(data, size * (step.n_out - 1), size)
        if not all(
            np.isfinite(row).all() and abs(float(row.sum(dtype=np.float64)) - 1) < SUMS
            for row in ends
        ):
            return None  # learnt weights are not read any further
        spend(length_of(data) // A_STEP)
        whole = self._part(data, 0, size * step.n_out)
        return whole.reshape(step.n_out, step.n_in) if np.isfinite(whole).all() else None

    def _part(self, data: Span | bytes, start: int, size: int) -> "NDArray[np.float32]":
        import numpy as np

        if isinstance(data, Span):
            found = self.contents.bytes_of(Span(data.start + start, size))
        else:
            found = data[start : start + size]
        return np.frombuffer(found, "<f4")
