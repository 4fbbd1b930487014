"""Why a finding holds: the verdict of the comparison, and the lengths that show it."""

from fractions import Fraction
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.checking.result import SiteFinding
from halfpixel.errors import ConventionError
from halfpixel.intents.axis_deviation import Deviation
from halfpixel.intents.deviation import deviation, meant_resize
from halfpixel.sampling import Resize, compare_resize
from halfpixel.sampling.compare import Verdict
from halfpixel.site import Operation
from halfpixel.targets.target import load_target, names
from halfpixel.work import TooMuchWork, one_node

HOW: Final = {
    "proven": "Proven of the file itself, in exact rational arithmetic.",
    "simulated": "Simulated: what the runtime does, float32 and all, is repeated step by step.",
    "recorded": "What was meant is recorded in the file by its exporter.",
    "named": "What was meant is named by an operator of the original, whose name was kept.",
    "assumed": "Assumed: what was meant is a habit of the exporter, and is not recorded.",
    "policy": "What was meant is what --expect or the configuration says.",
}
"""What each way of knowing rests on."""

PROOFS: Final = {
    "closed form": "their closed forms, which hold at every length",
    "sizes": "both weight matrices at these lengths, in exact rationals",
    "period": "one period of the scale and both borders, which stand for every length",
    "simulated": "the float32 steps of the runtime and of PyTorch, repeated one by one",
    "search": "a search of the smallest lengths, which is no proof of equality",
}
"""What a comparison rests on."""

KINDS: Final = {
    "native": "take it as it is", "fallback": "left to the CPU", "refused": "refused",
    "different": "different",
}  # fmt: skip
"""What a target makes of a site, for people."""


class Axis(Struct, frozen=True):
    """What a comparison says along one axis.

    Attributes:
        axis: the axis, counted from 0.
        words: equal, different, or what is known instead.
        rests: what this rests on.
        lengths: input and output length that show it; empty where none do.
        apart: worst displacement in input pixels, as a fraction and as a decimal.
        weights: largest difference of two weights, likewise.
    """

    axis: int
    words: str
    rests: str
    lengths: str
    apart: str
    weights: str


class OnTarget(Struct, frozen=True):
    """What runtimes make of a site, and how that is known.

    Attributes:
        names: the targets of which all of this is said.
        verdict: whether they take it, for people.
        reason: the cause, or the runtime's own words.
        source: what was run or read.
        how: measured or source.
        reports: public issues in which it was seen.
    """

    names: tuple[str, ...]
    verdict: str
    reason: str
    source: str
    how: str
    reports: tuple[str, ...]


def axes_of(one: SiteFinding) -> tuple[Axis, ...]:
    """Return what the file computes held against what was meant, an axis each.

    What was meant is the recorded intent, else the operator of the fix. Nothing where neither is
    a resize, or where it would be too much work.
    """
    operation = one.site.operation
    operator, fix = operation.operator, one.finding.fix
    if not isinstance(operator, Resize):
        return ()
    meant = meant_resize(operation)
    if meant is None and fix is not None and isinstance(fix.operator, Resize):
        meant = fix.operator
    if meant is None:
        return ()
    try:
        with one_node():
            apart = deviation(operation)
            if apart is not None and apart.simulated:
                return (_simulated(apart),)
            found = compare_resize(operator, meant, *operation.lengths)
    except (TooMuchWork, ConventionError, ValueError):
        return ()
    return tuple(_axis(axis.axis, axis.verdict) for axis in found.axes)


def _axis(axis: int, verdict: Verdict) -> Axis:
    shows = verdict.witness is not None
    lengths = "" if verdict.witness is None else "{} to {}".format(*verdict.witness)
    return Axis(
        axis,
        verdict.words,
        PROOFS[verdict.proof],
        lengths,
        number(verdict.displacement) if shows else "",
        number(verdict.weight_difference) if shows else "",
    )


def _simulated(found: Deviation) -> Axis:
    """Return what runtimes compute, where exact weights do not tell them apart."""
    return Axis(
        found.axis,
        "different",
        PROOFS["simulated"],
        f"{found.n_in} to {found.n_out}",
        number(found.displacement),
        number(found.weight_difference),
    )


def number(value: Fraction) -> str:
    """Return an exact number for people.

    >>> number(Fraction(1, 4)), number(Fraction(5, 28)), number(Fraction(2))
    ('1/4 = 0.25', '5/28 ≈ 0.179', '2')
    """
    if value.denominator == 1:
        return str(value)
    short = f"{float(value):.3g}"
    if value.denominator > 10_000:
        return short
    return f"{value} {'=' if Fraction(short) == value else '≈'} {short}"


def runtimes_of(operation: Operation) -> tuple[OnTarget, ...]:
    """Return what each target is known to make of a site: those that were asked for, else all."""
    found: dict[OnTarget, list[str]] = {}
    for name in operation.origin.targets or tuple(names()):
        try:
            with one_node():
                said = load_target(name).says(operation)
        except TooMuchWork:
            continue
        if said is not None:
            verdict = KINDS[said.verdict]
            one = OnTarget((), verdict, said.reason, said.source, said.how, said.reports)
            found.setdefault(one, []).append(name)
    return tuple(replace(one, names=tuple(named)) for one, named in found.items())
