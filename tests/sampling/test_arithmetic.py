"""The simulated index arithmetic is that of the runtimes themselves."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import TensorProto, helper, numpy_helper

from halfpixel.sampling.arithmetic import (
    onnxruntime_nearest,
    output_length_float32,
    pytorch_nearest,
)
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.kernel import Rounding
from oracles import by_onnxruntime

PAIRS = [
    (224, 32), (448, 64), (14, 2), (28, 4), (56, 8), (112, 16), (480, 32), (1080, 72), (30, 2),
    (13, 1), (15, 1), (7, 1), (100, 82), (5, 3), (3, 5), (7, 10), (41, 17), (2, 82), (6, 6),
    (20, 6), (28, 114), (30, 9), (9, 3), (64, 128), (33, 65), (50, 29),
]  # fmt: skip


def torch_pixels(n_in: int, n_out: int, mode: str) -> tuple[int, ...]:
    x = torch.arange(float(n_in)).reshape(1, 1, n_in)
    y = F.interpolate(x, size=n_out, mode=mode)
    return tuple(int(v) for v in y.ravel().tolist())


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_pytorch(pair: tuple[int, int]) -> None:
    assert pytorch_nearest(*pair) == torch_pixels(*pair, "nearest")
    assert pytorch_nearest(*pair, exact=True) == torch_pixels(*pair, "nearest-exact")


def ort_pixels(
    coordinate: Coordinate, rounding: Rounding, n_in: int, n_out: int
) -> tuple[int, ...]:
    node = helper.make_node(
        "Resize", ["x", "", "", "sizes"], ["y"], mode="nearest",
        coordinate_transformation_mode=coordinate, nearest_mode=rounding,
    )  # fmt: skip
    sizes = numpy_helper.from_array(np.array([1, 1, 1, n_out], np.int64), "sizes")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 1, n_in])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", [x], [y], [sizes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    image = np.arange(n_in, dtype=np.float32).reshape(1, 1, 1, n_in)
    return tuple(int(v) for v in by_onnxruntime(model, {"x": image}).ravel())


COORDINATES: list[Coordinate] = ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners"]
ROUNDINGS: list[Rounding] = ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]


@pytest.mark.parametrize(("coordinate", "rounding"), list(product(COORDINATES, ROUNDINGS)))
def test_onnxruntime(coordinate: Coordinate, rounding: Rounding) -> None:
    for pair in PAIRS:
        simulated = onnxruntime_nearest(coordinate, rounding, *pair)
        assert simulated == ort_pixels(coordinate, rounding, *pair), pair


def test_whole_downscales_are_safe_with_round_prefer_floor() -> None:
    for factor, n_out in product(range(2, 65), (1, 2, 4, 7, 16, 31)):
        found = onnxruntime_nearest("asymmetric", "round_prefer_floor", factor * n_out, n_out)
        assert found == tuple(factor * i for i in range(n_out))


def test_output_lengths_are_products_in_float32() -> None:
    for n, scale in product(range(1, 200), (0.29, 0.57, 0.58, 1.05, 2.6)):
        assert output_length_float32(n, scale) == int(np.float32(n) * np.float32(scale))
