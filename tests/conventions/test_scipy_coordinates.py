"""Coordinates that are written in a call of SciPy: what they come to, and what is not read."""

import numpy as np
import pytest

from halfpixel.checking.called import called
from halfpixel.checking.comparing.compare import compare
from halfpixel.errors import UsageError

MAP = "ndimage.map_coordinates(x, {}, order=1, mode='nearest')"
AFFINE = "ndimage.affine_transform(x, {}, order=1, mode='nearest')"
GRID = "np.meshgrid(np.linspace(0, {}), np.linspace(0, {}), indexing='ij')"

SAME = [
    (MAP.format(GRID.format("x.shape[0] - 1, 20", "x.shape[1] - 1, 30")),
     "F.interpolate(x, size=(20, 30), mode='bilinear', align_corners=True)"),
    (MAP.format(GRID.format("h-1, H", "w-1, W")),
     "F.interpolate(x, size=size, mode='bilinear', align_corners=True)"),
    (MAP.format("np.mgrid[0:x.shape[0] - 1:20j, 0:x.shape[1] - 1:30j]"),
     "F.interpolate(x, size=(20, 30), mode='bilinear', align_corners=True)"),
    (AFFINE.format("[h / H, w / W], output_shape=(H, W)"),
     "tf.compat.v1.image.resize_bilinear(x, size)"),
    (AFFINE.format("np.diag([h / 20, w / 30]), [h / 40 - 0.5, w / 60 - 0.5], (20, 30)"),
     "cv2.resize(x, (30, 20))"),
    (MAP.format("(np.indices((H, W)) + 0.5) / 2 - 0.5"), "cv2.resize(x, None, fx=2, fy=2)"),
    (f"ndimage.map_coordinates(x, {GRID.format('h - 1, 9', 'w - 1, 7')})",
     "ndimage.zoom(x, (9 / x.shape[0], 7 / x.shape[1]))"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "other"), SAME)
def test_a_grid_is_the_resize_that_it_writes_out(call: str, other: str) -> None:
    found = called(call)
    assert found.name == "SciPy map_coordinates"
    verdict = compare(call, other, scale=2 if "fx=2" in other else None)
    assert all(axis.answer == "equal" for axis in verdict.axes)


def test_names_that_are_taken_for_lengths_are_told() -> None:
    reading = called(MAP.format(GRID.format("rows - 1, H", "cols - 1, W"))).reading
    assert reading is not None
    assert any("cols, rows are taken for lengths" in one.text for one in reading.remarks)


@pytest.mark.parametrize("size", ["480x640", "640x480"])
def test_a_spline_of_numbers_is_for_images_of_one_size(size: str) -> None:
    call = "ndimage.map_coordinates(x, np.mgrid[0:479:224j, 0:639:224j])"
    other = "ndimage.zoom(x, (224 / x.shape[0], 224 / x.shape[1]))"
    if size == "640x480":
        assert compare(call, other, size=size, max_work=10**6)
    else:
        with pytest.raises(UsageError, match="are for 480 pixels, it has 640"):
            compare(call, other, size=size)


@pytest.mark.parametrize(
    "axis", ["np.arange(0, x.shape[{}], 16)", "np.arange(0, x.shape[{}] - 1, 15)"]
)
def test_a_range_has_as_many_samples_as_its_length_takes(axis: str) -> None:
    grid = f"np.meshgrid({axis.format(0)}, {axis.format(1)}, indexing='ij')"
    reading = called(MAP.format(grid)).reading
    assert reading is not None
    for lengths in ((5, 7), (224, 230)):
        made = eval(grid, {"np": np, "x": np.empty(lengths)})  # noqa: S307 - of the line above
        assert reading.at(lengths).lengths == made[0].shape


REFUSED = [
    ("ndimage.map_coordinates(x)", "coordinates are not given"),
    (MAP.format("coords"), "is no grid that is read"),
    (MAP.format("[np.linspace(0, h - 1, H)[:, None], np.linspace(0, w - 1, W)[None, :]]"),
     "which SciPy refuses"),
    (MAP.format("np.meshgrid(np.arange(4), np.arange(4))"), "without indexing='ij'"),
    (MAP.format("np.indices((H, W)) * (h / H)"), "h is not known"),
    (MAP.format("np.indices((H, W)) * (x.shape[0] / H)"), "hang on the lengths of another"),
    (AFFINE.format("[h / H / 2, w / W], output_shape=(H, W)"), "follow no rule"),
    (MAP.format("np.indices((H, W)) ** 2"), "is no line of coordinates"),
    (MAP.format("3 - np.indices((H, W))"), "is no line of coordinates"),
    (MAP.format("np.indices((H, W)) * -1"), "is not positive"),
    (MAP.format("np.indices((H, W)) / 0"), "is no line of coordinates"),
    (MAP.format("np.mgrid[0:h:0, 0:w:2]"), "is not positive"),
    (MAP.format("np.mgrid[0:4:0j, 0:4:2j]"), "has no samples"),
    (MAP.format("np.mgrid[0:4:1e999j, 0:4:2j]"), "has no samples"),
    (MAP.format("np.indices((1e300, 2))"), "expected 1 or more"),
    (MAP.format("np.indices((2, 2, 2, 2))"), "expected 1 to 3"),
    (MAP.format("np.indices((2.5, 2))"), "expected a whole number"),
    (MAP.format(GRID.format("len(x) - 1, 4", "3, 4")), "is no number that is read"),
    (MAP.format(GRID.format("1 / (h - h), 4", "3, 4")), "divides by nothing"),
    (MAP.format(GRID.format("h - 1 + h - h + h - h, H", "3, 4")), "more than 4 times"),
    (MAP.format(f"np.indices(({'+'.join(['1'] * 300)}, 2))"), "too long"),
    (AFFINE.format("matrix"), "matrix is not written out"),
    (AFFINE.format("[[0.5, 0.1], [0, 0.5]]"), "expected a diagonal"),
    (AFFINE.format("[0.5, 0.5], output_shape=shape"), "output_shape is not written out"),
    (AFFINE.format("[0.5, 0.5], [0, 0, 0]"), "not of one length"),
    (AFFINE.format("[h / H, w / W], output_shape=(20, 30)"), "H is not known along axis 0"),
    (AFFINE.format("[x.shape[0] / H, w / W], output_shape=(20, 30)"), "H is not known"),
    (AFFINE.format("[H / x.shape[0], w / W], output_shape=(20, 30)"), "H is not known beside"),
    ("ndimage.map_coordinates(x, np.indices((9, 9)) * 0.3)", "ends at no last pixel"),
    ("ndimage.map_coordinates(x, np.indices((9, 9)) / 3, order=0, mode='mirror')",
     "order 0 beyond the border"),
    ("ndimage.map_coordinates(x, np.indices((9, 9)), order=9)", "order is 9"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "reason"), REFUSED)
def test_what_is_not_certain_is_refused(call: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        called(call)
