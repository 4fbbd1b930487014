"""What was verified, as tables for people."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isfinite
from typing import Final

from halfpixel.intents.pairing import Pairing, copies
from halfpixel.report.layout import Line, hung
from halfpixel.report.table import table_lines
from halfpixel.verifying.amounts import count_text
from halfpixel.verifying.measure import Difference
from halfpixel.verifying.one_model import SiteVerification
from halfpixel.verifying.result import Output, Verification
from halfpixel.verifying.side import Divergence, Unrun
from halfpixel.verifying.site_check import SiteResult

MOST: Final = 1e6
"""Times, or units in the last place, beyond which a table has no figure."""

NAMES: Final = 6
"""Sites that are named of those that did not run for one reason."""

FEW: Final = 8
"""Sites of one branch that are named in a line."""


def lines(found: Verification, width: int | None = None) -> Iterator[Line]:
    """Yield the table of outputs, where the sides part, where nodes ran, and the verdict.

    Args:
        found: what came of it.
        width: columns of the page, for tables; None where they may be of any width.
    """
    a, b = found.names
    yield Line("", f"{a}  against  {b}", hang=2)
    yield from _outputs(found.outputs, width)
    yield from map(hung, (*_reason_lines(found.outputs), *_measure_lines(found)))
    for case in found.cases:
        if case.refused:
            shapes = ", ".join(f"{n} {'x'.join(map(str, s))}" for n, s in case.shapes.items())
            both = "both refuse: " if case.equal else ""
            yield hung(f"inputs {shapes or '(any)'}: {both}{case.refused}")
    if found.first is not None:
        yield hung(divergence_line(found.first))
    yield from map(hung, _unnamed_lines(found))
    yield from map(hung, unrun_lines(found.unrun))
    yield from map(hung, (*_blank_lines(found), *pairing_lines(found.pairing)))
    yield from map(hung, _rest(found.optimiser, found.placement))
    yield closing(found)


def closing(found: Verification) -> Line:
    """Return the verdict in one line."""
    count = sum(bool(case.outputs) for case in found.cases)
    verdict = f"different{_by(found)}" if found.differs else found.verdict
    by = ", as --tolerance or --task has it" if found.asked else ""
    text = f"{by}, {count} of {len(found.cases)} runs compared"
    return Line(verdict, text, "error" if found.differs else "well" if found.equal else "", 2)


def _outputs(outputs: Sequence[Output], width: int | None) -> Iterator[Line]:
    heads = ("output", "type", "equal", "max abs", "max rel", "max ulp", "cosine", "beyond")
    rows: list[tuple[str, ...]] = []
    for one in outputs:
        apart = one.difference
        name = one.name if one.name == one.other else f"{one.name} / {one.other}"
        measures = ", ".join(f"{key} {value:.4g}" for key, value in one.task.items())
        equal = "yes" if apart.equal else "no"
        numbers = (
            f"{apart.max_abs:.3g}",
            _figure(apart.max_rel) if apart.max_rel >= 1 else f"{apart.max_rel:.3g}",
            _figure(apart.max_ulp),
            f"{apart.cosine:.7g}",
            f"{apart.beyond} of {apart.size}",
        )
        told = numbers if isfinite(apart.max_abs) else ("",) * len(numbers)
        rows.append((f"{name}  {measures}".rstrip(), one.dtype, equal, *told))
    yield from table_lines(heads, rows, width)


def _figure(count: float) -> str:
    """Return a count for a table: of what is beyond a million, nobody reads more than that.

    >>> _figure(12.0), _figure(8.9e11), _figure(float("inf"))
    ('12', 'more than a million', 'inf')
    """
    return "more than a million" if MOST < count < inf else count_text(count)


def _reason_lines(outputs: Iterable[Output]) -> Iterator[str]:
    """Yield why outputs are not equal where figures do not say it."""
    for one in outputs:
        if one.difference.reason and not one.difference.equal and not one.blank:
            yield f"output {one.name!r}: {one.difference.reason}"


def _unnamed_lines(found: Verification) -> Iterator[str]:
    """Yield what there is to say where no node can be named: what was tried, whom check suspects.

    >>> list(_unnamed_lines(Verification(("a", "b"), (), tried=("2 pairs",))))
    ['no run tells which node parts them; tried: 2 pairs']
    """
    if found.first is None and found.tried:
        yield f"no run tells which node parts them; tried: {'; '.join(found.tried)}"
    if found.suspected and found.differs:
        yield f"no run tells which node; check has something to say of {found.suspected}"


def unrun_lines(found: Sequence[Unrun]) -> Iterator[str]:
    """Yield the sites that ran in no run that was compared, those of one branch in one line.

    >>> list(unrun_lines([Unrun("up", "Resize", "if1.else_branch", "branch else of node if1")]))
    ['never ran: up (branch else of node if1); nothing is said of it']
    """
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for one in found:
        said = "compared by the exact description alone"
        if one.apart:
            said += ", which is not that of the other side"
        elif not one.alike:
            said = "nothing is said of it"
            said += f", and check has something to say ({one.check})" if one.check else ""
        groups.setdefault((one.where, said), {})[one.node] = None
    for (where, said), nodes in groups.items():
        names = ", ".join(tuple(nodes)[:FEW]) + f" and {len(nodes) - FEW} more" * (len(nodes) > FEW)
        told = said if len(nodes) == 1 else said.replace("of it", "of them")
        yield (
            f"never ran: {names} ({where}); {told}" if where else f"not known to have run: {names}"
        )


def _by(found: Verification) -> str:
    """Return what the verdict rests on: times the noise floor, or two conventions.

    >>> _by(Verification(("a", "b"), ()))
    ''
    """
    if found.proven:
        return " by the conventions of two sites"
    apart = [one.measure for one in found.outputs if not one.difference.equal and one.measure]
    times = max((one.times for one in apart if not one.flipped), default=0.0)
    return f" by {count_text(times)} times the noise floor" if times and not found.asked else ""


def _measure_lines(found: Verification) -> Iterator[str]:
    """Yield how far outputs are apart by what they vary by and by the noise floor, and shapes."""
    for one in found.outputs:
        if one.measure is not None:
            why = f": {one.measure.why}" if one.measure.why and not found.asked else ""
            yield f"output {one.name!r} differs by {one.measure.text}{why}"
    yield from _compared_lines(found)
    if found.dropped:
        taken = "; ".join(found.dropped[:4]) + " ..." * (len(found.dropped) > 4)
        yield f"dropped, since neither side takes them: {taken}: {found.refusal}"
    if found.proven:
        yield found.proven


def _compared_lines(found: Verification) -> Iterator[str]:
    """Yield the shapes that were compared, and what inputs that were made look like there."""
    shapes: dict[str, dict[str, None]] = {}
    for case in found.cases:
        if case.outputs and case.shapes:
            shapes.setdefault(case.lengths, {})[case.made] = None
    if shapes:
        told = (f"{n} ({'; '.join(made)})" if all(made) else n for n, made in shapes.items())
        yield "compared at " + "; ".join(told)


def _rest(optimiser: Sequence[str], placement: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield what an optimiser changes, and where nodes ran."""
    for line in optimiser:
        yield f"optimiser: {line}"
    for side, placed in zip("ab", placement, strict=False):
        if len(set(placed.values())) > 1:
            yield from (f"  {side}: {node} on {provider}" for node, provider in placed.items())
        if placed:
            counts = ", ".join(f"{n} on {p}" for p, n in Counter(placed.values()).most_common())
            yield f"nodes of {side}: {counts}"


