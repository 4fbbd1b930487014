"""What becomes of every F.interpolate, F.grid_sample and F.affine_grid in `halfpixel convert`.

    python benchmarks/converting/interpolate.py [NAME ...] [--jobs N] [--rows FILE] [--markdown OUT]

Each call (mode, align_corners, antialias, by size, scale_factor or recompute_scale_factor, over
one to three axes, up, down, to 1, from 1, at fixed lengths and at free ones) is converted to ONNX
by both of PyTorch's exporters. A row says whether the file agrees with eager PyTorch, run by
onnxruntime on the CPU, within 1e-5, at the exported lengths and, where they are free, at others
(where a length is above 64, within length / 2**23 more: one unit in the last place of a coordinate
there), and what it took: the exporter's own nodes, a fix, or the call in plain operators; or why
there is no file.

Rows whose name holds every NAME are converted; all of them where none is given. Rows that are in
FILE are taken from there, the others are added to it.
Exits with 1 where a row is neither equal nor refused. Needs torch and onnxruntime.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from cases import MODULES, Case, cases

from halfpixel.converting.convert import convert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from halfpixel.converting.result import Conversion

TOLERANCE = 1e-5
LONG = 64
"""Length from which on float32 coordinates are too coarse for that."""


@dataclass(frozen=True)
class Row:
    """What became of a call.

    Attributes:
        case: the call.
        result: "equal", "refused" or how far it is off.
        how: what it took, or why it is refused.
        worst: largest difference from eager PyTorch, as a part of what is allowed.
        seconds: it took.
    """

    case: Case
    result: str
    how: str
    worst: float
    seconds: float


def prepare() -> None:
    """Let PyTorch build its table of operators once, not for every export."""
    from torch.onnx._internal.exporter import _registration

    table: Any = _registration.ONNXRegistry
    table.from_torchlib = classmethod(lru_cache(table.from_torchlib.__func__))
    torch.set_num_threads(1)


def run(case: Case) -> Row:
    """Convert one call."""
    start = time.monotonic()
    module = MODULES[case.function](case.function, case.options).eval()
    names = ("x", "grid")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        try:
            found = convert(
                module,
                path,
                inputs=[
                    f"{n}={'x'.join(map(str, s))}" for n, s in zip(names, case.shapes, strict=False)
                ],
                dynamic=case.free,
                exporter=case.exporter,  # type: ignore[arg-type]
            )
        except Exception as error:  # noqa: BLE001 - a row that is neither equal nor refused
            return Row(
                case, "failed", f"{type(error).__name__}: {error}", 0, time.monotonic() - start
            )
        if not found.ok:
            return Row(case, "refused", found.refused, 0, time.monotonic() - start)
        worst, told = _worst(path, module, case)
    result = "equal" if worst <= 1 else f"{worst * TOLERANCE:.3g}"
    return Row(case, result, told or _how(found), worst, time.monotonic() - start)


def _how(found: Conversion) -> str:
    if any(note.startswith("in plain operators") for note in found.notes):
        return "plain operators"
    if found.changes:
        return "fix: " + "; ".join(dict.fromkeys(change.why for change in found.changes))
    return "as exported"


def _worst(path: Path, module: nn.Module, case: Case) -> tuple[float, str]:
    """Return the largest difference from eager PyTorch, as a part of what is allowed.

    With it comes at which shape nothing ran, if there is one.
    """
    import onnxruntime as ort

    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    worst = 0.0
    for shapes in (case.shapes, *case.others):
        arrays = [random.random(shape, np.float32) for shape in shapes]
        if case.function != "interpolate":
            arrays[-1] = 2.4 * arrays[-1] - np.float32(1.2)
        with torch.no_grad():
            try:
                there = module(*(torch.from_numpy(array) for array in arrays)).numpy()
            except RuntimeError:
                continue  # PyTorch refuses these lengths itself
        if there.size == 0:
            continue
        feeds = {one.name: array for one, array in zip(session.get_inputs(), arrays, strict=True)}
        try:
            (here,) = session.run(None, feeds)
        except Exception as error:  # noqa: BLE001 - onnxruntime raises a dozen kinds
            return float("inf"), f"does not run at {shapes}: {error}".partition("\n")[0]
        if here.shape != there.shape:
            return float("inf"), f"shape {here.shape}, PyTorch's {there.shape} at {shapes}"
        longest = max(shapes[0])
        allowed = TOLERANCE + (longest / 2**23 if longest > LONG else 0)
        worst = max(worst, float(np.abs(here - there).max(initial=0)) / allowed)
    return worst, ""


def markdown(found: list[Row]) -> Iterator[str]:
    """Yield the table, rows that end alike for the same call in one."""
    yield "| call | lengths | exporter | result | how, or why not |"
    yield "| --- | --- | --- | --- | --- |"
    groups: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for row in found:
        rank = f"{len(row.case.shapes[0])}-D " if row.case.function == "interpolate" else ""
        words = row.case.name.removeprefix(row.case.exporter).partition(" F.")[0].split("-D ")[-1]
        key = (rank + f"`{row.case.call}`", row.result.replace("|", "\\|"), row.how)
        groups.setdefault(key, {}).setdefault(words.strip(), []).append(row.case.exporter)
    for (call, result, how), lengths in groups.items():
        by: dict[tuple[str, ...], list[str]] = {}
        for words, exporters in lengths.items():
            by.setdefault(tuple(exporters), []).append(words)
        for exporters, words in by.items():
            cells = (call, ", ".join(words), ", ".join(exporters), result, how.replace("|", "\\|"))
            yield "| " + " | ".join(cells) + " |"


def _read(path: Path | None, named: dict[str, Case]) -> dict[str, Row]:
    """Return the rows of a file, of these calls."""
    if path is None or not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {name: Row(named[name], *rest) for name, *rest in rows if name in named}


def _write(path: Path | None, row: Row) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            told = [row.case.name, row.result, row.how, row.worst, row.seconds]
            file.write(json.dumps(told) + "\n")


HEAD = """# What becomes of F.interpolate, F.grid_sample and F.affine_grid in halfpixel convert

