"""What two sides are compared by, how their outputs differ, and what came of it in all."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.intents.pairing import Pairing
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.runtimes.recorded_ import Recorded
from halfpixel.verifying.blank import is_blank, may_be_residue, only_small
from halfpixel.verifying.judge import Measure
from halfpixel.verifying.measure import TOLERANCES, Difference, Tolerance, difference
from halfpixel.verifying.side import Divergence, Started, Unrun
from halfpixel.verifying.tasks import task_measure

if TYPE_CHECKING:
    from halfpixel.arrays import Arrays


Verdict = Literal["equal", "different", "nothing was compared", "not all was compared"]
"""What a comparison comes to: the exit code, the Python API and the pytest plugin follow it."""

LEFT: Final = "not all was compared"
"""The verdict where all that was compared is equal, and a suspected site never ran."""


def verdict_of(*, compared: bool, differs: bool, left: bool = False) -> Verdict:
    """Return what a comparison comes to.

    Args:
        compared: whether anything that tells something was compared.
        differs: whether something speaks against the sides being equal.
        left: whether a site is suspected that never ran.
    """
    if differs:
        return "different"
    if not compared:
        return "nothing was compared"
    return LEFT if left else "equal"


class VerifySettings(Struct, frozen=True):
    """How two sides are compared.

    Attributes:
        feeds: what they are run with.
        tolerances: what counts as equal, by element type.
        fallback: a node that the asked provider leaves to the CPU is no error.
        optimiser: onnxruntime's optimised run is held against the plain one too.
        task: what the outputs are for: argmax, boxes, depth; empty for none.
        plain: in how many cases it is held against the plain one; None for all of them.
    """

    feeds: FeedSettings = field(default_factory=FeedSettings)
    tolerances: Mapping[str, Tolerance] = field(default_factory=lambda: TOLERANCES)
    fallback: bool = False
    optimiser: bool = True
    task: str = ""
    plain: int | None = None


def shapes_text(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return shapes as `--shape` takes them."""
    return ", ".join(
        f"{name}={'x'.join(map(str, shape)) or 'a number'}" for name, shape in shapes.items()
    )


class Output(Struct, frozen=True):
    """How one output differs, at its worst over all cases.

    Attributes:
        name: its name on the first side.
        other: its name on the second.
        dtype: its element type; both where the sides have different ones.
        difference: how it differs.
        task: the task's own measures.
        blank: both are one number throughout, nothing finite, or too small to tell: nothing was
            compared.
        measure: how it differs beside what it varies by and beside the noise floor; None where
            it does not, and where its numbers are whole.
    """

    name: str
    other: str
    dtype: str
    difference: Difference
    task: Mapping[str, float] = field(default_factory=dict[str, float])
    blank: bool = False
    measure: Measure | None = None


class Case(Struct, frozen=True):
    """One run of both sides.

    Attributes:
        shapes: shapes of the inputs.
        outputs: how each output differs.
        refused: who refuses these inputs, in its words; empty where both run.
        equal: whether the sides do the same: equal outputs, or both refuse.
        made: what inputs look like that were made here; empty for others.
    """

    shapes: Mapping[str, tuple[int, ...]]
    outputs: tuple[Output, ...] = ()
    refused: str = ""
    equal: bool = True
    made: str = ""

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


class Verification(Struct, frozen=True):
    """What came of comparing two sides.

    Attributes:
        names: the two sides.
        cases: the runs.
        first: where the sides part.
        optimiser: what a runtime's own optimiser changes, a line each.
        suspected: a site of which check has something to say, where no run tells more.
        placement: execution provider of each node that ran, by side.
        pairing: which sites of two files belong together, and how they differ; None where
            not both sides are files of their own.
        proven: a pair of sites that is proven to follow two conventions, which decides; else empty.
        dropped: lengths that were made and that both sides refuse.
        refusal: what was said of the first of them.
        asked: --tolerance or --task says what is equal, and nothing else does.
        tried: what was held against each other where no node can be named, a phrase each.
        unrun: the sites that ran in no case, of both sides.
    """

    names: tuple[str, str]
    cases: tuple[Case, ...]
    first: Divergence | None = None
    optimiser: tuple[str, ...] = ()
    suspected: str = ""
    placement: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    pairing: Pairing | None = None
    proven: str = ""
    dropped: tuple[str, ...] = ()
    refusal: str = ""
    asked: bool = False
    tried: tuple[str, ...] = ()
    unrun: tuple[Unrun, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether something speaks against the sides being equal."""
        return bool(self.proven) or not all(case.equal for case in self.cases)

    @property
    def verdict(self) -> Verdict:
        """What it comes to.

        >>> Verification(("a", "b"), ()).verdict
        'nothing was compared'
        """
        left = not self.asked and any(one.suspected for one in self.unrun)
        return verdict_of(compared=self.compared, differs=self.differs, left=left)

    @property
    def equal(self) -> bool:
        """Whether something was compared, nothing speaks against it, and no suspect never ran."""
        return self.verdict == "equal"

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


def compare_outputs(  # noqa: PLR0913 - two runs, and what counts as equal
    pairs: Iterable[tuple[str, str]],
    here: "Arrays",
    there: "Arrays",
    tolerances: Mapping[str, Tolerance],
    *,
    usual: bool,
    task: str = "",
) -> Iterator[Output]:
    """Yield how the outputs of two runs differ.

    Args:
        pairs: names of outputs that belong together, on either side.
        here: what the first side returns.
        there: what the second does.
        tolerances: what counts as equal, by element type.
        usual: nobody asked for other tolerances: numbers that are small beside them tell nothing.
        task: what the outputs are for, and the least of its first measure: `argmax:0.99`.
    """
    task, _, limit = task.partition(":")
    for name, other in pairs:
        if name not in here or other not in there:
            missing = name if name not in here else other
            reason = f"there is no output {missing!r} on the other side"
            yield Output(name, other, "", Difference(equal=False, reason=reason))
            continue
        found = difference(here[name], there[other], tolerances)
        blank = is_blank(here[name]) and is_blank(there[other])
        if usual and found.equal and (why := only_small(here[name], there[other])):
            blank = may_be_residue(there[other])
            found = replace(found, equal=blank, reason=f"{why}; --tolerance says what is equal")
        types = dict.fromkeys(str(one.dtype) for one in (here[name], there[other]))
        measures = task_measure(task, here[name], there[other]) if task else {}
        if limit and measures:
            found = replace(found, equal=next(iter(measures.values())) >= float(limit))
        yield Output(name, other, " / ".join(types), found, measures, blank)


def pair_outputs(a: Started, b: Started, here: "Arrays", there: "Arrays") -> list[tuple[str, str]]:
    """Return the outputs of two sides in pairs: by name, the others by position.

    Recorded arrays hold inputs too, which are no outputs.
    """
    ours, theirs = list(here), list(there)
    inputs = {*a.names, *b.names}
    if isinstance(a.running, Recorded):
        ours = [name for name in here if name not in inputs]
    if isinstance(b.running, Recorded):
        theirs = [name for name in there if name not in inputs]
    shared = [name for name in ours if name in theirs]
    if isinstance(a.running, Recorded) or isinstance(b.running, Recorded):
        names = theirs if isinstance(a.running, Recorded) else ours
        if shared:
            return [(name, name) for name in names]
    left = [name for name in ours if name not in shared]
    right = [name for name in theirs if name not in shared]
    longer = left[len(right) :] or right[len(left) :]
    rest = [*zip(left, right, strict=False), *((name, name) for name in longer)]
    return [*((name, name) for name in shared), *rest]
