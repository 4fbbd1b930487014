"""Pages in a real browser: Chromium, driven by playwright; none of them asks a server."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, Request

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
OPTIONS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class Visit:
    """One page that is watched.

    Attributes:
        address: where the page lies; a part of it may be asked for.
        asked: addresses of other things that it asked for.
        said: dialogs, errors, and lines of its console.
    """

    address: str
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    page: "Page" = field(init=False)

    def watch(self, page: "Page") -> None:
        """Note whatever a page does."""
        self.page = page

        def requested(request: "Request") -> None:
            if request.url.partition("#")[0] != self.address and request.url != "data:,":
                self.asked.append(request.url)

        def opened(dialog: "Dialog") -> None:
            self.said.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        def told(message: "ConsoleMessage") -> None:
            self.said.append(f"{message.type}: {message.text}")

        def failed(error: "Error") -> None:
            self.said.append(f"error: {error}")

        page.on("request", requested)
        page.on("dialog", opened)
        page.on("console", told)
        page.on("pageerror", failed)


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """Return a browser that the tests of a worker share."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed here: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed here")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: "Browser", tmp_path: Path) -> Iterator[Callable[..., "Page"]]:
    """Return what opens HTML text in a browser; whatever goes wrong in it fails the test."""
    visits: list[Visit] = []

    def opened(
        html: str, *, at: str = "", width: int = 1280, script: bool = True, dark: bool = False
    ) -> "Page":
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        made = Visit(path.as_uri())
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=script,
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        made.watch(page)
        visits.append(made)
        page.goto(path.as_uri() + at)
        return page

    yield opened
    for one in visits:
        one.page.context.close()
        assert one.said == []
        assert one.asked == [], "a page asked for something"
