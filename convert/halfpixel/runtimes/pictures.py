"""What made floats look like: white noise, and a picture with edges, as it is and moved by a pixel.

White noise shows every tap of a kernel alike. A picture shows what a network does with smooth areas
and edges, as it is meant to; moved by a pixel, its edges meet other phases of a resize.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PICTURES: Final = ("white noise", "noise with edges", "the same moved by a pixel")
"""What inputs look like, in turn."""

LEAST: Final = 4
"""Height and width from which on there is a picture."""

EDGES: Final = 6
"""Rectangles of a picture."""

LARGEST: Final = 1 << 24
"""Numbers up to which an input is made a picture: spectra take several times its memory."""


def spatial_axes(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the axes of height and width of an image; None where it is none.

    >>> spatial_axes((1, 3, 8, 9)), spatial_axes((1, 8, 9, 3)), spatial_axes((1, 77))
    ((2, 3), (1, 2), None)
    """
    rank = len(shape)
    if rank < 3:
        return None
    last = rank == 4 and shape[3] <= LEAST < min(shape[1:3])
    axes = (1, 2) if last else (rank - 2, rank - 1)
    return axes if min(shape[axis] for axis in axes) >= LEAST else None


def picture(
    shape: tuple[int, ...], number: int, random: "np.random.Generator"
) -> "NDArray[np.float32] | None":
    """Return numbers of 0 to 1 that look like a picture; None where white noise is to be.

    Args:
        shape: lengths of the input.
        number: which of `PICTURES`, in turn.
        random: where they come from; the same one gives the same picture, moved or not.
    """
    import numpy as np

    axes = spatial_axes(shape)
    if not number % len(PICTURES) or axes is None or np.prod(shape) > LARGEST:
        return None
    moved = number % len(PICTURES) == PICTURES.index("the same moved by a pixel")
    height, width = (shape[axis] + 1 for axis in axes)  # a pixel more, for the one that is moved
    rest = tuple(n for axis, n in enumerate(shape) if axis not in axes)
    scene = np.stack([_plane(height, width, random) for _ in range(int(np.prod(rest)))])
    start = int(moved)
    cut = scene[:, start : start + height - 1, start : start + width - 1]
    planes = cut.reshape(*rest, height - 1, width - 1)
    return np.ascontiguousarray(np.moveaxis(planes, (-2, -1), axes))


def _plane(height: int, width: int, random: "np.random.Generator") -> "NDArray[np.float32]":
    """Return one channel: noise whose amplitude falls with its frequency, and rectangles on it."""
    import numpy as np

    down, along = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    amplitude = 1 / np.maximum(np.hypot(down, along), 1 / max(height, width))
    phases = random.uniform(0, 2 * np.pi, amplitude.shape)
    plane = np.fft.irfft2(amplitude * np.exp(1j * phases), s=(height, width))
    plane /= plane.std() or 1.0
    for _ in range(EDGES):
        top, bottom = np.sort(random.integers(0, height + 1, 2))
        left, right = np.sort(random.integers(0, width + 1, 2))
        plane[top:bottom, left:right] += random.uniform(-3, 3)
    plane -= plane.min()
    return (plane / (plane.max() or 1.0)).astype(np.float32)
