"""CropResize: boxes cut out of images and resized, as Core ML and onnxruntime say it.

One bilinear or nearest sample an output pixel, where a coordinate rule of resize_bilinear puts it
when it is applied to the pixels of a box instead of those of the image.

Source: coremltools `converters/mil/mil/ops/defs/iOS15|iOS16|iOS17/image_resizing.py`
(crop_resize) and `mlmodel/format/NeuralNetwork.proto` (SamplingMode, CropResizeLayerParams);
onnxruntime `contrib_ops/cpu/crop_and_resize.cc`.
"""

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from halfpixel.sampling.grid import GridSample
from halfpixel.sampling.roi import RoiAlign

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CropCoordinate = Literal[
    "align_corners",
    "tf_crop_and_resize",
    "asymmetric",
    "coreml_offset_corners",
    "half_pixel",
]
BoxOrder = Literal[
    "CORNERS_HEIGHT_FIRST",
    "CORNERS_WIDTH_FIRST",
    "CENTER_SIZE_HEIGHT_FIRST",
    "CENTER_SIZE_WIDTH_FIRST",
]
BOX_ORDERS: Final[tuple[BoxOrder, ...]] = (
    "CORNERS_HEIGHT_FIRST",
    "CORNERS_WIDTH_FIRST",
    "CENTER_SIZE_HEIGHT_FIRST",
    "CENTER_SIZE_WIDTH_FIRST",
)


