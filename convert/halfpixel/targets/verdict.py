"""What a target makes of an operation."""

from msgspec import Struct

from halfpixel.targets.row import How, Verdict


class TargetVerdict(Struct, frozen=True):
    """What a target makes of an operation.

    Attributes:
        verdict: native (it takes it), fallback (it is left to the CPU), refused, or different
            (it takes it and computes something else).
        reason: the cause, or the runtime's words.
        worst: largest error that was seen, where it is different.
        how: measured where it was run, source where the runtime's files say it.
        source: what was run or read.
        reports: links to public issues in which it was seen.
        instead: what runs natively, where the target can say it.
        whole: it is the model that is refused, whatever its nodes are.
    """

    verdict: Verdict
    reason: str = ""
    worst: float | None = None
    how: How = "measured"
    source: str = ""
    reports: tuple[str, ...] = ()
    instead: str = ""
    whole: bool = False
