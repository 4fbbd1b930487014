"""Test images: what is drawn is what the operators compute, by PyTorch's own kernels."""

import numpy as np
import pytest
import torch
from torch.nn.functional import grid_sample, interpolate

from halfpixel.errors import UsageError
from halfpixel.report.pictures import picture_of_signal
from halfpixel.report.pictures.drawable import drawing
from halfpixel.report.pictures.images import NAMES, pattern
from halfpixel.report.pictures.signals import resampled
from halfpixel.report.pictures.user_image import user_image
from halfpixel.sampling import Cubic, GridSample, Linear, Nearest, RoiAlign, Sampling
from svg.boxes import texts

HALF, CORNERS = Sampling("half_pixel", Linear()), Sampling("align_corners", Linear())


@pytest.mark.parametrize(
    ("sampling", "options"),
    [
        (HALF, {"mode": "bilinear", "align_corners": False}),
        (CORNERS, {"mode": "bilinear", "align_corners": True}),
        (Sampling("half_pixel", Cubic()), {"mode": "bicubic", "align_corners": False}),
        (Sampling("asymmetric", Nearest()), {"mode": "nearest"}),
    ],
)
@pytest.mark.parametrize("image", NAMES)
def test_a_resize_is_pytorchs(sampling: Sampling, options: dict[str, object], image: str) -> None:
    pixels = pattern(image, 5, 7)
    found = resampled(pixels, drawing(sampling, [(5, 9), (7, 16)]))
    wanted = interpolate(torch.from_numpy(pixels)[None, None], size=(9, 16), **options)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, wanted[0, 0].numpy(), atol=1e-9)


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_a_grid_sample_is_pytorchs(mode: str, padding: str, *, corners: bool) -> None:
    operator = GridSample(mode, padding, corners)  # type: ignore[arg-type]
    pixels = np.array([[100.0, 200.0]])
    found = resampled(pixels, drawing(operator, [(1, 1), (2, 2)]))
    ticks = torch.linspace(-1, 1, 5, dtype=torch.float64)
    down, across = torch.meshgrid(ticks, ticks, indexing="ij")
    wanted = grid_sample(
        torch.from_numpy(pixels)[None, None],
        torch.stack([across, down], dim=-1)[None],
        mode="bilinear" if mode == "linear" else mode,
        padding_mode=padding,
        align_corners=corners,
    )
    np.testing.assert_allclose(found, wanted[0, 0].numpy(), atol=1e-9)


def test_a_roi_align_is_its_own_mean() -> None:
    """The samples that are drawn are those whose mean a bin is."""
    pixels = pattern("zone plate", 8, 8)
    for aligned in (False, True):
        operator = RoiAlign(aligned, output=(3, 2), sampling_ratio=2)
        samples = resampled(pixels, drawing(operator, [(8, 8), (8, 8)]))
        bins = samples.reshape(3, 2, 2, 2).mean(axis=(1, 3))
        box = np.array([[1.0, 1.0, 7.0, 7.0]])
        wanted = operator.evaluate(pixels[None, None], box, np.zeros(1, np.int64))[0, 0]
        np.testing.assert_allclose(bins, wanted, atol=1e-9)


def test_small_values_are_written() -> None:
    svg = picture_of_signal(
        CORNERS, HALF, lengths=[(3, 6), (3, 6)], image=np.array([[1, 2, 0], [3, 4, 0], [0, 0, 0.0]])
    )
    said = texts(svg)
    assert {"1.875", "2.438", "1.4", "2.88"} <= set(said)  # as PyTorch prints them
    assert any(text.startswith("file less meant: 24 of 36 samples differ") for text in said)


def test_equal_images_are_said_to_be() -> None:
    said = texts(picture_of_signal(HALF, HALF, lengths=[(4, 8), (4, 8)]))
    assert "file less meant: 0 of 64 samples differ" in said


@pytest.mark.parametrize(
    ("lengths", "image", "words"),
    [
        ([(4, 8)], "ramp", "two axes"),
        ([(40, 80), (4, 8)], "ramp", "at most 64"),
        ([(4, 8), (4, 8)], "cat", "no test image"),
        ([(4, 8), (4, 8)], np.zeros((2, 2)), "for lengths"),
    ],
    ids=str,
)
def test_what_is_no_image_is_refused(
    lengths: list[tuple[int, int]], image: object, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        picture_of_signal(HALF, lengths=lengths, image=image)  # type: ignore[arg-type]


def test_a_users_own_image(tmp_path: object) -> None:
    from pathlib import Path

    from PIL import Image

    folder = Path(str(tmp_path))
    Image.fromarray(np.full((64, 100, 3), 255, np.uint8)).save(folder / "white.png")
    found = user_image(str(folder / "white.png"))
    assert not isinstance(found, str)
    assert found.shape == (20, 32)
    assert found.min() == 1.0
    (folder / "no.png").write_bytes(b"none")
    for text in ("cat", "1 2; 3", str(folder / "no.png"), "nan 1", "1e400"):
        with pytest.raises(UsageError):
            user_image(text)
