"""Attempts at one conversion: exported, held against the calls, fixed, and run.

The first attempt takes what the exporter writes. Where it refuses, or a call is not what it was
after all fixes, the next one has these calls in plain operators.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from halfpixel.check import Settings as CheckSettings
from halfpixel.check import opened
from halfpixel.conversion import Conversion, ConvertSettings, Paired
from halfpixel.converting.calls import Matching, matched_calls
from halfpixel.converting.coreml_export import SUFFIXES, export_coreml
from halfpixel.converting.onnx_export import Exported, ExportRefusal, export_onnx
from halfpixel.converting.source import Source
from halfpixel.converting.told import kinds_told, lowerings, pair, spelled, still_declined
from halfpixel.converting.verified import failure, site_by_site, verified
from halfpixel.converting.written_out import Kind, delicate, kind_of
from halfpixel.deviation import deviation
from halfpixel.errors import GraphError
from halfpixel.fix import fix
from halfpixel.fixes import FixResult, FixSettings
from halfpixel.site import Site

if TYPE_CHECKING:
    from halfpixel.verification import Verification

_WORD: Final = re.compile(r"\w+")
DYNAMO_SINCE: Final = 18
"""Oldest opset that the dynamo exporter writes; it converts down from there, or not."""


@dataclass(slots=True)
class Attempt:
    """One export, checked, fixed and verified.

    Attributes:
        kinds: calls that were written in plain operators.
        exported: what the exporter wrote.
        sites: its sites.
        matching: which site each call became.
        fixed: the file as it was meant.
        path: where that file is.
        verifications: the file beside the module.
        refused: why there is no file, or why there should be none.
        doubtful: places of calls that are not what they were, as far as is known.
        notes: what else there is to say.
    """

    kinds: frozenset[Kind]
    exported: Exported | None = None
    sites: tuple[Site, ...] = ()
    matching: Matching = field(default_factory=Matching)
    fixed: FixResult | None = None
    path: Path | None = None
    verifications: "tuple[Verification, ...]" = ()
    refused: str = ""
    doubtful: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Converting:
    """One module on its way to a file."""

    source: Source
    settings: ConvertSettings
    folder: Path
    target: Path | None

    @property
    def exporter(self) -> str:
        """Which exporter is asked."""
        if self.target is not None and self.target.name.endswith(SUFFIXES):
            return "coreml"
        old = self.settings.opset is not None and self.settings.opset < DYNAMO_SINCE
        usual = "torchscript" if self.source.scripted or old else "dynamo"
        return self.settings.exporter or usual

    def result(self) -> Conversion:
        """Return what became of it."""
        attempts: list[Attempt] = []
        wanted: frozenset[Kind] | None = self._delicate()
        while wanted is not None and wanted not in [one.kinds for one in attempts]:
            attempts.append(self._attempt(wanted, len(attempts)))
            wanted = self._next(attempts[-1])
        good = [one for one in attempts if not one.refused]
        clean = [one for one in good if not one.doubtful]
        whole = [one for one in reversed(attempts) if one.fixed is not None]
        best = next(iter([*clean, *good, *whole, *attempts]))
        conversion = self._told(best, attempts)
        if best.fixed is not None and self.target is not None:
            if not best.refused or (self.settings.force and best.exported is not None):
                best.fixed.save(self.target, replace=True)
                conversion.output = str(self.target)
        elif best.fixed is not None and (not best.refused or self.settings.force):
            conversion.load(best.path)
        return conversion

    def _delicate(self) -> frozenset[Kind]:
        """Return the calls of which no runtime reads the same pixels at every free length."""
        if self.source.scripted or self.exporter == "coreml":
            return frozenset()
        found = {kind_of(call) for call in self.source.calls if delicate(call)}
        return frozenset(kind for kind in found if kind is not None)

    def _next(self, attempt: Attempt) -> frozenset[Kind] | None:
        """Return the calls to be written in plain operators next; None where nothing is left."""
        if self.source.scripted or (not attempt.refused and not attempt.doubtful):
            return None
        if self.settings.policies and attempt.exported is not None:
            return None  # the file is what was expected, whatever the module computes
        kinds = {k: kind_of(call) for k, call in enumerate(self.source.calls)}
        known = {k: kind for k, kind in kinds.items() if kind is not None}
        doubtful = frozenset(kind for k, kind in known.items() if k in attempt.doubtful)
        every = frozenset(known.values())
        wanted = attempt.kinds | doubtful
        if wanted != attempt.kinds:
            return wanted
        return every if attempt.refused and every != attempt.kinds else None

    def _attempt(self, kinds: frozenset[Kind], number: int) -> Attempt:
        """Export once, with calls of these kinds in plain operators."""
        found = Attempt(kinds)
        name = "model.onnx" if self.target is None else self.target.name
        place = self.folder / f"{number}"
        place.mkdir()
        try:
            found.exported = self._exported(place / name, kinds)
            self._mend(found)
        except ExportRefusal as refusal:
            found.refused = str(refusal)
            found.doubtful = self._named_in(found.refused)
        return found

    def _named_in(self, text: str) -> tuple[int, ...]:
        """Return the calls whose ATen operator a refusal names."""
        words = set(_WORD.findall(text))
        bare = {k: call.target.split(".")[1] for k, call in enumerate(self.source.calls)}
        return tuple(k for k, name in bare.items() if {name, f"_{name}"} & words)

    def _exported(self, path: Path, kinds: frozenset[Kind]) -> Exported:
        if self.exporter == "coreml":
            expect = [spelled(policy) for policy in self.settings.policies]
            return export_coreml(self.source, path, self.settings.targets, kinds, expect)
        return export_onnx(self.source, path, self.exporter, self.settings.opset, kinds)

    def _mend(self, attempt: Attempt) -> None:
        """Check what was exported against its calls, fix it, and run it."""
        exported = cast("Exported", attempt.exported)
        model = opened(exported.path)
        outputs = [end.output for end in model.ends]
        calls, sites = self.source.calls, model.sites
        attempt.sites = tuple(sites)
        attempt.matching = matched_calls(calls, sites, outputs, exported.origins)
        intents = {
            (sites[site].graph, sites[site].name): intent
            for site, call in attempt.matching.sites.items()
            if (intent := calls[call].intent) is not None
        }
        asked = CheckSettings(
            policies=self.settings.policies,
            severity="warning",
            targets=self.settings.targets,
            intents=intents,
        )
        settings = FixSettings(asked, self.settings.unsafe, self.settings.opset)
        fixed = fix(model, settings=settings)
        if fixed.error is None and (lower := lowerings(fixed)):
            fixed = fix(model, settings=replace(settings, lower=lower))
        attempt.fixed = fixed
        if fixed.error is not None:
            attempt.refused = fixed.error
            return
        path = exported.path.with_stem(exported.path.stem + ".fixed")
        fixed.save(path)
        attempt.path = path
        attempt.doubtful = self._doubtful(attempt)
        try:
            attempt.verifications = verified(path, self.source, self.settings)
            attempt.refused = failure(attempt.verifications, self.source)
        except GraphError as error:
            count, attempt.refused = site_by_site(path)
            attempt.notes.append(f"not run as a whole; sites that were run alone: {count}")
            unsure = self.source.reference is not None and (
                self.source.notes or self.source.problem
            )
            if attempt.matching.lost or attempt.kinds or unsure:
                attempt.refused = f"not verified: {error.reason}"
        if attempt.refused and not attempt.doubtful:
            attempt.doubtful = tuple(attempt.matching.lost)

    def _doubtful(self, attempt: Attempt) -> tuple[int, ...]:
        """Return the calls whose site, after fixing, is proven to be something else."""
        report = None if attempt.fixed is None else attempt.fixed.report
        if report is None:
            return ()
        sites = attempt.sites
        names = {
            (sites[site].graph, sites[site].name): call
            for site, call in attempt.matching.sites.items()
        }
        found: list[int] = []
        for site in report.sites:
            call = names.get((site.graph, site.name))
            wrong = deviation(site.operation) if call is not None else None
            if call is not None and wrong is not None and not wrong.remote:
                found.append(call)
        return tuple(found)

    def _told(self, best: Attempt, attempts: Sequence[Attempt]) -> Conversion:
        """Return the report of the attempt that was chosen."""
        fixed, exported = best.fixed, best.exported
        notes = [*self.source.notes]
        notes += [f"in plain operators: {one}" for one in kinds_told(best.kinds)]
        notes += [
            f"exported again: {one.refused}" for one in attempts if one.refused and one is not best
        ]
        if self.source.problem and self.source.reference is None:
            notes.append(
                f"no graph of PyTorch's own: {self.source.problem}; the exporter's record counts"
            )
        if any(self.source.free.values()) and any(len(v.cases) == 1 for v in best.verifications):
            notes.append("verified at the exported lengths alone: the module takes no others")
        notes += best.notes
        if fixed is not None:
            notes += fixed.notes
        opset = exported.opset if exported is not None else None
        return Conversion(
            self.source.name,
            exporter=self.exporter,
            opset=opset,
            sites=tuple(self._paired(best)),
            changes=fixed.changes if fixed else (),
            declined=still_declined(fixed) if fixed else (),
            notes=tuple(dict.fromkeys(notes)),
            verifications=best.verifications,
            refused=best.refused,
            fixed=fixed,
        )

    def _paired(self, attempt: Attempt) -> list[Paired]:
        """Return calls and sites, in the order of the calls; sites without a call come last."""
        calls = self.source.calls
        before = attempt.sites
        report = attempt.fixed.report if attempt.fixed is not None else None
        after = {(s.graph, s.name): s for s in (report.sites if report else ())}
        changes = attempt.fixed.changes if attempt.fixed is not None else ()
        found: list[tuple[int, Paired]] = []
        by_call = {call: site for site, call in attempt.matching.sites.items()}
        for place, call in enumerate(calls):
            site = before[by_call[place]] if place in by_call else None
            note = "" if site else attempt.matching.lost.get(place, "")
            if kind_of(call) in attempt.kinds:
                note = "written in plain operators"
            if attempt.exported is None:
                note = ""
            found.append((place, pair(call, site, note, after, changes)))
        for place, site in enumerate(before):
            if place not in attempt.matching.sites:
                note = attempt.matching.notes.get(place, "") if calls else ""
                found.append((len(calls), pair(None, site, note, after, changes)))
        return [pair for _, pair in found]
