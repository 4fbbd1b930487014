"""The lengths behind a neural network's layers: PyTorch says what pooling and padding leave."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from halfpixel.checking.check import check
from halfpixel.sampling import ConvTranspose
from halfpixel.site import Operation

torch = pytest.importorskip("torch", reason="PyTorch says what the layers leave")
F = torch.nn.functional
tools = pytest.importorskip("coremltools", reason="it writes the layers")

Fill = Callable[[Any], object]


def upsampled(folder: Path, fill: Fill, made: str = "y") -> Operation:
    """Return the upsample by 2 behind layers, on an image of 2 x 11 x 14."""
    operation: Operation = _written(folder, fill, made, "up").operation
    return operation


def _written(folder: Path, fill: Fill, made: str, name: str, mode: str = "NN") -> Any:  # noqa: ANN401
    from coremltools.models import datatypes
    from coremltools.models.neural_network import NeuralNetworkBuilder

    image = [("x", datatypes.Array(2, 11, 14))]
    builder = NeuralNetworkBuilder(image, [("z", None)])
    fill(builder)
    builder.add_upsample(name, 2, 2, made, "z", mode)
    path = folder / "network.mlmodel"
    tools.models.utils.save_spec(builder.spec, str(path))
    (site,) = check(path).sites
    return site


X = torch.zeros(1, 2, 11, 14)
POOLS: list[tuple[str, dict[str, Any], Any]] = [
    ("valid", {"padding_type": "VALID"}, F.max_pool2d(X, 3, 2)),
    (
        "padded",
        {"padding_type": "VALID", "padding_top": 1, "padding_bottom": 1, "padding_left": 1,
         "padding_right": 1},
        F.max_pool2d(X, 3, 2, padding=1),
    ),
    ("last", {"padding_type": "INCLUDE_LAST_PIXEL"}, F.max_pool2d(X, 3, 2, ceil_mode=True)),
    (
        "last padded",
        {"padding_type": "INCLUDE_LAST_PIXEL", "padding_top": 1, "padding_bottom": 1,
         "padding_left": 1, "padding_right": 1},
        F.max_pool2d(X, 3, 2, padding=1, ceil_mode=True),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "want"), [pytest.param(g, tuple(w.shape), id=n) for n, g, w in POOLS]
)
def test_pooling(tmp_path: Path, given: dict[str, Any], want: tuple[int, ...]) -> None:
    def fill(builder: Any) -> None:  # noqa: ANN401 - no types
        builder.add_pooling("p", 3, 3, 2, 2, "MAX", input_name="x", output_name="y", **given)

    assert upsampled(tmp_path, fill).input_shape == want


LAYERS: list[tuple[str, Fill, tuple[int, ...]]] = [
    (
        "padding",
        lambda b: b.add_padding("p", 1, 2, 3, 4, input_name="x", output_name="y"),
        (1, 2, 18, 17),
    ),
    ("crop", lambda b: b.add_crop("c", 1, 2, 3, 4, [0, 0], ["x"], "y"), (1, 2, 4, 11)),
    ("permute", lambda b: b.add_permute("p", [0, 1, 3, 2], "x", "y"), (1, 2, 14, 11)),
    ("reshape", lambda b: b.add_reshape("r", "x", "y", [4, 7, 11], 0), (1, 4, 7, 11)),
]


@pytest.mark.parametrize(("fill", "want"), [pytest.param(f, w, id=n) for n, f, w in LAYERS])
def test_layers_that_move_pixels(tmp_path: Path, fill: Fill, want: tuple[int, ...]) -> None:
    assert upsampled(tmp_path, fill).input_shape == want


NAMES = [("up/ResizeBilinear:0", "note"), ("up_sampling2d_1", "warning"), ("up", "warning")]


@pytest.mark.parametrize(("name", "severity"), NAMES)
def test_a_name_tells_what_the_default_mode_was(tmp_path: Path, name: str, severity: str) -> None:
    """A tensor's name is tf-coreml's, which is of TensorFlow 1; Keras runs on either."""

    def fill(builder: Any) -> None:  # noqa: ANN401 - no types
        builder.add_activation("a", "RELU", "x", "y")

    _written(tmp_path, fill, "y", name, "BILINEAR")
    (found,) = check(tmp_path / "network.mlmodel").findings
    assert (found.finding.severity, found.rule.name) == (severity, "coreml-default-mode")
    assert ("half_pixel_centers" in found.finding.message) == ("up_sampling" in name)


FIXED = [((22, 28), (1, 1, 1, 1), ""), ((23, 28), (1, 1, 1, 1), "cut"), ((24, 30), (), "")]


@pytest.mark.parametrize(("outs", "pads", "doubt"), FIXED)
def test_fixed_lengths_cut_nothing_where_they_are_the_natural_ones(
    tmp_path: Path, outs: tuple[int, int], pads: tuple[int, ...], doubt: str
) -> None:
    import coreml_programs as programs

    weight = torch.zeros(2, 3, 4, 4).numpy()
    given = {"pad_type": "custom", "pad": pads} if pads else {"pad_type": "valid"}
    shape = (1, 3, *outs)
    op = programs.Op(
        "conv_transpose",
        {"x": "%x", "weight": weight, "strides": (2, 2), "output_shape": shape, **given},
        [("y", "float32", shape)],
    )
    path = programs.package(tmp_path / "m.mlpackage", {"x": ("float32", (1, 2, 11, 14))}, [op], "y")
    (site,) = check(path).sites
    assert doubt in site.operation.doubt
    assert bool(site.operation.doubt) == bool(doubt)


SAME = [((2, 2), "stride=(2, 2)"), ((4, 4), "padding=(1, 1)")]


@pytest.mark.parametrize(("kernel", "words"), SAME)
def test_same_padding_is_a_call_of_pytorch(
    tmp_path: Path, kernel: tuple[int, int], words: str
) -> None:
    import coreml_programs as programs

    op = programs.Op(
        "conv_transpose",
        {"x": "%x", "weight": torch.zeros(2, 3, *kernel).numpy(), "strides": (2, 2),
         "pad_type": "same"},
        [("y", "float32", (1, 3, 22, 28))],
    )  # fmt: skip
    path = programs.package(tmp_path / "m.mlpackage", {"x": ("float32", (1, 2, 11, 14))}, [op], "y")
    (site,) = check(path).sites
    assert site.torch_call is not None
    assert words in site.torch_call
    assert isinstance(site.operator, ConvTranspose)
    assert site.operator.output_length(0, 11) == 22
