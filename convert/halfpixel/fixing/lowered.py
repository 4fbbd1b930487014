"""Whether a finding is left where its resize is written in other operators, as it is."""

from typing import Final

from halfpixel.checking.result import SiteFinding

MEANT: Final = frozenset({"recorded", "named", "assumed", "policy"})
"""How it is known what was meant."""


def outlives(one: SiteFinding) -> bool:
    """Whether a finding is of the samples, and not of the operator that was there.

    Its fix reads other samples; where it has none, it is louder than a note and rests on what was
    meant.
    """
    finding = one.finding
    if finding.fix is not None:
        return finding.fix.operator != one.site.operator
    return finding.severity != "note" and finding.how in MEANT
