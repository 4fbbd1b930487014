"""MATLAB was read alone: what its documents say, as a formula over an image turned at its edges."""

import numpy as np
import pytest
from numpy.typing import NDArray

from halfpixel.checking.called import reading_of
from halfpixel.conventions.images.matlab_imresize import CONVENTION

PAIRS = [(4, 7), (7, 3), (5, 5), (6, 3), (5, 1), (1, 4), (2, 9), (12, 5)]


def _cubic(t: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.abs(t)
    near, far = 1.5 * t**3 - 2.5 * t**2 + 1, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    made: NDArray[np.float64] = np.where(t <= 1, near, np.where(t <= 2, far, 0))
    return made


def _lanczos(t: NDArray[np.float64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = np.where(np.abs(t) < 3, np.sinc(t) * np.sinc(t / 3), 0)
    return made


def _linear(t: NDArray[np.float64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = np.maximum(0, 1 - np.abs(t))
    return made


KERNELS = {"bicubic": (_cubic, 2), "lanczos3": (_lanczos, 3), "bilinear": (_linear, 1)}


@pytest.mark.parametrize("method", KERNELS)
@pytest.mark.parametrize("antialias", ["true", "false"])
@pytest.mark.parametrize(("n_in", "n_out"), PAIRS)
def test_weights_are_those_of_the_documents(
    method: str, antialias: str, n_in: int, n_out: int
) -> None:
    kernel, reach = KERNELS[method]
    wide = max(1.0, n_in / n_out) if antialias == "true" else 1.0
    exact = np.zeros((n_out, n_in))
    for i in range(n_out):
        x = (i + 0.5) * n_in / n_out - 0.5
        taps = np.arange(np.floor(x - reach * wide), np.ceil(x + reach * wide) + 1)
        weights = kernel((x - taps) / wide)
        turned = taps.astype(int) % (2 * n_in)
        turned = np.where(turned < n_in, turned, 2 * n_in - 1 - turned)
        np.add.at(exact[i], turned, weights / weights.sum())
    text = f"imresize(x, [{n_out}, 3], '{method}', 'Antialiasing', {antialias})"
    height = reading_of(text)[1].samplings[0]
    assert height is not None
    assert np.abs(height.weights(n_in, n_out).matrix() - exact).max() < 1e-12
    assert not CONVENTION.ran


def test_words() -> None:
    read = CONVENTION.read
    assert read("imresize(A, 0.4)", 7).lengths == (3, 3)
    assert read("imresize(A, [3, 4], Antialiasing=false)", 7).lengths == (3, 4)
    assert read("imresize(A, 0.5)", None).samplings == read("imresize(A, 1/2, 'cubic')",
                                                          None).samplings  # fmt: skip
