"""A real service in a process of its own, and what is sent to it."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
from onnx import ModelProto, helper

import example_models as models
from installed_packages import environment

SIZE = 4 << 20
SECONDS = 3.0
WORKERS, QUEUE = 2, 4

PACK = '''"""Ends, or does not end, where a node says so."""

import os
import signal
import time

from halfpixel.rule import Rule


def check(site):
    """Do what the node is called."""
    match site.name.partition(" ")[0]:
        case "hang":
            time.sleep(600)
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "eat":
            held = bytearray(1 << 33)
            held[::4096] = bytes(len(held[::4096]))
    return ()


RULE = Rule(__name__, __doc__, check)
'''
"""A rule that does to a worker what a hostile model would like to."""


@dataclass
class Service:
    """A service that runs.

    Attributes:
        port: where it listens, on loopback.
        process: its process.
        root: the folder whose models it may read.
        folder: where it keeps what is sent.
        packs: where the rules lie that only it has.
    """

    port: int
    process: subprocess.Popen[str]
    root: Path
    folder: Path
    packs: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=30, trust_env=False)

    def raw(self, data: bytes, seconds: float = 20) -> bytes:
        """Send bytes as they are, and return all that is answered."""
        with self.connected(seconds) as connection:
            connection.sendall(data)
            return everything(connection)

    def connected(self, seconds: float = 20) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def kept_now(self) -> list[Path]:
        """Return what it keeps of requests."""
        return list(self.folder.glob("halfpixel-serve-*/*"))

    def kept(self) -> list[Path]:
        """Return what it keeps of requests once none is left."""
        left = self.kept_now()
        for _ in range(100):
            left = self.kept_now()
            if not left:
                break
            time.sleep(0.05)
        return left


def everything(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    out = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            out += piece
    return out


@contextlib.contextmanager
def serving(tmp: Path, *options: str, **more: str) -> Generator[Service]:
    """Run a service; it ends in order, and says nothing but where it is."""
    folder, root, packs = tmp / "kept", tmp / "root", tmp / "packs"
    for path in (folder, root):
        path.mkdir()
    about = packs / "odd_rules-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-rules\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[halfpixel.rules]\nodd = odd_rules\n")
    (packs / "odd_rules").mkdir()
    (packs / "odd_rules" / "__init__.py").write_text('"""Odd."""\n')
    (packs / "odd_rules" / "odd.py").write_text(PACK)
    paths = os.pathsep.join([str(packs), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [
            sys.executable, "-m", "halfpixel", "serve", "--port", "0", "--root", str(root),
            "--max-size", str(SIZE), "--max-seconds", str(SECONDS), "--max-idle-seconds", "1",
            "--max-upload-seconds", "3", "--max-memory", "512MiB", "--workers", str(WORKERS),
            "--queue", str(QUEUE), *options,
        ],
        cwd=tmp, stderr=subprocess.PIPE, text=True,
        env=environment(PYTHONPATH=paths, TMPDIR=str(folder), **more),
    )  # fmt: skip
    assert process.stderr is not None
    said = process.stderr.readline()
    if process.poll() is not None or not said:
        said += process.communicate()[1]
    assert said.startswith("halfpixel: serving on http://127.0.0.1:"), said
    service = Service(int(said.rpartition(":")[2]), process, root, folder, paths)
    try:
        wait_ready(service)
        yield service
    finally:
        process.terminate()
        rest = process.communicate(timeout=30)[1]
    told = [line for line in rest.splitlines() if "graceful shutdown exceeded" not in line]
    assert told == [], rest
    assert list(folder.iterdir()) == [], "something of a request is left"


def wait_ready(service: Service) -> None:
    """Wait until a service checks models."""
    with service.client() as client:
        for _ in range(200):
            with contextlib.suppress(httpx.TransportError):
                if client.get("/health/ready").status_code == 200:
                    return
            time.sleep(0.05)
    raise AssertionError(service.process.poll())


def named(name: str = "up", **attributes: models.Attribute) -> bytes:
    """Return a model with a resize of a name."""
    made = models.model([models.resize(name=name, attributes=attributes)])
    made.ir_version = 8
    return made.SerializeToString()


def wrong() -> bytes:
    """Return a model whose exporter recorded another call."""
    return (models.MISMATCHES / "A3.onnx").read_bytes()


def external(location: str) -> ModelProto:
    """Return a model whose weights lie in a file of a name."""
    from onnx import TensorProto

    tensor = TensorProto(name="w", data_type=1, data_location=TensorProto.EXTERNAL, dims=(4, 4))
    tensor.external_data.add(key="location", value=location)
    nodes = [helper.make_node("Mul", ["x", "w"], ["m"]), models.resize("m")]
    made = models.model(nodes, initializers=[tensor, models.scales()])
    made.ir_version = 8
    return made
