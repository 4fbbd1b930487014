"""The reports of verify, convert, fix and conformance, as a reader meets them in a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import example_models as models
from halfpixel.cli.main import cli

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Visitor = Callable[..., Page]

pytestmark = pytest.mark.browser

UNET = str(models.CORPUS / "unet_ac0-t1.12.1-o10.onnx")
ALIGNED = str(models.CORPUS / "unet_ac1-t1.12.1-o13.onnx")
A3 = str(models.MISMATCHES / "A3.onnx")
NET = """
import torch
import torch.nn.functional as F


class Net(torch.nn.Module):
    def forward(self, x):
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.interpolate(x, (5, 7), mode="bilinear", align_corners=True, antialias=True)
"""


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Return what runs a command and returns its exit code and its HTML report."""

    def run(*arguments: str, option: str = "--output") -> tuple[int, str]:
        path = tmp_path / "written.html"
        asked = [*arguments, "--output-format", "html", option, str(path)]
        done = CliRunner().invoke(cli, asked, catch_exceptions=False)
        assert done.output == ""
        return done.exit_code, path.read_text(encoding="utf-8")

    return run


def check_looks(visit: "Visitor", html: str) -> None:
    """Assert that a page fits a narrow screen, opened as a whole, and that axe finds nothing."""
    axe = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python is not installed here"
    )
    page = visit(html.replace("<details ", "<details open "), width=390)
    assert page.locator("html").evaluate("root => root.scrollWidth") <= 390
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_two_sides(visit: "Visitor", told: Callable[..., tuple[int, str]]) -> None:
    code, html = told("verify", UNET, ALIGNED)
    assert code == 1
    page = visit(html)
    assert "The two sides differ" in page.locator("h1").inner_text()
    text = page.locator("main").inner_text()
    assert "first divergent node" in text
    page.locator("td a").first.click()
    assert page.locator(".finding:has(:target) .message").is_visible()
    assert page.locator(".finding:has(:target) svg.picture").is_visible()
    page.fill("#search", "white noise")
    assert page.locator("tr.item:visible").count() == 1
    check_looks(visit, html)


def test_two_equal_sides(visit: "Visitor", told: Callable[..., tuple[int, str]]) -> None:
    code, html = told("verify", UNET, UNET)
    assert code == 0
    assert "The two sides are equal" in visit(html).locator("h1").inner_text()


def test_sites_on_a_provider(visit: "Visitor", told: Callable[..., tuple[int, str]]) -> None:
    code, html = told("verify", UNET)
    page = visit(html)
    assert code == 0
    assert (
        "2 of 2 runs of single sites equal their exact weights" in page.locator("h1").inner_text()
    )
    section = page.locator(".finding").first.text_content() or ""
    assert "CPUExecutionProvider" in section
    page.uncheck("#show-0")
    assert page.locator("tr.item:visible").count() == 0
    check_looks(visit, html)


def test_a_conversion(
    visit: "Visitor",
    told: Callable[..., tuple[int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed here")
    (tmp_path / "net_of_pages.py").write_text(NET, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    output = ["--output", str(tmp_path / "net.onnx")]
    code, html = told(
        "convert", "net_of_pages:Net", "--input", "1x3x8x8", *output, option="--report"
    )
    assert code == 0
    page = visit(html)
    assert "Written and verified" in page.locator("h1").inner_text()
    assert "written as matmul" in (page.locator(".finding").first.text_content() or "")
    assert page.locator(".diff ins").count() > 3
    check_looks(visit, html)


def test_a_fix(visit: "Visitor", told: Callable[..., tuple[int, str]]) -> None:
    code, html = told("fix", A3, "--diff", option="--report")
    assert code == 1
    page = visit(html)
    assert "1 site fixed in 1 of 1 file" in page.locator("h1").inner_text()
    assert "+  input 2: y_halfpixel_scales" in (page.locator(".diff").text_content() or "")


def test_a_conformance_run(visit: "Visitor", told: Callable[..., tuple[int, str]]) -> None:
    code, html = told("conformance", "--quick")
    assert code == 0
    page = visit(html)
    assert "each with a known cause" in page.locator("h1").inner_text()
    assert "parse_model" in (page.locator(".finding pre").first.text_content() or "")
    assert (page.locator(".finding pre").first.text_content() or "").count("\n") > 10
    check_looks(visit, html)


@pytest.mark.parametrize(
    "words",
    [
        ["conformance", "--output-format", "html"],
        ["explain", "F.interpolate(x, size=8)", "--html", "page.html"],
    ],
)
def test_without_jinja_nothing_is_run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from halfpixel.report.html.page import environment

    environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2
    assert "jinja2 is not installed: pip install 'halfpixel[html]'" in done.output
