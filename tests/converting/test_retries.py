"""What is refused at first, and written in the end: other lengths, the other exporter, opsets."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

import halfpixel
from halfpixel.converting.decisions import decisions_of

SIZES = ((16, 24), (33, 20), (57, 41))


def right(
    path: Path,
    module: nn.Module,
    others: tuple[Tensor, ...] = (),
    sizes: Sequence[tuple[int, int]] = SIZES,
) -> None:
    """Hold a file against its module in onnxruntime, at sizes of its first input."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    for height, width in sizes:
        torch.manual_seed(height)
        tensors = (torch.rand(1, 3, height, width), *others)
        made: Sequence[Any] = session.run(
            None, dict(zip(names, (t.numpy() for t in tensors), strict=True))
        )
        with torch.no_grad():
            expected = module(*tensors)
        wanted = expected if isinstance(expected, tuple) else (expected,)
        for one, two in zip(made, wanted, strict=True):
            np.testing.assert_allclose(one, two.numpy(), rtol=1e-3, atol=1e-4)


class Rotated(nn.Module):
    """A rotation by pixels about the middle, with nearest or linear samples."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, image: Tensor, angle: Tensor) -> Tensor:
        n, c, h, w = image.shape
        cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
        rows = [torch.stack([cos, -sin * (h - 1) / (w - 1), zero], -1),
                torch.stack([sin * (w - 1) / (h - 1), cos, zero], -1)]  # fmt: skip
        grid = F.affine_grid(torch.stack(rows, 1), [n, c, h, w], align_corners=True)
        return F.grid_sample(image, grid, mode=self.mode, padding_mode="zeros", align_corners=True)


class Traced(nn.Module):
    """Calls of which PyTorch makes no graph here, since a check takes a number out of a tensor."""

    def __init__(self, call: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.call = call

    def forward(self, image: Tensor) -> Tensor:
        if torch.isnan(image).any():
            raise ValueError
        ramp = torch.linspace(0, 1, image.shape[-1])
        return self.call(image + ramp)


class Embedded(nn.Module):
    """Position embeddings that are resized away from their own size, and a class token."""

    def __init__(self, side: int, patch: int) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.side = side
        self.patches = nn.Conv2d(3, 6, patch, patch)
        self.positions = nn.Parameter(torch.randn(1, side * side + 1, 6))

    def forward(self, image: Tensor) -> Tensor:
        y = self.patches(image)
        h, w = y.shape[2:]
        first, rest = self.positions[:, :1], self.positions[:, 1:]
        if (h, w) != (self.side, self.side):
            table = rest.reshape(1, self.side, self.side, 6).permute(0, 3, 1, 2)
            table = F.interpolate(table, size=(h, w), mode="bicubic", align_corners=False)
            rest = table.permute(0, 2, 3, 1).reshape(1, -1, 6)
        tokens = y.flatten(2).transpose(1, 2) + rest
        return torch.cat([first, tokens], 1)


class Detector(nn.Module):
    """The best places of a map, with a check that PyTorch's tracer warns of."""

    def __init__(self, guard: str) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.guard = guard
        self.body, self.head = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 6, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        y = F.relu(self.body(image))
        y = y + F.interpolate(F.max_pool2d(y, 2), size=y.shape[2:], mode="nearest")
        y = self.head(y).flatten(2)
        score, box = (
            y[:, 0].sigmoid(),
            y[:, 1:5] * torch.tensor([2.0, 2.0, 4.0, 4.0])[None, :, None],
        )
        if self.guard == "assert":
            assert torch.isfinite(score).all(), "no score may be NaN"
        elif self.guard == "idle" and score.max() > 2:
            score = score.clamp(max=2)
        best, place = score.topk(3)
        return box.gather(2, place[:, None].expand(-1, 4, -1)), best


class Divided(nn.Module):
    """Two paths: bright, loud or negative images take the other one."""

    def __init__(self, by: Callable[[Tensor], Tensor], *, number: bool = False) -> None:
        super().__init__()
        self.by, self.number = by, number

    def forward(self, image: Tensor) -> Tensor:
        y = F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
        if self.number:
            return y * float(self.by(image))
        return y.flip(-1) if self.by(image) else y


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_a_warp_with_a_free_length_is_written(tmp_path: Path, mode: str, exporter: Any) -> None:  # noqa: ANN401
    """At a length of 1 the module divides by zero: that binds nobody."""
    module, path = Rotated(mode), tmp_path / "a.onnx"
    found = halfpixel.convert(module, path, inputs=["image=1x3x18x26", "angle=1"],
                              dynamic="image=2,3", exporter=exporter)  # fmt: skip
    assert (found.refused, found.narrower) == ("", ())
    if mode == "bilinear":  # rounding alone flips samples of nearest
        right(path, module, (torch.tensor([0.3]),))


