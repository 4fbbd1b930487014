"""GridSample and AffineGrid: sampling at coordinates that are data.

Source: PyTorch `aten/src/ATen/native/GridSampler.h` (unnormalize, clip, reflect) and
`torch.nn.functional.affine_grid`; ONNX operators GridSample-22 and AffineGrid-20.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from halfpixel.sampling.coordinate import HALF

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GridMode = Literal["nearest", "linear", "cubic"]
Padding = Literal["zeros", "border", "reflection"]

CUBIC_A: Final = -0.75


class GridSample(Struct, frozen=True):
    """What a GridSample computes.

    Attributes:
        mode: kernel; nearest rounds half to even.
        padding: what is read outside the image.
        align_corners: -1 and 1 are the centres of the border pixels, else their outer edges.
        spatial: number of spatial axes, 2 or 3; None where the rank is not known.
    """

    mode: GridMode
    padding: Padding
    align_corners: bool
    spatial: int | None = None

    def source_coordinate(self, g: Fraction, length: int) -> Fraction:
        """Return where a normalised coordinate lies, in input pixels.

        >>> corner = Fraction(-1)
        >>> GridSample("linear", "zeros", align_corners=True).source_coordinate(corner, 5)
        Fraction(0, 1)
        >>> GridSample("linear", "zeros", align_corners=False).source_coordinate(corner, 5)
        Fraction(-1, 2)
        """
        if self.align_corners:
            return (g + 1) / 2 * (length - 1)
        return ((g + 1) * length - 1) / 2

    def displacement(self, other: "GridSample") -> Fraction:
        """Return the worst distance for a grid within [-1, 1], in input pixels.

        Between the two settings of align_corners it is g / 2: half a pixel at the border,
        nothing in the middle, whatever the length.
        """
        return HALF if self.align_corners != other.align_corners else Fraction(0)

    def border_weight(self) -> Fraction:
        """Return how much of a linear sample at a corner (-1, ..., -1) is image, not zeros.

        A quarter in two dimensions without align_corners and with zeros padding: an image
        of constant 100 gives 25 there (the example of torchsample's documentation).

        >>> GridSample("linear", "zeros", align_corners=False, spatial=2).border_weight()
        Fraction(1, 4)
        """
        if self.align_corners or self.padding != "zeros" or self.mode == "nearest":
            return Fraction(1)
        return HALF ** (self.spatial or 2)

    def evaluate(
        self, x: "NDArray[np.generic]", grid: "NDArray[np.generic]"
    ) -> "NDArray[np.float64]":
        """Compute the samples in float64.

        Args:
            x: input of shape (N, C, *lengths), 2 or 3 spatial axes (or any number).
            grid: coordinates of shape (N, *output lengths, number of spatial axes), the
                last axis in the order x, y, z, that is the reverse of the axes of `x`.

        Returns:
            Output of shape (N, C, *output lengths).

        Raises:
            ValueError: the shapes do not belong together.
        """
        import numpy as np

        lengths = np.array(x.shape[:1:-1], dtype=np.float64)  # x, y, z
        if grid.ndim != x.ndim or grid.shape[-1] != len(lengths):
            raise ValueError(f"grid of shape {grid.shape} does not fit input {x.shape}")
        g = grid.astype(np.float64)
        if self.align_corners:
            return self.sample(x, (g + 1) / 2 * (lengths - 1))
        return self.sample(x, ((g + 1) * lengths - 1) / 2)

    def sample(
        self, x: "NDArray[np.generic]", places: "NDArray[np.float64]"
    ) -> "NDArray[np.float64]":
        """Compute the samples at coordinates in input pixels, in float64.

        Args:
            x: input of shape (N, C, *lengths).
            places: coordinates as the grid of `evaluate` has them, pixel centres on the integers;
                `align_corners` decides only where a reflection turns.

        Returns:
            Output of shape (N, C, *output lengths).

        Raises:
            ValueError: the batches differ.
        """
        import numpy as np

        lengths = x.shape[2:]
        if places.shape[0] != x.shape[0]:
            raise ValueError(f"grid has batch {places.shape[0]}, input {x.shape[0]}")
        taps = [
            self._taps(places[..., len(lengths) - 1 - axis], length)
            for axis, length in enumerate(lengths)
        ]
        image = np.moveaxis(x.astype(np.float64), 1, -1)
        first: NDArray[np.intp] = np.arange(x.shape[0], dtype=np.intp)
        batch = first.reshape(-1, *[1] * (places.ndim - 2))
        out = np.zeros((*places.shape[:-1], x.shape[1]))
        for corner in product(*taps):
            weight = np.ones(places.shape[:-1])
            for _, part in corner:
                weight = weight * part
            index = (batch, *(place for place, _ in corner))
            value = image[index]
            out += np.where(weight[..., None] != 0, weight[..., None] * value, 0.0)
        return np.moveaxis(out, -1, 1)

    def _taps(
        self, x: "NDArray[np.float64]", length: int
    ) -> "list[tuple[NDArray[np.intp], NDArray[np.float64]]]":
        """Return (index, weight) arrays along one axis; weight 0 outside under zeros."""
        import numpy as np

        if self.mode == "nearest":
            return [self._inside(np.rint(self._pad(x, length)), np.ones_like(x), length)]
        if self.mode == "linear":
            x = self._pad(x, length)
            base = np.floor(x)
            frac = x - base
            pairs = [(base, 1 - frac), (base + 1, frac)]
            return [self._inside(index, weight, length) for index, weight in pairs]
        base = np.floor(x)
        frac = x - base
        return [
            self._inside(self._pad(base + offset, length), _keys(np.abs(offset - frac)), length)
            for offset in (-1, 0, 1, 2)
        ]

    def _pad(self, x: "NDArray[np.float64]", length: int) -> "NDArray[np.float64]":
        """Move coordinates into the image, as the padding mode says (pixels)."""
        import numpy as np

        if self.padding == "zeros":
            return x
        if self.padding == "reflection":
            low, high = (0.0, length - 1.0) if self.align_corners else (-0.5, length - 0.5)
            span = high - low
            if span == 0:
                return np.zeros_like(x)
            away = np.abs(x - low)
            extra = np.fmod(away, span)
            even = np.floor(away / span) % 2 == 0
            x = np.where(even, extra + low, span - extra + low)
        return np.clip(x, 0, length - 1)

    def _inside(
        self, index: "NDArray[np.float64]", weight: "NDArray[np.float64]", length: int
    ) -> "tuple[NDArray[np.intp], NDArray[np.float64]]":
        import numpy as np

        inside = (index >= 0) & (index <= length - 1)
        if self.padding != "zeros":
            inside = np.isfinite(index)
        safe = np.clip(np.where(inside, index, 0), 0, length - 1)
        return safe.astype(np.intp), np.where(inside, weight, 0.0)


def _keys(t: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return Keys' cubic with coefficient -0.75 at distance `t` >= 0."""
    import numpy as np

    a = CUBIC_A
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((t - 5) * t + 8) * t * a - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


class AffineGrid(Struct, frozen=True):
    """What an AffineGrid computes: a base grid times theta.

    Attributes:
        align_corners: the base runs from -1 to 1 over pixel centres, else over outer edges.
        single: base coordinate of an axis of length 1 under align_corners; PyTorch has 0,
            the reference evaluator of ONNX -1.
    """

    align_corners: bool
    single: float = -1.0

    def base(self, length: int) -> "NDArray[np.float64]":
        """Return the base coordinates of one axis, normalised.

        >>> AffineGrid(align_corners=False).base(4).tolist()
        [-0.75, -0.25, 0.25, 0.75]
        """
        import numpy as np

        if not self.align_corners:
            return (2 * np.arange(length) + 1) / length - 1
        if length == 1:
            return np.array([self.single])
        return np.linspace(-1.0, 1.0, length)

    def evaluate(self, theta: "NDArray[np.generic]", size: Sequence[int]) -> "NDArray[np.float64]":
        """Compute the grid in float64.

        Args:
            theta: affine matrices of shape (N, d, d + 1).
            size: (N, C, *lengths) with d lengths.

        Returns:
            Grid of shape (N, *lengths, d), last axis in the order x, y, z.

        Raises:
            ValueError: the shapes do not belong together.
        """
        import numpy as np

        lengths = [int(n) for n in size[2:]]
        d = len(lengths)
        if theta.ndim != 3 or theta.shape[1:] != (d, d + 1):
            raise ValueError(f"theta of shape {theta.shape} does not fit size {list(size)}")
        axes = np.meshgrid(*(self.base(n) for n in lengths), indexing="ij")
        homogeneous = np.stack([*reversed(axes), np.ones(lengths)], axis=-1)
        matrices = theta.astype(np.float64)
        grid: NDArray[np.float64] = np.einsum("...j,nij->n...i", homogeneous, matrices)
        return grid
