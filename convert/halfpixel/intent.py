"""Where "what was meant" comes from: the order in which sources are asked.

The exporter's own record is strongest, the habits of a known exporter come next; the user's
policy, where one is given, overrides both. A site with no intent is described, and never
called wrong without a reason.
"""

import re
from collections.abc import Mapping

from halfpixel.intents.exporter_habit import meant as meant_by_exporter
from halfpixel.intents.pytorch_record import recorded
from halfpixel.origin import Intent
from halfpixel.site import Operation


def intent_of(
    operation: Operation, properties: Mapping[str, str], source_text: str
) -> Intent | None:
    """Return what was meant by an operation, from the strongest source that knows."""
    return recorded(operation, properties, source_text) or meant_by_exporter(operation)


_VERSION = re.compile(r"(\d+)\.(\d+)")


def version_of(text: str) -> tuple[int, int] | None:
    """Return (major, minor) of a version text; None where it is none.

    >>> version_of("2.13.0+cpu"), version_of("main")
    ((2, 13), None)
    """
    found = _VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else None