CALLS: list[Callable[[Tensor], Tensor]] = [
    lambda x: F.grid_sample(
        x, F.affine_grid(torch.eye(2, 3)[None], list(x.shape), align_corners=True),
        align_corners=True,
    ),
    lambda x: F.interpolate(x, scale_factor=0.5, mode="bicubic", antialias=True),
    lambda x: F.interpolate(x, scale_factor=2, mode="nearest-exact"),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=["warp", "smooth", "nearest"])
@pytest.mark.parametrize("opset", [None, 16])
def test_a_trace_without_a_graph_is_written(
    tmp_path: Path, call: Callable[[Tensor], Tensor], opset: int | None
) -> None:
    module, path = Traced(call), tmp_path / "a.onnx"
    found = halfpixel.convert(module, path, inputs=["1x3x18x26"], dynamic="2,3",
                              exporter="torchscript", opset=opset)  # fmt: skip
    assert found.refused == ""
    right(path, module)


def test_what_torch_export_refuses_names_the_exporter_that_works(tmp_path: Path) -> None:
    module, path = Traced(CALLS[2]), tmp_path / "a.onnx"
    asked = {"inputs": ["1x3x18x26"], "dynamic": "2,3"}
    found = halfpixel.convert(module, path, exporter="dynamo", **asked)  # type: ignore[arg-type]
    assert found.refused.endswith("; --exporter torchscript is another way")
    assert not path.exists()
    for exporter in ("torchscript", None):
        assert halfpixel.convert(module, path, exporter=exporter, **asked).ok  # type: ignore[arg-type]
        right(path, module)


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_a_size_of_its_own_is_exported_at_another(tmp_path: Path, exporter: Any) -> None:  # noqa: ANN401
    module, path = Embedded(4, 5), tmp_path / "a.onnx"
    found = halfpixel.convert(module, path, inputs=["1x3x20x20"], dynamic="2,3", exporter=exporter)
    assert found.refused == ""
    assert any("takes a path that holds there alone" in note for note in found.notes)
    right(path, module, sizes=((20, 20), (30, 45), (10, 10), (41, 20)))


@pytest.mark.parametrize("guard", ["assert", "idle", "none"])
def test_a_warning_of_what_changes_nothing_is_a_note(tmp_path: Path, guard: str) -> None:
    module, path = Detector(guard), tmp_path / "a.onnx"
    found = halfpixel.convert(module, path, inputs=["1x3x12x20"], dynamic="2,3",
                              exporter="torchscript")  # fmt: skip
    assert (found.refused, found.findings) == ("", 0)
    right(path, module)


@pytest.mark.parametrize(
    "module",
    [
        Divided(lambda x: x.mean() > 0.6),
        Divided(lambda x: x.amax() < 0.5),
        Divided(lambda x: x.sum() < 0),
        Divided(lambda x: torch.quantile(x, 0.5) > 0.7),
        Divided(lambda x: x.mean(), number=True),
    ],
    ids=["bright", "dark", "negative", "median", "number"],
)
@pytest.mark.parametrize("exporter", ["torchscript", None])
def test_two_paths_by_value_are_refused(tmp_path: Path, module: nn.Module, exporter: Any) -> None:  # noqa: ANN401
    path = tmp_path / "a.onnx"
    found = halfpixel.convert(module, path, inputs=["1x3x8x12"], dynamic="2,3", exporter=exporter)
    assert found.refused
    assert not path.exists()
    assert "--exporter torchscript --range 0,1" in found.refused


def test_decisions_are_told_apart() -> None:
    def feeds() -> list[Tensor]:
        return [torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(0))]

    found = decisions_of(Divided(lambda x: x.mean() > 9), feeds)
    assert (len(found.paths), found.guards) == (1, frozenset())
    found = decisions_of(Detector("assert"), feeds)
    assert (found.paths, len(found.guards)) == (frozenset(), 1)
    constant = Divided(lambda _: torch.ones(()) > 0)  # decided by no input
    found = decisions_of(constant, feeds)
    assert (found.paths, found.guards) == (frozenset(), frozenset())
