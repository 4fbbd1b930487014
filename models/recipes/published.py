"""Tiny configurations of published networks, as transformers builds them.

The widths are tiny; the graphs, and the resampling calls in them, are those of the real networks.
"""

from __future__ import annotations

import transformers
from torch import Tensor, nn


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


def upernet(bins: tuple[int, ...] = (1, 2, 3, 6)) -> nn.Module:
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


def upernet_even() -> nn.Module:
    """UPerNet with bins that divide its feature map."""
    return upernet((1, 2))


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


def swin2sr_nearest() -> nn.Module:
    """Swin2SR that enlarges by nearest and convolutions."""
    return _swin2sr("nearest+conv")


def swin2sr_bicubic() -> nn.Module:
    """Swin2SR that shuffles pixels, and holds a bicubic copy of its input beside them."""
    return _swin2sr("pixelshuffle_aux")


def _swin2sr(upsampler: str) -> nn.Module:
    return transformers.Swin2SRForImageSuperResolution(
        transformers.Swin2SRConfig(
            embed_dim=4, depths=[1, 1], num_heads=[1, 1], window_size=4, mlp_ratio=1.0,
            image_size=16, upsampler=upsampler, upscale=4,
        )
    )  # fmt: skip


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
