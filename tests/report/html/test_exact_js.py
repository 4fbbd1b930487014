"""The exact core of the playground against the engine's own, on thousands of cases."""

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise, product
from typing import TYPE_CHECKING, Final, get_args

import pytest

from halfpixel.report.html.page import asset
from halfpixel.report.html.playground import BOXES, plain_sampling
from halfpixel.sampling import Area, Cubic, Kernel, Linear, Nearest, Sampling
from halfpixel.sampling.coordinate import COORDINATES as EVERY
from halfpixel.sampling.coordinate import Coordinate
from halfpixel.sampling.difference import displacement, weight_difference
from halfpixel.sampling.kernel import Rounding

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SEED: Final = 20_26
COORDINATES: Final[tuple[Coordinate, ...]] = tuple(r for r in EVERY if r not in BOXES)
LENGTHS: Final = ((1, 1), (1, 4), (4, 1), (2, 4), (4, 8), (3, 3), (5, 3), (7, 4), (3, 7), (9, 20))
KERNELS: Final[tuple[Kernel, ...]] = (
    *(Nearest(rounding) for rounding in get_args(Rounding)),
    Linear(), Linear(antialias=True), Cubic(), Cubic(Fraction(-1, 2), antialias=True),
    Area("adaptive"), Area("overlap"),
)  # fmt: skip
PROGRAM: Final = """
const said = ({rows, positions, outside}) => ({
  rows: rows.map((row) => row.map(([j, w]) => [Number(j), exact.text(w)])),
  positions: positions.map(exact.text), outside,
});
const run = (cases) => cases.map((one) => said(exact.weights(...one)));
const parted = (pairs) => pairs.map(([a, b, nIn, nOut]) => {
  const found = exact.difference(exact.weights(a, nIn, nOut), exact.weights(b, nIn, nOut));
  return [found.equal, exact.text(found.displacement), exact.text(found.weight)];
});
"""

Case = tuple[Sampling, int, int]


@pytest.fixture(scope="session")
def javascript(request: pytest.FixtureRequest) -> Callable[[str, object], list[object]]:
    """Return what runs a function of `PROGRAM`: by node where it is installed, else in Chromium."""
    source, node = str(asset("exact.js")) + PROGRAM, shutil.which("node")
    if node is None:
        browser: Browser = request.getfixturevalue("chromium")
        page = browser.new_page()
        page.add_script_tag(content=source)

        def in_browser(name: str, given: object) -> list[object]:
            found: list[object] = page.evaluate(f"(given) => {name}(given)", given)
            return found

        return in_browser

    def by_node(name: str, given: object) -> list[object]:
        read = "JSON.parse(require('fs').readFileSync(0, 'utf8'))"
        program = f"{source}\nprocess.stdout.write(JSON.stringify({name}({read})))"
        done = subprocess.run(
            [node, "-e", program],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=True,
        )
        found: list[object] = json.loads(done.stdout)
        return found

    return by_node


def every_combination() -> list[Case]:
    """Return every rule with every kernel and border at lengths of each kind."""
    return [
        (Sampling(rule, kernel, scale, exclude, copies_same_length=copies), n_in, n_out)
        for rule, kernel, exclude, copies in product(
            COORDINATES, KERNELS, (False, True), (False, True)
        )
        for n_in, n_out in LENGTHS
        for scale in (None, Fraction(n_out, n_in) + Fraction(1, 9))
    ]


def random_cases(count: int) -> list[Case]:
    """Return samplings of random scales, windows and coefficients at random lengths."""
    random_ = random.Random(SEED)  # noqa: S311 - the same cases each time
    cases: list[Case] = []
    for _ in range(count):
        kernel = random_.choice(KERNELS)
        if isinstance(kernel, Cubic):
            kernel = Cubic(Fraction(random_.randint(-9, -1), 8), antialias=kernel.antialias)
        scale = Fraction(random_.randint(1, 40), random_.randint(1, 40))
        start = Fraction(random_.randint(-4, 8), 8)
        sampling = Sampling(
            random_.choice(COORDINATES),
            kernel,
            random_.choice((None, scale)),
            exclude_outside=random_.random() < 0.5,
            roi=(start, start + Fraction(random_.randint(1, 12), 8)),
            extrapolate=random_.random() < 0.3,
        )
        cases.append((sampling, random_.randint(1, 30), random_.randint(1, 30)))
    return cases


def told(case: Case) -> object:
    """Return what the engine computes, as the program says it."""
    sampling, n_in, n_out = case
    found = sampling.weights(n_in, n_out)
    return {
        "rows": [[[j, str(weight)] for j, weight in row] for row in found.rows],
        "positions": list(map(str, found.positions)),
        "outside": sorted(found.outside),
    }


@pytest.mark.parametrize(
    "cases", [every_combination(), random_cases(4000)], ids=["every combination", "random"]
)
def test_the_weights_are_those_of_the_engine(
    cases: list[Case], javascript: Callable[[str, object], list[object]]
) -> None:
    assert len(cases) >= 4000
    given = [(plain_sampling(sampling), n_in, n_out) for sampling, n_in, n_out in cases]
    for case, found in zip(cases, javascript("run", given), strict=True):
        assert found == told(case), case


def test_a_scale_that_is_a_float_is_exact_too(
    javascript: Callable[[str, object], list[object]],
) -> None:
    factors = [Fraction(factor) for factor in (0.1, 1.1, 1 / 3, float.fromhex("0x1.000001p-4"))]
    cases = [(Sampling("half_pixel", Linear(), factor), 9, 7) for factor in factors]
    given = [(plain_sampling(sampling), n_in, n_out) for sampling, n_in, n_out in cases]
    assert javascript("run", given) == list(map(told, cases))


def test_differences_are_those_of_the_engine(
    javascript: Callable[[str, object], list[object]],
) -> None:
    cases = random_cases(600)
    pairs = [(a, b, n_in, n_out) for (a, n_in, n_out), (b, _, _) in pairwise(cases)]
    given = [(plain_sampling(a), plain_sampling(b), n_in, n_out) for a, b, n_in, n_out in pairs]
    for (a, b, n_in, n_out), found in zip(pairs, javascript("parted", given), strict=True):
        one, other = a.weights(n_in, n_out), b.weights(n_in, n_out)
        equal = one.rows == other.rows and one.outside == other.outside
        apart = str(displacement(one, other)), str(weight_difference(one, other))
        assert found == [equal, *apart], (a, b, n_in, n_out)
