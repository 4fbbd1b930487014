"""The words of Core ML's network layers: what is read is said again, and what has no words."""

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
)
from halfpixel.conventions.coreml.names import LINEAR_MODES, METHODS
from halfpixel.conventions.coreml.neuralnetwork import read, words
from halfpixel.conventions.coreml.neuralnetwork_convention import CALLS, CONVENTION
from halfpixel.sampling import Cubic, Linear, Resize, Sampling, compare_resize

TRUE, FALSE = "ALIGN_CORNERS_TRUE", "ALIGN_CORNERS_FALSE"
ROUND_TRIPS: list[tuple[str, Given]] = [
    *(("resizeBilinear", {"samplingMethod": mode}) for mode in METHODS),
    *(("upsample", {"mode": "BILINEAR", "linearUpsampleMode": mode}) for mode in LINEAR_MODES),
    ("upsample", {"mode": "NN"}),
]


@pytest.mark.parametrize(("layer", "flags"), ROUND_TRIPS, ids=str)
def test_round_trip(layer: str, flags: Given) -> None:
    """What is read is said again, and what is said is the same matrix, at every size."""
    name = "scalingFactor" if layer == "upsample" else "targetSize"
    for n_in, n in PAIRS:
        ins, given = (1, 1, 3, n_in, n_in), {**flags, name: (n, n)}
        meaning = read(layer, given, ins)
        outs = meaning.sizes or ()
        said = words(meaning.resize, ins, outs, 5)
        assert said is not None, f"{n_in} to {outs}"
        again = read(said.op, said.attributes, ins)
        assert again.sizes == outs
        assert compare_resize(again.resize, meaning.resize, ins, outs).equal


def test_half_pixel_by_fractions() -> None:
    """Every pair of lengths has a float32 factor that gives just that length."""
    half = Resize(((1, Sampling("half_pixel", Linear())), (2, Sampling("half_pixel", Linear()))))
    for n_in, n_out in [*PAIRS, (41, 100), (49, 1), (3, 10**6), (10**6, 7)]:
        said = words(half, (1, n_in, 5), (1, n_out, 7), 5)
        assert said is not None, f"{n_in} to {n_out}"
        assert read(said.op, said.attributes, (1, n_in, 5)).sizes == (1, n_out, 7)


def resize(sampling: Sampling) -> Resize:
    return Resize(((2, sampling), (3, sampling)))


ODD, TWICE = (1.5, 1.5), (1.0, 1.0, 2.0, 2.0)
SAID: list[tuple[Resize, tuple[Shape, Shape], int, tuple[float, ...] | None, str]] = [
    # what, input and output lengths, version, factors, the words ("" for none)
    (resize(CORNERS), (SMALL, (1, 3, 12, 16)), 3, None,
     'resizeBilinear(x, targetSize=(12, 16), samplingMethod="STRICT_ALIGN_ENDPOINTS_MODE")'),
    (resize(CORNERS), (SMALL, (1, 3, 12, 16)), 2, None, ""),
    (resize(ASYMMETRIC), (SMALL, (1, 3, 16, 16)), 1, None,
     'upsample(x, scalingFactor=(2, 2), mode="BILINEAR", linearUpsampleMode="DEFAULT")'),
    (resize(HALF), (SMALL, (1, 3, 16, 16)), 5, None,
     f'upsample(x, scalingFactor=(2, 2), mode="BILINEAR", linearUpsampleMode="{FALSE}")'),
    (resize(HALF), (SMALL, (1, 3, 16, 16)), 4, None, ""),
    (resize(HALF), (SMALL, (1, 3, 12, 12)), 5, None,
     f'upsample(x, fractionalScalingFactor={ODD}, mode="BILINEAR", linearUpsampleMode="{FALSE}")'),
    (resize(CORNERS), (UNKNOWN, UNKNOWN), 5, TWICE,
     f'upsample(x, scalingFactor=(2, 2), mode="BILINEAR", linearUpsampleMode="{TRUE}")'),
    (resize(FLOOR), (SMALL, (1, 3, 16, 24)), 1, None,
     'upsample(x, scalingFactor=(2, 3), mode="NN")'),
    (resize(EXACT), (SMALL, (1, 3, 16, 24)), 1, None,
     'upsample(x, scalingFactor=(2, 3), mode="NN")'),
    (resize(EXACT), (SMALL, (1, 3, 12, 12)), 9, None, ""),
    (resize(HALF), (UNKNOWN, UNKNOWN), 9, None, ""),
    (resize(Sampling("half_pixel", Cubic())), (SMALL, (1, 3, 16, 16)), 9, None, ""),
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
    assert ("" if said is None else said.text()) == text


@pytest.mark.parametrize(("text", "sampling"), CALLS.items(), ids=str)
def test_layers_by_size_are_written(text: str, sampling: Sampling) -> None:
    assert CONVENTION.write(sampling, 2) == text
    assert CONVENTION.write(sampling, 3) is None


def test_a_sampling_without_words() -> None:
    assert CONVENTION.write(Sampling("half_pixel", Cubic()), 2) is None
    assert CONVENTION.write(FLOOR, 2) is None
