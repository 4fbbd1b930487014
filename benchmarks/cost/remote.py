"""What check reads of a model of 2 GB in a bucket, and how long it takes.

    python benchmarks/cost/remote.py

A real S3 server on loopback (moto's) holds models of 2 GB, whose weights are holes of a file, and
adds 20 ms to every request; it counts the bytes that it sends. `halfpixel check` runs as a whole
process. Asked: at most 1 % of the bytes, and at most 2 s. The models:

- `transformer`: 29 blocks of 12 tensors, 348 in all;
- `convolutions`: 64 tensors of 23 to 36 MB;
- `irregular`: 300 tensors of random lengths, no two distances alike: nothing can be guessed.

Then the libraries that could read a bucket, side by side: what a process pays until the first bytes
are there, and for ranges one after the other and at once. Needs the extras remote and test, and
s3fs to compare with.
"""

from __future__ import annotations

import mmap
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from math import prod
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(HERE / "tests"))

from servers import s3  # noqa: E402 - found in the tests

LATENCY = 0.02
RUNS = 5
CHECK = [sys.executable, "-m", "halfpixel", "check", "--output-format", "json"]

Tensors = Sequence[tuple[str, tuple[int, ...]]]

PEER = """
import sys, time
kind, began = sys.argv[1], time.perf_counter()
ranges = [(n << 20, (n << 20) + 16384) for n in range(16)]
if kind == "obstore":
    from obstore.store import S3Store
    store = S3Store("models", client_options={"allow_http": True})
    one = lambda a, b: store.get_range("ranges.bin", start=a, end=b)
    many = lambda: store.get_ranges("ranges.bin", starts=[a for a, _ in ranges],
                                    ends=[b for _, b in ranges], coalesce=0)
else:
    import s3fs
    store = s3fs.S3FileSystem()
    one = lambda a, b: store.cat_file("models/ranges.bin", start=a, end=b)
    many = lambda: store.cat_ranges(["models/ranges.bin"] * 16, [a for a, _ in ranges],
                                    [b for _, b in ranges])
imported = time.perf_counter()
one(0, 16384)
first = time.perf_counter()
for a, b in ranges:
    one(a, b)
after = time.perf_counter()
many()
done = time.perf_counter()
print(imported - began, first - imported, after - first, done - after)
"""


def transformer() -> Tensors:
    """Return the weights of 29 blocks."""
    width = 1232
    layers = {
        "norm1.weight": (width,), "norm1.bias": (width,),
        "attn.qkv.weight": (3 * width, width), "attn.qkv.bias": (3 * width,),
        "attn.proj.weight": (width, width), "attn.proj.bias": (width,),
        "norm2.weight": (width,), "norm2.bias": (width,),
        "mlp.fc1.weight": (4 * width, width), "mlp.fc1.bias": (4 * width,),
        "mlp.fc2.weight": (width, 4 * width), "mlp.fc2.bias": (width,),
    }  # fmt: skip
    return [(f"blocks.{n}.{name}", shape) for n in range(29) for name, shape in layers.items()]


