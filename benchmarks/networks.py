"""Convert real networks of five packages: by both exporters, at fixed lengths and at free ones.

    python benchmarks/networks.py [NAME ...]

Each is a tiny configuration with random weights. A row says whether the file was written and is
right in an onnxruntime session of its own at four sizes (one where lengths are fixed), or the
reason that was given, and how long it took beside PyTorch's own export and one run of it. Networks
of packages that are not installed are passed over, and said to be.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

import halfpixel

if TYPE_CHECKING:
    from collections.abc import Callable

EXPORTERS = ("dynamo", "torchscript")
SIZES = ((64, 96), (96, 64), (128, 128), (32, 160))
STEP = 32


class First(nn.Module):
    """The first tensors of what a network returns, which is a class of its own in transformers."""

    def __init__(self, network: nn.Module) -> None:
        """Hold a network."""
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Return one tensor."""
        made: Any = self.network(image)
        while not isinstance(made, Tensor):
            made = next(iter(made.values() if hasattr(made, "values") else made))
        return made


class Kornia(nn.Module):
    """One function of kornia."""

    def __init__(self, call: Callable[[Any, Tensor], Tensor]) -> None:
        """Hold a call."""
        super().__init__()
        self.call, self.library = call, import_module("kornia.geometry.transform")

    def forward(self, image: Tensor) -> Tensor:
        """Return an image."""
        return self.call(self.library, image)


def timm(name: str, **options: object) -> nn.Module:
    """Return a network of timm."""
    made: nn.Module = import_module("timm").create_model(name, pretrained=False, **options)
    return made


def smp(name: str, **options: object) -> nn.Module:
    """Return a network of segmentation-models-pytorch, over a ResNet of 18 layers."""
    library = import_module("segmentation_models_pytorch")
    made: nn.Module = getattr(library, name)("resnet18", encoder_weights=None, **options)
    return made


def vision(name: str, **options: object) -> nn.Module:
    """Return a network of torchvision."""
    library = import_module("torchvision.models.segmentation")
    made: nn.Module = getattr(library, name)(weights=None, weights_backbone=None, **options)
    return made


def former(kind: str, **options: object) -> nn.Module:
    """Return a network of transformers, of a small configuration."""
    library = import_module("transformers")
    made: nn.Module = getattr(library, kind)(getattr(library, config_of(kind))(**options))
    return made


def config_of(kind: str) -> str:
    """Return the name of the configuration of a class: SegformerConfig of SegformerForX."""
    return kind.partition("For")[0].removesuffix("Model") + "Config"


def turned(library: Any, image: Tensor) -> Tensor:  # noqa: ANN401 - a module
    """Return an image that is turned by 20 degrees."""
    made: Tensor = library.rotate(image, torch.tensor([20.0]))
    return made


def warped(library: Any, image: Tensor) -> Tensor:  # noqa: ANN401 - a module
    """Return an image that is warped by a matrix in pixels."""
    matrix = torch.tensor([[[0.9, 0.1, 2.0], [-0.1, 1.1, -3.0]]])
    made: Tensor = library.warp_affine(image, matrix, image.shape[2:])
    return made


SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
VIT = {**SMALL, "intermediate_size": 64, "image_size": 64, "patch_size": 16}
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "timm resnet18": lambda: timm("resnet18", num_classes=5),
    "timm vit": lambda: timm(
        "vit_tiny_patch16_224", img_size=64, embed_dim=32, depth=2, num_heads=2,
        dynamic_img_size=True, num_classes=5,
    ),
    "timm convnext": lambda: timm("convnext_atto", num_classes=5),
    "timm efficientnet": lambda: timm("efficientnet_b0", num_classes=5),
    "timm mobilenet": lambda: timm("mobilenetv3_small_050", num_classes=5),
    "timm hrnet": lambda: timm("hrnet_w18_small", num_classes=5),
    "smp Unet": lambda: smp("Unet"),
    "smp FPN": lambda: smp("FPN"),
    "smp PSPNet": lambda: smp("PSPNet"),
    "smp DeepLabV3Plus": lambda: smp("DeepLabV3Plus"),
    "smp Linknet": lambda: smp("Linknet"),
    "torchvision fcn": lambda: vision("fcn_resnet50", num_classes=3),
    "torchvision deeplabv3": lambda: vision("deeplabv3_mobilenet_v3_large", num_classes=3),
    "torchvision lraspp": lambda: vision("lraspp_mobilenet_v3_large", num_classes=3),
    "transformers Segformer": lambda: former(
        "SegformerForSemanticSegmentation", hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1],
        decoder_hidden_size=16,
    ),
    "transformers ViT": lambda: former("ViTModel", **VIT),
    "transformers Dinov2": lambda: former("Dinov2Model", **VIT),
    "transformers DPT": lambda: former(
        "DPTForDepthEstimation", **{**VIT, "num_hidden_layers": 4}, neck_hidden_sizes=[8, 8, 8, 8],
        backbone_out_indices=[0, 1, 2, 3], fusion_hidden_size=8,
    ),
    "kornia rotate": lambda: Kornia(turned),
    "kornia warp_affine": lambda: Kornia(warped),
}  # fmt: skip


