"""What a site is: one resampling operator in a model.

A `Site` says where the operator stands and what it computes; its `Operation` is the part without
the place, shared by all sites that are alike: 20 000 equal resizes are judged once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from halfpixel.dialect import ONNX, Dialect
from halfpixel.errors import GraphError
from halfpixel.origin import UNKNOWN, Intent, Operator, Origin
from halfpixel.sampling import AffineGrid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.conventions.meaning import Meaning

    Compute = Callable[[Sequence[NDArray[np.generic]]], NDArray[np.float64]]

Dim = int | str | None
"""A length: a number, a symbol such as "height", or None where it is unknown."""
Shape = tuple[Dim, ...]
Lengths = tuple[int | None, ...]
"""Known lengths, None each where a length is unknown."""

Attribute = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StridedLayer:
    """A convolution or pooling on the way to a site, as far as alignment rules ask.

    Attributes:
        op: node type.
        kernel, strides: lengths of its kernel, and its strides.
        same: padded so that length n becomes ceil(n / stride).
    """

    op: str
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    same: bool


@dataclass(frozen=True, slots=True)
class FreeLengths:
    """Lengths that the graph computes from the model's own free dimensions.

    Attributes:
        trials: (input, output lengths) of the site's spatial axes, one pair for each trial.
        tables: for a gather, the rows read along each axis at those lengths.
        factors: float constants that lengths are multiplied by.
        windows: (axis, input, output length) of windows that are averaged and not PyTorch's.
    """

    trials: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()
    tables: tuple[tuple[tuple[int, ...], ...], ...] = ()
    factors: tuple[float, ...] = ()
    windows: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """A length that what reads a site's output asks for.

    Attributes:
        axis: of the site's output; None where `length` is the number of all its elements.
        length: the length.
        by: what asks: the op type and the name of a node, or "the model's output".
        inferred: shape inference, which rounds in float64, compares the two before a run does.
    """

    axis: int | None
    length: int
    by: str
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """What stands at one input of a node.

    Attributes:
        role: the input's name in the operator's own list.
        dtype: its element type; empty where unknown.
        state: "left out" (nothing connected), "empty" (a constant of no element), "empty in a run".
    """

    role: str
    dtype: str = ""
    state: Literal["", "left out", "empty", "empty in a run"] = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a site in its graph, as far as a rule asks.

    One more fact is one more field here, one line in each format that reads it, and the rule.

    Attributes:
        layers: convolutions and poolings between the model's input and the site.
        model_shape: shape of the model's first image input.
        joined: an operator that needs equal lengths (Add, Concat ...) reads the output.
        fed_by: operator that made the grid of a GridSample, where it is a site itself.
        free_lengths: lengths at trial sizes, where the graph computes them.
        needs: lengths that readers of the output ask for, where the output's own are in doubt.
        inputs: what stands at the inputs of an ONNX resize beside its data.
        transposed: "to NCHW" or "to NHWC" where it stands between such a Transpose and another.
        ranges: input lengths that free axes take, where the file says so: (axis, lengths).
        frozen: a constant of the file is resampled, though the model's inputs have free lengths.
    """

    layers: tuple[StridedLayer, ...] = ()
    model_shape: Shape | None = None
    joined: bool = False
    fed_by: AffineGrid | None = None
    free_lengths: FreeLengths = FreeLengths()
    needs: tuple[Need, ...] = ()
    inputs: tuple[Input, ...] = ()
    transposed: str = ""
    ranges: tuple[tuple[int, range], ...] = ()
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What a site is, without its place: what it computes, its surroundings and its origin.

    Attributes:
        op: node type as the file has it.
        opset: version of its operator set; for Core ML the specification version.
        attributes: the node's attributes as written, defaults left out.
        operator: the exact description; None where there is none, with the reason in `problem`.
        input_shape: shape of its first input; None where not even the rank is known.
        output_shape: shape of its first output, as computed where that can be told, else declared.
        torch_call: the PyTorch call that it is, as Python; None where there is none.
        torch_where: at which lengths it is that call, in words; empty for all that it can take.
        scales: scales one an axis, where scales were given and are constant.
        sizes: output lengths one an axis, where sizes were given; None each where unknown.
        by: "scales" or "sizes" for a resize, else empty.
        constant_lengths: the sizes or scales are constants in the file.
        dtype: element type of the input, as ONNX names it; empty where unknown.
        grid_dtype: element type of a GridSample's grid, likewise.
        hidden: for a resize written in other operators, which ones.
        problem: why the node cannot be described.
        unjudged: it was too much work, as `problem` says.
        dialect: whose words `op`, `opset` and `attributes` are.
        doubt: why devices may differ in what it computes, where the documents leave it open.
        declared: shape of its first output as the file itself declares it; None where it does not.
        since: version that an operator with these very parameters came with; 0 where unknown.
        surroundings: what stands around it.
        origin: who wrote it, what was meant, and where it will run.
        intent: what was meant, where that is known: its origin says so.
        rank: rank of the input, as far as it is known; 4 where it is not.
        lengths: the known input and output lengths, None each where unknown.
    """

    op: str
    opset: int
    attributes: Mapping[str, Attribute]
    operator: Operator | None
    input_shape: Shape | None = None
    output_shape: Shape | None = None
    torch_call: str | None = None
    torch_where: str = ""
    scales: tuple[float, ...] | None = None
    sizes: tuple[int | None, ...] | None = None
    by: str = ""
    constant_lengths: bool = True
    dtype: str = ""
    grid_dtype: str = ""
    hidden: str = ""
    problem: str = ""
    unjudged: bool = False
    dialect: Dialect = ONNX
    doubt: str = ""
    since: int = 0
    declared: Shape | None = None
    surroundings: Surroundings = Surroundings()
    origin: Origin = UNKNOWN
    intent: Intent | None = field(init=False, repr=False, compare=False)
    rank: int = field(init=False, repr=False, compare=False)
    lengths: tuple[Lengths, Lengths] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what every rule asks."""
        shape = self.input_shape or self.output_shape
        rank = 4 if shape is None else len(shape)
        lengths = known(self.input_shape, rank), known(self.output_shape, rank)
        object.__setattr__(self, "intent", self.origin.intent)
        object.__setattr__(self, "rank", rank)
        object.__setattr__(self, "lengths", lengths)

    @property
    def claim(self) -> str | None:
        """The PyTorch call that it is, with the lengths at which it is as a comment behind it."""
        where = f"  # {self.torch_where}" if self.torch_where else ""
        return None if self.torch_call is None else f"{self.torch_call}{where}"

    @property
    def version(self) -> str:
        """The version of `op`, as its framework counts."""
        return self.dialect.version(self.opset)

    @property
    def spatial(self) -> int:
        """How many axes a resize is over."""
        return self.dialect.spatial_axes(self.rank)

    def settled(self, meaning: "Meaning", shape_out: Shape) -> "Operation":
        """Return a resize with what its lengths mean: shape, scales and sizes."""
        scales = meaning.scales if self.by == "scales" else None
        found = replace(self, operator=meaning.resize, scales=scales, sizes=meaning.sizes)
        return replace(found, output_shape=shape_out)

    def meaning(self, intent: Intent | None) -> "Operation":
        """Return it with what was meant."""
        return replace(self, origin=replace(self.origin, intent=intent))


