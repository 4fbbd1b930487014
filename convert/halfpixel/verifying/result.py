"""What two sides are compared by, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from halfpixel.intents.pairing import Pairing
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.verifying.measure import TOLERANCES, Difference, Tolerance
from halfpixel.verifying.side import Divergence


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """How two sides are compared.

    Attributes:
        feeds: what they are run with.
        tolerances: what counts as equal, by element type.
        fallback: a node that the asked provider leaves to the CPU is no error.
        optimiser: onnxruntime's optimised run is held against the plain one too.
        task: what the outputs are for: argmax, boxes, depth; empty for none.
    """

    feeds: FeedSettings = field(default_factory=FeedSettings)
    tolerances: Mapping[str, Tolerance] = field(default_factory=lambda: TOLERANCES)
    fallback: bool = False
    optimiser: bool = True
    task: str = ""


def shapes_text(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return shapes as `--shape` takes them."""
    return ", ".join(f"{name}={'x'.join(map(str, shape))}" for name, shape in shapes.items())


@dataclass(frozen=True, slots=True)
class Output:
    """How one output differs, at its worst over all cases.

    Attributes:
        name: its name on the first side.
        other: its name on the second.
        dtype: its element type; both where the sides have different ones.
        difference: how it differs.
        task: the task's own measures.
        blank: both are one number throughout, nothing finite, or too small to tell: nothing was
            compared.
    """

    name: str
    other: str
    dtype: str
    difference: Difference
    task: Mapping[str, float] = field(default_factory=dict[str, float])
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One run of both sides.

    Attributes:
        shapes: shapes of the inputs.
        outputs: how each output differs.
        refused: who refuses these inputs, in its words; empty where both run.
        equal: whether the sides do the same: equal outputs, or both refuse.
    """

    shapes: Mapping[str, tuple[int, ...]]
    outputs: tuple[Output, ...] = ()
    refused: str = ""
    equal: bool = True

    @property
    def blank(self) -> bool:
        """Whether every output is blank."""
        return bool(self.outputs) and all(one.blank for one in self.outputs)

    @property
    def lengths(self) -> str:
        """The shapes of the inputs, as `--shape` takes them.

        >>> Case({"x": (1, 3, 8, 8)}).lengths
        'x=1x3x8x8'
        """
        return shapes_text(self.shapes)


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of comparing two sides.

    Attributes:
        names: the two sides.
        cases: the runs.
        first: where the sides part.
        optimiser: what a runtime's own optimiser changes, a line each.
        suspected: a site of which check has something to say, where no run tells more.
        placement: execution provider of each node, by side.
        pairing: which sites of two files belong together, and how they differ; None where
            not both sides are files of their own. It does not decide whether sides are equal.
    """

    names: tuple[str, str]
    cases: tuple[Case, ...]
    first: Divergence | None = None
    optimiser: tuple[str, ...] = ()
    suspected: str = ""
    placement: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    pairing: Pairing | None = None

    @property
    def equal(self) -> bool:
        """Whether every case is equal, and at least one ran."""
        return all(case.equal for case in self.cases) and any(c.outputs for c in self.cases)

    @property
    def compared(self) -> bool:
        """Whether anything that tells something was compared."""
        return any(case.outputs and not case.blank for case in self.cases)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Every output at its worst."""
        worst: dict[str, Output] = {}
        for output in (one for case in self.cases for one in case.outputs):
            known = worst.get(output.name)
            if known is None or output.difference.rank > known.difference.rank:
                worst[output.name] = output
        return tuple(worst.values())
