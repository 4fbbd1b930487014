"""Windows of OpenCV's INTER_AREA beside the mean by overlap at a ratio of lengths.

Source: OpenCV `modules/imgproc/src/resize.cpp` (INTER_AREA where an axis is enlarged, and
computeResizeAreaTab).
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.kernels.base import Rows, Written

Row = tuple[tuple[int, Fraction], ...]


class Overlapped(Written, frozen=True):
    """A mean over a window that takes two pixels at most, whatever the window holds.

    With r input pixels an output sample and j = floor(i r), pixel j counts by the part of it that
    window i has, and pixel j + 1 stands for the whole rest of the window: the mean by overlap where
    the axis is enlarged, and none where it is shrunk.

    Attributes:
        scale: output samples an input sample where a factor was given; None for the ratio of the
            lengths.
    """

    scale: Fraction | None = None

    @property
    def words(self) -> str:
        """What it is."""
        by = "" if self.scale is None else f" of 1 / {float(self.scale):.6g} pixels"
        return f"two pixels by how their edge cuts the window{by}"

    def row_length(self, n_in: int, n_out: int) -> int:  # noqa: ARG002 - two, whatever they are
        """Return two."""
        return 2

    def rows(self, n_in: int, n_out: int, outputs: Sequence[int]) -> Rows:
        """Return two pixels a row, or one.

        >>> Overlapped().rows(3, 4, [0, 1]).rows
        (((0, Fraction(1, 1)),), ((0, Fraction(1, 3)), (1, Fraction(2, 3))))
        """
        scale = Fraction(n_out, n_in) if self.scale is None else self.scale
        rows: list[Row] = []
        for i in outputs:
            j = math.floor(i / scale)
            rest = i + 1 - (j + 1) * scale
            if rest <= 0 or j >= n_in - 1:
                rows.append(((min(j, n_in - 1), ONE),))
            else:
                rows.append(((j, 1 - rest), (j + 1, rest)))
        return Rows(tuple(rows))


class Windows(Written, frozen=True):
    """The mean over windows of a given width, pixels counted by overlap; cut off at the end.

    Attributes:
        scale: output samples an input sample, at most 1.
    """

    scale: Fraction

    @property
    def words(self) -> str:
        """What it is."""
        return f"mean over 1 / {float(self.scale):.6g} pixels by overlap"

    def row_length(self, n_in: int, n_out: int) -> int:  # noqa: ARG002 - a width is what it is
        """Return how many pixels a window touches."""
        return 2 + math.ceil(1 / self.scale)

    def rows(self, n_in: int, n_out: int, outputs: Sequence[int]) -> Rows:  # noqa: ARG002
        """Return a window a row; one behind the image is the last pixel.

        >>> [str(weight) for _, weight in Windows(Fraction(2, 5)).rows(5, 2, [0]).rows[0]]
        ['2/5', '2/5', '1/5']
        """
        rows: list[Row] = []
        for i in outputs:
            first, last = i / self.scale, min((i + 1) / self.scale, Fraction(n_in))
            row: list[tuple[int, Fraction]] = []
            for j in range(math.floor(first), math.ceil(last)):
                inside = min(last, Fraction(j + 1)) - max(first, Fraction(j))
                row.append((j, inside / (last - first)))
            rows.append(tuple(row) or ((n_in - 1, ONE),))
        return Rows(tuple(rows))
