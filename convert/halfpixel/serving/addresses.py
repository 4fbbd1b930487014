"""Addresses that a service may read: told apart by their text, before anything is asked.

An address is a scheme, a host or bucket, and a plain path: no user, port by name, query, fragment,
escape, climb, empty part, wildcard or chain of addresses, which other libraries read more into
(fsspec: ``zip::``, ``*``). What is allowed is a beginning of one, whole parts of the path.

Source: RFC 3986, section 3; fsspec, "URL chaining".
"""

import re
from typing import Final

from msgspec import Struct

from halfpixel.errors import UsageError
from halfpixel.serving.refused import Refused

LOCAL: Final = frozenset({"file", "local", "memory", "reference", "dir", "data"})
"""Schemes of what lies on the machine itself; folders are served as --root."""

_ADDRESS: Final = re.compile(
    r"([a-z][a-z0-9+.-]{0,30})://([A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}[A-Za-z0-9])?(?::\d{1,5})?)"
    r"((?:/[A-Za-z0-9._~+=@,-]+)*)/?"
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Allowed(Struct, frozen=True):
    """Addresses that begin alike.

    Attributes:
        scheme: their scheme.
        host: their host, with its port where it has one, or their bucket.
        parts: the beginning of their path.
    """

    scheme: str
    host: str
    parts: tuple[str, ...]

    def holds(self, other: "Allowed") -> bool:
        """Whether an address begins so.

        >>> parse_address("s3://bucket/a").holds(parse_address("s3://bucket/a/b.onnx"))
        True
        >>> parse_address("s3://bucket/a").holds(parse_address("s3://bucket/ab.onnx"))
        False
        """
        begins = other.parts[: len(self.parts)] == self.parts
        return (self.scheme, self.host) == (other.scheme, other.host) and begins

    def __str__(self) -> str:
        """Return the address, as it was read and in no other spelling."""
        return "/".join((f"{self.scheme}://{self.host}", *self.parts))


def is_address(text: str) -> bool:
    """Whether a text is meant as an address, and not as a path.

    >>> is_address("s3://b/m.onnx"), is_address("file:m.onnx"), is_address("a/m.onnx")
    (True, True, False)
    """
    return _SCHEME.match(text) is not None or "::" in text


def parse_address(text: str) -> Allowed:
    """Return an address in its parts.

    Raises:
        ValueError: a text that is none, or one that is not plain.

    >>> str(parse_address("https://models.example.org/a/m.onnx"))
    'https://models.example.org/a/m.onnx'
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError("no plain address: scheme://host/path of letters, digits and ._~+=@,-")
    parts = tuple(found[3].split("/")[1:])
    if any(set(part) == {"."} for part in parts):
        raise ValueError("an address that climbs")
    web = found[1] in {"http", "https"}
    return Allowed(found[1], found[2].lower() if web else found[2], parts)


def parse_allowed(text: str) -> Allowed:
    """Return what --allow says.

    Raises:
        UsageError: a text that is no beginning of addresses, or one of what lies here.
    """
    try:
        found = parse_address(text)
    except ValueError as error:
        raise UsageError(f"--allow {text!r}: {error}") from None
    if found.scheme in LOCAL:
        raise UsageError(f"--allow {text!r}: models on this machine are served with --root FOLDER")
    return found


def allowed_address(text: str, allowed: tuple[Allowed, ...]) -> Allowed:
    """Return an address that may be read.

    Raises:
        Refused: 403: it is not allowed, whether or not anything is there.
    """
    try:
        found = parse_address(text)
    except ValueError as error:
        raise Refused(403, f"the model's address is not read: {error}") from None
    if not any(one.holds(found) for one in allowed):
        raise Refused(403, "the model's address is none that this service is allowed to read")
    return found
