"""Explain: how images are readied for a network, step by step, for an image of a size."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from halfpixel.boundary import boundary
from halfpixel.checking.called import called
from halfpixel.checking.sampling_words import Nearby, other_words, sampling_lines
from halfpixel.pipeline.sizes import Size, shown
from halfpixel.pipeline.steps import Cropping, Padding, RatioCrop, Resizing, Step, Values
from halfpixel.preprocessor import pipeline_of
from halfpixel.work import one_node

if TYPE_CHECKING:
    from halfpixel.sampling import Sampling

EXAMPLE: Final[Size] = (480, 640)
"""Height and width of the image that is shown where none is asked for."""


def pipeline_lines(subject: str, size: Size | None = None, *, brief: bool = False) -> Iterator[str]:
    """Yield what is done to an image before a network gets it.

    Args:
        subject: a configuration file, or the call of a preprocessor.
        size: height and width of the image; an example's where it is left open.
        brief: the steps alone, with no numbers of a resize.

    Raises:
        UsageError: it cannot be read, or no convention reads the call of a resize.
    """
    with boundary(subject), one_node():
        pipeline = pipeline_of(subject)
        lines: list[str] = []
        for place, (step, before, behind) in enumerate(pipeline.at(size or EXAMPLE), 1):
            lines.append(f"  {place}. {_words(step, before, behind)}")
            if isinstance(step, Resizing) and step.call:
                lines += _resize(step, before, behind, brief=brief)
    yield f"{subject.partition('(')[0].strip() if '(' in subject else subject}: {pipeline.by}"
    yield f"  an image of {shown(size or EXAMPLE)}{'' if size else ', for example'}:"
    yield from lines
    if pipeline.output is not None:
        yield f"  the network gets {shown(pipeline.output)} of every image"
    yield from (f"  note: {doubt}" for doubt in pipeline.doubts)


def _words(step: Step, before: Size, behind: Size) -> str:
    """Return what a step does, in words."""
    became = f"{shown(before)} becomes {shown(behind)}"
    match step:
        case Resizing(rule=rule, call=call):
            by = "" if call else ", by what is not written"
            return f"resize {rule.words}: {became}{by}"
        case Cropping() | RatioCrop():
            top, left = step.start(before)
            where = f"from column {max(left, 0)} and row {max(top, 0)}"
            border = min(top, left) < 0
            around = f"with a border of {step.value:g}" if isinstance(step, Cropping) else ""
            return f"crop the middle: {became}, {around if border else where}"
        case Padding(value=value):
            top, left = step.start(before)
            where = (
                f"{top} rows above and {left} columns left of it" if step.middle else "behind it"
            )
            return f"pad with {value:g}, {where}: {became}"
        case Values(words=words):
            return words


def _resize(step: Resizing, before: Size, behind: Size, *, brief: bool) -> Iterator[str]:
    text = step.text(before)
    yield f"     {text}"
    found = called(text)
    if brief or found.reading is None:
        return
    samplings: dict[Sampling | None, list[Size]] = {}
    for sampling, pair in zip(
        found.reading.samplings, zip(before, behind, strict=True), strict=True
    ):
        samplings.setdefault(sampling, []).append(pair)
    for sampling, pairs in samplings.items():
        if sampling is None:
            yield "     a copy: no length changes"
            continue
        lines = [*sampling_lines(sampling, pairs)]
        near = Nearby(nearest=True)
        lines += other_words(sampling, len(before), parted=len(samplings) > 1, near=near)
        yield from (f"   {line}" for line in lines)
