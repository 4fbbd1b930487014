"""Export one small network per resampling call with whatever PyTorch runs this file.

    python old_exporters.py FOLDER --opsets 9 11
    python old_exporters.py FOLDER --opsets 18 20 21 --dynamo

What a model means depends on the release that wrote it, so the same calls are exported by
many releases, each in an environment of its own. This file therefore stands alone and stays
within Python 3.7 and PyTorch 1.4; ``measure.py`` then runs the models and writes the
manifest with today's packages.

Every call gives ``CALL-tRELEASE[d]-oOPSET.onnx`` (``d``: the dynamo exporter) and beside it
an ``.npz`` with the input ``x`` and PyTorch's own eager output ``y``. A call that a release
or an opset refuses is reported on standard error and leaves no file.
"""

# ruff: noqa: UP006, UP035 - Python 3.7 reads this file

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Tuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from torch import Tensor, nn

PLANE = (1, 2, 7, 9)
EVEN_PLANE = (1, 2, 8, 12)
SIGNAL = (1, 2, 9)
VOLUME = (1, 2, 4, 5, 6)
RELEASE = torch.__version__.split("+")[0]


class Interpolate(nn.Module):
    """One F.interpolate with fixed arguments."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - handed through
        """Keep the arguments of the call."""
        super().__init__()
        self.options = options

    def forward(self, x: Tensor) -> Tensor:
        """Resize x."""
        return F.interpolate(x, **self.options)


class Like(nn.Module):
    """Resize a strided convolution back to the input's own size."""

    def __init__(self, mode: str, *, align_corners: bool | None) -> None:
        """Make the convolution that shrinks."""
        super().__init__()
        self.shrink = nn.Conv2d(2, 2, 3, stride=2, padding=1)
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, x: Tensor) -> Tensor:
        """Shrink, resize to the size of x, add."""
        small = self.shrink(x)
        size = x.shape[-2:]
        return x + F.interpolate(small, size=size, mode=self.mode, align_corners=self.align_corners)


class PixelShuffle(nn.Module):
    """Sub-pixel upsampling, with a resized skip connection."""

    def __init__(self, mode: str) -> None:
        """Make the convolution whose channels become pixels."""
        super().__init__()
        self.conv = nn.Conv2d(2, 8, 3, padding=1)
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        """Predict a residual on top of the resized input."""
        align_corners = None if self.mode == "nearest" else False
        resized = F.interpolate(x, scale_factor=2, mode=self.mode, align_corners=align_corners)
        return F.pixel_shuffle(self.conv(x), 2) + resized


class FeaturePyramid(nn.Module):
    """Three levels, the coarser resized to the finer one's size and added."""

    def __init__(self, mode: str) -> None:
        """Make the bottom-up path and the lateral convolutions."""
        super().__init__()
        self.down = nn.ModuleList(
            [nn.Conv2d(c, 4, 3, stride=s, padding=1) for c, s in ((2, 1), (4, 2), (4, 2))]
        )
        self.lateral = nn.ModuleList([nn.Conv2d(4, 4, 1) for _ in range(3)])
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        """Walk down, then up again with additions."""
        levels = []
        for down in self.down:
            x = F.relu(down(x))
            levels.append(x)
        align_corners = None if self.mode == "nearest" else False
        top = self.lateral[2](levels[2])
        for i in (1, 0):
            finer = self.lateral[i](levels[i])
            top = finer + F.interpolate(
                top, size=finer.shape[-2:], mode=self.mode, align_corners=align_corners
            )
        return top


