"""How far two arrays are apart, and whether that is close enough.

Two numbers are equal within a tolerance where abs(a - b) <= absolute + relative * scale. The
scale is the magnitude of the expected number or, where that is more, four times the root mean
square of its tensor without outliers: a sum of many products has an error that goes with them,
not with its own result. NaN equals NaN alone, and an infinity itself alone.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from halfpixel.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array


class Tolerance(Struct, frozen=True):
    """What counts as equal.

    Attributes:
        absolute: difference that is allowed everywhere.
        relative: difference that is allowed as a part of the scale.
    """

    absolute: float
    relative: float


TOLERANCES: Final[Mapping[str, Tolerance]] = {
    "float64": Tolerance(1e-7, 1e-7),
    "float32": Tolerance(1e-5, 1e-4),
    "float16": Tolerance(1e-3, 1e-2),
    "bfloat16": Tolerance(1e-2, 3e-2),
    "int8": Tolerance(1, 0),
    "uint8": Tolerance(1, 0),
}
"""By element type; whole numbers of other widths, and bool, have to be the same."""

EXACT: Final = Tolerance(0, 0)


def at_precision(
    tolerances: Mapping[str, Tolerance], precisions: Sequence[str]
) -> Mapping[str, Tolerance]:
    """Return tolerances where results may have been computed in a coarser float type.

    Args:
        tolerances: what counts as equal, by element type.
        precisions: float types that were computed in; empty for the results' own.

    >>> at_precision(TOLERANCES, ("", "float16"))["float32"] == TOLERANCES["float16"]
    True
    """
    coarse = [tolerances[name] for name in precisions if name in tolerances]
    finer = {"float64", "float32"} if coarse else set[str]()
    return {name: max([own, *coarse], key=lambda t: t.absolute) if name in finer else own
            for name, own in tolerances.items()}  # fmt: skip


def parse_tolerances(texts: "tuple[str, ...]") -> dict[str, Tolerance]:
    """Return the tolerances that `[TYPE=]ABSOLUTE[,RELATIVE]` texts set; without a type for all.

    Raises:
        UsageError: a text that is none.

    >>> parse_tolerances(("float16=0.01,0.02",))["float16"]
    Tolerance(absolute=0.01, relative=0.02)
    """
    out = dict(TOLERANCES)
    for text in texts:
        name, _, numbers = text.rpartition("=")
        try:
            absolute, *rest = (float(part) for part in numbers.split(","))
            relative = rest[0] if rest else 0.0
        except ValueError:
            raise UsageError(f"--tolerance {text!r}: expected [TYPE=]ABSOLUTE[,RELATIVE]") from None
        if len(rest) > 1 or not (0 <= absolute < math.inf and 0 <= relative < math.inf):
            raise UsageError(f"--tolerance {text!r}: expected one or two numbers of at least 0")
        if name and name not in TOLERANCES:
            raise UsageError(f"--tolerance {text!r}: expected a type of {', '.join(TOLERANCES)}")
        for kind in (name,) if name else tuple(TOLERANCES):
            out[kind] = Tolerance(absolute, relative)
    return out


class Difference(Struct, frozen=True):
    """How two arrays differ.

    Attributes:
        equal: whether they are equal within the tolerance.
        reason: why they cannot be compared number by number; else empty.
        max_abs: largest absolute difference of finite numbers.
        max_rel: largest difference as a part of the expected number's magnitude.
        max_ulp: largest difference in units of the last place, for floats.
        cosine: cosine of the angle between them, 1 where both are zero.
        beyond: how many elements are beyond the tolerance.
        size: how many elements there are.
    """

    equal: bool
    reason: str = ""
    max_abs: float = 0.0
    max_rel: float = 0.0
    max_ulp: float = 0.0
    cosine: float = 1.0
    beyond: int = 0
    size: int = 0

    @property
    def rank(self) -> tuple[bool, float]:
        """What orders differences, the worst last."""
        return not self.equal, self.max_abs


def difference(
    found: "Array", expected: "Array", tolerances: Mapping[str, Tolerance] = TOLERANCES
) -> Difference:
    """Return how far `found` is from `expected`.

    Args:
        found: an array of any shape.
        expected: another one; shapes must agree, element types may differ.
        tolerances: what counts as equal, by element type; the coarser type decides.

    >>> import numpy as np
    >>> difference(np.float32([1, 2]), np.float32([1, 2.5])).max_abs
    0.5
    """
    import numpy as np

    if found.shape != expected.shape:
        return Difference(
            equal=False,
            reason=f"shape {_shape(found)} instead of {_shape(expected)}",
            max_abs=math.inf,
            max_rel=math.inf,
            max_ulp=math.inf,
            cosine=math.nan,
            size=expected.size,
        )
    if found.size == 0:
        return Difference(equal=True)
    if not (_is_number(found) and _is_number(expected)):
        wrong = int(np.count_nonzero(found != expected))
        worst = math.inf if wrong else 0.0
        return Difference(
            not wrong, "elements are no numbers" if wrong else "", worst, worst, worst,
            size=found.size, beyond=wrong,
        )  # fmt: skip
    if found.dtype == expected.dtype and np.array_equal(found, expected):
        return Difference(equal=True, size=found.size)  # one pass, where the rest takes twenty
    kinds = [tolerances.get(kind, EXACT) for kind in (str(found.dtype), str(expected.dtype))]
    absolute = max(kind.absolute for kind in kinds)
    relative = max(kind.relative for kind in kinds)
    a, b = found.reshape(-1), expected.reshape(-1)
    allowed = Tolerance(absolute, relative), _scale(b)
    parts = [
        _part(a[start : start + CHUNK], b[start : start + CHUNK], *allowed)
        for start in range(0, a.size, CHUNK)
    ]
    beyond = sum(part.beyond for part in parts)
    return Difference(
        equal=not beyond,
        max_abs=max(part.max_abs for part in parts),
        max_rel=max(part.max_rel for part in parts),
        max_ulp=max(part.max_ulp for part in parts),
        cosine=_cosine(parts),
        beyond=beyond,
        size=found.size,
    )


CHUNK: Final = 1 << 15
"""Elements that are compared at once: what fits the processor's own memory is compared fastest."""

