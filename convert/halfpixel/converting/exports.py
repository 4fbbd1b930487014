"""Exports of one conversion: exported, held against the calls, fixed, and run.

The first one takes what the exporter writes, but for calls of which no runtime reads the same
pixels at every free length. Where the exporter refuses, or a call is not what it was after all
fixes, the next one has these calls in plain operators.
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.check import Settings as CheckSettings
from halfpixel.checking.check import opened
from halfpixel.converting.calls import (
    AFFINE,
    GRID,
    INVERSE,
    TRANSPOSED,
    Kind,
    delicate,
    kind_of,
    match_calls,
)
from halfpixel.converting.candidate import Candidate, follows, lowerings
from halfpixel.converting.cases import Cases, cases_of
from halfpixel.converting.export.by_onnx2tf import export_onnx2tf
from halfpixel.converting.export.to_coreml import export_coreml
from halfpixel.converting.export.to_litert import export_litert
from halfpixel.converting.export.to_onnx import Exported, ExportRefusal, export_onnx
from halfpixel.converting.result import COREML, LITERT, NEURAL, ConvertSettings
from halfpixel.converting.source import Source
from halfpixel.converting.verified import FORCE, verify_beside, verify_sites
from halfpixel.errors import GraphError, HalfpixelError
from halfpixel.fixing.fix import fix
from halfpixel.fixing.result import FixSettings
from halfpixel.intents.aten_call import NO_CALL
from halfpixel.intents.deviation import deviation

_WORD: Final = re.compile(r"\w+")
_OPERATOR: Final = re.compile(r"\b(?:aten|prims|torchvision|torchaudio)(?:::|\.)(\w+)")
"""Operators of PyTorch that a refusal names."""

OLDER: Final = 17
"""Opset that is tried where a target does not take what a newer one says."""

NATIVE: Final[Mapping[str, Collection[Kind]]] = {
    "litert": (),
    "onnx2tf": (TRANSPOSED, AFFINE, GRID),
}
"""Calls that an exporter is not asked for in plain operators."""

DYNAMO_SINCE: Final = 18
"""Oldest opset that the dynamo exporter writes; it converts down from there, or not."""


class Exports(Struct):
    """The exports of one module that are tried on its way to a file."""

    source: Source
    settings: ConvertSettings
    folder: Path
    target: Path | None
    cases: Cases | None = None  # chosen once, by running the module: they are for every candidate

    @property
    def exporter(self) -> str:
        """Which exporter is asked."""
        if self.target is not None and self.target.name.endswith(COREML):
            return "coreml"
        if self.target is not None and self.target.name.endswith(LITERT):
            return "onnx2tf" if self.source.made is None else "litert"
        old = self.settings.opset is not None and self.settings.opset < DYNAMO_SINCE
        usual = "torchscript" if self.source.scripted or old else "dynamo"
        return self.settings.exporter or usual

    @property
    def _of_file(self) -> bool:
        """Whether a file is converted as it is, without PyTorch."""
        return self.source.made is None

    def may_be_older(self, candidate: Candidate) -> bool:
        """Whether the opset and the exporter were left to us, and the file has a newer opset."""
        asked = self.settings.opset is not None or self.settings.exporter is not None
        opset = candidate.exported.opset if candidate.exported is not None else None
        return not asked and opset is not None and opset > OLDER

    def older(self) -> "Exports":
        """Return the same at an older opset."""
        folder = self.folder / f"o{OLDER}"
        folder.mkdir()
        settings = replace(self.settings, opset=OLDER, exporter=None)
        return Exports(self.source, settings, folder, self.target, self.cases)

    def candidates(self) -> tuple[Candidate, list[Candidate]]:
        """Return the candidate that is taken, and all of them."""
        candidates: list[Candidate] = []
        wanted: frozenset[Kind] | None = self._delicate()
        while wanted is not None and wanted not in [one.kinds for one in candidates]:
            candidates.append(self._candidate(wanted, len(candidates)))
            wanted = self._next(candidates[-1])
        good = [one for one in candidates if not one.refused]
        clean = [one for one in good if not one.doubtful]
        whole = [one for one in reversed(candidates) if one.path is not None]
        return next(iter([*clean, *good, *whole, *candidates])), candidates

    def _delicate(self) -> frozenset[Kind]:
        """Return the calls of which no runtime reads the same pixels at every free length."""
        if self.source.scripted or self.exporter in {"coreml", "litert"}:
            return self.source.needs
        found = {kind_of(call) for call in self.source.calls if delicate(call)}
        return self.source.needs | {kind for kind in found if kind is not None}

    def _next(self, candidate: Candidate) -> frozenset[Kind] | None:
        """Return the calls to be written in plain operators next; None where nothing is left."""
        settled = self.source.deferred and candidate.exported is not None and not self._of_file
        if self.source.scripted or settled or (not candidate.refused and not candidate.doubtful):
            return None
        if "linalg_inv" in candidate.refused and INVERSE not in candidate.kinds:
            return candidate.kinds | {INVERSE}
        expected = bool(self.settings.policies) and candidate.exported is not None
        if expected or (self.source.program is None and self.exporter == "dynamo"):
            return None  # it is what was expected; or torch.export refuses, however it is written
        unknown = self.source.program is None and not self.source.deferred
        if unknown and candidate.exported is None:
            every = candidate.kinds | {kind for _, kind in self.source.recorded}
            return None if every == candidate.kinds else every
        kinds = {k: kind_of(call) for k, call in enumerate(self.source.calls)}
        native = NATIVE.get(self.exporter, (TRANSPOSED,))
        known = {k: kind for k, kind in kinds.items() if kind is not None and kind not in native}
        doubtful = frozenset(kind for k, kind in known.items() if k in candidate.doubtful)
        every = frozenset(known.values())
        wanted = candidate.kinds | doubtful
        if wanted != candidate.kinds:
            return wanted
        last = candidate.final or not candidate.refused or self._elsewhere(candidate)
        return None if last or every == candidate.kinds else every

    def _elsewhere(self, candidate: Candidate) -> bool:
        """Whether a refusal is of something that is no resampling call, as far as it says.

        Then no other export of these calls changes it.
        """
        if candidate.exported is None:
            named = frozenset(_OPERATOR.findall(candidate.refused))
            ours = {call.target.split(".")[1] for call in self.source.calls}
            return bool(named) and not named & {*ours, *(f"_{name}" for name in ours)}
        if self._of_file:
            return False
        first = next((one.first for one in candidate.ran.verifications if not one.equal), None)
        failed = any(one.differs for one in candidate.ran.verifications)
        there = {site.name for site in candidate.sites}
        return failed and not candidate.matching.lost and (first is None or first.node not in there)

    def _candidate(self, kinds: frozenset[Kind], number: int) -> Candidate:
        """Export once, with calls of these kinds in plain operators."""
        found = Candidate(kinds)
        self.source.stage(f"exporting by {self.exporter}" + ", in plain operators" * bool(kinds))
        name = "model.onnx" if self.target is None else self.target.name
        place = self.folder / f"{number}"
        place.mkdir()
        try:
            found.exported = self._exported(place / name, kinds)
            if not self.source.deferred or follows(self.source, found.exported):
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
            expect = [policy.text for policy in self.settings.policies]
            return export_coreml(self.source, path, self.settings.targets, kinds, expect)
        if self.exporter == "onnx2tf":
            return export_onnx2tf(self.source, path, kinds)
        if self.exporter == "litert":
            return export_litert(self.source, path, kinds)
        return export_onnx(self.source, path, self.exporter, self.settings.opset, kinds)

    def _mend(self, candidate: Candidate) -> None:
        """Check what was exported against its calls, fix it, and run it.

        Raises:
            ExportRefusal: what was exported cannot be read.
        """
        exported = cast("Exported", candidate.exported)
        try:
            model = opened(exported.path)
            outputs = [end.output for end in model.site_values]
            calls, sites = self.source.calls, model.sites
        except HalfpixelError as error:
            reason = str(error).replace(str(exported.path), exported.path.name)
            raise ExportRefusal(f"what the {self.exporter} exporter wrote: {reason}") from error
        candidate.sites = tuple(sites)
        there = {port.name for port in model.inputs}
        if len(there) < len(self.source.names):
            candidate.missing = tuple(name for name in self.source.names if name not in there)
        candidate.matching = match_calls(calls, sites, outputs, exported.origins)
        intents = {
            site: intent
            for site, call in candidate.call_of().items()
            if (intent := calls[call].intent) is not None
        }
        if self.source.program is not None:
            intents |= {
                (site.graph, site.name): NO_CALL
                for place, site in enumerate(sites)
                if place not in candidate.matching.sites and site.operation.hidden == "AveragePool"
            }
        asked = CheckSettings(
            policies=self.settings.policies,
            severity="warning",
            targets=self.settings.targets,
            intents=intents,
        )
        settings = FixSettings(asked, self.settings.unsafe, self.settings.opset)
        self.source.stage("checking and fixing")
        fixed = fix(model, settings=settings)
        if fixed.error is None and (lower := lowerings(fixed)):
            fixed = fix(model, settings=replace(settings, lower=lower))
        candidate.fixed = fixed
        if fixed.error is not None:
            candidate.refused = fixed.error.replace(str(exported.path), exported.path.name)
            return
        path = exported.path.with_stem(exported.path.stem + ".fixed")
        fixed.save(path)
        candidate.path = path
        candidate.doubtful = self._doubtful(candidate)
        self._run(candidate, path)
        if candidate.refused and not candidate.doubtful and not candidate.final:
            candidate.doubtful = tuple(candidate.matching.lost)

    def _run(self, candidate: Candidate, path: Path) -> None:
        """Run the file beside the module, or its sites alone where it is not run as a whole."""
        try:
            self.source.stage("running the module")
            self.cases = self.cases or cases_of(self.source)
            self.source.stage(
                f"running the file beside the module on {len(self.cases.feeds)} inputs"
            )
            candidate.ran = verify_beside(path, self.source, self.settings, self.cases)
            candidate.refused, candidate.final = candidate.ran.refused, candidate.ran.final
        except GraphError as error:
            candidate.final = path.suffix == NEURAL
            texts = {
                site: self.source.calls[call].intent for site, call in candidate.call_of().items()
            }
            calls = {site: intent.text for site, intent in texts.items() if intent is not None}
            note, wrong = verify_sites(path, self.settings, calls)
            candidate.notes.append(note)
            candidate.refused = f"not verified: {wrong or error.reason}; {FORCE}"

    def _doubtful(self, candidate: Candidate) -> tuple[int, ...]:
        """Return the calls whose site, after fixing, is proven to be something else."""
        report = None if candidate.fixed is None else candidate.fixed.report
        if report is None:
            return ()
        names = candidate.call_of()
        found: list[int] = []
        for site in report.sites:
            call = names.get((site.graph, site.name))
            wrong = deviation(site.operation) if call is not None else None
            if call is not None and wrong is not None and not wrong.remote:
                found.append(call)
        return tuple(found)