def convolutions() -> Tensors:
    """Return the weights of 64 convolutions, of 800 to 1,000 channels."""
    widths = [800 + 50 * (n // 13) for n in range(64)]
    return [(f"features.{n}.weight", (width, width, 3, 3)) for n, width in enumerate(widths)]


def irregular() -> Tensors:
    """Return 300 tensors, of random lengths."""
    lengths = random.Random(0)  # noqa: S311 - the same every time
    return [(f"w{n}", (lengths.randrange(1000, 3_500_000),)) for n in range(300)]


def resizing() -> tuple[bytes, bytes]:
    """Return what stands before the weights of a graph, and behind them: four resizes in 2,000."""
    nodes = []
    for n in range(2000):
        source, target = f"v{n}" if n else "x", f"v{n + 1}"
        if n % 500:
            nodes.append(helper.make_node("Relu", [source], [target], name=f"relu_{n}"))
            continue
        asked = {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}
        inputs = [source, "", "scales"]
        nodes.append(helper.make_node("Resize", inputs, [target], name=f"resize_{n}", **asked))
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    before = GraphProto(node=nodes, name="graph", initializer=[scales])
    behind = GraphProto(
        input=[helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        output=[helper.make_tensor_value_info("v2000", TensorProto.FLOAT, [1, 3, 128, 128])],
    )
    return before.SerializeToString(), behind.SerializeToString()


def write(path: Path, tensors: Tensors) -> None:
    """Write a model; its weights are holes, and take no room."""
    before, behind = resizing()
    heads = [_head(*one) for one in tensors]
    length = len(before) + len(behind) + sum(len(head) + count for head, count in heads)
    model = ModelProto(ir_version=9, opset_import=[helper.make_opsetid("", 19)])
    with path.open("wb") as file:
        file.write(model.SerializeToString() + b"\x3a" + _varint(length) + before)
        for head, count in heads:
            file.write(head)
            file.seek(count, os.SEEK_CUR)
        file.write(behind)


def _head(name: str, shape: tuple[int, ...]) -> tuple[bytes, int]:
    """Return an initializer up to its weights, and how many bytes these are."""
    tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT)
    count = 4 * prod(shape)
    body = tensor.SerializeToString() + b"\x4a" + _varint(count)
    return b"\x2a" + _varint(len(body) + count) + body, count


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def hold(name: str, path: Path) -> None:
    """Let the server hold a file without reading it: what it sends is cut from a map of it."""
    from moto.s3.models import FakeKey, s3_backends

    usual = FakeKey.value
    key = next(iter(s3_backends.values()))["aws"].buckets[s3.BUCKET].keys[name]
    with path.open("rb") as file:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    key.contentsize = len(view)
    FakeKey.value = property(lambda one: view if one is key else usual.fget(one), usual.fset)


def check(server: s3.S3, name: str, path: Path) -> None:
    """Measure check of one model, as a whole process, beside one of the file on the disk."""
    address, size = server.put(name, b"-"), path.stat().st_size
    hold(name, path)
    times: list[float] = []
    here: list[float] = []
    for _ in range(RUNS):
        server.traffic.clear()
        times.append(_seconds([*CHECK, address]))
        here.append(_seconds([*CHECK, str(path)]))
    sent, requests = server.traffic.sent, len(server.traffic.requests)
    print(
        f"{name}: {size / 1e9:.2f} GB in a bucket: {sent / 1e6:.2f} MB sent, "
        f"{100 * sent / size:.3f} % (asked 1 %), {requests} requests; {median(times):.2f} s, "
        f"{min(times):.2f} to {max(times):.2f} (asked 2 s); on the disk {median(here):.2f} s"
    )


def _seconds(command: Sequence[str]) -> float:
    began = perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 1 or done.stdout.count(b"asymmetric-linear") < 4:
        sys.exit(f"{' '.join(command)} gave {done.returncode}: {done.stdout.decode()[:500]}")
    return perf_counter() - began


def peers(server: s3.S3) -> None:
    """Compare what could read a bucket."""
    server.put("ranges.bin", bytes(17 << 20))
    for kind in ("obstore", "s3fs"):
        found = [
            [float(word) for word in _output([sys.executable, "-c", PEER, kind]).split()]
            for _ in range(RUNS)
        ]
        told = [f"{median(column):.3f}" for column in zip(*found, strict=True)]
        print(
            f"{kind} {version(kind)}: {told[0]} s until it is there, {told[1]} s to the first "
            f"16 KiB, {told[2]} s for 16 ranges one after the other, {told[3]} s at once"
        )


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def models(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the models, written."""
    for make in (transformer, convolutions, irregular):
        path = folder / f"{make.__name__}.onnx"
        write(path, make())
        yield path.name, path


def main() -> None:
    """Measure."""
    print(f"{LATENCY * 1000:.0f} ms are added to every request; medians of {RUNS} processes")
    with tempfile.TemporaryDirectory() as folder, s3.served() as server:
        server.traffic.latency = LATENCY
        for name, path in models(Path(folder)):
            check(server, name, path)
        peers(server)


if __name__ == "__main__":
    main()
