"""A page from a template: every text in it is escaped, whatever is no part of the page cannot run.

Two guards stand one behind the other. The template engine escapes each text, made printable first.
A policy in the page itself lets no script run but the page's own, known by their hashes, and lets
nothing be fetched.
"""

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.errors import MissingExtraError
from halfpixel.printable import printable

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER: Final = Path(__file__).parent
STYLE: Final = "report.css"


def render(template: str, values: Mapping[str, object], scripts: tuple[str, ...] = ()) -> str:
    """Return a page as HTML text.

    Args:
        template: name of a file in `templates/`.
        values: what it shows, by name.
        scripts: files of `assets/` that run in it, in order.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    texts = [asset(name) for name in (*scripts, "report.js")]
    made = environment().get_template(template)
    policy = policy_of(scripts)
    return made.render({**values, "policy": policy, "scripts": texts, "style": asset(STYLE)})


def policy_of(scripts: tuple[str, ...] = ()) -> str:
    """Return the Content Security Policy of a page: its own scripts run, and nothing is fetched.

    Args:
        scripts: files of `assets/` that run in it besides the script of every page.
    """
    texts = (asset(name) for name in (*scripts, "report.js"))
    hashes = " ".join(f"'sha256-{_hash(text)}'" for text in texts)
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {hashes}"


@lru_cache(maxsize=1)
def environment() -> "Environment":
    """Return the engine: it escapes every text, and refuses a name that has no value."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("jinja2", "html") from error
    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: object) -> object:
    """Return a value as it stands on a page: a text from a file without what acts or hides."""
    return printable(value) if type(value) is str else value


def asset(name: str) -> str:
    """Return a file of `assets/`, which stands in a page as it is."""
    from markupsafe import Markup

    return Markup((FOLDER / "assets" / name).read_text(encoding="utf-8").strip())  # noqa: S704 - our own file


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
