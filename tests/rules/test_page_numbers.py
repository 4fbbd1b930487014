"""What the rules' pages say in numbers is computed.

A row names the rule, the words of its page, and what computes them: a page that says another
number fails.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own habit

from halfpixel.rule import package_rules
from halfpixel.sampling import Cubic, Linear, Nearest, Sampling, compare
from halfpixel.sampling.arithmetic import (
    float16,
    output_length_float32,
    output_length_float64,
)
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.pixels import runtime_pixels, torch_pixels
from halfpixel.sampling.resize import given_scale

PAGES = {
    rule.name: " ".join((rule.page or "").split()) for rule in package_rules("halfpixel_rules")
}


def linear(coordinate: Coordinate, scale: float | None = None) -> Sampling:
    return Sampling(coordinate, Linear(), None if scale is None else given_scale(scale))


def apart(one: Sampling, other: Sampling, n_in: int, n_out: int) -> float:
    """Return how far two sampling grids are apart, in input pixels."""
    return float(compare(one, other, n_in, n_out).displacement)


def grids_apart(one: Sampling, other: Sampling, n_in: int, n_out: int) -> float:
    """Return how far the last samples of two grids are apart, the border left out of account."""
    here, there = one.line(n_in, n_out), other.line(n_in, n_out)
    return abs(float(here.at(n_out - 1) - there.at(n_out - 1)))


def wrong(n_in: int, n_out: int, factor: float | None = None) -> int:
    """Return how many pixels of a nearest resize onnxruntime reads otherwise than PyTorch."""
    scale = None if factor is None else given_scale(factor)
    sampling = Sampling("asymmetric", Nearest("floor"), scale)
    here, there = runtime_pixels(sampling, n_in, n_out), torch_pixels(sampling, n_in, n_out)
    assert here is not None
    assert there is not None
    return sum(a != b for a, b in zip(here, there, strict=True))


def lengths_wrong(factor: float) -> int:
    """Return at how many of the first 256 lengths one pixel or more is another."""
    lengths = [(n, output_length_float64(n, factor)) for n in range(1, 257)]
    return sum(m > 0 and wrong(n, m, factor) > 0 for n, m in lengths)


def touched(scale: int) -> int:
    """Return how many outputs a side of a long cubic enlargement another border changes."""
    kept = Sampling("half_pixel", Cubic()).weights(16, 16 * scale).rows
    left = Sampling("half_pixel", Cubic(), exclude_outside=True).weights(16, 16 * scale).rows
    return sum(dict(a) != dict(b) for a, b in zip(kept, left, strict=True)) // 2


def ties(n_in: int, n_out: int) -> bool:
    """Whether ONNX's default nearest picks other pixels than nearest-exact."""
    default = Sampling("half_pixel", Nearest("round_prefer_floor"))
    return not compare(
        default, Sampling("half_pixel", Nearest("round_prefer_ceil")), n_in, n_out
    ).equal


