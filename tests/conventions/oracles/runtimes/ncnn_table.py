"""ncnn: Interp with every resize_type, by size and by scales, in float32."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conventions.oracles.oracle import Case, Lengths, Oracle

KEYS = {
    "resize_type": 0, "height_scale": 1, "width_scale": 2, "output_height": 3, "output_width": 4,
    "align_corner": 6,
}  # fmt: skip


def _interp(x: NDArray[np.float32], **words: float) -> NDArray[np.float32]:
    """Run a network of one layer, written as a file of parameters."""
    ncnn = import_module("ncnn")
    net = ncnn.Net()
    for name in ("fp16_arithmetic", "fp16_storage", "fp16_packed", "bf16_storage"):
        setattr(net.opt, f"use_{name}", False)
    numbers = " ".join(f"{KEYS[name]}={value}" for name, value in words.items())
    net.load_param_mem(f"7767517\n2 2\nInput in 0 1 in\nInterp up 1 1 in out {numbers}\n")
    net.load_model("/dev/null")
    extractor = net.create_extractor()
    extractor.input("in", ncnn.Mat(np.ascontiguousarray(x[None])))
    made: NDArray[np.float32] = np.array(extractor.extract("out")[1], dtype=np.float32)
    first: NDArray[np.float32] = made[0]
    return first


def _names() -> dict[str, Any]:
    return {"ncnn": SimpleNamespace(Interp=_interp)}


def _version() -> str:
    return f"ncnn {import_module('ncnn').__version__}"


FEWER = tuple((n, m) for n in (1, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
NARROW: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 5), (0, 0)), ((6, 8), (0, 0)), ((7, 3), (0, 0)),
)  # fmt: skip

ORACLE = Oracle(
    "ncnn",
    "ncnn",
    _version,
    _names,
    (
        *(
            Case(
                f"ncnn.Interp(x, resize_type={kind}, output_height={{h}}, output_width={{w}}, "
                f"align_corner={corner})",
                pairs=FEWER,
                bound=1e-5,
                ties=kind == 1,
            )
            for kind in (1, 2, 3)
            for corner in (0, 1)
        ),
        *(
            Case(
                f"ncnn.Interp(x, resize_type={kind}, height_scale={h}, width_scale={w}, "
                f"align_corner={corner})",
                planes=NARROW,
                bound=1e-5,
                ties=kind == 1,
            )
            for kind in (1, 2, 3)
            for corner in (0, 1)
            for h, w in ((2, 2), (1.5, 0.5), (1.125, 2.25), (1.125, 1.125), (0.375, 0.75))
        ),
    ),
)
