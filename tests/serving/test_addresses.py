"""Models at addresses: read where that is allowed, and nowhere else, whatever a server says."""

import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from halfpixel.errors import HalfpixelError, UsageError
from halfpixel.serving import web
from halfpixel.serving.addresses import allowed_address, parse_allowed
from halfpixel.serving.refused import Refused
from servers import s3
from servers.web import Web, served
from serving.attacks_by_name import ADDRESSES
from serving.services import Service, named, serving, wrong


@contextmanager
def elsewhere(to: str) -> Generator[int]:
    """Run a server that sends everybody elsewhere; yield its port."""

    class Sends(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Sends)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def pages() -> Iterator[Web]:
    """Return a server of the web on loopback."""
    with served() as made:
        made.put("allowed/m.onnx", wrong())
        made.put("allowed/right.onnx", named())
        made.put("allowed/broken.onnx", b"hello")
        made.put("secret/m.onnx", named("never-to-be-told"))
        yield made


@pytest.fixture(scope="module")
def sends(pages: Web) -> Iterator[int]:
    """Return the port of a server that sends everybody to what is not allowed."""
    with elsewhere(f"{pages.root}/secret/m.onnx") as port:
        yield port


@pytest.fixture(scope="module")
def near(pages: Web, sends: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service that may read this machine's own web."""
    allow = (
        "--allow", f"{pages.root}/allowed", "--allow-private",
        "--allow", f"http://127.0.0.1:{sends}/allowed",
    )  # fmt: skip
    with serving(tmp_path_factory.mktemp("near"), *allow) as made:
        yield made


def said(answer: httpx.Response) -> Any:  # noqa: ANN401 - as JSON has it
    return answer.json()


def test_a_model_at_an_allowed_address_is_checked(near: Service, pages: Web) -> None:
    with near.client() as client:
        answer = client.get("/check", params={"model": f"{pages.root}/allowed/m.onnx"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["halfpixel-verdict"] == "failed"
        assert said(answer)["files"][0]["path"] == f"{pages.root}/allowed/m.onnx"
        answer = client.get("/check", params={"model": f"{pages.root}/allowed/right.onnx"})
        assert said(answer)["passed"] is True


@pytest.mark.parametrize(
    ("name", "status", "why"),
    [
        ("allowed/none.onnx", 422, "no such file there"),
        ("allowed/broken.onnx", 422, "not an ONNX model"),
        ("secret/m.onnx", 403, "none that this service is allowed to read"),
        ("allowed/../secret/m.onnx", 403, "climbs"),
        ("allowed", 403, "ends in none of"),
    ],
)
def test_nothing_else_is(near: Service, pages: Web, name: str, status: int, why: str) -> None:
    before = len(pages.traffic.requests)
    with near.client() as client:
        answer = client.get("/check", params={"model": f"{pages.root}/{name}"})
    assert answer.status_code == status
    assert why in answer.text
    asked = [one.path for one in pages.traffic.requests[before:]]
    assert set(asked) == ({f"/{name}"} if status == 422 else set())


def test_a_redirect_is_not_followed(near: Service, pages: Web, sends: int) -> None:
    before = len(pages.traffic.requests)
    address = f"http://127.0.0.1:{sends}/allowed/m.onnx"
    with near.client() as client:
        answer = client.get("/check", params={"model": address})
    assert answer.status_code == 422
    assert "the server sends elsewhere, where nobody follows" in answer.text
    assert pages.traffic.requests[before:] == []


def test_a_name_of_this_machine_is_not_asked(pages: Web, tmp_path: Path) -> None:
    port = pages.root.rpartition(":")[2]
    with (
        serving(tmp_path, "--allow", f"http://localhost:{port}") as service,
        service.client() as client,
    ):
        before = len(pages.traffic.requests)
        answer = client.get("/check", params={"model": f"http://localhost:{port}/allowed/m.onnx"})
    assert answer.status_code == 422
    assert "an address that is not of the public internet" in answer.text
    assert pages.traffic.requests[before:] == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["100.64.0.1"],
        ["0.0.0.0"],  # noqa: S104 - looked up, not listened on
        ["::1"],
        ["fd00::1"],
        ["::ffff:192.168.0.1"],
        ["64:ff9b::a00:1"],
    ],
)
def test_a_name_with_a_private_address_is_not_asked(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up(monkeypatch, [addresses])
    with pytest.raises(web.NotPublicError):
        web.connected("models.example.org", 443, private=False)


def looked_up(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    """Let names be looked up as is said, once each; return the addresses that are connected to."""
    reached: list[str] = []

    def lookup(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(2, 1, 6, "", (address, 443)) for address in answers.pop(0)]

    def connect(address: tuple[str, int], _timeout: float) -> socket.socket:
        reached.append(address[0])
        return socket.socket()

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    return reached


def test_what_was_looked_up_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = looked_up(monkeypatch, [["93.184.216.34"], ["127.0.0.1"]])
    web.connected("models.example.org", 443, private=False).close()
    assert reached == ["93.184.216.34"], "a second look-up would say another thing"


ALLOWED = (
    parse_allowed("https://models.example.org/allowed"),
    parse_allowed("s3://bucket/allowed/"),
)


@pytest.mark.parametrize("text", ADDRESSES)
def test_what_begins_like_an_allowed_address_is_none(text: str) -> None:
    with pytest.raises(Refused) as caught:
        allowed_address(text.replace("%252e", "%2e").replace("{canary}", "80"), ALLOWED)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "text",
    ["https://models.example.org/allowed/a/m.onnx", "s3://bucket/allowed/m.onnx",
     "https://MODELS.example.org/allowed/m_1.2+x=y@z,~.onnx"],
)  # fmt: skip
def test_what_is_allowed_is(text: str) -> None:
    assert str(allowed_address(text, ALLOWED)).lower() == text.lower()


@pytest.mark.parametrize(
    "text",
    ["", "bucket", "file:///srv", "memory://a", "s3://", "https://user@host/", "https://h/../x",
     "https://h/*", "zip://a::s3://b", "s3://bucket/%2e"],
)  # fmt: skip
def test_nothing_else_can_be_allowed(text: str) -> None:
    with pytest.raises(UsageError, match="--allow"):
        parse_allowed(text)


def test_a_server_that_lies_is_told(monkeypatch: pytest.MonkeyPatch, pages: Web) -> None:
    from halfpixel.address import Address
    from halfpixel.storage.failures import NoRangesError

    allowed = (parse_allowed(pages.root),)
    address = Address(f"{pages.root}/allowed/m.onnx")
    file = web.GuardedFile(address, allowed, private=True)
    data, state = file.get(0, 10, None)
    assert data == wrong()[:10]
    assert file.state() == state
    assert b"".join(one for one, _ in file.chunks(state)) == wrong()
    with pytest.raises(HalfpixelError, match="only read"):
        file.put(Path("m.onnx"))
    monkeypatch.setattr(pages, "ranges", False)
    with pytest.raises(NoRangesError):
        file.get(0, 10, None)
    monkeypatch.setattr(pages, "ranges", True)
    monkeypatch.setattr(pages, "cut", 5)
    with pytest.raises(HalfpixelError, match="ends before it should"):
        file.get(0, 10, None)
    monkeypatch.setattr(pages, "cut", None)
    pages.put("allowed/m.onnx", named())
    with pytest.raises(HalfpixelError, match="has changed"):
        file.get(0, 10, state)
    pages.put("allowed/m.onnx", wrong())


def test_a_model_in_an_allowed_part_of_a_bucket_is_checked(tmp_path: Path) -> None:
    with s3.served() as bucket:
        address = bucket.put("team/m.onnx", wrong())
        bucket.put("other/m.onnx", named("never-to-be-told"))
        allow = ("--allow", f"s3://{s3.BUCKET}/team")
        with serving(tmp_path, *allow, **bucket.environment) as service, service.client() as client:
            answer = client.get("/check", params={"model": address})
            assert answer.status_code == 200, answer.text
            assert answer.headers["halfpixel-verdict"] == "failed"
            assert said(answer)["files"][0]["path"] == address
            bucket.traffic.clear()
            for text in ("other/m.onnx", "team/../other/m.onnx", "team-other/m.onnx"):
                answer = client.get("/check", params={"model": f"s3://{s3.BUCKET}/{text}"})
                assert answer.status_code == 403
            assert bucket.traffic.requests == []
