"""A comparison as one HTML file: the words, the picture, and the playground that begins there."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Final

from halfpixel.checking.comparing.result import Answer, Comparison
from halfpixel.checking.comparing.words import told, verdict_line
from halfpixel.errors import UsageError
from halfpixel.report.html.gallery import Gallery
from halfpixel.report.html.page import render
from halfpixel.report.html.playground import LONGEST, SCRIPTS, Given, knowledge
from halfpixel.report.html.tables import Mood
from halfpixel.report.pictures.comparison import picture_of_comparison

MOODS: Final[dict[Answer, Mood]] = {"equal": "good", "different": "error", "open": "warning"}


def dumps(found: Comparison) -> str:
    """Return a comparison as an HTML page.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    gallery = Gallery()
    try:
        drawn = gallery.drawn(picture_of_comparison(found))
    except UsageError:  # a kernel that is data
        drawn = None
    return render(
        "explain.html",
        {
            "title": "halfpixel compare",
            "version": version("halfpixel"),
            "verdict": verdict_line(found),
            "mood": MOODS[found.verdict],
            "lines": list(told(found)),
            "picture": drawn,
            "gallery": gallery,
            "knowledge": knowledge(list(_given(found))),
        },
        SCRIPTS,
    )


def _given(found: Comparison) -> Iterator[Given]:
    """Yield what the playground begins with: the axis that differs most, else the first."""
    axis = found.worst or next(iter(found.axes), None)
    if axis is None:
        return
    pair: tuple[int | None, int | None] = axis.lengths
    if axis.shown is not None:
        pair = axis.shown.n_in, axis.shown.n_out
    if any(n is not None and n > LONGEST for n in pair):
        pair = None, None
    if axis.first is not None:
        yield Given(found.a.text, found.a.text, axis.first, *pair)
    if axis.second is not None:
        yield Given(found.b.text, found.b.text, axis.second, *pair, beside=True)
