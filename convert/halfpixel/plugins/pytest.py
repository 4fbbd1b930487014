"""A pytest plugin: models are checked and compared by fixtures.

::

    def test_the_exported_model(halfpixel_check, assert_equivalent):
        halfpixel_check("model.onnx", ignore=["checkerboard"])
        assert_equivalent("model.onnx", "package.module:factory", shapes={"x": (1, 3, 65, 97)})

It is there wherever halfpixel is installed; ``-p no:halfpixel`` leaves it out. A test that fails
is told the sites, the numbers, and the path of a picture of each, in pytest's temporary folder.
"""

if __name__ == "__main__":  # run as a script, this file would be what `import pytest` finds
    raise SystemExit("this is a module: pytest loads it by itself")

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypedDict, Unpack, cast, overload

import pytest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from halfpixel.checking.result import Report
    from halfpixel.rule import Severity
    from halfpixel.verifying.measure import Tolerance
    from halfpixel.verifying.one_model import SiteVerification
    from halfpixel.verifying.result import Verification, VerifySettings


class CheckOptions(TypedDict, total=False):
    """What `halfpixel_check` takes beside the model.

    Attributes:
        select: names or patterns of rules to ask; all where empty.
        ignore: names or patterns of rules to leave out.
        expect: what is meant, as `halfpixel check --expect` takes it.
    """

    select: Sequence[str]
    ignore: Sequence[str]
    expect: Sequence[str]


class VerifyOptions(TypedDict, total=False):
    """What `assert_equivalent` takes beside the sides.

    Attributes:
        shapes: shapes of inputs, by name.
        low: least value of floats, and no other range is tried.
        high: greatest value of floats, likewise.
        seed: of the random numbers.
        given: cases of inputs by name, in place of made ones.
        tolerances: what counts as equal, by element type; the others keep theirs.
        fallback: a node that the asked provider leaves to the CPU is no error.
        optimiser: onnxruntime runs unoptimised as well; on unless told.
        task: what the outputs are for: argmax, boxes, depth.
    """

    shapes: "Mapping[str, tuple[int, ...]]"
    low: float
    high: float
    seed: int
    given: "Sequence[Mapping[str, NDArray[np.generic]]]"
    tolerances: "Mapping[str, Tolerance]"
    fallback: bool
    optimiser: bool
    task: str


class Check(Protocol):
    """Fails a test where a model has findings."""

    def __call__(
        self, model: object, *, severity: "Severity" = "warning", **options: Unpack[CheckOptions]
    ) -> "Report":
        """Check a model; findings of this severity, or worse ones, fail."""
        ...


class AssertEquivalent(Protocol):
    """Fails a test where `halfpixel verify` ends with another exit code than 0.

    It compares two sides or, without the second, each site of one model with its exact weights.
    """

    @overload
    def __call__(
        self, a: object, b: object, **options: Unpack[VerifyOptions]
    ) -> "Verification": ...

    @overload
    def __call__(self, a: object, **options: Unpack[VerifyOptions]) -> "SiteVerification": ...


@pytest.fixture
def halfpixel_check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Check the resampling operators of a model: a path, or a model in memory."""

    def run(
        model: object, *, severity: "Severity" = "warning", **options: Unpack[CheckOptions]
    ) -> "Report":
        __tracebackhide__ = True
        from halfpixel.checking.check import check
        from halfpixel.plugins.failure import check_failure

        report = check(model, severity=severity, **options)
        if report.findings or report.failed:
            pytest.fail(check_failure(report, tmp_path_factory.mktemp("halfpixel")))
        return report

    return run


@pytest.fixture
def assert_equivalent(tmp_path_factory: pytest.TempPathFactory) -> AssertEquivalent:
    """Compare two sides: models on runtimes, PyTorch modules, recorded arrays."""

    def run(
        a: object, b: object = None, **options: Unpack[VerifyOptions]
    ) -> "Verification | SiteVerification":
        __tracebackhide__ = True
        from halfpixel.plugins.failure import sites_failure, verify_failure
        from halfpixel.verifying.one_model import verify_sites
        from halfpixel.verifying.verify import verify

        settings = _settings(options)
        if b is None:
            alone = verify_sites(a, settings)
            if not alone.equal:
                pytest.fail(sites_failure(alone))
            return alone
        found = verify(a, b, settings)
        if not found.equal:
            folder = tmp_path_factory.mktemp("halfpixel")
            pytest.fail(verify_failure(found, (a, b), folder))
        return found

    return cast("AssertEquivalent", run)


def _settings(options: VerifyOptions) -> "VerifySettings":
    from halfpixel.runtimes.feeds import FeedSettings
    from halfpixel.verifying.measure import TOLERANCES
    from halfpixel.verifying.result import VerifySettings

    unknown = sorted(set(options) - set(VerifyOptions.__annotations__))
    if unknown:
        raise TypeError(f"assert_equivalent() got an unexpected keyword argument {unknown[0]!r}")
    feeds = FeedSettings(
        options.get("shapes", {}),
        options.get("low", 0.0),
        options.get("high", 1.0),
        options.get("seed", 0),
        tuple(dict(case) for case in options.get("given", ())),
        ranged=bool({"low", "high"} & options.keys()),
    )
    return VerifySettings(
        feeds,
        {**TOLERANCES, **options.get("tolerances", {})},
        options.get("fallback", False),
        options.get("optimiser", True),
        options.get("task", ""),
    )
