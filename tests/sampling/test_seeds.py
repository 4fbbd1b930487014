"""The numbers of the documents that the project started from, each named by its title."""

import numpy as np
import pytest
from numpy.typing import NDArray

from halfpixel.conventions import tf_resize
from halfpixel.conventions.images import opencv_resize
from halfpixel.conventions.torch.interpolate import Interpolate, parse_call
from halfpixel.sampling import AffineGrid, ConvTranspose, GridSample, Resize, Sampling

FORUM = "discuss.pytorch.org: What we should use align_corners = False"
BLOG = "Upsampling Images in Deep Learning"
WARNING = "SeongjaeHong.github.io: Pytorch interpolation warning"
TORCHSAMPLE = "torchsample: About Align Corners"

CORNER = np.array([[1, 2, 0], [3, 4, 0], [0, 0, 0]])
SMALL = np.array([[1, 2], [3, 4]])
ROWS = np.array([[5, 2, 3], [4, 10, 6], [7, 8, 9]])
FIVE = np.array([[-1, 1], [1, 5]])
DIAGONAL = np.array([[-1, 0], [0, 5]])

FOUR_DIGITS = 5.1e-5
"""Half a unit of the last place that PyTorch prints, and float32."""

TWO_DIGITS = 5.1e-3

PYTORCH = [
    (
        FORUM,
        "F.interpolate(x, scale_factor=2, mode='bilinear')",
        CORNER,
        """1.0000 1.2500 1.7500 1.5000 0.5000 0.0000
           1.5000 1.7500 2.2500 1.8750 0.6250 0.0000
           2.5000 2.7500 3.2500 2.6250 0.8750 0.0000
           2.2500 2.4375 2.8125 2.2500 0.7500 0.0000
           0.7500 0.8125 0.9375 0.7500 0.2500 0.0000
           0.0000 0.0000 0.0000 0.0000 0.0000 0.0000""",
    ),
    (
        FORUM,
        "F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=True)",
        CORNER,
        """1.0000 1.4000 1.8000 1.6000 0.8000 0.0000
           1.8000 2.2000 2.6000 2.2400 1.1200 0.0000
           2.6000 3.0000 3.4000 2.8800 1.4400 0.0000
           2.4000 2.7200 3.0400 2.5600 1.2800 0.0000
           1.2000 1.3600 1.5200 1.2800 0.6400 0.0000
           0.0000 0.0000 0.0000 0.0000 0.0000 0.0000""",
    ),
    (
        FORUM,
        "F.interpolate(z, scale_factor=2, mode='bicubic', align_corners=True)",
        SMALL,
        """1.0000 1.3148 1.6852 2.0000
           1.6296 1.9444 2.3148 2.6296
           2.3704 2.6852 3.0556 3.3704
           3.0000 3.3148 3.6852 4.0000""",
    ),
    (
        FORUM,
        "F.interpolate(z, scale_factor=2, mode='bicubic', align_corners=False)",
        SMALL,
        """0.6836 1.0156 1.5625 1.8945
           1.3477 1.6797 2.2266 2.5586
           2.4414 2.7734 3.3203 3.6523
           3.1055 3.4375 3.9844 4.3164""",
    ),
    (
        BLOG,
        "F.interpolate(val, size=(8, 8), mode='bilinear', align_corners=False)",
        DIAGONAL,
        """-1.00 -1.00 -0.88 -0.62 -0.38 -0.12 0.00 0.00
           -1.00 -1.00 -0.88 -0.62 -0.38 -0.12 0.00 0.00
           -0.88 -0.88 -0.69 -0.31  0.06  0.44 0.62 0.62
           -0.62 -0.62 -0.31  0.31  0.94  1.56 1.88 1.88
           -0.38 -0.38  0.06  0.94  1.81  2.69 3.12 3.12
           -0.12 -0.12  0.44  1.56  2.69  3.81 4.38 4.38
            0.00  0.00  0.62  1.88  3.12  4.38 5.00 5.00
            0.00  0.00  0.62  1.88  3.12  4.38 5.00 5.00""",
    ),
    (
        BLOG,
        "F.interpolate(val, size=(8, 8), mode='bilinear', align_corners=True)",
        DIAGONAL,
        """-1.00 -0.86 -0.71 -0.57 -0.43 -0.29 -0.14 0.00
           -0.86 -0.63 -0.41 -0.18  0.04  0.27  0.49 0.71
           -0.71 -0.41 -0.10  0.20  0.51  0.82  1.12 1.43
           -0.57 -0.18  0.20  0.59  0.98  1.37  1.76 2.14
           -0.43  0.04  0.51  0.98  1.45  1.92  2.39 2.86
           -0.29  0.27  0.82  1.37  1.92  2.47  3.02 3.57
           -0.14  0.49  1.12  1.76  2.39  3.02  3.65 4.29
            0.00  0.71  1.43  2.14  2.86  3.57  4.29 5.00""",
    ),
    (
        WARNING,
        "F.interpolate(t, scale_factor=2, mode='linear', align_corners=True)",
        ROWS,
        """5.0000 3.8000 2.6000 2.2000 2.6000 3.0000
           4.0000 6.4000 8.8000 9.2000 7.6000 6.0000
           7.0000 7.4000 7.8000 8.2000 8.6000 9.0000""",
    ),
    (
        WARNING,
        "F.interpolate(t, scale_factor=2, mode='linear', align_corners=False)",
        ROWS,
        """5.0000 4.2500 2.7500 2.2500 2.7500 3.0000
           4.0000 5.5000 8.5000 9.0000 7.0000 6.0000
           7.0000 7.2500 7.7500 8.2500 8.7500 9.0000""",
    ),
]

