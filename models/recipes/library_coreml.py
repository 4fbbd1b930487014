"""Convert tiny configurations of well-known architectures to Core ML.

    python coreml_architectures.py FOLDER [NAME ...]

The networks are those of architectures.py and a few more; each is traced with random weights
and converted by coremltools. A model becomes ``NAME.mlpackage`` (float32, iOS 15),
``NAME-fp16.mlpackage`` or ``NAME-network.mlmodel``, and ``NAME.npz`` holds its image and
PyTorch's eager outputs under the model's own names. ``architectures.csv`` lists the calls that
the module made in an eager run and what resamples in the model, or why there is none. Needs
transformers.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import architectures
import coreml_packages
import coremltools as ct
import networks
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
import transformers
from coreml_interpolate import phrase, quiet
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coremltools.models import MLModel

COLUMNS = ("file", "target", "calls", "status", "operations")


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network to convert.

    Attributes:
        build: makes it, with weights yet to be drawn.
        side: height and width of its input image.
        outputs: the names of what it gives.
        kinds: what to convert to.
        frozen: methods, by class, whose results depend on sizes alone and become constants.
    """

    build: Callable[[], nn.Module]
    side: int
    outputs: tuple[str, ...]
    kinds: tuple[str, ...] = ("",)
    frozen: tuple[tuple[str, str], ...] = ()


class Frozen:
    """Answer a method's later calls with the results of its first run, in order."""

    def __init__(self, method: Callable[..., Any]) -> None:
        """Begin to note results."""
        self.method = method
        self.answers: list[Any] = []
        self.next: int | None = None

    def __call__(self, *args: object, **options: object) -> Any:  # noqa: ANN401 - the method's
        """Call the method, or give what it gave."""
        if self.next is None:
            self.answers.append(self.method(*args, **options))
            return self.answers[-1]
        self.next += 1
        return self.answers[(self.next - 1) % len(self.answers)]


class AffineTransformer(networks.SpatialTransformer):
    """A spatial transformer with PyTorch's default padding, the one that MIL's affine has."""

    def forward(self, image: Tensor) -> Tensor:
        """Return two feature maps of the straightened image."""
        theta = torch.eye(2, 3) + self.localise(image).view(-1, 2, 3)
        grid = F.affine_grid(theta, list(image.shape), align_corners=True)
        features: Tensor = self.head(F.grid_sample(image, grid, align_corners=True))
        return features


class Flow(nn.Module):
    """Warp an image by a predicted flow in pixels, as registration and video networks do."""

    def __init__(self, side: int) -> None:
        """Make the flow's network and the identity grid."""
        super().__init__()
        self.flow = nn.Sequential(networks.block(3, 4), nn.Conv2d(4, 2, 3, padding=1))
        steps = torch.linspace(-1, 1, side)
        down, right = torch.meshgrid(steps, steps, indexing="ij")
        self.register_buffer("grid", torch.stack([right, down], -1)[None])

    def forward(self, image: Tensor) -> Tensor:
        """Return the warped image."""
        half = (image.shape[-1] - 1) / 2
        grid = self.grid + self.flow(image).permute(0, 2, 3, 1) / half
        return F.grid_sample(image, grid, padding_mode="border", align_corners=True)


def glpn() -> nn.Module:
    """Global-local path network: enlarges by 2 and fuses, four times."""
    return transformers.GLPNForDepthEstimation(
        transformers.GLPNConfig(
            depths=[1, 1, 1, 1], hidden_sizes=[4, 4, 8, 8], num_attention_heads=[1, 1, 1, 1],
            mlp_ratios=[1, 1, 1, 1], decoder_hidden_size=8,
        )
    )  # fmt: skip


def mobilevit() -> nn.Module:
    """MobileViT with the head of DeepLabV3."""
    return transformers.MobileViTForSemanticSegmentation(
        transformers.MobileViTConfig(
            hidden_sizes=[8, 8, 8], neck_hidden_sizes=[4, 4, 8, 8, 8, 8, 8], image_size=64,
            num_attention_heads=2, mlp_ratio=1.0, expand_ratio=1.0, aspp_out_channels=8,
            num_labels=3, atrous_rates=[2, 3, 4], output_stride=16,
        )
    )  # fmt: skip


def known(name: str, kinds: tuple[str, ...] = ("",), *frozen: tuple[str, str]) -> Architecture:
    """Return an architecture that is exported to ONNX too."""
    about = architectures.ARCHITECTURES[name]
    return Architecture(about.build, about.side, about.outputs, kinds, frozen)


