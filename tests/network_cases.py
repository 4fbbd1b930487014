"""Layers of neural networks and what PyTorch makes of the same, as tables."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

Add = Callable[[Any], object]
RNG = np.random.default_rng(0)
SHAPE = (2, 4, 6, 5)
KERNEL = RNG.standard_normal((3, 4, 3, 3)).astype(np.float32)
BIAS = RNG.standard_normal(3).astype(np.float32)
FOUR = RNG.uniform(0.5, 2, 4).astype(np.float32)
MATRIX = RNG.standard_normal((3, 120)).astype(np.float32)


def pooled(kind: str, **more: object) -> Add:
    sizes = {
        "padding_type": "VALID",
        "height": 3,
        "width": 2,
        "stride_height": 2,
        "stride_width": 2,
    }
    return lambda b: b.add_pooling(
        "l", layer_type=kind, input_name="x0", output_name="y0", **{**sizes, **more}
    )


def conv(**more: object) -> Add:
    given = {
        "name": "l", "kernel_channels": 4, "output_channels": 3, "height": 3, "width": 3,
        "stride_height": 2, "stride_width": 1, "border_mode": "valid", "groups": 1,
        "W": KERNEL.transpose(2, 3, 1, 0), "b": BIAS, "has_bias": True, "input_name": "x0",
        "output_name": "y0",
    }  # fmt: skip
    return lambda b: b.add_convolution(**{**given, **more})


def act(kind: str, *numbers: object) -> Add:
    return lambda b: b.add_activation(
        "l", kind, "x0", "y0", numbers[0] if len(numbers) == 1 else list(numbers)
    )


def one(method: str, **more: object) -> Add:
    return lambda b: getattr(b, method)(name="l", input_name="x0", output_name="y0", **more)


Oracle = Callable[[Tensor], Tensor]
WEIGHT, OFFSET, ROWS = map(torch.from_numpy, (KERNEL, BIAS, MATRIX))
COLUMN = torch.from_numpy(FOUR).reshape(-1, 1, 1)
LAYERS: dict[str, tuple[Add, Oracle]] = {
    "conv": (conv(), lambda x: F.conv2d(x, WEIGHT, OFFSET, (2, 1))),
    "conv same": (conv(border_mode="same"),
                  lambda x: F.conv2d(F.pad(x, (1, 1, 0, 1)), WEIGHT, OFFSET, (2, 1))),
    "conv same, top left": (
        conv(border_mode="same", same_padding_asymmetry_mode="TOP_LEFT_HEAVY"),
        lambda x: F.conv2d(F.pad(x, (1, 1, 1, 0)), WEIGHT, OFFSET, (2, 1)),
    ),
    "conv padded, dilated": (
        conv(padding_top=2, padding_left=1, padding_right=3, dilation_factors=[2, 1]),
        lambda x: F.conv2d(F.pad(x, (1, 3, 2, 0)), WEIGHT, OFFSET, (2, 1), dilation=(2, 1)),
    ),
    "deconv": (
        conv(is_deconv=True, groups=1, kernel_channels=4, padding_top=1, padding_right=1,
             W=KERNEL.transpose(2, 3, 1, 0)),
        lambda x: F.conv_transpose2d(x, WEIGHT.permute(1, 0, 2, 3), OFFSET, (2, 1))[..., 1:, :-1],
    ),
    "max pool": (pooled("MAX"), lambda x: F.max_pool2d(x, (3, 2), 2)),
    "average pool, padding counted": (
        pooled("AVERAGE", padding_top=1, padding_bottom=1, padding_left=1, padding_right=1,
               exclude_pad_area=False),
        lambda x: F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), (3, 2), 2),
    ),
    "average pool, padding left out": (
        pooled("AVERAGE", padding_top=1, padding_bottom=1, padding_left=1, padding_right=1,
               exclude_pad_area=True),
        lambda x: F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), (3, 2), 2)
        / F.avg_pool2d(F.pad(torch.ones_like(x), (1, 1, 1, 1)), (3, 2), 2),
    ),
    "max pool, last pixel": (
        pooled("MAX", padding_type="INCLUDE_LAST_PIXEL", padding_top=1, padding_bottom=1,
 padding_left=1, padding_right=1),
        lambda x: F.max_pool2d(x, (3, 2), 2, padding=1, ceil_mode=True),
    ),
    "global average": (pooled("AVERAGE", is_global=True), lambda x: x.mean((2, 3), keepdim=True)),
    "global L2": (pooled("L2", is_global=True), lambda x: (x * x).sum((2, 3), keepdim=True).sqrt()),
    "ReLU": (act("RELU"), F.relu),
    "leaky": (act("LEAKYRELU", [0.2]), lambda x: F.leaky_relu(x, 0.2)),
    "PReLU": (act("PRELU", FOUR), lambda x: F.prelu(x, torch.from_numpy(FOUR))),
    "ELU": (act("ELU", 0.7), lambda x: F.elu(x, 0.7)),
    "hard sigmoid": (act("SIGMOID_HARD", 0.3, 0.4), lambda x: (0.3 * x + 0.4).clip(0, 1)),
    "scaled tanh": (act("SCALED_TANH", 1.5, 0.5), lambda x: 1.5 * torch.tanh(0.5 * x)),
    "linear": (act("LINEAR", 1.5, 0.5), lambda x: 1.5 * x + 0.5),
    "thresholded": (act("THRESHOLDEDRELU", 0.3), lambda x: torch.where(x >= 0.3, x, 0)),
    "parametric softplus": (
        act("PARAMETRICSOFTPLUS", FOUR, FOUR * 2),
        lambda x: COLUMN * F.softplus(2 * COLUMN * x),
    ),
    "softsign": (act("SOFTSIGN"), F.softsign),
    "inner product": (
        one("add_inner_product", W=MATRIX, b=BIAS, input_channels=120, output_channels=3,
            has_bias=True),
        lambda x: (x.flatten(1) @ ROWS.T + OFFSET)[..., None, None],
    ),
    "batchnorm": (
        one("add_batchnorm", channels=4, gamma=FOUR, beta=FOUR - 1, mean=FOUR / 2, variance=FOUR),
        lambda x: (x - COLUMN / 2) / (COLUMN + 1e-5).sqrt() * COLUMN + COLUMN - 1,
    ),
    "instance norm": (
        one("add_batchnorm", channels=4, gamma=FOUR, beta=FOUR, compute_mean_var=True,
            instance_normalization=True),
        lambda x: F.instance_norm(x, weight=torch.from_numpy(FOUR), bias=torch.from_numpy(FOUR)),
    ),
    "mvn": (
        one("add_mvn", across_channels=True, normalize_variance=True, epsilon=1e-5),
        lambda x: F.layer_norm(x, x.shape[1:]),
    ),
    "L2 normalize": (
        one("add_l2_normalize", epsilon=1e-5),
        lambda x: x / ((x * x).sum((1, 2, 3), keepdim=True) + 1e-5).sqrt(),
    ),
    "LRN": (
        one("add_lrn", alpha=0.1, beta=0.7, local_size=3, k=2.0),
        lambda x: F.local_response_norm(x, 3, 0.1, 0.7, 2.0),
    ),
    "softmax": (one("add_softmax"), lambda x: x.softmax(1)),
    "softmax of an axis": (one("add_softmax_nd", axis=2), lambda x: x.softmax(2)),
    "padding, reflected": (
        one("add_padding", left=1, right=2, top=3, padding_type="reflection"),
        lambda x: F.pad(x, (1, 2, 3, 0), "reflect"),
    ),
    "padding, replicated": (
        one("add_padding", left=1, bottom=2, padding_type="replication"),
        lambda x: F.pad(x, (1, 0, 0, 2), "replicate"),
    ),
    "padding, a number": (
        one("add_padding", right=1, top=2, value=0.5),
        lambda x: F.pad(x, (0, 1, 2, 0), value=0.5),
    ),
    "upsample": (
        one("add_upsample", scaling_factor_h=2, scaling_factor_w=3, mode="NN"),
        lambda x: F.interpolate(x, scale_factor=(2, 3)),
    ),
    "upsample, aligned": (
        one("add_upsample", scaling_factor_h=2, scaling_factor_w=3, mode="BILINEAR",
            linear_upsample_mode="ALIGN_CORNERS_TRUE"),
        lambda x: F.interpolate(x, scale_factor=(2, 3), mode="bilinear", align_corners=True),
    ),
    "resize, aligned": (
        one("add_resize_bilinear", target_height=9, target_width=7,
            mode="STRICT_ALIGN_ENDPOINTS_MODE"),
        lambda x: F.interpolate(x, (9, 7), mode="bilinear", align_corners=True),
    ),
    "unary, scaled": (
        one("add_unary", mode="exp", scale=0.5, shift=0.25), lambda x: torch.exp(0.5 * x + 0.25),
    ),
    "unary, power": (one("add_unary", mode="power", alpha=2.0), lambda x: x**2),
    "unary, inverse": (
        one("add_unary", mode="inverse", epsilon=0.1, shift=9.0), lambda x: 1 / (x + 9.1),
    ),
    "unary, threshold": (one("add_unary", mode="threshold", alpha=0.3), lambda x: x.clip(0.3)),
    "scale and bias": (
        one("add_scale", W=FOUR, b=FOUR - 2, has_bias=True, shape_scale=[4], shape_bias=[4]),
        lambda x: x * COLUMN + COLUMN - 2,
    ),
    "bias": (one("add_bias", b=FOUR, shape_bias=[4]), lambda x: x + COLUMN),
    "flatten": (one("add_flatten", mode=0), lambda x: x.reshape(2, -1, 1, 1)),
    "flatten, channel last": (
        one("add_flatten", mode=1), lambda x: x.permute(0, 2, 3, 1).reshape(2, -1, 1, 1),
    ),
    "pixel shuffle": (
        one("add_reorganize_data", mode="PIXEL_SHUFFLE", block_size=2),
        lambda x: F.pixel_shuffle(x, 2),
    ),
    "slice": (one("add_slice", axis="height", start_index=1, end_index=-1, stride=2),
              lambda x: x[:, :, 1:-1:2]),
    "reduce": (one("add_reduce", axis="HW", mode="avg"), lambda x: x.mean((2, 3), keepdim=True)),
    "reduce, sum of logarithms": (
        lambda b: (
            b.add_unary("p", "x0", "p", "exp"),
            b.add_reduce("l", "p", "y0", "C", mode="logsum", epsilon=1e-6),
        ),
        lambda x: torch.log(torch.exp(x) + 1e-6).sum(1, keepdim=True),
    ),
    "reduce, place of the largest": (
        one("add_reduce", axis="W", mode="argmax"), lambda x: x.argmax(3, keepdim=True).float(),
    ),
    "crop": (
        lambda b: b.add_crop("l", 1, 1, 2, 0, [], ["x0"], "y0"),
        lambda x: x[:, :, 2:, 1:-1],
    ),
    "transpose": (one("add_transpose", axes=[0, 2, 3, 1]), lambda x: x.permute(0, 2, 3, 1)),
    "slice of each axis": (
        one("add_slice_static", begin_ids=[0, 1, 0, -1], end_ids=[2, 3, -1, 0],
            strides=[1, 1, 2, 1], begin_masks=[True, False, False, False],
            end_masks=[True, False, False, True], squeeze_masks=[False, False, False, True]),
        lambda x: x[:, 1:3, :-1:2, -1],
    ),
    "reshape": (one("add_reshape_static", output_shape=[2, -1, 5]), lambda x: x.reshape(2, -1, 5)),
    "reshape of one rank": (
        one("add_rank_preserving_reshape", output_shape=[0, 2, -1, 5]),
        lambda x: x.reshape(2, 2, -1, 5),
    ),
    "squeeze and more axes": (
        lambda b: (b.add_expand_dims("p", "x0", "p", [0, -1]), b.add_squeeze("l", "p", "y0", [0])),
        lambda x: x[..., None],
    ),
    "mean over axes": (one("add_reduce_mean", axes=[1, -1], keepdims=False),
                       lambda x: x.mean((1, 3))),
    "layer norm": (
        one("add_layer_normalization", normalized_shape=[5], gamma=np.ones(5), beta=np.ones(5)),
        lambda x: F.layer_norm(x, (5,)) + 1,
    ),
    "matmul": (
        lambda b: b.add_batched_mat_mul("l", ["x0"], "y0", weight_matrix_rows=5,
                                        weight_matrix_columns=3, W=MATRIX[:, :5].T, bias=BIAS),
        lambda x: x @ torch.from_numpy(MATRIX[:, :5]).T + OFFSET,
    ),
    "GELU": (one("add_gelu", mode="TANH_APPROXIMATION"), lambda x: F.gelu(x, approximate="tanh")),
    "clip": (one("add_clip", min_value=-0.5, max_value=0.25), lambda x: x.clip(-0.5, 0.25)),
    "clamped ReLU": (
        one("add_clamped_relu", alpha=0.1, beta=0.5), lambda x: F.leaky_relu(x, 0.1).clip(max=0.5),
    ),
    "tile": (one("add_tile", reps=[1, 1, 2, 1]), lambda x: x.repeat(1, 1, 2, 1)),
    "padding of each axis": (
        lambda b: b.add_constant_pad("l", ["x0"], "y0", value=0.5,
                                     pad_to_given_output_size_mode=False,
                                     pad_amounts=[0, 0, 1, 0, 0, 2, 0, 0]),
        lambda x: F.pad(x, (0, 0, 0, 2, 1, 0), value=0.5),
    ),
    "erf": (one("add_erf"), torch.erf),
}  # fmt: skip


PAIRS: dict[str, tuple[Add, Callable[[Tensor, Tensor], Tensor]]] = {
    "add": (lambda b: b.add_elementwise("l", ["x0", "x1"], "y0", "ADD"), torch.add),
    "multiply": (lambda b: b.add_elementwise("l", ["x0", "x1"], "y0", "MULTIPLY"), torch.mul),
    "average": (
        lambda b: b.add_elementwise("l", ["x0", "x1"], "y0", "AVE"), lambda x, y: (x + y) / 2,
    ),
    "max": (lambda b: b.add_elementwise("l", ["x0", "x1"], "y0", "MAX"), torch.maximum),
    "concat": (
        lambda b: b.add_elementwise("l", ["x0", "x1"], "y0", "CONCAT"),
        lambda x, y: torch.cat([x, y], 1),
    ),
    "concat of an axis": (
        lambda b: b.add_concat_nd("l", ["x0", "x1"], "y0", axis=2),
        lambda x, y: torch.cat([x, y], 2),
    ),
    "stack": (
        lambda b: b.add_stack("l", ["x0", "x1"], "y0", axis=-1),
        lambda x, y: torch.stack([x, y], -1),
    ),
    "subtract": (lambda b: b.add_subtract_broadcastable("l", ["x0", "x1"], "y0"), torch.sub),
    "not less": (
        lambda b: (b.add_less_than("p", ["x0", "x1"], "p"),
                   b.add_logical("l", ["p"], "y0", mode="NOT")),
        lambda x, y: (x >= y).float(),
    ),
    "matmul": (
        lambda b: b.add_batched_mat_mul("l", ["x0", "x1"], "y0", transpose_b=True),
        lambda x, y: x @ y.transpose(2, 3),
    ),
    "crop to": (
        lambda b: (b.add_slice("p", "x1", "p", "width", 0, 3),
                   b.add_crop("l", 0, 0, 0, 0, [0, 2], ["x0", "p"], "y0")),
        lambda x, _: x[..., 2:5],
    ),
}  # fmt: skip


OLD: dict[str, tuple[Add, Oracle]] = {
    "reshape": (one("add_reshape", target_shape=(2, 3, 20), mode=0), lambda x: x.reshape(2, 3, 20)),
    "reshape, channel last": (
        one("add_reshape", target_shape=(2, 3, 20), mode=1),
        lambda x: x.permute(1, 2, 0).reshape(3, 20, 2).permute(2, 0, 1),
    ),
    "permute": (one("add_permute", dim=(0, 3, 1, 2)), lambda x: x.permute(2, 0, 1)),
    "resize": (
        one("add_resize_bilinear", target_height=9, target_width=7,
            mode="STRICT_ALIGN_ENDPOINTS_MODE"),
        lambda x: F.interpolate(x[None], (9, 7), mode="bilinear", align_corners=True)[0],
    ),
    "a constant": (
        lambda b: (b.add_load_constant("p", "p", FOUR, [4, 1, 1]),
                   b.add_multiply_broadcastable("l", ["x0", "p"], "y0")),
        lambda x: x * COLUMN,
    ),
    "names that are made twice": (
        lambda b: (b.add_activation("p", "RELU", "x0", "h"),
                   b.add_activation("q", "TANH", "h", "h"),
                   b.add_activation("l", "SIGMOID", "h", "y0")),
        lambda x: torch.sigmoid(torch.tanh(F.relu(x))),
    ),
}  # fmt: skip