LEGACY = tf_resize.read("bilinear", align_corners=False, half_pixel_centers=False)
ALIGNED = tf_resize.read("bilinear", align_corners=True, half_pixel_centers=False)
OTHERS = [
    (
        f"{BLOG}: from tensorflow, align_corner=False",
        LEGACY,
        """-1.   -0.5   0.    0.5   1.    1.    1.    1.
           -0.5   0.12  0.75  1.38  2.    2.    2.    2.
            0.    0.75  1.5   2.25  3.    3.    3.    3.
            0.5   1.38  2.25  3.12  4.    4.    4.    4.
            1.    2.    3.    4.    5.    5.    5.    5.
            1.    2.    3.    4.    5.    5.    5.    5.
            1.    2.    3.    4.    5.    5.    5.    5.
            1.    2.    3.    4.    5.    5.    5.    5.""",
    ),
    (
        f"{BLOG}: from tensorflow, align_corner=True",
        ALIGNED,
        """-1.   -0.71 -0.43 -0.14  0.14  0.43  0.71  1.
           -0.71 -0.39 -0.06  0.27  0.59  0.92  1.24  1.57
           -0.43 -0.06  0.31  0.67  1.04  1.41  1.78  2.14
           -0.14  0.27  0.67  1.08  1.49  1.9   2.31  2.71
            0.14  0.59  1.04  1.49  1.94  2.39  2.84  3.29
            0.43  0.92  1.41  1.9   2.39  2.88  3.37  3.86
            0.71  1.24  1.78  2.31  2.84  3.37  3.9   4.43
            1.    1.57  2.14  2.71  3.29  3.86  4.43  5.""",
    ),
    (
        f"{BLOG}: from opencv",
        opencv_resize.read("INTER_LINEAR"),
        """-1.   -1.   -0.75 -0.25  0.25  0.75  1.    1.
           -1.   -1.   -0.75 -0.25  0.25  0.75  1.    1.
           -0.75 -0.75 -0.47  0.09  0.66  1.22  1.5   1.5
           -0.25 -0.25  0.09  0.78  1.47  2.16  2.5   2.5
            0.25  0.25  0.66  1.47  2.28  3.09  3.5   3.5
            0.75  0.75  1.22  2.16  3.09  4.03  4.5   4.5
            1.    1.    1.5   2.5   3.5   4.5   5.    5.
            1.    1.    1.5   2.5   3.5   4.5   5.    5.""",
    ),
]


def numbers(text: str) -> NDArray[np.float64]:
    """Return a printed table as an array."""
    return np.array([[float(word) for word in line.split()] for line in text.splitlines()])


def digits(table: str) -> float:
    """Return the tolerance that the digits of a printed table ask for."""
    return FOUR_DIGITS if "0000" in table else TWO_DIGITS


def batch(call: Interpolate, x: NDArray[np.int_]) -> NDArray[np.float32]:
    """Return `x` with axes before it, as the call needs them."""
    return x.reshape((1,) * (call.spatial + 2 - x.ndim) + x.shape).astype(np.float32)


