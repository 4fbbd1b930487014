"""One side of a comparison as it runs, how far that is, and where it parts from the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from halfpixel.errors import RuntimeRefusal
from halfpixel.format import Opened
from halfpixel.runtime import Running
from halfpixel.runtimes.litert_ import LitertRunning
from halfpixel.runtimes.recorded_ import Recorded
from halfpixel.runtimes.turned import Turned, settled
from halfpixel.site import Site
from halfpixel.verifying.measure import Difference

if TYPE_CHECKING:
    from halfpixel.arrays import Array, Arrays


class Divergence(Struct, frozen=True):
    """Where two runs part.

    Attributes:
        node: name of the node.
        op: its type.
        introduced: its own difference, its input being the same on both sides; None where that
            cannot be told apart from what it was handed.
        observed: the difference of its output.
        against: what its output was held against.
        site: whether it is a resampling site.
        graph: path of the branch, body or function that it stands in; empty for the main graph.
        among: the nodes before it that nothing is held against, and that it may be too.
    """

    node: str
    op: str
    introduced: Difference | None
    observed: Difference
    against: str
    site: bool = True
    graph: str = ""
    among: tuple[str, ...] = ()


class Unrun(Struct, frozen=True):
    """A resampling site that ran in no run that was compared.

    Attributes:
        node: its name.
        op: its type.
        graph: path of the branch, body or function that it stands in.
        where: the outermost graph around it that never ran, in words; empty where it cannot be
            told whether the site ran.
        check: the severity and the rule of the worst finding that check has of it; empty for none.
        alike: the site of the other side that computes the same by its exact description; empty
            where none is known.
        apart: how its exact description differs from that of its pair; empty where it does not.
    """

    node: str
    op: str
    graph: str
    where: str
    check: str = ""
    alike: str = ""
    apart: str = ""

    @property
    def suspected(self) -> bool:
        """Whether something speaks against it: its pair, or check where no pair is the same.

        A site that may have run is none: nothing says that it was not compared.
        """
        return bool(self.where and (self.apart or (self.check and not self.alike)))


class Stage(Struct, frozen=True):
    """How far a comparison has come.

    Attributes:
        text: what is done now, or what came of a case.
        done: cases that are done.
        total: how many there will be, as far as that is known.
        result: `text` says what came of a case.
    """

    text: str
    done: int
    total: int
    result: bool = False


def _typed(array: "Array", dtype: str) -> "Array":
    """Return floats as another float type, whole numbers as another of theirs."""
    own = str(array.dtype)
    for kinds in (("float16", "float32", "float64"), ("int32", "int64")):
        if own in kinds and dtype in kinds and own != dtype:
            return array.astype(dtype)
    return array


@dataclass
class Started:
    """A side that is ready to run.

    Attributes:
        running: as it is deployed.
        plain: without graph optimisation; the same where the runtime has none.
        model: its structure, where it is a model file.
        refused: why it does not load as it is deployed; then it runs plain.
    """

    running: Running
    plain: Running
    model: Opened | None = None
    refused: str = ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of what it takes, in order."""
        return tuple(port.name for port in self.running.inputs)

    @cached_property
    def constants(self) -> frozenset[str]:
        """Values inside it that Constant nodes make."""
        values = () if self.model is None else self.model.values
        return frozenset(value.name for value in values if value.op == "Constant")

    @cached_property
    def precision(self) -> str:
        """The coarsest float type that it computes in, where that is not the outputs' own."""
        return str(getattr(self.running, "precision", ""))

    @property
    def optimiser(self) -> str:
        """What it has as it is deployed, and has not as a plain run."""
        return str(getattr(self.running, "optimiser", "graph optimisation"))

    def named(self, feeds: "Arrays") -> "Arrays":
        """Return inputs under this side's own names, by position where it has others."""
        if not self.names or set(self.names) <= feeds.keys() or len(self.names) != len(feeds):
            return feeds
        return dict(zip(self.names, feeds.values(), strict=True))

    def fed(self, feeds: "Arrays") -> "Arrays":
        """Return inputs as this side takes them: named, and in the float type it declares."""
        feeds = self.named(feeds)
        dtypes = {port.name: port.dtype for port in self.running.inputs}
        return {name: _typed(array, dtypes.get(name, "")) for name, array in feeds.items()}

    @cached_property
    def sites(self) -> list[Site]:
        """Its sites, in graph order."""
        return [] if self.model is None else self.model.sites


def in_one_layout(a: Started, b: Started, given: "Sequence[Arrays]" = ()) -> None:
    """Have the images of both sides in the same order of axes, where one is a LiteRT model.

    Args:
        a: one side.
        b: the other.
        given: inputs that both are run with; empty where they are made or recorded.
    """
    turning = [side for side in (b, a) if isinstance(side.running, LitertRunning)]
    if not turning or a is b:
        return
    side = turning[0]
    other = a if side is b else b
    ports, feeds = other.running.inputs, next(iter(given), None)
    if isinstance(other.running, Recorded):
        names = other.running.taken(side.running.inputs, side.running.outputs)
        arrays = other.running.cases[0]
        if not set(names) <= arrays.keys():
            return
        feeds = {name: arrays[name] for name in names}
    shapes = [port.shape for port in ports] or [None] * len(side.running.inputs)
    names = [port.name for port in ports]
    if feeds is not None:
        shapes, names = [array.shape for array in feeds.values()], list(feeds)
    if set(side.names) == set(names):  # in an order of its own
        shapes = [shapes[names.index(name)] for name in side.names]
        feeds = feeds and {name: feeds[name] for name in side.names}
    running = settled(side.running, other.running, shapes, feeds)
    if isinstance(running, Turned):
        plain = side.plain is side.running
        side.plain = running if plain else Turned(side.plain, running.given, running.made)
        side.running = running


@dataclass
class Refused:
    """A side that its runtime refuses.

    Attributes:
        name: the side.
    """

    name: str
    inputs: tuple[()] = ()
    outputs: tuple[()] = ()
    values: tuple[()] = ()
    placement: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(self, feeds: "Arrays", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Refuse."""
        del feeds, wanted
        raise RuntimeRefusal(self.name, "it does not load")
