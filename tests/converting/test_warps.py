"""Affine warps and rotations at free lengths, as image libraries write them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

import halfpixel
from halfpixel.converting.plain.lengths import linspace
from halfpixel.converting.result import Exporter

BOTH: list[Exporter] = ["dynamo", "torchscript"]


def pixels(h: Any, w: Any) -> Tensor:  # noqa: ANN401 - a number or a symbol
    """Return the matrix that takes pixels to -1 to 1, written element by element."""
    found = torch.eye(3)
    found[0, 0] = found[0, 0] * 2.0 / (w - 1)
    found[1, 1] = found[1, 1] * 2.0 / (h - 1)
    found[0, 2] = found[1, 2] = -1
    return found


class Warped(nn.Module):
    """A warp by a matrix in pixels, with a grid of two torch.linspace."""

    def forward(self, image: Tensor, matrix: Tensor) -> Tensor:
        h, w = image.shape[2:]
        to = pixels(h, w)
        whole = torch.cat([matrix, torch.tensor([[[0.0, 0.0, 1.0]]])], 1)
        theta = (to @ torch.linalg.inv(whole) @ torch.linalg.inv(to))[:, :2]
        x, y = torch.linspace(-1.0, 1.0, w), torch.linspace(-1.0, 1.0, h)
        rows, columns = torch.meshgrid(y, x, indexing="ij")
        base = torch.stack([columns, rows, torch.ones_like(rows)], -1)
        grid = base.reshape(1, -1, 3) @ theta.transpose(1, 2)
        return F.grid_sample(image, grid.reshape(-1, h, w, 2), align_corners=True)


class Turned(nn.Module):
    """A rotation about a middle that is computed in Python's own numbers."""

    def forward(self, image: Tensor, angle: Tensor) -> Tensor:
        h, w = image.shape[2:]
        x, y = torch.tensor([float(w - 1) / 2, float(h - 1) / 2])
        cos, sin = angle.cos(), angle.sin()
        first = torch.stack([cos, sin, (1 - cos) * x - sin * y], -1)
        second = torch.stack([-sin, cos, sin * x + (1 - cos) * y], -1)
        found: Tensor = Warped()(image, torch.stack([first, second], 1))
        return found


class Transformer(nn.Module):
    """A spatial transformer that finds its own matrix."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.found = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 6))

    def forward(self, image: Tensor) -> Tensor:
        theta = torch.eye(2, 3) + 0.1 * self.found(image).reshape(-1, 2, 3)
        grid = F.affine_grid(theta, list(image.shape), align_corners=False)
        return F.grid_sample(image, grid, align_corners=False)


MATRIX = torch.tensor([[[0.9, 0.2, 1.5], [-0.1, 1.1, -2.0]]])


@pytest.mark.parametrize("exporter", BOTH)
@pytest.mark.parametrize(
    ("module", "inputs", "other"),
    [(Warped(), ["1x2x3"], [MATRIX]), (Transformer(), [], [])],
    ids=["warp", "transformer"],
)
def test_a_warp_is_written_at_free_lengths(
    module: nn.Module, inputs: list[str], other: list[Tensor], exporter: Exporter, tmp_path: Path
) -> None:
    path = tmp_path / "m.onnx"
    found = halfpixel.convert(
        module, path, inputs=["image=1x2x18x26", *inputs], dynamic="image=2,3", exporter=exporter
    )
    assert (found.refused, found.findings) == ("", 0)
    assert len(found.verifications[0].cases) > 3
    right(path, module, other)


def test_a_rotation_in_python_numbers_is_written_in_strict_mode(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    asked = {"inputs": ["image=1x2x18x26", "angle=1"], "dynamic": "image=2,3"}
    found = halfpixel.convert(Turned(), path, **asked)  # type: ignore[arg-type]
    assert (found.refused, found.findings, found.exporter) == ("", 0, "dynamo")
    right(path, Turned(), [torch.tensor([0.4])])
    traced = halfpixel.convert(Turned(), path, exporter="torchscript", **asked)  # type: ignore[arg-type]
    assert traced.refused.endswith("PyTorch's own graph follows: --exporter dynamo")


def right(path: Path, module: nn.Module, others: list[Tensor]) -> None:
    """Hold a file against its module in onnxruntime, at four sizes."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    for h, w in ((18, 26), (7, 40), (33, 5), (64, 64)):
        tensors = [torch.rand(1, 2, h, w), *others]
        (made,) = session.run(None, dict(zip(names, (t.numpy() for t in tensors), strict=True)))
        with torch.no_grad():
            torch.testing.assert_close(
                torch.from_numpy(made), module(*tensors), rtol=1e-3, atol=1e-4
            )


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7, 64, 101])
@pytest.mark.parametrize("ends", [(-1.0, 1.0), (0.0, 1.0), (5.0, -2.5)])
def test_a_plain_linspace_is_that_of_pytorch(steps: int, ends: tuple[float, float]) -> None:
    torch.testing.assert_close(
        linspace(*ends, steps), torch.linspace(*ends, steps), rtol=0, atol=5e-7
    )