By `python benchmarks/converting/interpolate.py --markdown FILE`. Equal is within 1e-5 of eager
PyTorch on onnxruntime's CPU, at the exported lengths and, where they are free, at shorter, longer
and unequal ones too; where one is above 64, within length / 2**23 more, a unit in the last place of
a float32 coordinate there.
"""


def main() -> int:
    """Print the table and its counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    chosen = [c for c in cases() if not options.names or all(n in c.name for n in options.names)]
    known = _read(options.rows, {case.name: case for case in chosen})
    with ProcessPoolExecutor(options.jobs, initializer=prepare) as pool:
        for row in pool.map(run, [case for case in chosen if case.name not in known], chunksize=4):
            known[row.case.name] = row
            _write(options.rows, row)
            if options.verbose:
                print(f"{row.seconds:5.1f}s {row.result:8} {row.case.name}: {row.how}", flush=True)
    found = [known[case.name] for case in chosen]
    lines = list(markdown(found))
    results = Counter(
        row.result if row.result in {"equal", "refused"} else "wrong" for row in found
    )
    how = Counter(row.how.partition(":")[0] for row in found if row.result == "equal")
    told = ", ".join(f"{count} {word}" for word, count in how.most_common())
    counts = (
        f"{len(found)} conversions: {results['equal']} equal ({told}), "
        f"{results['refused']} refused, {results['wrong']} neither"
    )
    if options.markdown is not None:
        text = f"{HEAD}\n{counts}.\n\n" + "\n".join(lines) + "\n"
        options.markdown.write_text(text, "utf-8")
    elif not options.verbose:
        print("\n".join(lines))
    print(counts)
    return 1 if results["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
