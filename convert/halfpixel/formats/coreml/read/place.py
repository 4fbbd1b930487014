"""Where a site stands in a Core ML model, and what the two kinds of model share about sites."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.coreml.axes import InputShape
from halfpixel.conventions.meaning import Meaning, check_lengths
from halfpixel.conventions.torch.text import claim
from halfpixel.conventions.vocabulary import Attributes
from halfpixel.errors import ConventionError, GraphError
from halfpixel.formats.coreml.messages import MilOperation
from halfpixel.formats.coreml.read.layer import NetworkLayer
from halfpixel.formats.coreml.read.program import MilScope
from halfpixel.formats.coreml.read.specification import Leaf
from halfpixel.sampling import ConvTranspose
from halfpixel.site import Operation, Site, known
from halfpixel.work import PLAIN, TooMuchWork, one_node, spend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array
    from halfpixel.site import Compute
    from halfpixel.surroundings import Shape


LONGEST: Final = (1 << 31) - 1
"""Longest axis: a length is an int32."""


class MilPlace(Struct, frozen=True):
    """An operation of an ML Program.

    Attributes:
        scope: the block that it stands in.
        index: its place in the block.
    """

    scope: MilScope
    index: int

    @property
    def operation(self) -> MilOperation:
        """The operation."""
        return self.scope.block.operations[self.index]


class CoremlPlace(Struct, frozen=True):
    """A site of a Core ML model.

    Attributes:
        site: the site.
        leaf: the program or network that it stands in.
        data: the value that is resampled.
        output: the value that it makes.
        inputs: every value that it reads, what is resampled first.
        node: where it stands.
        last: it makes an output of the model, which nothing else in the model reads.
    """

    site: Site
    leaf: Leaf
    data: str
    output: str
    inputs: tuple[str, ...]
    node: MilPlace | NetworkLayer
    last: bool = False


Reading = tuple[Operation, "Compute"]
"""An operation with its operator, and the function that evaluates it."""


def site_of(  # noqa: PLR0913, PLR0917 - each is told by the file
    name: str,
    graph: Sequence[str],
    base: Operation,
    problem: str,
    describe: Callable[[], Reading],
    open_question: Callable[[str, Attributes, InputShape], str],
) -> Site:
    """Return a site, described as far as it can be.

    Args:
        name: its name.
        graph: the parts of the path to where it stands; empty ones are left out.
        base: what is known of it before it is described.
        problem: why it cannot be described; empty where it can.
        describe: returns the operation with its operator, and how it is evaluated.
        open_question: says what Apple leaves open about it.
    """
    found, compute = base, refusing(name, problem)
    unjudged = False
    if not problem:
        try:
            with one_node():
                spend(PLAIN)
                found, compute = describe()
            doubt = open_question(base.op, base.attributes, found.lengths[0])
            if doubt and cuts_nothing(found):
                doubt = ""
            found = replace(found, doubt=doubt)
        except ConventionError as error:
            problem, unjudged = str(error), isinstance(error, TooMuchWork)
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            problem = f"a parameter is of the wrong kind: {error}"
    if problem:
        found = replace(base, problem=problem, unjudged=unjudged)
        compute = refusing(name, problem)
    return Site(name, found, "/".join(filter(None, graph)), compute=compute)


def cuts_nothing(found: Operation) -> bool:
    """Whether a deconvolution's fixed output lengths are those that it has without them.

    With the very lengths that its padding leaves, no end is cut more than the other; a layer of a
    neural network halves what is too much, which is its padding where that is the same at both.
    """
    meant, given = found.operator, found.attributes
    fixed = given.get("output_shape", given.get("outputShape"))
    if not isinstance(meant, ConvTranspose) or not isinstance(fixed, tuple):
        return False
    axes = len(meant.kernel)
    network = "outputShape" in given
    pads = given.get("borderAmounts" if network else "pad", ())
    if not isinstance(pads, tuple) or given.get("pad_type", "custom") != "custom":
        pads = ()
    around = [int(n) for n in pads] if len(pads) == 2 * axes else [0] * (2 * axes)
    for axis, (n, length) in enumerate(zip(found.lengths[0][-axes:], fixed[-axes:], strict=True)):
        begin, end = around[2 * axis], around[2 * axis + 1]
        if n is None or (network and begin != end):
            return False
        if meant.strides[axis] * (n - 1) + meant.reach(axis) - begin - end != length:
            return False
    return True


def settle(base: Operation, meaning: Meaning) -> Operation:
    """Complete a resize with what its lengths mean: shapes, and the PyTorch call."""
    shape_in: Shape = base.input_shape or (None,) * meaning.rank
    shape_out = list(base.output_shape or (None,) * meaning.rank)
    if len(shape_out) != meaning.rank:
        raise ConventionError(f"output has rank {len(shape_out)}, input {meaning.rank}")
    slack = 1 if base.by == "scales" else 0  # by the version of numpy that multiplied
    for axis, length in enumerate(meaning.sizes or ()):
        told = shape_out[axis]
        if length is None:
            continue
        if not isinstance(told, int):
            shape_out[axis] = length
        elif abs(told - length) > slack:
            raise ConventionError(f"axis {axis} is declared {told} long, and would be {length}")
    ins, outs = known(shape_in, meaning.rank), known(tuple(shape_out), meaning.rank)
    check_lengths(meaning.resize, ins, outs, LONGEST)
    scales = meaning.scales if base.by == "scales" else None
    whole = scales is not None and all(factor == int(factor) for factor in scales)
    every = frozenset(range(meaning.rank))
    found = claim(meaning.resize, scales if whole else None, ins, outs, every)
    settled = base.settled(meaning, tuple(shape_out))
    return replace(settled, torch_call=found.call, torch_where=found.where)


def resize_compute(
    name: str,
    meant: Callable[[Sequence[int]], Meaning],
    declared: tuple[tuple[int | None, ...], tuple[int | None, ...]],
) -> "Compute":
    """Return the function that evaluates a resize at the lengths that it is given."""

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x = inputs[0]
        try:
            meaning = meant(x.shape)
            sizes = meaning.sizes or (None,) * x.ndim
            told = declared[1] if tuple(x.shape) == declared[0] else (None,) * x.ndim
            outs = list(x.shape)
            for axis, _ in meaning.resize.axes:
                length = sizes[axis] if sizes[axis] is not None else told[axis]
                if length is None:
                    raise GraphError("", name, "cannot be evaluated: output lengths are not known")
                outs[axis] = length
            return meaning.resize.evaluate(x, outs)
        except (ConventionError, ValueError) as error:
            raise GraphError("", name, f"cannot be evaluated: {error}") from error

    return compute


def refusing(name: str, problem: str) -> "Compute":
    """Return the function of a site that cannot be described."""

    def compute(_inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        raise GraphError("", name, f"cannot be evaluated: {problem}")

    return compute


def guarded(name: str, compute: "Compute") -> "Compute":
    """Turn a misfit of shapes into one clear line."""

    def inner(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        try:
            return compute(inputs)
        except (ValueError, IndexError) as error:
            raise GraphError("", name, f"cannot be evaluated: {error}") from error

    return inner


def alike(one: "Site", other: "Site") -> bool:
    """Whether two sites are the same; of one that was too much work, what its file says."""
    if not (one.operation.unjudged or other.operation.unjudged):
        return one == other
    first, second = ((s.name, s.graph, s.op, s.operation.attributes) for s in (one, other))
    return first == second
