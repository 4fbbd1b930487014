"""Which format a report has: what the address says, else what the caller accepts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, cast

import mimeparse  # pyright: ignore[reportMissingTypeStubs] - it has no types

from halfpixel.serving.query import Form
from halfpixel.serving.refused import Refused

if TYPE_CHECKING:
    from types import ModuleType

MEDIA: Final[dict[Form, str]] = {
    "html": "text/html",
    "sarif": "application/sarif+json",
    "json": "application/json",
}
"""Media types of reports; of several that are as welcome, the last counts."""

PROBLEM: Final = "application/problem+json"
"""What a request is told that is not served (RFC 9457)."""

LONGEST: Final = 1000
"""Characters of an Accept header that are read."""


def form_of(asked: Form | None, accept: str) -> Form:
    """Return the format of a report.

    Args:
        asked: what the address says.
        accept: the Accept header (RFC 9110, section 12.5.1); all is accepted where it is empty.

    Raises:
        Refused: 400: it cannot be read; 406: no format is accepted.

    >>> form_of(None, "text/html,application/xhtml+xml,*/*;q=0.8"), form_of(None, "*/*")
    ('html', 'json')
    """
    if asked is not None:
        return asked
    if not accept.strip():
        return "json"
    try:
        best = _best(list(MEDIA.values()), accept)
    except ValueError:
        raise Refused(400, "the Accept header cannot be read") from None
    for form, media in MEDIA.items():
        if media == best:
            return form
    raise Refused(406, f"a report is one of {', '.join(MEDIA.values())}")


def wants_page(accept: str) -> bool:
    """Whether a caller is a browser: it would rather have a page than a problem as JSON.

    >>> wants_page("text/html,*/*;q=0.8"), wants_page("*/*"), wants_page("*")
    (True, False, False)
    """
    try:
        return _best([MEDIA["html"], MEDIA["json"]], accept) == MEDIA["html"]
    except ValueError:
        return False


def _best(media: Sequence[str], accept: str) -> str:
    """Return the media type that is most welcome; raises ValueError for no Accept header."""
    untyped = cast("ModuleType", mimeparse)
    best = cast("Callable[[Sequence[str], str], str]", untyped.best_match)
    return best(media, accept[:LONGEST])
