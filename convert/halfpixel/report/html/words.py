"""Words of a page: lengths, programs and counts for people, the parts of a rule's page."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from halfpixel.report.lengths import shape_texts
from halfpixel.site import Site

LONG: Final = 100
"""Digits from which on a number in a name is no number."""

_DIGITS: Final = re.compile(r"([0-9]+)")


def ranks(texts: Sequence[str]) -> list[int]:
    """Return the place that each text has among all where they are sorted, numbers as numbers.

    >>> ranks(["up10", "up9", "a"])
    [2, 1, 0]
    """
    order = sorted(range(len(texts)), key=lambda place: _natural(texts[place]))
    ranks = [0] * len(texts)
    for rank, place in enumerate(order):
        ranks[place] = rank
    return ranks


def _natural(text: str) -> list[tuple[int, str]]:
    """Return what a text is sorted by: each run of digits is a number."""
    parts = _DIGITS.split(text.lower())
    return [
        (int(part), "") if part.isdecimal() and len(part) < LONG else (-1, part) for part in parts
    ]


def producer_of(site: Site) -> str:
    """Return which program wrote a site's file, with its release.

    >>> from halfpixel.rule import example_site
    >>> producer_of(example_site("Resize", None))
    'not recorded'
    """
    producer = site.operation.origin.producer
    version = ".".join(map(str, producer.version or ()))
    return f"{producer.name} {version}".strip() or "not recorded"


def lengths(site: Site) -> str:
    """Return the lengths of a site, whose free ones have names that can be read.

    >>> from halfpixel.rule import example_site
    >>> lengths(example_site("Resize", None))
    '? to ?'
    """
    known = site.operation.surroundings.model_shape
    return " to ".join(shape_texts(site.input_shape, site.output_shape, known))


def paragraphs(page: str) -> Iterator[tuple[str, str]]:
    r"""Yield the kind and text of each part of a rule's page: heading, item, code or paragraph.

    >>> list(paragraphs("It.\n\n## Why\na\nb"))
    [('p', 'It.'), ('h', 'Why'), ('p', 'a b')]
    """
    for block in page.strip().split("\n\n"):
        text = block.strip("\n")
        if text.startswith("## "):
            head, _, text = text.partition("\n")
            yield "h", head.removeprefix("## ")
        if not text:
            continue
        lines = text.splitlines()
        if lines[0].startswith(("    ", "|", "```")):
            yield "code", text
        elif lines[0].startswith(("- ", "* ")):
            yield from (("item", item) for item in _items(lines))
        else:
            yield "p", " ".join(line.strip() for line in lines)


def _items(lines: Sequence[str]) -> Iterator[str]:
    item: list[str] = []
    for line in lines:
        if line.startswith(("- ", "* ")) and item:
            yield " ".join(item)
            item = []
        item.append(line.removeprefix("- ").removeprefix("* ").strip())
    yield " ".join(item)
