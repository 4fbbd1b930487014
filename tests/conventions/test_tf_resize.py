"""TensorFlow's resize operators, read back from impulses."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from halfpixel.conventions.tf_resize import (
    CALLS,
    CONVENTION,
    FLAGS,
    SMOOTHED,
    Method,
    read,
    read_v2,
)
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Linear, Nearest, Sampling

LENGTHS = (*range(1, 18), 22, 23, 26, 28, 31, 32, 33, 64, 65)
PAIRS = [(n_in, n_out) for n_in in LENGTHS for n_out in LENGTHS]
FLOAT32 = 2e-5  # of coordinates up to 65
TABLE = 7e-4  # half of 1/1024 pixel on the steepest slope of the cubic


@pytest.fixture(scope="module")
def tf() -> Any:  # noqa: ANN401 - an untyped library
    return pytest.importorskip("tensorflow", reason="TensorFlow is not installed")


def matrix(resize: Any, n_in: int, n_out: int) -> NDArray[np.float32]:  # noqa: ANN401
    """Return W: output rows of a resize along the height, one channel an impulse."""
    impulses = np.eye(n_in, dtype=np.float32).reshape(1, n_in, 1, n_in)
    return np.asarray(resize(impulses, (n_out, 1)), np.float32).reshape(n_out, n_in)


def kernel_of(tf: Any, method: Method, *, corners: bool, half: bool) -> Any:  # noqa: ANN401
    """Return the operator of version 1, as a function of images and size."""
    name = {"nearest": "NearestNeighbor"}.get(method, method.title())
    call = getattr(tf.raw_ops, f"Resize{name}")
    flags = {} if method == "area" else {"half_pixel_centers": half}

    def resize(images: NDArray[np.float32], size: tuple[int, int]) -> Any:  # noqa: ANN401
        return call(images=images, size=size, align_corners=corners, **flags)

    return resize


def assert_same(resize: Any, sampling: Sampling, atol: float) -> None:  # noqa: ANN401
    for n_in, n_out in PAIRS:
        ours = sampling.weights(n_in, n_out).matrix()
        found = matrix(resize, n_in, n_out)
        np.testing.assert_allclose(found, ours, atol=atol, err_msg=f"{n_in} -> {n_out}")


@pytest.mark.oracle
@pytest.mark.parametrize(("corners", "half"), FLAGS)
@pytest.mark.parametrize("method", SMOOTHED)
def test_version_1(
    tf: Any,  # noqa: ANN401 - as above
    method: Method,
    *,
    corners: bool,
    half: bool,
) -> None:
    sampling = read(method, align_corners=corners, half_pixel_centers=half)
    resize = kernel_of(tf, method, corners=corners, half=half)
    assert_same(resize, sampling, TABLE if method == "bicubic" else FLOAT32)


@pytest.mark.oracle
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("method", [*SMOOTHED, "area"])
def test_version_2(tf: Any, method: Method, *, antialias: bool) -> None:  # noqa: ANN401
    def resize(images: NDArray[np.float32], size: tuple[int, int]) -> Any:  # noqa: ANN401
        return tf.image.resize(images, size, method=method, antialias=antialias)

    table = method == "bicubic" and not antialias
    assert_same(resize, read_v2(method, antialias=antialias), TABLE if table else FLOAT32)


def nearest_in_float32(n_in: int, n_out: int, *, corners: bool, half: bool) -> list[int]:
    """Return the pixels that TensorFlow's float32 arithmetic arrives at."""
    less = int(corners and n_out > 1)
    step = np.float32(n_in - less) / np.float32(n_out - less)
    places = [float(np.float32(i + half / 2) * step) for i in range(n_out)]
    rounded = [math.floor(x + 0.5) if corners else math.floor(x) for x in places]
    return [min(j, n_in - 1) for j in rounded]


def nearest_exactly(n_in: int, n_out: int, *, corners: bool, half: bool) -> list[int]:
    sampling = read("nearest", align_corners=corners, half_pixel_centers=half)
    return [row[0][0] for row in sampling.weights(n_in, n_out).rows]


def ties(n_in: int, n_out: int, *, corners: bool, half: bool) -> set[int]:
    """Return the output samples whose coordinate lies where rounding jumps."""
    sampling = read("nearest", align_corners=corners, half_pixel_centers=half)
    line = sampling.line(n_in, n_out)
    shift = Fraction(int(corners), 2)
    return {i for i in range(n_out) if (line.at(i) + shift).denominator == 1}


