"""The file beside the module: as exported, and at other lengths where some are free.

A file that is not run here as a whole is run site by site, each beside the call that it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.converting.branches import branch, line_of
from halfpixel.converting.cases import Cases, feeds_at, narrowed
from halfpixel.converting.export.quietly import quietly
from halfpixel.converting.module_run import run_of
from halfpixel.converting.result import LITERT, ConvertSettings
from halfpixel.converting.source import Source
from halfpixel.errors import RuntimeFailure
from halfpixel.intents.exported_program import coarse_types
from halfpixel.runtime import Side, parse_provider
from halfpixel.runtimes.feeds import FeedSettings
from halfpixel.verifying.measure import TOLERANCES, at_precision
from halfpixel.verifying.result import LEFT, Verification, VerifySettings
from halfpixel.verifying.site_check import SiteCheck, SiteResult

if TYPE_CHECKING:
    from halfpixel.arrays import Feeds
    from halfpixel.converting.cases import Range
    from halfpixel.verifying.result import Case


PLAIN: Final = 2
"""Cases in which the file is run without onnxruntime's optimisation too."""

FORCE = "--force-write writes it all the same"
BLANK = "--range or --inputs make others"


class Verified(Struct, frozen=True):
    """What came of running a file beside its module.

    Attributes:
        verifications: how they compare, one a provider.
        refused: why the file is not the module, or why that is not known; empty where it is.
        final: the file agrees as far as it was run: no other export would change the refusal.
        narrower: free lengths that the module takes and at which the file is not the module.
        notes: what else there is to say.
    """

    verifications: tuple[Verification, ...] = ()
    refused: str = ""
    final: bool = False
    narrower: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def verify_beside(path: Path, source: Source, settings: ConvertSettings, chosen: Cases) -> Verified:
    """Return how a file compares with the module, or with the file that it was made of.

    Args:
        path: the file.
        source: the module.
        settings: what counts as equal, and where the file is run.
        chosen: what it is run on.

    Raises:
        GraphError: a Core ML model that is not run here as a whole.
        MissingExtraError: onnxruntime is not installed.
    """
    found: list[Verification] = []
    failed = ""
    lacking: list[str] = []
    also = ("reference",) if path.suffix == LITERT else ()
    for provider in dict.fromkeys(("", *also, *settings.providers)):
        try:
            one = _beside(path, source, settings, provider, chosen.feeds)
            if provider in also and provider not in settings.providers and (why := _lacks(one)):
                lacking.append(why)
                continue
            found.append(one)
        except RuntimeFailure as failure:
            failed = failed or f"not verified: {failure}"
    refused = failure_of(found, source, path) or failed
    final = bool(refused) and not any(one.differs for one in found)
    alone = bool(refused) or source.fast or not any(source.free.values())
    narrower, notes = ([], []) if alone else _outside(path, source, settings)
    if not source.fast and any(source.free.values()) and any(len(one.cases) == 1 for one in found):
        notes.append("verified at the exported lengths alone: the module takes no others")
    return Verified(
        tuple(found),
        refused,
        final,
        tuple(narrower),
        (*chosen.notes, *lacking, *notes, *([] if refused else _blanks(found))),
    )


LACKS: Final = "Didn't find op for builtin opcode "
"""How LiteRT's interpreter says that kernels lack an operator."""


def _lacks(one: Verification) -> str:
    """Return the operator that kernels lack which nobody asked for; empty where they have all."""
    refusals = [case.refused for case in one.cases if case.refused]
    if not refusals or LACKS not in refusals[0]:
        return ""
    operator = refusals[0].partition(LACKS)[2].partition(" version")[0]
    return f"not run on {one.names[0]}: those kernels have no {operator.strip(chr(39))}"


def _beside(  # noqa: PLR0913 - what is compared, where and on what
    path: Path,
    source: Source,
    settings: ConvertSettings,
    provider: str,
    cases: "Sequence[Feeds]",
    *,
    optimiser: bool = True,
) -> Verification:
    from halfpixel.verifying.verify import verify

    where, options = parse_provider(provider) if provider else ("", {})
    name = path.with_stem(path.stem.removesuffix(".fixed")).name
    tolerances = settings.tolerances
    if tolerances == TOLERANCES:
        tolerances = at_precision(tolerances, coarse_types(source.program))
    feeds = FeedSettings(given=tuple(cases))
    asked = VerifySettings(
        feeds, tolerances, fallback=settings.fallback, optimiser=optimiser, plain=PLAIN
    )
    there = source.reference or Side(source.running, label=source.name)
    with quietly():
        return verify(Side(str(path), where, options, name), there, asked)


