"""`halfpixel serve` under load: clients at once, for a minute, on loopback.

    python benchmarks/cost/serving.py > benchmarks/results/serving.txt
    python benchmarks/cost/serving.py --clients 8 --seconds 5

Each client sends a model, reads the report, and sends the next at once: right ones, wrong ones,
ones with data files, one of a megabyte, files that are no models, models below the root; in each
format. An answer of another status than the model's own, and a connection that fails, is an error.
Memory is that of the service and all its processes, twice a second: pages of their own, and of
those that they share the part that falls to each (PSS). The folder in which it keeps what is sent
is looked at too. What is asked: no error, nothing left, and memory that does not grow.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Final

import httpx
import numpy as np
import psutil
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator

MODELS: Final = Path(__file__).resolve().parents[2] / "models"
SAMPLE: Final = 0.5
MIB: Final = 1 << 20


@dataclass
class Case:
    """A request and the status that it has to come to."""

    name: str
    status: int
    address: str
    body: bytes | None = None
    files: list[tuple[str, tuple[str, bytes]]] | None = None


@dataclass
class Measured:
    """What the clients saw, and what the service took."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    memory: list[tuple[float, float]] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)


def resize(weights: int, location: str = "") -> bytes:
    """Return a model with a resize and weights, in a file of a name or its own."""
    tensor = numpy_helper.from_array(np.zeros(weights, np.float32), "w")
    if location:
        tensor = TensorProto(name="w", data_type=1, data_location=1, dims=(weights,))
        tensor.external_data.add(key="location", value=location)
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], "up", mode="linear")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", 1, (1, 3, 32, 32))],
        [helper.make_tensor_value_info("y", 1, None)],
        [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "s"), tensor],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    return made.SerializeToString()


