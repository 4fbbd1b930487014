"""MXNet was read alone: its kernel as a formula, and its output lengths."""

import numpy as np
import pytest

from halfpixel.checking.called import reading_of

RESIZE = "mx.nd.contrib.BilinearResize2D(x, "


@pytest.mark.parametrize("corners", ["True", "False"])
@pytest.mark.parametrize(("n_in", "n_out"), [(4, 7), (7, 3), (5, 5), (5, 1), (1, 4), (6, 3)])
def test_weights_are_those_of_the_kernel(corners: str, n_in: int, n_out: int) -> None:
    """A step of 0 for a single output, and no coordinate below 0 or beyond the last pixel."""
    text = f"{RESIZE}height={n_out}, width=3, align_corners={corners})"
    convention, made = reading_of(text)
    assert (convention.name, convention.ran) == ("MXNet", "")
    aligned = corners == "True"
    step = 0.0 if n_out == 1 else (n_in - 1) / (n_out - 1) if aligned else n_in / n_out
    places = np.arange(n_out) * step if aligned else (np.arange(n_out) + 0.5) * step - 0.5
    places = np.clip(places, 0, n_in - 1)
    exact = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(n_in)))
    assert made.samplings[0] is not None
    assert np.abs(made.samplings[0].weights(n_in, n_out).matrix() - exact).max() < 1e-12


@pytest.mark.parametrize(
    ("words", "lengths"),
    [
        ("height=3, width=4", (3, 4)),
        ("scale_height=1.5, scale_width=2", (7, 12)),
        ('scale_height=2, scale_width=0.5, mode="odd_scale"', (9, 3)),
        ('mode="to_even_down"', (4, 6)),
        ('mode="to_even_up"', (6, 6)),
        ('mode="to_odd_down"', (5, 5)),
        ('mode="to_odd_up"', (5, 7)),
    ],
)
def test_lengths(words: str, lengths: tuple[int, int]) -> None:
    assert reading_of(f"{RESIZE}{words})")[1].at((5, 6)).lengths == lengths


def test_every_pixel_is_repeated() -> None:
    made = reading_of('mx.nd.UpSampling(x, scale=3, sample_type="nearest")')[1].at((2, 4))
    assert made.lengths == (6, 12)
    assert made.samplings[0] is not None
    rows = made.samplings[0].weights(2, 6).matrix()
    assert (rows == np.repeat(np.eye(2), 3, 0)).all()
