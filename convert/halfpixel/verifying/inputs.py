"""What two sides are run with: recorded inputs, given ones, or ones that are made.

They have the names and the order of the side that declares what it takes.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.checking.shapes import check_shapes
from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.runtime import Running
from halfpixel.runtimes.feeds import TRIALS, FeedSettings, fix_lengths, widen
from halfpixel.runtimes.image_files import MOST, image_cases
from halfpixel.runtimes.pictures import PICTURES
from halfpixel.runtimes.recorded_ import Recorded
from halfpixel.runtimes.trials import Trials
from halfpixel.verifying.result import Case, shapes_text
from halfpixel.verifying.side import Started
from halfpixel.verifying.witnesses import witness_lengths

if TYPE_CHECKING:
    from halfpixel.arrays import Arrays
    from halfpixel.format import Opened


EMPTY: Final = "no output holds a number"


def refuse_shapes(models: "Sequence[Opened | None]", settings: FeedSettings) -> None:
    """Refuse, before anything runs, shapes that the inputs of the models cannot have.

    Raises:
        UsageError: an input that is not there, another rank, or another length than a fixed one.
    """
    declared = [model.inputs for model in models if model is not None and model.inputs]
    if settings.shapes and declared:
        check_shapes(_merged(declared), settings.shapes)


def _merged(declared: Sequence[Sequence[Port]]) -> Sequence[Port]:
    """Return what is taken, with the lengths that either side fixes."""
    shaped = [ports for ports in declared if all(port.shape is not None for port in ports)]
    ports = next(iter(shaped or declared), ())
    for others in shaped:
        ports = fix_lengths(ports, others)
    return ports


class Inputs:
    """The inputs of a comparison, case by case."""

    def __init__(self, a: Started, b: Started, settings: FeedSettings) -> None:
        """Learn what the sides take.

        Args:
            a: one side.
            b: the other.
            settings: how inputs are made.

        Raises:
            UsageError: nothing says what the sides take, or they do not take what is given.
        """
        self.sides = (a, b)
        self.settings = settings
        running = (a.running, b.running)
        self.ports = _merged([side.inputs for side in running if side.inputs])
        self.recorded = next((side for side in running if isinstance(side, Recorded)), None)
        self.trials: Trials | None = None
        self.dropped: tuple[str, ...] = ()
        self.settled = False
        self.image = ""
        if self.recorded is not None:
            if settings.given or settings.shapes or settings.images:
                told = f"{self.recorded.name} holds the inputs; --inputs and --shape do not"
                raise UsageError(told)
        elif not self.ports and not settings.given and not (a.model or b.model):
            raise UsageError("neither side says what it takes; give --inputs")
        elif self.ports and not (settings.given or settings.images):
            self.trials = Trials(self.ports, settings)
            if a is not b and self.trials.free:
                self.trials.named = witness_lengths((a, b), self.ports, settings)

    def __iter__(self) -> "Iterator[Arrays]":
        """Yield the inputs of each case."""
        a, b = self.sides
        if self.recorded is not None:
            other = b.running if self.recorded is a.running else a.running
            names = self.recorded.taken(self.ports, other.outputs)
            ports = [replace(p, name=name) for p, name in zip(self.ports, names, strict=True)]
            name = self.recorded.name
            yield from (
                _chosen(case, ports, name, renamed=False)
                for case in self.recorded.split(names, other.outputs)
            )
            return
        if not (self.ports or self.settings.given or self.settings.images):
            yield {}  # a model that takes nothing
            return
        half = any(side.precision for side in self.sides)
        running = (a.running, b.running)
        for case in self.trials or self._given():
            chosen = {
                **_chosen(case, self.ports, "--inputs", renamed=True),
                **_dropped(case, running),
            }
            yield widen(chosen) if half else chosen

    def drops(self, feeds: "Arrays", here: "Arrays | str", there: "Arrays | str") -> bool:
        """Whether both sides refuse lengths that were made here, or make nothing of them."""
        if self.trials is None or not (self.trials.free or self.trials.tried):
            return False
        empty = "" if isinstance(here, str) or any(v.size for v in here.values()) else EMPTY
        words = here if isinstance(here, str) else empty
        if not words or (not isinstance(there, str) and any(v.size for v in there.values())):
            self.trials.taken += 1
            return False
        if self.trials.tried and self.trials.others():
            return True  # not the lengths are refused, but the values
        self.trials.refused(words)
        self.dropped = (*self.dropped, shapes_text({n: v.shape for n, v in feeds.items()}))
        return True

    def learn(self, case: Case) -> bool:
        """Learn of a case; whether it tells nothing, and other values are tried at its lengths."""
        if self.trials is None:
            return False
        self.trials.enough = not case.equal or case.blank
        self.settled = self.settled or not case.blank
        again = not self.settled and case.equal and self.trials.others()
        self.trials.taken -= again  # the same lengths are taken once
        return again

    def _given(self) -> "Iterator[Arrays]":
        """Yield what was read: images, or arrays."""
        if not self.settings.images:
            yield from self.settings.given
            return
        for case in image_cases(self.ports, self.settings):
            self.image = case.text
            yield case.feeds

    @property
    def count(self) -> int:
        """How many cases there will be, as far as that is known; at least 1."""
        if self.trials is not None:
            free = len(TRIALS) + len(self.trials.named)
            return free if self.trials.free else len(PICTURES)
        return max(1, min(len(self.settings.images), MOST) or len(self.settings.given))

    @property
    def text(self) -> str:
        """What the last inputs look like; empty where arrays were given."""
        return self.image if self.trials is None else self.trials.text

    @property
    def refusals(self) -> tuple[str, ...]:
        """What the sides said of lengths that were dropped."""
        return () if self.trials is None else tuple(self.trials.words)


def _dropped(case: "Arrays", sides: Sequence[Running]) -> "Arrays":
    """Return what one side takes by its name and the other may lack: exporters drop the unused.

    Nothing, where a side takes an input of a name that the case does not have.
    """
    names = [port.name for side in sides for port in side.inputs]
    return {name: case[name] for name in names} if set(names) <= case.keys() else {}


def _chosen(case: "Arrays", ports: Sequence[Port], name: str, *, renamed: bool) -> "Arrays":
    """Return what a model takes of a case, in its order; all of it where nothing is declared.

    Inputs of other names are taken by position where `renamed` and there are as many.

    Raises:
        UsageError: an input is missing.
    """
    if not ports:
        return case
    missing = [port.name for port in ports if port.name not in case]
    if missing and renamed and len(case) == len(ports):
        return dict(zip((port.name for port in ports), case.values(), strict=True))
    if missing:
        raise UsageError(f"{name}: holds no input {missing[0]!r}, it has {', '.join(case)}")
    return {port.name: case[port.name] for port in ports}
