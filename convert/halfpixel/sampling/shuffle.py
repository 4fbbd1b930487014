"""DepthToSpace: channels laid out as pixels, which is an upsampler whose weights are 0 and 1.

Source: ONNX operator DepthToSpace-13; W. Shi et al., "Real-time single image and video
super-resolution using an efficient sub-pixel convolutional neural network", 2016.
"""

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class DepthToSpace(Struct, frozen=True):
    """What a depth-to-space computes.

    Attributes:
        block: pixels that a pixel becomes along each axis.
        mode: how C * block * block channels are ordered: by image channel, then by place (CRD,
            as PyTorch's pixel_shuffle has it), or by place, then by channel (DCR, as TensorFlow).
        last: the channels are the last axis.
    """

    block: int
    mode: Literal["CRD", "DCR"] = "CRD"
    last: bool = False

    def evaluate(self, x: "NDArray[np.generic]") -> "NDArray[np.float64]":
        """Compute it in float64.

        Args:
            x: images of shape (N, C * block**2, H, W); (N, H, W, C * block**2) where `last`.

        Returns:
            Images of shape (N, C, H * block, W * block), the channels where they were.

        Raises:
            ValueError: the shape is another.

        >>> import numpy as np
        >>> DepthToSpace(2).evaluate(np.arange(4.0).reshape(1, 4, 1, 1)).tolist()
        [[[[0.0, 1.0], [2.0, 3.0]]]]
        """
        import numpy as np

        given = np.asarray(x, np.float64)
        if given.ndim != 4:
            raise ValueError(f"input has rank {given.ndim}, expected 4")
        image: NDArray[np.float64] = np.moveaxis(given, 3, 1) if self.last else given
        batch, deep, height, width = image.shape
        size = self.block
        if deep % size**2:
            raise ValueError(f"{deep} channels are no multiple of {size**2}")
        depth = deep // size**2
        if self.mode == "CRD":
            parts = image.reshape(batch, depth, size, size, height, width)
            parts = parts.transpose(0, 1, 4, 2, 5, 3)
        else:
            parts = image.reshape(batch, size, size, depth, height, width)
            parts = parts.transpose(0, 3, 4, 1, 5, 2)
        out = parts.reshape(batch, depth, height * size, width * size)
        return np.moveaxis(out, 1, 3) if self.last else out
