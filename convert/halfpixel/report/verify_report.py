"""What was verified, as tables for people and as JSON for programs."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from halfpixel.intents.pairing import Pairing, copies
from halfpixel.site import Site
from halfpixel.verifying.measure import Difference
from halfpixel.verifying.result import Verification
from halfpixel.verifying.side import Divergence
from halfpixel.verifying.site_check import SiteResult

if TYPE_CHECKING:
    from rich.console import Console

VERSION: Final = 1


def show(found: Verification, console: "Console") -> None:
    """Print the table of outputs, where the sides part, and where nodes ran."""
    from rich.table import Table

    a, b = found.names
    console.print(f"{a}  against  {b}")
    table = Table("output", "type", "equal", "max abs", "max rel", "max ulp", "cosine", "beyond")
    for one in found.outputs:
        apart = one.difference
        name = one.name if one.name == one.other else f"{one.name} / {one.other}"
        measures = ", ".join(f"{key} {value:.4g}" for key, value in one.task.items())
        table.add_row(
            f"{name}  {measures}".rstrip(),
            one.dtype,
            "yes" if apart.equal else f"no: {apart.reason}" if apart.reason else "no",
            f"{apart.max_abs:.3g}",
            f"{apart.max_rel:.3g}",
            f"{apart.max_ulp:.3g}",
            f"{apart.cosine:.7g}",
            f"{apart.beyond} of {apart.size}",
        )
    if found.outputs:
        console.print(table)
    for case in found.cases:
        if case.refused:
            shapes = ", ".join(f"{n} {'x'.join(map(str, s))}" for n, s in case.shapes.items())
            both = "both refuse: " if case.equal else ""
            console.print(f"inputs {shapes or '(any)'}: {both}{case.refused}")
    if found.first is not None:
        console.print(divergence_line(found.first))
    if found.suspected:
        text = f"no run tells which node; check has something to say of {found.suspected}"
        console.print(text)
    for line in (*_blank_lines(found), *pairing_lines(found.pairing)):
        console.print(line)
    _show_rest(console, found.optimiser, found.placement)
    count = sum(bool(case.outputs) for case in found.cases)
    verdict = "equal" if found.equal else "different"
    if found.equal and not found.compared:
        verdict = "nothing was compared"
    console.print(f"{verdict}, {count} of {len(found.cases)} runs compared")


def _show_rest(
    console: "Console", optimiser: Sequence[str], placement: Iterable[Mapping[str, str]]
) -> None:
    for line in optimiser:
        console.print(f"optimiser: {line}")
    for side, placed in zip("ab", placement, strict=False):
        if len(set(placed.values())) > 1:
            for node, provider in placed.items():
                console.print(f"  {side}: {node} on {provider}")
        if placed:
            counts = ", ".join(f"{n} on {p}" for p, n in Counter(placed.values()).most_common())
            console.print(f"nodes of {side}: {counts}")


def divergence_line(first: Divergence) -> str:
    """Return where two sides part, in words."""
    kind = "site" if first.site else "node"
    amount = first.observed.reason or f"off by up to {first.observed.max_abs:.3g}"
    if first.introduced is None:
        how = "its own part cannot be told apart" if not first.observed.reason else ""
    else:
        how = "introduced here: its input is the same"
    parts = [f"first divergent {kind}: {first.node} ({first.op})", amount, how]
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


def show_sites(
    results: Sequence[SiteResult],
    optimiser: Sequence[str],
    console: "Console",
    notes: Sequence[str] = (),
) -> None:
    """Print what every site does on every provider."""
    from rich.table import Table

    table = Table("site", "op", "input", "provider", "exact", "max abs", "PyTorch", "max abs")
    for one in results:
        table.add_row(
            one.site.name,
            one.site.op,
            "x".join(map(str, one.shape)),
            one.provider.removesuffix("ExecutionProvider") or one.where,
            _verdict(one.exact, one.refused),
            "" if one.exact is None else f"{one.exact.max_abs:.3g}",
            _verdict(one.torch, ""),
            "" if one.torch is None else f"{one.torch.max_abs:.3g}",
        )
    console.print(table)
    for note in notes:
        console.print(note)
    _show_rest(console, optimiser, ())
    ran = [one for one in results if one.exact is not None]
    equal = sum(one.agrees for one in ran)
    console.print(
        f"{equal} of {len(ran)} runs of single sites equal their exact weights; "
        f"{len(results) - len(ran)} did not run alone",
        highlight=False,
    )


def _verdict(found: Difference | None, refused: str) -> str:
    if found is None:
        return refused
    return "equal" if found.equal else "different"


def dumps(found: Verification) -> str:
    """Return a verification as JSON text; numbers that are not finite become null."""
    first = found.first
    return json.dumps(
        {
            "version": VERSION,
            "equal": found.equal,
            "sides": list(found.names),
            "outputs": [
                {
                    "name": one.name,
                    "other": one.other,
                    "dtype": one.dtype,
                    **_numbers(one.difference),
                    "task": dict(one.task),
                    "blank": one.blank,
                }
                for one in found.outputs
            ],
            "cases": [
                {
                    "shapes": {name: list(shape) for name, shape in case.shapes.items()},
                    "equal": case.equal,
                    "refused": case.refused or None,
                }
                for case in found.cases
            ],
            "first_divergent_node": None if first is None else first.node,
            "divergence": None if first is None else _divergence(first),
            "optimiser": list(found.optimiser),
            "suspected_node": found.suspected or None,
            "placement": {**found.placement[1], **found.placement[0]},
            "placements": [dict(placed) for placed in found.placement],
            "pairing": None if found.pairing is None else _pairing(found.pairing),
        }
    )


def dumps_sites(
    results: Sequence[SiteResult], optimiser: Sequence[str], notes: Sequence[str] = ()
) -> str:
    """Return what every site does as JSON text."""
    rows = [
        {
            "node": one.site.name,
            "graph": one.site.graph,
            "op": one.site.op,
            "shape": list(one.shape),
            "provider": one.provider or one.where,
            "equal": one.agrees if one.exact is not None else None,
            "exact": None if one.exact is None else _numbers(one.exact),
            "torch_call": one.site.torch_call,
            "torch_where": one.site.operation.torch_where or None,
            "torch": None if one.torch is None else _numbers(one.torch),
            "refused": one.refused or None,
        }
        for one in results
    ]
    ran = [one for one in results if one.exact is not None]
    refused = any(one.refused_by_runtime for one in results)
    equal = all(one.agrees for one in ran) and not refused and bool(ran or not results)
    lines = {"optimiser": list(optimiser), "notes": list(notes)}
    return json.dumps({"version": VERSION, "equal": equal, "sites": rows, **lines})


def _pairing(found: Pairing) -> dict[str, object]:
    def named(site: Site) -> dict[str, str]:
        return {"node": site.name, "op": site.op, "graph": site.graph}

    return {
        "pairs": [
            {
                "a": named(pair.a),
                "b": named(pair.b),
                "equal": pair.equal,
                "difference": pair.difference or None,
                "displacement": pair.displacement,
                "weight_difference": pair.weight_difference,
            }
            for pair in found.pairs
        ],
        "only_a": [named(site) for site in found.only_a],
        "only_b": [named(site) for site in found.only_b],
    }


def _divergence(first: Divergence) -> dict[str, object]:
    return {
        "node": first.node,
        "op": first.op,
        "site": first.site,
        "introduced": None if first.introduced is None else _numbers(first.introduced),
        "observed": _numbers(first.observed),
        "against": first.against,
    }


def _numbers(found: Difference) -> dict[str, object]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in asdict(found).items()
    }
