"""convert beside torch.onnx.export, which does not look at what it wrote."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from book.bench import OURS, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from book.bench import Bench
    from book.results import Case

HERE = Path(__file__).resolve().parents[1]
EXPORT = """
import sys, torch
from unet import unet
x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
net = unet()
torch.onnx.export(net, (x,), sys.argv[1], dynamo=sys.argv[2] == "dynamo", verbose=False)
"""
RUN = """
import onnxruntime as ort
session = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
made = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
assert abs(made - net(x).detach().numpy()).max() < 1e-4
"""


def cases(bench: Bench) -> Iterator[Case]:
    """Measure."""
    out = str(bench.folder / "unet.onnx")
    environment = {**OURS, "PYTHONPATH": os.pathsep.join((OURS["PYTHONPATH"], str(HERE)))}
    there = all(find_spec(name) for name in ("torch", "onnxscript", "onnxruntime"))
    why = "" if there else "PyTorch, onnxscript or onnxruntime is not installed"
    for exporter in ("dynamo",) if bench.quick else ("dynamo", "torchscript"):
        words = ("convert", "unet:unet", "--input", "1x3x64x64", "-o", out)
        ours = bench.ours(*words, "--exporter", exporter, name="halfpixel convert")
        export = bench.code("torch.onnx.export", "peer", EXPORT, out, exporter)
        least = bench.code("torch.onnx.export, both run", "limit", EXPORT + RUN, out, exporter)
        yield bench.case(
            f"a U-Net of three doublings, {exporter}",
            [
                Subject(one.name, one.role, one.words, environment, one.answers, why)
                for one in (ours, export, least)
            ],
            {"doublings": 3},
        )
