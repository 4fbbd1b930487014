"""A small U-Net that doubles bilinearly: what is converted."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the field's name


class UNet(nn.Module):
    """Three halvings and three doublings, with skips."""

    def __init__(self, width: int = 16) -> None:
        """Make the layers of each resolution."""
        super().__init__()
        torch.manual_seed(0)
        widths = [width * 2**k for k in range(4)]
        before = [3, *widths[:-1]]
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in zip(before, widths, strict=True)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(2 * w + w, w, 3, padding=1) for w in reversed(widths[:-1])
        )
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return two maps of the input's size."""
        skips: list[Tensor] = []
        for k, layer in enumerate(self.down):
            x = F.relu(layer(x if k == 0 else F.max_pool2d(x, 2)))
            skips.append(x)
        for layer, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = F.relu(layer(torch.cat([x, skip], 1)))
        return self.head(x)


def unet() -> nn.Module:
    """Return the network, ready to be exported."""
    return UNet().eval()
