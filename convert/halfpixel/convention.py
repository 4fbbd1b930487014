"""What a convention is: one framework's names for the samplings it can compute.

A convention is a two-way dictionary. Reading turns a call in the framework's own words into what
it computes along its spatial axes; writing goes the other way, and answers None where the
framework has no words for a sampling. Adding a framework is adding one file to `conventions/`, or
a folder with such a file, which ends in a typed constant ``CONVENTION``: it is found by its place.

What a library does beside the weights (bytes in fixed point, colours in another order, a default
that a release changed) is a `Remark`: named, with its source, and never part of a sampling.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from halfpixel.errors import ConventionError
from halfpixel.registry import find, places
from halfpixel.sampling import Nearest, Sampling
from halfpixel.sampling.kernel import Filter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

About = Literal[
    "rounding",
    "fixed point",
    "arithmetic",
    "axis order",
    "colour order",
    "release",
    "input",
    "output length",
    "lengths",
    "backend",
]
"""What a remark is about.

``rounding``: a result, or one between two passes, is rounded to its type.
``fixed point``: weights or sums have a fixed number of bits.
``arithmetic``: floats that fall short of a tie, or weights from a table.
``axis order``, ``colour order``: what stands where in an array.
``release``: releases differ.
``input``: another kind of input is computed otherwise.
``output length``: how a length is rounded.
``lengths``: what is computed along an axis hangs on more than its own two lengths.
``backend``: what the library computes with decides.
"""


class Remark(Struct, frozen=True):
    """One thing that a library does beside the weights.

    Attributes:
        about: which kind of thing it is.
        text: what it does, in one sentence.
        dtype: the type of the input that it concerns, such as ``uint8``; empty for every type.
        most: by how much a result was off the exact weights' by it, at most, on bytes of noise
            over their whole range, in grey levels; None where it was not measured.
        source: the file or page that says so; empty where the convention's own does.
        ran: the release in which it was run; empty where it was read alone.
        kernels: those that it concerns, "nearest", "linear" and so on by their names, or "blend"
            for all but nearest; empty for every kernel.
    """

    about: About
    text: str
    dtype: str = ""
    most: float | None = None
    source: str = ""
    ran: str = ""
    kernels: tuple[str, ...] = ()

    def concerns(self, samplings: Sequence[Sampling | None], dtype: str = "") -> bool:
        """Whether it is about what is computed along some axes, of a type of input.

        Args:
            samplings: one an axis; None where it is copied.
            dtype: the type, such as ``uint8``; empty where it is not known.

        >>> from halfpixel.sampling import Linear
        >>> ties = Remark("arithmetic", "a tie falls on either side", kernels=("nearest",))
        >>> ties.concerns([Sampling("half_pixel", Linear())])
        False
        >>> Remark("rounding", "rounded", dtype="uint8").concerns([], "float32")
        False
        """
        bytes_alike = {self.dtype, dtype} == {"uint8", "int8"}
        if self.dtype and dtype and self.dtype != dtype and not bytes_alike:
            return False
        names = [_kernel_names(one) for one in samplings if one is not None]
        return not self.kernels or not names or any({*self.kernels} & found for found in names)


def _kernel_names(sampling: Sampling) -> set[str]:
    kernel = sampling.kernel
    found = kernel.profile if isinstance(kernel, Filter) else kernel
    name = type(found).__name__.lower()
    return {name} if isinstance(kernel, Nearest) else {name, "blend"}


class Reading(Struct, frozen=True):
    """What a call computes, along its spatial axes alone.

    Attributes:
        samplings: one a spatial axis, height before width; None where the axis is copied.
        lengths: output lengths of these axes; None each where the call leaves them open.
        remarks: what is done beside the weights by this very call.
        by_lengths: what the call computes for input lengths, height before width, where they
            decide more than each axis for itself: sizes of the shorter side, factors, kernels
            that one axis chooses for all; None where `samplings` and `lengths` say everything.
            It raises ConventionError for lengths that the call does not take.
    """

    samplings: tuple[Sampling | None, ...]
    lengths: tuple[int | None, ...]
    remarks: tuple[Remark, ...] = ()
    by_lengths: "Callable[[tuple[int, ...]], Reading] | None" = None

    def at(self, lengths: tuple[int, ...]) -> "Reading":
        """Return what the call computes for input lengths of its spatial axes.

        Args:
            lengths: input lengths one a spatial axis, height before width.

        Raises:
            ConventionError: they are others in number than the call's axes, or none it takes.

        >>> Reading((None, None), (4, None)).at((8, 6)).lengths
        (4, None)
        """
        if len(lengths) != len(self.samplings):
            expected = len(self.samplings)
            raise ConventionError(f"{len(lengths)} input lengths, the call is over {expected} axes")
        return self if self.by_lengths is None else self.by_lengths(lengths)


ARRAYS = frozenset(("np", "numpy", "jnp", "jax", "cp", "cupy", "torch", "tf", "onp", "mx", "xp"))
"""Names that array libraries are imported by: what is called on one is called on no image."""


class Library(Struct, frozen=True):
    """How a framework's own calls are run on an image.

    Attributes:
        modules: what is imported, behind the name that calls have for it, as
            ``("F", "torch.nn.functional")``; the first is the one whose release is told.
        image: makes the framework's input of an image of shape (height, width).
        array: makes an array of shape (height, width) of its output.
        dtypes: types of images that it takes.
        keyword: the name that a module's call has for its image; empty where it comes first.
    """

    modules: tuple[tuple[str, str], ...]
    image: "Callable[[NDArray[np.generic]], Any]"
    array: "Callable[[Any], NDArray[np.generic]]"
    dtypes: tuple[str, ...] = ("float32", "uint8")
    keyword: str = ""

    @property
    def name(self) -> str:
        """The package that is imported first.

        >>> Library((("F", "torch.nn.functional"),), lambda x: x, lambda x: x).name
        'torch'
        """
        return self.modules[0][1].partition(".")[0]


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
        source: the files or pages that say so, with their release.
        ran: the library and release that it was held against by impulses over many lengths, such
            as "Pillow 13.0.0"; empty where it was read alone.
        remarks: what the library does beside the weights, whatever the call.
        methods: names of operators that are called on an image itself, `resize` of
            ``image.resize((4, 3))``: what stands before one is its input.
        library: how its calls are run, where the framework runs in Python.
        respell: makes Python of a call in another language, and returns any other text as it is;
            None where the framework's calls are Python.
    """

    name: str
    operators: tuple[str, ...]
    read: Callable[[str, int | None], Reading]
    write: Callable[[Sampling, int], str | None]
    examples: tuple[tuple[str, Sampling], ...]
    source: str = ""
    ran: str = ""
    remarks: tuple[Remark, ...] = ()
    methods: tuple[str, ...] = ()
    library: Library | None = None
    respell: Callable[[str], str] | None = None

    def nearness(self, operator: str) -> int | None:
        """Return how near a called name is to this convention's: 0 is exact; None where it is none.

        >>> names = Convention("OpenCV", ("cv2.resize",), lambda *_: 0, lambda *_: "", ())
        >>> [names.nearness(name) for name in ("cv2.resize", "resize", "F.interpolate")]
        [0, 1, None]
        >>> of_images = Convention("P", (), lambda *_: 0, lambda *_: "", (), methods=("resize",))
        >>> [of_images.nearness(name) for name in ("f(x).resize", "x.resize", "a.b.resize")]
        [0, 2, None]
        """
        from fnmatch import fnmatchcase

        found: list[int] = []
        before, _, last = operator.rpartition(".")
        if last in self.methods and before.removeprefix("self.").isidentifier():
            found += [2] * (before not in ARRAYS)
        elif last in self.methods and not before.replace(".", "").isidentifier() and before:
            found.append(0)  # of what a call or an index gives
        for name in self.operators:
            if operator == name:
                found.append(0)
            elif name.endswith(f".{operator}"):
                found.append(1)
            elif fnmatchcase(operator, name):
                found.append(2)
        return min(found, default=None)


def methods_known() -> frozenset[str]:
    """Return the names of all operators that are called on an image itself."""
    return frozenset(name for one in load_conventions() for name in one.methods)


def load_conventions() -> tuple[Convention, ...]:
    """Return every convention, by name."""
    return _loaded(places("conventions"))


@lru_cache(maxsize=2)
def _loaded(_places: tuple[str, ...]) -> tuple[Convention, ...]:
    """Return every convention of a folder that lies there: a comparison asks dozens of times."""
    return tuple(sorted(find("conventions", Convention), key=lambda one: one.name))
