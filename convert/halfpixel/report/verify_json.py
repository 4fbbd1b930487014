"""What was verified, as JSON for programs."""

import math
from typing import Final

from msgspec.structs import asdict

from halfpixel.intents.pairing import Pairing
from halfpixel.quoting import json_text
from halfpixel.site import Site
from halfpixel.verifying.judge import Measure
from halfpixel.verifying.measure import Difference
from halfpixel.verifying.one_model import SiteVerification
from halfpixel.verifying.result import Verification
from halfpixel.verifying.side import Divergence, Unrun

VERSION: Final = 1


def dumps(found: Verification) -> str:
    """Return a verification as JSON text; numbers that are not finite become null."""
    first = found.first
    return json_text(
        {
            "version": VERSION,
            "equal": found.equal,
            "verdict": found.verdict,
            "sides": list(found.names),
            "outputs": [
                {
                    "name": one.name,
                    "other": one.other,
                    "dtype": one.dtype,
                    **_numbers(one.difference),
                    "task": dict(one.task),
                    "blank": one.blank,
                    "measure": None if one.measure is None else _numbers(one.measure),
                }
                for one in found.outputs
            ],
            "cases": [
                {
                    "shapes": {name: list(shape) for name, shape in case.shapes.items()},
                    "equal": case.equal,
                    "refused": case.refused or None,
                    "made": case.made or None,
                }
                for case in found.cases
            ],
            "first_divergent_node": None if first is None else first.node,
            "divergence": None if first is None else _divergence(first),
            "optimiser": list(found.optimiser),
            "proven": found.proven or None,
            "dropped": list(found.dropped),
            "suspected_node": found.suspected or None,
            "tried": list(found.tried),
            "never_ran": [_unrun(one) for one in found.unrun],
            "placement": {**found.placement[1], **found.placement[0]},
            "placements": [dict(placed) for placed in found.placement],
            "pairing": None if found.pairing is None else _pairing(found.pairing),
        }
    )


def dumps_sites(found: SiteVerification) -> str:
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
        for one in found.results
    ]
    lines = {"optimiser": list(found.optimiser), "notes": list(found.notes)}
    told = {"version": VERSION, "equal": found.equal, "verdict": found.verdict}
    return json_text({**told, "sites": rows, **lines})


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


def _unrun(one: Unrun) -> dict[str, object]:
    return {
        "node": one.node,
        "op": one.op,
        "graph": one.graph or None,
        "where": one.where or None,
        "check": one.check or None,
        "alike": one.alike or None,
        "apart": one.apart or None,
    }


def _divergence(first: Divergence) -> dict[str, object]:
    return {
        "node": first.node,
        "op": first.op,
        "graph": first.graph or None,
        "site": first.site,
        "among": list(first.among),
        "introduced": None if first.introduced is None else _numbers(first.introduced),
        "observed": _numbers(first.observed),
        "against": first.against,
    }


def _numbers(found: Difference | Measure) -> dict[str, object]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in asdict(found).items()
    }
