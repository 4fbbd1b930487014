"""Small networks with random weights that resample the way well-known ones do.

Plain PyTorch, a few kilobytes each. The resampling calls and their arguments are those of
the architecture that a class is named after; everything else is as small as it can be.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable


def block(channels: int, wider: int, *, stride: int = 1) -> nn.Sequential:
    """Return a convolution, a normalisation and a rectifier."""
    return nn.Sequential(
        nn.Conv2d(channels, wider, 3, stride, 1, bias=False),
        nn.BatchNorm2d(wider),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """Two levels down and up again; ``up`` makes the layer that doubles the size."""

    def __init__(self, up: Callable[[int], nn.Module]) -> None:
        """Make both paths and the layers between them."""
        super().__init__()
        self.first, self.second = block(3, 8), block(8, 8)
        self.bottom = block(8, 8)
        self.up_second, self.up_first = up(8), up(8)
        self.merge_second, self.merge_first = block(16, 8), block(16, 8)
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return two logit maps at the image's size."""
        first = self.first(image)
        second = self.second(F.max_pool2d(first, 2))
        y = self.bottom(F.max_pool2d(second, 2))
        y = self.merge_second(torch.cat([self.up_second(y), second], 1))
        y = self.merge_first(torch.cat([self.up_first(y), first], 1))
        logits: Tensor = self.head(y)
        return logits


def unet_bilinear() -> nn.Module:
    """Return a U-Net with bilinear upsampling that aligns corners, as is usual in it."""
    return UNet(lambda _: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True))


def unet_half_pixel() -> nn.Module:
    """Return a U-Net with bilinear upsampling on pixel centres."""
    return UNet(lambda _: nn.Upsample(scale_factor=2, mode="bilinear"))


def unet_bicubic() -> nn.Module:
    """Return a U-Net with bicubic upsampling on pixel centres."""
    return UNet(lambda _: nn.Upsample(scale_factor=2, mode="bicubic"))


def unet_nearest() -> nn.Module:
    """Return a U-Net with nearest upsampling, as diffusion models have."""
    return UNet(lambda _: nn.Upsample(scale_factor=2, mode="nearest"))


def unet_deconvolution() -> nn.Module:
    """Return the U-Net of the paper, with transposed convolutions."""
    return UNet(lambda channels: nn.ConvTranspose2d(channels, channels, 2, stride=2))


class FeaturePyramid(nn.Module):
    """The feature pyramid of detectors: nearest to the finer level's own size."""

    def __init__(self) -> None:
        """Make three levels."""
        super().__init__()
        self.down = nn.ModuleList([block(3, 8, stride=2) if i == 0 else block(8, 8, stride=2)
                                   for i in range(3)])  # fmt: skip
        self.lateral = nn.ModuleList([nn.Conv2d(8, 8, 1) for _ in range(3)])
        self.smooth = nn.ModuleList([nn.Conv2d(8, 4, 3, padding=1) for _ in range(3)])

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the pyramid, finest level first."""
        levels = []
        for down in self.down:
            image = down(image)
            levels.append(image)
        merged = [lateral(level) for lateral, level in zip(self.lateral, levels, strict=True)]
        for i in (1, 0):
            size = merged[i].shape[-2:]
            merged[i] = merged[i] + F.interpolate(merged[i + 1], size=size, mode="nearest")
        fine, middle, coarse = (
            smooth(level) for smooth, level in zip(self.smooth, merged, strict=True)
        )
        return fine, middle, coarse


class PSPNet(nn.Module):
    """Pyramid pooling: averages over 1, 2, 3 and 6 bins, resized back and concatenated."""

    def __init__(self) -> None:
        """Make a backbone of stride 4 and the branches."""
        super().__init__()
        self.backbone = nn.Sequential(block(3, 8, stride=2), block(8, 8, stride=2))
        self.branches = nn.ModuleList(
            [nn.Sequential(nn.AdaptiveAvgPool2d(bins), nn.Conv2d(8, 2, 1))
             for bins in (1, 2, 3, 6)]
        )  # fmt: skip
        self.head = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return three logit maps at the image's size."""
        y = self.backbone(image)
        pooled = [
            F.interpolate(branch(y), size=y.shape[-2:], mode="bilinear", align_corners=True)
            for branch in self.branches
        ]
        logits = self.head(torch.cat([y, *pooled], 1))
        return F.interpolate(logits, size=image.shape[-2:], mode="bilinear", align_corners=True)


