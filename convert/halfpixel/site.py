"""What a site is: one resampling operator in a model.

A `Site` says where the operator stands and what it computes; `Operation`, the part without the
place, is shared by all sites that are alike: twenty thousand equal resizes are judged once.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import astuple, replace

from halfpixel.dialect import ONNX, Dialect
from halfpixel.errors import GraphError
from halfpixel.origin import UNKNOWN, Intent, Operator, Origin
from halfpixel.surroundings import Shape, Surroundings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.conventions.meaning import Meaning

    Compute = Callable[[Sequence[NDArray[np.generic]]], NDArray[np.float64]]

Lengths = tuple[int | None, ...]
"""Known lengths, None each where a length is unknown."""

Attribute = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]


class Operation(Struct, frozen=True):
    """What a site is, without its place: what it computes, its surroundings and its origin.

    Attributes:
        op: node type as the file has it.
        opset: version of its operator set; for Core ML the specification version.
        attributes: the node's attributes as written, defaults left out.
        operator: the exact description; None where there is none, with the reason in `problem`.
        input_shape: shape of its first input; None where not even the rank is known.
        output_shape: shape of its first output, as computed where that can be told, else declared.
        torch_call: the PyTorch call that it is, as Python; None where there is none.
        torch_where: at which lengths it is that call; empty for all that it can take.
        scales: scales one an axis, where scales were given and are constant.
        sizes: output lengths one an axis, where sizes were given; None each where unknown.
        by: "scales" or "sizes" for a resize, else empty.
        constant_lengths: the sizes or scales are constants in the file.
        dtype: element type of the input, as ONNX names it; empty where unknown.
        grid_dtype: element type of a GridSample's grid, likewise.
        hidden: for a resize written in other operators, which ones.
        problem: why the node cannot be described; `unjudged` where it was too much work.
        dialect: whose words `op`, `opset` and `attributes` are.
        doubt: why devices may differ in what it computes, where the documents leave it open.
        declared: shape of its first output as the file itself declares it; None where it does not.
        since: version that an operator with these very parameters came with; 0 where unknown.
        surroundings: what stands around it.
        origin: who wrote it, what was meant, and where it will run.
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

    @property
    def intent(self) -> Intent | None:
        """What was meant, where that is known: its origin says so."""
        return self.origin.intent

    @property
    def rank(self) -> int:
        """Rank of the input, as far as it is known; 4 where it is not."""
        shape = self.output_shape if self.input_shape is None else self.input_shape
        return 4 if shape is None else len(shape)

    @property
    def lengths(self) -> tuple[Lengths, Lengths]:
        """The known input and output lengths, None each where unknown."""
        return known(self.input_shape, self.rank), known(self.output_shape, self.rank)

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
        shaped = replace(self, output_shape=shape_out, sizes=meaning.sizes)
        return replace(shaped, operator=meaning.resize, scales=scales)

    def meaning(self, intent: Intent | None) -> "Operation":
        """Return it with what was meant."""
        return replace(self, origin=replace(self.origin, intent=intent))


def known(shape: Shape | None, rank: int) -> Lengths:
    """Return a shape with symbols and unknowns as None.

    >>> known((1, "height", None), 3)
    (1, None, None)
    """
    if shape is None:
        return (None,) * rank
    return tuple([dim if isinstance(dim, int) else None for dim in shape])


class Site(Struct, frozen=True, eq=False, repr_omit_defaults=True):
    """One resampling operator in a model; two are equal whatever computes their outputs.

    Attributes:
        name: the node's name, or its first output where it has none.
        graph: path of the subgraph or function it stands in; empty in the main graph.
        operation: what it computes.
        source: "file.py:line" of the user's own call, where the exporter recorded it.
        source_text: that line itself.
        suppressed: what the node's own metadata says of findings that are known, as it is written.
        compute: how `evaluate` computes the output from the node's inputs.
    """

    name: str
    operation: Operation
    graph: str = ""
    source: str | None = None
    source_text: str = ""
    suppressed: str = ""
    compute: "Compute | None" = None

    def __eq__(self, other: object) -> bool:
        """Compare what a site is, not what computes its output."""
        return isinstance(other, Site) and astuple(self)[:-1] == astuple(other)[:-1]

    def __hash__(self) -> int:
        """Of all that is compared."""
        return hash(astuple(self)[:-1])

    @property
    def op(self) -> str:
        """Node type, such as Resize."""
        return self.operation.op

    @property
    def opset(self) -> int:
        """Version of the node's operator set."""
        return self.operation.opset

    @property
    def operator(self) -> Operator | None:
        """The exact description; None where the node cannot be described."""
        return self.operation.operator

    @property
    def intent(self) -> Intent | None:
        """What was meant, where that is known."""
        return self.operation.intent

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


def operation_key(operation: Operation) -> object:
    """Return what makes two operations alike, hashable."""
    return (
        operation.op,
        operation.opset,
        tuple(sorted(operation.attributes.items())),
        operation.operator,
        operation.input_shape,
        operation.output_shape,
        operation.declared,
        operation.scales,
        operation.sizes,
        operation.by,
        operation.constant_lengths,
        operation.dtype,
        operation.grid_dtype,
        operation.hidden,
        operation.problem,
        operation.torch_where,
        operation.torch_call,
        operation.dialect,
        operation.doubt,
        operation.since,
        operation.unjudged,
        operation.surroundings,
        operation.origin,
    )
