"""The descriptions of PyTorch's calls give what PyTorch computes."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name

from halfpixel.conventions.torch.interpolate import Interpolate, from_arguments
from halfpixel.sampling import AffineGrid, ConvTranspose, GridSample
from halfpixel.sampling.grid import GridMode, Padding

LENGTHS = (1, 2, 3, 4, 5, 7, 8, 10, 13, 16)
FACTORS = (0.25, 0.5, 0.75, 1.5, 2.0, 2.5, 3.0)  # exact in float32
ROUNDED = (0.3, 0.6, 1 / 3, 10 / 7, 1.05, 1.7, 5 / 3)  # PyTorch has the double, a file a float32
SMOOTH = ("linear", "bilinear", "bicubic", "trilinear")
AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


def modes() -> list[tuple[str, dict[str, object]]]:
    """Return every mode with its flags."""
    plain: list[tuple[str, dict[str, object]]] = [
        (mode, {}) for mode in ("nearest", "nearest-exact", "area")
    ]
    for mode, corners in product(SMOOTH, (False, True)):
        plain.append((mode, {"align_corners": corners}))
    for mode, corners in product(("bilinear", "bicubic"), (False, True)):
        plain.append((mode, {"align_corners": corners, "antialias": True}))
    return plain


def kinds() -> list[tuple[str, int]]:
    """Return every mode without antialias with a number of spatial axes that it takes."""
    free = list(product(("nearest", "nearest-exact", "area"), (1, 2, 3)))
    return [*free, *AXES.items()]


@pytest.mark.parametrize(("mode", "axes"), kinds())
def test_impulses(mode: str, axes: int) -> None:
    """An identity matrix as a batch of images gives the weights themselves, column by column."""
    for n_in, n_out in product(LENGTHS, LENGTHS):
        images = torch.eye(n_in, dtype=torch.float64).reshape(n_in, 1, n_in, *[1] * (axes - 1))
        for flags in ({"align_corners": False}, {"align_corners": True}) if mode in AXES else ({},):
            arguments: dict[str, object] = {"size": [n_out, *[1] * (axes - 1)], "mode": mode}
            columns = eager(images, arguments | flags).reshape(n_in, n_out)
            weights = from_arguments(arguments | flags).sampling(0).weights(n_in, n_out)
            np.testing.assert_allclose(weights.matrix(), columns.numpy().T, atol=1e-9)


def eager(x: torch.Tensor, arguments: dict[str, object]) -> torch.Tensor:
    """Run F.interpolate; channels_last, as its contiguous antialias is wrong at width 1."""
    if arguments.get("antialias"):
        x = x.contiguous(memory_format=torch.channels_last)
    return F.interpolate(x, **arguments)  # type: ignore[arg-type]


def assert_same(
    call: Interpolate, x: torch.Tensor, expected: torch.Tensor, atol: float = 1e-9
) -> None:
    ours = call.resize(x.ndim).evaluate(x.numpy(), tuple(expected.shape))
    np.testing.assert_allclose(ours, expected.numpy(), atol=atol, err_msg=call.text())


@pytest.mark.parametrize(("mode", "flags"), modes(), ids=str)
def test_sizes(mode: str, flags: dict[str, object]) -> None:
    axes = AXES.get(mode, 2)
    random = torch.Generator().manual_seed(0)
    for n_in, n_out in product(LENGTHS, LENGTHS):
        lengths = (n_in, *(3,) * (axes - 1))
        x = torch.rand(1, 2, *lengths, dtype=torch.float64, generator=random)
        arguments = {"size": [n_out, *(4,) * (axes - 1)], "mode": mode, **flags}
        assert_same(from_arguments(arguments), x, eager(x, arguments))


@pytest.mark.parametrize(("mode", "flags"), modes(), ids=str)
@pytest.mark.parametrize("recomputed", [False, True])
def test_scale_factors(mode: str, flags: dict[str, object], *, recomputed: bool) -> None:
    axes = AXES.get(mode, 2)
    random = torch.Generator().manual_seed(1)
    for n_in, factor in product(LENGTHS, FACTORS):
        if int(n_in * factor) < 1 or int(n_in * factor) == n_in:
            continue  # equal lengths have a test of their own
        lengths = (n_in, *(4,) * (axes - 1))
        x = torch.rand(1, 2, *lengths, dtype=torch.float64, generator=random)
        factors = [factor, *(2.0,) * (axes - 1)]
        arguments: dict[str, object] = {"scale_factor": factors, "mode": mode, **flags}
        if recomputed:
            arguments["recompute_scale_factor"] = True
        expected = eager(x, arguments)
        call = from_arguments(arguments)
        assert call.output_lengths(lengths) == tuple(expected.shape[2:])
        assert_same(call, x, expected)


@pytest.mark.parametrize(
    ("mode", "flags"), [case for case in modes() if case[0] in SMOOTH or case[0] == "area"], ids=str
)
def test_scale_factors_that_float32_rounds(mode: str, flags: dict[str, object]) -> None:
    axes = AXES.get(mode, 2)
    random = torch.Generator().manual_seed(3)
    for n_in, factor in product((2, 5, 9, 16, 20), ROUNDED):
        if int(n_in * factor) < 1:
            continue
        x = torch.rand(1, 1, *(n_in,) * axes, dtype=torch.float64, generator=random)
        arguments: dict[str, object] = {"scale_factor": factor, "mode": mode, **flags}
        assert_same(from_arguments(arguments, axes), x, eager(x, arguments), atol=1e-5)


def test_an_axis_whose_length_stays_is_copied_by_linear_and_not_by_cubic() -> None:
    x = torch.rand(1, 1, 7, 5, dtype=torch.float64)
    for mode in ("bilinear", "bicubic"):
        arguments: dict[str, object] = {"scale_factor": [1.125, 2.0], "mode": mode}
        expected = eager(x, arguments)
        assert expected.shape[2] == 7
        assert_same(from_arguments(arguments), x, expected)


TWO_AXES = "over two axes nearest copies where a length stays and halves where it doubles"
NEARLY = [(8, 1.1), (10, 2.05)]
TWICE: list[object] = [
    pytest.param(
        *(mode, axes, *case),
        marks=[pytest.mark.xfail(reason=TWO_AXES, strict=True)] * ((mode, axes) == ("nearest", 2)),
    )
    for mode, axes, case in product(("nearest", "nearest-exact"), (1, 2, 3), NEARLY)
]


@pytest.mark.parametrize(("mode", "axes", "n_in", "factor"), TWICE)
def test_a_factor_that_all_but_keeps_or_doubles_a_length(
    mode: str, axes: int, n_in: int, factor: float
) -> None:
    x = torch.arange(float(n_in), dtype=torch.float64).reshape(1, 1, n_in, *[1] * (axes - 1))
    arguments: dict[str, object] = {"scale_factor": [factor, *[3.0] * (axes - 1)], "mode": mode}
    expected = eager(x, arguments)
    assert expected.shape[2] in {n_in, 2 * n_in}
    assert_same(from_arguments(arguments), x, expected)


@pytest.mark.xfail(reason="PyTorch's contiguous antialias repeats row 0 at width 1", strict=True)
def test_antialias_to_one_column_of_a_contiguous_tensor() -> None:
    x = torch.arange(10.0, dtype=torch.float64).reshape(1, 1, 2, 5) ** 2
    arguments: dict[str, object] = {"size": [3, 1], "mode": "bilinear", "antialias": True}
    expected = F.interpolate(x, **arguments)  # type: ignore[arg-type]
    assert_same(from_arguments(arguments), x, expected)


GRIDS: list[tuple[GridMode, Padding, bool, int]] = [
    (mode, padding, corners, spatial)
    for mode in ("nearest", "linear", "cubic")
    for padding in ("zeros", "border", "reflection")
    for corners in (False, True)
    for spatial in (2, 3)
    if not (mode == "cubic" and spatial == 3)
]
TORCH_MODES = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}


@pytest.mark.parametrize(("mode", "padding", "corners", "spatial"), GRIDS)
def test_grid_sample(mode: GridMode, padding: Padding, corners: bool, spatial: int) -> None:  # noqa: FBT001
    random = torch.Generator().manual_seed(2)
    for lengths in ((4, 5, 3)[:spatial], (1, 6, 2)[:spatial]):
        x = torch.rand(2, 2, *lengths, dtype=torch.float64, generator=random)
        size = (2, *(6, 7, 3)[:spatial], spatial)
        grid = torch.rand(size, dtype=torch.float64, generator=random) * 3 - 1.5
        expected = F.grid_sample(
            x, grid, mode=TORCH_MODES[mode], padding_mode=padding, align_corners=corners
        )
        ours = GridSample(mode, padding, corners, spatial).evaluate(x.numpy(), grid.numpy())
        np.testing.assert_allclose(ours, expected.numpy(), atol=1e-9)


@pytest.mark.filterwarnings("ignore:Since version 1.3")
@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("size", [(2, 1, 4, 5), (2, 1, 1, 3), (2, 1, 2, 3, 4)])
def test_affine_grid(size: tuple[int, ...], *, corners: bool) -> None:
    d = len(size) - 2
    theta = torch.rand(2, d, d + 1, dtype=torch.float64)
    expected = F.affine_grid(theta, list(size), align_corners=corners)
    ours = AffineGrid(corners, single=0.0).evaluate(theta.numpy(), size)
    np.testing.assert_allclose(ours, expected.numpy(), atol=1e-9)


KERNELS = [
    ((3,), (2,), (1,), (1,), (1,), 1),
    ((4,), (2,), (1,), (0,), (1,), 1),
    ((3, 2), (2, 3), (1, 0), (1, 2), (1, 2), 2),
    ((2, 3, 3), (1, 2, 2), (0, 1, 0), (0, 0, 1), (1, 1, 1), 1),
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "added", "dilation", "groups"), KERNELS)
def test_conv_transpose(  # noqa: PLR0913, PLR0917 - the arguments of the call
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    added: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> None:
    x = torch.rand(2, 4, *(5, 4, 3)[: len(kernel)], dtype=torch.float64)
    weight = torch.rand(4, 3, *kernel, dtype=torch.float64)
    bias = torch.rand(3 * groups, dtype=torch.float64)
    run = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(kernel) - 1]
    expected = run(x, weight, bias, stride, padding, added, groups, dilation)
    ours = ConvTranspose(kernel, stride, padding, padding, added, dilation, groups)
    found = ours.evaluate(x.numpy(), weight.numpy(), bias.numpy())
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-9)
