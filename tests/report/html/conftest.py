"""Pages in a real browser: Chromium, driven by playwright; none of them asks a server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, Request


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
