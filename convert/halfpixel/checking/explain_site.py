"""A site explained: what it is and was meant to be, what is wrong, and where the two part."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from halfpixel.checking.beside import (
    both,
    place_lines,
    rule_lines,
    samplers_verdict,
    verdict_lines,
)
from halfpixel.checking.check import Judge, Settings
from halfpixel.checking.claim import claim_of
from halfpixel.checking.result import SiteFinding, announced
from halfpixel.checking.samplers import formulas
from halfpixel.checking.sampling_words import (
    EXAMPLE_LENGTH,
    Nearby,
    other_words,
    sampling_lines,
)
from halfpixel.checking.shapes import Shapes
from halfpixel.conventions.vocabulary import Words
from halfpixel.format import Opened
from halfpixel.intents.axis_deviation import Deviation
from halfpixel.intents.deviation import deviation, meant_resize
from halfpixel.sampling import Resize, Sampling, compare
from halfpixel.site import Operation, Site

IS: Final = "is"
MEANT: Final = "meant"
MENDED: Final = "fixed"
"""What the operator of a fix is called where nobody knows what was meant."""

Findings = Sequence[SiteFinding]
Axis = tuple[Sampling | None, Sampling | None, int | None, int | None]
"""What an axis is and was meant to be, and its lengths."""


def findings_at(model: Opened, shapes: Shapes, path: str) -> Mapping[int, Findings]:
    """Return what every rule says of a model, by the place of the site among its sites."""
    report = Judge(Settings(shapes=shapes)).judged(model, path)
    if any(one.finding.fix for one in report.findings):
        report = announced(model, report)
    found: defaultdict[int, list[SiteFinding]] = defaultdict(list)
    for place, one in zip(report.places, report.findings, strict=True):
        found[place].append(one)
    return found


def brief_lines(site: Site) -> Iterator[str]:
    """Yield what a site is, and what it was meant to be where that is known."""
    yield f"  {IS}: {claim_of(site, 'no single PyTorch call')}"
    if site.intent is not None:
        yield f"  {MEANT}: {site.intent.text} ({site.intent.how}: {site.intent.origin})"


def site_lines(site: Site, found: Findings, *, nearest: bool = False) -> Iterator[str]:
    """Yield what a site says of itself, what is wrong with it, and what it computes.

    Args:
        site: the site.
        found: what rules say of it.
        nearest: as for `Nearby`.
    """
    for name, value in sorted(site.operation.attributes.items()):
        yield f"  {name} = {value}"
    yield from brief_lines(site)
    for one in found:
        yield f"  {_finding(one)}"
    if isinstance(site.operator, Resize):
        words = Words(site.op, site.operation.attributes).text()
        yield from _resize(site.operation, site.operator, found, words, nearest=nearest)
    else:
        yield from _sampler(site)


def _finding(one: SiteFinding) -> str:
    """Return a finding in one line, with what is to be done."""
    finding, intent = one.finding, one.site.intent
    message = finding.message
    if intent is not None:  # which stands above
        message = message.removesuffix(f"; {intent.text} was meant")
    said = f"{finding.severity} {one.rule.name}: {message} ({finding.how})"
    if finding.fix is not None:
        return f"{said}; fix ({finding.fix.safety}): {one.words}"
    return f"{said}; no fix: {finding.declined}" if finding.declined else said


def _sampler(site: Site) -> Iterator[str]:
    """Yield what an operator that is no resize computes, beside what was meant."""
    operator = site.operator
    meant = None if site.intent is None else site.intent.operator
    if meant is None or type(meant) is not type(operator) or meant == operator:
        yield from formulas(operator, EXAMPLE_LENGTH)
        return
    names = IS, MEANT
    ours, theirs = (formulas(one, EXAMPLE_LENGTH) for one in (operator, meant))
    for first, second in zip_longest(ours, theirs, fillvalue=""):
        told = [first.strip()] if first == second else both(first.strip(), second.strip(), names)
        yield from (f"  {line}" for line in told)
    yield f"  {samplers_verdict(operator, meant, names)}"


def _resize(
    operation: Operation, operator: Resize, found: Findings, words: str, *, nearest: bool
) -> Iterator[str]:
    """Yield what a resize computes along its axes, beside what was meant, and its other words."""
    meant, name, apart = meant_resize(operation), MEANT, deviation(operation)
    if meant is None:
        meant, name = _mended(found), MENDED
    wrong = apart is not None or (meant is not None and name == MENDED)
    yield from _axes(operation, operator, meant, name, apart)
    told, of = operator, ""
    if meant is not None and wrong:
        told, of = meant, "the fix, " if name == MENDED else "what was meant, "
    if of and all(sampling.scale == 1 for _, sampling in told.axes):
        yield f"  {of}in other words: a copy"
        return
    factors = _whole_factors(operation)
    kinds: dict[tuple[Sampling, int | None], list[int]] = {}
    for axis, sampling in told.axes:
        kinds.setdefault((sampling, factors.get(axis)), []).append(axis)
    for (sampling, factor), axes in kinds.items():
        parted = len(kinds) > 1
        along = f"along {_named(axes)}, " if parted else ""
        name = "" if of else f"Core ML {operation.dialect.name}"
        near = Nearby(factor, name, words, nearest)
        yield from other_words(sampling, len(told.axes), parted=parted, near=near, of=of + along)


def _mended(found: Findings) -> Resize | None:
    """Return the resize that the first fix of what is wrong makes of a site."""
    fixes = [one.finding.fix for one in found if one.finding.severity != "note"]
    made = (fix.operator for fix in fixes if fix is not None)
    return next((one for one in made if isinstance(one, Resize)), None)


def _axes(
    operation: Operation, operator: Resize, meant: Resize | None, name: str, apart: Deviation | None
) -> Iterator[str]:
    """Yield what is computed along each axis; of axes that part alike the numbers of the worst."""
    is_, wanted = dict(operator.axes), {} if meant is None else dict(meant.axes)
    ins, outs = operation.lengths
    groups: dict[Axis, list[int]] = {}
    for axis in sorted(is_.keys() | wanted.keys()):
        key = is_.get(axis), wanted.get(axis), ins[axis], outs[axis]
        groups.setdefault(key, []).append(axis)
    worst = next((key[:2] for key, axes in groups.items() if apart and apart.axis in axes), None)
    seen: set[tuple[Sampling | None, Sampling | None]] = set()
    for key, axes in groups.items():
        shown = apart if apart is not None and apart.axis in axes else None
        whole = shown is not None or (key[:2] != worst and key[:2] not in seen)
        seen.add(key[:2])
        lines = list(_axis(key, name, shown, known=meant is not None, whole=whole))
        if len(lines) == 1:
            yield f"  {_named(axes)}: {lines[0]}"
            continue
        yield f"  {_named(axes)}:"
        yield from (f"    {line}" for line in lines)


def _named(axes: Sequence[int]) -> str:
    return f"{'axis' if len(axes) == 1 else 'axes'} {', '.join(map(str, axes))}"


def _axis(
    key: Axis, name: str, shown: Deviation | None, *, known: bool, whole: bool
) -> Iterator[str]:
    """Yield what is computed along axes that are alike, beside what was meant.

    Args:
        key: what they are.
        name: what that which they stand beside is called.
        shown: how they differ from it, where it is here that this is worst.
        known: there is such.
        whole: with all numbers, which one of several axes that part alike has.
    """
    a, b, n_in, n_out = key
    one = a or b
    if a is None or b is None:
        if known and shown is None and (name == MEANT or a is None):
            yield f"as {name}: a copy, at length {n_in} to {n_out}"
            return
        if known:
            yield f"different: {IS if b is None else name} resampled, the other a copy"
        if one is not None:
            yield from _alone(one, n_in, n_out)
        return
    if n_in is None or n_out is None:
        found = compare(a, b)
        witness = (shown.n_in, shown.n_out) if shown is not None else found.witness
        if witness is None:
            yield from _alone(a, None, None)
            yield f"as {name}: {found.words}"
            return
        n_in, n_out = witness
    names = IS, name
    here = compare(a, b, n_in, n_out)
    simulated = shown is not None and shown.simulated and here.equal
    if here.equal and not simulated:
        yield from _alone(a, n_in, n_out)
        yield f"as {name}: equal at length {n_in} to {n_out}"
        return
    if shown is not None and simulated:
        yield from _alone(a, n_in, n_out)
        yield (
            f"different: at length {shown.n_in} to {shown.n_out} the runtime's float32 reads up "
            f"to {float(shown.displacement):.3g} input px from what PyTorch reads (simulated)"
        )
        return
    if whole:
        yield from rule_lines(a, b, names)
        yield from place_lines(a, b, n_in, n_out, names)
    yield from verdict_lines(a, b, n_in, n_out, names)


def _alone(sampling: Sampling, n_in: int | None, n_out: int | None) -> Iterator[str]:
    """Yield what a sampling computes, with nothing beside it."""
    yield from (line[2:] for line in sampling_lines(sampling, [(n_in, n_out)]))


def _whole_factors(operation: Operation) -> dict[int, int]:
    """Return the whole factors that an operator gives, by axis: Core ML's, which set lengths."""
    scales = operation.scales or ()
    if len(scales) != operation.rank:
        return {}
    return {axis: int(one) for axis, one in enumerate(scales) if one >= 1 and one.is_integer()}
