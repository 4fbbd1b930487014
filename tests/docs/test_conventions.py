"""The pages of conventions say what the weights are, and recipes hold in both libraries."""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from itertools import product

import numpy as np
import pytest
from makers.conventions import pages
from makers.nearby import CASES, FAMILIES, Section, sections
from makers.recipes import RECIPES, Recipe
from numpy.typing import NDArray

import halfpixel
from conventions.oracles.oracle import Oracle, tables
from conventions.oracles.oracle import run as run_by_table
from halfpixel.checking.called import reading_of
from halfpixel.checking.equivalents import filled
from halfpixel.convention import Convention, load_conventions
from halfpixel.errors import ConventionError
from halfpixel.sampling import Linear, Sampling
from halfpixel.sampling.compare import compare
from halfpixel.sampling.difference import weight_difference
from halfpixel.verifying.libraries.call import is_installed, run
from halfpixel.verifying.libraries.measure import noise

FEW = range(1, 7)
LENGTHS = [*((n, m) for n in FEW for m in FEW), *CASES.values(), (30, 10), (224, 112)]
LONGEST = 64
"""Of an axis that libraries are run on here."""

HALVES = (Fraction(0), Fraction(1, 2))


def test_a_sampling_stands_once() -> None:
    """What a page says of a window is what the weights are; no formula of a node's own step."""
    told = [(one.kernel, one.coordinate) for one in sections()]
    assert len(set(told)) == len(told)
    assert not any("(n_in - r * n_out) / 2" in coordinate for _, coordinate in told)
    window, corners = (Sampling(rule, Linear()) for rule in ("tf_crop_and_resize", "align_corners"))
    assert all(compare(window, corners, 5, n).equal for n in range(2, 9))
    assert window.weights(5, 1).rows == (((2, Fraction(1)),),)
    assert corners.weights(5, 1).rows == (((0, Fraction(1)),),)


def _along(convention: Convention, text: str, pair: tuple[int, int]) -> Sampling | None:
    """Return what a call computes along the height; None where it gives no such lengths."""
    written = filled(convention, text, [pair] * 2)
    try:
        found = convention.read(written, pair[0])
        found = found if found.by_lengths is None else found.at((pair[0],) * 2)
    except ConventionError:
        return None
    return None if set(found.lengths) - {pair[1], None} else found.samplings[0]


def _of(family: str) -> list[Section]:
    """Return the sections of a page: made when a test runs, since it takes seconds."""
    found = [one for one in sections() if one.family == family]
    assert found
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_the_words_of_a_sampling_are_read_as_it(family: str) -> None:
    for section, convention, call in ((one, *name) for one in _of(family) for name in one.names):
        taken = 0
        for pair in [pair for pair in LENGTHS if pair[0] < LONGEST][::5]:
            if pair[0] < section.sampling.least:
                continue
            found = _along(convention, call, pair)
            taken += found is not None
            assert found is None or compare(found, section.sampling, *pair).equal, (call, pair)
        assert taken, (section.mark, call)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_number_is_what_the_exact_weights_are_apart(family: str) -> None:
    for section, row in ((one, row) for one in _of(family) for row in one.near):
        assert any(row.gaps)
        for (n_in, n_out), gap in zip(CASES.values(), row.gaps, strict=True):
            if gap is None or n_in > LONGEST:
                continue
            found = _along(row.library, row.call, (n_in, n_out))
            assert found is not None
            ours, theirs = (one.weights(n_in, n_out) for one in (section.sampling, found))
            apart = float(weight_difference(ours, theirs))
            assert gap.weights == pytest.approx(apart, abs=1e-8), (row.call, n_in, n_out)


def test_every_call_leads_to_what_it_is_and_every_link_to_a_place() -> None:
    written = {name: page() for name, page in pages().items()}
    index = written["conventions.md"]
    for one in load_conventions():
        assert f"### {one.name}\n" in index
        assert all(f"`{text}`" in index for text, by in one.examples if by.scale is None)
    for section in sections():
        name, _, mark = section.anchor.partition("#")
        assert f'<a id="{mark}"></a>' in written[name]
        assert f"]({section.anchor})" in index


