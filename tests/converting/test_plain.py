"""Plain operators: what eager PyTorch computes, bit for bit where it reads single pixels."""

import gc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

import halfpixel
from halfpixel.converting.plain.axis import Interpolation
from halfpixel.converting.plain.calls import resized
from halfpixel.converting.plain.grid import sampled

BORDER = ((1, 5), (2, 9), (30, 40), (59, 5), (60, 60), (100, 9), (107, 9), (108, 9), (109, 9))
"""Lengths on both sides of outputs that sum to 128, for factors of 1.1 to 2.2."""

LAYOUTS = [
    ("contiguous", 1, torch.contiguous_format),
    ("three channels last", 3, torch.channels_last),
    ("four channels last", 4, torch.channels_last),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
@pytest.mark.parametrize("factor", [0.6, 1.1, 1.3, 1.7, 2.0, 2.2])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize(("channels", "layout"), [case[1:] for case in LAYOUTS],
                         ids=[case[0] for case in LAYOUTS])  # fmt: skip
def test_nearest_over_two_axes_reads_pytorchs_pixels(
    channels: int, layout: torch.memory_format, mode: str, factor: float, dtype: torch.dtype
) -> None:
    for n, m in (*BORDER, *((m, n) for n, m in BORDER), (150, 9), (300, 5)):
        if min(n, m) * factor < 1:
            continue
        x = torch.rand(1, channels, n, m).to(dtype).contiguous(memory_format=layout)
        here = resized(x, Interpolation(mode, None, (factor, factor)))
        assert torch.equal(here, F.interpolate(x, scale_factor=factor, mode=mode)), (n, m)


@pytest.mark.parametrize("shape", [(1, 4, 60), (1, 4, 9, 9, 9), (1, 4, 60, 9, 3)])
@pytest.mark.parametrize("last", [False, True])
def test_nearest_over_other_axes_reads_pytorchs_pixels(shape: Sequence[int], last: bool) -> None:  # noqa: FBT001
    x = torch.rand(*shape)
    if last and len(shape) == 5:
        x = x.contiguous(memory_format=torch.channels_last_3d)
    here = resized(x, Interpolation("nearest", None, (1.1,) * (len(shape) - 2)))
    assert torch.equal(here, F.interpolate(x, scale_factor=1.1))


@pytest.mark.parametrize(
    ("shape", "dynamic", "exporter"),
    [
        ("1x2x150x9", "", "dynamo"),
        ("1x2x30x40", "2,3", "dynamo"),
        ("1x2x30x40", "2,3", "torchscript"),
    ],
)
def test_nearest_is_converted_for_both_of_pytorchs_kernels(
    shape: str, dynamic: str, exporter: str, tmp_path: Path
) -> None:
    module = nn.Upsample(scale_factor=1.1, mode="nearest")
    options = {"dynamic": dynamic} if dynamic else {}
    found = halfpixel.convert(
        module,
        tmp_path / "m.onnx",
        inputs=[shape],
        exporter=exporter,  # type: ignore[arg-type]
        **options,  # type: ignore[arg-type]
    )
    assert found.refused == ""
    session = ort.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    for n, m in ((150, 9), (300, 5), (108, 9), (109, 9), (2, 3)) if dynamic else ((150, 9),):
        x = np.random.default_rng(1).random((1, 2, n, m), np.float32)
        here = np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])
        assert np.array_equal(here, module(torch.from_numpy(x)).numpy()), (n, m)


def test_an_image_whose_channels_lie_last_is_converted_as_pytorch_copies_it(
    tmp_path: Path,
) -> None:
    module = nn.Sequential(nn.Conv2d(4, 4, 1), nn.Upsample(scale_factor=1.1))
    for weight in module.parameters():
        weight.requires_grad = False
    last = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    found = halfpixel.convert(last, tmp_path / "m.onnx", inputs=["1x4x30x40"], dynamic="2,3")
    assert found.refused == ""
    session = ort.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).random((1, 4, 150, 9), np.float32)
    here = np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])
    np.testing.assert_allclose(here, last(torch.from_numpy(x)).numpy(), atol=1e-5)


GRIDS = [
    (mode, padding, corners)
    for mode in ("bilinear", "nearest", "bicubic")
    for padding in ("zeros", "border", "reflection")
    for corners in (False, True)
]


class Sample(nn.Module):
    """One call of F.grid_sample."""

    def __init__(self, mode: str, padding: str, corners: bool = False) -> None:  # noqa: FBT001, FBT002
        super().__init__()
        self.options = (mode, padding, corners)

    def forward(self, x: Tensor, grid: Tensor) -> Tensor:
        return F.grid_sample(x, grid, *self.options)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("mode", "padding", "corners"), GRIDS)
def test_grid_sample_is_pytorchs(
    mode: str,
    padding: str,
    corners: bool,  # noqa: FBT001
    dtype: torch.dtype,
) -> None:
    for size in ((4, 5), (1, 7), (1, 1), (2, 3), (16, 9)):
        x = torch.randn(2, 3, *size, dtype=dtype)
        grid = torch.randn(2, 6, 40, 2, dtype=dtype) * 2
        there = F.grid_sample(x, grid, mode, padding, corners)
        torch.testing.assert_close(
            sampled(x, grid, mode, padding, corners), there, atol=1e-5, rtol=1e-5
        )


@pytest.mark.parametrize(("mode", "padding", "corners"), GRIDS)
def test_grid_sample_is_written_at_an_opset_that_has_none(
    mode: str,
    padding: str,
    corners: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    module = Sample(mode, padding, corners)
    found = halfpixel.convert(
        module,
        tmp_path / "m.onnx",
        inputs=["x=2x3x9x10", "grid=2x4x5x2"],
        dynamic=["x=2,3"],
        opset=15,
        exporter="torchscript",
    )
    assert found.refused == ""
    assert "in plain operators: grid_sample" in found.notes
    assert found.opset == 15
    session = ort.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    for size in ((9, 10), (16, 7)):
        x = np.random.default_rng(1).random((2, 3, *size), np.float32)
        grid = np.random.default_rng(2).random((2, 4, 5, 2), np.float32) * 3 - 1.5
        here = np.asarray(session.run(None, {"x": x, "grid": grid})[0])
        there = module(torch.from_numpy(x), torch.from_numpy(grid)).numpy()
        np.testing.assert_allclose(here, there, atol=1e-5)


@pytest.mark.filterwarnings("ignore")  # coremltools leaves temporary folders to the collector
@pytest.mark.parametrize(
    ("mode", "padding", "corners"),
    [
        ("bilinear", "border", False),
        ("bilinear", "reflection", False),
        ("bicubic", "zeros", False),
        ("bicubic", "reflection", True),
    ],
)
def test_grid_sample_becomes_an_ml_program(
    mode: str,
    padding: str,
    corners: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    pytest.importorskip("coremltools", reason="coremltools writes and reads Core ML")
    found = halfpixel.convert(
        Sample(mode, padding, corners),
        tmp_path / "m.mlpackage",
        inputs=["x=2x3x9x10", "grid=2x4x5x2"],
    )
    assert found.refused == ""
    assert found.verifications[0].equal
    gc.collect()


def test_a_volume_is_left_to_the_exporter(tmp_path: Path) -> None:
    found = halfpixel.convert(
        Sample("bilinear", "border"),
        tmp_path / "m.onnx",
        inputs=["x=1x1x3x4x5", "grid=1x2x2x2x3"],
        opset=15,
        exporter="torchscript",
    )
    assert "refuses" in found.refused
