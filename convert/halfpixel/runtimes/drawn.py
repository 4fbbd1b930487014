"""The numbers of one made input: floats, pixels, indices, grids, boxes."""

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct

from halfpixel.errors import UsageError
from halfpixel.format import Port
from halfpixel.runtimes.pictures import picture
from halfpixel.runtimes.size import check_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.arrays import Array, Feeds

BOXES: Final = 3

USUAL_RANGE: Final = (0.0, 1.0)
"""Range of made floats, where nothing else is said."""


class Values(Struct, frozen=True):
    """What made numbers range over.

    Attributes:
        low: least float.
        high: greatest float.
        below: what whole numbers that are no pixels stay below: indices of some table.
    """

    low: float = USUAL_RANGE[0]
    high: float = USUAL_RANGE[1]
    below: int = 2

    @property
    def text(self) -> str:
        """The range of floats in words.

        >>> Values().text
        '0 to 1'
        """
        return f"{self.low:g} to {self.high:g}"


class Made(Struct, frozen=True):
    """How the inputs of a case look, and what they range over."""

    look: int
    values: Values


def drawn(
    port: Port,
    shape: tuple[int, ...],
    made: Made,
    random: "np.random.Generator",
    before: "Feeds",
) -> "Array":
    """Return the numbers of one input.

    Args:
        port: the input.
        shape: its lengths.
        made: how the case looks.
        random: where numbers come from.
        before: the inputs that are made already: boxes and pixels lie inside their images.

    Raises:
        UsageError: text, or more values than are made.
    """
    import numpy as np

    check_values(f"input {port.name!r}", shape)
    kind = port.dtype or "float32"
    if port.role == "rois":
        return _shaped(_boxes(shape, before, random), shape).astype(_type(kind))
    if kind == "bool":
        return np.asarray(random.random(shape) < 0.5)
    if kind == "string":
        raise UsageError(f"input {port.name!r} is text; give it with --inputs")
    if kind.startswith(("int", "uint")) or port.role == "batch_indices":
        return _whole(port, shape, made, random)
    if port.role in {"grid", "theta"}:
        return _floats(shape, kind, (-1.2, 1.2), random)
    if port.role == "pixels":
        most = 0.5 + max((max(array.shape[2:]) for array in before.values()), default=8)
        return _floats(shape, kind, (-1.5, most), random)
    limits = made.values.low, made.values.high
    return _floats(shape, kind, limits, random, picture(shape, made.look, random))


def _whole(
    port: Port, shape: tuple[int, ...], made: Made, random: "np.random.Generator"
) -> "Array":
    """Return pixels over the range of their type, other whole numbers as indices."""
    import numpy as np

    kind = port.dtype or "int64"
    if port.role == "batch_indices":
        return np.zeros(shape, _type(kind))
    if kind in {"uint8", "int8"} or ("int" in kind and port.role == "image"):
        low, high = (0, 256) if kind == "uint8" else (-128, 128)
        seen = picture(shape, made.look, random)
        if seen is not None:
            return (low + seen * (high - low - 1)).round().astype(_type(kind))
        return random.integers(low, high, shape).astype(_type(kind))
    return random.integers(0, made.values.below, shape).astype(_type(kind))


def _floats(
    shape: tuple[int, ...],
    kind: str,
    limits: tuple[float, float],
    random: "np.random.Generator",
    seen: "NDArray[np.float32] | None" = None,
) -> "Array":
    """Return uniform numbers, or a picture; in float32 without a copy in float64."""
    import numpy as np

    low, high = limits
    if kind != "float32" and seen is not None:
        return (low + seen.astype(np.float64) * (high - low)).astype(_type(kind))
    if kind != "float32":
        return random.uniform(low, high, shape).astype(_type(kind))
    drawn = random.random(shape, np.float32) if seen is None else seen
    drawn *= np.float32(high - low)
    drawn += np.float32(low)
    return drawn


def _type(name: str) -> "np.dtype[np.generic]":
    import numpy as np

    if name == "bfloat16":
        return cast("np.dtype[np.generic]", np.dtype(import_module("ml_dtypes").bfloat16))
    return np.dtype(name)


def _boxes(
    shape: tuple[int, ...], before: "Feeds", random: "np.random.Generator"
) -> "NDArray[np.float64]":
    """Return boxes x0 y0 x1 y1 inside the last image that was made."""
    import numpy as np

    images = [array for array in before.values() if array.ndim == 4]
    width, height = (images[-1].shape[3], images[-1].shape[2]) if images else (8, 8)
    corners = random.uniform(0, 1, (shape[0] if shape else BOXES, 2, 2))
    ordered = np.sort(corners, axis=1) * np.array([width, height])
    boxes: NDArray[np.float64] = ordered.reshape(-1, 4)
    return boxes


def _shaped(boxes: "NDArray[np.float64]", shape: tuple[int, ...]) -> "NDArray[np.float64]":
    """Return boxes as Core ML's crop_resize takes them too: (N, 1, 4 or 5, 1, 1)."""
    import numpy as np

    if len(shape) != 5:
        return boxes
    first = np.zeros((len(boxes), shape[2] - 4))
    joined: NDArray[np.float64] = np.concatenate([first, boxes], axis=1)
    return joined.reshape(shape)
