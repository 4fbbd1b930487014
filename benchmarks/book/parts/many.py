"""Many files in one command, beside a loop over them."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from book.bench import ROOT
from book.meter import warm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from book.bench import Bench
    from book.results import Case

LOOP = """
import onnx, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        {}
    except Exception:
        pass
"""
LOAD = LOOP.format("onnx.load(path)")
CHECK = LOOP.format("onnx.checker.check_model(str(path))")
READ = "import pathlib, sys; [p.read_bytes() for p in sorted(pathlib.Path(sys.argv[1]).iterdir())]"
COUNT = 2000
DOC_STRING = 6 << 3 | 2  # of ModelProto, a field of bytes


def cases(bench: Bench) -> Iterator[Case]:
    """Measure."""
    count = 100 if bench.quick else COUNT
    folder = models(bench, count)
    files = sorted(folder.iterdir())
    warm(*files)
    words = ("check", "--output-format", "json", str(folder))
    facts = {"models": count, "bytes": sum(path.stat().st_size for path in files)}
    peers = [
        bench.peer_code("a loop of onnx.load", "onnx", LOAD, str(folder)),
        bench.peer_code("a loop of onnx.checker", "onnx", CHECK, str(folder)),
        bench.code("interpreter, all bytes read", "limit", READ, str(folder)),
    ]
    first = bench.ours(*words, *unremembered(bench), name="halfpixel check FOLDER")
    yield bench.case(f"{count:,} models", [first, *peers], facts)
    if "--cache" in bench.options():
        with TemporaryDirectory(dir=bench.folder) as cache:
            again = bench.ours(*words, "--cache", cache, name="halfpixel check FOLDER, again")
            bench.alternate([again])  # what it remembers is written before the first turn
            yield bench.case(f"{count:,} models, the second time", [again, *peers], facts)


def unremembered(bench: Bench) -> tuple[str, ...]:
    """Return the option that keeps check from what it found in a run before."""
    return ("--no-cache",) if "--no-cache" in bench.options() else ()


def models(bench: Bench, count: int) -> Path:
    """Return a folder of models: those of this repository over and over, each different."""
    folder = bench.folder / f"many-{count}"
    if not folder.exists():
        folder.mkdir()
        known = sorted((ROOT / "models").rglob("*.onnx"))
        for k in range(count):
            own = f"number {k}".encode()
            content = known[k % len(known)].read_bytes()
            (folder / f"{k:06}.onnx").write_bytes(content + bytes([DOC_STRING, len(own)]) + own)
    return folder
