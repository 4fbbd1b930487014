"""One model without another: each of its sites by itself, and what an optimiser makes of it all."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from halfpixel.boundary import boundary
from halfpixel.checking.check import opened
from halfpixel.errors import GraphError, UsageError
from halfpixel.formats import coreml_file
from halfpixel.runtime import Side
from halfpixel.verifying.elsewhere import sides_here
from halfpixel.verifying.inputs import refuse_shapes
from halfpixel.verifying.result import Verdict, VerifySettings, verdict_of
from halfpixel.verifying.site_check import SiteCheck, SiteResult
from halfpixel.verifying.verify import verify
from halfpixel.work import MOST

Places = Sequence[tuple[str, Mapping[str, str]]]
"""Execution providers with their options."""


class SiteVerification(Struct, frozen=True):
    """What came of running the sites of one model by themselves.

    Attributes:
        results: what every site does, provider by provider.
        optimiser: what a runtime's own optimiser changes in the whole model, a line each.
        notes: what is to be said beside that, a line each.
        refused: a runtime refuses the whole model.
    """

    results: tuple[SiteResult, ...] = ()
    optimiser: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: bool = False

    @property
    def differs(self) -> bool:
        """Whether a site does something else than it is described to, or does not run."""
        wrong = any(one.refused_by_runtime or (one.exact and not one.agrees)
                    for one in self.results)  # fmt: skip
        return bool(wrong) or self.refused

    @property
    def compared(self) -> bool:
        """Whether any site ran."""
        return any(one.exact is not None for one in self.results)

    @property
    def verdict(self) -> Verdict:
        """What it comes to.

        >>> SiteVerification().verdict
        'nothing was compared'
        """
        return verdict_of(compared=self.compared, differs=self.differs)

    @property
    def equal(self) -> bool:
        """Whether sites ran, and nothing speaks against them."""
        return self.verdict == "equal"


def verify_sites(
    source: object,
    settings: VerifySettings | None = None,
    providers: Places = (),
    max_work: int = MOST,
    progress: Callable[[str], None] | None = None,
) -> SiteVerification:
    """Hold every site of a model against its exact weights and the PyTorch call that it is.

    Args:
        source: a model, its text (`model.onnx@cuda`), or a model in memory.
        settings: what it is run with, and what counts as equal.
        providers: where its sites run; where the text says, or else on the CPU.
        max_work: steps of exact work that it may take.
        progress: told what was run, as it is.

    Raises:
        RuntimeFailure: a provider is missing, or leaves a site to another.
        ModelFileError: the file cannot be read.
        UsageError: it is no model, or cannot have the shapes.
    """
    with sides_here(source) as (side,):
        return _verified(side, settings or VerifySettings(), providers, max_work, progress)


def _verified(
    side: Side,
    asked: VerifySettings,
    providers: Places,
    max_work: int,
    progress: Callable[[str], None] | None,
) -> SiteVerification:
    text = str(side.source)
    if text.endswith(".npz"):
        raise UsageError(f"{text}: recorded arrays need a model to be held against")
    places = list(providers) or [(side.where or "cpu", dict(side.options))]
    places = [(where, options or dict(side.options)) for where, options in places]
    of_coreml = text.endswith(coreml_file.FORMAT.suffixes)
    if of_coreml and any(where == "coreml" for where, _ in places):
        told = "single sites run lowered to ONNX; hold the whole model against another side"
        raise UsageError(f"{side.text}: {told}, such as {side.source}")
    with boundary(side.text):
        refuse_shapes([opened(side.source)], asked.feeds)
    check = SiteCheck(
        side.source,
        places,
        asked.tolerances,
        asked.fallback,
        max_work=max_work,
        shapes=asked.feeds.shapes,
    )
    results: list[SiteResult] = []
    for one in check.results():
        results.append(one)
        if progress is not None:
            progress(f"{one.site.path}: {len(results)} runs of single sites")
    optimiser: list[str] = []
    notes: list[str] = []
    refused = False
    for where, options in places if asked.optimiser else ():
        try:
            whole = Side(side.source, where, options, side.label)
            found = verify(whole, whole, asked)
        except (GraphError, UsageError) as error:  # not lowered, or no inputs can be made
            notes.append(f"the whole model is not looked at: {error}")
            continue
        optimiser += found.optimiser
        said = [case.refused for case in found.cases if case.refused and not case.equal]
        notes += said[:1] if not found.optimiser else []
        refused = refused or bool(said)
    return SiteVerification(tuple(results), tuple(optimiser), tuple(dict.fromkeys(notes)), refused)