def known(shape: Shape | None, rank: int) -> Lengths:
    """Return a shape with symbols and unknowns as None.

    >>> known((1, "height", None), 3)
    (1, None, None)
    """
    dims = (None,) * rank if shape is None else shape
    return tuple([dim if isinstance(dim, int) else None for dim in dims])


@dataclass(frozen=True, slots=True)
class Site:
    """One resampling operator in a model.

    Attributes:
        name: the node's name, or its first output where it has none.
        graph: path of the subgraph or function it stands in; empty in the main graph.
        operation: what it computes.
        source: "file.py:line" of the user's own call, where the exporter recorded it.
        source_text: that line itself.
        compute: how `evaluate` computes the output from the node's inputs.
        op: node type, such as Resize.
        opset: version of the node's operator set.
        operator: the exact description; None where the node cannot be described.
        intent: what was meant, where that is known.
    """

    name: str
    operation: Operation
    graph: str = ""
    source: str | None = None
    source_text: str = ""
    compute: "Compute | None" = field(default=None, compare=False, repr=False)
    op: str = field(init=False, compare=False, repr=False)
    opset: int = field(init=False, compare=False, repr=False)
    operator: Operator | None = field(init=False, compare=False, repr=False)
    intent: Intent | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Have at hand what every rule asks first."""
        for name in ("op", "opset", "operator", "intent"):
            object.__setattr__(self, name, getattr(self.operation, name))

    @property
    def path(self) -> str:
        """Its name, with the subgraph or function it stands in before it."""
        return f"{self.graph}/{self.name}" if self.graph else self.name

    @property
    def torch_call(self) -> str | None:
        """The PyTorch call that the site is, as Python; None where PyTorch has none."""
        return self.operation.torch_call

    @property
    def input_shape(self) -> Shape | None:
        """Shape of the first input: numbers, symbols, or None for an unknown length."""
        return self.operation.input_shape

    @property
    def output_shape(self) -> Shape | None:
        """Shape of the first output, likewise."""
        return self.operation.output_shape

    def evaluate(self, *inputs: "NDArray[np.generic]") -> "NDArray[np.float64]":
        """Compute the site's output in float64, from its exact description.

        Args:
            inputs: the node's tensor inputs, in order: all, or those that are no constants.

        Raises:
            GraphError: the node cannot be described, or the inputs do not fit it.
        """
        if self.compute is None:
            reason = self.operation.problem or "its lengths are not known"
            raise GraphError("", self.name, f"cannot be evaluated: {reason}")
        return self.compute(inputs)
