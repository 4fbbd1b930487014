"""LiteRT's kernels against the exact weights: every combination of flags, and why it differs."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from halfpixel.arrays import Array
from halfpixel.cli.main import cli
from halfpixel.conforming.litert.causes import CAUSES, cause_of, pixels, stepped
from halfpixel.conforming.litert.conformance import (
    CASES,
    FLAGS,
    LitertCase,
    LitertResult,
    configurations,
    exact,
    result,
    results,
)
from halfpixel.conforming.litert.kernels import KERNELS, Kernels, on_litert, runtime
from halfpixel.conventions.litert.resize import BILINEAR, NEAREST, Flags
from halfpixel.errors import RuntimeRefusal
from halfpixel.formats.litert.write.single import written_single
from halfpixel.report import conformance_litert_report as report

PAGE = Path(__file__).parents[2] / "docs" / "conformance-litert.md"
needs_litert = pytest.mark.skipif(
    find_spec("ai_edge_litert") is None, reason="ai-edge-litert is not installed"
)


@pytest.fixture(scope="module")
def found() -> list[LitertResult]:
    return list(results())


@needs_litert
def test_every_difference_has_a_cause(found: list[LitertResult]) -> None:
    assert len(found) == len(list(configurations())) * len(KERNELS) == 1440
    different = [one for one in found if one.verdict == "different"]
    causes = {cause.name for one in different if (cause := cause_of(one)) is not None}
    assert causes == {cause.name for cause in CAUSES}
    assert [one.config for one in different if cause_of(one) is None] == []


@needs_litert
def test_the_page_is_what_is_measured(found: list[LitertResult]) -> None:
    text = PAGE.read_text("utf-8")
    name = text.partition("\n")[0].removeprefix("# ")
    if name == runtime():
        assert text == "\n".join(report.markdown(found, name)) + "\n"
    assert "nexplained" not in text
    assert all(f"## {cause.name.capitalize()}" in text for cause in CAUSES)


LONGER = (1, 2, 3, 5, 7, 12, 14, 22, 23, 26, 37, 64)


def _impulses(dtype: str, n: int) -> Array:
    return (np.eye(n) * (1 if dtype.startswith("float") else 100)).astype(dtype)


@needs_litert
@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int16"])
@pytest.mark.parametrize("flags", FLAGS)
def test_nearest_reads_the_pixels_of_its_float32_steps(
    flags: Flags, dtype: str, kernels: Kernels
) -> None:
    for n_in, n_out in ((n, m) for n in LONGER for m in LONGER):
        x = _impulses(dtype, n_in).reshape(1, n_in, 1, n_in)
        model = written_single(NEAREST, flags, x.shape, (n_out, 1), dtype)
        y = on_litert(model, kernels, x).reshape(n_out, n_in)
        assert y.argmax(1).tolist() == pixels(flags, n_in, n_out), (n_in, n_out)


@needs_litert
@pytest.mark.parametrize("kernels", ["reference", "builtin"])
@pytest.mark.parametrize("flags", FLAGS[:3])
def test_whole_numbers_are_blended_in_parts_of_1024(flags: Flags, kernels: Kernels) -> None:
    random = np.random.default_rng(0)
    for n_in, n_out in ((n, m) for n in LONGER for m in LONGER):
        x = random.integers(-128, 128, (1, n_in, 1, 8)).astype(np.int8)
        model = written_single(BILINEAR, flags, x.shape, (n_out, 1), "int8")
        y = on_litert(model, kernels, x).reshape(n_out, 8).astype(np.float64)
        made = stepped(flags, n_in, n_out) @ x.reshape(n_in, 8).astype(float)
        apart = np.abs(y - made)
        assert (apart <= 0.5 + 1e-9)[~np.isnan(apart)].all(), (n_in, n_out)


def _stand_in(model: bytes, kernels: Kernels, _x: Array) -> Array:
    """Read zeros on the reference kernels; refuse others."""
    assert model[4:8] == b"TFL3"
    if kernels != "reference":
        raise RuntimeRefusal(kernels, "not here")
    return np.zeros((1, 8, 10, 2), np.float32)


def test_a_new_difference_is_told_as_one() -> None:
    config = LitertCase(BILINEAR, Flags(), "float32", "up 2")
    wrong, refused = (result(config, one, _stand_in) for one in KERNELS[:2])
    assert cause_of(wrong) is None
    assert (refused.verdict, refused.words) == ("refused", "not here")
    lines = list(report.markdown([wrong, refused], "LiteRT"))
    assert (
        "| RESIZE_BILINEAR no flag, float32 | 1 of 1 unexplained, up to 0.995 | refused: not here |"
        in lines
    )
    assert "## Unexplained: 1" in lines


def test_no_convention_has_both_flags() -> None:
    both = Flags(align_corners=True, half_pixel_centers=True)
    config = LitertCase(NEAREST, both, "float32", "up 2")
    assert exact(config, np.zeros(config.shape, np.float32)) is None
    assert set(CASES) >= {"tie", "long"}


FORMATS = ("json", "markdown", "html", "csv", "sarif", "junit")


def _written(tmp_path: Path) -> Iterator[str]:
    for name in FORMATS:
        out = tmp_path / name
        arguments = ["conformance", "--provider", "litert", "--output-format", name, "-o", str(out)]
        assert CliRunner().invoke(cli, arguments).exit_code == 0
        yield out.read_text("utf-8")


@needs_litert
def test_the_command(tmp_path: Path) -> None:
    told = CliRunner().invoke(cli, ["conformance", "--provider", "litert"])
    assert told.exit_code == 0
    assert f"ai-edge-litert {import_module('ai_edge_litert').__version__}" in told.output
    for text in _written(tmp_path):
        assert "ten bits" in text or "ten-bits" in text
