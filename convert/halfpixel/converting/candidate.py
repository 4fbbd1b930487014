"""What one attempt at a conversion has come to."""

from dataclasses import dataclass, field
from pathlib import Path

from halfpixel.converting.calls import Matching
from halfpixel.converting.export.to_onnx import Exported
from halfpixel.converting.plain.exporting import Kind
from halfpixel.converting.verified import Verified
from halfpixel.fixing.result import FixResult
from halfpixel.site import Site


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
        ran: what came of running the file beside the module.
        refused: why there is no file, or why there should be none.
        final: no other export would change why it is refused.
        missing: inputs of the module that are not in the file.
        doubtful: places of calls that are not what they were, as far as is known.
        notes: what else there is to say.
    """

    kinds: frozenset[Kind]
    exported: Exported | None = None
    sites: tuple[Site, ...] = ()
    matching: Matching = field(default_factory=Matching)
    fixed: FixResult | None = None
    path: Path | None = None
    ran: Verified = field(default_factory=Verified)
    refused: str = ""
    final: bool = False
    missing: tuple[str, ...] = ()
    doubtful: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list[str])

    def call_of(self) -> dict[tuple[str, str], int]:
        """Return the place of its call for each site that has one, by (graph, name)."""
        sites = self.sites
        return {
            (sites[site].graph, sites[site].name): call
            for site, call in self.matching.sites.items()
        }
