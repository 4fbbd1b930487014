"""What verify says: figures that fit a table, reasons below it, and how far a verdict reaches."""

import math

import pytest
from click.testing import CliRunner

import example_models as models
from golden.report import SITES
from halfpixel.cli.main import cli
from halfpixel.report import verify_report
from halfpixel.report.layout import broken, hung, plain
from halfpixel.report.machine.of_verify import run_of_sites
from halfpixel.verifying.measure import Difference
from halfpixel.verifying.one_model import SiteVerification
from halfpixel.verifying.result import Case, Output, Verification
from halfpixel.verifying.site_check import SiteResult

WHY = (
    "the numbers are so small beside the tolerance that they would be equal whatever they are; "
    "--tolerance says what is equal"
)
SAME = Difference(equal=True, size=8)
NAMES = ("a.onnx@cpu", "b.onnx@cpu")


def told(apart: Difference, width: int | None = None) -> list[str]:
    """Return what is told of one output of two sides."""
    output = Output("y", "y", "float32", apart)
    found = Verification(NAMES, (Case({"x": (1, 2)}, (output,), equal=apart.equal),))
    return [text for line in verify_report.lines(found, width) for text in broken(line, width)]


def test_a_reason_stands_below_the_table() -> None:
    lines = told(Difference(equal=False, max_abs=1e-9, size=8, reason=WHY), 80)
    (row,) = (line for line in lines if line.startswith("y "))
    assert row.split()[:3] == ["y", "float32", "no"]
    assert f"output 'y': {WHY}" in " ".join(map(str.strip, lines))
    assert all(len(line) <= 80 for line in lines)
    equal = told(Difference(equal=True, size=8, reason=WHY))
    assert not any(line.startswith("output 'y': ") for line in equal)


@pytest.mark.parametrize(
    ("count", "text"),
    [(12.0, "12"), (5e5, "500,000"), (8.9e11, "more than a million"), (math.inf, "inf")],
)
def test_figures_beyond_a_million_are_not_told(count: float, text: str) -> None:
    row = told(Difference(equal=False, max_abs=0.5, max_rel=count, max_ulp=count, size=8))[2]
    assert row.count(text) == 2
    assert "billion" not in row
    assert "e+" not in row


def test_sites_that_did_not_run_are_told_below_the_table() -> None:
    results = tuple(SiteResult(site, "cpu", (1, 2), refused=WHY) for site in SITES[:2])
    found = SiteVerification((*results, SiteResult(SITES[2], "cpu", (1, 2), SAME)))
    lines = list(map(plain, verify_report.site_lines(found)))
    assert [line.split()[4:] for line in lines[1:3]] == [["not", "run"]] * 2
    names = ", ".join(site.name for site in SITES[:2])
    assert plain(hung(f"not run: {names}: {WHY}")) in lines


def test_one_side_alone_does_not_say_what_was_meant() -> None:
    wrong = str(models.MISMATCHES / "A3.onnx")
    result = CliRunner().invoke(cli, ["verify", wrong])
    assert result.exit_code == 0
    last = result.stdout.splitlines()[-1]
    assert "the runtime follows the file" in last
    assert "halfpixel check" in last
    equal, apart = (
        SiteVerification((SiteResult(SITES[0], "cpu", (1, 2), one),))
        for one in (SAME, Difference(equal=False, max_abs=0.5, size=8))
    )
    assert "halfpixel check" in run_of_sites("m.onnx", equal).closing
    assert "follows" not in run_of_sites("m.onnx", apart).closing
    assert "halfpixel check" not in told(SAME)[-1]
