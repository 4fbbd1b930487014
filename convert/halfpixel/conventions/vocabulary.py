"""How a framework's words for a resize are searched: candidates in order, the first equal wins.

A framework has one `Vocabulary`. It yields what might say a resize, the preferred words first, and
knows what each of them computes. What counts as equal is the asker's: the exact weights at the
known lengths where nothing else is said, a runtime's own arithmetic, or what a target takes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from halfpixel.sampling import Cubic, Nearest, Resize, Sampling, compare, compare_resize

if TYPE_CHECKING:
    from halfpixel.sampling.coordinate import Coordinate

Attributes = Mapping[str, object]


class Words(Struct, frozen=True):
    """One operator or layer in a framework's own words.

    Attributes:
        op: its type.
        attributes: its constant inputs, attributes or fields by name.
    """

    op: str
    attributes: Attributes

    def text(self) -> str:
        """Return it as a call.

        >>> Words("upsample_bilinear", {"scale_factor_width": 2, "align_corners": False}).text()
        'upsample_bilinear(x, scale_factor_width=2, align_corners=False)'
        """
        shown = [
            f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}"
            for name, value in self.attributes.items()
        ]
        return f"{self.op}({', '.join(['x', *shown])})"


class Wanted(Struct, frozen=True):
    """A resize that is to be said in words, at the lengths that are known.

    Attributes:
        resize: what is to be said.
        ins: input lengths one an axis, None each where unknown.
        outs: output lengths, likewise.
        version: newest version of the framework's operators that may be used.
        scales: factors one an axis, where the operator that stands there has them.
    """

    resize: Resize
    ins: tuple[int | None, ...]
    outs: tuple[int | None, ...]
    version: int
    scales: tuple[float, ...] | None = None

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.ins)

    @property
    def nearest(self) -> bool:
        """Whether an axis has a nearest kernel."""
        return any(isinstance(sampling.kernel, Nearest) for _, sampling in self.resize.axes)

    def has(self, coordinate: "Coordinate") -> bool:
        """Whether an axis has this coordinate rule."""
        return any(sampling.coordinate == coordinate for _, sampling in self.resize.axes)

    def preferred(self, names: "Mapping[str, Coordinate]") -> list[str]:
        """Return names of coordinate rules, those that the resize itself has first."""
        return sorted(names, key=lambda name: not self.has(names[name]))


Q = TypeVar("Q", bound=Wanted)
W = TypeVar("W")


def proven(found: Resize, wanted: Wanted) -> bool:
    """Whether a resize is proven to be what is wanted, at the known lengths."""
    return compare_resize(found, wanted.resize, wanted.ins, wanted.outs).equal


class Vocabulary(Struct, Generic[Q, W], frozen=True):
    """What a framework can say of a resize.

    Attributes:
        candidates: yields words that might say it, the preferred ones first.
        resize_of: what words compute at the wanted lengths; None where they cannot stand there,
            or give other lengths.
    """

    candidates: Callable[[Q], Iterator[W]]
    resize_of: Callable[[W, Q], Resize | None]

    def equal(
        self, wanted: Q, proof: Callable[[W, Resize], bool] | None = None
    ) -> Iterator[tuple[W, Resize]]:
        """Yield the words that compute what is wanted, and what they compute.

        Args:
            wanted: what is to be said.
            proof: whether words, and what they compute, are what is wanted; None where the exact
                weights have to be proven equal.
        """
        for words in self.candidates(wanted):
            found = self.resize_of(words, wanted)
            if found is None:
                continue
            if proven(found, wanted) if proof is None else proof(words, found):
                yield words, found

    def first(self, wanted: Q, proof: Callable[[W, Resize], bool] | None = None) -> W | None:
        """Return the first words that compute what is wanted, or None."""
        return next((words for words, _ in self.equal(wanted, proof)), None)


def text_of(sampling: Sampling, calls: Iterable[tuple[str, Sampling]]) -> str | None:
    """Return the first call that is proven to be a sampling at every size, or None.

    Args:
        sampling: what is to be said of each axis.
        calls: calls and what they compute along an axis, the preferred ones first.
    """
    for text, meaning in calls:
        verdict = compare(meaning, sampling)
        if verdict.equal:
            return text
    return None


def text_of_kernel(
    sampling: Sampling,
    calls: Callable[[Fraction | None, Fraction], Iterable[tuple[str, Sampling]]],
    cube: Fraction,
) -> str | None:
    """Return the first call that is proven to be a sampling, of those of its own kind of kernel.

    Args:
        sampling: what is to be said of each axis.
        calls: the calls with a scale and the coefficient of a cubic kernel; as `text_of`.
        cube: that coefficient where the kernel has none.
    """
    kernel = sampling.kernel
    found = calls(sampling.scale, kernel.a if isinstance(kernel, Cubic) else cube)
    return text_of(sampling, ((t, one) for t, one in found if type(one.kernel) is type(kernel)))
