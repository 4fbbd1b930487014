"""What was fixed, for people, for programs, and as a diff of the nodes."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from typing import Final

from msgspec.structs import asdict

from halfpixel.fixing.result import FixResult
from halfpixel.format import Outcome
from halfpixel.printable import many, printable_lines
from halfpixel.quoting import json_text
from halfpixel.report.alike import named, without_lengths
from halfpixel.report.machine.as_json import finding_fields

VERSION: Final = 1

NAMES: Final = 6
"""Nodes that are named of those of which the same became."""

Written = tuple[FixResult, str]
"""A result, and where it was written; empty where it was not."""


def lines(results: Sequence[Written]) -> Iterator[str]:
    """Yield the report line by line."""
    for result, output in results:
        if result.error is not None:
            yield f"error: {result.error}"
            continue
        for change, others in () if result.there else _alike(result.changes):
            text = f"{_site(change)}: {change.why}: {change.text} ({change.safety})"
            yield f"{result.path}: {text}{_more(others)}"
            if change.cost is not None:
                before, after = change.cost
                yield (
                    f"  cost a channel: {before.multiply_adds} -> {after.multiply_adds} "
                    f"multiply-adds, {before.bytes} -> {after.bytes} bytes"
                )
        for one, others in _alike(result.declined):
            text = f"{_site(one)}: {one.why}: declined: {one.reason}"
            yield f"{result.path}: {text}{_more(others)}"
        yield from (f"error: {line}" for line in _unjudged(result))
        yield from (f"error: {fault}" for fault in result.faults)
        yield f"{result.path}: {_summary(result, output)}"


def _alike(outcomes: Sequence[Outcome]) -> Iterator[tuple[Outcome, list[str]]]:
    """Yield what became of sites, each with the names of those of which the same did."""
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for one in outcomes:
        said = map(without_lengths, (one.text, one.reason))
        groups.setdefault((one.op, one.why, one.safety, one.cost, *said), []).append(one)
    for first, *others in groups.values():
        yield first, [f"{one.graph}/{one.node}" if one.graph else one.node for one in others]


def _more(others: Sequence[str]) -> str:
    return f"; and at {len(others)} more: {named(others, NAMES)}" if others else ""


def closing(results: Sequence[Written]) -> str:
    """Return a fix of several files in one line."""
    changed = sum(bool(result.changes) and not result.there for result, _ in results)
    failed = sum(result.error is not None for result, _ in results)
    sites = sum(len(result.changes) for result, _ in results if not result.there)
    left = sum(len(r.report.findings) for r, _ in results if r.report is not None)
    said = [f"{many(sites, 'site')} fixed in {changed} of {many(len(results), 'file')}"]
    if left:
        said.append(f"{many(left, 'finding')} left")
    if failed:
        said.append(f"{many(failed, 'file')} failed")
    return ", ".join(said)


def _site(one: Outcome) -> str:
    name = f"{one.graph}/{one.node}" if one.graph else one.node
    return f"{name} ({one.op})"


def _unjudged(result: FixResult) -> Sequence[str]:
    return () if result.report is None else result.report.unjudged


def _summary(result: FixResult, output: str) -> str:
    if result.there:
        return f"nothing is left to do: {output} is the model with {_fixed_before(result)}"
    said = [f"{len(result.changes)} fixed, {len(result.declined)} declined", *result.notes]
    if output:
        said.append(f"written to {output}")
    elif not result.changes:
        said.append(f"not touched{_done(result)}")
    return "; ".join(said)


def _fixed_before(result: FixResult) -> str:
    return f"{many(len(result.changes), 'site')} fixed, {len(result.declined)} declined"


def _done(result: FixResult) -> str:
    """Return that nothing is left to do, where that is so, and what was done before."""
    report = result.report
    if report is None or report.findings or result.declined or report.unjudged:
        return ""
    count = len(report.repaired)
    before = f", {many(count, 'change')} recorded before" if count else ""
    return f": nothing is left to do{before}"


def dumps(results: Sequence[Written], *, diffs: bool = False) -> str:
    """Return the report as JSON text, one object with every file, and its diff where asked."""
    files = [_file(result, output) for result, output in results]
    if diffs:
        for file, (result, _) in zip(files, results, strict=True):
            file["diff"] = printable_lines(diff(result))
    return json_text({"version": VERSION, "files": files})


def _file(result: FixResult, output: str) -> dict[str, object]:
    remaining = () if result.report is None else result.report.findings
    return {
        "path": result.path,
        "output": output or None,
        "error": result.error,
        "faults": list(result.faults),
        "changes": [_change(change) for change in result.changes],
        "declined": [declined_fields(one) for one in result.declined],
        "notes": list(result.notes),
        "unjudged": list(_unjudged(result)),
        "remaining": [finding_fields(one) for one in remaining],
    }


def declined_fields(one: Outcome) -> dict[str, object]:
    """Return what was declined, as JSON has it."""
    return {
        "node": one.node,
        "graph": one.graph,
        "op": one.op,
        "why": one.why,
        "reason": one.reason,
    }


def _change(change: Outcome) -> dict[str, object]:
    return {
        "node": change.node,
        "graph": change.graph,
        "op": change.op,
        "why": change.why,
        "safety": change.safety,
        "text": change.text,
        "before": list(change.before),
        "after": list(change.after),
        "cost": None if change.cost is None else [asdict(cost) for cost in change.cost],
    }


def diff(result: FixResult) -> Iterator[str]:
    """Yield a unified diff of the nodes that changed, and of what changed beside them.

    >>> list(diff(FixResult("a.onnx", notes=("opset 10 to 11",))))
    ['--- a.onnx', '+++ a.onnx (fixed)', '-opset 10', '+opset 11']
    """
    for note in result.notes:
        what, _, versions = note.partition(" ")
        before, _, after = versions.partition(" to ")
        yield from (f"--- {result.path}", f"+++ {result.path} (fixed)")
        yield from (f"-{what} {before}", f"+{what} {after}")
    for change in result.changes:
        name = f"{result.path}: {_site(change)}"
        yield from unified_diff(
            change.before, change.after, name, f"{name}: {change.why}", lineterm="", n=99
        )
