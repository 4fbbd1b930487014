"""Core ML's two dialects, each with its words: what its operators or layers compute, and say."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from halfpixel.conventions.coreml import mil, neuralnetwork
from halfpixel.conventions.vocabulary import Attributes, Words
from halfpixel.dialect import ML_PROGRAM, NEURAL_NETWORK, Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from halfpixel.conventions.coreml.axes import InputShape
    from halfpixel.conventions.meaning import Meaning
    from halfpixel.sampling import Resize


class _Say(Protocol):
    def __call__(
        self,
        resize: "Resize",
        input_lengths: "Sequence[int | None]",
        output_lengths: "Sequence[int | None]",
        version: int,
        scales: "Sequence[float] | None" = None,
    ) -> Words | None: ...


class DialectWords(Struct, frozen=True):
    """The words of one dialect.

    Attributes:
        read: what an operator computes at an input's lengths; raises ConventionError.
        words: the operator that is proven to compute a resize at a version; None where none is.
        floor_of: first specification version that has an operator with these parameters; raises
            ConventionError for one that no version has.
    """

    read: "Callable[[str, Attributes, InputShape], Meaning]"
    words: _Say
    floor_of: Callable[[str, Attributes], int]


_WORDS: Final = {
    ML_PROGRAM.name: DialectWords(mil.read, mil.words, mil.floor_of),
    NEURAL_NETWORK.name: DialectWords(
        neuralnetwork.read, neuralnetwork.words, neuralnetwork.floor_of
    ),
}


def words_of(dialect: Dialect) -> DialectWords:
    """Return the words of one of Core ML's dialects.

    >>> words_of(ML_PROGRAM).floor_of("resize", {})
    8
    """
    return _WORDS[dialect.name]
