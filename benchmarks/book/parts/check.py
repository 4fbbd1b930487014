"""check beside whatever else reads a model, from 1 MB to 3 GB and to a million nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from book.meter import cached, forget, warm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from book.bench import Bench
    from book.results import Case

READ = "import sys; open(sys.argv[1], 'rb').read()"
"""What has to be done at least: an interpreter starts and reads the structure's bytes."""
LIMIT = "interpreter, structure read"
LIGHT = ("onnx.load", "onnx.load, structure", "onnx.checker", "onnx_ir.load")
FASTER, SMALLER = 10.0, 30.0


class Kind(NamedTuple):
    """A model that is read.

    Attributes:
        name: what it is called.
        model: its name among the models.
        nodes: how many.
        sites: how many of these resample.
        cold: its pages are dropped from the cache before each run; by the light peers alone.
        asked: how many times ours every peer is to take, of time and of memory.
    """

    name: str
    model: str
    nodes: int
    sites: int
    cold: bool = False
    asked: tuple[float, float] = (1.0, 0.0)


KINDS = (
    Kind("1 MB", "one_megabyte", 17, 1),
    Kind("100,000 nodes, 1,000 resizes", "nodes-100000-100", 100_000, 1_000),
    Kind("100,000 nodes, 20,000 resizes", "nodes-100000-5", 100_000, 20_000),
    Kind("1,000,000 nodes, 10,000 resizes", "nodes-1000000-100", 1_000_000, 10_000),
    Kind("1.5 GB embedded", "embedded", 68, 4, asked=(FASTER, SMALLER)),
    Kind("1.5 GB embedded, cold", "embedded", 68, 4, cold=True, asked=(FASTER, SMALLER)),
    Kind("3 GB external", "external", 136, 8),
)
QUICK = (
    Kind("1 MB", "one_megabyte", 17, 1),
    Kind("10,000 nodes, 100 resizes", "nodes-10000-100", 10_000, 100),
    Kind("94 MB embedded, cold", "weights-4", 4, 0, cold=True, asked=(FASTER, SMALLER)),
)


def cases(bench: Bench) -> Iterator[Case]:
    """Measure."""
    for kind in QUICK if bench.quick else KINDS:
        path = bench.model(kind.model)
        files = [path, *sorted(path.parent.glob(f"{path.name}.data"))]
        structure = f"{path}.structure"
        subjects = [
            bench.ours("check", "--output-format", "json", str(path), name="halfpixel check"),
            *bench.beside(path, LIGHT if kind.cold else ()),
            bench.code(LIMIT, "limit", READ, structure),
        ]
        warm(*files)
        if kind.cold:
            forget(*files)
            if cached(path):
                print(f"\n{kind.name}: not measured, the page cache keeps the file")
                continue
        yield bench.case(
            kind.name,
            subjects,
            facts(path, kind),
            asked=kind.asked,
            before=(lambda files=files: forget(*files)) if kind.cold else None,
        )


def facts(path: Path, kind: Kind) -> dict[str, float]:
    """Return the numbers of a model."""
    data = path.with_name(f"{path.name}.data")
    return {
        "bytes": path.stat().st_size + (data.stat().st_size if data.exists() else 0),
        "structure": path.with_name(f"{path.name}.structure").stat().st_size,
        "nodes": kind.nodes,
        "sites": kind.sites,
    }
