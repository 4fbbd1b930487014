"""The picture of what `explain` explains: a rule's example, a node of a model, a call or two."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.checking.check import Settings, check, opened
from halfpixel.checking.subject import file_and_node, site_named
from halfpixel.errors import UsageError
from halfpixel.report.pictures.calls import called, differing_arguments, usual_lengths
from halfpixel.report.pictures.drawable import Drawable, Pair
from halfpixel.report.pictures.finding import Sides, finding_sides
from halfpixel.report.pictures.scene import WIDE, Scene, draw_head, scene
from halfpixel.report.pictures.sheet.canvas import Canvas
from halfpixel.report.pictures.sheet.palette import Theme
from halfpixel.report.pictures.signals import MOST, draw_signal
from halfpixel.report.pictures.site import draw_kernels, draw_site
from halfpixel.report.pictures.user_image import user_image
from halfpixel.rule import SEVERITIES, Bad, BadModel, Finding, Rule, load_rules
from halfpixel.sampling import Sampling
from halfpixel.site import Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IMAGE: Final = 24
"""Input length of a test image, where the operator takes any."""


def picture_of_subject(
    subject: str,
    beside: str = "",
    *,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    image: str = "",
    theme: Theme = "auto",
) -> str:
    """Return the picture of a rule, of a node of a model, or of one call beside another.

    Args:
        subject: as `explain` takes it.
        beside: a second call, that the first one is held against.
        shapes: of a model: lengths of its inputs, by name.
        image: a test image, an image file, or numbers (`1 2; 3 4`), drawn through both as well.
        theme: light, dark or auto.

    Raises:
        UsageError: there is nothing to draw, or several nodes and none is named.
        HalfpixelError: the model cannot be read.
    """
    given = user_image(image) if image else None
    if "(" in subject and file_and_node(subject) is None:
        return _of_calls(subject, beside, given, theme)
    if beside:
        raise UsageError(f"{beside!r}: only a call is drawn beside a call")
    rules = {name: rule for rule in load_rules() for name in (rule.name, *rule.aliases)}
    if subject in rules:
        site, finding, file = *_example(rules[subject]), ""
    else:
        site, finding, file = _node(subject, shapes or {})
    sides = finding_sides(site, finding, file=file)
    if sides is None:
        raise UsageError(f"{subject}: {site.path} ({site.op}) cannot be drawn")
    return _drawn(sides, given, theme)


def _of_calls(
    subject: str, beside: str, given: "str | NDArray[np.float64] | None", theme: Theme
) -> str:
    ins = given.shape if given is not None and not isinstance(given, str) else None
    if ins is None:
        ins = usual_lengths(*filter(None, (subject, beside)))
    one = called(subject, ins)
    other = called(beside, ins) if beside else None
    if other is not None and len(one.lengths) != len(other.lengths):
        raise UsageError(f"{one.text} and {other.text}: {len(one.lengths)} and "
                         f"{len(other.lengths)} axes")  # fmt: skip
    labels = "", ""
    if other is not None:
        labels = differing_arguments(one.text, other.text) or ("a", "b")
    title = f"{one.name}, {_size(one.lengths)}"
    if other is not None:
        title += f": {labels[0]} beside {labels[1]}"
    sides = Sides(
        one.operator, None if other is None else other.operator, one.lengths, title, labels,
        (one.text, "" if other is None else other.text), (),
    )  # fmt: skip
    return _drawn(sides, given, theme, None if other is None else other.lengths)


def _size(pairs: Sequence[Pair]) -> str:
    before, after = ("x".join(str(pair[k]) for pair in pairs) for k in (0, 1))
    return f"{before} to {after}" if before != after else f"an image of {before}"


def _example(rule: Rule) -> tuple[Site, Finding | None]:
    """Return the first example of a rule that can be drawn: one that it finds, if there is one."""
    for example in rule.examples:
        if isinstance(example, Bad) and finding_sides(example.site, example.finding):
            return example.site, example.finding
        if isinstance(example, BadModel):
            for site in example.sites:
                if site.name == example.node and finding_sides(site, example.finding):
                    return site, example.finding
    raise UsageError(f"{rule.name}: no example of the rule can be drawn")


def _node(subject: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Site, Finding | None, str]:
    """Return a node of a model, and the gravest thing that a rule says of it."""
    path, node = file_and_node(subject) or (Path(subject), "")
    model = opened(path)
    site = site_named(model, path, node, shapes)
    report = check(model, Settings(shapes=shapes))
    said = [one for one in report.findings if one.site.path == site.path]
    said.sort(key=lambda one: SEVERITIES.index(one.finding.severity))
    return site, said[0].finding if said else None, path.name


def _drawn(
    sides: Sides,
    image: "str | NDArray[np.float64] | None",
    theme: Theme,
    meant_lengths: Sequence[Pair] | None = None,
) -> str:
    """Return all of it in one picture: where samples read, the kernel, and the image."""
    try:
        drawn = scene(
            sides.found, sides.meant, sides.lengths, sides.labels, sides.calls, meant_lengths
        )
        canvas = Canvas()
        y = draw_head(canvas, sides.title, sides.notes)
        y = draw_kernels(canvas, draw_site(canvas, y, drawn), drawn)
        if image is not None:
            draw_signal(canvas, y + 26, _shown(drawn, image), image)
    except ValueError as error:
        raise UsageError(f"cannot be drawn: {error}") from error
    return canvas.svg(sides.title, theme, wide=WIDE, margin=16)


def _shown(drawn: Scene, image: "str | NDArray[np.float64]") -> Scene:
    """Return the scene at lengths at which an image tells something.

    A test image has `IMAGE` pixels where the samplings take any lengths; the user's own image has
    the lengths that it has.
    """
    free = all(
        one is None or isinstance(one, Sampling)
        for _, side, _, _ in drawn.sides
        for one in (side.samplings or ("none",))
    )
    ins = [IMAGE, IMAGE] if isinstance(image, str) else list(image.shape)
    if len(drawn.found.axes) != 2 or not free:
        return drawn
    if [axis.n_in for axis in drawn.found.axes] == ins:
        return drawn
    pairs: list[Pair] = []
    for k, (n, axis) in enumerate(zip(ins, drawn.found.axes, strict=True)):
        samplings = [side.samplings[k] for _, side, _, _ in drawn.sides]
        given = n if not isinstance(image, str) else _telling(n, samplings)
        pairs.append(_scaled(given, Fraction(axis.n_out, axis.n_in), samplings))
    operators: list[Drawable] = [list(side.samplings) for _, side, _, _ in drawn.sides]
    other = operators[1] if len(operators) > 1 else None
    return scene(operators[0], other, pairs, drawn.labels)


def _telling(n: int, samplings: Sequence[Sampling | None]) -> int:
    """Return a length from n on at which a factor is not the ratio of lengths, if it matters."""
    scales = [None if one is None else one.scale for one in samplings]
    factor = next((scale for scale in scales if scale is not None), None)
    if factor is None or None not in scales:
        return n
    return next((k for k in range(n, 2 * n) if (k * factor).denominator > 1), n)


def _scaled(n: int, ratio: Fraction, samplings: Sequence[Sampling | None]) -> Pair:
    """Return lengths of a ratio, or of the factor that a sampling has; shorter where too long."""
    scales = [one.scale for one in samplings if one is not None and one.scale is not None]
    n_out = max(1, int(n * (scales[0] if scales else ratio)))
    return (n, n_out) if n_out <= MOST else (max(1, n * MOST // n_out), MOST)
