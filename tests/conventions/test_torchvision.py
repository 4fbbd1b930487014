"""torchvision's words: the shorter side, what is refused, and of what kind of image a call is."""

from fractions import Fraction

import pytest

from halfpixel.checking.called import reading_of
from halfpixel.convention import Convention
from halfpixel.conventions.images.pillow_filters import MEANINGS
from halfpixel.conventions.images.torchvision_tensors import CALLS, CONVENTION, LANCZOS
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Sampling, compare

SMOOTH = MEANINGS["BILINEAR"]


@pytest.mark.parametrize(
    ("text", "ins", "lengths"),
    [
        ("T.Resize(256)", (480, 640), (256, 341)),
        ("T.Resize(256)", (640, 480), (341, 256)),
        ("T.Resize([256])", (100, 100), (256, 256)),
        ("T.Resize(256, max_size=300)", (480, 640), (225, 300)),
        ("v2.Resize(None, max_size=100)", (480, 640), (75, 100)),
        ("T.Resize((20, 30))", (480, 640), (20, 30)),
        ("T.Resize(size)", (480, 640), (None, None)),
    ],
)
def test_lengths(text: str, ins: tuple[int, int], lengths: tuple[int, int]) -> None:
    found = reading_of(text)[1]
    assert found.at(ins).lengths == lengths
    assert found.samplings == found.at(ins).samplings


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("T.Resize()", "size is not given"),
        ("T.Resize((1, 2, 3))", "expected one length or two"),
        ("T.Resize(256, max_size=200)", "max_size is 200, expected more than 256"),
        ("T.Resize((20, 30), max_size=200)", "max_size is given beside a size of both sides"),
        ("T.Resize(8, interpolation='cubic')", "interpolation is 'cubic'"),
        ("T.Resize(8, InterpolationMode.BOX)", "interpolation is BOX, which tensors do not have"),
        ("F.resize(Image.open(p), 8)", "what is resized is an image of Pillow"),
        ("F.resize((4, 3), 8)", r"what is resized is \(4, 3\), expected an image"),
        ("v2.Resize(8, 'lanczos', antialias=False)", "asks for antialias=True"),
    ],
)
def test_wrong_calls(text: str, reason: str) -> None:
    with pytest.raises(ConventionError, match=reason):
        CONVENTION.read(text, None).at((480, 640))


def test_an_output_of_nothing_is_refused() -> None:
    with pytest.raises(ConventionError, match="the output has length 0"):
        CONVENTION.read("T.Resize(2, max_size=3)", None).at((9, 2))


@pytest.mark.parametrize(
    ("text", "name", "sampling"),
    [
        ("F.resize(x, 8)", "tensors", SMOOTH),
        ("F.resize(x, 8, antialias=False)", "tensors", Sampling("half_pixel", Linear())),
        ("F.resize(Image.open(p), 8, antialias=False)", "images of Pillow", SMOOTH),
        ("F.resize(img, 8, InterpolationMode.LANCZOS)", "images of Pillow", MEANINGS["LANCZOS"]),
        ("v2.functional.resize(img, 8, InterpolationMode.LANCZOS)", "tensors", LANCZOS),
        ("T.Resize(8, 4)", "images of Pillow", MEANINGS["BOX"]),
    ],
)
def test_of_what_kind_of_image(text: str, name: str, sampling: Sampling) -> None:
    convention, found = reading_of(text)
    assert isinstance(convention, Convention)
    assert convention.name == f"torchvision ({name})"
    for one in found.samplings:
        assert one is not None
        assert compare(one, sampling).equal


def test_pillow_and_tensors_part_by_antialias_and_nearest_alone() -> None:
    by_name = {text.partition("Mode.")[2].rstrip(")"): made for text, made in CALLS.items()}
    assert compare(by_name["BILINEAR, antialias=True"], MEANINGS["BILINEAR"]).equal
    assert compare(by_name["BICUBIC, antialias=True"], MEANINGS["BICUBIC"]).equal
    assert compare(by_name["LANCZOS, antialias=True"], MEANINGS["LANCZOS"]).equal
    assert compare(by_name["NEAREST_EXACT"], MEANINGS["NEAREST"]).equal
    assert compare(by_name["NEAREST"], MEANINGS["NEAREST"]).witness == (2, 1)
    assert compare(by_name["BICUBIC, antialias=False"], MEANINGS["BICUBIC"]).witness is not None


def test_a_factor_is_written_as_a_size() -> None:
    doubled = Sampling("half_pixel", Linear(), Fraction(2))
    words = CONVENTION.write(doubled, 2)
    assert words is not None
    assert "[2 * height, 2 * width]" in words
