"""What the playground of a page knows: every convention's calls, and what each of them computes.

A call's options are read from its own text, so that a convention that is added is in the
playground. What a call computes at chosen lengths is computed in the page, by `assets/exact.js`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.convention import Convention, load_conventions
from halfpixel.conventions.onnx.vocabulary import ROUNDINGS, SMOOTH
from halfpixel.conventions.python_call import name_of, parse
from halfpixel.errors import ConventionError
from halfpixel.intents.axis_deviation import Deviation
from halfpixel.intents.deviation import deviation, meant_resize
from halfpixel.printable import printable
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.site import Site
from halfpixel.work import TooMuchWork, one_node

SCRIPTS: Final = ("exact.js", "playground.js")
PROBE: Final = 5
"""Input length at which a factor of 3/2 tells how a framework rounds an output length."""

LENGTH: Final = re.compile(r"size|scal(e|ing)|^f[xy]$|^x$", re.IGNORECASE)
"""Names of arguments that give lengths; a flag of such a name is an option all the same."""

FACTOR: Final = re.compile(r"((?:scal\w*|f[xy])=\(?)2(?:\.0)?(, 2)?(?![.\d])")
MARK: Final = "{s}"
"""Stands for the factor in the text of a call."""

MOST: Final = 40
"""Operators of a model that can be chosen."""

BOXES: Final = frozenset({"box_half_pixel", "box_start_half_pixel"})
"""Coordinate rules of one image's own pixels, which the page does not ask for."""

LONGEST: Final = 64
"""Lengths up to which the page computes; a factor beyond is none that it can take."""


class Given(Struct, frozen=True):
    """An operator of a model, or a call that a person gave.

    Attributes:
        name: what it is called.
        call: the call that it is, as text.
        sampling: what it computes along an axis.
        n_in: input length; None where it is not known.
        n_out: output length, likewise.
        beside: it is what the one before it is held against.
    """

    name: str
    call: str
    sampling: Sampling
    n_in: int | None = None
    n_out: int | None = None
    beside: bool = False


def knowledge(given: Sequence[Given] = ()) -> dict[str, object]:
    """Return what the playground knows, as plain values.

    Args:
        given: operators and calls of the reader's own, the first of which it begins with, and
            with the second one beside it.

    >>> known = knowledge()
    >>> "PyTorch F.interpolate" in [one["name"] for one in known["frameworks"]]
    True
    """
    shown = [one for one in given if _is_computed(one.sampling)]
    return {
        "frameworks": _frameworks(),
        "given": [
            {
                "name": printable(one.name),
                "text": printable(one.call),
                "sampling": plain_sampling(one.sampling),
                "in": one.n_in,
                "out": one.n_out,
                "beside": one.beside,
            }
            for one in shown[:MOST]
        ],
    }


def _is_computed(sampling: Sampling) -> bool:
    """Whether the page computes a sampling: no table, and no antialias of a million taps."""
    by = sampling.scale
    fits = by is None or Fraction(1, LONGEST) <= by <= LONGEST
    return fits and has_rule(sampling)


def has_rule(sampling: Sampling) -> bool:
    """Whether the page's own arithmetic has the coordinate, the kernel and the border."""
    known = isinstance(sampling.kernel, Nearest | Linear | Cubic | Area)
    return known and sampling.border == "clamp" and sampling.coordinate not in BOXES


@lru_cache(maxsize=1)
def _frameworks() -> list[dict[str, object]]:
    forms: dict[Sampling, int] = {}
    found: list[dict[str, object]] = []
    for one in load_conventions():
        texts = dict.fromkeys(_template(text) for text in (*_examples(one), *_more(one)))
        calls = [call for text in texts if (call := _call(one, text, forms)) is not None]
        found.append({"name": one.name, "calls": calls})
    return found


def _examples(one: Convention) -> Iterator[str]:
    """Yield the convention's own calls, and those by a factor, which is 2."""
    for text, sampling in one.examples:
        if sampling.scale in {None, 2}:
            yield text
        grown = one.write(replace(sampling, scale=Fraction(2)), 2)
        if grown is not None and FACTOR.search(grown):
            yield grown


def _more(one: Convention) -> Iterator[str]:
    """Yield the rest of what ONNX's Resize can say, which its examples do not go through."""
    if "Resize" not in one.operators:
        return
    lengths = "sizes=sizes", "scales=2"
    rules = (*SMOOTH, "tf_half_pixel_for_nn")
    for rule, rounding, by in product(rules, ROUNDINGS, lengths):
        words = f"coordinate_transformation_mode={rule}, nearest_mode={rounding}"
        yield f"Resize(mode=nearest, {words}, {by})"
    borders = ("", ", exclude_outside=1", ", antialias=1", ", antialias=1, exclude_outside=1")
    for rule, border, by in product(rules, borders, lengths):
        words = f"coordinate_transformation_mode={rule}"
        yield f"Resize(mode=linear, {words}{border}, {by})"
        for a in ("-0.75", "-0.5"):
            yield f"Resize(mode=cubic, {words}, cubic_coeff_a={a}{border}, {by})"