class Aspp(nn.Module):
    """DeepLab's head: dilated branches, image pooling, and two resizes."""

    def __init__(self, align_corners: bool) -> None:  # noqa: FBT001 - as in PyTorch
        """Make a strided stem and the branches."""
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.near = nn.Conv2d(4, 4, 1)
        self.far = nn.Conv2d(4, 4, 3, padding=2, dilation=2)
        self.pooled = nn.Conv2d(4, 4, 1)
        self.head = nn.Conv2d(12, 3, 1)
        self.align_corners = align_corners

    def forward(self, x: Tensor) -> Tensor:
        """Return one logit map a class, at the input's size."""
        y = F.relu(self.stem(x))
        pooled = F.interpolate(
            F.relu(self.pooled(F.adaptive_avg_pool2d(y, 1))),
            size=y.shape[-2:],
            mode="bilinear",
            align_corners=self.align_corners,
        )
        logits = self.head(torch.cat([F.relu(self.near(y)), F.relu(self.far(y)), pooled], 1))
        return F.interpolate(
            logits, size=x.shape[-2:], mode="bilinear", align_corners=self.align_corners
        )


class Sample(nn.Module):
    """grid_sample at fixed random places, some outside the image."""

    def __init__(self, grid: Tuple[int, ...], **options: Any) -> None:  # noqa: ANN401
        """Draw the grid and keep the arguments of the call."""
        super().__init__()
        self.register_buffer("grid", torch.rand(*grid, len(grid) - 1) * 2.6 - 1.3)
        self.options = options

    def forward(self, x: Tensor) -> Tensor:
        """Sample x."""
        return F.grid_sample(x, self.grid, **self.options)


class SpatialTransformer(nn.Module):
    """affine_grid and grid_sample with a transformation that depends on the input."""

    def __init__(self, size: Tuple[int, ...], align_corners: bool) -> None:  # noqa: FBT001
        """Make the localisation layer."""
        super().__init__()
        self.localise = nn.Linear(2, 6)
        self.size = size
        self.align_corners = align_corners

    def forward(self, x: Tensor) -> Tensor:
        """Turn and shift the image."""
        theta = self.localise(x.mean((2, 3))).view(-1, 2, 3)
        grid = F.affine_grid(theta, list(self.size), align_corners=self.align_corners)
        return F.grid_sample(x, grid, align_corners=self.align_corners)


