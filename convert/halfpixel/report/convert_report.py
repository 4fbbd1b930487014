"""What was converted, for people and for programs."""

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Final

from halfpixel.checking.claim import COPY, is_copy
from halfpixel.converting.result import CallSite, Conversion
from halfpixel.format import Outcome
from halfpixel.quoting import json_text
from halfpixel.report.fix_report import declined_fields
from halfpixel.report.machine.as_json import finding_fields

if TYPE_CHECKING:
    from halfpixel.verifying.result import Verification

VERSION: Final = 1


def lines(found: Conversion) -> Iterator[str]:
    """Yield the report line by line, why a file is refused first."""
    if found.refused:
        yield f"refused: {found.refused}"
    opset = "" if found.opset is None else f", opset {found.opset}"
    yield f"{found.source}: by {found.exporter}{opset}"
    for place, pair in enumerate(found.sites, 1):
        yield from _pair(place, pair)
    yield from _elsewhere(found)
    for limit in found.narrower:
        yield f"  narrower  {limit}"
    for note in found.notes:
        yield f"  note  {note}"
    for verification in found.verifications:
        yield from _verification(verification)
    if found.output:
        yield f"written to {found.output}" + (", though it is not the module" * (not found.ok))
    elif found.refused:
        yield "nothing was written"


def closing(found: Conversion) -> str:
    """Return a conversion in one line."""
    if found.refused:
        return f"{found.source}: refused: {found.refused}"
    verified = "verified" if found.verified else "not verified"
    left = f", {found.findings} left" if found.findings else ""
    return f"{found.source}: written to {found.output}, {verified}{left}"


def _elsewhere(found: Conversion) -> Iterator[str]:
    """Yield changes that belong to no pair, and what was declined."""
    changed = {id(change) for pair in found.sites for change in pair.changes}
    for change in found.changes:
        if id(change) not in changed:
            yield f"  fixed {change.node} ({change.op}): {change.why}: {change.text}"
    for one in found.declined:
        yield f"  declined {one.node} ({one.op}): {one.why}: {one.reason}"


def _pair(place: int, pair: CallSite) -> Iterator[str]:
    call, site = pair.call, pair.site
    if call is not None:
        where = f"  [{call.source}]" if call.source else ""
        yield f"  {place}. {call.text}{where}"
    if site is not None:
        lead = f"  {place}. " if call is None else "     "
        operation = site.operation
        said = (
            COPY if is_copy(site) else operation.claim or operation.hidden or "not a PyTorch call"
        )
        yield f"{lead}is {site.name} ({site.op}): {said}"
    for change in pair.changes:
        yield f"     fixed: {change.why}: {change.text}"
    if pair.note:
        yield f"     {pair.note}"


def _verification(found: "Verification") -> Iterator[str]:
    ran = [case for case in found.cases if case.outputs]
    for output in found.outputs:
        told = f"max {output.difference.max_abs:.3g}" if not output.difference.reason else ""
        yield (
            f"  {found.names[0]} against {found.names[1]}: {output.name}: "
            f"{output.difference.reason or told}, {len(ran)} of {len(found.cases)} shapes: "
            + "; ".join(case.lengths for case in ran)
        )
    for line in found.optimiser:
        yield f"  note  {line}"


def dumps(found: Conversion) -> str:
    """Return the report as JSON text; a number that is not finite is null."""
    return json_text(
        {
            "version": VERSION,
            "source": found.source,
            "output": found.output or None,
            "exporter": found.exporter,
            "opset": found.opset,
            "verified": found.verified,
            "refused": found.refused or None,
            "sites": [_fields(pair) for pair in found.sites],
            "changes": [_change(one) for one in found.changes],
            "declined": [declined_fields(one) for one in found.declined],
            "narrower": list(found.narrower),
            "notes": list(found.notes),
            "remaining": [finding_fields(one) for one in found.remaining],
            "verifications": [_figures(one) for one in found.verifications],
        },
    )


def _change(one: Outcome) -> dict[str, object]:
    return {"node": one.node, "op": one.op, "why": one.why, "text": one.text}


def _fields(pair: CallSite) -> dict[str, object]:
    call, site = pair.call, pair.site
    return {
        "call": None if call is None else call.text,
        "target": None if call is None else call.target,
        "source": None if call is None else call.source,
        "node": None if site is None else site.name,
        "op": None if site is None else site.op,
        "is": None if site is None else site.torch_call,
        "is_where": None if site is None else site.operation.torch_where or None,
        "note": pair.note or None,
        "changes": [{"why": one.why, "text": one.text} for one in pair.changes],
    }


def _figures(found: "Verification") -> dict[str, object]:
    return {
        "sides": list(found.names),
        "equal": found.equal,
        "cases": [
            {
                "shapes": {name: list(shape) for name, shape in case.shapes.items()},
                "equal": case.equal,
                "refused": case.refused or None,
                "max_abs": {one.name: _finite(one.difference.max_abs) for one in case.outputs},
            }
            for case in found.cases
        ],
    }


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