class DeepLabV3(nn.Module):
    """Dilated branches and image pooling, all resizes bilinear on pixel centres."""

    def __init__(self) -> None:
        """Make a backbone of stride 4 and the branches."""
        super().__init__()
        self.backbone = nn.Sequential(block(3, 8, stride=2), block(8, 8, stride=2))
        self.branches = nn.ModuleList(
            [nn.Conv2d(8, 4, 1), *(nn.Conv2d(8, 4, 3, padding=d, dilation=d) for d in (2, 4))]
        )
        self.pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU())
        self.head = nn.Conv2d(16, 3, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return three logit maps at the image's size."""
        y = self.backbone(image)
        pooled = F.interpolate(
            self.pooling(y), size=y.shape[-2:], mode="bilinear", align_corners=False
        )
        branches = [F.relu(branch(y)) for branch in self.branches]
        logits = self.head(torch.cat([*branches, pooled], 1))
        return F.interpolate(logits, size=image.shape[-2:], mode="bilinear", align_corners=False)


class AlignedDeepLab(nn.Module):
    """DeepLab as its authors trained it: every strided layer and resize aligns the corners.

    The four rules: strided kernels are odd, they are padded by half their length, every resize
    aligns the corners, and lengths are a multiple of the stride plus 1.
    """

    def __init__(self, kernel: int = 3, padding: int = 1) -> None:
        """Make a backbone of stride 4, whose second layer has this kernel, and the branches."""
        super().__init__()
        self.first = block(3, 8, stride=2)
        self.second = nn.Sequential(nn.Conv2d(8, 8, kernel, 2, padding), nn.ReLU())
        self.branches = nn.ModuleList(
            [nn.Conv2d(8, 4, 1), *(nn.Conv2d(8, 4, 3, padding=d, dilation=d) for d in (2, 4))]
        )
        self.pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU())
        self.head = nn.Conv2d(16, 3, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return three logit maps at the image's size."""
        y = self.second(self.first(image))
        pooled = F.interpolate(
            self.pooling(y), size=y.shape[-2:], mode="bilinear", align_corners=True
        )
        branches = [F.relu(branch(y)) for branch in self.branches]
        logits = self.head(torch.cat([*branches, pooled], 1))
        return F.interpolate(logits, size=image.shape[-2:], mode="bilinear", align_corners=True)


def deeplabv3_even_kernel() -> nn.Module:
    """Return an aligned DeepLab with a strided kernel of 4, which has no middle."""
    return AlignedDeepLab(kernel=4)


def deeplabv3_unpadded() -> nn.Module:
    """Return an aligned DeepLab with a strided kernel that is not padded."""
    return AlignedDeepLab(padding=0)


class SuperResolution(nn.Module):
    """FSRCNN: works at the small size and enlarges last, by one transposed convolution."""

    def __init__(self) -> None:
        """Make it for a factor of 3: a kernel of 9 covers three input pixels everywhere."""
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 5, padding=2), nn.PReLU(),
            nn.Conv2d(8, 4, 1), nn.PReLU(),
            nn.Conv2d(4, 8, 3, padding=1), nn.PReLU(),
        )  # fmt: skip
        self.enlarge = nn.ConvTranspose2d(8, 3, 9, stride=3, padding=3)

    def forward(self, image: Tensor) -> Tensor:
        """Return the image at three times its height and width."""
        picture: Tensor = self.enlarge(self.body(image))
        return picture


class RegionHead(nn.Module):
    """The second stage of a detector: boxes of its own, and roi_align inside them."""

    def __init__(self) -> None:
        """Make a backbone of stride 4, what proposes three boxes, and what judges them."""
        super().__init__()
        import_module("torchvision.ops")
        self.backbone = nn.Sequential(block(3, 8, stride=2), block(8, 8, stride=2))
        self.propose = nn.Linear(8, 12)
        self.head = nn.Linear(8 * 16, 3)

    def forward(self, image: Tensor) -> Tensor:
        """Return three logits for each of three boxes."""
        from torchvision import ops

        y = self.backbone(image)
        told = torch.sigmoid(self.propose(y.mean((2, 3)))).view(-1, 4)
        side = float(image.shape[-1])
        corner, length = told[:, :2] * side / 2, (told[:, 2:] + 0.2) * side / 2
        boxes = torch.cat([torch.zeros_like(told[:, :1]), corner, corner + length], 1)
        regions = ops.roi_align(y, boxes, 4, 0.25, sampling_ratio=2, aligned=True)
        logits: Tensor = self.head(regions.flatten(1))
        return logits


class SpatialTransformer(nn.Module):
    """A network that turns its own input: affine_grid and grid_sample."""

    def __init__(self) -> None:
        """Make the localisation network, near the identity."""
        super().__init__()
        self.localise = nn.Sequential(
            block(3, 4, stride=2), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 6)
        )
        self.head = nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Return two feature maps of the straightened image."""
        identity = torch.eye(2, 3)
        theta = identity + self.localise(image).view(-1, 2, 3)
        grid = F.affine_grid(theta, list(image.shape), align_corners=False)
        straight = F.grid_sample(image, grid, padding_mode="border", align_corners=False)
        features: Tensor = self.head(straight)
        return features


class AffineTransformer(SpatialTransformer):
    """A spatial transformer with PyTorch's default padding, the one that MIL's affine has."""

    def forward(self, image: Tensor) -> Tensor:
        """Return two feature maps of the straightened image."""
        theta = torch.eye(2, 3) + self.localise(image).view(-1, 2, 3)
        grid = F.affine_grid(theta, list(image.shape), align_corners=True)
        features: Tensor = self.head(F.grid_sample(image, grid, align_corners=True))
        return features


class Flow(nn.Module):
    """Warp an image by a predicted flow in pixels, as registration and video networks do."""

    def __init__(self, side: int = 16) -> None:
        """Make the flow's network and the identity grid."""
        super().__init__()
        self.flow = nn.Sequential(block(3, 4), nn.Conv2d(4, 2, 3, padding=1))
        steps = torch.linspace(-1, 1, side)
        down, right = torch.meshgrid(steps, steps, indexing="ij")
        self.register_buffer("grid", torch.stack([right, down], -1)[None])

    def forward(self, image: Tensor) -> Tensor:
        """Return the warped image."""
        half = (image.shape[-1] - 1) / 2
        grid = self.grid + self.flow(image).permute(0, 2, 3, 1) / half
        return F.grid_sample(image, grid, padding_mode="border", align_corners=True)
