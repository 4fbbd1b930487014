"""Convert real networks of other packages: by both exporters, at fixed lengths and at free ones.

    python benchmarks/converting/networks.py [--exporter dynamo|torchscript] [NAME ...]

A row says what comes of PyTorch's own export, whether the file that convert writes is right in an
onnxruntime session of its own at four shapes (one where lengths are fixed), or the reason that is
given, and how long convert took beside that plain export and its runs: a session, and the file and
the module at the same shapes. The plain export is timed before and after, since others may use the
machine. What is loaded once, such as an exporter, is loaded before the first row. Networks of
packages that are not installed are passed over, and said to be.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from real_networks import NETWORKS, First, Network
from torch import Tensor, nn

import halfpixel
from halfpixel.converting.export.quietly import unprinted
from halfpixel.converting.free_axes import parse_dynamic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXPORTERS = ("dynamo", "torchscript")
CLOSE = 1e-3
"""Deviations of the output that a right file may be off by."""


class Plain(NamedTuple):
    """What comes of PyTorch's own export, and how long it took with its runs."""

    told: str
    seconds: float


class Row(NamedTuple):
    """What comes of one network, by one exporter, at fixed lengths or at free ones."""

    plain: Plain
    told: str
    seconds: float

    @property
    def times(self) -> float | None:
        """Times the plain export and its runs; None where PyTorch refuses."""
        return None if self.plain.told == "refused" else self.seconds / self.plain.seconds


def main() -> int:
    """Print the table; the exit code says whether every file that was written is right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="networks; all of them by default")
    parser.add_argument("--exporter", choices=EXPORTERS, help="by one exporter alone")
    asked = parser.parse_args()
    names = asked.names or list(NETWORKS)
    exporters = (asked.exporter,) if asked.exporter else EXPORTERS
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    print(f"PyTorch {torch.__version__}, onnxruntime {onnxruntime.__version__}\n")
    print("| network | exporter | lengths | PyTorch's own export | convert | s | times |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    small = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Upsample(scale_factor=2))
    list(rows(Network(lambda: First(small)), exporters))
    found: list[Row] = []
    for name in names:
        try:
            torch.manual_seed(0)
            NETWORKS[name].made()
        except ImportError as error:
            print(f"| {name} | | | | not tried: {error} | | |")
            continue
        for exporter, lengths, row in rows(NETWORKS[name], exporters):
            found.append(row)
            times = "" if row.times is None else f"{row.times:.1f}"
            told = f"| {row.plain.told} | {row.told} | {row.seconds:.1f} | {times} |"
            print(f"| {name} | {exporter} | {lengths} {told}", flush=True)
    return summary(found)


def summary(found: list[Row]) -> int:
    """Print how many rows came to what; return 1 where a file is wrong."""
    counts = {word: sum(r.told.startswith(word) for r in found) for word in ("right", "refused")}
    wrong = len(found) - sum(counts.values())
    kept = [row for row in found if row.plain.told != "refused"]
    written = sum(row.told.startswith("right") for row in kept)
    times = [row.times for row in found if row.times is not None and row.told.startswith("right")]
    print(
        f"\n{len(found)} rows: {counts['right']} right, {counts['refused']} refused, {wrong} wrong"
    )
    print(f"of {len(kept)} that PyTorch exports at all, {written} are written")
    if times:
        slow = sum(one > 2 for one in times)
        print(f"times: median {np.median(times):.1f}, most {max(times):.1f}; {slow} above 2")
    return int(wrong > 0)


def rows(network: Network, exporters: Sequence[str]) -> Iterator[tuple[str, str, Row]]:
    """Yield what comes of a network: exporter, lengths and row."""
    module = network.made().eval()
    for exporter in exporters:
        for lengths in ("fixed", "free") if network.free else ("fixed",):
            shapes = network.shapes if lengths == "free" else network.shapes[:1]
            free = network.free if lengths == "free" else ""
            before = plain(module, network, exporter, free, shapes)
            told, seconds = converted(module, network, exporter, free, shapes)
            after = plain(module, network, exporter, free, shapes)
            mean = (before.seconds + after.seconds) / 2
            yield exporter, lengths, Row(Plain(before.told, mean), told, seconds)


def fed(network: Network, shape: tuple[int, ...]) -> Tensor:
    """Return the same input every time."""
    seed = torch.Generator().manual_seed(sum(shape))
    if network.dtype == "uint8":
        return torch.randint(0, 256, shape, generator=seed, dtype=torch.uint8)
    return torch.rand(shape, generator=seed)


def converted(
    module: nn.Module,
    network: Network,
    exporter: Any,  # noqa: ANN401 - a name
    free: str,
    shapes: tuple[tuple[int, ...], ...],
) -> tuple[str, float]:
    """Return what came of a conversion, and its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        given = f"image={'x'.join(map(str, shapes[0]))}:{network.dtype}"
        start = time.perf_counter()
        found = halfpixel.convert(
            module, path, inputs=[given], exporter=exporter, dynamic=[free] if free else []
        )
        seconds = time.perf_counter() - start
        if found.refused:
            return f"refused: {found.refused}".replace("|", "/"), seconds
        off = difference(path, module, network, shapes)
        told = "; ".join(("right", *found.narrower)).replace("|", "/")
        return (told if off < CLOSE else f"WRONG by {off:.2g} of its spread"), seconds


