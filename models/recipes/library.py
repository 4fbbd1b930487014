"""The library of models: small networks that resample the way well-known ones do.

    python models/recipes/library.py FOLDER [NAME ...] [--only onnx,coreml,tensorflow,cards]

Into FOLDER go the networks as both of PyTorch's exporters write them (`architectures/`), as
coremltools does (`coreml/architectures/`), the two of TensorFlow that tf2onnx converts
(`tensorflow/`), and a card of a few lines each (`CARDS.md`). Weights are random and widths tiny;
the graphs, and the resampling calls in them, are those of the real networks. Beside a model lies
an .npz with its input and the framework's own outputs under the model's names. What an exporter
refuses is said on standard error and leaves no file.

Needs what the networks are made of: transformers and torchvision for those that say so, coremltools
for Core ML, tensorflow-cpu and tf2onnx for `tensorflow`; `--only` leaves the others out.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

SMALL = (("torchscript", 17), ("dynamo", 18), ("dynamo", 20))
LARGE = (("torchscript", 17), ("dynamo", 20))
GRID_SAMPLING = (("torchscript", 16), ("dynamo", 20))  # GridSample came with opset 16
AFFINE = (("torchscript", 20), ("dynamo", 18), ("dynamo", 20))  # AffineGrid with opset 20
KINDS = ("", "fp16", "network")
LOGITS, DEPTH, PICTURE, FEATURES = ("logits",), ("predicted_depth",), ("picture",), ("features",)


@dataclass(frozen=True, slots=True)
class Network:
    """A network of the library.

    Attributes:
        factory: module and function that make it, with weights yet to be drawn.
        about: what it resamples, and how.
        side: height and width of its image.
        outputs: the names of what it gives.
        exports: exporters and opsets.
        coreml: what coremltools makes: float32 (""), fp16, network.
        dynamic: whether the exported model leaves height and width open.
        frozen: methods, by class, whose results depend on sizes alone; coremltools is given them
            as constants.
    """

    factory: str
    about: str
    side: int
    outputs: tuple[str, ...] = LOGITS
    exports: tuple[tuple[str, int], ...] = SMALL
    coreml: tuple[str, ...] = ("",)
    dynamic: bool = False
    frozen: tuple[tuple[str, str], ...] = ()

    @property
    def needs(self) -> str:
        """The library, beside PyTorch, that it is made of; empty where it is none."""
        if self.factory.startswith("published:"):
            return "transformers"
        return "torchvision" if self.factory == "networks:RegionHead" else ""


LIBRARY = {
    "unet_bilinear": Network(
        "networks:unet_bilinear",
        "U-Net that doubles bilinearly with aligned corners, as is usual in it, on sizes that "
        "leave its pixels between samples.",
        32,
        coreml=KINDS,
    ),
    "unet_half_pixel": Network(
        "networks:unet_half_pixel", "U-Net that doubles bilinearly on pixel centres.", 32,
        exports=LARGE,
    ),
    "unet_bicubic": Network(
        "networks:unet_bicubic",
        "U-Net that doubles bicubically, with a = -0.75. Core ML has no such operator.", 32,
        exports=LARGE,
    ),
    "unet_nearest": Network(
        "networks:unet_nearest", "U-Net that doubles by nearest, as diffusion models do; its height"
        " and width are free.", 32, dynamic=True,
    ),
    "unet_deconvolution": Network(
        "networks:unet_deconvolution", "The U-Net of the paper: transposed convolutions of kernel "
        "and stride 2.", 32,
    ),
    "fpn": Network(
        "networks:FeaturePyramid", "The feature pyramid of detectors: nearest to the finer level's "
        "own size, 5 to 9 and 9 to 18.", 36, ("fine", "middle", "coarse"), coreml=("", "network"),
    ),
    "fpn_dynamic": Network(
        "networks:FeaturePyramid", "The same with free height and width, where the sizes come from "
        "Shape.", 36, ("fine", "middle", "coarse"), coreml=(), dynamic=True,
    ),
    "pspnet": Network(
        "networks:PSPNet", "Pyramid pooling: averages over 1, 2, 3 and 6 bins, resized back with "
        "aligned corners, as the logits are.", 48,
    ),
    "deeplabv3": Network(
        "networks:DeepLabV3", "DeepLabV3 as torchvision has it: image pooling spread from one "
        "pixel, and logits enlarged on pixel centres.", 33, coreml=KINDS,
    ),
    "deeplabv3_dynamic": Network(
        "networks:DeepLabV3", "The same with free height and width.", 33, coreml=(), dynamic=True,
    ),
    "deeplabv3_aligned": Network(
        "networks:AlignedDeepLab", "DeepLabV3 as its authors trained it, all four alignment rules "
        "kept: odd strided kernels, padded by half, resizes that align corners, 4 n + 1 pixels.",
        33, exports=LARGE,
    ),
    "deeplabv3_even_kernel": Network(
        "networks:deeplabv3_even_kernel", "The first rule broken: a strided kernel of 4.", 33,
        exports=LARGE, coreml=(),
    ),
    "deeplabv3_unpadded": Network(
        "networks:deeplabv3_unpadded", "The second rule broken: a strided layer without padding, "
        "and with it the third: 8 pixels do not reach 33 by a whole factor.", 33, exports=LARGE,
        coreml=(),
    ),
    "deeplabv3_unaligned": Network(
        "networks:AlignedDeepLab", "The third and fourth rules broken: 32 pixels, and 8 enlarged "
        "to 32.", 32, exports=LARGE, coreml=(),
    ),
    "spatial_transformer": Network(
        "networks:SpatialTransformer", "A spatial transformer: affine_grid, and grid_sample that "
        "repeats the border.", 16, FEATURES, AFFINE,
    ),
    "affine_transformer": Network(
        "networks:AffineTransformer", "A spatial transformer with aligned corners and zeros "
        "outside: what Core ML's affine operator computes.", 16, FEATURES, AFFINE,
        ("", "fp16"),
    ),
    "flow": Network(
        "networks:Flow", "A warp by a flow in pixels, as video networks do: grid_sample with "
        "aligned corners.", 16, ("warped",), GRID_SAMPLING, ("", "fp16"),
    ),
    "super_resolution": Network(
        "networks:SuperResolution", "FSRCNN: enlarges by 3 in its last layer, a transposed "
        "convolution of kernel 9.", 12, PICTURE,
    ),
    "region_head": Network(
        "networks:RegionHead", "The second stage of a detector: roi_align, aligned, with two "
        "samples a bin, in boxes of its own. coremltools has no converter for it.", 32,
        exports=GRID_SAMPLING,
    ),
    "dpt": Network(
        "published:dpt", "Dense prediction transformer: transposed convolutions in its neck, and "
        "bilinear doubling with aligned corners in every fusion.", 32, DEPTH, LARGE,
    ),
    "depth_anything": Network(
        "published:depth_anything", "Depth Anything: bicubic on the position embedding, then the "
        "head of DPT. For Core ML the embedding of this size is a constant.", 56, DEPTH, LARGE,
        frozen=(("Dinov2Embeddings", "interpolate_pos_encoding"),),
    ),
    "segformer": Network(
        "published:segformer", "SegFormer: four scales resized to the finest one, on pixel "
        "centres.", 64, exports=LARGE, coreml=("", "fp16"),
    ),
    "upernet": Network(
        "published:upernet", "UPerNet on ConvNeXt: pyramid pooling over bins that do not divide "
        "its feature map (the old exporter refuses these), a feature pyramid and a last resize.",
        64, exports=LARGE,
    ),
    "upernet_even": Network(
        "published:upernet_even", "The same with bins that do divide it.", 64, exports=LARGE,
    ),
    "rt_detr": Network(
        "published:rt_detr", "RT-DETR: nearest in the hybrid encoder, grid_sample in deformable "
        "attention.", 64, ("logits", "pred_boxes"), GRID_SAMPLING,
        frozen=(("RTDetrSinePositionEmbedding", "forward"), ("RTDetrModel", "generate_anchors")),
    ),
    "mask2former": Network(
        "published:mask2former", "Mask2Former: grid_sample in the pixel decoder, in float64 by the "
        "old exporter, and masks resized for attention.", 64,
        ("class_queries_logits", "masks_queries_logits"), GRID_SAMPLING,
        frozen=(
            ("Mask2FormerPixelDecoderEncoderOnly", "get_reference_points"),
            ("Mask2FormerSinePositionEmbedding", "forward"),
        ),
    ),
    "glpn": Network(
        "published:glpn", "Global-local path network: doubles bilinearly and fuses, four times.",
        64, DEPTH, LARGE,
    ),
    "mobilevit": Network(
        "published:mobilevit", "MobileViT with the head of DeepLabV3: one pixel spread.", 64,
        exports=LARGE,
    ),
    "swin2sr_nearest": Network(
        "published:swin2sr_nearest", "Swin2SR that enlarges by nearest and convolutions, as for "
        "real-world images.", 16, ("reconstruction",), LARGE, ("fp16",),
    ),
    "swin2sr_bicubic": Network(
        "published:swin2sr_bicubic", "Swin2SR that shuffles pixels, with a bicubic copy beside "
        "them.", 16, ("reconstruction",), LARGE,
    ),
}  # fmt: skip


def made(about: Network) -> tuple[nn.Module, Tensor]:
    """Return a network and an image for it, (1, 3, side, side), the same ones each time.

    No weight is zero, which would hide a shift.
    """
    import torch

    where, _, name = about.factory.partition(":")
    torch.manual_seed(0)
    module: nn.Module = getattr(import_module(where), name)().eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    if about.needs == "transformers":
        from published import Outputs

        module = Outputs(module, about.outputs).eval()
    return module, torch.randn(1, 3, about.side, about.side)


def main() -> None:
    """Build the named networks, or all of them."""
    parser = argparse.ArgumentParser(description="Build the library of models.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--only", default="onnx,coreml,tensorflow,cards")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for part in options.only.split(","):
        import_module(f"library_{part}").build(options.folder, options.names)


if __name__ == "__main__":
    main()
