"""The page to drop a model on, in a real Chromium."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import example_models as models
from hostile import files as hostile
from serving.services import SIZE, Service, named, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(chromium: "Browser", service: Service) -> "Iterator[Callable[..., Page]]":
    """Return what opens the page; whatever its console says, or it asks elsewhere, is a failure."""
    said: list[str] = []
    asked: list[str] = []
    contexts: list[BrowserContext] = []

    def opened_dialog(dialog: "Dialog") -> None:
        said.append(dialog.message)
        dialog.dismiss()

    def page(*, script: bool = True, dark: bool = False) -> "Page":
        context = chromium.new_context(
            java_script_enabled=script, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        made = context.new_page()
        made.on("console", lambda told: said.append(told.text))
        made.on("pageerror", lambda error: said.append(str(error)))
        made.on("dialog", opened_dialog)
        made.on("request", lambda request: asked.append(request.url))
        made.goto(service.address)
        return made

    yield page
    for context in contexts:
        context.close()
    # Chromium tells of an answer that is no 2xx on the console, and that is none of the page's
    assert [text for text in said if "the server responded with a status of" not in text] == []
    assert [url for url in asked if not url.startswith((service.address, "data:"))] == []


def test_a_model_is_chosen_and_its_report_shown(
    opened: "Callable[..., Page]", tmp_path: Path
) -> None:
    (tmp_path / "m.onnx").write_bytes(wrong())
    page = opened()
    page.get_by_label("Model", exact=True).set_input_files(tmp_path / "m.onnx")
    assert page.get_by_role("status").inner_text() == "Chosen: m.onnx"
    page.get_by_role("button", name="Check").click()
    page.wait_for_url("**/check?format=html")
    assert page.locator("h1").inner_text().endswith("1 error")
    assert page.get_by_text("scale-or-size").first.is_visible()


def test_a_model_is_dropped(opened: "Callable[..., Page]") -> None:
    page = opened()
    page.evaluate(
        """bytes => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(bytes)], "dropped.onnx"));
          const at = document.querySelector("form");
          for (const kind of ["dragover", "drop"])
            at.dispatchEvent(new DragEvent(kind, {bubbles: true, dataTransfer: data}));
        }""",
        list(wrong()),
    )
    assert page.get_by_role("status").inner_text() == "Chosen: dropped.onnx"
    page.get_by_role("button", name="Check").click()
    page.wait_for_url("**/check?format=html")
    assert "dropped.onnx" in page.content()


def test_it_is_used_by_the_keyboard_alone(opened: "Callable[..., Page]", tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(named())
    page = opened()
    seen: list[str] = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
        if seen[-1] == "expect":
            page.keyboard.type("align_corners=true mode=bilinear")
        if seen[-1] == "send":
            break
    order = ["files", "folder", "expect", "target", "fail-on", "send"]
    assert [one for one in seen if one in order] == order
    page.get_by_label("Model", exact=True).set_input_files(tmp_path / "m.onnx")
    page.get_by_role("button", name="Check").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/check?format=html&expect=align_corners%3Dtrue&expect=mode%3Dbilinear")
    assert "Nothing found" not in page.locator("h1").inner_text()


def test_nothing_chosen_is_told(opened: "Callable[..., Page]") -> None:
    page = opened()
    page.get_by_role("button", name="Check").click()
    assert page.get_by_role("status").inner_text() == "Choose a model first."
    assert page.evaluate("document.activeElement.id") == "files"


def test_a_package_is_a_folder(opened: "Callable[..., Page]") -> None:
    page = opened()
    folder = next((models.MODELS / "coreml" / "interpolate").glob("*.mlpackage"))
    page.get_by_label("or a package").set_input_files(folder)
    page.get_by_role("button", name="Check").click()
    page.wait_for_url("**/check?format=html")
    assert folder.name in page.content()
    assert page.get_by_role("heading", name="Sites", exact=True).is_visible()


def test_it_works_without_scripts(opened: "Callable[..., Page]", tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(wrong())
    page = opened(script=False)
    page.locator("#files").set_input_files(tmp_path / "m.onnx")
    page.locator("#send").click()
    page.wait_for_url("**/check?format=html")
    assert "1 error" in page.locator("h1").inner_text()


def test_a_refusal_is_a_page(opened: "Callable[..., Page]", tmp_path: Path) -> None:
    (tmp_path / "large.onnx").write_bytes(bytes(SIZE + 1))
    page = opened()
    page.get_by_label("Model", exact=True).set_input_files(tmp_path / "large.onnx")
    page.get_by_role("button", name="Check").click()
    page.wait_for_url("**/check?format=html")
    assert page.locator("h1").inner_text().endswith("Not checked: the model is too large")
    assert page.get_by_role("alert").inner_text() == f"the model is larger than {SIZE} bytes"
    page.get_by_role("link", name="Check a model").click()
    assert page.get_by_label("Model", exact=True).is_visible()


def test_names_of_nodes_run_nothing(opened: "Callable[..., Page]", tmp_path: Path) -> None:
    page = opened()
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    (tmp_path / "m.onnx").write_bytes(named(name))
    for data in (named(name), hostile.whole().SerializeToString()):
        (tmp_path / "m.onnx").write_bytes(data)
        page.goto(page.url.partition("/check")[0])
        page.get_by_label("Model", exact=True).set_input_files(tmp_path / "m.onnx")
        page.get_by_role("button", name="Check").click()
        page.wait_for_url("**/check?format=html")
        assert page.get_by_role("heading", name="Sites", exact=True).is_visible()
    assert page.evaluate("window.origin") == "null"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("refused", [False, True], ids=["form", "refusal"])
def test_axe_finds_nothing(opened: "Callable[..., Page]", *, dark: bool, refused: bool) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    )
    page = opened(dark=dark)
    if refused:
        page.goto(f"{page.url}check?model=none.onnx")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_page_is_locked(client: httpx.Client) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:; ")
    assert "form-action 'self'" in policy
    assert re.findall(r"script-src ([^;]*)", policy)[0].count("'sha256-") == 2
    assert "unsafe-inline" not in re.findall(r"script-src ([^;]*)", policy)[0]
