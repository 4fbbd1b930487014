"""The simulated index arithmetic is that of the runtimes themselves."""

import random
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from onnx import TensorProto, helper, numpy_helper

from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.kernel import Rounding
from halfpixel.sampling.nearest import onnxruntime_nearest, pytorch_nearest
from oracles import by_onnxruntime

PAIRS = [
    (224, 32), (448, 64), (14, 2), (28, 4), (56, 8), (112, 16), (480, 32), (1080, 72), (30, 2),
    (13, 1), (15, 1), (7, 1), (100, 82), (5, 3), (3, 5), (7, 10), (41, 17), (2, 82), (6, 6),
    (20, 6), (28, 114), (30, 9), (9, 3), (64, 128), (33, 65), (50, 29), (90, 7), (91, 13),
    (105, 15), (195, 13), (7, 49), (13, 169), (15, 225), (30, 900), (1, 7), (26, 2), (60, 4),
]  # fmt: skip


def torch_pixels(n_in: int, n_out: int, mode: str) -> tuple[int, ...]:
    x = torch.arange(float(n_in)).reshape(1, 1, n_in)
    y = F.interpolate(x, size=n_out, mode=mode)
    return tuple(int(v) for v in y.ravel().tolist())


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_pytorch(pair: tuple[int, int]) -> None:
    assert pytorch_nearest(*pair) == torch_pixels(*pair, "nearest")
    assert pytorch_nearest(*pair, exact=True) == torch_pixels(*pair, "nearest-exact")


FACTORS = [1 / 3, 0.3, 0.6, 1.05, 1.7, 5 / 3, 10 / 7, 2.1, 1 / 7, 1 / 14, 1 / 30]


@pytest.mark.parametrize("exact", [False, True])
def test_pytorch_by_a_factor(*, exact: bool) -> None:
    mode = "nearest-exact" if exact else "nearest"
    for n_in, factor in product((7, 13, 28, 30, 100, 224), FACTORS):
        x = torch.arange(float(n_in)).reshape(1, 1, n_in)
        if int(n_in * factor):
            read = F.interpolate(x, scale_factor=factor, mode=mode).ravel().tolist()
            assert pytorch_nearest(n_in, len(read), factor, exact=exact) == tuple(read)


def test_random_lengths() -> None:
    choose = random.Random(0)  # noqa: S311 - a repeatable choice
    for _ in range(400):
        pair = choose.randint(1, 500), choose.randint(1, 500)
        assert pytorch_nearest(*pair) == torch_pixels(*pair, "nearest")
        assert pytorch_nearest(*pair, exact=True) == torch_pixels(*pair, "nearest-exact")
        coordinate, rounding = choose.choice(COORDINATES), choose.choice(ROUNDINGS)
        simulated = onnxruntime_nearest(coordinate, rounding, *pair)
        assert simulated == ort_pixels(coordinate, rounding, *pair), (coordinate, rounding, pair)


def ort_pixels(
    coordinate: Coordinate, rounding: Rounding, n_in: int, n_out: int, scale: float | None = None
) -> tuple[int, ...]:
    names = ["x", "", "", "given"] if scale is None else ["x", "", "given"]
    node = helper.make_node(
        "Resize", names, ["y"], mode="nearest",
        coordinate_transformation_mode=coordinate, nearest_mode=rounding,
    )  # fmt: skip
    lengths, factors = np.array([1, 1, 1, n_out]), np.array([1, 1, 1, scale or 0], np.float32)
    sizes = numpy_helper.from_array(lengths if scale is None else factors, "given")
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


@pytest.mark.parametrize(("coordinate", "rounding"), list(product(COORDINATES, ROUNDINGS)))
def test_onnxruntime_by_a_scale(coordinate: Coordinate, rounding: Rounding) -> None:
    for n_in, scale in product((7, 13, 30, 100), FACTORS):
        n_out = output_length_float32(n_in, scale)
        if n_out and n_out != n_in:  # where no length changes it copies, whatever the scale
            simulated = onnxruntime_nearest(coordinate, rounding, n_in, n_out, scale)
            read = ort_pixels(coordinate, rounding, n_in, n_out, scale)
            assert simulated == read, (n_in, scale)


def test_whole_downscales_are_safe_with_round_prefer_floor() -> None:
    for factor, n_out in product(range(2, 65), (1, 2, 4, 7, 16, 31)):
        found = onnxruntime_nearest("asymmetric", "round_prefer_floor", factor * n_out, n_out)
        assert found == tuple(factor * i for i in range(n_out))


def test_output_lengths_are_products_in_float32() -> None:
    for n, scale in product(range(1, 200), (0.29, 0.57, 0.58, 1.05, 2.6)):
        assert output_length_float32(n, scale) == int(np.float32(n) * np.float32(scale))
