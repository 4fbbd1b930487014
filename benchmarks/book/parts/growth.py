"""What check takes as one thing grows and all else stays: nodes, sites, bytes, models, workers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from book.meter import warm
from book.parts.check import LIMIT, READ
from book.parts.many import LOAD, models, unremembered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from book.bench import Bench
    from book.results import Case

SITES = 100
NODES = (1_000, 10_000, 100_000, 1_000_000)
OF_SITES = (100, 1_000, 5_000, 20_000)
WEIGHTS = (("one_megabyte", 1), ("weights-4", 92), ("weights-16", 369), ("embedded", 1475))
MODELS = (125, 500, 2_000)
WORKERS = (1, 2, 4)


def cases(bench: Bench) -> Iterator[Case]:
    """Measure."""
    bench, few = replace(bench, turns=min(bench.turns, 3)), 2 if bench.quick else None
    for count in NODES[:few]:
        model = f"nodes-{count}-{count // SITES}"
        yield one(bench, model, f"{count:,} nodes", ("nodes", count), "onnx.load, structure")
    for sites in OF_SITES[:few]:
        count = 10_000 if bench.quick else 100_000
        model = f"nodes-{count}-{count // sites}"
        name = f"{sites:,} resizes of {count:,} nodes"
        yield one(bench, model, name, ("sites", sites), "onnx.load, structure")
    for model, megabytes in WEIGHTS[:few]:
        yield one(bench, model, f"{megabytes:,} MB embedded", ("bytes", megabytes), "onnx.load")
    for count in MODELS[: 1 if bench.quick else None]:
        yield many(bench, count, ("models", count))
    if "--jobs" in bench.options():
        for workers in WORKERS[:few]:
            count = MODELS[0] if bench.quick else MODELS[-1]
            yield many(bench, count, ("workers", workers), "--jobs", str(workers))


def one(bench: Bench, model: str, name: str, series: tuple[str, float], peer: str) -> Case:
    """Measure one model."""
    path = bench.model(model)
    warm(path)
    return bench.case(
        name,
        [
            bench.ours("check", "--output-format", "json", str(path), name="halfpixel check"),
            *bench.beside(path, (peer,)),
            bench.code(LIMIT, "limit", READ, f"{path}.structure"),
        ],
        {"bytes": path.stat().st_size},
        series=series,
    )


def many(bench: Bench, count: int, series: tuple[str, float], *words: str) -> Case:
    """Measure a folder of models."""
    folder = models(bench, count)
    warm(*folder.iterdir())
    command = ("check", "--output-format", "json", *unremembered(bench), *words, str(folder))
    workers = f", {series[1]:g} workers" if series[0] == "workers" else ""
    return bench.case(
        f"{count:,} models{workers}",
        [
            bench.ours(*command, name="halfpixel check FOLDER"),
            bench.peer_code("a loop of onnx.load", "onnx", LOAD, str(folder)),
        ],
        {"models": count},
        series=series,
    )