def flips() -> int:
    """Return how many of nine samples the nudged factor would move."""
    step = 1 / Fraction(1.5000166893005371)
    return sum(int(i * step) != i * 6 // 9 for i in range(9))


def coarse(span: int) -> tuple[str, str]:
    """Return the step of float16 just below 1 on an image, and the worst rounding, in pixels."""
    step = float(np.spacing(np.float16(0.99))) * span / 2
    return f"{step:.2g}", f"{step / 2:.2g}"


def failing() -> list[int]:
    """Return the whole factors at which onnxruntime reads other pixels somewhere in 64 outputs."""
    return [k for k in range(2, 64) if any(wrong(k * m, m) for m in range(1, 65))]


def corner() -> float:
    """Return what PyTorch's default gives in the corner of a constant 100 under the identity."""
    theta = torch.eye(2, 3)[None]
    grid = F.affine_grid(theta, [1, 1, 4, 4], align_corners=True)
    x = torch.full((1, 1, 4, 4), 100.0)
    return float(F.grid_sample(x, grid, align_corners=False)[0, 0, 0, 0])


NUMBERS: dict[str, tuple[str, str, Callable[[], object]]] = {
    "asymmetric x2": (
        "asymmetric-linear",
        "a quarter pixel at x2",
        lambda: apart(linear("asymmetric"), linear("half_pixel"), 8, 16) == 0.25,
    ),
    "asymmetric at large scales": (
        "asymmetric-linear",
        "up to half a pixel at large scales",
        lambda: 0.49 < apart(linear("asymmetric"), linear("half_pixel"), 8, 8000) < 0.5,
    ),
    "default mode": (
        "coreml-default-mode",
        "input pixels against PyTorch and TensorFlow 2, a quarter of one at x2",
        lambda: apart(linear("asymmetric"), linear("half_pixel"), 8, 16) == 0.25,
    ),
    "border": (
        "dark-border",
        "an image of constant 100 gives 25 in the corner",
        lambda: corner() == 25,
    ),
    "a scale in float64": (
        "declared-length",
        "124 times 0.83064514 is 102 in one and 103 in the other",
        lambda: (
            (
                output_length_float64(124, float(np.float32(0.83064514))),
                output_length_float32(124, 0.83064514),
            )
            == (102, 103)
        ),
    ),
    "a scale in float16": (
        "declared-length",
        "1.1 in float16 is 1.0996: 20 gives 21, not 22",
        lambda: f"{float16(1.1):.5g}" == "1.0996" and int(20 * float16(1.1)) == 21,
    ),
    "a nudged factor": ("device-dependent", "2 of the 9 samples", lambda: flips() == 2),
    "another border at x2": (
        "foreign-kernel",
        "three outputs a side at x2 and six at x4",
        lambda: (touched(2), touched(4)) == (3, 6),
    ),
    "float16 coordinates": (
        "half-precision-grid",
        "0.94 pixels, so that samples land up to 0.47 pixels",
        lambda: coarse(3840) == ("0.94", "0.47"),
    ),
    "lost at x2": (
        "lost-coordinates",
        "linear at x2 moves by a quarter pixel",
        lambda: apart(linear("asymmetric"), linear("half_pixel"), 8, 16) == 0.25,
    ),
    "lost at 5 to 1": (
        "lost-coordinates",
        "half its step where it shrinks, which is 2 pixels from 5 to 1",
        lambda: (
            apart(
                Sampling("half_pixel", Nearest("round_prefer_floor")),
                Sampling("asymmetric", Nearest("floor")),
                5,
                1,
            )
            == 2
        ),
    ),
    "lost at 61 to 2": (
        "lost-coordinates",
        "half its step",
        lambda: (
            apart(
                Sampling("half_pixel", Nearest("round_prefer_floor")),
                Sampling("asymmetric", Nearest("floor")),
                61,
                2,
            )
            == 15
        ),
    ),
    "conventions": (
        "mixed-conventions",
        "up to half a pixel apart at the borders",
        lambda: 0.49 < grids_apart(linear("align_corners"), linear("half_pixel"), 100, 10000) < 0.5,
    ),
    "224 to 32": (
        "nearest-off-by-one",
        "19 of these 32 columns are wrong",
        lambda: wrong(224, 32) == 19,
    ),
    "whole factors": (
        "nearest-off-by-one",
        "7, 13, 14, 15, 26, 28, 30, 51, 52, 56, 60, 63",
        lambda: failing() == [7, 13, 14, 15, 26, 28, 30, 51, 52, 56, 60, 63],
    ),
    "factors that go wrong": (
        "nearest-off-by-one",
        "0.3, 0.6 and 2.4 go wrong at most lengths, 0.7 and 1.7 at none",
        lambda: (
            min(map(lengths_wrong, (0.3, 0.6, 2.4))) > 128
            and not any(map(lengths_wrong, (0.7, 1.7)))
        ),
    ),
    "ties": (
        "nearest-rounding",
        "at every even downscale, but also from 2 to 3 or from 4 to 3",
        lambda: (
            all(ties(k * 6, 6) for k in (2, 4, 6)) and ties(2, 3) and ties(4, 3) and not ties(9, 3)
        ),
    ),
    "the same pixels": (
        "nearest-rounding",
        "tf_half_pixel_for_nn + floor, which is proven to be the same",
        lambda: (
            compare(
                Sampling("tf_half_pixel_for_nn", Nearest("floor")),
                Sampling("half_pixel", Nearest("round_prefer_ceil")),
                None,
                None,
            ).equal
        ),
    ),
    "kept length": (
        "offset-same-length",
        "at length 4 it reads 0.375, 1.125, 1.875, 2.625",
        lambda: (
            [float(Sampling("coreml_offset_corners", Linear()).line(4, 4).at(i)) for i in range(4)]
            == [0.375, 1.125, 1.875, 2.625]
        ),
    ),
    "a length in float64": (
        "output-length-rounding",
        "100 pixels at scale 0.29 are 28.999999999999996 in float64",
        lambda: 100 * 0.29 == 28.999999999999996 and np.float32(100) * np.float32(0.29) == 29,
    ),
    "two steps": (
        "scale-or-size",
        "0.28 input pixels apart; from 7 to 3 by 0.5 it is 0.83",
        lambda: (
            f"{grids_apart(linear('half_pixel'), linear('half_pixel', 1.7), 5, 8):.2f}" == "0.28"
            and f"{grids_apart(linear('half_pixel'), linear('half_pixel', 0.5), 7, 3):.2f}"
            == "0.83"
        ),
    ),
    "strides": (
        "unaligned-corners",
        "the last feature lies 15 pixels from the edge",
        lambda: (512 - 1) % 16 == 15,
    ),
}


@pytest.mark.parametrize(("name", "words", "holds"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_of_a_page_is_computed(name: str, words: str, holds: Callable[[], object]) -> None:
    assert words in PAGES[name]
    assert holds()
