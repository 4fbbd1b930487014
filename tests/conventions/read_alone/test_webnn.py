"""WebNN was read alone: what its own conformance tests expect of nearest, and its formula."""

import numpy as np
import pytest

from halfpixel.checking.called import reading_of

# input, options, output: web-platform-tests, resample2d-nearest-half-pixel.https.any.js
EXPECTED = [
    ([10, 20, 30], "scales: [1, 1.5]", [10, 20, 20, 30]),
    ([10, 20, 30, 40], "scales: [1, 0.75]", [10, 20, 40]),
    ([10, 20, 30, 40, 50], "sizes: [1, 2]", [20, 40]),
    ([10, 20], "sizes: [1, 3]", [10, 10, 20]),
    ([10, 20, 30], "sizes: [1, 1]", [20]),
    ([10], "sizes: [1, 4]", [10, 10, 10, 10]),
]


@pytest.mark.parametrize(("image", "options", "expected"), EXPECTED)
def test_nearest_is_that_of_the_conformance_tests(
    image: list[int], options: str, expected: list[int]
) -> None:
    convention, made = reading_of(f"builder.resample2d(x, {{{options}}})")
    assert convention.name == "WebNN"
    assert not convention.ran
    _, width = made.at((1, len(image))).samplings
    assert width is not None
    weights = width.weights(len(image), len(expected)).matrix()
    assert (weights @ np.array(image)).tolist() == expected


@pytest.mark.parametrize(("n_in", "n_out"), [(4, 7), (7, 3), (5, 1), (1, 4), (6, 3)])
def test_linear_is_the_formula_of_the_specification(n_in: int, n_out: int) -> None:
    text = f"builder.resample2d(x, {{mode: 'linear', sizes: [{n_out}, 1]}})"
    height = reading_of(text)[1].samplings[0]
    assert height is not None
    x = np.clip((np.arange(n_out) + 0.5) * n_in / n_out - 0.5, 0, n_in - 1)
    exact = np.maximum(0, 1 - np.abs(x[:, None] - np.arange(n_in)))
    assert np.abs(height.weights(n_in, n_out).matrix() - exact).max() < 1e-12
