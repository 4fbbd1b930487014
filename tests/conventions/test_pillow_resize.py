"""Pillow's words: what is read, refused and written; bytes beside the exact weights."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from halfpixel.conventions.images.pillow_filters import CUT_OFF, MEANINGS, along, filter_name
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


@pytest.mark.parametrize("name", [n for n in MEANINGS if n != "NEAREST"])
@pytest.mark.parametrize("range_", [(0, 256), (90, 160)], ids=["whole range", "middle"])
def test_bytes_are_as_near_as_is_said(name: str, range_: tuple[int, int]) -> None:
    """Each pass is rounded; what overshoots between them is cut off, in the whole range alone."""
    x = np.random.default_rng(7).integers(*range_, (22, 31), dtype=np.uint8)
    worst: list[float] = []
    for size in ((64, 48), (9, 40), (40, 9)):
        made = CONVENTION.read(f"im.resize({size}, Image.{name})", None).at(x.shape)
        down, across = (
            sampling.weights(n, m).matrix()
            for sampling, n, m in zip(made.samplings, x.shape, size[::-1], strict=True)
            if sampling is not None
        )
        image = Image.fromarray(x).resize(size, getattr(Image.Resampling, name))
        apart = np.asarray(image, np.float64) - np.clip(down @ x @ across.T, 0, 255)
        said = [one.most or 0.0 for one in made.remarks if range_[0] == 0 or one is not CUT_OFF]
        worst.append(float(np.abs(apart).max()))
        assert worst[-1] <= max(said)
    if name == "LANCZOS" and range_[0] == 0:
        assert max(worst) > 2  # it is said for a reason


def test_bytes_pass_by_pass() -> None:
    """The width first, then the height: all that is said explains all but a few ties."""
    x = np.random.default_rng(7).integers(0, 256, (23, 31), dtype=np.uint8)
    down, across = (MEANINGS["BICUBIC"].weights(n, m).matrix() for n, m in ((23, 40), (31, 9)))
    passed = np.clip(np.floor(x @ across.T + 0.5), 0, 255)
    expected = np.clip(np.floor(down @ passed + 0.5), 0, 255)
    found = np.asarray(Image.fromarray(x).resize((9, 40), Image.Resampling.BICUBIC), np.float64)
    assert np.abs(found - expected).max() <= 1
    assert (found != expected).mean() < 0.01
