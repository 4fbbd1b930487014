"""Every convention that a table holds to its library: weights read back by impulses."""

from importlib.util import find_spec

import numpy as np
import pytest
from msgspec.structs import replace

from conventions.oracles.oracle import (
    FEW,
    Case,
    Lengths,
    Oracle,
    along_height,
    apart,
    matrix,
    over_plane,
    reading,
    tables,
    tied,
)
from halfpixel.convention import load_conventions

TABLES = tables()
CONVENTIONS = {one.name: one for one in load_conventions()}
CASES = [(oracle, case) for oracle in TABLES for case in oracle.cases]


def _marks(oracle: Oracle) -> list[pytest.MarkDecorator]:
    if find_spec(oracle.library) is not None:
        return []
    return [pytest.mark.skip(reason=f"{oracle.library} is not installed")]


def _name(oracle: Oracle, case: Case) -> str:
    return f"{oracle.convention}: {case.call}"


EVERY = [pytest.param(*one, id=_name(*one), marks=_marks(one[0])) for one in CASES]
SIZED = [
    pytest.param(*one, id=_name(*one), marks=_marks(one[0]))
    for one in CASES
    if "{h}" in one[1].call
]
EXCEPTIONS = [
    pytest.param(
        *one, *pair, id=f"{_name(*one)} {pair}",
        marks=[*_marks(one[0]), pytest.mark.xfail(strict=True, reason=reason)],
    )
    for one in CASES for pair, reason in one[1].exceptions.items()
]  # fmt: skip


@pytest.mark.parametrize("oracle", TABLES, ids=lambda oracle: oracle.convention)
def test_a_convention_says_what_it_was_held_against(oracle: Oracle) -> None:
    """The release that is installed, or an older one; it is the table's business to say which."""
    convention = CONVENTIONS[oracle.convention]
    assert convention.ran
    assert convention.source
    if find_spec(oracle.library) is not None:
        assert convention.ran.split()[0] == oracle.version().split()[0]


def holds(oracle: Oracle, case: Case, pair: Lengths) -> None:
    """Hold a call to its library along the height, the width being kept."""
    n_in, n_out = pair
    found = along_height(oracle, case, n_in, n_out)
    made = reading(oracle, case.text((n_out, n_in)), (n_in, n_in))
    assert made.lengths == (n_out, n_in)
    assert found.shape == (n_out, n_in)
    assert not apart(case, found, made.samplings[0], n_in), f"{n_in} -> {n_out}"


@pytest.mark.parametrize(("oracle", "case"), SIZED)
def test_along_an_axis(oracle: Oracle, case: Case) -> None:
    for pair in FEW:
        if pair not in case.exceptions:
            holds(oracle, case, pair)


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.parametrize(("oracle", "case"), SIZED)
def test_over_many_lengths(oracle: Oracle, case: Case) -> None:
    for pair in case.pairs:
        if pair not in case.exceptions:
            holds(oracle, case, pair)


@pytest.mark.parametrize(("oracle", "case", "n_in", "n_out"), EXCEPTIONS)
def test_exceptions(oracle: Oracle, case: Case, n_in: int, n_out: int) -> None:
    holds(oracle, replace(case, ties=False), (n_in, n_out))


@pytest.mark.parametrize(("oracle", "case"), EVERY)
def test_over_both_axes(oracle: Oracle, case: Case) -> None:
    """Axes that grow beside others that shrink: each weight is the product of two."""
    for shape, size in case.planes:
        text = case.text(size)
        made = reading(oracle, text, shape)
        found = over_plane(oracle, text, shape)
        assert found.shape[:2] == made.lengths, f"{text} of {shape}"
        across, down = (
            matrix(sampling, n_in, n_out)
            for sampling, n_in, n_out in zip(made.samplings, shape, found.shape[:2], strict=True)
        )
        exact = np.einsum("ij,kl->ikjl", across, down)
        wrong = np.abs(found - exact).max((2, 3)) > 4 * case.bound
        for axis, (sampling, n_in) in enumerate(zip(made.samplings, shape, strict=True)):
            rows = tied(case, sampling, n_in, found.shape[axis])
            np.moveaxis(wrong, axis, 0)[rows] = False
        assert not wrong.any(), f"{text} of {shape}"
