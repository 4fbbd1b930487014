"""TensorFlow's resize operators, read back from impulses."""

from typing import Any

import numpy as np
import pytest

from halfpixel.conventions.tf_resize import FLAGS, METHODS, Method, read, read_v2
from halfpixel.errors import ConventionError

pytestmark = pytest.mark.oracle

LENGTHS = (1, 2, 3, 4, 5, 7, 8, 10, 13)
TABLE = 2e-3  # bicubic weights come from a table of 1024 positions


@pytest.fixture(scope="module")
def tf() -> Any:  # noqa: ANN401 - an untyped library
    return pytest.importorskip("tensorflow", reason="TensorFlow is not installed")


def matrix(resize: Any, n_in: int, n_out: int) -> np.ndarray:  # noqa: ANN401 - as above
    """Return W: output rows of a resize along the height, one channel an impulse."""
    impulses = np.eye(n_in, dtype=np.float32).reshape(1, n_in, 1, n_in)
    return np.asarray(resize(impulses, (n_out, 1))).reshape(n_out, n_in)


@pytest.mark.parametrize(("corners", "half"), FLAGS)
@pytest.mark.parametrize("method", METHODS)
def test_version_1(tf: Any, method: Method, *, corners: bool, half: bool) -> None:  # noqa: ANN401
    name = "nearest_neighbor" if method == "nearest" else method
    call = getattr(tf.raw_ops, f"Resize{name.title().replace('_', '')}")

    def resize(images: np.ndarray, size: tuple[int, int]) -> Any:  # noqa: ANN401 - as above
        return call(images=images, size=size, align_corners=corners, half_pixel_centers=half)

    sampling = read(method, align_corners=corners, half_pixel_centers=half)
    for n_in in LENGTHS:
        for n_out in LENGTHS:
            ours = sampling.weights(n_in, n_out).matrix()
            atol = TABLE if method == "bicubic" else 1e-5
            np.testing.assert_allclose(matrix(resize, n_in, n_out), ours, atol=atol)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_version_2(tf: Any, method: Method, *, antialias: bool) -> None:  # noqa: ANN401
    def resize(images: np.ndarray, size: tuple[int, int]) -> Any:  # noqa: ANN401 - as above
        return tf.image.resize(images, size, method=method, antialias=antialias)

    sampling = read_v2(method, antialias=antialias)
    for n_in in LENGTHS:
        for n_out in LENGTHS:
            ours = sampling.weights(n_in, n_out).matrix()
            atol = TABLE if method == "bicubic" else 1e-5
            np.testing.assert_allclose(matrix(resize, n_in, n_out), ours, atol=atol)


def test_both_flags_are_refused() -> None:
    with pytest.raises(ConventionError):
        read("bilinear", align_corners=True, half_pixel_centers=True)
