"""How wide a text is, at most: measured letter by letter, so that labels can be kept apart.

An SVG names a kind of font and not a font. The widths are those of DejaVu Sans, which is among the
widest that a system takes for `sans-serif`; in Arial, Helvetica or Segoe the same text is narrower.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from halfpixel.printable import printable

PLAIN: Final = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)  # fmt: skip
"""Widths of the letters of ASCII from the space on, in thousandths of the size of the font."""

BOLDER: Final = 1.24
"""By how much a letter is wider where it is bold, at most: `f` and `i` are."""

OTHER: Final = 1300
"""Width of a letter that is not in ASCII: an ideogram is 1000 wide, an emoji up to 1300."""

KNOWN: Final = {"\N{MINUS SIGN}": 838, "\N{MULTIPLICATION SIGN}": 838, "\N{MIDDLE DOT}": 318}
"""Widths of other letters that pictures write themselves."""

ENDS: Final = 150
"""Letters at either end of a text that can be shown at all: files have texts of any length."""

HIGH: Final = 0.94
"""How far a letter reaches above the line that it stands on, in sizes of the font."""

DEEP: Final = 0.24
"""How far it reaches below it."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is at most, in the units of the size.

    >>> width("0.25", 10), width("", 10)
    (22.26, 0.0)
    """
    parts = (PLAIN[ord(c) - 32] if 32 <= ord(c) < 127 else KNOWN.get(c, OTHER) for c in text)
    return round(sum(parts) * size / 1000 * (BOLDER if bold else 1), 3)


def fitted(text: str, size: float, most: float, *, bold: bool = False) -> str:
    """Return a text as it can be shown, its middle left out where it is wider than `most`.

    >>> fitted("/neck/upsample/Resize", 10, 80)
    '/neck/...Resize'
    """
    text = _short(text, ENDS)
    if width(text, size, bold=bold) <= most:
        return text
    kept = len(text) - 1
    while kept > 0:
        head, tail = text[: (kept + 1) // 2], text[len(text) - kept // 2 :]
        if width(cut := f"{head}...{tail}", size, bold=bold) <= most:
            return cut
        kept -= 1
    return ""


def _short(text: str, ends: int) -> str:
    """Return a text printable, the middle of a long one left out before it is measured."""
    if len(text) > 2 * ends:
        text = f"{text[:ends]}...{text[-ends:]}"
    return printable(text)


def wrapped(text: str, size: float, wide: float, most: int = 99) -> list[str]:
    """Return a text in lines that are no wider than `wide`; a word that is wider is fitted.

    What does not go into `most` lines is left out of the middle of the last one.

    >>> wrapped("one two three", 10, 50)
    ['one two', 'three']
    >>> wrapped("one two three four", 10, 70, 1)
    ['one t...four']
    """
    lines: list[str] = []
    words = _short(text, 40 * ENDS).split(" ")
    for place, word in enumerate(words):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= wide:
            lines[-1] = longer
        elif len(lines) == most:
            rest = " ".join([lines[-1], *words[place:]])
            return [*lines[:-1], fitted(rest, size, wide)]
        else:
            lines.append(fitted(word, size, wide))
    return lines


def apart(centres: Sequence[float], texts: Sequence[str], size: float, gap: float) -> list[int]:
    """Return which labels of one row can be shown so that none touches another.

    The first and the last are shown before those between, and of these every second, third or
    so on, that an eye can count on.

    >>> apart([0, 10, 20, 30, 40], ["0.25"] * 5, 10, 2)
    [0, 4]
    >>> apart([0, 10, 20, 30, 40], ["0", "1", "2", "3", "4"], 10, 2)
    [0, 1, 2, 3, 4]
    """
    ends = [
        (x - width(text, size) / 2 - gap / 2, x + width(text, size) / 2 + gap / 2)
        for x, text in zip(centres, texts, strict=True)
    ]
    count = len(ends)
    for stride in range(1, count + 1):
        shown = list(range(0, count, stride))
        if count - 1 not in shown:
            if stride == 1 or ends[shown[-1]][1] <= ends[-1][0]:
                shown.append(count - 1)
            else:
                shown[-1] = count - 1
        ordered = sorted(shown, key=lambda k: centres[k])
        pairs = pairwise(ordered)
        if all(ends[a][1] <= ends[b][0] for a, b in pairs):
            return sorted(shown)
    return [0] if count else []