ALL = ("", "fp16", "network")
ARCHITECTURES = {
    "unet_bilinear": known("unet_bilinear", ALL),
    "unet_nearest": known("unet_nearest"),
    "unet_deconvolution": known("unet_deconvolution"),
    "fpn": known("fpn", ("", "network")),
    "pspnet": known("pspnet"),
    "deeplabv3": known("deeplabv3", ALL),
    "affine_transformer": Architecture(AffineTransformer, 16, ("features",), ("", "fp16")),
    "flow": Architecture(lambda: Flow(16), 16, ("warped",), ("", "fp16")),
    "dpt": known("dpt"),
    "depth_anything": known(
        "depth_anything", ("",), ("Dinov2Embeddings", "interpolate_pos_encoding")
    ),
    "segformer": known("segformer", ("", "fp16")),
    "upernet": known("upernet"),
    "upernet_even": known("upernet_even"),
    "glpn": Architecture(glpn, 64, architectures.DEPTH),
    "mobilevit": Architecture(mobilevit, 64, architectures.LOGITS),
    "swin2sr_nearest": known("swin2sr_nearest", ("fp16",)),
    "spatial_transformer": known("spatial_transformer"),
    "depth_anything_bicubic": known("depth_anything"),
    "swin2sr_bicubic": known("swin2sr_bicubic"),
    "rt_detr": known(
        "rt_detr", ("",), ("RTDetrSinePositionEmbedding", "forward"),
        ("RTDetrModel", "generate_anchors"),
    ),
    "mask2former": known(
        "mask2former", ("",), ("Mask2FormerPixelDecoderEncoderOnly", "get_reference_points"),
        ("Mask2FormerSinePositionEmbedding", "forward"),
    ),
}  # fmt: skip


def module(about: Architecture) -> nn.Module:
    """Return a network with random weights, none of them zero."""
    torch.manual_seed(0)
    model = about.build().eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    if type(model).__module__.startswith("transformers."):
        model = architectures.Outputs(model, about.outputs).eval()
    return model


def traced(model: nn.Module, about: Architecture, image: Tensor) -> tuple[Any, tuple[Tensor, ...]]:
    """Return a trace of a network, its frozen methods being constants, and its eager outputs."""
    frozen = []
    for part in model.modules():
        for kind, method in about.frozen:
            if type(part).__name__ == kind:
                frozen.append(Frozen(getattr(part, method)))
                setattr(part, method, frozen[-1])
    with torch.no_grad():
        given = model(image)
        for method in frozen:
            method.next = 0
        trace = torch.jit.trace(model, (image,), strict=False, check_trace=False)
    return trace, (given,) if isinstance(given, Tensor) else tuple(given)


def convert(trace: Any, about: Architecture, image: Tensor, kind: str) -> MLModel:  # noqa: ANN401
    """Convert a trace."""
    options: dict[str, Any] = {"convert_to": "neuralnetwork"}
    if kind != "network":
        half = ct.precision.FLOAT16 if kind == "fp16" else ct.precision.FLOAT32
        options = {
            "convert_to": "mlprogram",
            "compute_precision": half,
            "minimum_deployment_target": ct.target.iOS16 if kind == "fp16" else ct.target.iOS15,
        }
    return ct.convert(
        trace,
        inputs=[ct.TensorType(name="image", shape=tuple(image.shape))],
        outputs=[ct.TensorType(name=name) for name in about.outputs],
        skip_model_load=True,
        **options,
    )


def rows(name: str, about: Architecture, folder: Path) -> Iterator[dict[str, object]]:
    """Convert an architecture; yield a line for each kind of model."""
    model = module(about)
    image = torch.randn(1, 3, about.side, about.side)
    calls: list[str] = []
    with torch.no_grad(), architectures.recording(calls):
        model(image)
    for kind in about.kinds:
        suffix = ".mlmodel" if kind == "network" else ".mlpackage"
        path = folder / f"{name}{'-' if kind else ''}{kind}{suffix}"
        line = {"target": kind or "fp32", "calls": " | ".join(calls), "operations": ""}
        try:
            trace, outputs = traced(model, about, image)
            made = convert(trace, about, image, kind)
        except Exception as error:  # noqa: BLE001 - converters raise of every kind
            words = (str(error).strip() or repr(error)).splitlines()[0]
            yield {"file": path.name, **line, "status": f"{type(error).__name__}: {words}"}
            continue
        coreml_packages.save(made, path)
        arrays = dict(zip(about.outputs, (y.numpy() for y in outputs), strict=True))
        np.savez_compressed(folder / f"{name}.npz", image=image.numpy(), **arrays)
        line |= {"status": "converted", "operations": phrase(made)}
        yield {"file": path.name, **line}


def main() -> None:
    """Convert the named architectures, or all of them, and write the table."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "architectures.csv"
    lines: dict[str, dict[str, object]] = {}
    if table.exists():
        with table.open(encoding="utf-8", newline="") as file:
            lines = {line["file"]: dict(line) for line in csv.DictReader(file)}
    quiet()
    for name in sys.argv[2:] or ARCHITECTURES:
        for line in rows(name, ARCHITECTURES[name], folder):
            lines[str(line["file"])] = line
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines[file] for file in sorted(lines))


if __name__ == "__main__":
    main()