SAMPLE: Final = 1 << 18
"""Elements that the median is taken of."""


class _Part(Struct, frozen=True):
    """The figures of a part of two arrays: the last three are sums of products."""

    max_abs: float
    max_rel: float
    max_ulp: float
    beyond: int
    same: bool
    dot: float
    square_a: float
    square_b: float


def _scale(b: "Array") -> float:
    """Return four times the root mean square of the finite numbers, outliers left out.

    An outlier is a thousand times the median, such as what masks attention: one of them must
    not excuse a difference elsewhere.
    """
    import numpy as np

    sample = np.abs(b[:: max(1, b.size // SAMPLE)].astype(np.float64))
    sample = sample[np.isfinite(sample) & (sample > 0)]
    if not sample.size:
        return 0.0
    most = 1000 * float(np.partition(sample, (sample.size - 1) // 2)[(sample.size - 1) // 2])
    total, count = 0.0, 0
    for start in range(0, b.size, CHUNK):
        part = np.abs(b[start : start + CHUNK].astype(np.float64))
        kept = part <= most  # which no NaN is, and no infinity
        count += int(np.count_nonzero(kept))
        part[~kept] = 0.0
        total += float((part * part).sum())
    return 4 * math.sqrt(total / count) if count else 0.0


def _part(found: "Array", expected: "Array", tolerance: Tolerance, scale: float) -> _Part:
    import numpy as np

    a, b = found.astype(np.float64), expected.astype(np.float64)
    exact = tolerance == EXACT and found.dtype.kind in "iub" and expected.dtype.kind in "iub"
    with np.errstate(all="ignore"):
        apart = np.abs(a - b)
        same, allowed = a == b, np.abs(b)
        if not np.isfinite(apart).all():
            same |= np.isnan(a) & np.isnan(b)
            special = ~(np.isfinite(a) & np.isfinite(b))
            apart[special] = np.where(same[special], 0.0, np.inf)
            allowed[~np.isfinite(b)] = scale
        if exact:  # float64 has no room for every int64
            apart = np.where(found != expected, np.maximum(apart, 1.0), 0.0)
        relative = np.where(apart == 0, 0.0, apart / np.abs(b))
        allowed = tolerance.absolute + tolerance.relative * np.maximum(allowed, scale)
        return _Part(
            float(apart.max()),
            float(relative.max()),
            _ulp(apart, b, found),
            int(np.count_nonzero(apart > allowed)),
            bool(same.all()),
            *(float((one * other).sum()) for one, other in ((a, b), (a, a), (b, b))),
        )


def rounded(exact: "NDArray[np.float64]", like: "Array") -> "Array":
    """Return exact numbers as whole ones within their range where the other array is whole.

    >>> import numpy as np
    >>> rounded(np.array([-3.0, 2.6, 300.0]), np.array([0], np.uint8)).tolist()
    [0, 3, 255]
    """
    import numpy as np

    if like.dtype.kind not in "iu":
        return exact
    limits = np.iinfo(str(like.dtype))
    return np.clip(np.rint(exact), limits.min, limits.max).astype(like.dtype)


def _shape(array: "Array") -> str:
    return "x".join(map(str, array.shape)) or "()"


def _is_number(array: "Array") -> bool:
    return array.dtype.kind in "fiub" or is_float(array)


def is_float(array: "Array") -> bool:
    """Whether an array holds floats, those that NumPy has from elsewhere too."""
    return "float" in str(array.dtype)


def _ulp(apart: "NDArray[np.float64]", b: "NDArray[np.float64]", like: "Array") -> float:
    """Return the largest difference in units of the last place of the found type."""
    import numpy as np

    if str(like.dtype) == "bfloat16":
        spacing = np.ldexp(1.0, np.maximum(np.frexp(b)[1], -125) - 8)
    elif like.dtype.kind != "f":
        return float(apart.max())
    else:
        spacing = np.spacing(np.abs(b).astype(like.dtype)).astype(np.float64)
    units = np.where(apart == 0, 0.0, apart / spacing)
    return float(np.where(np.isnan(units), np.inf, units).max())


def _cosine(parts: Sequence[_Part]) -> float:
    if all(part.same for part in parts):
        return 1.0
    norms = math.fsum(part.square_a for part in parts) * math.fsum(p.square_b for p in parts)
    return math.fsum(part.dot for part in parts) / math.sqrt(norms) if norms > 0 else 0.0
