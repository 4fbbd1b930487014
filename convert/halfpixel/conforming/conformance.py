"""Conformance: what a provider computes for every combination of attributes, against exact W.

Every combination is a model of one node at small lengths, run without graph optimisation. A
result is equal, different (with the worst error), refused (in the runtime's words), or fallen
back: the provider left the node to the CPU.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from halfpixel.checking.check import sites
from halfpixel.conforming.models import Config, configurations, model_of, ports_of
from halfpixel.errors import HalfpixelError, RuntimeRefusal
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.runtimes.feeds import FeedSettings, make_feeds
from halfpixel.verifying.measure import TOLERANCES, difference, rounded

if TYPE_CHECKING:
    from halfpixel.arrays import Array


Verdict = Literal["equal", "different", "refused", "fallback"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a provider made of one configuration.

    Attributes:
        config: the configuration.
        verdict: what came of it.
        worst: largest absolute error, where it is different.
        words: the runtime's words, where it refuses.
        given: the first input, where it is different.
        found: what came out.
        meant: what should have.
        operator: what was run, exactly; None where its configuration says it all.
        grid: the coordinates, where it reads any.
    """

    config: Config
    verdict: Verdict
    worst: float = 0.0
    words: str = ""
    given: "Array | None" = field(default=None, compare=False, repr=False)
    found: "Array | None" = field(default=None, compare=False, repr=False)
    meant: "Array | None" = field(default=None, compare=False, repr=False)
    operator: object = field(default=None, compare=False, repr=False)
    grid: "Array | None" = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Conformance:
    """A run over many configurations.

    Attributes:
        provider: name of the execution provider.
        options: its options.
        quick: a few hundred configurations instead of thousands.
    """

    provider: str = "cpu"
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    quick: bool = False

    def results(self, progress: Callable[[int, int], None] | None = None) -> Iterator[Result]:
        """Yield the result of every configuration.

        Args:
            progress: told how many are done, and how many there are.

        Raises:
            RuntimeFailure: the provider is missing or cannot be loaded.
            MissingExtraError: onnxruntime is not installed.
        """
        every = list(configurations(quick=self.quick))
        for number, config in enumerate(every):
            if progress is not None:
                progress(number, len(every))
            yield self.result(config)

    def result(self, config: Config) -> Result:
        """Return what the provider makes of one configuration; raises as `results`."""
        model = model_of(config)
        try:
            (site,) = sites(model)
        except HalfpixelError as error:
            return Result(config, "refused", words=f"halfpixel: {error}")
        side = Side(model, self.provider, self.options, "conformance")
        feeds = next(make_feeds(ports_of(config), FeedSettings(low=-1.0)))
        try:
            running = runtime_of(side).started(side, RunSettings(optimised=False, fallback=True))
            (found,) = running.run(feeds).values()
        except RuntimeRefusal as refusal:
            return Result(config, "refused", words=refusal.reason)
        if not _placed_as_asked(running.placement, self.provider):
            return Result(config, "fallback")
        try:
            meant = site.evaluate(*feeds.values())
        except (HalfpixelError, ValueError) as error:
            return Result(config, "refused", words=f"halfpixel: {error}")
        apart = difference(found, rounded(meant, found), TOLERANCES)
        if apart.equal:
            return Result(config, "equal")
        given = next(iter(feeds.values()))
        return Result(
            config, "different", apart.max_abs, apart.reason, given, found, meant,
            grid=feeds.get("grid"),
        )  # fmt: skip


def _placed_as_asked(placement: Mapping[str, str], provider: str) -> bool:
    from halfpixel.runtimes.provider import CPU, full_name

    return full_name(provider) == CPU or CPU not in placement.values()