class Pool(nn.Module):
    """adaptive_avg_pool2d."""

    def __init__(self, *size: int) -> None:
        """Keep the output size."""
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Pool x."""
        return F.adaptive_avg_pool2d(x, self.size)


class Call(NamedTuple):
    """A network to build, the shape of its input, and whether its plane is dynamic."""

    build: Callable[[], nn.Module]
    shape: Tuple[int, ...] = PLANE
    dynamic: bool = False


def interpolate(shape: Tuple[int, ...], **options: Any) -> Call:  # noqa: ANN401
    """Return a call of F.interpolate alone."""
    return Call(lambda: Interpolate(**options), shape)


def deconvolution(kernel: int, stride: int, padding: int, output_padding: int) -> Call:
    """Return a transposed convolution alone."""
    return Call(lambda: nn.ConvTranspose2d(2, 3, kernel, stride, padding, output_padding))


def nearest_calls() -> Dict[str, Call]:
    """Return nearest in every rank, up, down, to one pixel and to a size in between."""
    return {
        "nearest_x3": interpolate(PLANE, scale_factor=3),
        "nearest_x2x3": interpolate(PLANE, scale_factor=(2, 3)),
        "nearest_to1": interpolate(PLANE, size=(1, 1)),
        "nearest_half": interpolate(EVEN_PLANE, scale_factor=0.5),
        "nearest_half_odd": interpolate(PLANE, scale_factor=0.5),
        "nearest_seventh_size": interpolate((1, 2, 14, 28), size=(2, 4)),
        "nearest_seventh_scale": interpolate((1, 2, 14, 28), scale_factor=1 / 7),
        "nearest_frac_up": interpolate(PLANE, scale_factor=1.7),
        "nearest_frac_down": interpolate(PLANE, scale_factor=0.6),
        "nearest_size_up": interpolate(PLANE, size=(11, 13)),
        "nearest_size_down": interpolate(PLANE, size=(4, 5)),
        "nearest_size_mixed": interpolate(PLANE, size=(10, 4)),
        "nearest_same_length": interpolate(PLANE, scale_factor=1.1),
        "nearest_029": interpolate((1, 1, 100, 3), scale_factor=(0.29, 1.0)),
        "nearest1d_up": interpolate(SIGNAL, scale_factor=2),
        "nearest1d_down": interpolate(SIGNAL, size=4),
        "nearest1d_same_length": interpolate(SIGNAL, scale_factor=1.1),
        "nearest3d_x2": interpolate(VOLUME, scale_factor=2),
        "nearest3d_size": interpolate(VOLUME, size=(3, 7, 8)),
        "nearest3d_same_length": interpolate(VOLUME, scale_factor=1.1),
        "nearest_exact_frac": interpolate(PLANE, scale_factor=1.7, mode="nearest-exact"),
        "nearest_exact_half": interpolate(EVEN_PLANE, scale_factor=0.5, mode="nearest-exact"),
        "nearest_exact_size": interpolate(PLANE, size=(11, 4), mode="nearest-exact"),
        "nearest_exact1d": interpolate(SIGNAL, size=13, mode="nearest-exact"),
        "nearest_exact3d": interpolate(VOLUME, scale_factor=2, mode="nearest-exact"),
    }


def linear_calls() -> Dict[str, Call]:
    """Return linear, bilinear and trilinear with both meanings of the corners."""
    sizes: Dict[str, Tuple[str, Tuple[int, ...], Dict[str, Any]]] = {
        "bilinear_x4": ("bilinear", PLANE, {"scale_factor": 4}),
        "bilinear_x1x2": ("bilinear", PLANE, {"scale_factor": (1, 2)}),
        "bilinear_half": ("bilinear", EVEN_PLANE, {"scale_factor": 0.5}),
        "bilinear_half_odd": ("bilinear", PLANE, {"scale_factor": 0.5}),
        "bilinear_frac_up": ("bilinear", PLANE, {"scale_factor": 1.7}),
        "bilinear_frac_recomputed": (
            "bilinear",
            PLANE,
            {"scale_factor": 1.7, "recompute_scale_factor": True},
        ),
        "bilinear_1x5": ("bilinear", PLANE, {"size": (1, 5)}),
        "bilinear_11x1": ("bilinear", PLANE, {"size": (11, 1)}),
        "bilinear_from_row": ("bilinear", (1, 2, 1, 5), {"size": (4, 9)}),
        "bilinear_size_mixed": ("bilinear", PLANE, {"size": (12, 5)}),
        "bilinear_same_size": ("bilinear", PLANE, {"size": PLANE[-2:]}),
        "bilinear_same_length": ("bilinear", (1, 2, 12, 8), {"scale_factor": 1.1}),
        "bilinear_same_shape": ("bilinear", PLANE, {"scale_factor": 1.1}),
        "bilinear_029": ("bilinear", (1, 1, 100, 3), {"scale_factor": (0.29, 1.0)}),
        "linear1d_up": ("linear", SIGNAL, {"scale_factor": 2}),
        "linear1d_down": ("linear", SIGNAL, {"size": 5}),
        "linear1d_frac": ("linear", SIGNAL, {"scale_factor": 1.4}),
        "linear1d_to1": ("linear", SIGNAL, {"size": 1}),
        "linear1d_same_length": ("linear", SIGNAL, {"scale_factor": 1.1}),
        "trilinear_x2": ("trilinear", VOLUME, {"scale_factor": 2}),
        "trilinear_frac": ("trilinear", VOLUME, {"scale_factor": 1.6}),
        "trilinear_down": ("trilinear", VOLUME, {"size": (2, 3, 4)}),
        "trilinear_depth1": ("trilinear", VOLUME, {"size": (1, 5, 7)}),
    }
    return {
        f"{name}_ac{int(corners)}": interpolate(shape, mode=mode, align_corners=corners, **options)
        for name, (mode, shape, options) in sizes.items()
        for corners in (False, True)
    }


def cubic_and_antialiased_calls() -> Dict[str, Call]:
    """Return bicubic with both meanings of the corners, and what filters when it shrinks."""
    calls = {
        f"{name}_ac{int(corners)}": interpolate(
            PLANE, mode="bicubic", align_corners=corners, **options
        )
        for name, options in {
            "bicubic_frac_up": {"scale_factor": 1.7},
            "bicubic_frac_down": {"scale_factor": 0.6},
            "bicubic_1x4": {"size": (1, 4)},
            "bicubic_to1": {"size": (1, 1)},
            "bicubic_size_mixed": {"size": (12, 5)},
            "bicubic_same_shape": {"scale_factor": 1.1},
        }.items()
        for corners in (False, True)
    }
    for mode in ("bilinear", "bicubic"):
        for name, options in {
            "up": {"size": (11, 16)},
            "down": {"size": (3, 4)},
            "mixed": {"size": (12, 5)},
            "scale_up": {"scale_factor": 1.7},
            "scale_down": {"scale_factor": 0.5},
            "corners": {"size": (3, 4), "align_corners": True},
            "column": {"size": (3, 1)},
        }.items():
            calls[f"{mode}_aa_{name}"] = interpolate(PLANE, mode=mode, antialias=True, **options)
    return calls


def area_calls() -> Dict[str, Call]:
    """Return averages over windows, by both of their names."""
    return {
        "area_half": interpolate(EVEN_PLANE, scale_factor=0.5, mode="area"),
        "area_size": interpolate(PLANE, size=(3, 4), mode="area"),
        "area_up": interpolate(PLANE, size=(10, 12), mode="area"),
        "area_to1": interpolate(PLANE, size=(1, 1), mode="area"),
        "area1d": interpolate((1, 2, 12), size=4, mode="area"),
        "adaptive_pool_even": Call(lambda: Pool(4, 6), EVEN_PLANE),
        "adaptive_pool_odd": Call(lambda: Pool(3, 4)),
        "adaptive_pool_to1": Call(lambda: Pool(1, 1)),
    }


def grid_calls() -> Dict[str, Call]:
    """Return grid_sample in all its modes, and spatial transformers."""
    calls = {}
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for corners in (False, True):
                options = {"mode": mode, "padding_mode": padding, "align_corners": corners}
                calls[f"grid_{mode}_{padding}_ac{int(corners)}"] = Call(
                    lambda options=options: Sample((1, 5, 6), **options)
                )
    for corners in (False, True):
        options = {"mode": "bilinear", "padding_mode": "border", "align_corners": corners}
        calls[f"grid3d_border_ac{int(corners)}"] = Call(
            lambda options=options: Sample((1, 3, 4, 5), **options), VOLUME
        )
        calls[f"affine_ac{int(corners)}"] = Call(
            lambda corners=corners: SpatialTransformer((1, 2, 5, 6), corners)
        )
        calls[f"affine_row_ac{int(corners)}"] = Call(
            lambda corners=corners: SpatialTransformer((1, 2, 1, 6), corners)
        )
    return calls


def network_calls() -> Dict[str, Call]:
    """Return small networks, some with a plane of unknown size, and deconvolutions."""
    up = {"scale_factor": 2, "mode": "bilinear"}
    return {
        "deconv_k2s2": deconvolution(2, 2, 0, 0),
        "deconv_k3s2p1": deconvolution(3, 2, 1, 0),
        "deconv_k3s2p1op1": deconvolution(3, 2, 1, 1),
        "deconv_k4s2p1": deconvolution(4, 2, 1, 0),
        "deconv_k5s3p1": deconvolution(5, 3, 1, 0),
        "deconv_k8s4p2": deconvolution(8, 4, 2, 0),
        "pixel_shuffle_bilinear": Call(lambda: PixelShuffle("bilinear")),
        "pixel_shuffle_bicubic": Call(lambda: PixelShuffle("bicubic")),
        "pixel_shuffle_nearest": Call(lambda: PixelShuffle("nearest")),
        "fpn_nearest": Call(lambda: FeaturePyramid("nearest")),
        "fpn_bilinear": Call(lambda: FeaturePyramid("bilinear")),
        "aspp_ac0": Call(lambda: Aspp(align_corners=False)),
        "aspp_ac1": Call(lambda: Aspp(align_corners=True)),
        "like_bicubic_ac0": Call(lambda: Like("bicubic", align_corners=False)),
        "like_nearest": Call(lambda: Like("nearest", align_corners=None)),
        "module_bilinear": Call(lambda: nn.UpsamplingBilinear2d(scale_factor=2)),
        "module_nearest": Call(lambda: nn.UpsamplingNearest2d(size=(10, 13))),
        "round_trip": Call(
            lambda: nn.Sequential(
                Interpolate(align_corners=False, **up),
                Interpolate(scale_factor=0.5, mode="bilinear", align_corners=False),
            )
        ),
        "bilinear_x2_ac0_dynamic": Call(
            lambda: Interpolate(align_corners=False, **up), dynamic=True
        ),
        "bilinear_x2_ac1_dynamic": Call(
            lambda: Interpolate(align_corners=True, **up), dynamic=True
        ),
        "bilinear_frac_ac0_dynamic": Call(
            lambda: Interpolate(scale_factor=1.7, mode="bilinear", align_corners=False),
            dynamic=True,
        ),
        "bilinear_to1_ac0_dynamic": Call(
            lambda: Interpolate(size=(1, 1), mode="bilinear", align_corners=False),
            dynamic=True,
        ),
        "bicubic_x2_ac0_dynamic": Call(
            lambda: Interpolate(scale_factor=2, mode="bicubic", align_corners=False),
            dynamic=True,
        ),
        "nearest_x2_dynamic": Call(lambda: Interpolate(scale_factor=2), dynamic=True),
        "like_bilinear_ac0_dynamic": Call(
            lambda: Like("bilinear", align_corners=False), dynamic=True
        ),
        "like_bilinear_ac1_dynamic": Call(
            lambda: Like("bilinear", align_corners=True), dynamic=True
        ),
        "fpn_nearest_dynamic": Call(lambda: FeaturePyramid("nearest"), dynamic=True),
    }


CALLS: Dict[str, Call] = {
    **nearest_calls(),
    **linear_calls(),
    **cubic_and_antialiased_calls(),
    **area_calls(),
    **grid_calls(),
    **network_calls(),
}


def export(call: Call, path: Path, opset: int, *, dynamo: bool, external_data: bool) -> None:
    """Write the model, and beside it what PyTorch itself computes.

    Raises:
        Exception: whatever this release raises for a call that it cannot export.
    """
    torch.manual_seed(0)
    model = call.build().eval()
    x = torch.randn(*call.shape)
    with torch.no_grad():
        y = model(x)
    axes = {2: "height", 3: "width"} if call.dynamic else {}
    options: Dict[str, Any] = {
        "opset_version": opset,
        "input_names": ["x"],
        "output_names": ["y"],
    }
    if dynamo:
        options.update(dynamo=True, verbose=False, external_data=external_data)
        if axes:
            options["dynamic_shapes"] = (dict.fromkeys(axes, torch.export.Dim.DYNAMIC),)
    else:
        if tuple(int(part) for part in RELEASE.split(".")[:2]) >= (2, 5):
            options["dynamo"] = False
        if axes:
            options["dynamic_axes"] = {"x": axes}
    torch.onnx.export(model, (x,), str(path), **options)
    np.savez(str(path.with_suffix(".npz")), x=x.numpy(), y=y.numpy())


def main() -> None:
    """Export every call at every opset asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--opsets", type=int, nargs="+", required=True)
    parser.add_argument("--dynamo", action="store_true")
    parser.add_argument("--external-data", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    for opset in arguments.opsets:
        for name, call in CALLS.items():
            file = f"{name}-t{RELEASE}{'d' * arguments.dynamo}-o{opset}.onnx"
            path = arguments.folder / file
            try:
                export(
                    call,
                    path,
                    opset,
                    dynamo=arguments.dynamo,
                    external_data=arguments.external_data,
                )
            except Exception as error:  # noqa: BLE001 - every release has its own
                reason = (str(error).strip() or repr(error)).splitlines()[0]
                sys.stderr.write(f"refused {file}: {type(error).__name__}: {reason}\n")
                path.unlink() if path.exists() else None


if __name__ == "__main__":
    main()