def _outside(path: Path, source: Source, settings: ConvertSettings) -> tuple[list[str], list[str]]:
    """Return what is wrong at lengths for which PyTorch's graph does not hold, and what is not."""
    usual = run_of(source, source.feeds)
    tried: list[tuple[Range, dict[int, Feeds]]] = []
    for one in narrowed(source):
        source.stage(f"running lengths beside those of PyTorch's graph: {one.name}")
        cases: dict[int, Feeds] = {}
        for length in one.outside:
            feeds = feeds_at(source, one, length)
            ran = run_of(source, feeds)
            if ran is not None and ran.tells and ran.like(usual):
                cases[length] = feeds
        tried.append((one, cases))
    every = [feeds for _, cases in tried for feeds in cases.values()]
    beside = _beside(path, source, settings, "", every, optimiser=False).cases if every else ()
    wrong: list[str] = []
    right: list[str] = []
    place = 0
    for one, cases in tried:
        where = f"{one.name}: PyTorch's graph holds {one.text}"
        if not cases:
            right += [] if one.usual else [f"{where}, and the module takes no other lengths"]
            continue
        ran_here = beside[place : place + len(cases)]
        place += len(cases)
        told = _apart(one, cases, ran_here or beside)
        differing = [f for f, case in zip(cases.values(), ran_here, strict=False) if not case.equal]
        if told and (line := branch(source, source.feeds, differing[0]) if differing else ""):
            told += f"; the module branches at {line}"
        (wrong if one.binding or not one.usual else right).extend([told] if told else [])
        if not told and not one.usual:
            right.append(f"{where}; the file is the module at {', '.join(map(str, cases))} too")
    return wrong, right


def _apart(one: "Range", cases: "Mapping[int, Feeds]", ran: "Sequence[Case]") -> str:
    """Return at which lengths outside of a range the file is not the module; empty for none."""
    if len(ran) != len(cases):
        return f"{one.name}: the file is right {one.text} only: {ran[0].refused}"
    wrong = [
        f"{length} ({_amount(case)})"
        for length, case in zip(cases, ran, strict=True)
        if not case.equal
    ]
    if not wrong:
        return ""
    return f"{one.name}: the file is right {one.text} only; the module takes {', '.join(wrong)}"


def _blanks(found: Sequence[Verification]) -> Iterator[str]:
    """Yield the outputs that tell nothing, where another one tells something."""
    for one in found[:1]:
        told = {output.name for case in one.cases for output in case.outputs if not output.blank}
        for output in one.outputs:
            if output.name not in told:
                yield f"output {output.name} is one number throughout and tells nothing; {BLANK}"


def failure_of(found: Sequence[Verification], source: Source, path: Path) -> str:
    """Return why a file is not the module; empty where it is."""
    for one in found:
        if one.equal:
            continue
        case = next((case for case in one.cases if not case.equal), None)
        if case is None and one.proven:
            return f"verification failed on {one.names[0]}: {one.proven}"
        if case is None and one.verdict == LEFT:
            return f"not verified: {one.names[0]}: {one.suspected} never ran"
        if case is None and any(ran.outputs for ran in one.cases):
            return f"not verified: every output is one number throughout; {BLANK}"
        if case is None:
            return f"not verified: {one.names[0]}: nothing was compared"
        where = f" at {case.lengths}" if case.shapes else ""
        text = f"verification failed on {one.names[0]}{where}: {_amount(case)}"
        if one.first is not None:
            line = line_of(path, one.first.node)
            text += f"; {one.first.node} ({one.first.op}) parts them" + f", of {line}" * bool(line)
        return text + _column(case, source)
    return ""


def _amount(case: "Case") -> str:
    if case.refused:
        return " ".join(case.refused.split())
    worst = max(case.outputs, key=lambda one: one.difference.rank)
    return worst.difference.reason or (
        f"output {worst.name} differs by up to {worst.difference.max_abs:.3g}"
    )


def _column(case: "Case", source: Source) -> str:
    """Say that PyTorch itself is wrong where it is known to be, as rule antialias-column has it."""
    columns = [
        call
        for call in source.calls
        if "_aa" in call.target and call.output_shape is not None and call.output_shape[-1] == 1
    ]
    if not columns or case.refused or source.reference is not None:
        return ""
    return (
        f"; PyTorch's own CPU result is wrong there (rule antialias-column): {columns[0].text} "
        "repeats its first row"
    )


def verify_sites(
    path: Path, settings: ConvertSettings, calls: Mapping[tuple[str, str], str]
) -> tuple[str, str]:
    """Return a note on the sites that ran, and why one is not the call that it stands for.

    Args:
        path: the file.
        settings: where sites run, and what counts as equal.
        calls: PyTorch's calls as Python, by the (graph, name) of the site that each became.
    """
    places = [parse_provider(one) for one in dict.fromkeys(("cpu", *settings.providers))]
    check = SiteCheck(path, places, settings.tolerances, settings.fallback, calls)
    ran: set[tuple[str, str]] = set()
    compared: set[tuple[str, str]] = set()
    wrong = ""
    try:
        with quietly():
            for one in check.results():
                key = (one.site.graph, one.site.name)
                if one.exact is not None:
                    ran.add(key)
                if one.meant is not None:
                    compared.add(key)
                if not one.agrees and not wrong:
                    wrong = f"{one.site.name} ({one.site.op}) alone fails: {_site_amount(one)}"
    except RuntimeFailure as failure:
        wrong = str(failure)
    names = ", ".join(name for _, name in sorted(ran)) or "none"
    note = f"operators that were run alone: {names}"
    if ran:
        against = ", ".join(name for _, name in sorted(compared)) or "none"
        note += f"; held against PyTorch's call: {against}"
    return note, wrong


def _site_amount(one: SiteResult) -> str:
    if one.refused or one.worst is None:
        return one.refused
    return one.worst.reason or f"off by up to {one.worst.max_abs:.3g}"
