"""Operators of an ML Program, each with its inputs and what PyTorch or numpy makes of them."""

# pyright: reportUnknownLambdaType=false
# a table of short functions of arrays, whose types the table's own field says

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

Array = np.ndarray[Any, np.dtype[Any]]
RANDOM = np.random.default_rng(0)


def floats(*shape: int) -> Array:
    return RANDOM.uniform(-2, 2, shape).astype(np.float32)


def ints(high: int, *shape: int) -> Array:
    return RANDOM.integers(0, high, shape).astype(np.int32)


X = floats(2, 4, 5, 6)
Y = floats(2, 4, 5, 6)
PLUS = np.abs(X) + 0.1
MATRIX = floats(3, 6, 5)
SQUARE = floats(1, 4, 6, 6)
W = floats(6, 2, 3, 3)
ONE = floats(4)
BIG = floats(1, 2, 7, 8)


def torched(call: Callable[..., Any]) -> Callable[..., Array]:
    """Return a function of arrays from one of tensors."""

    def inner(*arrays: Array) -> Array:
        found: Array = call(*(torch.from_numpy(np.ascontiguousarray(a)) for a in arrays)).numpy()
        return found

    return inner


@dataclass(frozen=True)
class Case:
    """One operator: what it is fed, its constants, and what it should make."""

    op: str
    feeds: Mapping[str, Array]
    meant: Callable[..., Any]
    constants: Mapping[str, object] = field(default_factory=dict[str, object])
    dtypes: tuple[str, ...] = ()
    free: bool = False


def sliding(x: Array) -> Array:
    found: Array = np.lib.stride_tricks.sliding_window_view(x, 3, 3)[:, :, :, ::2]
    return found


def updated(x: Array, update: Array) -> Array:
    found = x.copy()
    found[:, 1:3, :, 2:] = update
    return found


def l2_normalised(x: Array) -> Array:
    found: Array = x / np.sqrt((x**2).sum((1, 2, 3), keepdims=True) + 1e-6)
    return found


