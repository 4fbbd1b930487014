"""The sites of a file that is not run as a whole: each one by itself, beside the call it was."""

from collections.abc import Mapping
from pathlib import Path

from halfpixel.converting.export.quietly import quietly
from halfpixel.converting.result import ConvertSettings
from halfpixel.errors import RuntimeFailure
from halfpixel.runtime import parse_provider
from halfpixel.verifying.site_check import SiteCheck, SiteResult

FORCE = "--force-write writes it all the same"
NETWORK = "a neural network is not run here as a whole"


def sites_alone(
    path: Path, settings: ConvertSettings, calls: Mapping[tuple[str, str], str]
) -> tuple[str, str]:
    """Return a note on the sites that ran, and why one is not the call that it stands for.

    Args:
        path: the file.
        settings: where sites run, and what counts as equal.
        calls: PyTorch's calls as Python, by the (graph, name) of the site that each became.
    """
    places = [parse_provider(one) for one in dict.fromkeys(("cpu", *settings.providers))]
    check = SiteCheck(path, places, settings.tolerances, settings.fallback, calls)
    ran: set[tuple[str, str]] = set()
    held: set[tuple[str, str]] = set()
    wrong = ""
    try:
        with quietly():
            for one in check.results():
                key = (one.site.graph, one.site.name)
                if one.exact is not None:
                    ran.add(key)
                if one.meant is not None:
                    held.add(key)
                if not one.agrees and not wrong:
                    wrong = f"{one.site.name} ({one.site.op}) alone fails: {_amount(one)}"
    except RuntimeFailure as failure:
        wrong = str(failure)
    names = ", ".join(name for _, name in sorted(ran)) or "none"
    note = f"operators that were run alone: {names}"
    if ran:
        note += f"; held against PyTorch's call: {', '.join(n for _, n in sorted(held)) or 'none'}"
    return note, wrong


def _amount(one: SiteResult) -> str:
    if one.refused or one.worst is None:
        return one.refused
    return one.worst.reason or f"off by up to {one.worst.max_abs:.3g}"
