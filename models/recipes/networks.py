"""Small networks with random weights that resample the way well-known ones do.

Plain PyTorch, a few kilobytes each. The resampling calls and their arguments are those of
the architecture that a class is named after; everything else is as small as it can be.
"""

from __future__ import annotations

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
