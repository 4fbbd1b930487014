"""Models on the web, as a service reads them for a stranger: from where it may, and nowhere else.

The name of a host is looked up once: each address that it has is to be one of the public internet
(unless the service may reach others), and the connection goes to such an address itself, so that
a name that says another thing the next time leads nowhere. No redirect is followed, no proxy asked,
nothing is unpacked. A file is read by ranges, as `storage/` reads any other.

Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries, as `ipaddress` has them; RFC 6052
(IPv4 in IPv6 addresses of translators); RFC 9110, sections 14 and 15.
"""

import http.client
import socket
import ssl
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Final

from halfpixel.address import Address
from halfpixel.errors import ModelFileError
from halfpixel.serving.addresses import Allowed, allowed_address
from halfpixel.storage.failures import (
    CHANGED,
    DENIED,
    GONE,
    SHORTER,
    SLOW,
    UNREACHABLE,
    NoRangesError,
    NoSuchRangeError,
)
from halfpixel.storage.store import State, check_same

CHUNK: Final = 1 << 20
TIMEOUT: Final = 10.0
"""Seconds for a connection, and for each piece that is read."""

TRANSLATED: Final = IPv6Network("64:ff9b::/96")
PRIVATE: Final = "its host has an address that is not of the public internet"
ELSEWHERE: Final = "the server sends elsewhere, where nobody follows"
_SAID: Final = {401: DENIED, 403: DENIED, 404: GONE, 410: GONE, 412: CHANGED}


class GuardedFile:
    """A file on the web; see `storage.store.Stored`."""

    parallel = True

    def __init__(self, address: Address, allowed: tuple[Allowed, ...], *, private: bool) -> None:
        """Refuse an address that is not allowed; nothing is asked for yet.

        Args:
            address: where it is.
            allowed: beginnings of addresses that may be read.
            private: hosts that are not of the public internet may be reached.

        Raises:
            Refused: it is none of those.
        """
        self.address = address
        self._place = allowed_address(address.text, allowed)
        self._private = private

    def get(self, start: int, stop: int, known: State | None) -> tuple[bytes, State]:
        """Return a range and its state; as `Stored.get`."""
        with self._asked("GET", known, f"bytes={start}-{stop - 1}") as answer:
            if answer.status == 416:
                raise NoSuchRangeError
            if answer.status != 206:
                self._check(answer.status)
                raise NoRangesError
            said = answer.getheader("Content-Range", "")
            total = said.rpartition("/")[2]
            if not total.isdecimal() or len(total) > 18:
                raise NoRangesError
            now = check_same(self.address, State(int(total), answer.getheader("ETag", "")), known)
            wanted = min(stop, now.size) - start
            data = self._read(answer, wanted)
        if len(data) != wanted:
            raise ModelFileError(self.address, SHORTER)
        return data, now

    def chunks(self, known: State | None) -> Iterator[tuple[bytes, State]]:
        """Yield all of it; as `Stored.chunks`."""
        with self._asked("GET", known) as answer:
            self._check(answer.status)
            now, count = check_same(self.address, _whole(answer), known), 0
            while data := self._read(answer, CHUNK):
                count += len(data)
                yield data, now
        if count != now.size:
            raise ModelFileError(self.address, SHORTER)

    def state(self) -> State:
        """Return its state, asked for anew."""
        with self._asked("HEAD", None) as answer:
            self._check(answer.status)
            return _whole(answer)

    def put(self, path: Path) -> None:
        """Refuse to write: a service reads."""
        raise ModelFileError(self.address, f"cannot be written from {path.name}: it is only read")

    @contextmanager
    def _asked(
        self, method: str, known: State | None, part: str = ""
    ) -> Generator[http.client.HTTPResponse]:
        """Ask the server; the connection is closed with the block."""
        headers = {"Accept-Encoding": "identity", "Connection": "close"}
        if part:
            headers["Range"] = part
        if known is not None and known.tag.startswith('"'):
            headers["If-Match"] = known.tag
        host, _, port = self._place.host.partition(":")
        kind = _Secure if self._place.scheme == "https" else _Plain
        connection = kind(host, int(port) if port else None, timeout=TIMEOUT)
        connection.private = self._private
        with closing(connection):
            yield self._answer(connection, method, headers)

    def _answer(
        self, connection: http.client.HTTPConnection, method: str, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        try:
            connection.request(method, "/" + "/".join(self._place.parts), headers=headers)
            return connection.getresponse()
        except TimeoutError as error:
            raise ModelFileError(self.address, SLOW) from error
        except NotPublicError as error:
            raise ModelFileError(self.address, PRIVATE) from error
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise ModelFileError(self.address, UNREACHABLE) from error

    def _read(self, answer: http.client.HTTPResponse, count: int) -> bytes:
        try:
            return answer.read(count)
        except TimeoutError as error:
            raise ModelFileError(self.address, SLOW) from error
        except (OSError, http.client.HTTPException) as error:
            raise ModelFileError(self.address, SHORTER) from error

    def _check(self, status: int) -> None:
        """Refuse an answer that is not the file."""
        if status == 200:
            return
        told = ELSEWHERE if 300 <= status < 400 else f"the server answers {status}"
        raise ModelFileError(self.address, _SAID.get(status, told))


def _whole(answer: http.client.HTTPResponse) -> State:
    length = answer.getheader("Content-Length", "")
    size = int(length) if length.isdecimal() and len(length) <= 18 else 0
    return State(size, answer.getheader("ETag", ""))


class NotPublicError(Exception):
    """A host that is not of the public internet; becomes a ModelFileError with the address."""


class _Plain(http.client.HTTPConnection):
    """A connection to where the name of a host was looked up."""

    private = False

    def connect(self) -> None:
        self.sock = connected(self.host, self.port, private=self.private)


class _Secure(http.client.HTTPSConnection):
    """The same, encrypted, with the host that was named."""

    private = False

    def connect(self) -> None:
        plain = connected(self.host, self.port, private=self.private)
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


def connected(host: str, port: int, *, private: bool) -> socket.socket:
    """Return a connection to a host, whose name is looked up once.

    Args:
        host: its name.
        port: the port.
        private: it need not be of the public internet.

    Raises:
        NotPublicError: one of its addresses is not.
        OSError: it has none, or none is reached.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not private and not all(is_public(address) for address in addresses):
        raise NotPublicError
    last: OSError = OSError(f"{host} has no address")
    for address in addresses[:4]:
        try:
            return socket.create_connection((address, port), TIMEOUT)
        except OSError as error:
            last = error
    raise last


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet, and of one host.

    >>> is_public("93.184.216.34"), is_public("2606:2800:220:1::1")
    (True, True)
    >>> [is_public(one) for one in ("10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1")]
    [False, False, False, False]
    >>> [is_public(one) for one in ("64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "fe80::1%1")]
    [False, False, False, False]
    """
    address = ip_address(text)
    inner = _inner(address) if isinstance(address, IPv6Address) else None
    one = address if inner is None else inner
    return one.is_global and not one.is_multicast and not one.is_reserved


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that stands in one of IPv6."""
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