def same_padded(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Pad as TensorFlow does: 7 by 8 with kernel 3 and stride 2 to 4 by 4."""
    return F.conv2d(F.pad(x, (0, 1, 1, 1)), weight, stride=2)


UNARY: dict[str, Callable[[Array], Array]] = {
    "abs": np.abs, "ceil": np.ceil, "cos": np.cos, "exp": np.exp, "floor": np.floor,
    "round": np.round, "sign": np.sign, "sin": np.sin, "square": np.square, "tanh": np.tanh,
    "relu": torched(F.relu), "relu6": torched(F.relu6), "sigmoid": torched(torch.sigmoid),
    "silu": torched(F.silu), "softplus": torched(F.softplus), "softsign": torched(F.softsign),
    "erf": torched(torch.erf), "identity": np.array, "exp2": np.exp2, "atan": np.arctan,
    "cosh": np.cosh, "sinh": np.sinh, "tan": np.tan,
}  # fmt: skip
BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "real_div": np.divide,
    "maximum": np.maximum, "minimum": np.minimum, "floor_div": np.floor_divide, "mod": np.mod,
    "equal": np.equal, "not_equal": np.not_equal, "greater": np.greater, "less": np.less,
    "greater_equal": np.greater_equal, "less_equal": np.less_equal,
}  # fmt: skip
SMALL = ints(5, 3, 4)
SIGNED = (ints(9, 3, 4) - 4).astype(np.int32)
DIVISOR = (ints(3, 3, 4) + 1).astype(np.int32) * np.int32(-1)
TRUE = SMALL > 2
QUERY, KEY, VALUE = floats(1, 2, 5, 8), floats(1, 2, 7, 8), floats(1, 2, 7, 3)
CASES = [
    *(Case(op, {"x": X}, meant) for op, meant in UNARY.items()),
    *(Case(op, {"x": X, "y": Y[:, :, :1]}, meant) for op, meant in BINARY.items()),
    *(Case(op, {"x": SIGNED, "y": DIVISOR}, BINARY[op]) for op in ("floor_div", "mod", "add")),
    Case("pow", {"x": PLUS, "y": Y}, np.power),
    *(Case(op, {"x": TRUE, "y": SMALL > 1}, meant) for op, meant in (
        ("logical_and", np.logical_and), ("logical_or", np.logical_or),
        ("logical_xor", np.logical_xor))),
    Case("logical_not", {"x": TRUE}, np.logical_not),
    Case("sqrt", {"x": PLUS}, np.sqrt),
    Case("log", {"x": PLUS}, lambda x: np.log(x + 0.5), {"epsilon": 0.5}),
    Case("log", {"x": PLUS}, np.log),
    Case("rsqrt", {"x": PLUS}, lambda x: 1 / np.sqrt(x + 0.5), {"epsilon": 0.5}),
    Case("inverse", {"x": PLUS}, lambda x: 1 / (x + 1e-4)),
    Case("clip", {"x": X}, lambda x: np.clip(x, -0.5, 1), {"alpha": -0.5, "beta": 1.0}),
    Case("threshold", {"x": X}, lambda x: np.maximum(x, 0.5), {"alpha": 0.5}),
    Case("thresholded_relu", {"x": X}, lambda x: np.where(x >= 0.5, x, 0), {"alpha": 0.5}),
    Case("clamped_relu", {"x": X}, lambda x: np.minimum(np.where(x > 0, x, 0.1 * x), 1),
         {"alpha": 0.1, "beta": 1.0}),
    Case("leaky_relu", {"x": X}, torched(lambda x: F.leaky_relu(x, 0.1)), {"alpha": 0.1}),
    Case("elu", {"x": X}, torched(lambda x: F.elu(x, 0.7)), {"alpha": 0.7}),
    Case("prelu", {"x": X}, torched(lambda x: F.prelu(x, torch.from_numpy(ONE))), {"alpha": ONE}),
    Case("sigmoid_hard", {"x": X}, torched(F.hardsigmoid), {"alpha": 1 / 6, "beta": 0.5}),
    Case("linear_activation", {"x": X}, lambda x: 2 * x + 1, {"alpha": 2.0, "beta": 1.0}),
    Case("scaled_tanh", {"x": X}, lambda x: 2 * np.tanh(0.5 * x), {"alpha": 2.0, "beta": 0.5}),
    Case("softplus_parametric", {"x": X},
         lambda x: ONE[:, None, None] * np.log(1 + np.exp(x * ONE[:, None, None])),
         {"alpha": ONE, "beta": ONE}),
    Case("gelu", {"x": X}, torched(F.gelu)),
    Case("gelu", {"x": X}, torched(F.gelu), {"mode": "EXACT"}),
    Case("gelu", {"x": X}, torched(lambda x: F.gelu(x, approximate="tanh")),
         {"mode": "TANH_APPROXIMATION"}),
    Case("gelu", {"x": X}, torched(lambda x: x * torch.sigmoid(1.702 * x)),
         {"mode": "SIGMOID_APPROXIMATION"}),
    Case("select", {"cond": X > 0, "a": X, "b": Y}, np.where),
    Case("cast", {"x": X}, lambda x: x.astype(np.int32), {"dtype": "int32"}, ("int32",)),
    Case("cast", {"x": SMALL}, lambda x: x.astype(bool), {"dtype": "bool"}, ("bool",)),
    Case("softmax", {"x": X}, torched(lambda x: x.softmax(1)), {"axis": 1}),
    Case("log_softmax", {"x": X}, torched(lambda x: x.log_softmax(-1))),
    *(Case(f"reduce_{name}", {"x": PLUS}, torched(call), {"axes": [1, -1], "keep_dims": True})
      for name, call in {
          "mean": lambda x: x.mean((1, 3), keepdim=True),
          "sum": lambda x: x.sum((1, 3), keepdim=True),
          "max": lambda x: x.amax((1, 3), keepdim=True),
          "min": lambda x: x.amin((1, 3), keepdim=True),
          "l1_norm": lambda x: x.abs().sum((1, 3), keepdim=True),
          "l2_norm": lambda x: (x * x).sum((1, 3), keepdim=True).sqrt(),
          "sum_square": lambda x: (x * x).sum((1, 3), keepdim=True),
          "log_sum": lambda x: x.sum((1, 3), keepdim=True).log(),
          "log_sum_exp": lambda x: x.logsumexp((1, 3), keepdim=True),
          "prod": lambda x: x.prod(3, keepdim=True).prod(1, keepdim=True),
      }.items()),
    Case("reduce_mean", {"x": X}, lambda x: np.asarray(x.mean(), np.float32)),
    Case("reduce_argmax", {"x": X}, lambda x: x.argmax(2).astype(np.int32), {"axis": 2},
         ("int32",)),
    Case("reduce_argmin", {"x": X}, lambda x: x.argmin(-1)[..., None].astype(np.int32),
         {"keep_dims": True}, ("int32",)),
    Case("reshape", {"x": X}, lambda x: x.reshape(2, 20, 6), {"shape": [2, -1, 6]}),
    Case("reshape", {"x": X}, lambda x: x.reshape(2, 4, 30), {"shape": [0, 4, -1]}, free=True),
    Case("flatten2d", {"x": X}, lambda x: x.reshape(8, 30), {"axis": 2}),
    Case("transpose", {"x": X}, lambda x: x.transpose(0, 2, 1, 3), {"perm": [0, -2, 1, -1]}),
    Case("expand_dims", {"x": X}, lambda x: x[None, ..., None], {"axes": [0, -1]}),
    Case("squeeze", {"x": X[:1, :1]}, lambda x: x[0, 0]),
    Case("squeeze", {"x": X[:1, :1]}, lambda x: x[:, 0], {"axes": [1, 2]}),
    Case("tile", {"x": X}, lambda x: np.tile(x, (1, 2, 1, 3)), {"reps": [1, 2, 1, 3]}),
    Case("pad", {"x": X}, torched(lambda x: F.pad(x, (3, 4, 1, 2), value=0.5)),
         {"pad": [1, 2, 3, 4], "constant_val": 0.5}),
    Case("pad", {"x": X}, torched(lambda x: F.pad(x, (3, 4, 1, 2), mode="reflect")),
         {"pad": [1, 2, 3, 4], "mode": "reflect"}),
    Case("pad", {"x": X}, torched(lambda x: F.pad(x, (3, 4, 1, 2), mode="replicate")),
         {"pad": [1, 2, 3, 4], "mode": "replicate"}),
    Case("pad", {"x": MATRIX, "pad": np.array([0, 1, 2, 0, 3, 0], np.int32)},
         lambda x, pad: np.pad(x, pad.reshape(3, 2)), {"mode": "constant"}),
    Case("slice_by_index", {"x": X}, lambda x: x[:, 1:3, ::-1, -4:-1:2],
         {"begin": [0, 1, 0, -4], "end": [0, 3, 0, -1], "stride": [1, 1, -1, 2],
          "begin_mask": [True, False, True, False], "end_mask": [True, False, True, False]}),
    Case("slice_by_index", {"x": X}, lambda x: x[:, -1, :, 2],
         {"begin": [0, -1, 0, 2], "end": [2, 0, 5, 0],
          "squeeze_mask": [False, True, False, True]}),
    Case("slice_by_index", {"x": X, "begin": np.array([0, -1, 1, 0], np.int32),
                            "end": np.array([2, 9, 4, 0], np.int32)},
         lambda x, *_: x[:, -1, 1:4],
         {"end_mask": [False, False, False, True], "squeeze_mask": [False, True, False, False]}),
    Case("slice_by_size", {"x": X}, lambda x: x[:, 1:, 2:4, -3:-1],
         {"begin": [0, 1, 2, -3], "size": [2, -1, 2, 2]}),
    Case("slice_by_size", {"x": X, "begin": np.array([0, 1, 2, 3], np.int32)},
         lambda x, _: x[:, 1:, 2:4, 3:5], {"size": [2, -1, 2, 2]}),
    Case("slice_update", {"x": X, "update": floats(2, 2, 5, 4)}, updated,
         {"begin": [0, 1, 0, 2], "end": [2, 3, 0, 0],
          "end_mask": [False, False, True, True]}),
    Case("crop", {"x": X}, lambda x: x[:, :, 1:-1, :-1],
         {"crop_height": [1, 1], "crop_width": [0, 1]}),
    Case("reverse", {"x": X}, lambda x: x[:, ::-1, :, ::-1], {"axes": [1, -1]}),
    Case("sliding_windows", {"x": X}, sliding, {"axis": -1, "size": 3, "stride": 2}),
    Case("pixel_shuffle", {"x": X}, torched(lambda x: F.pixel_shuffle(x, 2)),
         {"upscale_factor": 2}),
    Case("pixel_unshuffle", {"x": SQUARE}, torched(lambda x: F.pixel_unshuffle(x, 3)),
         {"downscale_factor": 3}),
    Case("depth_to_space", {"x": X},
         lambda x: x.reshape(2, 2, 2, 1, 5, 6).transpose(0, 3, 4, 1, 5, 2).reshape(2, 1, 10, 12),
         {"block_size": 2}),
    Case("space_to_depth", {"x": SQUARE},
         lambda x: x.reshape(1, 4, 3, 2, 3, 2).transpose(0, 3, 5, 1, 2, 4).reshape(1, 16, 3, 3),
         {"block_size": 2}),
    Case("space_to_batch", {"x": SQUARE},
         lambda x: np.concatenate([x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]),
         {"block_shape": [2, 2], "paddings": [[0, 0], [0, 0]]}),
    Case("shape", {"x": X}, lambda x: np.array(x.shape, np.int32), {}, ("int32",)),
    Case("fill", {}, lambda: np.full((2, 3), 0.5, np.float32), {"shape": [2, 3], "value": 0.5}),
    Case("gather", {"x": X}, lambda x: x[:, [[2, 0]]], {"indices": [[2, 0]], "axis": 1}),
    Case("gather", {"x": X, "indices": ints(4, 2, 3)},
         lambda x, i: np.stack([x[k][i[k]] for k in (0, 1)]), {"axis": 1, "batch_dims": 1}),
    Case("gather_along_axis", {"x": X, "indices": ints(5, 2, 4, 3, 6)},
         lambda x, i: np.take_along_axis(x, i, 2), {"axis": 2}),
    Case("gather_nd", {"x": X, "indices": np.array([[0, 1], [1, 3]], np.int32)},
         lambda x, _: np.stack([x[0, 1], x[1, 3]])),
    Case("scatter_nd", {"data": X, "indices": np.array([[1], [0]], np.int32), "updates": Y},
         lambda *_: Y[::-1], {"mode": "update"}),
    Case("scatter_along_axis", {"data": X, "indices": np.full((2, 4, 1, 6), 3, np.int32),
                                "updates": Y[:, :, :1]},
         lambda *_: np.concatenate([X[:, :, :3], X[:, :, 3:4] + Y[:, :, :1], X[:, :, 4:]], 2),
         {"axis": 2, "mode": "add"}),
    Case("cumsum", {"x": X}, lambda x: np.cumsum(x[..., ::-1], -1)[..., ::-1],
         {"axis": -1, "reverse": True}),
    Case("one_hot", {"indices": SMALL}, lambda i: np.eye(5, dtype=np.float32)[i],
         {"one_hot_vector_size": 5, "on_value": 1.0, "off_value": 0.0}),
    Case("band_part", {"x": MATRIX}, torched(lambda x: x.triu(-1)), {"lower": 1, "upper": -1}),
    Case("argsort", {"x": X}, lambda x: np.argsort(-x, -1).astype(np.int32), {}, ("int32",)),
    Case("matmul", {"x": MATRIX, "y": floats(3, 4, 6)},
         lambda x, y: x.swapaxes(1, 2) @ y.swapaxes(1, 2),
         {"transpose_x": True, "transpose_y": True}),
    Case("linear", {"x": MATRIX}, torched(lambda x: F.linear(
        x, torch.from_numpy(MATRIX[0, :4].copy()), torch.from_numpy(ONE))),
         {"weight": MATRIX[0, :4], "bias": ONE}),
    Case("scaled_dot_product_attention", {"query": QUERY, "key": KEY, "value": VALUE},
         torched(F.scaled_dot_product_attention)),
    Case("scaled_dot_product_attention",
         {"query": QUERY, "key": KEY, "value": VALUE, "attn_mask": floats(5, 7)},
         torched(F.scaled_dot_product_attention)),
    Case("scaled_dot_product_attention",
         {"query": QUERY, "key": KEY, "value": VALUE, "attn_mask": floats(5, 7) > -1},
         torched(F.scaled_dot_product_attention)),
    Case("conv", {"x": X}, torched(lambda x: F.conv2d(
        x, torch.from_numpy(W), torch.from_numpy(W[:, 0, 0, 0].copy()), (2, 1), (1, 2), (1, 2), 2)),
         {"weight": W, "bias": W[:, 0, 0, 0], "strides": [2, 1], "dilations": [1, 2],
          "pad_type": "custom", "pad": [1, 1, 2, 2], "groups": 2}),
    Case("conv", {"x": BIG}, torched(lambda x: same_padded(x, torch.from_numpy(W))),
         {"weight": W, "strides": [2, 2], "pad_type": "same"}),
    Case("conv", {"x": BIG}, torched(lambda x: F.conv2d(F.pad(x, (1, 0, 1, 1)),
                                                         torch.from_numpy(W), stride=2)),
         {"weight": W, "strides": [2, 2], "pad_type": "same_lower"}),
    Case("batch_norm", {"x": X}, torched(lambda x: F.batch_norm(
        x, torch.from_numpy(ONE), torch.from_numpy(ONE**2))), {"mean": ONE, "variance": ONE**2}),
    Case("instance_norm", {"x": X}, torched(lambda x: F.instance_norm(x, eps=1e-3)),
         {"epsilon": 1e-3}),
    Case("layer_norm", {"x": X}, torched(lambda x: F.layer_norm(x, (5, 6))), {"axes": [2, -1]}),
    Case("layer_norm", {"x": X}, torched(lambda x: F.layer_norm(
        x.movedim(1, -1), (4,), torch.from_numpy(ONE), torch.from_numpy(ONE)).movedim(-1, 1)),
         {"axes": [1], "gamma": ONE, "beta": ONE, "epsilon": 1e-5}),
    Case("l2_norm", {"x": X}, l2_normalised),
    Case("local_response_norm", {"x": X}, torched(lambda x: F.local_response_norm(x, 3)),
         {"size": 3}),
    Case("einsum", {}, lambda: np.einsum("nchw,nwhu->nchu", X, floats(2, 6, 5, 3) * 0 + 1),
         {"values": [X, np.ones((2, 6, 5, 3), np.float32)], "equation": "nchw,nwhu->nchu"}),
    Case("concat", {}, lambda: np.concatenate([X, Y], 1), {"values": [X, Y], "axis": 1}),
    Case("concat", {}, lambda: np.stack([X, Y], 2).reshape(2, 8, 5, 6),
         {"values": [X, Y], "axis": 1, "interleave": True}),
    Case("stack", {}, lambda: np.stack([X, Y], -1), {"values": [X, Y], "axis": -1}),
    Case("range_1d", {}, lambda: np.arange(2, 9, 3, dtype=np.int32),
         {"start": 2, "end": 9, "step": 3}, ("int32",)),
    *(Case("avg_pool", {"x": BIG}, torched(lambda x, kw=kw: F.avg_pool2d(x, 3, **kw)),
           {"kernel_sizes": [3, 3], "strides": [2, 2], "pad_type": "custom", "pad": [1, 1, 1, 1],
            "ceil_mode": ceil, "exclude_padding_from_average": exclude})
      for ceil in (False, True) for exclude in (False, True)
      for kw in [{"stride": 2, "padding": 1, "ceil_mode": ceil,
                  "count_include_pad": not exclude}]),
    *(Case("max_pool", {"x": BIG}, torched(lambda x, ceil=ceil: F.max_pool2d(
        x, (2, 3), 3, (1, 1), ceil_mode=ceil)),
           {"kernel_sizes": [2, 3], "strides": [3, 3], "pad_type": "custom", "pad": [1, 1, 1, 1],
            "ceil_mode": ceil}) for ceil in (False, True)),
    Case("max_pool", {"x": BIG}, torched(lambda x: F.max_pool2d(
        F.pad(x, (0, 1, 1, 1), value=-9), 3, 2)),
         {"kernel_sizes": [3, 3], "strides": [2, 2], "pad_type": "same"}),
    Case("l2_pool", {"x": BIG}, torched(lambda x: F.lp_pool2d(x, 2, 2)),
         {"kernel_sizes": [2, 2], "strides": [2, 2], "pad_type": "valid"}),
    Case("quantize", {"input": X}, lambda x: np.clip(np.round(x / 0.02) + 3, -128, 127).astype(
        np.int8), {"scale": 0.02, "zero_point": np.int8(3), "output_dtype": "int8"}, ("int8",)),
    Case("dequantize", {"input": SIGNED.astype(np.int8)}, lambda x: (x - 3.0) * 0.5,
         {"scale": 0.5, "zero_point": np.int8(3)}),
]  # fmt: skip
