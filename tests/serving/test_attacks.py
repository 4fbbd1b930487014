"""A list of attacks, each a real request to a real service: all are refused, and it goes on."""

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from hostile import files as hostile
from hostile.names import FORBIDDEN
from serving.attack import Attack, request
from serving.attacks import ATTACKS
from serving.services import (
    QUEUE,
    SECONDS,
    WORKERS,
    Service,
    everything,
    named,
    serving,
)

HIDDEN = "never-to-be-told"


class Canary:
    """A server on loopback that nobody may reach; it notes who does."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.reached = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                with self._socket.accept()[0]:
                    self.reached += 1
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    made = Canary()
    yield made
    made.close()
    assert made.reached == 0, "the service asked for something on this machine"


@pytest.fixture(scope="module")
def trapped(service: Service) -> Service:
    """Return a service whose root holds what leads out of it."""
    root = service.root
    away = root.parent / "away"
    away.mkdir()
    (away / "secret.onnx").write_bytes(named(HIDDEN))
    (away / "secret.mlpackage").mkdir()
    (root / "m.onnx").write_bytes(named())
    (root / ".hidden").mkdir()
    (root / ".hidden" / "m.onnx").write_bytes(named(HIDDEN))
    (root / "notes.txt").write_text(HIDDEN)
    (root / "halfpixel.toml").write_text(f"# {HIDDEN}\n")
    (root / "folder.onnx").mkdir()
    (root / "file.mlpackage").write_bytes(b"")
    (root / "link.onnx").symlink_to(away / "secret.onnx")
    (root / "link.mlpackage").symlink_to(away / "secret.mlpackage")
    (root / "links").symlink_to(away)
    (root / "circle.onnx").symlink_to(root / "circle.onnx")
    (root / "zero.onnx").symlink_to("/dev/zero")
    os.mkfifo(root / "pipe.onnx")
    return service


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused(trapped: Service, canary: Canary, attack: Attack) -> None:
    data = attack.data.replace(b"{root}", bytes(trapped.root))
    data = data.replace(b"{canary}", b"%d" % canary.port)
    answer = trapped.raw(data)
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1])
    assert status in attack.statuses, answer[:2000]
    _check_said(trapped, head, body, attack)
    assert trapped.raw(request("/health/live")).startswith(b"HTTP/1.1 200 ")


def _check_said(service: Service, head: bytes, body: bytes, attack: Attack) -> None:
    """Assert that an answer tells no secret, no place, and nothing as a header."""
    text = body.decode()
    for word in (HIDDEN, "root:x:0", str(service.root.parent), "Traceback", "site-packages"):
        if word.encode() not in attack.data:
            assert word not in text
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert b"x-evil" not in names
    if b"application/problem+json" in head:
        problem = json.loads(text)
        assert problem["status"] in attack.statuses
        assert problem["detail"].isprintable()
        assert len(text) < 3000
    if not head.startswith(b"HTTP/1.1 400") or b"problem" in head:  # h11 refuses before the service
        assert b"x-content-type-options" in names
        assert b"content-security-policy" in names


def test_nothing_of_an_attack_is_kept(trapped: Service) -> None:
    assert trapped.kept() == []


@pytest.mark.parametrize("name", hostile.MADE)
@pytest.mark.parametrize("form", ["json", "sarif", "html"])
def test_hostile_names_are_told_as_text(client: httpx.Client, name: str, form: str) -> None:
    data = hostile.MADE[name]().SerializeToString()
    answer = client.post(f"/check?name=m.onnx&format={form}", content=data)
    assert answer.status_code in {200, 422}, answer.text
    for line in answer.text.splitlines():
        assert not FORBIDDEN.search(line), ascii(line)
    if form == "html":
        assert "<script>]]>" not in answer.text
        assert "sandbox" in answer.headers["content-security-policy"]
    else:
        json.loads(answer.text)


def test_a_hostile_package_is_told_as_text(client: httpx.Client, tmp_path: Path) -> None:
    made = hostile.coreml(tmp_path)
    files = [
        ("f", (f"m.mlpackage/{path.relative_to(made)}", path.read_bytes()))
        for path in sorted(made.rglob("*")) if path.is_file()
    ]  # fmt: skip
    answer = client.post("/check?format=html", files=files)
    assert answer.status_code == 200, answer.text
    assert not FORBIDDEN.search(answer.text.replace("\n", ""))
    assert "<script>]]>" not in answer.text


@pytest.mark.parametrize(
    ("sent", "wait"),
    [
        (b"", "no request"),
        (b"GET / HTTP/1.1\r\nHost: ", "half a head"),
        (request("/health/live").replace(b"close", b"keep-alive") + b"GET ", "half a second one"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_head_that_does_not_come_is_waited_for_a_second(
    service: Service, sent: bytes, wait: str
) -> None:
    began = time.monotonic()
    with service.connected() as connection:
        connection.sendall(sent)
        everything(connection)
    assert time.monotonic() - began < 5, wait


@pytest.mark.parametrize("pause", [None, 0.3], ids=["none of it", "a byte at a time"])
def test_a_body_that_comes_slowly_is_not_waited_for(service: Service, pause: float | None) -> None:
    head = request("/check", ["Content-Length: 100000"], b"", "POST")
    with service.connected() as connection:
        connection.sendall(head + b"\x08")
        ended = threading.Event()

        def trickle() -> None:
            while pause is not None and not ended.wait(pause):
                try:
                    connection.sendall(b"\x08")
                except OSError:
                    return

        sending = threading.Thread(target=trickle)
        sending.start()
        began = time.monotonic()
        answer = everything(connection)
        ended.set()
        sending.join()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 8
    assert service.kept() == []


def test_more_than_may_wait_are_told_to_come_again(tmp_path: Path) -> None:
    with (
        serving(tmp_path, "--max-seconds", "1") as service,
        ThreadPoolExecutor(32) as many,
        service.client() as client,
    ):

        def ask(name: str) -> httpx.Response:
            return client.post("/check", content=named(name))

        places = WORKERS + QUEUE
        answers = list(many.map(ask, ["hang"] * (places + 8)))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {503, 504}
        assert statuses.count(504) == places
        for answer in answers:
            told = answer.json()["detail"]
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) > 0
            else:
                assert told == "model.onnx: not checked within 1 s"
        assert ask("up").status_code == 200


def test_a_caller_that_goes_away_frees_its_worker(client: httpx.Client, service: Service) -> None:
    head = request("/check", [f"Content-Length: {len(named('hang'))}"], named("hang"), "POST")
    for _ in range(WORKERS):
        with service.connected() as connection:
            connection.sendall(head)
            time.sleep(0.3)
    began = time.monotonic()
    assert client.post("/check", content=named()).status_code == 200
    assert time.monotonic() - began < SECONDS
    assert service.kept() == []


def test_a_caller_that_does_not_read_costs_nobody_else(
    client: httpx.Client, service: Service
) -> None:
    ask = request("/check?format=html", [], named(), "POST")
    held = [service.connected() for _ in range(WORKERS + QUEUE - 1)]
    for connection in held:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.sendall(ask)
    assert client.post("/check", content=named()).status_code in {200, 503}
    for connection in held:
        connection.close()
    assert service.kept() == []


def test_every_answer_says_that_it_is_not_to_be_kept_or_framed(client: httpx.Client) -> None:
    for address in ("/", "/health/live", "/metrics", "/openapi.json", "/none", "/check"):
        answer = client.get(address)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
        assert not re.search(r"unsafe-(eval|hashes)", answer.headers["content-security-policy"])