def divergence_line(first: Divergence) -> str:
    """Return where two sides part, in words."""
    kind = "site" if first.site else "node"
    amount = first.observed.reason or f"off by up to {first.observed.max_abs:.3g}"
    if first.introduced is None:
        how = "its own part cannot be told apart" if not first.observed.reason else ""
    else:
        how = "introduced here: its input is the same"
    if first.among:
        how = f"introduced there, or by {' or '.join(first.among)}, which no call stands for"
    where = f" in {first.graph}" if first.graph else ""
    parts = [f"first divergent {kind}: {first.node} ({first.op}){where}", amount, how]
    return "; ".join(part for part in parts if part)


def _blank_lines(found: Verification) -> list[str]:
    why = "is one number throughout, and tells nothing; other --inputs or --range may"
    return [
        f"output {one.name!r} {one.difference.reason and 'tells nothing: '}"
        f"{one.difference.reason or why}"
        for one in found.outputs
        if one.blank
    ]


def pairing_lines(found: Pairing | None) -> list[str]:
    """Return what the sites of two files differ in; nothing where they agree.

    >>> pairing_lines(Pairing())
    []
    """
    if found is None:
        return []
    lines = [
        f"  {pair.a.name} ({pair.a.op}) and {pair.b.name} ({pair.b.op}): {pair.difference}"
        for pair in found.pairs
        if pair.equal is not True
    ]
    for side, alone in (("a", found.only_a), ("b", found.only_b)):
        lines += [
            f"  only in {side}: {site.name} ({site.op})"
            + (", which copies" if copies(site) else "")
            for site in alone
        ]
    if not lines:
        return []
    count = len(found.differences)
    return [f"sites: {len(found.pairs)} paired, {count} of them with another convention", *lines]


