"""Conformance: what LiteRT's kernels compute under every combination of flags, against exact W.

Each combination is a model of one resize, run on the reference kernels, the optimised ones and
XNNPACK. A result is equal, different (with the worst error) or refused (in the runtime's words).
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from halfpixel.conforming.litert.kernels import KERNELS, Kernels, on_litert
from halfpixel.conforming.models import CASES as LENGTHS
from halfpixel.conventions.litert.resize import BILINEAR, NEAREST, Flags, read
from halfpixel.errors import ConventionError, RuntimeRefusal
from halfpixel.formats.litert.write.single import written_single

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array

Verdict = Literal["equal", "different", "refused"]
DTYPES: Final = ("float32", "float16", "int8", "uint8", "int16")
FLAGS: Final = tuple(Flags(*values) for values in product((False, True), repeat=2))
CASES: Final[Mapping[str, tuple[tuple[int, int], tuple[int, int]]]] = {
    **LENGTHS,
    "tie": ((14, 26), (23, 22)),
    "long": ((37, 3), (39, 29)),
}
"""Name and (input, output) lengths of height and width; float32 falls short of a tie at two."""

CHANNELS: Final = 2
BOUNDS: Final = {"float32": 1e-5, "float16": 0.0}
WHOLE: Final = 0.502
"""How far a result may be: of whole numbers a half, and what float32 makes of up to 255 levels."""


class LitertCase(Struct, frozen=True):
    """One resize at one set of lengths.

    Attributes:
        op: the operator.
        flags: its flags.
        dtype: element type.
        case: name of the lengths.
    """

    op: str
    flags: Flags
    dtype: str
    case: str

    @property
    def row(self) -> tuple[str, Flags, str]:
        """What a row of the table has in common: all but the lengths."""
        return self.op, self.flags, self.dtype

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Lengths of the input: batch, height, width, channels."""
        height, width = CASES[self.case][0]
        return 1, height, width, CHANNELS


class LitertResult(Struct, frozen=True):
    """What kernels made of one resize.

    Attributes:
        config: the resize.
        kernels: what it was run on.
        verdict: what came of it.
        worst: largest absolute error, where it is different and its flags mean anything.
        words: the runtime's words, where it refuses.
        given: the input, where it is different.
        found: what came out.
    """

    config: LitertCase
    kernels: Kernels
    verdict: Verdict
    worst: float = 0.0
    words: str = ""
    given: "Array | None" = None
    found: "Array | None" = None


Run = Callable[[bytes, Kernels, "Array"], "Array"]
"""Runs a model of one input and one output."""


def configurations() -> Iterator[LitertCase]:
    """Yield every resize that is run."""
    for op, flags, dtype, case in product((BILINEAR, NEAREST), FLAGS, DTYPES, CASES):
        yield LitertCase(op, flags, dtype, case)


def results(
    kernels: "tuple[Kernels, ...]" = KERNELS, run: Run = on_litert
) -> Iterator[LitertResult]:
    """Run every configuration on each of the kernels.

    Args:
        kernels: of `KERNELS`.
        run: runs a model.

    Raises:
        MissingExtraError: LiteRT is not installed.
    """
    for config in configurations():
        for one in kernels:
            yield result(config, one, run)


def result(config: LitertCase, kernels: Kernels, run: Run = on_litert) -> LitertResult:
    """Return what kernels make of one configuration; raises as `results`."""
    import numpy as np

    given = image(config)
    size = CASES[config.case][1]
    model = written_single(config.op, config.flags, config.shape, size, config.dtype)
    try:
        found = run(model, kernels, given)
    except RuntimeRefusal as refusal:
        return LitertResult(config, kernels, "refused", words=refusal.reason)
    meant = exact(config, given)
    if meant is None:
        return LitertResult(config, kernels, "different", given=given, found=found)
    worst = float(np.abs(found.astype(np.float64) - meant).max())
    if worst <= BOUNDS.get(config.dtype, WHOLE):
        return LitertResult(config, kernels, "equal")
    return LitertResult(config, kernels, "different", worst, given=given, found=found)


def image(config: LitertCase) -> "Array":
    """Return noise over the whole range of whole numbers, or from -1 to 1."""
    import numpy as np

    random = np.random.default_rng(0)
    if config.dtype.startswith("float"):
        return random.uniform(-1, 1, config.shape).astype(config.dtype)
    low, high = np.iinfo(config.dtype).min, np.iinfo(config.dtype).max
    return random.integers(low, high, config.shape, endpoint=True).astype(config.dtype)


def exact(config: LitertCase, given: "Array") -> "NDArray[np.float64] | None":
    """Return what a resize should make of an image; None where no convention says it."""
    try:
        sampling = read(config.op, config.flags)
    except ConventionError:
        return None
    (height, width), (rows, columns) = CASES[config.case]
    return blended(
        given, sampling.weights(height, rows).matrix(), sampling.weights(width, columns).matrix()
    )


def blended(
    given: "Array", down: "NDArray[np.float64]", across: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    """Return an image resized by the weights of its two axes."""
    import numpy as np

    made: NDArray[np.float64] = np.einsum(
        "ih,jw,bhwc->bijc", down, across, given.astype(np.float64)
    )
    return made
