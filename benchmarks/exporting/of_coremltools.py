"""Convert F.interpolate by a release of coremltools: to ML Programs, and to neural networks.

python of_coremltools.py FOLDER
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import coremltools as ct
import numpy as np
import torch
from of_pytorch import Up
from written import Written

warnings.simplefilter("ignore")
CALLS: list[dict[str, Any]] = [
    {"mode": "nearest", "scale_factor": 2.0}, {"mode": "nearest", "scale_factor": 1.5},
    {"mode": "nearest", "size": (9, 5)},
    {"mode": "bilinear", "size": (3, 4), "align_corners": False, "antialias": True},
] + [
    dict(mode="bilinear", align_corners=corners, **lengths)
    for corners in (False, True)
    for lengths in ({"scale_factor": 2.0}, {"scale_factor": 1.5}, {"size": (9, 5)})
]  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "mlprogram": {"minimum_deployment_target": ct.target.iOS15},
    "neuralnetwork": {"minimum_deployment_target": ct.target.iOS14},
}
EXPORTED = 8
"""The first release that takes programs of torch.export as a matter of course."""


def converted(module: Any, x: torch.Tensor, kind: str, *, exported: bool) -> Any:
    """Return a model; `exported` goes by torch.export, which keeps the calls' names."""
    if exported:
        program = torch.export.export(module, (x,)).run_decompositions({})
        return ct.convert(program, **KINDS[kind])
    traced = torch.jit.trace(module, x)
    return ct.convert(traced, inputs=[ct.TensorType(name="x", shape=x.shape)], **KINDS[kind])


def main() -> None:
    """Convert every call in every way."""
    out = Written(sys.argv[1])
    x = torch.from_numpy(np.random.RandomState(7).rand(1, 2, 6, 8).astype(np.float32))
    ways = [(kind, False) for kind in KINDS]
    if hasattr(torch, "export") and int(ct.__version__.split(".")[0]) >= EXPORTED:
        ways.append(("mlprogram", True))
    for place, options in enumerate(CALLS):
        for kind, exported in ways:
            suffix = "mlpackage" if kind == "mlprogram" else "mlmodel"
            name = f"{place:02d}-{kind}{exported:d}.{suffix}"
            try:
                y = Up(options).eval()(x).numpy()
                converted(Up(options).eval(), x, kind, exported=exported).save(out.path(name))
            except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
                out.refuse(f"{options['mode']} {kind}", error)
                continue
            told = f"{options} {kind}{' by torch.export' if exported else ''}"
            out.add(name, told, (x.numpy(), y))
    out.save()


if __name__ == "__main__":
    main()
