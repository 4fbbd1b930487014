"""What the rules about coordinates say where the exporter drops the flags of the original call."""

from collections.abc import Iterator
from typing import Final

from halfpixel.intents.exporter_habit import Dropped
from halfpixel.rule import Finding, Fix
from halfpixel.sampling import Nearest, Resize, compare_resize
from halfpixel.site import Site

DECLINED: Final = "what the original call was decides"
SMOOTH: Final = {
    "align_corners=True": "--expect align_corners=true",
    "half_pixel_centers=True": "--expect align_corners=false",
}
PICKED: Final = {"half_pixel_centers=True": "--expect mode=nearest-exact"}
"""The option that settles which call it was, by the flag that the call had."""


def dropped_flags(site: Site, dropped: Dropped, what: str) -> Iterator[Finding]:
    """Yield a finding that several calls are possible, with what each would compute.

    Args:
        site: the site.
        dropped: the flags that its exporter drops.
        what: what the site does, as a clause.
    """
    operator = site.operator
    if not isinstance(operator, Resize):
        return
    nearest = any(isinstance(sampling.kernel, Nearest) for _, sampling in operator.axes)
    settle = PICKED if nearest else SMOOTH
    apart: dict[str, str] = {}
    for flag, reading in dropped.readings.items():
        verdict = compare_resize(operator, reading, *site.operation.lengths)
        if not verdict.negligible:
            off = float(verdict.worst.verdict.displacement)
            said = f" (`{settle[flag]}`)" if flag in settle else ""
            apart[flag] = f"with {flag} up to {off:.3g} input px away{said}"
    if not apart:
        return
    why = f"{dropped.exporter} writes so whatever flags the original call had"
    if dropped.rewrites:
        why = f"the exporter's name is gone, {dropped.exporter} stands in its place"
    message = f"{what}, and {why}: {', '.join(apart.values())}; neither is known to be meant"
    if dropped.likely in apart:
        message = message.rpartition(";")[0]
        message += f"; its name is that of tf.image.resize, {dropped.likely} in TensorFlow 2"
        fix = Fix("unsafe", dropped.readings[dropped.likely])
        yield Finding(message, "warning", "assumed", fix)
        return
    # what is written is what both versions of TensorFlow compute unless asked for aligned corners
    usual = dropped.readings.keys() - apart.keys()
    rare = nearest and "half_pixel_centers=True" in usual
    yield Finding(message, "note" if rare else "warning", "assumed", declined=DECLINED)
