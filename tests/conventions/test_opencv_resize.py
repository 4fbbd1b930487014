"""OpenCV's cv2.resize, read back from impulses."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from halfpixel.conventions.images.opencv_resize import (
    CONVENTION,
    MEANINGS,
    NUMBERS,
    SAME,
    output_length,
    read,
)
from halfpixel.errors import ConventionError
from halfpixel.sampling import Area, Cubic, Linear, Nearest, Sampling
from halfpixel.sampling.kernels.windows import Overlapped

Resize = Callable[[NDArray[np.float32]], NDArray[np.float32]]

LENGTHS = (*range(1, 19), 22, 26, 28, 31, 32, 33, 64, 65, 100)
PAIRS = [(n_in, n_out) for n_in in LENGTHS for n_out in LENGTHS]
SMOOTH = ("INTER_LINEAR", "INTER_CUBIC", "INTER_LANCZOS4")
NEAREST = ("INTER_NEAREST", "INTER_NEAREST_EXACT")
FACTORS = [Fraction(p, q) for p, q in ((2, 1), (3, 2), (1, 2), (3, 4), (5, 4), (5, 2), (5, 8))]


@pytest.fixture(scope="module")
def cv2() -> Any:  # noqa: ANN401 - an untyped library
    return pytest.importorskip("cv2", reason="OpenCV is not installed")


def matrix(n_in: int, resize: Resize) -> NDArray[np.float32]:
    """Return W along the height, from one image of width 4 an impulse."""
    impulses = np.eye(n_in, dtype=np.float32)
    images = (np.repeat(impulse.reshape(n_in, 1), 4, axis=1) for impulse in impulses)
    return np.stack([resize(image)[:, 0] for image in images], 1)


def by_size(cv2: Any, name: str, n_out: int, width: int = 4) -> Resize:  # noqa: ANN401
    return lambda x: cv2.resize(x, (width, n_out), interpolation=getattr(cv2, name))


def by_factor(cv2: Any, name: str, factor: Fraction) -> Resize:  # noqa: ANN401 - as above
    fy = float(factor)
    return lambda x: cv2.resize(x, None, fx=1.0, fy=fy, interpolation=getattr(cv2, name))


def apart(found: NDArray[np.float32], ours: Sampling, n_in: int, n_out: int) -> list[int]:
    """Return the output samples that differ."""
    difference = np.abs(found - ours.weights(n_in, n_out).matrix()).max(1)
    return [i for i in range(n_out) if difference[i] > 1e-5]


@pytest.mark.oracle
@pytest.mark.parametrize("name", SMOOTH)
def test_smooth(cv2: Any, name: str) -> None:  # noqa: ANN401 - as above
    for n_in, n_out in PAIRS:
        found = matrix(n_in, by_size(cv2, name, n_out))
        assert not apart(found, read(name), n_in, n_out), f"{n_in} -> {n_out}"


def steps_of_nearest(n_in: int, n_out: int) -> list[int]:
    """Return the pixels of INTER_NEAREST: a float64 step, the inverse of an inverse."""
    step = 1 / (n_out / n_in)
    return [min(math.floor(i * step), n_in - 1) for i in range(n_out)]


def steps_of_nearest_exact(n_in: int, n_out: int) -> list[int]:
    """Return the pixels of INTER_NEAREST_EXACT up to release 4: 16 fractional bits."""
    step = ((n_in << 16) + n_out // 2) // n_out
    first = step // 2 - n_in % 2
    return [min((i * step + first) >> 16, n_in - 1) for i in range(n_out)]


def sums_of_nearest_exact(n_in: int, n_out: int) -> list[int]:
    """Return the pixels of INTER_NEAREST_EXACT from release 5 on: a running float64 sum."""
    step = n_in / n_out
    place, pixels = step / 2, list[int]()
    for _ in range(n_out):
        pixels.append(min(int(place), n_in - 1))
        place += step
    return pixels


@pytest.mark.oracle
@pytest.mark.parametrize("name", NEAREST)
def test_nearest(cv2: Any, name: str) -> None:  # noqa: ANN401 - as above
    """The library's arithmetic explains every pixel, and departs on ties alone."""
    arithmetic = steps_of_nearest
    if name == "INTER_NEAREST_EXACT":
        older = int(cv2.__version__.split(".")[0]) < 5
        arithmetic = steps_of_nearest_exact if older else sums_of_nearest_exact
    for n_in, n_out in PAIRS:
        found = matrix(n_in, by_size(cv2, name, n_out))
        assert found.argmax(1).tolist() == arithmetic(n_in, n_out), f"{n_in} -> {n_out}"
        line = read(name).line(n_in, n_out)
        ties = {i for i in range(n_out) if line.at(i).denominator == 1}
        for i in apart(found, read(name), n_in, n_out):
            assert i in ties, f"{n_in} -> {n_out}, output {i}"
            assert found[i, int(line.at(i)) - 1] == 1, f"{n_in} -> {n_out}, output {i}"


