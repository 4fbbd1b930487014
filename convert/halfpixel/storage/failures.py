"""Whatever goes wrong with a file elsewhere, in one line that names it: no library's words.

What a library says of a failure may have the whole address in it, with the signature of its query,
and what it raises is of many kinds. So a failure is told by its kind.

Sources: obstore 0.12 `obstore/exceptions`; RFC 9110, section 15; fsspec 2026.9 raises Python's own.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from halfpixel.address import Address, without_secrets
from halfpixel.errors import HalfpixelError, ModelFileError, said_of

GONE: Final = "no such file there"
DENIED: Final = "access is denied"
INVALID: Final = "access is denied: credentials are missing or not valid"
CHANGED: Final = "has changed while it was read"
SHORTER: Final = "ends before it should: the connection broke, or it has changed while it was read"
NO_CREDENTIALS: Final = "no credentials were found"
UNREACHABLE: Final = "the host cannot be reached"
SLOW: Final = "the host does not answer in time"

HINTS: Final = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile where boto3 is installed; "
    "AWS_SKIP_SIGNATURE=true for a bucket that is open to all",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or a SAS token",
}
"""What gives credentials, by the protocol."""

PROTOCOLS: Final = {
    "s3a": "s3", "gcs": "gs", "abfs": "az", "abfss": "az", "adl": "az", "azure": "az",
}  # fmt: skip
"""Other names of protocols."""


class NoRangesError(Exception):
    """A server that sends the whole where a range was asked for."""


class NoSuchRangeError(Exception):
    """A range that begins behind the end."""


_STATUS: Final = re.compile(r"(?:status(?: code)?:? \(?|HTTP status \w+ \(?|returned )(\d{3})\b")

_RANGES: Final = (
    ("Range request not supported", NoRangesError),
    ("non-partial response", NoRangesError),
    ("416", NoSuchRangeError),
)
"""What obstore says of ranges."""

_KINDS: Final = (
    ("NotFound", GONE),
    ("Precondition", CHANGED),
    ("Unauthenticated", INVALID),
    ("PermissionDenied", DENIED),
    ("Credential", NO_CREDENTIALS),
    ("Timeout", SLOW),
)
"""Parts of the names of what libraries raise."""

_STATUSES: Final = {404: GONE, 410: GONE, 412: CHANGED, 401: INVALID, 403: DENIED}
"""Of RFC 9110, section 15."""

_TEXTS: Final = (
    (r"169\.254\.|/latest/|computeMetadata|etadata (?:endpoint|server)", NO_CREDENTIALS),
    (r"oken request|redential|nable to locate", NO_CREDENTIALS),
    (r"dns error|[Cc]onnect(?:ion|or)? ?(?:error|refused|failed)|unreachable", UNREACHABLE),
    (r"ame or service|[Cc]onnectError|kind: Connect", UNREACHABLE),
    (r"imed ?[Oo]ut", SLOW),
    (r"body|[Ii]ncomplete|content-length", SHORTER),
)
"""What a text has in it, by what has happened; of the first that it has."""


@contextmanager
def failures(address: Address, doing: str = "") -> Generator[None]:
    """Turn what is raised inside into one line that names an address.

    Args:
        address: what is read or written.
        doing: what was to be done, where that is not reading: told before the reason.

    Raises:
        ModelFileError: with the reason.
        NoRangesError: the server knows no ranges.
        NoSuchRangeError: the range begins behind the end.
    """
    try:
        yield
    except (HalfpixelError, NoRangesError, NoSuchRangeError):
        raise
    except Exception as error:  # noqa: BLE001 - of any library
        text = str(error)
        for said, kind in _RANGES:
            if said in text and type(error).__module__.startswith("obstore"):
                raise kind from None
        reason, hint = _told(error, text, address)
        told = f"{doing}: {reason}" if doing else reason
        raise ModelFileError(address, told, hint) from _plain(error)


def _plain(error: Exception) -> Exception:
    """Return an error as the cause of another, without secrets in its text."""
    return RuntimeError(f"{type(error).__qualname__}: {without_secrets(str(error))}")


def _told(error: Exception, text: str, address: Address) -> tuple[str, str | None]:
    """Return why something failed, and what to do."""
    protocol = PROTOCOLS.get(address.protocol, address.protocol)
    if isinstance(error, ImportError):
        return f"{protocol}:// needs a package that is not installed: {said_of(error)}", None
    reason = _reason(error, text)
    return reason, HINTS.get(protocol) if reason in {INVALID, NO_CREDENTIALS} else None


def _reason(error: Exception, text: str) -> str:
    kind = " ".join(one.__qualname__ for one in type(error).__mro__)
    found = [reason for part, reason in _KINDS if part in kind]
    if not found and isinstance(error, PermissionError):
        found = [DENIED]
    if found:
        return found[0]
    status = _status(error, text)
    if status is not None:
        return _STATUSES.get(status, f"the server answers {status}")
    found = [reason for pattern, reason in _TEXTS if re.search(pattern, text)]
    return found[0] if found else without_secrets(said_of(error))


def _status(error: Exception, text: str) -> int | None:
    """Return the status that a server answered with."""
    response = getattr(error, "response", None)
    for value in (getattr(error, "status", None), getattr(response, "status_code", None)):
        if isinstance(value, int):
            return value
    found = _STATUS.search(text)
    return int(found[1]) if found else None
