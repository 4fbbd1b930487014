"""Each layer of a neural network, lowered to ONNX, beside PyTorch and numpy."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from halfpixel.errors import GraphError
from halfpixel.formats.coreml.model import opened
from halfpixel.runtimes.network_as_onnx.network import lowered
from network_cases import LAYERS, OLD, PAIRS, SHAPE, Add, act, conv


def built(  # noqa: PLR0913 - one keyword a property of the network
    folder: Path,
    add: Add,
    shapes: tuple[tuple[int, ...], ...] = (SHAPE,),
    outputs: int = 1,
    *,
    exact: bool = True,
    declared: tuple[int, ...] = (),
    double: bool = False,
) -> Path:
    """Write a network of one layer, or of what `add` adds, from x0, x1 ... to y0, y1 ..."""
    from coremltools.models import datatypes
    from coremltools.models.neural_network import NeuralNetworkBuilder

    inputs = [(f"x{k}", datatypes.Array(*shape)) for k, shape in enumerate(shapes)]
    ends = [(f"y{k}", datatypes.Array(*declared) if declared else None) for k in range(outputs)]
    builder = NeuralNetworkBuilder(
        inputs, ends, disable_rank5_shape_mapping=exact, use_float_arraytype=not double
    )
    add(builder)
    path = folder / "network.mlmodel"
    path.write_bytes(cast("Any", builder).spec.SerializeToString())
    return path


def run(path: Path, *arrays: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    model = opened(path)
    network = model.contents.network
    assert network is not None
    data = lowered(model, network).SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    feeds = {f"x{k}": array for k, array in enumerate(arrays)}
    return cast("list[NDArray[np.float32]]", session.run(None, feeds))


def drawn(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_computes_what_pytorch_does(name: str, tmp_path: Path) -> None:
    add, oracle = LAYERS[name]
    x = drawn(*SHAPE)
    (found,) = run(built(tmp_path, add), x)
    wanted = oracle(torch.from_numpy(x)).numpy()
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_a_layer_of_two_inputs(name: str, tmp_path: Path) -> None:
    add, oracle = PAIRS[name]
    x, y = drawn(*SHAPE), drawn(*SHAPE)[::-1].copy()
    (found,) = run(built(tmp_path, add, (SHAPE, SHAPE)), x, y)
    wanted = oracle(torch.from_numpy(x), torch.from_numpy(y)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6)


def test_a_split_has_several_outputs(tmp_path: Path) -> None:
    x = drawn(*SHAPE)
    path = built(tmp_path, lambda b: b.add_split_nd("l", "x0", ["y0", "y1"], axis=-2,
                                                    split_sizes=[2, 4]), outputs=2)  # fmt: skip
    first, second = run(path, x)
    np.testing.assert_array_equal(first, x[:, :, :2])
    np.testing.assert_array_equal(second, x[:, :, 2:])


@pytest.mark.parametrize("name", OLD)
def test_an_array_of_three_axes_is_one_image(name: str, tmp_path: Path) -> None:
    add, oracle = OLD[name]
    x = drawn(4, 6, 5)
    wanted = oracle(torch.from_numpy(x)).numpy()
    path = built(tmp_path, add, ((4, 6, 5),), exact=False, declared=wanted.shape)
    (found,) = run(path, x)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("bits", [8, 5, 4])
@pytest.mark.parametrize("mode", ["linear", "linear_lut"])
def test_quantised_weights_are_what_their_scale_or_table_says(
    bits: int, mode: str, tmp_path: Path
) -> None:
    from coremltools.models import MLModel
    from coremltools.models.neural_network.quantization_utils import quantize_weights

    plain = built(tmp_path, conv())
    model = MLModel(str(plain), skip_model_load=True)
    quantised = tmp_path / "quantised.mlmodel"
    made = cast("Any", quantize_weights(model, bits, mode))
    spec = made if not hasattr(made, "get_spec") else made.get_spec()
    quantised.write_bytes(spec.SerializeToString())
    x = drawn(*SHAPE)
    (exact,), (found,) = run(plain, x), run(quantised, x)
    assert np.abs(found - exact).max() <= np.abs(exact).max() * 2.0 ** (1 - bits)
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.99


REFUSED: dict[str, tuple[Add, str]] = {
    "an embedding": (
        lambda b: b.add_embedding("l", np.ones((3, 4)), None, 4, 3, has_bias=False,
                                  input_name="x0", output_name="y0"),
        "layer embedding is not lowered to ONNX; verification goes site by site",
    ),
    "a custom layer": (
        lambda b: b.add_custom("l", ["x0"], ["y0"]),
        "layer custom is not lowered to ONNX; verification goes site by site",
    ),
    "a value that nothing makes": (
        lambda b: b.add_activation("l", "RELU", "z", "y0"),
        "it reads 'z', which nothing makes before",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_told_with_its_layer(name: str, tmp_path: Path) -> None:
    add, reason = REFUSED[name]
    with pytest.raises(GraphError, match=r"layer|reads") as told:
        run(built(tmp_path, add), drawn(*SHAPE))
    assert told.value.node == "l"
    assert told.value.reason == reason


def test_doubles_are_computed_as_floats(tmp_path: Path) -> None:
    x = drawn(*SHAPE)
    path = built(tmp_path, act("TANH"), double=True)
    (found,) = run(path, cast("NDArray[np.float32]", x.astype(np.float64)))
    np.testing.assert_allclose(found, np.tanh(x), rtol=1e-5, atol=1e-6)
