"""A request that a stranger would send, as bytes."""

from collections.abc import Sequence

from msgspec import Struct


class Attack(Struct, frozen=True):
    """A request.

    Attributes:
        name: what it tries.
        data: its bytes.
        statuses: what may be answered; empty where the connection is closed without an answer.
    """

    name: str
    data: bytes
    statuses: frozenset[int]


def request(
    target: str | bytes,
    headers: Sequence[str] = (),
    body: bytes = b"",
    method: str = "GET",
    host: str = "127.0.0.1",
) -> bytes:
    """Return a request as bytes, nothing of it encoded."""
    said = [f"Host: {host}", "Connection: close", *headers]
    if method == "POST" and not any("ength:" in one or "ncoding: c" in one for one in said):
        said.append(f"Content-Length: {len(body)}")
    first = method.encode() + b" " + (target if isinstance(target, bytes) else target.encode())
    return first + b" HTTP/1.1\r\n" + "\r\n".join(said).encode() + b"\r\n\r\n" + body


def form(*parts: tuple[str, bytes], end: bool = True) -> tuple[list[str], bytes]:
    """Return the headers and the body of a form of (Content-Disposition, bytes) parts."""
    body = b"".join(
        b"--b\r\nContent-Disposition: form-data; name=f; " + said.encode() + b"\r\n\r\n" + data
        + b"\r\n" for said, data in parts
    )  # fmt: skip
    return ["Content-Type: multipart/form-data; boundary=b"], body + (b"--b--\r\n" if end else b"")
