"""ONNX's vocabulary: what is said, in which order, and that it computes what was wanted."""

from itertools import islice

import pytest

from halfpixel.conventions.meaning import check_lengths
from halfpixel.conventions.onnx.lengths import NodeWanted
from halfpixel.conventions.onnx.resize import sampling_of
from halfpixel.conventions.onnx.vocabulary import NEARBY, VOCABULARY, exact_attributes, names_of
from halfpixel.conventions.vocabulary import proven
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Coordinate, Linear, Nearest, Resize, Sampling
from halfpixel.sampling.lowering import single_taps
from halfpixel.sampling.pixels import runtime_pixels

HALF, CROP = Sampling("half_pixel", Linear()), Sampling("tf_crop_and_resize", Linear())
OFFSET, EXACT = (
    Sampling("coreml_offset_corners", Linear()),
    Sampling("tf_half_pixel_for_nn", Nearest("floor")),
)
INS, OUTS = (1, 3, 4, 4), (1, 3, 8, 8)


def resize(sampling: Sampling) -> Resize:
    return Resize(((2, sampling), (3, sampling)))


def test_what_is_meant_comes_first_and_every_form_that_is_equal_is_found() -> None:
    wanted = NodeWanted(resize(HALF), INS, OUTS, 19)
    found = [form for form, _ in VOCABULARY.equal(wanted)]
    assert found[0].attributes["coordinate_transformation_mode"] == "half_pixel"
    rules = {form.attributes["coordinate_transformation_mode"] for form in found}
    assert rules == {"half_pixel", "pytorch_half_pixel", "half_pixel_symmetric"}
    assert {form.by for form in found} == {"sizes", "scales"}
    older = NodeWanted(resize(HALF), INS, OUTS, 18)
    assert all(form.opset <= 18 for form, _ in VOCABULARY.equal(older))


def test_a_node_is_changed_in_one_place_first() -> None:
    given = {"mode": "nearest", "nearest_mode": "ceil"}
    wanted = NodeWanted(resize(EXACT), INS, (1, 3, 2, 2), 19, attributes=given, by="sizes")
    tried = islice(NEARBY.candidates(wanted), 7)
    changes = [{k: v for k, v in form.attributes.items() if given.get(k) != v} for form in tried]
    assert all(len(change) == 1 for change in changes)
    form = NEARBY.first(wanted)
    assert form is not None
    assert form.attributes == {"mode": "nearest", "nearest_mode": "round_prefer_ceil"}


EXACTLY: list[tuple[Sampling, int, int, Coordinate | None]] = [
    # what is meant along an axis, its lengths, and the coordinates that say it
    (HALF, 4, 8, "half_pixel"),
    (Sampling("align_corners", Linear()), 4, 7, "align_corners"),
    (EXACT, 3, 6, "half_pixel"),
    (CROP, 4, 1, "half_pixel"),  # the middle of the image
    (CROP, 4, 7, "align_corners"),
    (OFFSET, 4, 7, None),
    (Sampling("half_pixel", Area()), 4, 3, None),
]


@pytest.mark.parametrize(("sampling", "n_in", "n_out", "rule"), EXACTLY)
def test_exact_attributes(
    sampling: Sampling, n_in: int, n_out: int, rule: Coordinate | None
) -> None:
    found = exact_attributes([(2, sampling, n_in, n_out)], 19)
    assert (found and found["coordinate_transformation_mode"]) == rule
    if found is None:
        return
    said, weights = sampling_of("Resize", 19, found), sampling.weights(n_in, n_out)
    if isinstance(said.kernel, Nearest):
        assert runtime_pixels(said, n_in, n_out) == single_taps(weights)
    else:
        assert said.weights(n_in, n_out).rows == weights.rows


def test_no_crop_says_two_axes_that_differ() -> None:
    corners = Sampling("align_corners", Linear())
    assert exact_attributes([(2, CROP, 6, 1), (3, corners, 10, 5)], 19) is None


def test_names() -> None:
    named = names_of(Resize(((2, HALF), (3, EXACT))))
    assert named is not None
    assert [words["mode"] for words in named] == ["linear", "nearest"]
    assert names_of(Resize(((2, HALF), (3, OFFSET)))) is None
    assert names_of(Resize(())) is None


@pytest.mark.parametrize(
    ("ins", "outs", "reason"),
    [
        ((1, 3, 0, 4), OUTS, "input length 0 along axis 2"),
        (INS, (1, 3, 8, 0), "output length 0 along axis 3"),
        (INS, (1, 3, 8, 1 << 31), "output length 2147483648 along axis 3, at most 100"),
    ],
)
def test_lengths_that_there_cannot_be(
    ins: tuple[int, ...], outs: tuple[int, ...], reason: str
) -> None:
    check_lengths(resize(HALF), INS, (None, None, None, None), 100)
    with pytest.raises(ConventionError, match=reason):
        check_lengths(resize(HALF), ins, outs, 100)


def test_proven_is_of_the_lengths() -> None:
    wanted = NodeWanted(resize(HALF), INS, OUTS, 19)
    assert proven(resize(Sampling("pytorch_half_pixel", Linear())), wanted)
    anywhere = NodeWanted(resize(HALF), (None,) * 4, (None,) * 4, 19)
    assert not proven(resize(Sampling("pytorch_half_pixel", Linear())), anywhere)
