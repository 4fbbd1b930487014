"""RoiAlign: pooling of bilinear samples inside boxes.

Source: ONNX operator RoiAlign-16 (coordinate_transformation_mode) and torchvision
`csrc/ops/cpu/roi_align_kernel.cpp`; He et al., "Mask R-CNN", 2017.
"""

import math
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class RoiAlign(Struct, frozen=True):
    """What a RoiAlign computes.

    Attributes:
        aligned: boxes are shifted by half a pixel (ONNX half_pixel, torchvision
            aligned=True); otherwise they are not, and a box is at least one pixel large
            (output_half_pixel, the only meaning that RoiAlign-10 has).
        mode: mean or maximum over the samples of a bin; onnxruntime and ONNX's reference
            take the maximum over the weighted corners, before they are added up.
        output: bins (height, width).
        sampling_ratio: samples a bin and axis; 0 takes as many as the bin has pixels.
        spatial_scale: feature pixels a unit of box coordinates.
    """

    aligned: bool
    mode: Literal["avg", "max"] = "avg"
    output: tuple[int, int] = (1, 1)
    sampling_ratio: int = 0
    spatial_scale: float = 1.0

    def displacement(self, other: "RoiAlign") -> float:
        """Return by how much the samples are shifted against `other`, in feature pixels."""
        return 0.5 if self.aligned != other.aligned else 0.0

    def evaluate(
        self,
        x: "NDArray[np.generic]",
        rois: "NDArray[np.generic]",
        batch_indices: "NDArray[np.generic]",
    ) -> "NDArray[np.float64]":
        """Pool every box in float64.

        Args:
            x: features of shape (N, C, H, W).
            rois: boxes (x1, y1, x2, y2) of shape (R, 4), in units of 1 / spatial_scale px.
            batch_indices: which image each box belongs to, shape (R,).

        Returns:
            Output of shape (R, C, *output).

        Raises:
            ValueError: the shapes do not belong together.
        """
        import numpy as np

        if x.ndim != 4 or rois.ndim != 2 or rois.shape[1] != 4:
            raise ValueError(f"rois of shape {rois.shape} do not fit input {x.shape}")
        if batch_indices.shape != rois.shape[:1]:
            raise ValueError(f"{rois.shape[0]} rois, batch_indices {batch_indices.shape}")
        image = x.astype(np.float64)
        out = np.zeros((rois.shape[0], x.shape[1], *self.output))
        for k, box in enumerate(rois.astype(np.float64)):
            pixels = image[int(batch_indices[k])]
            out[k] = self._box(pixels, [float(v) for v in box])
        return out

    def _box(self, image: "NDArray[np.float64]", box: list[float]) -> "NDArray[np.float64]":
        import numpy as np

        rows = self._axis(box[1], box[3], self.output[0], image.shape[1])
        columns = self._axis(box[0], box[2], self.output[1], image.shape[2])
        out = np.zeros((image.shape[0], *self.output))
        for p, row in enumerate(rows):
            for q, column in enumerate(columns):
                out[:, p, q] = self._bin(image, row, column)
        return out

    def _axis(
        self, start: float, end: float, bins: int, length: int
    ) -> list[list[tuple[int, int, float, float]]]:
        """Return for each bin its samples: two pixels and their weights."""
        offset = 0.5 if self.aligned else 0.0
        begin = start * self.spatial_scale - offset
        extent = end * self.spatial_scale - offset - begin
        if not self.aligned:
            extent = max(extent, 1.0)
        width = extent / bins
        count = self.sampling_ratio or max(math.ceil(extent / bins), 0)
        return [
            [_corners(begin + p * width + (s + 0.5) * width / count, length) for s in range(count)]
            for p in range(bins)
        ]

    def _bin(
        self,
        image: "NDArray[np.float64]",
        rows: list[tuple[int, int, float, float]],
        columns: list[tuple[int, int, float, float]],
    ) -> "NDArray[np.float64]":
        import numpy as np

        parts = [
            np.stack(
                [
                    wy * wx * image[:, y, x]
                    for y, wy in ((top, w_top), (bottom, w_bottom))
                    for x, wx in ((left, w_left), (right, w_right))
                ]
            )
            for top, bottom, w_top, w_bottom in rows
            for left, right, w_left, w_right in columns
        ]
        if not parts:
            return image[:, 0, 0] * 0.0
        corners = np.stack(parts)
        if self.mode == "max":
            highest: NDArray[np.float64] = corners.max(axis=(0, 1))
            return highest
        mean: NDArray[np.float64] = corners.sum(axis=(0, 1)) / len(parts)
        return mean


def _corners(place: float, length: int) -> tuple[int, int, float, float]:
    """Return the two pixels around a sample and their weights; none beyond one pixel out."""
    if place < -1.0 or place > length:
        return 0, 0, 0.0, 0.0
    place = max(place, 0.0)
    low = int(place)
    if low >= length - 1:
        return length - 1, length - 1, 1.0, 0.0
    return low, low + 1, 1.0 - (place - low), place - low
