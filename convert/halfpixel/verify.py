"""Verify: whether two sides compute the same, by how much not, and where it starts.

A side is a model on a runtime, a PyTorch module, or recorded arrays. onnxruntime runs both with
graph optimisation off and at its default: what is deployed is compared, and a difference
between the two is told for itself, since its optimiser breaks some models that are right.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from halfpixel.divergence import Divergence, Search, Started, blamed
from halfpixel.errors import RuntimeRefusal, UsageError
from halfpixel.feeds import made
from halfpixel.measure import Difference, difference, task_measure
from halfpixel.runtime import Running, Settings, Side, parse_side, runtime_of
from halfpixel.runtimes.recorded_ import Recorded
from halfpixel.verification import Case, Output, Verification, VerifySettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.format import Opened

    Array = NDArray[np.generic]
    Feeds = Mapping[str, Array]
    Returned = dict[str, Array] | str


def verify(a: object, b: object, settings: VerifySettings | None = None) -> Verification:
    """Compare two sides.

    Args:
        a: a side, its text (`model.onnx@cuda`), or a model in memory.
        b: another one.
        settings: what they are run with, and what counts as equal.

    Returns:
        What differs. A model that a runtime refuses is a difference, not an exception.

    Raises:
        RuntimeFailure: a runtime or provider is missing, or leaves a node to another.
        ModelFileError: a file cannot be read.
        UsageError: no runtime takes a side, or no inputs can be made.
        MissingExtraError: an optional dependency is not installed.
    """
    return _Verifying(_side(a), _side(b), settings or VerifySettings()).result()


def _side(source: object) -> Side:
    if isinstance(source, Side):
        return source
    return parse_side(source) if isinstance(source, str) else Side(source)


@dataclass
class _Verifying:
    """Two sides on their way to a verdict."""

    left: Side
    right: Side
    settings: VerifySettings

    def result(self) -> Verification:
        """Return what differs."""
        sides: list[Started] = []
        for side in (self.left, self.right):
            if sides and side == self.left:
                sides.append(sides[0])
                break
            try:
                sides.append(self._started(side))
            except RuntimeRefusal as refusal:
                case = Case({}, (), str(refusal), equal=False)
                out = _Refused(side.text)
                first = blamed(Started(out, out, _model(side)), str(refusal))
                return Verification((self.left.text, self.right.text), (case,), first)
        return self._compared(sides[0], sides[1])

    def _compared(self, a: Started, b: Started) -> Verification:
        cases: list[Case] = []
        first: Divergence | None = None
        optimiser: list[str] = []
        for feeds in self._feeds(a, b):
            here, told = self._ran(a, feeds)
            there, more = (here, ()) if b is a else self._ran(b, feeds)
            optimiser += (*told, *more)
            case = self._case(a, b, feeds, here, there)
            del here, there
            cases.append(case)
            if not case.equal and first is None:
                first = self._first(a, b, feeds, case)
        return Verification(
            (a.running.name, b.running.name),
            tuple(cases),
            first,
            tuple(dict.fromkeys(optimiser)),
            (a.running.placement, b.running.placement),
        )

    def _started(self, side: Side) -> Started:
        runtime = runtime_of(side)
        how = Settings(fallback=self.settings.fallback)
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

    def _feeds(self, a: Started, b: Started) -> "Iterator[Feeds]":
        """Yield the inputs: recorded ones, given ones, or ones that are made."""
        ports = a.running.inputs or b.running.inputs
        names = [port.name for port in ports]
        for side in (a.running, b.running):
            if isinstance(side, Recorded):
                if not names:
                    raise UsageError(f"{side.name}: the other side names no inputs")
                for case in side.cases:
                    missing = [name for name in names if name not in case]
                    if missing:
                        raise UsageError(f"{side.name}: holds no input {missing[0]!r}")
                    yield {name: case[name] for name in names}
                return
        if not ports and not self.settings.feeds.given:
            raise UsageError("neither side says what it takes; give --inputs")
        yield from made(ports, self.settings.feeds)

    def _ran(self, side: Started, feeds: "Feeds") -> "tuple[Returned, tuple[str, ...]]":
        """Return what a side returns or why it refuses, and what its optimiser changes."""
        try:
            found: Returned = side.running.run(feeds)
        except RuntimeRefusal as refusal:
            found = str(refusal)
        told = tuple(self._optimised(side, feeds, found)) if self.settings.optimiser else ()
        return found, told

    def _case(
        self, a: Started, b: Started, feeds: "Feeds", here: "Returned", there: "Returned"
    ) -> Case:
        """Return how one run differs."""
        shapes = {name: array.shape for name, array in feeds.items()}
        if isinstance(here, str) or isinstance(there, str):
            refusals = [one for one in (here, there) if isinstance(one, str)]
            return Case(shapes, (), "; ".join(refusals), equal=len(refusals) == 2)
        outputs = tuple(self._outputs(a.running, b.running, here, there))
        equal = all(one.difference.equal for one in outputs)
        unloaded = "; ".join(f"{s.running.name}: {s.refused}" for s in (a, b) if s.refused)
        return Case(shapes, outputs, unloaded, equal=equal and not unloaded)

    def _outputs(self, a: Running, b: Running, here: "Feeds", there: "Feeds") -> Iterator[Output]:
        for name, other in paired(a, b, here, there):
            if name not in here or other not in there:
                missing = name if name not in here else other
                reason = f"there is no output {missing!r} on the other side"
                yield Output(name, other, "", Difference(equal=False, reason=reason))
                continue
            found = difference(here[name], there[other], self.settings.tolerances)
            task = {}
            if self.settings.task:
                task = task_measure(self.settings.task, here[name], there[other])
            yield Output(name, other, str(here[name].dtype), found, task)

    def _first(self, a: Started, b: Started, feeds: "Feeds", case: Case) -> Divergence | None:
        search = Search(a, b, feeds, self.settings.tolerances)
        if a.model is None and b.model is not None:
            search = Search(b, a, feeds, self.settings.tolerances)
        try:
            found = search.first()
        except RuntimeRefusal as refusal:
            found = blamed(search.a, str(refusal))
        return found or (blamed(search.a, case.refused) if case.refused else None)

    def _optimised(self, side: Started, feeds: "Feeds", deployed: "Returned") -> Iterator[str]:
        """Yield what the runtime's optimiser changes at these inputs."""
        name = side.running.name
        if side.refused:
            yield f"{name}: loads unoptimised only: {side.refused}"
            return
        if side.plain is side.running:
            return
        try:
            plain = side.plain.run(feeds)
        except RuntimeRefusal:
            return  # the plain run refuses: there is nothing to hold the other against
        if isinstance(deployed, str):
            yield f"{name}: runs unoptimised only: {deployed.removeprefix(name + ': ')}"
            return
        for output, array in deployed.items():
            found = difference(array, plain[output], self.settings.tolerances)
            if not found.equal:
                amount = found.reason or f"by up to {found.max_abs:.3g}"
                yield f"{name}: graph optimisation changes output {output!r} {amount}"