def _written(text: str, height: int, width: int) -> str:
    return text.replace("{h}", str(height)).replace("{w}", str(width))


def _compared(recipe: Recipe, height: tuple[int, int], width: tuple[int, int]) -> str:
    a, b = (_written(text, height[1], width[1]) for text in (recipe.a, recipe.b))
    size = f"{width[0]}x{height[0]}:{width[1]}x{height[1]}"
    return halfpixel.compare(a, b, size=size).verdict


def _name(recipe: Recipe) -> str:
    return f"{recipe.a} | {recipe.b}"


@pytest.mark.parametrize("recipe", RECIPES, ids=_name)
def test_a_recipe_holds_by_the_exact_weights(recipe: Recipe) -> None:
    tried = [pair for pair in LENGTHS if recipe.at(pair)]
    assert len(tried) > 3
    for pair in tried:
        assert _compared(recipe, pair, pair) == "equal", pair
    for height, width in product(tried[::7], tried[::9]):
        if recipe.at(height, width):
            assert _compared(recipe, height, width) == "equal", (height, width)


@pytest.mark.parametrize("recipe", [one for one in RECIPES if one.where != "any"], ids=_name)
def test_a_recipe_holds_nowhere_else(recipe: Recipe) -> None:
    pairs = [(6, 4), (7, 3), (3, 7), (4, 8)]
    elsewhere = [axes for axes in product(pairs, repeat=2) if not recipe.at(*axes)]
    assert any(_compared(recipe, *axes) == "different" for axes in elsewhere)


Runner = Callable[[str, NDArray[np.float32]], NDArray[np.generic]]

BATCHES = {"OpenVINO": ("x[None, None]", "[0, 0]"), "torchvision (tensors)": (
    "torch.from_numpy(x)[None]", "[0]"
)}  # fmt: skip
"""What an oracle table's calls take of an image, and how the image is taken out of what they make;
of others it is the image itself."""


def _runner(convention: Convention) -> Runner | None:
    """Return what runs a convention's calls: its library, or its oracle table's; None of none."""
    if is_installed(convention):
        return lambda text, image: run(convention, text, image)
    for oracle in tables():
        if oracle.convention == convention.name and find_spec(oracle.library):
            return partial(_by_table, oracle)
    return None


def _by_table(oracle: Oracle, text: str, image: NDArray[np.float32]) -> NDArray[np.generic]:
    given, taken = BATCHES.get(oracle.convention, ("x", ""))
    return run_by_table(oracle, f"{text.replace('(x, ', f'({given}, ', 1)}{taken}", image)


@pytest.mark.oracle
@pytest.mark.parametrize("recipe", RECIPES, ids=_name)
def test_a_recipe_holds_in_both_libraries(recipe: Recipe) -> None:
    texts = recipe.a, recipe.b
    conventions = [reading_of(_written(text, 3, 3))[0] for text in texts]
    runners = [_runner(one) for one in conventions]
    lacking = {one.name for one, runs in zip(conventions, runners, strict=True) if runs is None}
    if lacking:
        pytest.skip(f"{' and '.join(sorted(lacking))}: not installed")
    for n_in, n_out in LENGTHS:
        if recipe.at((n_in, n_out)) and n_in < LONGEST:
            image = noise((n_in, n_in), "float32").astype(np.float32)
            a, b = (
                runs(_written(text, n_out, n_out), image)
                for text, runs in zip(texts, runners, strict=True)
                if runs is not None
            )
            wrong = np.abs(np.subtract(a, b)) > recipe.within
            assert _off_ties(recipe, wrong, n_in, n_out) == set(), (n_in, n_out)


def _off_ties(recipe: Recipe, wrong: NDArray[np.bool_], n_in: int, n_out: int) -> set[int]:
    """Return the rows that differ, those not whose coordinate is a whole number."""
    found = set(np.flatnonzero(wrong.all(1)).tolist() if recipe.ties else np.nonzero(wrong)[0])
    step = Fraction(n_in, n_out)
    tied = {i for i in found if 1 in {((i + half) * step).denominator for half in HALVES}}
    return found - tied if recipe.ties else found
