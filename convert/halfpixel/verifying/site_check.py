"""Sites one by one: each cut out as a model of its own, run, and held against the exact weights.

The inputs are random numbers, a ramp along each axis, which shows a shift, and impulses, which
show the weights.
"""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.address import name_of
from halfpixel.boundary import boundary
from halfpixel.checking.check import opened
from halfpixel.checking.shapes import Shapes, sites_at
from halfpixel.errors import HalfpixelError, RuntimeRefusal
from halfpixel.format import Opened
from halfpixel.runtime import Running, RunSettings, Side, runtime_of
from halfpixel.runtimes.cutting.one_site import Cut, one_site
from halfpixel.runtimes.feeds import FeedSettings, make_feeds
from halfpixel.runtimes.size import MOST_EXACT, check_values
from halfpixel.sampling import (
    AffineGrid,
    AffineSample,
    ConvTranspose,
    DepthToSpace,
    GridSample,
    Resample,
    Resize,
)
from halfpixel.site import Site
from halfpixel.verifying.lengths import lengths_of
from halfpixel.verifying.measure import TOLERANCES, Difference, Tolerance, difference, rounded
from halfpixel.work import MOST, one_node, spend, working

if TYPE_CHECKING:
    from halfpixel.arrays import Array


VALUES_A_STEP: Final = 100
"""How many values of a site are a step: each is run, evaluated and measured, several times."""

IMPULSE: Final = 5
"""Every so many samples along each axis one is 1, the others 0."""


class SiteResult(Struct, frozen=True):
    """What one site does on one provider at one set of lengths.

    Attributes:
        site: the site.
        where: the runtime and provider.
        shape: lengths of its input.
        exact: how it differs from the exact weights; None where it did not run.
        torch: how it differs from the PyTorch call that it is; None where there is none, or
            PyTorch is not installed.
        meant: how it differs from the call that it was made of; None where that is not known, or
            cannot be made with what the site is given.
        refused: why it did not run, in the runtime's words or ours.
        provider: execution provider that the node truly ran on.
    """

    site: Site
    where: str
    shape: tuple[int, ...]
    exact: Difference | None = None
    torch: Difference | None = None
    refused: str = ""
    provider: str = ""
    meant: Difference | None = None

    @property
    def agrees(self) -> bool:
        """Whether it ran and computes its exact description, and the PyTorch calls."""
        right = all(one is None or one.equal for one in (self.torch, self.meant))
        return self.exact is not None and self.exact.equal and right

    @property
    def worst(self) -> Difference | None:
        """The largest difference from anything that it was held against."""
        held = [one for one in (self.exact, self.torch, self.meant) if one is not None]
        return max(held, key=lambda one: one.rank, default=None)

    @property
    def refused_by_runtime(self) -> bool:
        """Whether the runtime refused it, or the file makes nothing of it.

        Not where it merely cannot stand alone.
        """
        return self.exact is None and bool(self.where or self.site.operation.problem)


