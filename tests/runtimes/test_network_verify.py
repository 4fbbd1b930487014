"""Verify for neural networks of Core ML as a whole: lowered to ONNX, beside PyTorch."""

import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that calls are written with

from coreml_networks import MODELS, run
from halfpixel.checking.check import opened
from halfpixel.fixing.fix import fix
from halfpixel.runtime import RunSettings, Side, runtime_of
from halfpixel.verifying.verify import verify

tools = pytest.importorskip("coremltools", reason="it writes the networks")


class Network(nn.Module):
    """A decoder: convolutions, norms, pools, and three kinds of resize."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.norm = nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8)
        self.deep, self.slope = nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.PReLU(8)
        self.up, self.head = nn.ConvTranspose2d(8, 6, 4, 2, 1), nn.Linear(6, 5)
        assert self.norm.running_mean is not None
        assert self.norm.running_var is not None
        self.norm.running_mean.normal_()
        self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = F.leaky_relu(self.norm(self.first(x)), 0.1)
        z = torch.cat([self.slope(self.deep(y)) + y, y], 1)[:, 2:10]
        z = F.max_pool2d(z, 3, 2, 1)
        z = F.interpolate(z, size=y.shape[2:], mode="bilinear", align_corners=False)
        z = F.hardswish(self.up(torch.sigmoid(F.interpolate(z, scale_factor=2)) * 2))
        image = F.avg_pool2d(F.pad(z, (1, 2, 0, 1), mode="reflect"), 2)
        return image, F.softmax(self.head(image.mean((2, 3))), -1)


def written(path: Path, network: nn.Module, x: Tensor, kind: object, names: list[str]) -> None:
    """Write a network of PyTorch as a neural network of Core ML."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced: Any = torch.jit.trace(network, x)  # type: ignore[no-untyped-call]
        outputs = [tools.TensorType(name) for name in names]
        made = tools.convert(traced, inputs=[kind], outputs=outputs, convert_to="neuralnetwork")
    path.write_bytes(made.get_spec().SerializeToString())


def converted(folder: Path) -> tuple[Path, Path]:
    """Write the network, and a recording of PyTorch's inputs and outputs."""
    network, x = Network().eval(), torch.randn(1, 3, 32, 40)
    path, recorded = folder / "network.mlmodel", folder / "torch.npz"
    written(path, network, x, tools.TensorType("x", x.shape), ["image", "label"])
    image, label = (out.detach().numpy() for out in network(x))
    np.savez(recorded, x=x.numpy(), image=image, label=label)
    return path, recorded


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return converted(tmp_path_factory.mktemp("network"))


def test_a_network_agrees_with_pytorch(pair: tuple[Path, Path]) -> None:
    network, recorded = pair
    found = verify(str(network), str(recorded))
    assert found.equal
    assert found.compared


def test_a_network_agrees_with_itself_value_by_value(pair: tuple[Path, Path]) -> None:
    network, _ = pair
    side = Side(str(network), "cpu")
    running = runtime_of(side).started(side, RunSettings())
    assert "image" in running.values
    assert "(lowered to ONNX)" in running.name
    found = verify(str(network), str(network))
    assert found.equal


def test_a_resize_that_was_moved_is_found_and_named(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    network, recorded = pair
    from coremltools.proto import Model_pb2

    spec = cast("Any", Model_pb2).Model.FromString(network.read_bytes())
    moved = [one for one in spec.neuralNetwork.layers if one.WhichOneof("layer") == "upsample"]
    smooth = next(one for one in moved if one.upsample.mode)
    smooth.upsample.linearUpsampleMode = 1
    other = tmp_path / "moved.mlmodel"
    other.write_bytes(spec.SerializeToString())
    assert not verify(str(other), str(recorded)).equal
    told = run(other, network)
    assert told.exit_code == 1
    assert smooth.name in told.output
    assert {site.name for site in opened(str(other)).sites} >= {smooth.name}


def test_an_image_is_prepared_as_the_network_says(tmp_path: Path) -> None:
    network, x = nn.Sequential(nn.Conv2d(3, 4, 3)).eval(), torch.rand(1, 3, 9, 8) * 255
    kind = tools.ImageType("x", x.shape, scale=1 / 127.5, bias=[-1.0, -0.5, -0.25],
                           color_layout="BGR")  # fmt: skip
    path, recorded = tmp_path / "network.mlmodel", tmp_path / "torch.npz"
    written(path, network, x, kind, ["y"])
    bias = torch.tensor([-1.0, -0.5, -0.25]).reshape(3, 1, 1)
    np.savez(recorded, x=x.numpy(), y=network(x / 127.5 + bias).detach().numpy())
    assert verify(str(path), str(recorded)).equal


def test_the_converters_own_loss_is_found_and_repaired(tmp_path: Path) -> None:
    recorded = MODELS / "coreml/architectures/fpn.npz"
    network = MODELS / "coreml/architectures/fpn-network.mlmodel"
    assert not verify(str(network), str(recorded)).equal  # nearest by a fraction became bilinear
    repaired = tmp_path / "fixed.mlmodel"
    fix(network, expect=["mode=nearest"]).save(repaired)
    assert verify(str(repaired), str(recorded)).equal


def test_an_architecture_agrees_with_pytorch() -> None:
    found = verify(
        str(MODELS / "coreml/architectures/deeplabv3-network.mlmodel"),
        str(MODELS / "coreml/architectures/deeplabv3.npz"),
    )
    assert found.equal
    assert found.compared
