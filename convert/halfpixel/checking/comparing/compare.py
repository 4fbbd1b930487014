"""Compare two calls of any frameworks, or nodes of models: equal, or where they part."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.boundary import boundary
from halfpixel.checking.comparing.apart import COPY, Apart, apart_at
from halfpixel.checking.comparing.axis import (
    Rule,
    made_by,
    over_lengths,
    usual,
    verdict_of,
)
from halfpixel.checking.comparing.lengths import Lengths, parse_scale, parse_size
from halfpixel.checking.comparing.result import (
    Answer,
    AxisComparison,
    Comparison,
    LengthsApart,
)
from halfpixel.checking.comparing.samplers import samplers
from halfpixel.checking.comparing.side import Shapes, Side, side_of
from halfpixel.checking.comparing.together import OPEN, together
from halfpixel.checking.comparing.two import Two, agreed
from halfpixel.checking.equivalents import equivalent
from halfpixel.convention import Reading
from halfpixel.errors import ConventionError, UsageError
from halfpixel.sampling.compare import Verdict
from halfpixel.work import MOST, TooMuchWork, one_node, working


def compare(  # noqa: PLR0913 - what is compared, and at which lengths
    a: str,
    b: str,
    *,
    size: str | Lengths | None = None,
    scale: str | float | Fraction | None = None,
    shapes: Shapes | None = None,
    max_work: int = MOST,
) -> Comparison:
    """Compare what two calls compute, whatever frameworks they are of.

    Args:
        a: a call in any framework's words, or a node of a model as ``model.onnx:NODE``; a model
            with one resampling node needs no name.
        b: another.
        size: the lengths to compare at, as ``640x480:224x224``, width x height; every length there
            can be where nothing is said.
        scale: the factor to compare at, of calls that leave it open.
        shapes: of models: lengths of their inputs, by name.
        max_work: steps of exact work that it may take.

    Returns:
        The verdict with its proof or its witness, and the first in the second's words; it is true
        where the two are proven equal.

    Raises:
        UsageError: a text that is no call and no node, or lengths that a side cannot have.
        HalfpixelError: a model cannot be read, or it would be too much work.

    >>> half = "F.interpolate(x, scale_factor=2, mode='bilinear')"
    >>> bool(compare(half, "cv2.resize(x, None, fx=2, fy=2)"))
    True
    >>> compare(half, "tf.compat.v1.image.resize_bilinear(x, size)", size="4:8").verdict
    'different'
    """
    asked = size if isinstance(size, Lengths) else parse_size(size) if size else Lengths()
    factor = None if scale is None else parse_scale(str(scale))
    if factor is not None and asked.outs:
        raise UsageError("a scale and output lengths are both given, expected one")
    with boundary(f"{a} and {b}"), working(max_work):
        first, second = side_of(a, shapes), side_of(b, shapes)
        with one_node(share=2):
            found = _compared(Two(first, second, asked, factor))
        try:
            with one_node(share=1):
                return _with_instead(found)
        except TooMuchWork:  # the verdict stands without it
            return replace(found, instead_left_out=True)


def _compared(two: Two) -> Comparison:
    a, b = two.sides
    if a.reading is None or b.reading is None:
        return samplers(a, b)
    if a.axes != b.axes:
        reason = f"a is over {_axes(a.axes)}, b over {_axes(b.axes)}"
        return Comparison(a, b, "open", reason)
    ins = two.inputs()
    if None not in ins:
        return _at(two, tuple(n for n in ins if n is not None))
    if two.varies:
        return together(a, b, two.scale)
    return _everywhere(two, ins)


def _axes(count: int) -> str:
    return f"{count} axis" if count == 1 else f"{count} axes"


def _at(two: Two, ins: tuple[int, ...]) -> Comparison:
    """Compare at input lengths that are known, and at every other length beside."""
    made = [_made(side, ins) for side in two.sides]
    axes: list[AxisComparison] = []
    apart: list[LengthsApart] = []
    elsewhere: list[LengthsApart] = []
    for axis, (n_in, n_out) in enumerate(zip(ins, two.outputs(ins, made), strict=True)):
        one, other = (side.samplings[axis] for side in made)
        first, second = (side.lengths[axis] for side in made)
        free = None if two.varies else _free(two, axis)
        every = OPEN if free is None or free.apart else free.verdict
        if first is not None and second is not None and first != second:
            apart.append(LengthsApart(axis, n_in, first, second))
            axes.append(AxisComparison(one, other, (n_in, None), None, every, wanted=first))
        elif n_out is None:
            axes.append(AxisComparison(one, other, (n_in, None), None, every))
        else:
            here, shown = verdict_of(one, other, n_in, n_out), apart_at(one, other, n_in, n_out)
            axes.append(AxisComparison(one, other, (n_in, n_out), here, every, shown))
            elsewhere += () if free is None else free.apart
    return _judged(two, axes, apart, elsewhere)


def _made(side: Side, ins: tuple[int, ...]) -> Reading:
    try:
        return side.at(ins)
    except ConventionError as error:
        shown = "x".join(map(str, reversed(ins)))
        raise UsageError(f"{side.subject} at {shown}: {error}") from error


class Free(Struct, frozen=True):
    """What there is to say of an axis at every length.

    Attributes:
        verdict: the verdict, at the lengths that both give.
        apart: the shortest of the others.
        pairs: usual lengths.
        n_out: the output length, where it is one whatever the input is.
        rule: what a factor makes of an input length.
    """

    verdict: Verdict
    apart: tuple[LengthsApart, ...]
    pairs: tuple[tuple[int, int], ...]
    n_out: int | None
    rule: Rule | None


def _free(two: Two, axis: int) -> Free:
    """Compare an axis at every length that there can be."""
    sizes, rules = two.sizes(axis), two.rules(axis)
    apart = [LengthsApart(axis, None, *sizes[:2])] if len(sizes) > 1 else []
    n_out = sizes[0] if len(sizes) == 1 else None
    rule = next(iter(rules.values()), None)
    parted = _parted(axis, rules, sizes)
    if parted is not None:
        apart.append(parted)
        rule = agreed(list(rules.values())) if len(rules) > 1 else rule
    verdict = over_lengths(*two.samplings(axis), n_out, rule)
    return Free(verdict, tuple(apart), tuple(usual(rule, n_out)), n_out, rule)


def _everywhere(two: Two, ins: tuple[int | None, ...]) -> Comparison:
    """Compare at every length that there can be, some input lengths perhaps known."""
    axes: list[AxisComparison] = []
    apart: list[LengthsApart] = []
    examples: list[Apart] = []
    for axis, n_in in enumerate(ins):
        one, other = two.samplings(axis)
        free = _free(two, axis)
        apart += free.apart
        n_out = free.n_out
        if n_out is None and n_in is not None and free.rule is not None:
            n_out = free.rule(n_in)
        least = max(side.least for side in (one or COPY, other or COPY))
        told = [apart_at(one, other, *pair) for pair in free.pairs if pair[0] >= least]
        shown = next((found for found in told if not found.equal), None)
        here = None
        if n_in is not None and n_out is not None:
            here, shown = verdict_of(one, other, n_in, n_out), apart_at(one, other, n_in, n_out)
        elif shown is None and free.verdict.witness is not None:
            shown = apart_at(one, other, *free.verdict.witness)
        examples = told if len(told) > len(examples) else examples
        axes.append(AxisComparison(one, other, (n_in, n_out), here, free.verdict, shown))
    return _judged(two, axes, apart, (), examples)


def _parted(axis: int, rules: Mapping[int, Rule], sizes: Sequence[int]) -> LengthsApart | None:
    """Return the shortest input of which two factors, or one and a size, make different lengths."""
    for place, rule in rules.items():
        other = rules.get(1 - place)
        for n, made in made_by(rule):
            second = other(n) if other is not None else next(iter(sizes), None)
            if second and second != made:
                return LengthsApart(axis, n, *((made, second) if place == 0 else (second, made)))
        break
    return None


def _judged(
    two: Two,
    axes: Sequence[AxisComparison],
    apart: Sequence[LengthsApart],
    elsewhere: Sequence[LengthsApart],
    examples: Sequence[Apart] = (),
) -> Comparison:
    """Return the comparison that the verdicts on axes and lengths come to."""
    answers = {axis.answer for axis in axes}
    verdict: Answer = "equal"
    if apart or "different" in answers:
        verdict = "different"
    elif "open" in answers:
        verdict = "open"
    return Comparison(
        two.a, two.b, verdict, "", tuple(axes), tuple(apart), tuple(elsewhere), tuple(examples),
        None, two.scale,
    )  # fmt: skip


def _with_instead(found: Comparison) -> Comparison:
    """Return a comparison of axes with the first in the words of the second."""
    convention, axes = found.b.convention, found.axes
    told = found.instead is not None or found.reason
    if convention is None or told or all(axis.answer == "equal" for axis in axes):
        return found
    pairs = [(axis.lengths[0], axis.wanted or axis.lengths[1]) for axis in axes]
    known = any(None not in pair for pair in pairs)
    made = () if known else found.a.made(0)
    samplings = [axis.first for axis in axes]
    return replace(found, instead=equivalent(convention, samplings, pairs, made))