@pytest.mark.oracle
@pytest.mark.xfail(strict=True, reason="OpenCV's arithmetic falls short of a tie")
@pytest.mark.parametrize(
    ("name", "n_in", "n_out"),
    [("INTER_NEAREST", 14, 18), ("INTER_NEAREST_EXACT", 8, 6), ("INTER_AREA", 14, 18)],
)
def test_on_a_tie(cv2: Any, name: str, n_in: int, n_out: int) -> None:  # noqa: ANN401
    assert not apart(matrix(n_in, by_size(cv2, name, n_out)), read(name), n_in, n_out)


@pytest.mark.oracle
@pytest.mark.parametrize("width", [4, 2, 8], ids=["kept", "shrunk", "enlarged"])
def test_area(cv2: Any, width: int) -> None:  # noqa: ANN401 - as above
    """The mean by overlap, but for ties of enlarged axes, whatever the other axis does."""
    for n_in, n_out in PAIRS:
        if n_out < n_in and width == 8:
            continue  # a shrunk axis beside an enlarged one, see below
        found = matrix(n_in, by_size(cv2, "INTER_AREA", n_out, width))
        wrong = apart(found, read("INTER_AREA"), n_in, n_out)
        assert n_out > n_in or not wrong, f"{n_in} -> {n_out}"
        assert all(i * n_in % n_out == 0 for i in wrong), f"{n_in} -> {n_out}"


@pytest.mark.oracle
def test_area_of_a_shrunk_axis_beside_an_enlarged_one(cv2: Any) -> None:  # noqa: ANN401
    for n_in, n_out in PAIRS:
        if n_out < n_in:
            found = matrix(n_in, by_size(cv2, "INTER_AREA", n_out, 8))
            wrong = apart(found, Sampling("half_pixel", Overlapped()), n_in, n_out)
            assert all(i * n_in % n_out == 0 for i in wrong), f"{n_in} -> {n_out}"


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "factor"),
    [(n, f) for n in MEANINGS for f in FACTORS],
)
def test_factors(cv2: Any, name: str, factor: Fraction) -> None:  # noqa: ANN401 - as above
    meaning = read(name, factor)
    for n_in in range(2, 20):
        found = matrix(n_in, by_factor(cv2, name, factor))
        n_out = output_length(n_in, factor)
        assert len(found) == n_out, str(n_in)
        wrong = apart(found, meaning, n_in, n_out)
        if name == "INTER_NEAREST_EXACT":  # its ties, as with a size
            line = meaning.line(n_in, n_out)
            wrong = [i for i in wrong if line.at(i).denominator != 1]
        assert not wrong, str(n_in)


@pytest.mark.parametrize(("text", "sampling"), CONVENTION.examples, ids=str)
def test_examples_are_written(text: str, sampling: Sampling) -> None:
    assert CONVENTION.write(sampling, 2) == text
    assert CONVENTION.write(sampling, 3) is None


@pytest.mark.oracle
@pytest.mark.parametrize(("text", "sampling"), CONVENTION.examples, ids=str)
def test_examples_run(cv2: Any, text: str, sampling: Sampling) -> None:  # noqa: ANN401
    for n_in, n_out in ((4, 5), (7, 3), (5, 1), (1, 5)):
        names = {"cv2": cv2, "width": 4, "height": n_out}
        resize: Resize = eval(f"lambda x: {text}", names)  # noqa: S307 - our own text
        assert not apart(matrix(n_in, resize), sampling, n_in, n_out), f"{n_in} -> {n_out}"


HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("sampling", "words"),
    [
        (Sampling("half_pixel", Linear(), Fraction(2)), "None, fx=2, fy=2, INTER_LINEAR"),
        (Sampling("half_pixel", Linear(), HALF), "None, fx=0.5, fy=0.5, INTER_LINEAR"),
        (Sampling("half_pixel", Linear(), Fraction(1)), "(width, height), INTER_LINEAR"),
        (
            Sampling("half_pixel", Linear(), Fraction(10, 3)),
            "None, fx=10/3, fy=10/3, INTER_LINEAR",
        ),
        (
            Sampling("half_pixel", Linear(), Fraction(5, 4), copies_same_length=True),
            "None, fx=1.25, fy=1.25, INTER_LINEAR",
        ),
        (Sampling("half_pixel", Linear(), Fraction(5, 4)), None),
        (
            Sampling("tf_half_pixel_for_nn", Nearest("floor"), Fraction(2)),
            "None, fx=2, fy=2, INTER_NEAREST_EXACT",
        ),
        (Sampling("tf_half_pixel_for_nn", Nearest("floor"), HALF), None),
        (Sampling("half_pixel", Area("overlap"), HALF), "(width, height), INTER_AREA"),
        (Sampling("half_pixel", Area("adaptive")), None),
        (Sampling("half_pixel", Cubic(-HALF)), None),
        (Sampling("half_pixel", Linear(antialias=True), exclude_outside=True), None),
        (Sampling("align_corners", Linear()), None),
    ],
    ids=str,
)
def test_words(sampling: Sampling, words: str | None) -> None:
    text = None
    if words is not None:
        size, name = words.rsplit(", ", 1)
        text = f"cv2.resize(x, {size}, interpolation=cv2.{name})"
    assert CONVENTION.write(sampling, 2) == text


def test_other_names_are_refused() -> None:
    with pytest.raises(ConventionError, match="INTER_MAX"):
        read("INTER_MAX")


def test_names_of_one_meaning() -> None:
    assert read("INTER_LINEAR_EXACT") == read("INTER_LINEAR")
    assert set(NUMBERS.values()) == {*MEANINGS, *SAME}


def test_area_takes_two_pixels_where_an_axis_grows() -> None:
    made = CONVENTION.read("cv2.resize(x, (8, 3), interpolation=cv2.INTER_AREA)", None)
    assert made.samplings == (read("INTER_AREA"),) * 2
    assert made.at((5, 4)).samplings == (Sampling("half_pixel", Overlapped()),) * 2
    assert made.at((3, 4)).samplings == made.at((5, 9)).samplings == made.samplings


def test_an_image_that_stays_is_copied_whatever_the_factor() -> None:
    made = CONVENTION.read("cv2.resize(x, None, fx=1.1, fy=1.1)", None)
    assert made.at((4, 4)).samplings == (None, None)
    stretched = made.at((4, 9))
    assert stretched.lengths == (4, 10)
    assert all(one is not None and one.scale == Fraction(11, 10) for one in stretched.samplings)


BYTES = [((48, 64), (22, 31)), ((37, 53), (113, 17)), ((60, 60), (20, 30)), ((31, 22), (64, 48))]


@pytest.mark.oracle
@pytest.mark.parametrize("name", [*SMOOTH, "INTER_LINEAR_EXACT", "INTER_AREA"])
def test_bytes_are_as_near_as_is_said(cv2: Any, name: str) -> None:  # noqa: ANN401 - as above
    for shape, size in BYTES:
        if name == "INTER_AREA" and (size[0] > shape[0] or size[1] > shape[1]):
            continue  # whose ties move a whole pixel
        x = np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)
        text = f"cv2.resize(x, {size[::-1]}, interpolation=cv2.{name})"
        made = CONVENTION.read(text, None).at(shape)
        down, across = (
            sampling.weights(n, m).matrix()
            for sampling, n, m in zip(made.samplings, shape, size, strict=True)
            if sampling is not None
        )
        found = cv2.resize(x, size[::-1], interpolation=getattr(cv2, name)).astype(np.float64)
        most = max(one.most or 0.0 for one in made.remarks if one.dtype == "uint8")
        assert np.abs(found - np.clip(down @ x @ across.T, 0, 255)).max() <= most + 1e-6
