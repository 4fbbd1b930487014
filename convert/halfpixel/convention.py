"""What a convention is: one framework's names for the samplings it can compute.

A convention is a two-way dictionary. Reading turns a call in the framework's own words into what
it computes along its spatial axes; writing goes the other way, and answers None where the
framework has no words for a sampling. Adding a framework is adding one file to `conventions/`, or
a folder with such a file, which ends in a typed constant ``CONVENTION``: it is found by its place.
"""

from collections.abc import Callable

from msgspec import Struct

from halfpixel.registry import find
from halfpixel.sampling import Sampling


class Reading(Struct, frozen=True):
    """What a call computes, along its spatial axes alone.

    Attributes:
        samplings: one a spatial axis, height before width; None where the axis is copied.
        lengths: output lengths of these axes; None each where the call leaves them open.
    """

    samplings: tuple[Sampling | None, ...]
    lengths: tuple[int | None, ...]


class Convention(Struct, frozen=True):
    """One framework's names for a sampling.

    Attributes:
        name: name of the framework and its operator, as `explain` shows it.
        operators: what the calls that it reads are called, the modules before the name included;
            a `*` stands for anything.
        read: what a call computes where every spatial axis has a length, None where that is not
            known; raises ConventionError for a value that the operator does not take.
        write: the sampling in the framework's words, for a number of spatial axes; None
            where it has none.
        examples: calls in the framework's words, with the sampling of each axis.
    """

    name: str
    operators: tuple[str, ...]
    read: Callable[[str, int | None], Reading]
    write: Callable[[Sampling, int], str | None]
    examples: tuple[tuple[str, Sampling], ...]

    def nearness(self, operator: str) -> int | None:
        """Return how near a called name is to this convention's: 0 is exact; None where it is none.

        >>> names = Convention("OpenCV", ("cv2.resize",), lambda *_: 0, lambda *_: "", ())
        >>> [names.nearness(name) for name in ("cv2.resize", "resize", "F.interpolate")]
        [0, 1, None]
        """
        from fnmatch import fnmatchcase

        found: list[int] = []
        for name in self.operators:
            if operator == name:
                found.append(0)
            elif name.endswith(f".{operator}"):
                found.append(1)
            elif fnmatchcase(operator, name):
                found.append(2)
        return min(found, default=None)


def load_conventions() -> tuple[Convention, ...]:
    """Return every convention, by name."""
    return tuple(sorted(find("conventions", Convention), key=lambda one: one.name))
