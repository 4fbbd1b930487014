"""Images that show what a resize does: each of a kind of error is seen best in one of them."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAMES: Final = ("ramp", "checkerboard", "zone plate", "edge")
"""A ramp shows a shift, a checkerboard and a zone plate what is blurred, an edge what rings."""


def pattern(name: str, height: int, width: int) -> "NDArray[np.float64]":
    """Return a test image of shape (height, width), values 0 to 1.

    Args:
        name: one of `NAMES`.
        height: rows.
        width: columns.

    Raises:
        ValueError: another name.

    >>> pattern("ramp", 1, 3).tolist(), pattern("checkerboard", 2, 2).tolist()
    ([[0.0, 0.5, 1.0]], [[0.0, 1.0], [1.0, 0.0]])
    """
    import numpy as np

    shape = height, width
    rows: NDArray[np.float64] = np.broadcast_to(np.arange(height, dtype=float)[:, None], shape)
    columns: NDArray[np.float64] = np.broadcast_to(np.arange(width, dtype=float), shape)
    across: NDArray[np.float64] = columns / max(width - 1, 1)
    match name:
        case "ramp":
            return across
        case "checkerboard":
            squares: NDArray[np.float64] = (rows + columns) % 2
            return squares
        case "edge":  # a slanted one
            beyond = columns + 0.25 * rows >= (width - 1) / 2 + 0.125 * height
            return np.where(beyond, 1.0, 0.0)
        case "zone plate":
            return _zone_plate(rows, columns, max(height, width))
        case _:
            raise ValueError(f"no test image is called {name!r}; there are {', '.join(NAMES)}")


def _zone_plate(
    rows: "NDArray[np.float64]", columns: "NDArray[np.float64]", side: int
) -> "NDArray[np.float64]":
    """Return rings that grow finer outwards, to half a period a pixel at the nearer edges."""
    import numpy as np

    middle = (rows.shape[0] - 1) / 2, (rows.shape[1] - 1) / 2
    square = (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2
    rings: NDArray[np.float64] = np.cos(np.pi * square / side)
    return (0.5 + 0.5 * rings).round(12)
