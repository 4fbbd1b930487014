"""Core ML's crop_resize: Apple's own numbers, RoiAlign, and resizes of the whole image."""

from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the field's name
from numpy.typing import NDArray

from halfpixel.conventions.torch.resample import crop_resize_text
from halfpixel.sampling import CropResize, Linear, Resize, RoiAlign, Sampling
from halfpixel.sampling.crop import BOX_ORDERS, BoxOrder, CropCoordinate

RULES: list[CropCoordinate] = [
    "align_corners",
    "tf_crop_and_resize",
    "asymmetric",
    "coreml_offset_corners",
    "half_pixel",
]
LENGTHS = (1, 2, 3, 4, 5, 7, 8, 16, 33)
IMAGE = np.arange(1.0, 17.0).reshape(1, 1, 4, 4)
ALIGN: CropCoordinate = "tf_crop_and_resize"

# coremltools converters/mil/mil/ops/tests/iOS14/test_image_resizing.py, TestCropResize (the image
# above), iOS16 (three boxes, pad_value 0, 1 and 10) and iOS17 (the same, boxes and box_indices)
THIRDS = [6 + i * 4 / 3 + j / 3 for i in range(4) for j in range(4)]
THREE = [[0.1, 0.3, 1.3, 1.0], [0.5, 1.8, 1.0, 0.3], [0.0, 0.4, 0.6, 0.7]]


def three(pad: float) -> list[float]:
    """Return what Apple expects of the three boxes."""
    return [3.1, 5.2, pad, pad, pad, 7.899, pad, 13.9, 2.2, 3.1, 9.4, 10.3]


APPLE = [
    (CropResize(ALIGN, (2, 2)), [[1, 1, 2, 2]], [6, 7, 10, 11]),
    (CropResize(ALIGN, (4, 4)), [[1, 1, 2, 2]], THIRDS),
    (CropResize(ALIGN, (1, 1)), [[1, 1, 2, 2]], [8.5]),
    (CropResize(ALIGN, (2, 2), normalized=True), [[0, 0, 1 / 3, 1 / 3]], [1, 2, 5, 6]),
    (CropResize(ALIGN, (2, 2)), [[2, 2, 1, 1]], [11, 10, 7, 6]),
    (CropResize(ALIGN, (2, 2), normalized=True), THREE, three(0.0)),
    (CropResize(ALIGN, (2, 2), normalized=True, pad_value=0.0), THREE, three(0.0)),
    (CropResize(ALIGN, (2, 2), normalized=True, pad_value=1.0), THREE, three(1.0)),
    (CropResize(ALIGN, (2, 2), normalized=True, pad_value=10.0), THREE, three(10.0)),
]


def crop(meant: CropResize, boxes: list[list[float]]) -> NDArray[np.float64]:
    """Return the patches of the image above."""
    found = np.array(boxes, dtype=np.float32)
    return meant.evaluate(IMAGE, found, np.zeros(len(found), dtype=np.int32))


@pytest.mark.parametrize(("meant", "boxes", "expected"), APPLE)
def test_apples_vectors(meant: CropResize, boxes: list[list[float]], expected: list[float]) -> None:
    np.testing.assert_allclose(crop(meant, boxes).ravel(), expected, atol=2e-3)


@pytest.mark.xfail(
    strict=True,
    reason="Apple's one vector for UNALIGN_CORNERS has a box that runs backwards outside the "
    "image, and expects the whole image resized: no reading of the documents gives it",
)
def test_apples_unaligned_box() -> None:
    """The iOS15 test of crop_resize: normalized box (2, 2, 1, 1)."""
    found = crop(CropResize("half_pixel", (2, 2), normalized=True), [[2, 2, 1, 1]])
    np.testing.assert_allclose(found.ravel(), [3.5, 5.5, 11.5, 13.5])


@pytest.mark.parametrize("rule", RULES)
def test_the_whole_image_as_a_box_is_a_resize(rule: CropCoordinate) -> None:
    """One rule for both operators: the box (0, 0, H - 1, W - 1) is resize_bilinear."""
    for n_in, n_out in product(LENGTHS, LENGTHS):
        x = np.random.default_rng(n_in).random((2, 2, n_in, 3))
        sampling = Sampling(rule, Linear())
        resized = Resize(((2, sampling), (3, sampling))).evaluate(x, (2, 2, n_out, 4))
        boxes = np.array([[0, 0, n_in - 1, 2], [0, 0, n_in - 1, 2]])
        found = CropResize(rule, (n_out, 4)).evaluate(x, boxes, np.array([0, 1]))
        np.testing.assert_allclose(found, resized, atol=1e-9, err_msg=f"{n_in} to {n_out}")


@pytest.mark.parametrize("rule", RULES)
def test_a_box_of_whole_pixels_is_a_crop_and_a_resize(rule: CropCoordinate) -> None:
    x = np.random.default_rng(3).random((1, 2, 9, 8))
    for (top, bottom), (left, right), n_out in product(
        [(0, 3), (2, 8)], [(1, 1), (3, 7)], (1, 2, 5)
    ):
        sampling = Sampling(rule, Linear())
        part = x[:, :, top : bottom + 1, left : right + 1]
        resized = Resize(((2, sampling), (3, sampling))).evaluate(part, (1, 2, n_out, 3))
        boxes = np.array([[left, top, right, bottom]])
        meant = CropResize(rule, (n_out, 3), order="CORNERS_WIDTH_FIRST")
        np.testing.assert_allclose(meant.evaluate(x, boxes, np.array([0])), resized, atol=1e-9)


