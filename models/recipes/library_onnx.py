"""Export tiny configurations of well-known architectures with both of PyTorch's exporters.

    python architectures.py FOLDER [NAME ...]

The weights are random and the widths tiny; the graphs, and the resampling calls in them, are
those of the real networks. Each export becomes ``NAME-EXPORTER-oOPSET.onnx`` and beside it
an ``.npz`` with the input and PyTorch's eager outputs under the model's own names.
``architectures.csv`` lists the resampling calls that the module made in an eager run, in
order, and how far onnxruntime is from eager. An export that fails is reported on standard
error and leaves no file. Needs transformers.
"""

from __future__ import annotations

import csv
import inspect
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import measure
import networks
import numpy as np
import onnx
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
import transformers
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECORDED = ("interpolate", "grid_sample", "affine_grid", "conv_transpose2d")
COUNTED = {"AffineGrid", "ConvTranspose", "GridSample", "Resize", "RoiAlign", "Upsample"}
SMALL = (("torchscript", 17), ("dynamo", 18), ("dynamo", 20))
LARGE = (("torchscript", 17), ("dynamo", 20))
LARGE_FILE = 200_000  # bytes


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network to export.

    Attributes:
        build: makes it, with weights yet to be drawn.
        side: height and width of its input image.
        outputs: the names of what it gives.
        exports: exporters and opsets.
        dynamic: whether the exported model leaves height and width open.
    """

    build: Callable[[], nn.Module]
    side: int
    outputs: tuple[str, ...]
    exports: tuple[tuple[str, int], ...] = SMALL
    dynamic: bool = False


class Outputs(nn.Module):
    """Give the named fields of a transformers model's output, as ONNX knows no fields."""

    def __init__(self, model: nn.Module, names: tuple[str, ...]) -> None:
        """Keep the model and the names of the fields."""
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Run the model on a batch of images."""
        output = self.model(pixel_values=image)
        return tuple(getattr(output, name) for name in self.names)


def dpt() -> nn.Module:
    """Dense prediction transformer: enlarges by 2 with aligned corners in every fusion."""
    return transformers.DPTForDepthEstimation(
        transformers.DPTConfig(
            hidden_size=8, num_hidden_layers=4, num_attention_heads=2, intermediate_size=8,
            image_size=32, patch_size=8, backbone_out_indices=[0, 1, 2, 3],
            neck_hidden_sizes=[4, 4, 4, 4], fusion_hidden_size=4, is_hybrid=False,
            use_auxiliary_head=False,
        )
    )  # fmt: skip


def depth_anything() -> nn.Module:
    """Depth Anything: bicubic on the position embedding, then a DPT head."""
    backbone = transformers.Dinov2Config(
        hidden_size=8, num_hidden_layers=4, num_attention_heads=2, mlp_ratio=1,
        image_size=28, patch_size=14, reshape_hidden_states=False, apply_layernorm=True,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    return transformers.DepthAnythingForDepthEstimation(
        transformers.DepthAnythingConfig(
            backbone_config=backbone, reassemble_hidden_size=8, patch_size=14,
            neck_hidden_sizes=[4, 4, 4, 4], fusion_hidden_size=4, head_hidden_size=4,
        )
    )  # fmt: skip


def segformer() -> nn.Module:
    """SegFormer: four scales resized to the finest one."""
    return transformers.SegformerForSemanticSegmentation(
        transformers.SegformerConfig(
            depths=[1, 1, 1, 1], hidden_sizes=[4, 4, 8, 8], num_attention_heads=[1, 1, 1, 1],
            mlp_ratios=[1, 1, 1, 1], decoder_hidden_size=8, num_labels=3,
        )
    )  # fmt: skip


def upernet(*bins: int) -> nn.Module:
    """UPerNet on ConvNeXt: pyramid pooling, a feature pyramid and a last resize."""
    backbone = transformers.ConvNextConfig(
        hidden_sizes=[4, 4, 8, 8], depths=[1, 1, 1, 1],
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    return transformers.UperNetForSemanticSegmentation(
        transformers.UperNetConfig(
            backbone_config=backbone, hidden_size=8, pool_scales=list(bins),
            use_auxiliary_head=False, num_labels=3,
        )
    )  # fmt: skip


def rt_detr() -> nn.Module:
    """RT-DETR: nearest in the hybrid encoder, grid_sample in deformable attention."""
    backbone = transformers.RTDetrResNetConfig(
        embedding_size=4, hidden_sizes=[4, 8, 8, 8], depths=[1, 1, 1, 1], layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    return transformers.RTDetrForObjectDetection(
        transformers.RTDetrConfig(
            backbone_config=backbone, encoder_in_channels=[8, 8, 8], encoder_hidden_dim=8,
            encoder_attention_heads=2, encoder_ffn_dim=8, d_model=8, num_queries=4,
            decoder_in_channels=[8, 8, 8], decoder_layers=1, decoder_ffn_dim=8,
            decoder_attention_heads=2, decoder_n_points=2, num_denoising=0, num_labels=3,
        )
    )  # fmt: skip


def mask2former() -> nn.Module:
    """Mask2Former: grid_sample in the pixel decoder, masks resized for attention."""
    backbone = transformers.SwinConfig(
        embed_dim=4, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1], window_size=2, mlp_ratio=1,
        image_size=64, out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    return transformers.Mask2FormerForUniversalSegmentation(
        transformers.Mask2FormerConfig(
            backbone_config=backbone, feature_size=32, mask_feature_size=32, hidden_dim=32,
            encoder_layers=1, decoder_layers=2, num_attention_heads=2, num_queries=4,
            encoder_feedforward_dim=8, dim_feedforward=8, num_labels=3,
        )
    )  # fmt: skip


def swin2sr(upsampler: str) -> nn.Module:
    """Swin2SR: nearest and convolutions, or a bicubic copy beside shuffled pixels."""
    return transformers.Swin2SRForImageSuperResolution(
        transformers.Swin2SRConfig(
            embed_dim=4, depths=[1, 1], num_heads=[1, 1], window_size=4, mlp_ratio=1.0,
            image_size=16, upsampler=upsampler, upscale=4,
        )
    )  # fmt: skip


LOGITS = ("logits",)
DEPTH = ("predicted_depth",)
LEVELS = ("fine", "middle", "coarse")
BOXES = ("logits", "pred_boxes")
MASKS = ("class_queries_logits", "masks_queries_logits")
PICTURE = ("reconstruction",)
GRID_SAMPLING = (("torchscript", 16), ("dynamo", 20))  # GridSample came with opset 16
AFFINE = (("torchscript", 20), ("dynamo", 18), ("dynamo", 20))  # AffineGrid with opset 20

ARCHITECTURES = {
    "unet_bilinear": Architecture(networks.unet_bilinear, 32, LOGITS),
    "unet_nearest": Architecture(networks.unet_nearest, 32, LOGITS, dynamic=True),
    "unet_deconvolution": Architecture(networks.unet_deconvolution, 32, LOGITS),
    "fpn": Architecture(networks.FeaturePyramid, 36, LEVELS),
    "fpn_dynamic": Architecture(networks.FeaturePyramid, 36, LEVELS, dynamic=True),
    "pspnet": Architecture(networks.PSPNet, 48, LOGITS),
    "deeplabv3": Architecture(networks.DeepLabV3, 33, LOGITS),
    "deeplabv3_dynamic": Architecture(networks.DeepLabV3, 33, LOGITS, dynamic=True),
    "spatial_transformer": Architecture(networks.SpatialTransformer, 16, ("features",), AFFINE),
    "dpt": Architecture(dpt, 32, DEPTH, LARGE),
    "depth_anything": Architecture(depth_anything, 56, DEPTH, LARGE),
    "segformer": Architecture(segformer, 64, LOGITS, LARGE),
    "upernet": Architecture(lambda: upernet(1, 2, 3, 6), 64, LOGITS, LARGE),
    "upernet_even": Architecture(lambda: upernet(1, 2), 64, LOGITS, LARGE),
    "rt_detr": Architecture(rt_detr, 64, BOXES, GRID_SAMPLING),
    "mask2former": Architecture(mask2former, 64, MASKS, GRID_SAMPLING),
    "swin2sr_nearest": Architecture(lambda: swin2sr("nearest+conv"), 16, PICTURE, LARGE),
    "swin2sr_bicubic": Architecture(lambda: swin2sr("pixelshuffle_aux"), 16, PICTURE, LARGE),
}


@contextmanager
def recording(calls: list[str]) -> Iterator[None]:
    """Append a line for each resampling call made meanwhile, in order."""
    originals = {name: getattr(F, name) for name in RECORDED}
    try:
        for name, function in originals.items():
            setattr(F, name, recorder(name, function, calls))
        yield
    finally:
        for name, function in originals.items():
            setattr(F, name, function)


def recorder(name: str, function: Callable[..., Tensor], calls: list[str]) -> Callable[..., Tensor]:
    """Return the function, noting its arguments before each call."""

    def recorded(*args: object, **options: object) -> Tensor:
        calls.append(f"{name}({', '.join(words(function, args, options))})")
        return function(*args, **options)

    return recorded


def words(
    function: Callable[..., Tensor], args: tuple[object, ...], options: dict[str, object]
) -> Iterator[str]:
    """Yield the arguments of a call as a person would write them, tensors by their shape."""
    try:
        given = inspect.signature(function).bind(*args, **options).arguments
    except ValueError:  # written in C, without a signature
        rest = ("weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
        given = dict(zip(("input", *rest), args, strict=False)) | options
    for key, value in given.items():
        if isinstance(value, Tensor):
            yield f"{key}={'x'.join(map(str, value.shape))}"
        elif value is not None:
            yield f"{key}={tuple(value) if isinstance(value, (list, tuple)) else value!r}"


def export(  # noqa: PLR0913, PLR0917 - what torch.onnx.export takes
    model: nn.Module, about: Architecture, image: Tensor, path: Path, exporter: str, opset: int
) -> None:
    """Write a model without the paths of this machine."""
    axes = {2: "height", 3: "width"} if about.dynamic else None
    options: dict[str, Any] = {
        "input_names": ["image"],
        "output_names": list(about.outputs),
        "opset_version": opset,
    }
    if exporter == "dynamo":
        shapes = (axes,) if axes else None
        options |= {"dynamic_shapes": shapes, "external_data": False, "verbose": False}
    else:
        options |= {"dynamo": False, "dynamic_axes": {"image": axes} if axes else None}
    torch.onnx.export(model, (image,), path, **options)
    measure.clean(path)
    if path.stat().st_size > LARGE_FILE:
        thin(path)


def thin(path: Path) -> None:
    """Keep of the exporter's notes only the call itself on nodes that do not resample.

    They are four fifths of a tiny network's file, and nothing here reads them.
    """
    model = onnx.load(path)
    for node in model.graph.node:
        if node.op_type not in measure.RESAMPLING:
            kept = [entry for entry in node.metadata_props if entry.key.endswith("fx_node")]
            del node.metadata_props[:]
            node.metadata_props.extend(kept)
    onnx.save(model, path)


def rows(name: str, about: Architecture, folder: Path) -> Iterator[dict[str, object]]:
    """Export one architecture with both exporters; yield a line for each file."""
    torch.manual_seed(0)
    model = about.build().eval()
    for parameter in model.parameters():  # some start as zeros, which would hide a shift
        torch.nn.init.normal_(parameter, std=0.2)
    if about.build.__module__ != networks.__name__:
        model = Outputs(model, about.outputs).eval()
    image = torch.randn(1, 3, about.side, about.side)
    calls: list[str] = []
    with torch.no_grad(), recording(calls):
        given = model(image)
    tensors = (given,) if isinstance(given, Tensor) else given
    arrays = {"image": image.numpy()}
    arrays |= {key: y.numpy() for key, y in zip(about.outputs, tensors, strict=True)}
    for exporter, opset in about.exports:
        path = folder / f"{name}-{exporter}-o{opset}.onnx"
        try:
            with torch.no_grad():
                export(model, about, image, path, exporter, opset)
        except Exception as error:  # noqa: BLE001 - exporters raise of every kind
            path.unlink(missing_ok=True)
            reason = (str(error.__cause__ or error).strip() or repr(error)).splitlines()[0]
            sys.stderr.write(f"refused {path.name}: {type(error).__name__}: {reason}\n")
            continue
        np.savez_compressed(path.with_suffix(".npz"), **arrays)  # type: ignore[arg-type]
        verdict = measure.judge(path, arrays)
        graph = onnx.load(path)
        yield {
            "file": path.name,
            "exporter": exporter,
            "opset": graph.opset_import[0].version,
            "calls": " | ".join(calls),
            "resampling_nodes": sum(node.op_type in COUNTED for node in graph.graph.node),
            "onnxruntime_vs_eager": verdict.word,
            "max_abs_diff": verdict.digits,
        }


def main() -> None:
    """Export the named architectures, or all of them, and write the table."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "architectures.csv"
    lines: dict[str, dict[str, object]] = {}
    if table.exists():
        with table.open(encoding="utf-8", newline="") as file:
            lines = {line["file"]: dict(line) for line in csv.DictReader(file)}
    warnings.simplefilter("ignore")
    for name in sys.argv[2:] or ARCHITECTURES:
        for line in rows(name, ARCHITECTURES[name], folder):
            lines[str(line["file"])] = line
    measure.write_rows(table, (lines[file] for file in sorted(lines)))


if __name__ == "__main__":
    main()
