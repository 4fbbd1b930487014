"""A web server on loopback, with ranges and entity tags, which can be told to do without."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from servers.counting import Asked, Traffic


@dataclass
class Web:
    """A server, while it runs.

    Attributes:
        root: its address.
        files: what it holds, by path.
        traffic: what it sent, and how it answers.
        ranges: it knows them.
        tags: it sends entity tags.
        cut: bytes after which it closes the connection; None where it sends all.
        headers: what each request has said, lower case.
    """

    root: str
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    traffic: Traffic = field(default_factory=Traffic)
    ranges: bool = True
    tags: bool = True
    cut: int | None = None
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def put(self, name: str, data: bytes) -> str:
        """Hold a file; return its address."""
        self.files[f"/{name}"] = data
        return f"{self.root}/{name}"


class _Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.web = Web(f"http://127.0.0.1:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - no other makes one

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        web, wanted = self.server.web, self.headers.get("Range", "")
        web.headers.append({name.lower(): value for name, value in self.headers.items()})
        refused = web.traffic.asked(Asked(self.command, self.path, wanted))
        data = web.files.get(self.path.partition("?")[0])
        if refused is not None or data is None:
            self._empty(refused or 404)
            return
        tag = f'"{md5(data, usedforsecurity=False).hexdigest()}"'
        if web.tags and self.headers.get("If-Match", tag) != tag:
            self._empty(412)
            return
        start, stop = 0, len(data)
        if wanted and web.ranges:
            first, last = wanted.removeprefix("bytes=").split("-")
            start, stop = int(first), min(int(last or stop) + 1, stop)
            if start >= stop:
                self._empty(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        else:
            self.send_response(200)
        if web.tags:
            self.send_header("ETag", tag)
        self._send(data[start:stop])

    def _send(self, part: bytes) -> None:
        web = self.server.web
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = part[: web.cut]
        web.traffic.send(len(sent))
        with suppress(ConnectionError):  # who asked has seen enough
            self.wfile.write(sent)
        self.close_connection |= len(sent) < len(part)

    def _empty(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def served() -> Generator[Web]:
    """Run a server."""
    server = _Server()
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.web
    finally:
        server.shutdown()
        server.server_close()
