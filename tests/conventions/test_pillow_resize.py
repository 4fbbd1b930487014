"""Pillow's words: what is read, refused and written; bytes beside the exact weights."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from halfpixel.conventions.images.pillow_filters import MEANINGS, along, filter_name
from halfpixel.conventions.images.pillow_resize import CONVENTION
from halfpixel.conventions.images.pillow_sizes import thumbnail_size
from halfpixel.errors import ConventionError
from halfpixel.sampling import Cubic, Linear, Sampling, compare
from halfpixel.sampling.kernel import Filter
from halfpixel.sampling.kernels.profiles import Lanczos


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("im.resize((4, 3))", "BICUBIC"),
        ("im.resize((4, 3), Image.ANTIALIAS)", "LANCZOS"),
        ("im.resize((4, 3), resample=PIL.Image.Resampling.HAMMING)", "HAMMING"),
        ("im.resize((4, 3), 4)", "BOX"),
        ("im.resize([4, 3], Image.LINEAR)", "BILINEAR"),
    ],
)
def test_filters_by_every_name(text: str, name: str) -> None:
    found = CONVENTION.read(text, None)
    assert found.lengths == (3, 4)
    assert found.samplings == (MEANINGS[name],) * 2


def test_constants_are_those_of_the_library() -> None:
    for name in MEANINGS:
        assert filter_name(int(getattr(Image.Resampling, name))) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("im.resize()", "resize has no size"),
        ("im.resize((4, 3), Image.QUADRATIC)", "resample is 'QUADRATIC'"),
        ("im.resize((4, 3), box=(0, 0, 9, b))", "expected 4 numbers"),
        ("im.resize((4, 3), box=(3, 0, 2, 4))", "left before right"),
        ("im.resize((4, 3), reducing_gap=0.5)", "reducing_gap is 0.5, expected at least 1"),
        ("im.resize((4, 3, 2))", "expected 2 lengths"),
        ("im.resize((4, 0))", "size is 0"),
        ("im.reduce(0)", "factor is 0"),
        ("im.reduce((1, 2, 3))", "expected one or two"),
        ("im.reduce(2, box=(0, 0, 1.5, 2))", "expected a whole number"),
        ("im.rotate(2)", "the method is 'rotate'"),
    ],
)
def test_wrong_calls(text: str, reason: str) -> None:
    with pytest.raises(ConventionError, match=reason):
        CONVENTION.read(text, None)


def test_a_box_beyond_the_image_is_refused() -> None:
    made = CONVENTION.read("im.resize((4, 3), box=(0, 0, 9, 5))", None)
    assert made.at((5, 9)).samplings == (MEANINGS["BICUBIC"],) * 2  # all of it
    parts = [one.roi for one in made.at((7, 10)).samplings if one is not None]
    assert parts == [(Fraction(0), Fraction(5)), (Fraction(0), Fraction(9))]
    with pytest.raises(ConventionError, match="box ends at 9, the image at 8"):
        made.at((5, 8))
    with pytest.raises(ConventionError, match="box ends at 3, the image at 2"):
        CONVENTION.read("im.reduce(2, (0, 0, 3, 3))", None).at((4, 2))


@pytest.mark.parametrize("size", [(128, 128), (64, 100), (100, 7), (1, 90), (33, 20)])
def test_thumbnails(size: tuple[int, int]) -> None:
    for height, width in ((480, 640), (50, 100), (131, 67), (20, 20), (1, 300)):
        image = Image.new("L", (width, height))
        image.thumbnail(size)
        assert thumbnail_size((size[1], size[0]), (height, width)) == (image.height, image.width)
        made = CONVENTION.read(f"im.thumbnail({size})", None).at((height, width))
        assert made.lengths == (image.height, image.width)


SAMPLINGS = [
    along("LANCZOS", (Fraction(1, 2), Fraction(9))),
    along("NEAREST", (Fraction(1), Fraction(7, 3))),
    along("BOX", (Fraction(1), Fraction(9)), Fraction(3, 2)),
    Sampling("half_pixel", Linear(antialias=True), Fraction(2), exclude_outside=True),
]


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
def test_what_is_written_is_read_back(sampling: Sampling) -> None:
    words = CONVENTION.write(sampling, 2)
    assert words is not None
    assert CONVENTION.write(sampling, 3) is None
    for found in CONVENTION.read(words, None).samplings:
        assert found is not None
        assert compare(found, sampling).equal


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling("half_pixel", Linear()),
        Sampling("half_pixel", Cubic(antialias=True), exclude_outside=True),
        Sampling("half_pixel", Filter(Lanczos(3), antialias=True)),
        Sampling("half_pixel", Linear(antialias=True), Fraction(3, 2), exclude_outside=True),
    ],
    ids=str,
)
def test_what_has_no_name(sampling: Sampling) -> None:
    assert CONVENTION.write(sampling, 2) is None


@pytest.mark.parametrize("name", [n for n in MEANINGS if n not in {"NEAREST", "LANCZOS"}])
def test_bytes_are_rounded_twice(name: str) -> None:
    """Each pass is off by half a grey level, the first one times the weights of the second."""
    x = np.random.default_rng(7).integers(90, 160, (23, 31), dtype=np.uint8)
    made = CONVENTION.read(f"im.resize((9, 40), Image.{name})", None).at(x.shape)
    down, across = (
        sampling.weights(n, m).matrix()
        for sampling, n, m in zip(made.samplings, x.shape, (40, 9), strict=True)
        if sampling is not None
    )
    passes = np.floor(x @ across.T + 0.5)  # the width first
    found = np.asarray(Image.fromarray(x).resize((9, 40), getattr(Image, name)), np.float64)
    assert np.abs(found - np.floor(down @ passes + 0.5)).max() <= 1  # a tie of fixed point
    assert (found != np.floor(down @ passes + 0.5)).mean() < 0.01
    most = 0.5 + 0.5 * np.abs(down).sum(1).max() + 0.01
    assert np.abs(found - down @ x @ across.T).max() <= most