def site_lines(found: SiteVerification, width: int | None = None) -> Iterator[Line]:
    """Yield what every site does on every provider; `width` as for `lines`."""
    heads = ("site", "op", "input", "provider", "exact weights", "PyTorch")
    rows = [
        (
            one.site.name,
            one.site.op,
            "x".join(map(str, one.shape)),
            one.provider.removesuffix("ExecutionProvider") or one.where,
            _verdict(one.exact, "not run"),
            _verdict(one.torch, ""),
        )
        for one in found.results
    ]
    yield from table_lines(heads, rows, width)
    yield from map(hung, (*_refusals(found.results), *found.notes))
    yield from map(hung, _rest(found.optimiser, ()))
    yield site_closing(found)


def site_closing(found: SiteVerification) -> Line:
    """Return what came of all sites in one line.

    >>> site_closing(SiteVerification(refused=True)).head
    'it has no resampling node'
    """
    ran = [one for one in found.results if one.exact is not None]
    equal = sum(one.agrees for one in ran)
    alone = len(found.results) - len(ran)
    text = f"{equal} of {len(ran)} runs of single sites equal their exact weights"
    if not found.results:
        text = "it has no resampling node"
    more = f"; {alone} did not run alone" if alone else ""
    if found.verdict == "nothing was compared":
        text = f"{found.verdict}: {text}"
        more += "; hold it against another side"
    more += "; the whole model is refused" if found.refused else ""
    if found.equal:
        more += "; the runtime follows the file, and halfpixel check judges what was meant"
    style = "well" if found.equal else "error" if found.differs else ""
    return Line(text, more, style, 2)


def _refusals(results: Iterable[SiteResult]) -> Iterator[str]:
    """Yield why sites did not run, each reason once."""
    from halfpixel.report.alike import named

    reasons: dict[str, list[str]] = {}
    for one in results:
        if one.exact is None and one.refused:
            reasons.setdefault(one.refused, []).append(one.site.name)
    for why, names in reasons.items():
        yield f"not run: {named(list(dict.fromkeys(names)), NAMES)}: {why}"


def _verdict(found: Difference | None, absent: str) -> str:
    if found is None:
        return absent
    return f"{'equal' if found.equal else 'different'}, {found.max_abs:.3g}"