def cases(root: Path) -> Iterator[Case]:
    """Yield what is asked, and put models below the root."""
    wrong = (MODELS / "exporter_mismatches" / "A3.onnx").read_bytes()
    real = max((MODELS / "architectures").glob("*.onnx"), key=lambda path: path.stat().st_size)
    (root / "team").mkdir()
    (root / "team" / "m.onnx").write_bytes(real.read_bytes())
    outside = [("f", ("m.onnx", resize(1 << 14, "w.bin"))), ("f", ("w.bin", bytes(1 << 16)))]
    for form in ("json", "sarif", "html"):
        yield Case(f"wrong, {form}", 200, f"/check?format={form}", wrong)
    yield Case("right", 200, "/check", resize(4))
    yield Case("1 MB", 200, "/check", resize(1 << 18))
    yield Case("data files", 200, "/check", files=outside)
    yield Case("real", 200, f"/check?name={real.name}", real.read_bytes())
    yield Case("below the root", 200, "/check?model=team/m.onnx")
    yield Case("no model", 422, "/check", b"hello" * 100)
    yield Case("half a model", 422, "/check", wrong[: len(wrong) // 2])
    yield Case("not below the root", 403, "/check?model=../m.onnx")
    yield Case("a wrong setting", 400, "/check?expect=nonsense", wrong)


@contextlib.contextmanager
def serving(root: Path, kept: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Run the service; yield its process and its address."""
    command = [sys.executable, "-m", "halfpixel", "serve", "--port", "0", "--root", str(root)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(kept)}
    )
    said = process.stderr.readline() if process.stderr else ""
    try:
        yield psutil.Process(process.pid), said.strip().rpartition(" ")[2]
    finally:
        process.terminate()
        process.wait()


def memory(process: psutil.Process) -> float:
    """Return the MiB that a process and its children take."""
    taken = 0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            about = one.memory_full_info()
            taken += getattr(about, "pss", about.rss)
    return taken / MIB


def folders(kept: Path) -> int:
    """Return how many requests have a folder."""
    return sum(1 for _ in kept.glob("halfpixel-serve-*/*"))


async def client(number: int, address: str, asked: list[Case], ends: float, out: Measured) -> None:
    """Ask until the time is over."""
    place = number
    async with httpx.AsyncClient(base_url=address, timeout=60, verify=False) as session:  # noqa: S501 - no TLS is spoken
        while time.monotonic() < ends:
            case = asked[place % len(asked)]
            place += 1
            began = time.monotonic()
            try:
                if case.body is None and case.files is None:
                    answer = await session.get(case.address)
                else:
                    answer = await session.post(case.address, content=case.body, files=case.files)
                got = str(answer.status_code)
            except httpx.HTTPError as error:
                got = type(error).__name__
            out.seconds.setdefault(case.name, []).append(time.monotonic() - began)
            if got != str(case.status):
                told = f"{case.name}: {got}"
                out.errors[told] = out.errors.get(told, 0) + 1


async def once(address: str, asked: list[Case]) -> None:
    """Wait until the service is ready, and ask everything once."""
    async with httpx.AsyncClient(base_url=address, timeout=60, verify=False) as session:  # noqa: S501 - no TLS is spoken
        (await session.get("/health/live")).raise_for_status()  # it answers once it has begun
        for case in asked:
            await ask(session, case)


async def ask(session: httpx.AsyncClient, case: Case) -> httpx.Response:
    """Send a request and return the answer."""
    if case.body is None and case.files is None:
        return await session.get(case.address)
    return await session.post(case.address, content=case.body, files=case.files)


async def watch(process: psutil.Process, kept: Path, ends: float, out: Measured) -> None:
    """Sample memory and disk until the time is over."""
    began = time.monotonic()
    while time.monotonic() < ends:
        taken = await asyncio.to_thread(memory, process)
        out.memory.append((time.monotonic() - began, taken))
        out.kept.append(folders(kept))
        await asyncio.sleep(SAMPLE)


async def load(clients: int, seconds: float) -> tuple[Measured, int]:
    """Run the service under load; return what was measured, and folders that it left."""
    out = Measured()
    with (
        tempfile.TemporaryDirectory() as root,
        tempfile.TemporaryDirectory() as folder,
    ):
        kept = Path(folder)
        asked = list(cases(Path(root)))
        with serving(Path(root), kept) as (process, address):
            await once(address, asked)
            ends = time.monotonic() + seconds
            await asyncio.gather(
                watch(process, kept, ends, out),
                *(client(number, address, asked, ends, out) for number in range(clients)),
            )
            await asyncio.sleep(SAMPLE)
            return out, folders(kept)


def told(out: Measured, left: int, clients: int, seconds: float) -> Iterator[str]:
    """Yield what was measured."""
    every = sorted(one for many in out.seconds.values() for one in many)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[1]:.0f}"
    versions = (f"{name} {version(name)}" for name in ("starlette", "uvicorn", "onnx"))
    yield (
        f"Python {platform.python_version()}, {machine} (the clients and others run on them too), "
        f"{', '.join(versions)}"
    )
    yield f"{clients} clients for {seconds:g} s: {len(every)} answers, {len(every) / seconds:.0f}/s"
    for name, many in out.seconds.items():
        yield f"  {name:20} {_quantiles(many)}"
    yield f"  {'all':20} {_quantiles(every)}"
    yield f"errors: {sum(out.errors.values())} {out.errors or ''}".rstrip()
    third = seconds / 3
    parts = [
        max(taken for at, taken in out.memory if third * n <= at <= third * (n + 1))
        for n in range(3)
    ]
    yield (
        f"memory: {out.memory[0][1]:.0f} MiB at first, at most "
        f"{', '.join(f'{part:.0f}' for part in parts)} MiB in each third"
    )
    yield f"folders of requests: at most {max(out.kept)} at once, {left} left"


def _quantiles(many: list[float]) -> str:
    if len(many) < 2:
        return f"{len(many)} answers"
    cut = quantiles(many, n=100, method="inclusive")
    return (
        f"{len(many):6} answers, p50 {cut[49]:.3f} s, p99 {cut[98]:.3f} s, most {max(many):.3f} s"
    )


def main() -> int:
    """Measure and print; the exit code says whether it is as asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    out, left = asyncio.run(load(given.clients, given.seconds))
    for line in told(out, left, given.clients, given.seconds):
        print(line)
    return 1 if out.errors or left else 0


if __name__ == "__main__":
    sys.exit(main())