@pytest.mark.parametrize(("document", "call", "x", "table"), PYTORCH)
def test_tables_of_pytorch(document: str, call: str, x: NDArray[np.int_], table: str) -> None:
    expected = numbers(table)
    parsed = parse_call(call)
    image = batch(parsed, x)
    shape = (*image.shape[: -expected.ndim], *expected.shape)
    ours = parsed.resize().evaluate(image, shape)
    np.testing.assert_allclose(
        ours.reshape(expected.shape), expected, atol=digits(table), err_msg=document
    )


@pytest.mark.parametrize(("document", "call", "x", "table"), PYTORCH)
def test_pytorch_still_prints_them(
    document: str, call: str, x: NDArray[np.int_], table: str
) -> None:
    """The numbers are the documents' and not ours: PyTorch gives them to this day."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    tensor = torch.from_numpy(batch(parse_call(call), x))
    names = {"F": torch.nn.functional, **dict.fromkeys("xztv", tensor), "val": tensor}
    found = eval(call, names).numpy()  # noqa: S307 - our own text
    expected = numbers(table)
    np.testing.assert_allclose(
        found.reshape(expected.shape), expected, atol=digits(table), err_msg=document
    )


@pytest.mark.parametrize(("document", "sampling", "table"), OTHERS)
def test_tables_of_tensorflow_and_opencv(document: str, sampling: Sampling, table: str) -> None:
    resize = Resize(((0, sampling), (1, sampling)))
    ours = resize.evaluate(FIVE, (8, 8))
    np.testing.assert_allclose(ours, numbers(table), atol=TWO_DIGITS, err_msg=document)


def test_coordinates_of_the_forum() -> None:
    """The answer's example: [0, 1] to four samples."""
    answer = {"False": [-0.25, 0.25, 0.75, 1.25], "True": [0, 1 / 3, 2 / 3, 1]}
    for corners, expected in answer.items():
        text = f"F.interpolate(x, size=4, mode='linear', align_corners={corners})"
        line = parse_call(text, 1).sampling(0).line(2, 4)
        assert [float(line.at(i)) for i in range(4)] == pytest.approx(expected), FORUM


def test_the_repeated_border_of_torchsample() -> None:
    """TensorFlow 1 repeats the last row when it doubles an image, and keeps the first."""
    rows = LEGACY.weights(5, 10).matrix().tolist()
    assert rows[0] == [1, 0, 0, 0, 0], TORCHSAMPLE
    assert rows[1] == [0.5, 0.5, 0, 0, 0], TORCHSAMPLE
    assert rows[-2] == rows[-1] == [0, 0, 0, 0, 1], TORCHSAMPLE


def test_the_dark_corner_of_torchsample() -> None:
    image, grid = np.full((1, 1, 1, 2), 100.0), np.full((1, 1, 1, 2), -1.0)
    zeros = GridSample("linear", "zeros", align_corners=False, spatial=2)
    assert zeros.evaluate(image, grid).item() == 25, TORCHSAMPLE
    assert zeros.border_weight() == 0.25
    border = GridSample("linear", "border", align_corners=False, spatial=2)
    assert border.evaluate(image, grid).item() == 100, TORCHSAMPLE


def test_the_normalised_coordinates_of_torchsample() -> None:
    """Two pixels lie at -0.5 and 0.5 without align_corners, at -1 and 1 with."""
    assert AffineGrid(align_corners=False).base(2).tolist() == [-0.5, 0.5], TORCHSAMPLE
    assert AffineGrid(align_corners=True).base(2).tolist() == [-1, 1], TORCHSAMPLE


@pytest.mark.parametrize(("added", "length"), [(0, 95), (1, 96)])
def test_the_shapes_of_transposed_convolutions(added: int, length: int) -> None:
    made = ConvTranspose((3, 3), (2, 2), (1, 1), (1, 1), (added, added), (1, 1))
    assert [made.output_length(axis, 48) for axis in (0, 1)] == [length, length], BLOG


@pytest.mark.parametrize("length", [95, 96])
def test_the_shapes_that_a_convolution_joins(length: int) -> None:
    """Both lengths make 48, which is why a transposed convolution has to be told."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    made = torch.nn.Conv2d(32, 64, kernel_size=3, stride=2, padding=1)
    assert made(torch.zeros(1, 32, length, length)).shape == (1, 64, 48, 48), BLOG
