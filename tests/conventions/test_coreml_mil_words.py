"""The words of an ML Program's resizes: what is read is said again, and what has no words."""

from fractions import Fraction

import pytest

from coreml_resizes import (
    ASYMMETRIC,
    CORNERS,
    EXACT,
    FLOOR,
    HALF,
    PAIRS,
    SMALL,
    UNKNOWN,
    Given,
    Shape,
    scaled,
    sized,
)
from halfpixel.conventions.coreml import mil as coreml_mil
from halfpixel.conventions.coreml.mil import open_question, read, words
from halfpixel.conventions.coreml.mil_convention import CALLS, CONVENTION
from halfpixel.conventions.coreml.names import RULES
from halfpixel.sampling import Area, Cubic, Linear, Resize, Sampling, compare_resize

ROUND_TRIPS: list[tuple[str, Given]] = [
    *(("resize_bilinear", {"sampling_mode": mode}) for mode in RULES),
    *(("upsample_bilinear", flags) for flags in coreml_mil.FLAGS),
    ("resize_nearest_neighbor", {}),
    ("upsample_nearest_neighbor", {}),
]


@pytest.mark.parametrize(("op", "flags"), ROUND_TRIPS, ids=str)
def test_round_trip(op: str, flags: Given) -> None:
    """What is read is said again, and what is said is the same matrix, at every size."""
    for n_in, n in PAIRS:
        ins = (1, 3, n_in, n_in)
        given = {**(scaled(n, n) if op.startswith("upsample") else sized(n)), **flags}
        meaning = read(op, given, ins)
        outs = meaning.sizes or ()
        said = words(meaning.resize, ins, outs, 6)
        if said is None:  # Apple's own test of a target of 1 x 1 fails
            assert (op, n) == ("resize_nearest_neighbor", 1)
            continue
        again = read(said.op, said.attributes, ins)
        assert again.sizes == outs
        assert compare_resize(again.resize, meaning.resize, ins, outs).equal
        assert open_question(said.op, said.attributes, ins) == ""
        if "bilinear" in op and meaning.resize.axes:
            assert said.op == "resize_bilinear"


def resize(sampling: Sampling, *axes: int) -> Resize:
    return Resize(tuple((axis, sampling) for axis in axes))


TWICE = Sampling("half_pixel", Linear(), scale=Fraction(2))
SAID: list[tuple[Resize, tuple[Shape, Shape], int, tuple[float, ...] | None, str]] = [
    # what, input and output lengths, version, factors, the words ("" for none)
    (resize(HALF, 2, 3), (SMALL, (1, 3, 12, 16)), 6, None,
     'resize_bilinear(x, height=12, width=16, sampling_mode="UNALIGN_CORNERS")'),
    (resize(CORNERS, 2, 3), (UNKNOWN, (1, 3, 12, 16)), 6, None,
     'resize_bilinear(x, height=12, width=16, sampling_mode="STRICT_ALIGN_CORNERS")'),
    (Resize(((2, HALF), (3, CORNERS))), ((1, 3, 8, 1), (1, 3, 16, 5)), 6, None,
     'resize_bilinear(x, height=16, width=5, sampling_mode="UNALIGN_CORNERS")'),
    (resize(FLOOR, 2, 3), (SMALL, (1, 3, 16, 24)), 6, None,
     "upsample_nearest_neighbor(x, height=2, width=3)"),
    (resize(EXACT, 2, 3), (SMALL, (1, 3, 12, 20)), 6, None,
     "resize_nearest_neighbor(x, height=12, width=20)"),
    (resize(EXACT, 2, 3), (SMALL, (1, 3, 16, 16)), 6, None,
     "resize_nearest_neighbor(x, height=16, width=16)"),
    (resize(FLOOR, 2, 3), (SMALL, (1, 3, 4, 4)), 6, None,
     'resize_bilinear(x, height=4, width=4, sampling_mode="DEFAULT")'),  # on pixels all the way
    (resize(TWICE, 2, 3), (UNKNOWN, UNKNOWN), 6, None,
     "upsample_bilinear(x, height=2, width=2, align_corners=False)"),
    (resize(CORNERS, 2, 3), (UNKNOWN, UNKNOWN), 6, (1.0, 1.0, 2.0, 3.0),
     "upsample_bilinear(x, height=2, width=3, align_corners=True)"),
    (resize(ASYMMETRIC, 2, 3), (UNKNOWN, UNKNOWN), 7, (1.0, 1.0, 2.0, 2.0),
     "upsample_bilinear(x, height=2, width=2, align_corners=False, half_pixel_centers=False)"),
    (resize(ASYMMETRIC, 2, 3), (UNKNOWN, UNKNOWN), 6, (1.0, 1.0, 2.0, 2.0), ""),
    (resize(HALF, 3), (UNKNOWN, (None, None, None, 9)), 8, None,
     'resize(x, shape=(9,), resized_dims=1, sampling_mode="UNALIGN_CORNERS")'),
    (resize(HALF, 3), (UNKNOWN, (None, None, None, 9)), 7, None, ""),
    (resize(HALF, 2, 3), (UNKNOWN, UNKNOWN), 9, None, ""),
    (resize(FLOOR, 2, 3), (SMALL, (1, 3, 12, 12)), 9, None, ""),
    (resize(FLOOR, 2, 3), (UNKNOWN, UNKNOWN), 9, (1.0, 1.0, 1.5, 1.5), ""),
    (resize(Sampling("half_pixel", Cubic()), 2, 3), (SMALL, (1, 3, 16, 16)), 9, None, ""),
    (resize(Sampling("half_pixel", Linear(antialias=True)), 2, 3),
     (SMALL, (1, 3, 3, 3)), 9, None, ""),
    (resize(Sampling("half_pixel", Area()), 2, 3), (SMALL, (1, 3, 3, 3)), 9, None, ""),
    (resize(HALF, 1, 2), (SMALL, (1, 6, 16, 8)), 9, None, ""),
    (resize(HALF, 2, 3), ((1, 3, 0, 8), (1, 3, 4, 8)), 9, None, ""),
    (Resize(((2, HALF), (3, CORNERS))), (SMALL, (1, 3, 16, 16)), 9, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "lengths", "version", "factors", "text"), SAID)
def test_words(
    what: Resize,
    lengths: tuple[Shape, Shape],
    version: int,
    factors: tuple[float, ...] | None,
    text: str,
) -> None:
    said = words(what, *lengths, version, factors)
    found = "" if said is None else said.text()
    assert found.replace("target_size_", "").replace("scale_factor_", "") == text


@pytest.mark.parametrize(("text", "sampling"), CALLS.items(), ids=str)
def test_calls_by_size_are_written(text: str, sampling: Sampling) -> None:
    assert CONVENTION.write(sampling, 2) == text
    assert CONVENTION.write(sampling, 3) is None


@pytest.mark.parametrize("flags", coreml_mil.FLAGS)
def test_whole_factors_are_written(flags: Given) -> None:
    meaning = read("upsample_bilinear", scaled(2, 2, **flags), None)
    text = CONVENTION.write(meaning.resize.axes[0][1].by_size(), 2)
    assert text is not None
    assert text.startswith("resize_bilinear")
