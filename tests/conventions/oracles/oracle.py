"""How a convention is held to its library: its calls are run on impulses, and W is read back.

One table a library, in the rooms that its convention has: a module whose name ends in `_table`,
ending in ``ORACLE``.
A call is Python with ``{h}`` and ``{w}`` for the output lengths, in which ``x`` is an array of
shape (height, width), float32. It is run as it is written, and read as it is written.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from halfpixel.checking.called import reading_of
from halfpixel.convention import Reading, methods_known
from halfpixel.conventions.expression import call_in
from halfpixel.sampling import Sampling
from halfpixel.sampling.coordinate import stretch
from halfpixel.sampling.kernel import Filter, by_lengths

Image = NDArray[np.float32]
Lengths = tuple[int, int]

FEW: tuple[Lengths, ...] = ((4, 7), (7, 3), (5, 5), (6, 3), (5, 1), (1, 4))
"""Up, down, kept, by a whole factor, to 1 and from 1."""

LONG = (*range(1, 14), 16, 17, 22, 31, 32, 33, 64)
MANY: tuple[Lengths, ...] = tuple((n, m) for n in LONG for m in LONG)

PLANES: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (3, 7)), ((4, 5), (8, 2)), ((6, 6), (3, 3)), ((3, 5), (3, 2)), ((4, 3), (5, 3)),
)  # fmt: skip
"""(height, width) of images, and of what they are resized to: axes that grow beside others."""


class Case(Struct, frozen=True):
    """A call that is run and read.

    Attributes:
        call: its text; without ``{h}`` it gives its own lengths, and is run on planes alone.
        pairs: (n_in, n_out) along the height beyond `FEW`, the width being kept.
        planes: images and sizes along both axes.
        bound: how far a weight may be from the exact one.
        ties: output samples whose source coordinate lies on a tie may read the neighbour.
        exceptions: pairs at which the library's own arithmetic is another, with the reason.
    """

    call: str
    pairs: tuple[Lengths, ...] = MANY
    planes: tuple[tuple[Lengths, Lengths], ...] = PLANES
    bound: float = 2e-6
    ties: bool = False
    exceptions: Mapping[Lengths, str] = field(default_factory=dict[Lengths, str])

    def text(self, n_out: Lengths) -> str:
        """Return the call for an output of (height, width)."""
        height, width = n_out
        return self.call.replace("{h}", str(height)).replace("{w}", str(width))


class Oracle(Struct, frozen=True):
    """A library, and the calls of it that a convention reads.

    Attributes:
        convention: its name.
        library: the module that has to be there.
        version: the release that it was held against, as `Convention.ran` says.
        names: what a call may ask for, by name; imports the library.
        cases: the calls.
    """

    convention: str
    library: str
    version: Callable[[], str]
    names: Callable[[], dict[str, Any]]
    cases: tuple[Case, ...]


def tables() -> list[Oracle]:
    """Return the tables of this folder."""
    here = Path(__file__).parent
    found = sorted(path.relative_to(here).with_suffix("") for path in here.rglob("*_table.py"))
    return [import_module(".".join(("conventions.oracles", *path.parts))).ORACLE for path in found]


def reading(oracle: Oracle, text: str, shape: Lengths) -> Reading:
    """Return what a call computes on an image, as the convention that it belongs to reads it."""
    text = call_in(text, methods_known())
    convention, found = reading_of(text)
    assert convention.name == oracle.convention
    if found.by_lengths is not None:
        return found.at(shape)
    axes = [convention.read(text, n) for n in shape]  # each for itself
    return Reading(
        tuple(one.samplings[axis] for axis, one in enumerate(axes)),
        tuple(one.lengths[axis] for axis, one in enumerate(axes)),
    )


def run(oracle: Oracle, text: str, x: Image) -> Image:
    """Return what a call makes of an image."""
    made = eval(text, oracle.names() | {"x": x})  # noqa: S307 - our own text
    return np.asarray(made, dtype=np.float32)


def along_height(oracle: Oracle, case: Case, n_in: int, n_out: int) -> Image:
    """Return W along the height, from one image whose columns are the impulses."""
    return run(oracle, case.text((n_out, n_in)), np.eye(n_in, dtype=np.float32))


def over_plane(oracle: Oracle, text: str, shape: Lengths) -> Image:
    """Return W over both axes, of shape (h_out, w_out, h_in, w_in): one image an impulse."""
    count = shape[0] * shape[1]
    impulses = np.eye(count, dtype=np.float32).reshape(count, *shape)
    made = np.stack([run(oracle, text, impulse) for impulse in impulses], -1)
    return made.reshape(*made.shape[:2], *shape)


def matrix(sampling: Sampling | None, n_in: int, n_out: int) -> NDArray[np.float64]:
    """Return the exact W of an axis, in float64."""
    return np.eye(n_in) if sampling is None else sampling.weights(n_in, n_out).matrix()


def tied(case: Case, ours: Sampling | None, n_in: int, n_out: int) -> list[int]:
    """Return the output samples that may read a neighbour: their coordinate is on a tie.

    That of a box is where its edge is on a pixel's centre, and that of a window where it starts on
    a pixel's edge.
    """
    if not case.ties or ours is None:
        return []
    if by_lengths(ours.kernel):
        step = 1 / (getattr(ours.kernel, "scale", None) or Fraction(n_out, n_in))
        return [i for i in range(n_out) if (i * step).denominator == 1 and step < 1]
    line, half = ours.line(n_in, n_out), Fraction(1, 2)
    if isinstance(ours.kernel, Filter):
        half = stretch(ours.coordinate, ours.axis(n_in, n_out)) / 2
        ends = [(line.at(i) - half, line.at(i) + half) for i in range(n_out)]
        return [i for i, pair in enumerate(ends) if any(end.denominator == 1 for end in pair)]
    return [i for i in range(n_out) if (line.at(i) + half).denominator <= 2]


def apart(case: Case, found: Image, ours: Sampling | None, n_in: int) -> Sequence[int]:
    """Return the output samples whose weights differ."""
    worst = np.abs(found - matrix(ours, n_in, len(found))).max(1)
    left_out = tied(case, ours, n_in, len(found))
    return [i for i in range(len(found)) if worst[i] > case.bound and i not in left_out]
