"""A resize that is written as one step an axis: GATHERs of pixels, or products with matrices.

That is how a fix writes what no flags say (`write/rewrite.py`): a GATHER along the rows and one
along the columns, or for each a RESHAPE to three axes, a BATCH_MATMUL with a constant, and a
RESHAPE back. Pixels and weights are compared with those of PyTorch's calls, by size and by factors.
"""

from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from halfpixel.formats.litert.graph import Graph, Node
from halfpixel.formats.litert.read.contents import Contents
from halfpixel.formats.litert.read.sought import PRODUCT
from halfpixel.formats.litert.read.writing import length_of
from halfpixel.work import spend

if TYPE_CHECKING:
    from halfpixel.arrays import Array

MOVED: Final = (1, 2)
"""Axes of an image with the channels last that are resampled."""

LARGEST: Final = 1 << 24
"""Bytes of pixels and weights of one step that are looked at."""

A_STEP: Final = 256
"""Bytes that are looked at in the time of a step of work."""

WHOLE: Final = 1e-4
"""By how much the weights of an output sample of a resize may differ from 1 together."""

BACK: Final = 0.5
"""Input pixels that a row may read before the one above it: cubic kernels overshoot."""

LABELS: Final = {"GATHER": "GATHER", "RESHAPE": PRODUCT}
"""What a resize is written as, by the operator that ends it."""


class Step(Struct, frozen=True):
    """One axis of a resize.

    Attributes:
        axis: with the channels last.
        before: number of the tensor that is resampled.
        version: of the operator that it is.
        nodes: the outputs of the operators that it is written in.
        weights: of shape (n_out, n_in), or the pixel that each output is, of shape (n_out,).
        n_in: input length.
    """

    axis: int
    before: int
    version: int
    nodes: tuple[tuple[int, ...], ...]
    weights: "Array"
    n_in: int


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
            if node.op == "GATHER" and not any(map(_moves, steps)):
                continue
            by_axis = {step.axis: step for step in steps}
            one = Separable(node, LABELS[node.op], last.version, steps[0].before, by_axis)
            taken |= one.nodes
            yield one

    def _step(self, node: Node) -> Step | None:
        """Return the step that an operator ends; None where it ends none."""
        if len(node.inputs) < 2 or len(node.outputs) != 1 or min(*node.inputs[:2]) < 0:
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
        pixels = self._array(node.inputs[1], {"INT32": "<i4", "INT64": "<i8"}, 1)
        if image is None or len(image) != 4 or pixels is None or axis % 4 not in MOVED:
            return None
        if (options is not None and options.number(1, "i")) or not pixels.size:
            return None
        if pixels.min() < 0 or pixels.max() >= image[axis % 4]:
            return None
        return Step(
            axis % 4, node.inputs[0], node.version, (node.outputs,), pixels, image[axis % 4]
        )

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
        weights = self._array(product.inputs[0], {"FLOAT32": "<f4"}, 3)
        image, inside = self._lengths(flat.inputs[0]), self._lengths(flat.outputs[0])
        if weights is None or image is None or len(image) != 4 or len(weights) != 1:
            return None
        (rows,) = weights
        for axis in MOVED:
            outer, inner = prod(image[:axis]), prod(image[axis + 1 :])
            made = (*image[:axis], len(rows), *image[axis + 1 :])
            if (
                inside == (outer, rows.shape[1], inner)
                and image[axis] == rows.shape[1]
                and made == after
                and _is_mean(rows)
            ):
                nodes = (node.outputs, product.outputs, flat.outputs)
                return Step(axis, flat.inputs[0], product.version, nodes, rows, image[axis])
        return None

    def _alone(self, *nodes: Node) -> bool:
        """Whether what operators make is read once."""
        return all(self._readers.get(one.outputs[0]) == 1 for one in nodes)

    def _array(self, place: int, kinds: Mapping[str, str], rank: int) -> "Array | None":
        """Return a constant of a rank and of some types; None where it is none."""
        value, shape = self.graph.values[place], self._lengths(place)
        kind = kinds.get(value.dtype)
        if value.data is None or kind is None or shape is None or len(shape) != rank:
            return None
        size = int(kind[-1]) * prod(shape)
        if not 0 < size <= LARGEST or length_of(value.data) != size:
            return None
        import numpy as np

        spend(size // A_STEP)
        return np.frombuffer(self.contents.bytes_of(value.data), kind).reshape(shape)


def _moves(step: Step) -> bool:
    """Whether a gather makes several pixels, and others than are there: no choice, and no copy."""
    pixels = step.weights.tolist()
    return len(pixels) > 1 and pixels != list(range(step.n_in))


def _is_mean(rows: "Array") -> bool:
    """Whether each row of a matrix comes to 1, and none reads before the one above it.

    A resize does so; a layer over the places of an image does not.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        wide = rows.astype(np.float64)
        sums, centres = wide.sum(axis=1), wide @ np.arange(rows.shape[1])
        whole = np.abs(sums - 1) <= WHOLE  # false of what is no number
        return bool(whole.all() and (np.diff(centres) > -BACK).all())
