"""Verify: whether two sides compute the same, by how much not, and where it starts.

A side is a model on a runtime, a PyTorch module, or recorded arrays. onnxruntime runs both with
graph optimisation off and at its default: what is deployed is compared, and a difference
between the two is told for itself, since its optimiser breaks some models that are right. Equal is
what the tolerance, the noise floor (`judge.py`) and the conventions of paired sites
(`conventions.py`) leave.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.boundary import boundary
from halfpixel.checking.check import Settings as CheckSettings
from halfpixel.checking.check import opened
from halfpixel.errors import ModelFileError, RuntimeRefusal, UsageError
from halfpixel.intents.pairing import Pairing, pair_sites
from halfpixel.runtime import Running, RunSettings, Side, runtime_of
from halfpixel.runtimes.named import check_there
from halfpixel.runtimes.recorded_ import Recorded
from halfpixel.verifying.conventions import Conventions
from halfpixel.verifying.driven import Driven
from halfpixel.verifying.elsewhere import sides_here
from halfpixel.verifying.inputs import refuse_shapes
from halfpixel.verifying.judge import ILL, judged
from halfpixel.verifying.measure import TOLERANCES, Tolerance, at_precision
from halfpixel.verifying.noise import Noise
from halfpixel.verifying.optimised import Optimised
from halfpixel.verifying.parting.blame import refused_node, suspect, suspicions
from halfpixel.verifying.parting.conditioning import flipping_node
from halfpixel.verifying.parting.divergence import CLOSE
from halfpixel.verifying.parting.first import Found, first_divergence
from halfpixel.verifying.parting.inside import with_inner_sites
from halfpixel.verifying.parting.places import pair_by_place
from halfpixel.verifying.result import (
    Case,
    Output,
    Verification,
    VerifySettings,
    compare_outputs,
    pair_outputs,
    shapes_text,
)
from halfpixel.verifying.side import Refused, Stage, Started, in_one_layout

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays
    from halfpixel.format import Opened

    Returned = dict[str, Array] | str


WARNINGS: Final = CheckSettings(severity="warning")


def verify(
    a: object,
    b: object,
    settings: VerifySettings | None = None,
    progress: Callable[[Stage], None] | None = None,
) -> Verification:
    """Compare two sides.

    Args:
        a: a side, its text (`model.onnx@cuda`), or a model in memory; one elsewhere
            (`s3://bucket/model.onnx`) is fetched whole, into a temporary folder.
        b: another one.
        settings: what they are run with, and what counts as equal.
        progress: told of every run before it is made, and of what came of a case.

    Returns:
        What differs. A model that a runtime refuses is a difference, not an exception.

    Raises:
        RuntimeFailure: a runtime or provider is missing, or leaves a node to another.
        ModelFileError: a file cannot be read.
        UsageError: no runtime takes a side, or no inputs can be made.
        MissingExtraError: an optional dependency is not installed.
    """
    with sides_here(a, b) as (left, right):
        for side in (left, right):
            check_there(side.source)
        with boundary(left.text if left == right else f"{left.text} and {right.text}"):
            return _Verifying(left, right, settings or VerifySettings(), progress).result()


@dataclass
class _Verifying:
    """Two sides on their way to a verdict."""

    left: Side
    right: Side
    settings: VerifySettings
    progress: Callable[[Stage], None] | None = None
    tolerances: Mapping[str, Tolerance] = field(init=False)
    pairing: Pairing | None = None

    def __post_init__(self) -> None:
        """Start from the tolerances that were asked for."""
        self.tolerances = self.settings.tolerances

    def result(self) -> Verification:
        """Return what differs."""
        if self.settings.feeds.shapes:
            models = [_model(side) for side in (self.left, self.right)]
            refuse_shapes(models, self.settings.feeds)
        sides: list[Started] = []
        for side in (self.left, self.right):
            if sides and side == self.left:
                sides.append(sides[0])
                break
            self._tell(Stage(f"loading {side.text}", 0, 1))
            try:
                sides.append(self._started(side))
            except RuntimeRefusal as refusal:
                case = Case({}, (), str(refusal), equal=False)
                out = Refused(side.text)
                broken = Started(out, out, _model(side))
                first = refused_node(broken, str(refusal), self._starter(side))
                suspected = "" if first else suspect(broken, WARNINGS)
                names = self.left.text, self.right.text
                return Verification(names, (case,), first, suspected=suspected)
        return self._compared(sides[0], sides[1])

    def _compared(self, a: Started, b: Started) -> Verification:
        self.tolerances = at_precision(self.settings.tolerances, (a.precision, b.precision))
        in_one_layout(a, b, self.settings.feeds.given)
        cases: list[Case] = []
        kept: list[Arrays] = []
        sought: Found | None = None
        optimised = Optimised(self.tolerances, self.settings.plain)
        inputs = Driven(a, b, self.settings.feeds)
        recorded = isinstance(b.running, Recorded)
        for feeds in inputs:
            at = shapes_text({name: array.shape for name, array in feeds.items()})
            count = len(cases), max(inputs.count, len(cases) + 1)
            self._tell(Stage(f"running {a.running.name} at {at}", *count))
            here = self._ran(a, feeds, optimised)
            if b is not a:
                self._tell(Stage(f"running {b.running.name} at {at}", *count))
            there = here if b is a else self._ran(b, feeds, optimised)
            self._tell(Stage(f"comparing at {at}", *count))
            if inputs.drops(feeds, here, there):
                continue
            case = replace(self._case(a, b, feeds, here, there), made=inputs.text)
            del here, there
            if inputs.learn(case):
                continue
            cases.append(case)
            kept.append(feeds)
            word = "equal" if case.equal else "different"
            self._tell(Stage(f"{word} at {at}", len(cases), count[1], result=True))
            if not case.equal and (sought is None or sought.first is None):
                sought = self._first(a, b, feeds, case, len(cases))
        if cases and all(case.equal and case.blank for case in cases) and not recorded:
            sought = self._first(a, b, kept[0], cases[0], 1)  # outputs tell nothing, values may
            cases[0] = replace(cases[0], equal=sought.first is None)
        first = None if sought is None else sought.first
        pairing = self._paired(a, b, kept)
        proven = None
        unnamed = first is None or all(case.equal for case in cases)
        if pairing is not None and self.usual and unnamed:
            asked = (a, b)
            if kept and any(pair.convention for pair in pairing.pairs):
                asked = with_inner_sites(a, kept[0]), with_inner_sites(b, kept[0])
            proven = Conventions(*asked, self.tolerances).proven(pairing, kept, cases)
        first = first if proven is None else proven.first
        differs = first is None and not all(case.equal for case in cases)
        unrun = tuple(inputs.unrun(pairing, lambda side: suspicions(side, WARNINGS)))
        suspected = next((one.node for one in unrun if one.suspected and first is None), "")
        if differs:
            suspected = suspect(a, WARNINGS) or suspect(b, WARNINGS)
        return Verification(
            (a.running.name, b.running.name),
            tuple(cases),
            first,
            tuple(optimised.lines),
            suspected,
            inputs.placement,
            pairing,
            "" if proven is None else proven.text,
            inputs.dropped,
            next(iter(inputs.refusals), ""),
            asked=not self.usual,
            tried=() if sought is None or not differs else sought.tried,
            unrun=unrun,
        )

    def _tell(self, stage: Stage) -> None:
        if self.progress is not None:
            self.progress(stage)

    @property
    def usual(self) -> bool:
        """Whether nobody said what counts as equal."""
        return self.settings.tolerances == TOLERANCES and ":" not in self.settings.task

    def _starter(self, side: Side) -> Callable[[bytes], object]:
        """Return what starts a model of one node where a side runs."""
        how = RunSettings(fallback=True)

        def start(model: bytes) -> object:
            alone = replace(side, source=model, label=side.text)
            return runtime_of(alone).started(alone, how)

        return start

    def _started(self, side: Side) -> Started:
        runtime = runtime_of(side)
        how = RunSettings(fallback=self.settings.fallback)
        plain: Running | None = None
        if runtime.optimises and self.settings.optimiser:
            with suppress(RuntimeRefusal):
                plain = runtime.started(side, replace(how, optimised=False))
        try:
            running = runtime.started(side, how)
        except RuntimeRefusal as refusal:
            if plain is None:
                raise
            return Started(plain, plain, getattr(plain, "model", None), refusal.reason)
        return Started(running, plain or running, getattr(running, "model", None))

    def _ran(self, side: Started, feeds: "Arrays", optimised: Optimised) -> "Returned":
        """Return what a side returns or why it refuses; learn what its optimiser changes."""
        try:
            found: Returned = side.running.run(side.fed(feeds))
        except RuntimeRefusal as refusal:
            found = str(refusal)
        if self.settings.optimiser:
            optimised.learn(side, feeds, found)
        return found

    def _case(
        self, a: Started, b: Started, feeds: "Arrays", here: "Returned", there: "Returned"
    ) -> Case:
        """Return how one run differs."""
        shapes = {name: array.shape for name, array in feeds.items()}
        if isinstance(here, str) or isinstance(there, str):
            refusals = [one for one in (here, there) if isinstance(one, str)]
            return Case(shapes, (), "; ".join(refusals), equal=len(refusals) == 2)
        pairs = pair_outputs(a, b, here, there)
        usual, task = self.settings.tolerances == TOLERANCES, self.settings.task
        outputs = tuple(
            compare_outputs(pairs, here, there, self.tolerances, usual=usual, task=task)
        )
        if a is not b:
            runs = Noise((a, b), feeds, (here, there))
            outputs = tuple(self._judged(one, here, there, runs) for one in outputs)
        equal = all(one.difference.equal for one in outputs)
        unloaded = "; ".join(f"{s.running.name}: {s.refused}" for s in (a, b) if s.refused)
        return Case(shapes, outputs, unloaded, equal=equal and not unloaded)

    def _judged(self, one: Output, here: "Arrays", there: "Arrays", runs: Noise) -> Output:
        """Return an output held against what it varies by and against the noise floor too."""
        if one.blank or one.name not in here or one.other not in there:
            return one
        arrays = here[one.name], there[one.other]
        feeds = runs.feeds
        found, measure = judged(one.difference, (one.name, one.other), arrays, runs)
        if measure is not None and measure.why.startswith(ILL):
            a, b = runs.sides
            node = flipping_node(a, feeds, one.name) or flipping_node(b, feeds, one.other)
            why = f"{measure.why}; one float step of the inputs flips {node}"
            measure = replace(measure, why=why) if node else measure
        return replace(one, difference=found if self.usual else one.difference, measure=measure)

    def _first(self, a: Started, b: Started, feeds: "Arrays", case: Case, done: int) -> Found:
        """Return the node that parts two sides at one case."""
        self._tell(Stage("looking for the node that parts them", done, done))
        if case.refused:
            for side, given in ((a, self.left), (b, self.right)):
                if side.running.name in case.refused:
                    return Found(refused_node(side, case.refused, self._starter(given)))
        closer = self.usual and not (a.precision or b.precision)
        tolerances = [self.tolerances, CLOSE] if closer else [self.tolerances]
        found = self._paired(a, b, [feeds])
        pairs = [] if found is None else [(pair.a, pair.b) for pair in found.pairs]
        return first_divergence((a, b), feeds, tolerances, pairs)

    def _paired(self, a: Started, b: Started, kept: "Sequence[Arrays]") -> Pairing | None:
        """Return the sites of two models in pairs, paired once."""
        if self.pairing is None and a is not b and a.model and b.model:
            self.pairing = pair_sites(a.sites, b.sites)
            if kept:
                self.pairing = pair_by_place(self.pairing, (a, b), kept[0], self.tolerances)
        return self.pairing


def _model(side: Side) -> "Opened | None":
    try:
        return opened(side.source)
    except (UsageError, ModelFileError):  # no model, but a module or recorded arrays
        return None
