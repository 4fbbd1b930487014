"""The page of the service: a form that a model is dropped on, and what a request is told there."""

from importlib.metadata import version
from typing import Final

from halfpixel.report.html.page import policy_of, render
from halfpixel.targets.target import names

SCRIPTS: Final = ("upload.js",)
LOCKED: Final = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB")


def policy() -> str:
    """Return the Content Security Policy that the page is sent with."""
    return f"{policy_of(SCRIPTS)}; {LOCKED}"


def dumps(size: int) -> str:
    """Return the page.

    Args:
        size: bytes that a model may have.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    values = {"verdict": "Check a model", "mood": "plain", "detail": "", "size": bytes_in(size)}
    return _page({**values, "targets": names()})


def refused(title: str, detail: str) -> str:
    """Return the page that says why a request was not served.

    Args:
        title: what its status says.
        detail: one line that says why.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    told = f"Not checked: {title}"
    return _page({"verdict": told, "mood": "error", "detail": detail, "size": "", "targets": ()})


def _page(values: dict[str, object]) -> str:
    about = {"title": "halfpixel serve", "version": version("halfpixel")}
    return render("upload.html", {**about, **values}, SCRIPTS)


def bytes_in(size: int) -> str:
    """Return bytes in the largest unit that counts them whole.

    >>> bytes_in(1 << 30), bytes_in(1536), bytes_in(1000)
    ('1 GiB', '1536 bytes', '1000 bytes')
    """
    unit = 0
    while unit + 1 < len(_UNITS) and size and not size % 1024:
        size, unit = size // 1024, unit + 1
    return f"{size} {_UNITS[unit]}"