def plain(
    module: nn.Module,
    network: Network,
    exporter: str,
    free: str,
    shapes: tuple[tuple[int, ...], ...],
) -> Plain:
    """Return what comes of PyTorch's own export, and how long it takes with a run a shape."""
    x = fed(network, shapes[0])
    axes = parse_dynamic((free,)).axes["image"] if free else ()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        for steps in (False, True):
            try:
                asked = dynamic(exporter, axes, free, steps=steps)
                with unprinted():  # a whole graph, where it refuses
                    torch.onnx.export(module, (x,), path, verbose=False, **asked)
                break
            except Exception:  # noqa: BLE001 - whatever it raises, there is no file
                if steps or exporter == "torchscript" or not axes:
                    return Plain("refused", time.perf_counter() - start)
                start = time.perf_counter()
        try:
            off = difference(path, module, network, shapes)
        except Exception:  # noqa: BLE001 - onnxruntime refuses the file, or lengths
            return Plain("not run", time.perf_counter() - start)
    return Plain("right" if off < CLOSE else "wrong", time.perf_counter() - start)


def dynamic(exporter: str, axes: tuple[int, ...], free: str, *, steps: bool) -> Mapping[str, Any]:
    """Return what PyTorch's own export is told of its free lengths."""
    if exporter == "torchscript":
        named = {axis: f"n{axis}" for axis in axes}
        return {"dynamo": False, "input_names": ["image"], "dynamic_axes": {"image": named}}
    if not axes:
        return {"dynamo": True}
    from torch.export import Dim

    told = parse_dynamic((free,)).lengths
    lengths = {axis: told["image", axis] for axis in axes}
    multiples = {
        axis: one.step
        * Dim(f"n{axis}", min=max(one.low // one.step, 1), max=(one.high or 512) // one.step)
        for axis, one in lengths.items()
    }
    free_ones = dict.fromkeys(axes, Dim.DYNAMIC)
    return {"dynamo": True, "dynamic_shapes": ({**(multiples if steps else free_ones)},)}


def difference(
    path: Path, module: nn.Module, network: Network, shapes: tuple[tuple[int, ...], ...]
) -> float:
    """Return the worst difference of a file and its module, in deviations of what it returns."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for shape in shapes:
        x = fed(network, shape)
        made: Any = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
        with torch.no_grad():
            there = module(x).numpy()
        if made.shape != there.shape:
            return float("inf")
        worst = max(worst, float(np.abs(made - there).max() / max(float(there.std()), 1e-12)))
    return worst


if __name__ == "__main__":
    sys.exit(main())
