"""A comparison as text for people: the two calls, the verdict, and where they part."""

from collections.abc import Iterator
from typing import Final

from halfpixel.checking.comparing.result import Answer, Comparison
from halfpixel.checking.comparing.words import NAMES, lines, verdict_line
from halfpixel.report.layout import Line, prose

STYLES: Final[dict[Answer, str]] = {"equal": "well", "different": "error", "open": "warning"}
"""How the first word of a verdict is styled."""


def text(found: Comparison) -> Iterator[Line]:
    """Yield the lines of a comparison."""
    for name, side in zip(NAMES, (found.a, found.b), strict=True):
        yield Line(f"{name}  ", f"{side.text}  [{side.name}]", "name", hang=3)
    verdict = verdict_line(found)
    yield Line(found.verdict, verdict.removeprefix(found.verdict), STYLES[found.verdict], hang=2)
    yield from (prose(f"  {line}") for line in lines(found))