@pytest.mark.oracle
@pytest.mark.parametrize(("corners", "half"), FLAGS)
def test_nearest(tf: Any, *, corners: bool, half: bool) -> None:  # noqa: ANN401 - as above
    """Float32 explains every pixel, and departs from the rationals on ties alone."""
    resize = kernel_of(tf, "nearest", corners=corners, half=half)
    apart = 0
    for n_in, n_out in PAIRS:
        found = matrix(resize, n_in, n_out).argmax(1).tolist()
        lengths = f"{n_in} -> {n_out}"
        assert found == nearest_in_float32(n_in, n_out, corners=corners, half=half), lengths
        exact = nearest_exactly(n_in, n_out, corners=corners, half=half)
        steps = {i: j - k for i, (j, k) in enumerate(zip(exact, found, strict=True)) if j != k}
        assert set(steps.values()) <= {1}, lengths
        assert steps.keys() <= ties(n_in, n_out, corners=corners, half=half), lengths
        apart += len(steps)
    assert apart < len(PAIRS) / 50


@pytest.mark.oracle
@pytest.mark.xfail(strict=True, reason="TensorFlow's float32 product falls short of a tie")
@pytest.mark.parametrize(
    ("corners", "half", "n_in", "n_out"),
    [(False, False, 26, 22), (True, False, 14, 23), (False, True, 14, 23)],
)
def test_nearest_on_a_tie(
    tf: Any,  # noqa: ANN401 - as above
    n_in: int,
    n_out: int,
    *,
    corners: bool,
    half: bool,
) -> None:
    resize = kernel_of(tf, "nearest", corners=corners, half=half)
    found = matrix(resize, n_in, n_out).argmax(1).tolist()
    assert found == nearest_exactly(n_in, n_out, corners=corners, half=half)


@pytest.mark.oracle
@pytest.mark.xfail(strict=True, reason="TensorFlow rounds the fraction to 1/1024 of a pixel")
def test_the_table_of_bicubic(tf: Any) -> None:  # noqa: ANN401 - as above
    sampling = read("bicubic", align_corners=False, half_pixel_centers=False)
    found = matrix(kernel_of(tf, "bicubic", corners=False, half=False), 3, 5)
    np.testing.assert_allclose(found, sampling.weights(3, 5).matrix(), atol=FLOAT32)


@pytest.mark.oracle
@pytest.mark.xfail(strict=True, reason="the bell is cut off at a pixel, and float32 falls short")
def test_the_end_of_a_bell(tf: Any) -> None:  # noqa: ANN401 - as above
    def resize(images: NDArray[np.float32], size: tuple[int, int]) -> Any:  # noqa: ANN401
        return tf.image.resize(images, size, method="gaussian", antialias=True)

    exact = read_v2("gaussian", antialias=True).weights(7, 4).matrix()
    np.testing.assert_allclose(matrix(resize, 7, 4), exact, atol=TABLE)


@pytest.mark.oracle
@pytest.mark.parametrize("text", CALLS)
def test_examples_run(tf: Any, text: str) -> None:  # noqa: ANN401 - as above
    """Every call that is written runs as it stands, and means what it was written for."""
    for n_in, n_out in ((4, 7), (7, 3), (5, 1), (1, 5)):
        impulses = np.eye(n_in, dtype=np.float32).reshape(1, n_in, 1, n_in)
        names = {"tf": tf, "x": impulses, "size": (n_out, 1)}
        found = np.asarray(eval(text, names)).reshape(n_out, n_in)  # noqa: S307 - our own text
        ours = CALLS[text].weights(n_in, n_out).matrix()
        np.testing.assert_allclose(found, ours, atol=TABLE, err_msg=f"{n_in} -> {n_out}")


@pytest.mark.parametrize(("text", "sampling"), CONVENTION.examples, ids=str)
def test_examples_are_written(text: str, sampling: Sampling) -> None:
    assert CONVENTION.write(sampling, 2) == text
    assert CONVENTION.write(sampling, 3) is None


@pytest.mark.parametrize(
    ("sampling", "text"),
    [
        (
            Sampling("asymmetric", Linear(), scale=Fraction(2)),
            "tf.compat.v1.image.resize_bilinear(x, [n * 2 for n in x.shape[1:3]])",
        ),
        (Sampling("asymmetric", Linear(), scale=Fraction(3, 2)), None),
        (
            Sampling("half_pixel", Nearest("round_prefer_ceil")),
            'tf.image.resize(x, size, method="nearest")',
        ),
        (Sampling("align_corners", Nearest("round_prefer_floor")), None),
        (Sampling("pytorch_half_pixel", Linear()), None),
        (Sampling("half_pixel", Area("adaptive")), None),
    ],
    ids=str,
)
def test_words(sampling: Sampling, text: str | None) -> None:
    assert CONVENTION.write(sampling, 2) == text


def test_both_flags_are_refused() -> None:
    with pytest.raises(ConventionError, match="both True"):
        read("bilinear", align_corners=True, half_pixel_centers=True)


@pytest.mark.parametrize(("corners", "half"), FLAGS[1:])
def test_flags_of_area_are_refused(*, corners: bool, half: bool) -> None:
    with pytest.raises(ConventionError, match="resize_area"):
        read("area", align_corners=corners, half_pixel_centers=half)