def boxes_inside(count: int, height: int, width: int) -> NDArray[np.float64]:
    """Return boxes (x1, y1, x2, y2) in an image, each at least one pixel large."""
    random = np.random.default_rng(count)
    starts = random.random((count, 2)) * [width - 2, height - 2]
    ends = starts + 1 + random.random((count, 2)) * ([width - 2, height - 2] - starts)
    return np.concatenate([starts, ends], axis=1)


def in_order(order: BoxOrder, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return boxes (x1, y1, x2, y2) as another order has them."""
    first, second = boxes[:, :2], boxes[:, 2:]
    if order.startswith("CENTER"):
        first, second = (first + second) / 2, second - first
    if order.endswith("HEIGHT_FIRST"):
        first, second = first[:, ::-1], second[:, ::-1]
    return np.concatenate([first, second], axis=1)


@pytest.mark.parametrize("order", BOX_ORDERS)
@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_roi_align(order: BoxOrder, scale: float) -> None:
    x = np.random.default_rng(0).random((3, 2, 9, 12))
    boxes, indices = boxes_inside(20, 9, 12), np.arange(20) % 3
    meant = CropResize("coreml_offset_corners", (3, 4), spatial_scale=scale, order=order)
    same = meant.as_roi_align()
    assert same == RoiAlign(aligned=False, output=(3, 4), sampling_ratio=1, spatial_scale=scale)
    assert same is not None
    ours = meant.evaluate(x, in_order(order, boxes) / scale, indices)
    np.testing.assert_allclose(ours, same.evaluate(x, boxes / scale, indices), atol=1e-9)


def fake_roi_align(x: torch.Tensor, rois: torch.Tensor, **rest: Any) -> torch.Tensor:  # noqa: ANN401
    """Stand in for torchvision's, which the tests do without; RoiAlign has tests of its own."""
    names = {"output": rest["output_size"], "spatial_scale": rest["spatial_scale"]}
    meant = RoiAlign(rest["aligned"], "avg", sampling_ratio=rest["sampling_ratio"], **names)
    return torch.tensor(meant.evaluate(x.numpy(), rois[:, 1:].numpy(), rois[:, 0].numpy()))


def fake_box_convert(boxes: torch.Tensor, *formats: str) -> torch.Tensor:
    assert formats == ("cxcywh", "xyxy")
    centre, size = boxes[:, :2], boxes[:, 2:]
    return torch.cat([centre - size / 2, centre + size / 2], dim=1)


@pytest.mark.parametrize("order", BOX_ORDERS)
def test_torchvisions_words(order: BoxOrder) -> None:
    x, boxes = np.random.default_rng(0).random((3, 2, 9, 12)), boxes_inside(20, 9, 12)
    indices = np.arange(20) % 3
    meant = CropResize("coreml_offset_corners", (3, 4), spatial_scale=0.5, order=order)
    text = crop_resize_text(meant)
    assert text is not None
    given = in_order(order, boxes) * 2
    ops = SimpleNamespace(roi_align=fake_roi_align, box_convert=fake_box_convert)
    names = {
        "torch": torch,
        "torchvision": SimpleNamespace(ops=ops),
        "x": torch.tensor(x),
        "boxes": torch.tensor(given),
        "box_indices": torch.tensor(indices),
    }
    found = eval(text, names)  # noqa: S307 - our own text
    np.testing.assert_allclose(found.numpy(), meant.evaluate(x, given, indices), atol=1e-9)


@pytest.mark.parametrize(
    "meant",
    [
        CropResize("half_pixel"),
        CropResize("coreml_offset_corners", normalized=True),
        CropResize("coreml_offset_corners", pad_value=1.0),
    ],
)
def test_no_words(meant: CropResize) -> None:
    assert crop_resize_text(meant) is None


def test_a_box_is_grid_sample_at_its_positions() -> None:
    """The samples themselves, against PyTorch's grid_sample."""
    x = torch.rand(1, 2, 6, 7, dtype=torch.float64)
    for rule in RULES:
        meant = CropResize(rule, (3, 4))
        rows, columns = meant.positions(0.7, 4.2, 3), meant.positions(1.1, 5.9, 4)
        grid = np.stack(np.meshgrid(2 * columns / 6 - 1, 2 * rows / 5 - 1), axis=-1)[None]
        expected = F.grid_sample(x, torch.tensor(grid), align_corners=True)
        found = meant.evaluate(x.numpy(), np.array([[0.7, 1.1, 4.2, 5.9]]), np.array([0]))
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-9, err_msg=rule)


def test_shapes_that_do_not_fit() -> None:
    meant = CropResize("half_pixel")
    with pytest.raises(ValueError, match="expected"):
        meant.evaluate(IMAGE, np.zeros((1, 5)), np.array([0]))
    with pytest.raises(ValueError, match="indices"):
        meant.evaluate(IMAGE, np.zeros((1, 4)), np.array([1]))
    with pytest.raises(ValueError, match="boxes"):
        meant.evaluate(IMAGE, np.zeros((2, 4)), np.array([0]))
