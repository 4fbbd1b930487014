"""An explanation as one HTML file: the words, the picture, and the playground that begins there."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

from halfpixel.address import without_secrets
from halfpixel.checking.check import opened
from halfpixel.checking.explain import spelled_out
from halfpixel.checking.subject import file_and_node, sites_named
from halfpixel.errors import UsageError
from halfpixel.report.html.gallery import Gallery
from halfpixel.report.html.page import render
from halfpixel.report.html.playground import SCRIPTS, Given, knowledge, operators_of
from halfpixel.report.pictures.calls import called, usual_lengths
from halfpixel.report.pictures.subject import picture_of_subject
from halfpixel.sampling import Sampling

Shapes = Mapping[str, tuple[int, ...]]


def dumps(
    lines: Sequence[str], subject: str, beside: str = "", shapes: Shapes | None = None
) -> str:
    """Return an explanation as an HTML page.

    Args:
        lines: the explanation.
        subject: as `explain` takes it.
        beside: a second call; empty for none.
        shapes: of a model: lengths of its inputs, by name.

    Raises:
        MissingExtraError: jinja2 is not installed.
        HalfpixelError: the model cannot be read.
    """
    subject, beside = spelled_out(subject), spelled_out(beside) if beside else ""
    gallery = Gallery()
    try:
        drawn = gallery.drawn(picture_of_subject(subject, beside, shapes=shapes or {}))
    except UsageError:  # several nodes and none is named, or an operator that cannot be drawn
        drawn = None
    return render(
        "explain.html",
        {
            "title": "halfpixel explain",
            "version": version("halfpixel"),
            "verdict": f"{subject} beside {beside}" if beside else without_secrets(subject),
            "mood": "plain",
            "lines": lines,
            "picture": drawn,
            "gallery": gallery,
            "knowledge": knowledge(list(_given(subject, beside, shapes or {}))),
        },
        SCRIPTS,
    )


def _given(subject: str, beside: str, shapes: Shapes) -> Iterator[Given]:
    """Yield what the playground begins with."""
    named = file_and_node(subject)
    if named is not None:
        path, node = named
        found = sites_named(opened(path), path, node, shapes)
        yield from operators_of(site for _, site in found)
    elif "(" in subject:
        ins = usual_lengths(*filter(None, (subject, beside)))
        for text in filter(None, (subject, beside)):
            yield from _of_call(text, ins, second=text is beside)


def _of_call(text: str, ins: tuple[int, ...], *, second: bool) -> Iterator[Given]:
    try:
        found = called(text, ins)
    except UsageError:
        return
    if isinstance(found.operator, Sequence):
        for sampling, pair in zip(found.operator, found.lengths, strict=True):
            if isinstance(sampling, Sampling):
                yield Given(found.text, found.text, sampling, *pair, beside=second)
                return
