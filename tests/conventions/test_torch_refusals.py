"""Calls of PyTorch are read where PyTorch itself takes them: run, on tiny tensors."""

import itertools
import warnings

import pytest
import torch

from halfpixel.checking.explain import explain
from halfpixel.errors import UsageError

MODES = ("nearest", "nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear", "cubic")
LENGTHS = ("size=3", "size=(3, 4)", "size=(3,)", "size=[3, 4, 5]", "size=3.0", "size=(3, 4.0)",
           "scale_factor=2", "scale_factor=(2, 1.5)", "scale_factor=(2.0, 2, 2)",
           "size=3, scale_factor=2", "size=None, scale_factor=2", "")  # fmt: skip
CORNERS = ("", "align_corners=None", "align_corners=False", "align_corners=True")
MORE = ("", "antialias=True", "antialias=False", "recompute_scale_factor=True")
OTHERS = (
    "nn.Upsample(3)",
    "nn.Upsample(None, 2, 'bilinear', True)",
    "nn.Upsample(None, 2, 'bilinear', True, False)",
    "nn.Upsample(None, 2, 'bilinear', True, False, True)",
    "nn.Upsample(scale_factor=2, mode='bilinear', antialias=True)",
    "nn.UpsamplingBilinear2d(scale_factor=2)",
    "nn.UpsamplingBilinear2d(3)",
    "nn.UpsamplingBilinear2d(3, mode='bilinear')",
    "nn.UpsamplingBilinear2d(3, None, 'bilinear')",
    "nn.UpsamplingNearest2d((3, 4))",
    "nn.UpsamplingNearest2d(scale_factor=(2.0, 3.0))",
    "nn.UpsamplingNearest2d((3, 4, 5))",
    "F.upsample(x, 3)",
    "F.upsample(x, 3, None, 'bilinear', True)",
    "F.upsample(x, 3, None, 'bilinear', True, False)",
    "F.upsample(x, 3, antialias=True)",
    "F.interpolate(x, None, 2, 'bilinear', True, None, True)",
    "F.interpolate(x, None, 2, 'bilinear', True, None, True, 1)",
    "F.interpolate(x, 3, corners=True)",
    "F.grid_sample(x, grid)",
    "F.grid_sample(x, grid, 'nearest', 'border', True)",
    "F.grid_sample(x, grid, mode='bicubic', align_corners=False)",
    "F.grid_sample(x, grid, mode='linear')",
    "F.grid_sample(x, grid, padding_mode='constant')",
    "F.grid_sample(x, grid, padding='border')",
    "F.grid_sample(x)",
    "F.affine_grid(theta, [2, 1, 4, 5])",
    "F.affine_grid(theta, (2, 1, 4, 5), align_corners=True)",
    "F.affine_grid(theta, [2, 1, 0, 5])",
    "F.affine_grid(theta, [2, 1])",
    "F.affine_grid(theta)",
    "F.conv_transpose2d(x, weight, stride=2)",
    "F.conv_transpose2d(x, weight, stride=(2, 3), padding=1, output_padding=(1, 0))",
    "F.conv_transpose2d(x, weight, stride=2, output_padding=2)",
    "F.conv_transpose2d(x, weight, stride=(2, 2, 2))",
    "F.conv_transpose2d(x, weight, stride=0)",
    "F.conv_transpose2d(x, weight, strides=2)",
    "torch.ops.aten._upsample_bilinear2d_aa(x, [3, 3], False, 1.7, 0.9)",
    "torch.ops.aten.upsample_nearest2d(x, [3, 3], 1.7, 0.9)",
)  # fmt: skip


def takes(call: str) -> bool:
    """Whether PyTorch runs a call on a tensor of any rank."""
    for rank in (3, 4, 5):
        scope = {
            "F": torch.nn.functional,
            "nn": torch.nn,
            "torch": torch,
            "x": torch.zeros(2, 1, *(4, 5, 6)[: rank - 2]),
            "grid": torch.zeros(2, *(3, 3, 3)[: rank - 2], rank - 2),
            "theta": torch.zeros(2, rank - 2, rank - 1),
            "weight": torch.zeros(1, 1, *(4, 4, 4)[: rank - 2]),
        }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = eval(call, scope)  # noqa: S307 - our own text
                if isinstance(made, torch.nn.Module):
                    made(scope["x"])
        except Exception:  # noqa: BLE001, S112 - whatever PyTorch raises
            continue
        return True
    return False


def reads(call: str) -> bool:
    """Whether explain takes a call."""
    try:
        return bool(list(explain(call)))
    except UsageError:
        return False


@pytest.mark.parametrize("mode", MODES)
def test_f_interpolate_is_read_where_it_runs(mode: str) -> None:
    """Every combination of its arguments."""
    apart: list[str] = []
    for lengths, corners, more in itertools.product(LENGTHS, CORNERS, MORE):
        words = ", ".join(word for word in (f"mode={mode!r}", lengths, corners, more) if word)
        call = f"F.interpolate(x, {words})"
        if takes(call) is not reads(call):
            apart.append(call)
    assert apart == []


@pytest.mark.parametrize("call", OTHERS)
def test_a_call_is_read_where_it_runs(call: str) -> None:
    assert reads(call) is takes(call)


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [  # torchvision 0.28, ops/roi_align.py: roi_align(input, boxes, output_size, spatial_scale=1.0,
        ("x, rois, 3", True),  # sampling_ratio=-1, aligned=False), output_size an int or a pair
        ("x, rois, (3, 4), 0.5, 2, True", True),
        ("x, rois, output_size=(3, 4), spatial_scale=0.25, sampling_ratio=-1", True),
        ("x, rois, (3, 4, 5)", False),
        ("x, rois", False),
        ("x, rois, 3, scale=2", False),
    ],
)
def test_roi_align_is_read_by_its_signature(arguments: str, *, runs: bool) -> None:
    assert reads(f"torchvision.ops.roi_align({arguments})") is runs