class SiteCheck(Struct, frozen=True):
    """One model's sites on several providers.

    Attributes:
        source: a path, or a model in memory.
        providers: names of execution providers, with their options.
        tolerances: what counts as equal.
        fallback: a node that a provider leaves to the CPU is no error.
        calls: the PyTorch calls that sites were made of, by (graph, name) of the site.
        max_work: steps of exact work that reading the sites may take, and that each may by itself.
        shapes: lengths of the model's inputs, by name, in the place of free ones.
    """

    source: object
    providers: Sequence[tuple[str, Mapping[str, str]]] = (("cpu", {}),)
    tolerances: Mapping[str, Tolerance] = field(default_factory=lambda: TOLERANCES)
    fallback: bool = False
    calls: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    max_work: int = MOST
    shapes: Shapes = field(default_factory=dict[str, "tuple[int, ...]"])

    def results(self) -> Iterator[SiteResult]:
        """Yield what every site does, provider by provider.

        Raises:
            RuntimeFailure: a provider is missing, or leaves a site to another.
            ModelFileError: the file cannot be read.
        """
        with boundary(name_of(self.source)):
            model = opened(self.source)
            with working(self.max_work):
                sites = sites_at(model, self.shapes)
            for place, site in enumerate(sites):
                if site.operation.problem:
                    yield SiteResult(site, "", (), refused=site.operation.problem)
                    continue
                for shape, outs in lengths_of(site):
                    yield from self._at(model, place, site, shape, outs)

    def _at(
        self,
        model: Opened,
        place: int,
        site: Site,
        shape: tuple[int, ...],
        outs: tuple[int, ...],
    ) -> Iterator[SiteResult]:
        try:
            check_values("a site", shape, outs, most=MOST_EXACT)
            with working(self.max_work), one_node():
                spend((math.prod(shape) + math.prod(outs)) // VALUES_A_STEP)
            with working(self.max_work):
                cut = one_site(model, place, shape, outs)
                (alone,) = [cut.site] if cut.site else opened(_proto(cut)).sites or (None,)
        except HalfpixelError as error:
            yield SiteResult(site, "", shape, refused=str(error))
            return
        if alone is None:
            yield SiteResult(site, "", shape, refused="cut out, it is no site")
            return
        for where, options in self.providers:
            blank = SiteResult(site, where, shape)
            label = self.source if isinstance(self.source, str) else "site"
            side = Side(cut.model, where, options, f"{label}: {site.name}")
            runtime = runtime_of(side)
            try:
                how = RunSettings(optimised=runtime.delegates, fallback=self.fallback)
                running = runtime.started(side, how)
                yield self._run(running, cut, alone, blank)
            except RuntimeRefusal as refusal:
                yield replace(blank, refused=refusal.reason)

    def _run(self, running: Running, cut: Cut, alone: Site, blank: SiteResult) -> SiteResult:
        exact: Difference | None = None
        torch: Difference | None = None
        made_of: Difference | None = None
        asked = self.calls.get((blank.site.graph, blank.site.name))
        for feeds in feeds_of(cut):
            (found,) = running.run(feeds).values()
            given = [feeds[port.name] for port in cut.inputs]
            try:
                with working(self.max_work), one_node():
                    meant = alone.evaluate(*given)
            except (HalfpixelError, ValueError) as error:
                return replace(blank, refused=f"it cannot be described: {error}")
            exact = worse(exact, difference(found, rounded(meant, found), self.tolerances))
            tensors = {**feeds, **cut.constants}
            call = by_torch(alone, tensors)
            if call is not None:
                torch = worse(torch, difference(found, call, self.tolerances))
            source = None if asked is None else by_torch(alone, tensors, asked)
            if source is not None:
                made_of = worse(made_of, difference(found, source, self.tolerances))
        provider = next(iter(running.placement.values()), "")
        return replace(blank, exact=exact, torch=torch, meant=made_of, provider=provider)


def worse(one: Difference | None, other: Difference) -> Difference:
    """Return the larger of two differences."""
    if one is None:
        return other
    return max(one, other, key=lambda d: d.rank)


def _proto(cut: Cut) -> object:
    from onnx import ModelProto

    return ModelProto.FromString(cut.model)


def feeds_of(cut: Cut) -> "Iterator[dict[str, Array]]":
    """Yield inputs for a site that was cut out: random, ramps, impulses."""
    import numpy as np

    (random,) = make_feeds(cut.inputs, FeedSettings(low=-1.0))
    yield random
    first = cut.inputs[0]
    if first.role != "image" or "float" not in first.dtype:
        return
    shape = random[first.name].shape
    axes = np.indices(shape, sparse=True)
    ramp = sum(places / max(n, 1) for places, n in zip(axes, shape, strict=True))
    yield {**random, first.name: np.asarray(ramp).astype(random[first.name].dtype)}
    impulses = np.zeros(shape, random[first.name].dtype)
    impulses[tuple(slice(None, None, IMPULSE) for _ in shape)] = 1
    yield {**random, first.name: impulses}


PARAMETERS: Final[Mapping[type, tuple[str, ...]]] = {
    Resize: ("x",),
    GridSample: ("x", "grid"),
    Resample: ("x", "grid"),
    AffineGrid: ("theta",),
    AffineSample: ("x", "transform_matrix"),
    ConvTranspose: ("x", "weight", "bias"),
    DepthToSpace: ("x",),
}
"""What a site's PyTorch call calls the tensors that it reads, in their order."""


def by_torch(site: Site, feeds: "Mapping[str, Array]", asked: str = "") -> "Array | None":
    """Return what the PyTorch call that a site is gives; None where it cannot be asked.

    Args:
        site: the site.
        feeds: every tensor that it reads, in the order of `PARAMETERS`.
        asked: another call, in place of the one that the site is.
    """
    text = asked or site.torch_call
    try:
        import torch
    except ImportError:
        return None
    names = PARAMETERS.get(type(site.operator))
    if text is None or names is None:
        return None
    named = zip(names, feeds.values(), strict=False)
    tensors = {name: torch.tensor(array) for name, array in named}
    scope = {"F": torch.nn.functional, "torch": torch, **tensors}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = eval(text, scope)  # noqa: S307 - our own text, never the file's
    except Exception:  # noqa: BLE001 - a type or rank that PyTorch does not take
        return None
    return cast("Array", found.numpy())
