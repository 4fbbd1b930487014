"""Resample and AffineSample: sampling at coordinates that are data, as Core ML says it.

A GridSample with more freedom: coordinates in pixels or in two kinds of units, a padding
constant other than 0, and a reflection that is chosen apart from align_corners.

Source: coremltools `converters/mil/mil/ops/defs/iOS15/image_resizing.py` (resample, affine).
The pixel that nearest picks half way between two is not stated there; the even one is taken
here, as PyTorch's grid_sample has it.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from halfpixel.sampling.coordinate import HALF, ZERO
from halfpixel.sampling.grid import AffineGrid, GridSample, Padding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ResampleMode = Literal["linear", "nearest"]
ResamplePadding = Literal["constant", "border", "reflection", "symmetric"]
Units = Literal["unnormalized", "normalized_minus_one_to_one", "normalized_zero_to_one"]

_AS_GRID: Final[dict[ResamplePadding, Padding]] = {
    "constant": "zeros",
    "border": "border",
    "reflection": "reflection",
    "symmetric": "reflection",
}


class Resample(Struct, frozen=True):
    """What a resample computes on images.

    Attributes:
        mode: kernel.
        padding: what is read outside the image; reflection turns on the centres of the border
            pixels, symmetric on their outer edges (which repeats the border pixels).
        value: the constant of padding constant.
        coordinates: pixels, or units in which the image runs from -1 to 1 or from 0 to 1.
        align_corners: those ends are the centres of the border pixels, else their outer
            edges; pixels do not ask for it.
    """

    mode: ResampleMode
    padding: ResamplePadding
    value: float = 0.0
    coordinates: Units = "normalized_minus_one_to_one"
    align_corners: bool = True

    def source_coordinate(self, g: Fraction, length: int) -> Fraction:
        """Return where a coordinate lies, in input pixels.

        ============================ ================== ========================
        coordinates                  align_corners      not align_corners
        ============================ ================== ========================
        unnormalized                 g                  g
        normalized_minus_one_to_one  (g + 1)/2 (n - 1)  ((g + 1) n - 1)/2
        normalized_zero_to_one       g (n - 1)          g n - 1/2
        ============================ ================== ========================

        >>> middle, zero = Fraction(1, 2), "normalized_zero_to_one"
        >>> Resample("linear", "border", 0.0, zero, True).source_coordinate(middle, 4)
        Fraction(3, 2)
        >>> Resample("linear", "border", 0.0, zero, False).source_coordinate(Fraction(0), 4)
        Fraction(-1, 2)
        """
        if self.coordinates == "unnormalized":
            return g
        part = g if self.coordinates == "normalized_zero_to_one" else (g + 1) / 2
        return part * (length - 1) if self.align_corners else part * length - HALF

    def displacement(self, other: "Resample") -> Fraction | None:
        """Return the worst distance for a grid within the image, in input pixels.

        Half a pixel between the two settings of align_corners; None where the coordinates
        have other units, as the distance then grows with the length.

        >>> a, b = (Resample("linear", "border", align_corners=flag) for flag in (True, False))
        >>> a.displacement(b)
        Fraction(1, 2)
        """
        if self.coordinates != other.coordinates:
            return None
        in_pixels = self.coordinates == "unnormalized"
        return ZERO if in_pixels or self.align_corners == other.align_corners else HALF

    def as_grid_sample(self) -> GridSample | None:
        """Return the GridSample that computes the same for every grid and size, or None.

        >>> Resample("linear", "symmetric", align_corners=False).as_grid_sample().padding
        'reflection'
        >>> Resample("linear", "symmetric", align_corners=True).as_grid_sample() is None
        True
        """
        turns_there = {"reflection": self.align_corners, "symmetric": not self.align_corners}
        other_constant = self.padding == "constant" and self.value != 0
        if other_constant or not turns_there.get(self.padding, True):
            return None
        if self.coordinates != "normalized_minus_one_to_one":
            return None
        return GridSample(self.mode, _AS_GRID[self.padding], self.align_corners, 2)

    def evaluate(
        self, x: "NDArray[np.generic]", coordinates: "NDArray[np.generic]"
    ) -> "NDArray[np.float64]":
        """Compute the samples in float64.

        Args:
            x: images of shape (B, C, H, W).
            coordinates: (x, y) of each sample, shape (B, H2, W2, 2), integers or floats.

        Returns:
            Output of shape (B, C, H2, W2).

        Raises:
            ValueError: the shapes do not belong together.

        >>> import numpy as np
        >>> image, outside = np.array([[[[1.0, 3.0]]]]), np.array([[[[-1, 0], [0.5, 0]]]])
        >>> pixels = Resample("linear", "constant", 9.0, "unnormalized")
        >>> pixels.evaluate(image, outside).ravel().tolist()
        [9.0, 2.0]
        """
        import numpy as np

        if x.ndim != 4 or coordinates.ndim != 4 or coordinates.shape[-1] != 2:
            raise ValueError(f"coordinates of shape {coordinates.shape}, input {x.shape}")
        lengths = np.array([x.shape[3], x.shape[2]], dtype=np.float64)
        places = coordinates.astype(np.float64)
        if self.coordinates == "normalized_minus_one_to_one":
            places = (places + 1) / 2
        if self.coordinates != "unnormalized":
            places = places * (lengths - 1) if self.align_corners else places * lengths - 0.5
        constant = self.value if self.padding == "constant" else 0.0
        sampler = GridSample(self.mode, _AS_GRID[self.padding], self.padding == "reflection", 2)
        return sampler.sample(x.astype(np.float64) - constant, places) + constant


class AffineSample(Struct, frozen=True):
    """What an affine computes: a grid of the output's own pixels, times a matrix, sampled.

    Attributes:
        grid: the grid before the matrix.
        sample: how the images are read there.
        output: output lengths (height, width).
    """

    grid: AffineGrid
    sample: Resample
    output: tuple[int, int]

    def evaluate(
        self, x: "NDArray[np.generic]", transform_matrix: "NDArray[np.generic]"
    ) -> "NDArray[np.float64]":
        """Compute the samples in float64.

        Args:
            x: images of shape (B, C, H, W).
            transform_matrix: (a0, a1, a2, b0, b1, b2) of each image, shape (B, 6), or (1, 6)
                for all: output (x, y) reads (a0 x + a1 y + a2, b0 x + b1 y + b2), in units in
                which both images run from -1 to 1.

        Returns:
            Output of shape (B, C, *output).

        Raises:
            ValueError: the shapes do not belong together.

        >>> import numpy as np
        >>> mirror = np.array([[-1.0, 0, 0, 0, 1, 0]])
        >>> read = Resample("linear", "constant")
        >>> affine = AffineSample(AffineGrid(align_corners=True), read, (1, 3))
        >>> affine.evaluate(np.array([[[[1.0, 2.0, 3.0]]]]), mirror).ravel().tolist()
        [3.0, 2.0, 1.0]
        """
        import numpy as np

        count = 0 if transform_matrix.ndim != 2 else transform_matrix.shape[0]
        if x.ndim != 4 or transform_matrix.shape != (count, 6) or count not in {1, x.shape[0]}:
            found = f"transform_matrix of shape {transform_matrix.shape}"
            raise ValueError(f"{found} does not fit input {x.shape}")
        theta = np.broadcast_to(transform_matrix, (x.shape[0], 6)).reshape(-1, 2, 3)
        size = (x.shape[0], x.shape[1], *self.output)
        return self.sample.evaluate(x, self.grid.evaluate(theta, size))