class CropResize(Struct, frozen=True):
    """What a crop_resize computes.

    Attributes:
        coordinate: the rule inside a box; tf_crop_and_resize is align_corners with the middle
            of the box for output length 1.
        output: (height, width) of a patch.
        normalized: 0 and 1 are the centres of the image's border pixels; else boxes are in
            pixels, pixel centres on the integers.
        spatial_scale: multiplies the coordinates of a box.
        order: what the four numbers of a box are.
        pad_value: what a sample outside the image gives; None where the operator has no such
            parameter, which is 0 as converters take it.
        mode: kernel; nearest takes the pixel behind where a sample lies half way between two
            in float32.
    """

    coordinate: CropCoordinate
    output: tuple[int, int] = (1, 1)
    normalized: bool = False
    spatial_scale: float = 1.0
    order: BoxOrder = "CORNERS_HEIGHT_FIRST"
    pad_value: float | None = None
    mode: Literal["linear", "nearest"] = "linear"

    def corners(
        self, boxes: "NDArray[np.generic]", lengths: tuple[int, int]
    ) -> "NDArray[np.float64]":
        """Return the ends of each box along both axes, in input pixels.

        Args:
            boxes: shape (N, 4), in this operator's own order and units.
            lengths: (height, width) of the images.

        Returns:
            Array of shape (N, 2, 2): axis (height, width), then start and end.

        Raises:
            ValueError: the boxes have another shape.

        >>> import numpy as np
        >>> centred = CropResize("align_corners", order="CENTER_SIZE_WIDTH_FIRST")
        >>> centred.corners(np.array([[3, 2, 2, 4]]), (8, 8)).tolist()
        [[[0.0, 4.0], [2.0, 4.0]]]
        """
        import numpy as np

        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"boxes of shape {boxes.shape}, expected (N, 4)")
        pairs = boxes.astype(np.float64).reshape(-1, 2, 2) * self.spatial_scale
        if self.order.endswith("WIDTH_FIRST"):
            pairs = pairs[:, :, ::-1]
        first, second = pairs[:, 0], pairs[:, 1]
        if self.order.startswith("CENTER"):
            first, second = first - second / 2, first + second / 2
        ends = np.stack([first, second], axis=-1)
        if self.normalized:
            ends *= np.array(lengths, dtype=np.float64)[:, None] - 1
        return ends

    def positions(self, start: float, end: float, count: int) -> "NDArray[np.float64]":
        """Return the source coordinates along one axis of a box, in input pixels.

        The box is taken for an image of X = |end - start| + 1 pixels whose first one lies on
        `start`, walked towards `end`; no coordinate leaves the box:

        ====================== ============================================
        coordinate             distance from `start`, for i of N samples
        ====================== ============================================
        align_corners          i (X - 1) / (N - 1); 0 where N is 1
        tf_crop_and_resize     the same; (X - 1) / 2 where N is 1
        asymmetric             i X / N
        coreml_offset_corners  (i + 1/2) max(1, X - 1) / N
        half_pixel             (i + 1/2) X / N - 1/2
        ====================== ============================================

        Source: the linspace form in NeuralNetwork.proto, whose interval is the box. Boxes that
        run backwards are shown by Apple's tests for tf_crop_and_resize alone.

        Args:
            start: centre of the first pixel of the box, in input pixels.
            end: centre of its last.
            count: number of samples N, at least 1.

        >>> CropResize("coreml_offset_corners").positions(1.0, 5.0, 2).tolist()
        [2.0, 4.0]
        >>> CropResize("half_pixel").positions(1.0, 4.0, 2).tolist()
        [1.5, 3.5]
        >>> CropResize("tf_crop_and_resize").positions(2.0, 1.0, 1).tolist()
        [1.5]
        """
        import numpy as np

        reach = abs(end - start)
        i = np.arange(count, dtype=np.float64)
        match self.coordinate:
            case "align_corners" | "tf_crop_and_resize":
                middle = reach / 2 if self.coordinate == "tf_crop_and_resize" else 0.0
                away = i / (count - 1) * reach if count > 1 else np.full(1, middle)
            case "asymmetric":
                away = i * (reach + 1) / count
            case "coreml_offset_corners":
                away = (i + 0.5) * max(1.0, reach) / count
            case "half_pixel":
                away = (i + 0.5) * (reach + 1) / count - 0.5
        away = np.clip(away, 0.0, reach)
        places: NDArray[np.float64] = start + away if end >= start else start - away
        return np.where(away == reach, end, places)

    def as_roi_align(self) -> RoiAlign | None:
        """Return the RoiAlign that reads the same samples, or None.

        The two agree for every box (as `corners` gives it, without the scale) that lies in the
        image and is at least one pixel large: a smaller one RoiAlign leaves at its end, and
        outside the image it repeats the border where this operator pads.

        >>> CropResize("coreml_offset_corners", (7, 7), spatial_scale=0.25).as_roi_align()
        RoiAlign(aligned=False, mode='avg', output=(7, 7), sampling_ratio=1, spatial_scale=0.25)
        >>> CropResize("half_pixel", (7, 7)).as_roi_align() is None
        True
        """
        if self.coordinate != "coreml_offset_corners" or self.normalized or self.mode == "nearest":
            return None
        return RoiAlign(
            aligned=False,
            output=self.output,
            sampling_ratio=1,
            spatial_scale=self.spatial_scale,
        )

    def evaluate(
        self,
        x: "NDArray[np.generic]",
        boxes: "NDArray[np.generic]",
        indices: "NDArray[np.generic]",
    ) -> "NDArray[np.float64]":
        """Compute every patch in float64.

        Args:
            x: images of shape (B, C, H, W).
            boxes: shape (N, 4).
            indices: which image each box belongs to, shape (N,).

        Returns:
            Patches of shape (N, C, *output).

        Raises:
            ValueError: the shapes do not belong together, or an index names no image.

        >>> import numpy as np
        >>> image, box = np.arange(9.0).reshape(1, 1, 3, 3), np.array([[0, 0, 2, 2]])
        >>> corners = CropResize("align_corners", (2, 2))
        >>> corners.evaluate(image, box, np.array([0])).ravel().tolist()
        [0.0, 2.0, 6.0, 8.0]
        """
        import numpy as np

        if x.ndim != 4 or indices.shape != boxes.shape[:1]:
            raise ValueError(f"{len(boxes)} boxes, indices {indices.shape}, input {x.shape}")
        which = indices.astype(np.intp)
        if which.size and not 0 <= which.min() <= which.max() < x.shape[0]:
            raise ValueError(f"indices {which.tolist()} for {x.shape[0]} images")
        height, width = x.shape[2:]
        pad = self.pad_value or 0.0
        out = np.full((len(boxes), x.shape[1], *self.output), pad)
        sampler = GridSample("linear", "border", align_corners=True, spatial=2)
        for k, (down, across) in enumerate(self.corners(boxes, (height, width))):
            rows = self.positions(float(down[0]), float(down[1]), self.output[0])
            columns = self.positions(float(across[0]), float(across[1]), self.output[1])
            places = np.stack(np.meshgrid(columns, rows), axis=-1)[None]
            if self.mode == "nearest":
                places = np.floor(places.astype(np.float32) + 0.5)
            patch = sampler.sample(x[which[k]][None], places)[0]
            inside = _inside(rows, height)[:, None] & _inside(columns, width)
            out[k] = np.where(inside, patch, pad)
        return out


def _inside(places: "NDArray[np.float64]", length: int) -> "NDArray[np.bool_]":
    """Whether a sample lies in the image; the rounding of float32 boxes does not push it out."""
    slack = 1e-6 * length
    return (places >= -slack) & (places <= length - 1 + slack)
