"""The node at which a model parts from a PyTorch module, by the calls that the module makes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import GraphProto, ModelProto, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from halfpixel.verifying.result import Verification
from halfpixel.verifying.verify import verify

pytestmark = pytest.mark.filterwarnings("ignore")


class Block(nn.Module):
    """A convolution, its normalisation, and an activation."""

    def __init__(self, taken: int) -> None:
        """Make them."""
        super().__init__()
        self.conv = nn.Conv2d(taken, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.act = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        """Run them."""
        made: Tensor = self.act(self.norm(self.conv(x)))
        return made


class Net(nn.Module):
    """Two branches that are enlarged, each in its way, and joined."""

    def __init__(self) -> None:
        """Make the blocks."""
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.third = Block(3), Block(4), Block(8)
        self.head = nn.Conv2d(4, 2, 1)
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Run the network."""
        a = self.first(x)
        b = self.second(functional.max_pool2d(a, 2))
        up = functional.interpolate(b, scale_factor=2.0, mode="bilinear")
        near = functional.interpolate(functional.avg_pool2d(a, 2), size=(16, 24), mode="nearest")
        made: Tensor = self.head(self.third(torch.cat([up, near], 1)))
        return functional.interpolate(made, size=(20, 24), mode="bicubic", align_corners=True)


@pytest.fixture(scope="module", params=[True, False], ids=["dynamo", "torchscript"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the network as either exporter writes it."""
    x = torch.rand(1, 3, 16, 24)
    if request.param:
        program = torch.onnx.export(Net(), (x,), dynamo=True, verbose=False)
        assert program is not None
        return program.model_proto.SerializeToString()
    path = tmp_path_factory.mktemp("exported") / "net.onnx"
    torch.onnx.export(Net(), (x,), path, dynamo=False, opset_version=17)
    return path.read_bytes()


def of(graph: GraphProto, op: str, place: int) -> onnx.NodeProto:
    return [node for node in graph.node if node.op_type == op][place]


def attribute(graph: GraphProto, place: int, name: str, text: bytes) -> None:
    """Have a resize of a graph say something else."""
    (found,) = [one for one in of(graph, "Resize", place).attribute if one.name == name]
    found.s = text


def weight(graph: GraphProto, place: int) -> None:
    """Change a weight of a convolution."""
    name = of(graph, "Conv", place).input[1]
    for tensor in graph.initializer:
        if tensor.name == name:
            array = numpy_helper.to_array(tensor).copy()
            array[0, 0] += 0.5
            tensor.CopyFrom(numpy_helper.from_array(array, name))


def swap(graph: GraphProto) -> None:
    """Have the first resize stand where it is read, after the second."""
    nodes = list(graph.node)
    first = of(graph, "Resize", 0)
    nodes.remove(first)
    place = next(k for k, node in enumerate(nodes) if first.output[0] in node.input)
    nodes.insert(place, first)
    del graph.node[:]
    graph.node.extend(nodes)


def unchanged(graph: GraphProto) -> None:
    """Change nothing."""
    assert graph.node


def against_module(data: bytes, change: Callable[[GraphProto], None]) -> Verification:
    model = ModelProto.FromString(data)
    change(model.graph)
    return verify(model, Net())


def test_what_was_exported_is_equal_in_any_order(exported: bytes) -> None:
    assert against_module(exported, unchanged).equal
    assert against_module(exported, swap).equal


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("place", "name", "text"),
    [
        (0, "coordinate_transformation_mode", b"align_corners"),
        (1, "nearest_mode", b"ceil"),
        (2, "coordinate_transformation_mode", b"half_pixel"),
    ],
)
def test_a_resize_is_named_in_any_order(
    exported: bytes, place: int, name: str, text: bytes, *, swapped: bool
) -> None:
    before = of(ModelProto.FromString(exported).graph, "Resize", place)

    def change(graph: GraphProto) -> None:
        attribute(graph, place, name, text)
        if swapped:
            swap(graph)

    found = against_module(exported, change)
    assert found.first is not None
    assert (found.first.node, found.first.introduced is None) == (before.name, False)
    kernel = ("bilinear", "nearest", "bicubic")[place]
    assert kernel in found.first.against


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_convolution_is_named_or_among_those_named(exported: bytes, place: int) -> None:
    name = of(ModelProto.FromString(exported).graph, "Conv", place).name
    found = against_module(exported, lambda graph: weight(graph, place))
    assert found.verdict == "different"
    assert found.first is not None
    named = [found.first.node, *found.first.among]
    assert any(one.startswith(name) for one in named), named
    assert "Resize" not in str(named)
    assert (found.first.introduced is None) == bool(found.first.among)


class Plain(nn.Module):
    """A network that no exporter's names help with."""

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge."""
        return functional.interpolate(torch.sin(x), size=(9, 9), mode="bilinear")


def test_where_nothing_is_named_the_calls_were_tried() -> None:
    from resize_pairs import IMAGE, SIZES, built, resize

    wrong = onnx.helper.make_node("Cos", ["x"], ["s"], "wave")
    model = built([wrong, resize("half_pixel", "s", "y")], {"x": IMAGE}, ["y"], SIZES)
    found = verify(model, Plain(), None)
    assert found.first is not None  # which only passes it on
    assert found.first.introduced is None
    assert np.isfinite(found.first.observed.max_abs)


def test_an_exported_program_is_its_own_record(exported: bytes, tmp_path: Path) -> None:
    program = torch.export.export(Net(), (torch.rand(1, 3, 16, 24),))
    path = tmp_path / "net.pt2"
    torch.export.save(program, path)
    model = ModelProto.FromString(exported)
    weight(model.graph, 3)
    found = verify(model, str(path))
    assert found.first is not None
    assert found.first.node == of(model.graph, "Conv", 3).name
    assert found.first.introduced is not None