def main() -> int:
    """Print the table; the exit code says whether every file that was written is right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="networks; all of them by default")
    names = parser.parse_args().names or list(NETWORKS)
    warnings.simplefilter("ignore")
    print(f"PyTorch {torch.__version__}, onnxruntime {onnxruntime.__version__}\n")
    print("| network | exporter | lengths | what came of it | s | times the export |")
    print("| --- | --- | --- | --- | --- | --- |")
    wrong = 0
    for name in names:
        torch.manual_seed(0)
        try:
            network = NETWORKS[name]()
        except ImportError as error:
            print(f"| {name} | | | not tried: {error} | | |")
            continue
        module = First(network).eval()
        for exporter in EXPORTERS:
            for free in (False, True):
                told, seconds, times = converted(module, exporter, free=free)
                wrong += told.startswith("WRONG")
                where = "free" if free else "fixed"
                print(f"| {name} | {exporter} | {where} | {told} | {seconds:.1f} | {times} |")
                sys.stdout.flush()
    return int(wrong > 0)


def converted(module: nn.Module, exporter: Any, *, free: bool) -> tuple[str, float, str]:  # noqa: ANN401 - a name
    """Return what came of a conversion, its seconds, and how many times the export that is."""
    usual = exported(module, exporter)
    asked = {"dynamic": f"image=2:32..512:{STEP},3:32..512:{STEP}"} if free else {}
    with tempfile.TemporaryDirectory() as folder:
        path, start = Path(folder) / "m.onnx", time.perf_counter()
        height, width = SIZES[0]
        shape = f"image=1x3x{height}x{width}"
        found = halfpixel.convert(module, path, inputs=[shape], exporter=exporter, **asked)  # type: ignore[arg-type]
        seconds = time.perf_counter() - start
        times = "" if usual is None else f"{seconds / usual:.1f}"
        if found.refused:
            return f"refused: {found.refused}".replace("|", "/"), seconds, times
        told = "; ".join(("written", *found.narrower)).replace("|", "/")
        off = difference(path, module, SIZES if free else SIZES[:1])
    return (told if off < 1e-3 else f"WRONG by {off:.2g} of its spread"), seconds, times


def exported(module: nn.Module, exporter: str) -> float | None:
    """Return how long PyTorch's own export and a run take; None where it refuses."""
    start = time.perf_counter()
    x = torch.rand(1, 3, *SIZES[0])
    with tempfile.TemporaryDirectory() as folder:
        try:
            torch.onnx.export(
                module, (x,), f"{folder}/m.onnx", dynamo=exporter == "dynamo", verbose=False
            )
            onnxruntime.InferenceSession(f"{folder}/m.onnx", providers=["CPUExecutionProvider"])
        except Exception:  # noqa: BLE001 - whatever it raises, there is nothing to hold it against
            return None
    with torch.no_grad():
        module(x)
    return time.perf_counter() - start


def difference(path: Path, module: nn.Module, sizes: tuple[tuple[int, int], ...]) -> float:
    """Return the worst difference of a file and its module, in deviations of what it returns."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for height, width in sizes:
        x = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(height))
        made: Any = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
        with torch.no_grad():
            there = module(x).numpy()
        worst = max(worst, float(np.abs(made - there).max() / max(float(there.std()), 1e-12)))
    return worst


if __name__ == "__main__":
    sys.exit(main())