@dataclass
class _Refused:
    """A side that its runtime refuses."""

    name: str
    inputs: tuple[()] = ()
    outputs: tuple[()] = ()
    values: tuple[()] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, feeds: "Feeds", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        del feeds, wanted
        raise RuntimeRefusal(self.name, "it does not load")


def _model(side: Side) -> "Opened | None":
    from halfpixel.check import opened

    try:
        return opened(side.source)
    except UsageError:
        return None


def paired(a: Running, b: Running, here: "Feeds", there: "Feeds") -> list[tuple[str, str]]:
    """Return the outputs of two sides in pairs: by name, else by position.

    Recorded arrays hold inputs too; what the other side returns is compared.
    """
    ours, theirs = list(a.outputs or here), list(b.outputs or there)
    if isinstance(a, Recorded):
        ours = [name for name in theirs if name in here] or ours
    if isinstance(b, Recorded):
        theirs = [name for name in ours if name in there] or theirs
    if set(ours) <= set(theirs) or set(theirs) <= set(ours):
        return [(name, name) for name in dict.fromkeys([*ours, *theirs])]
    pairs = list(zip(ours, theirs, strict=False))
    longer = ours[len(theirs) :] or theirs[len(ours) :]
    return [*pairs, *((name, name) for name in longer)]
