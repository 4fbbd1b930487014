"""The fix of a finding as SARIF has it: which bytes of the file go, and which come in their place.

A fix is what `halfpixel fix` would write for this one finding, without what it looks at afterwards.
A package is a folder, whose specification is one file of several: its fixes are told in words.

Source: SARIF 2.1.0, sections 3.55 to 3.58: replacements are of regions, which for a binary file are
of bytes (3.30.4), and what is inserted is base64 (3.3.3).
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from halfpixel.boundary import boundary
from halfpixel.checking.check import opened
from halfpixel.checking.result import FileReport, SiteFinding
from halfpixel.errors import HalfpixelError
from halfpixel.format import Opened
from halfpixel.formats.pieces import Piece
from halfpixel.quoting import sarif_message
from halfpixel.report.machine.sarif_places import Values
from halfpixel.work import MOST as MOST_WORK
from halfpixel.work import working

MOST: Final = 200
"""Fixes of one file that are told in bytes."""

LARGEST: Final = 1 << 16
"""Bytes of a replacement that is told: a table of weights is not."""


def fixes_of(file: FileReport, place: Values) -> Mapping[int, Sequence[Values]]:
    """Return the fixes (3.55) of a file's findings, by `id` of the finding.

    Args:
        file: what was found in it.
        place: where it lies (3.4).
    """
    found_at = zip(file.places, file.findings, strict=True)
    fixable = [(at, one) for at, one in found_at if one.finding.fix is not None][:MOST]
    path = Path(file.path)
    if not fixable or not path.is_file():
        return {}
    found: dict[int, Sequence[Values]] = {}
    try:
        with boundary(file.path), working(MOST_WORK):
            model = opened(path)
            if not file.is_of(model.sites):
                return {}
            size = path.stat().st_size
            for at, one in fixable:
                told = list(_replacements(model, one, at, size))
                if told:
                    found[id(one)] = [_fix(one, place, told)]
    except HalfpixelError:
        pass  # it was read a moment ago: what is told of the fix in words stands
    return found


def _fix(one: SiteFinding, place: Values, told: Sequence[Values]) -> Values:
    fix = one.finding.fix
    safety = "" if fix is None else f" ({fix.safety})"
    return {
        "description": {"text": sarif_message(f"{one.words}{safety}")},
        "artifactChanges": [{"artifactLocation": place, "replacements": told}],
    }


def _replacements(model: Opened, one: SiteFinding, at: int, size: int) -> Iterator[Values]:
    """Yield what of the file is replaced by what; nothing where it is too much to tell."""
    change = one.change_at(at)
    changed = None if change is None else model.rewrite([change], None)
    if changed is None or not changed.outcomes[0].text:
        return
    told = list(replaced(changed.pieces, size))
    if sum(len(new) for *_, new in told) > LARGEST:
        return
    for start, stop, new in told:
        region: Values = {"byteOffset": start, "byteLength": stop - start}
        inserted: Values = {"insertedContent": {"binary": b64encode(new).decode()}} if new else {}
        yield {"deletedRegion": region, **inserted}


def replaced(pieces: Sequence[Piece], size: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, stop, new bytes) of an old file that pieces of it replace.

    Args:
        pieces: the new file, in new bytes and ranges of the old one in order.
        size: of the old file.

    >>> list(replaced([(0, 4), b"ab", (6, 8)], 10))
    [(4, 6, b'ab'), (8, 10, b'')]
    """
    at, new = 0, b""
    for piece in (*pieces, (size, size)):
        if isinstance(piece, bytes):
            new += piece
            continue
        start, stop = piece
        if start > at or new:
            yield at, start, new
        at, new = stop, b""
