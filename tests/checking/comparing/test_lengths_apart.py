"""Output lengths of two calls: whose each is, and what is said of others than are asked for."""

import pytest

import halfpixel
from halfpixel.checking.comparing.apart import apart_at
from halfpixel.checking.comparing.result import LengthsApart
from halfpixel.checking.comparing.side import side_of
from halfpixel.checking.comparing.words import lines, verdict_line
from halfpixel.checking.explain import explain
from halfpixel.convention import load_conventions
from halfpixel.errors import UsageError

SIZED = "F.interpolate(x, size=(11, 17), mode='bilinear')"
SCALED = "F.interpolate(x, scale_factor=1.7, mode='bilinear')"
DOUBLED = "F.interpolate(x, scale_factor=2, mode='bilinear')"
OPEN = "cv2.resize(x, (width, height))"


def turned(found: LengthsApart) -> LengthsApart:
    return LengthsApart(found.axis, found.n_in, found.second, found.first)


@pytest.mark.parametrize("size", ["10x7:17x11", "10x7", None])
def test_each_output_length_is_its_own_sides(size: str | None) -> None:
    """Of one pixel a factor of 1.7 makes one, a size makes itself."""
    found = halfpixel.compare(SIZED, SCALED, size=size)
    told = found.elsewhere if size else found.lengths
    assert [(one.n_in, one.first, one.second) for one in told] == [(1, 11, 1), (1, 17, 1)]
    other = halfpixel.compare(SCALED, SIZED, size=size)
    assert [turned(one) for one in (other.elsewhere if size else other.lengths)] == list(told)
    assert not size or any("length 1 becomes 1 in a and 11 in b" in one for one in lines(other))


def test_a_factor_that_is_asked_for_is_of_the_call_that_has_none() -> None:
    for a, b in ((SIZED, OPEN), (OPEN, SIZED)):
        found = halfpixel.compare(a, b, scale=2).lengths[0]
        assert (found.first if a == SIZED else found.second) == 11
        assert (found.second if a == SIZED else found.first) == 2


LINES = [
    "ndimage.affine_transform(x, [[0.5, 0], [0, 0.5]], order=1, mode='nearest')",
    "ndimage.affine_transform(x, [0.5, 0.5], order=1, mode='nearest', output_shape=(8, 8))",
    "ndimage.affine_transform(x, [2, 2], [0.5, 0.5], order=1, mode='nearest')",
    "jax.image.scale_and_translate(x, (9, 9), (0, 1), [2, 2], [0, 0], 'linear')",
]
"""Calls whose output lengths are not those of their step."""


@pytest.mark.parametrize("call", LINES)
def test_other_words_make_the_same_lengths_or_say_that_they_do_not(call: str) -> None:
    text = "\n".join(explain(call))
    told = dict(
        line.strip().split(": ", 1)
        for line in text.partition("in other words")[2].split("\n    ")[1:]
    )
    assert any("of another output length: " in one for one in told.values())
    for convention in load_conventions():
        words = told[convention.name]
        if words.startswith("nearest equivalent: "):
            continue
        for n in (7, 8):
            ours, theirs = (side_of(one).at((n, n)) for one in (call, words))
            assert ours.lengths == theirs.lengths
            assert apart_at(ours.samplings[0], theirs.samplings[0], n, ours.lengths[0] or 1).equal


def test_what_is_nearest_to_it_is_told_with_its_length() -> None:
    found = halfpixel.compare(LINES[1], "Resize(mode=cubic, scales=2)")
    assert found.instead is not None
    assert (found.instead.equal, found.instead.longer) == (False, (3, 6))
    assert any("of another output length: 3 becomes 6" in line for line in lines(found))


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (
            "Image.resize((224, 224))",
            "T.Resize((224, 224), interpolation=3)",
            "; other lengths are left open",
        ),
        (DOUBLED, "F.interpolate(x, size=(14, 20), mode='bilinear')", "; not at every length"),
        (
            DOUBLED,
            "cv2.resize(x, None, fx=2, fy=2)",
            ", and at every length: every weight is the same",
        ),
    ],
)
def test_the_line_of_equal_calls_tells_of_other_lengths(a: str, b: str, told: str) -> None:
    size = "640x480:224x224" if "224" in a else "10x7"
    found = halfpixel.compare(a, b, size=size)
    assert found.equal
    assert verdict_line(found).endswith(told), verdict_line(found)


def test_what_is_refused_is_what_was_typed() -> None:
    steps = "T.Compose([T.Resize(256), T.CenterCrop(224)])"
    with pytest.raises(UsageError) as raised:
        halfpixel.compare(steps, "keras.layers.Resizing(224, 224)", size="640x480:224x224")
    line = str(raised.value)
    assert line == f"{steps}: an output length of 224 is asked for, and its resize gives 256"
