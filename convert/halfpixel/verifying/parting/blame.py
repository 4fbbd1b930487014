"""The node for which a runtime refuses a model, and the one that check suspects."""

import re
from collections.abc import Callable
from typing import Final

from halfpixel.checking.check import Judge
from halfpixel.checking.check import Settings as CheckSettings
from halfpixel.errors import HalfpixelError, RuntimeRefusal
from halfpixel.runtimes.cutting.one_site import one_site
from halfpixel.site import Site
from halfpixel.verifying.lengths import lengths_of
from halfpixel.verifying.measure import Difference
from halfpixel.verifying.side import Divergence, Started

MISFIT: Final = re.compile(r"Node \((?P<node>[^)]*)\) Op \((?P<op>\w+)\) \[ShapeInferenceError\]")
"""How onnxruntime names the operator whose inputs do not fit together."""


def refused_node(side: Started, words: str, start: Callable[[bytes], object]) -> Divergence | None:
    """Return the node for which a runtime refuses a model.

    It is the node that the runtime names, or else the first site that it refuses by itself.

    Args:
        side: the model.
        words: the runtime's words.
        start: starts a model of one node on the same runtime; raises RuntimeRefusal.
    """
    observed = Difference(equal=False, reason=words)
    if side.model is None:
        return None
    names = {value.node: value.op for value in side.model.values}
    sites = {site.name: site.op for site in side.sites}
    misfit = _misfit(side, words)
    if misfit is not None:
        return Divergence(misfit.name, misfit.op, None, observed, words)
    for name, op in (sites | names).items():
        if name and any(f"{a}{name}{b}" in words for a, b in (("(", ")"), ("'", "'"))):
            return Divergence(name, op, None, observed, words, name in sites)
    for place, site in enumerate(side.sites):
        for shape, outs in lengths_of(site)[:1]:
            try:
                start(one_site(side.model, place, shape, outs).model)
            except RuntimeRefusal:
                return Divergence(site.name, site.op, observed, observed, words)
            except HalfpixelError:
                continue
    return None


def _misfit(side: Started, words: str) -> Site | None:
    """Return the site whose output does not fit the operator that a runtime names."""
    found = MISFIT.search(words)
    if found is None or side.model is None:
        return None
    makers = {
        end.output: site for end, site in zip(side.model.site_values, side.sites, strict=True)
    }
    for value in side.model.values:
        if value.op == found["op"] and found["node"] in {"", value.node}:
            for name in value.reads:
                if name in makers:
                    return makers[name]
    return None


def suspect(side: Started, settings: CheckSettings) -> str:
    """Return the site of which check says most, where nothing that was run tells; else nothing."""
    return next((name for _, name in suspicions(side, settings)), "")


def suspicions(side: Started, settings: CheckSettings) -> dict[tuple[str, str], str]:
    """Return the worst that check says of each site, by its graph and name, the worst site first.

    Args:
        side: the model; nothing is said of what is none.
        settings: of check.
    """
    if side.model is None:
        return {}
    try:
        report = Judge(settings).judged(side.model, "")
    except HalfpixelError:
        return {}
    found: dict[tuple[str, str], str] = {}
    for one in report.findings:
        told = f"{one.finding.severity} {one.rule.name}"
        found.setdefault((one.site.graph, one.site.name), told)
    return found