def _template(text: str) -> str:
    """Return the text of a call with a mark in the place of its factor.

    >>> _template("f(x, scale_factor=2.0, mode=a)"), _template("up(x, scalingFactor=(2, 2))")
    ('f(x, scale_factor={s}, mode=a)', 'up(x, scalingFactor=({s}, {s}))')
    """
    pair = f"{MARK}, {MARK}"
    return FACTOR.sub(lambda found: found[1] + (pair if found[2] else MARK), text)


def _call(one: Convention, text: str, forms: dict[Sampling, int]) -> dict[str, object] | None:
    """Return what the playground knows of a call; None where the convention refuses it."""
    by_factor = MARK in text
    try:
        (sampling, *_) = one.read(text.replace(MARK, "2"), PROBE).samplings
    except ConventionError:
        return None
    if sampling is None or not has_rule(sampling):
        return None
    plain = plain_sampling(sampling)
    found: dict[str, object] = {"text": text, "options": _options(text), "sampling": plain}
    found["form"] = forms.setdefault(canonical(sampling), len(forms))
    if by_factor:
        found["by"] = "scale"
        plain["scale"] = None if sampling.scale is None else "given"
        try:
            (length, *_) = one.read(text.replace(MARK, "1.5"), PROBE).lengths
        except ConventionError:
            length = PROBE * 3 // 2  # it takes whole factors alone, which nothing rounds
        found["rounds"] = "floor" if length == PROBE * 3 // 2 else "round"
    return found


def _options(text: str) -> dict[str, str]:
    """Return the options of a call by name, the name of the call first.

    >>> _options("F.interpolate(x, size=(h, w), mode='bilinear', align_corners=False)")
    {'call': 'F.interpolate', 'mode': 'bilinear', 'align_corners': 'False'}
    """
    call = parse(text.replace(MARK, "2"))
    found = {"call": call.name}
    for name, value in call.named.items():
        if isinstance(value, bool) or not LENGTH.search(name):
            found[name] = str(name_of(value))
    return found


def plain_sampling(sampling: Sampling) -> dict[str, object]:
    """Return a sampling as the page's own core takes it; its numbers are texts.

    Raises:
        ValueError: it is a table of weights, which the page does not compute.
    """
    return {
        "coordinate": sampling.coordinate,
        "kernel": _kernel(sampling),
        "scale": None if sampling.scale is None else str(sampling.scale),
        "exclude_outside": sampling.exclude_outside,
        "roi": list(map(str, sampling.roi)),
        "extrapolate": sampling.extrapolate,
        "copies_same_length": sampling.copies_same_length,
    }


def _kernel(sampling: Sampling) -> dict[str, object]:
    match sampling.kernel:
        case Nearest(rounding=rounding):
            return {"kind": "nearest", "rounding": rounding}
        case Linear(antialias=antialias):
            return {"kind": "linear", "antialias": antialias}
        case Cubic(a=a, antialias=antialias):
            return {"kind": "cubic", "a": str(a), "antialias": antialias}
        case Area(window=window):
            return {"kind": "area", "window": window}
        case _:
            raise ValueError("the page has no such rule")


def operators_of(sites: Iterable[Site]) -> Iterator[Given]:
    """Yield what sites compute along each of their axes that is not like the one before it.

    What was meant follows what is there, where that is known. The axis that parts most is the
    first of its site.
    """
    seen: set[tuple[Sampling, int | None, int | None]] = set()
    for site in sites:
        operator = site.operator
        if not isinstance(operator, Resize):
            continue
        ins, outs = site.operation.lengths
        meant = meant_resize(site.operation)
        apart = _worst(site)
        worst = -1 if apart is None else apart.axis
        for axis, sampling in sorted(operator.axes, key=lambda one: one[0] != worst):
            n_in, n_out = ins[axis], outs[axis]
            if apart is not None and axis == worst and (n_in is None or n_out is None):
                n_in, n_out = apart.n_in, apart.n_out
            key = sampling, n_in, n_out
            if key in seen:
                continue
            seen.add(key)
            claim = site.operation.claim or "no single PyTorch call"
            yield Given(f"{site.path}, axis {axis}", claim, *key)
            other = None if meant is None else meant.sampling(axis)
            if other is not None and site.intent is not None:
                name = f"meant at {site.path}, axis {axis}"
                yield Given(name, site.intent.text, other, n_in, n_out, beside=True)


def _worst(site: Site) -> Deviation | None:
    """Return where a site parts most from what was meant; None where that is too much work."""
    try:
        with one_node():
            return deviation(site.operation)
    except TooMuchWork:
        return None
