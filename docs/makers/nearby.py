"""Every sampling that has a name, in the words of every library, or what comes nearest to it."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.checking.equivalents import filled
from halfpixel.checking.sampling_words import FORMULAS, formula_of, kernel_words
from halfpixel.convention import Convention, load_conventions
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.canonical import canonical
from halfpixel.sampling.kernel import Area, Filter, by_lengths
from halfpixel.sampling.kernels.profiles import Box
from makers.matrices import Gap, Matrix, gap, matrix

if TYPE_CHECKING:
    from halfpixel.convention import Reading

CASES: Final = {"x2": (24, 48), "x0.5": (48, 24), "160 to 56": (160, 56), "7 to 3": (7, 3)}
"""Input length and output length of both axes, by what they are called; 160 to 56 is the factor of
640 to 224, at a quarter of the lengths, where exact weights of splines are no matter of minutes.
"""

FAMILIES: Final = {
    "nearest": "Nearest",
    "linear": "Linear",
    "cubic": "Cubic",
    "means": "Means of cells and windows",
    "others": "Lanczos, Gauss, splines and others",
}
"""The kernels that stand on one page, with its title."""


class Near(Struct, frozen=True):
    """A call that is a sampling at some lengths, or comes nearest to it at one.

    Attributes:
        library: the convention.
        call: the call.
        gaps: how far it is off, one a case; None where it gives no such lengths.
    """

    library: Convention
    call: str
    gaps: tuple[Gap | None, ...]


class Section(Struct, frozen=True):
    """One sampling.

    Attributes:
        family: a key of `FAMILIES`.
        place: its number on the page of the family, from 1.
        kernel: its kernel, in words.
        coordinate: where output i reads; empty where no formula says so.
        sampling: itself.
        names: (library, call) of each library that has words for it.
        near: of each other library what comes nearest.
    """

    family: str
    place: int
    kernel: str
    coordinate: str
    sampling: Sampling
    names: tuple[tuple[Convention, str], ...]
    near: tuple[Near, ...]

    @property
    def anchor(self) -> str:
        """Where it stands: the page, and the place on it."""
        return f"conventions/{self.family}.md#{self.mark}"

    @property
    def title(self) -> str:
        """Its kernel, and where it reads."""
        return f"{self.kernel}; reads {self.coordinate}" if self.coordinate else self.kernel

    @property
    def mark(self) -> str:
        """What it is called on its page."""
        return f"{self.family}-{self.place}"


@cache
def sections() -> tuple[Section, ...]:
    """Return every sampling that a library has a name for, ordered as the pages are."""
    found: list[Section] = []
    conventions = load_conventions()
    rows = sorted(_rows(conventions), key=_order)
    for sampling, names in rows:
        family = family_of(sampling)
        place = 1 + sum(one.family == family for one in found)
        named = {one.name for one, _ in names}
        near = tuple(
            row for one in conventions if one.name not in named for row in _nearest(one, sampling)
        )
        found.append(Section(family, place, *_words(sampling), sampling, names, near))
    return tuple(found)


@cache
def section_of(sampling: Sampling) -> Section | None:
    """Return where a sampling stands, one by a factor under that by size; None where nowhere."""
    wanted = canonical(sampling.by_size())
    return next((one for one in sections() if canonical(one.sampling) == wanted), None)


def family_of(sampling: Sampling) -> str:
    """Return the page that a sampling stands on, a key of `FAMILIES`."""
    kernel = sampling.kernel
    plain = (
        kernel.profile.plain() if isinstance(kernel, Filter) and not kernel.antialias else kernel
    )
    if isinstance(plain, Nearest | Linear | Cubic):
        return type(plain).__name__.lower()
    box = isinstance(kernel, Filter) and isinstance(kernel.profile, Box)
    module = type(kernel).__module__.rpartition(".")[2]
    return "means" if box or isinstance(kernel, Area) or module in MEANS else "others"


MEANS: Final = frozenset({"windows", "reduce"})
"""Modules of kernels that are means of pixels."""


def _order(row: tuple[Sampling, Sequence[object]]) -> tuple[int, str, int, str]:
    """Return where a sampling stands: by its kernel, what most have a name for first."""
    sampling, names = row
    kernel, coordinate = _words(sampling)
    return list(FAMILIES).index(family_of(sampling)), kernel, -len(names), coordinate


def _words(sampling: Sampling) -> tuple[str, str]:
    """Return the kernel, and where output i reads; nothing where no formula says so."""
    if by_lengths(sampling.kernel):
        return kernel_words(sampling), formula_of(sampling).partition(", r = ")[0]
    beyond = "; outside the image a constant" if sampling.extrapolate else ""
    copies = "; an equal length is copied" if sampling.copies_same_length else ""
    formula = f"{FORMULAS[sampling.coordinate]}{beyond}{copies}"
    if sampling.coordinate == "tf_crop_and_resize":
        start, end = (f"{float(one):g}" for one in sampling.roi)
        formula = f"{formula}; roi from {start} to {end}"
    return kernel_words(sampling), formula


def _rows(
    conventions: Sequence[Convention],
) -> Iterator[tuple[Sampling, tuple[tuple[Convention, str], ...]]]:
    """Yield each sampling whose step follows from the lengths, once under whatever formula."""
    same: dict[Sampling, list[Sampling]] = {}
    for convention in conventions:
        for _, sampling in convention.examples:
            if sampling.scale is None:
                same.setdefault(canonical(sampling), []).append(sampling)
    seen: set[tuple[tuple[str, str], ...]] = set()
    for form, alike in same.items():
        alike.sort(key=lambda one: one.coordinate != form.coordinate)
        names = tuple(
            (one, call)
            for one in conventions
            if (call := next(filter(None, (one.write(s, 2) for s in alike)), None)) is not None
        )
        key = tuple((one.name, call) for one, call in names)
        if names and key not in seen:
            seen.add(key)
            yield alike[0], names


def _nearest(convention: Convention, sampling: Sampling) -> Iterator[Near]:
    """Yield the calls of a library that come nearest at a case each, the fewest that there are."""
    wanted = [_matrix(sampling, pair) for pair in CASES.values()]
    rows = [
        Near(convention, text, tuple(map(_gap, wanted, matrices)))
        for text, matrices in _calls(convention)
    ]
    kept: list[Near] = []
    for cases in SCALES:
        near = min(rows, key=lambda row: _rank(row, cases), default=None)
        if near is not None and _rank(near, cases) < FAR:
            kept.append(near)
    for case in KEPT:
        if not any(_same(row, case) for row in kept):
            kept += [row for row in rows if _same(row, case)][:1]
    yield from dict.fromkeys(kept)


SCALES: Final = ((0,), (1, 2, 3))
"""The cases that enlarge, and those that shrink."""

KEPT: Final = (0, 1)
"""Cases of whole factors: what is the same there is told of, too."""

FAR: Final = (float("inf"), float("inf"), float("inf"))
"""The rank of a call that gives no such lengths."""


def _rank(row: Near, cases: Sequence[int]) -> tuple[float, float, float]:
    """Return how near a call comes, at the worst of some cases."""
    gaps = [row.gaps[case] for case in cases]
    return max(FAR if found is None else found.rank for found in gaps)


def _same(row: Near, case: int) -> bool:
    found = row.gaps[case]
    return found is not None and not found.weights


def _gap(wanted: Matrix | None, found: Matrix | None) -> Gap | None:
    return None if wanted is None or found is None else gap(wanted, found)


@cache
def _calls(convention: Convention) -> tuple[tuple[str, tuple[Matrix | None, ...]], ...]:
    """Return the examples of a library, with the weights of each at every case."""
    found: dict[str, tuple[Matrix | None, ...]] = {}
    for text, _ in convention.examples:
        if text not in found:
            found[text] = tuple(_made(convention, text, pair) for pair in CASES.values())
    return tuple(found.items())


def _made(convention: Convention, text: str, pair: tuple[int, int]) -> Matrix | None:
    """Return the weights of a call along the height; None where it gives no such lengths."""
    n_in, n_out = pair
    reading = _read(convention, filled(convention, text, [pair] * 2), n_in)
    if reading is None or set(reading.lengths) - {n_out, None}:
        return None
    sampling = reading.samplings[0]
    return None if sampling is None else _matrix(sampling, pair)


def _read(convention: Convention, text: str, n_in: int) -> "Reading | None":
    try:
        found = convention.read(text, n_in)
        return found if found.by_lengths is None else found.at((n_in, n_in))
    except ConventionError:
        return None


def _matrix(sampling: Sampling, pair: tuple[int, int]) -> Matrix | None:
    """Return weights at lengths; None of a sampling that is for no such ones."""
    if pair[0] < sampling.least:
        return None
    try:
        return matrix(sampling, *pair)
    except ValueError:
        return None
