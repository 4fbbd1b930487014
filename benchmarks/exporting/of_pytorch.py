"""Export F.interpolate by a release of PyTorch: by both of its exporters, where it has both.

python of_pytorch.py OPSETS FOLDER
"""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

import numpy as np
import torch
from written import Written

warnings.simplefilter("ignore")
VERSION = tuple(int(n) for n in torch.__version__.split("+")[0].split(".")[:2])
DYNAMO = (2, 5)
"""The first release of which the exporter by torch.export is exported with here."""

CALLS: list[dict[str, Any]] = [
    {"mode": "nearest", "scale_factor": 2.0}, {"mode": "nearest", "scale_factor": 1.5},
    {"mode": "nearest", "size": (9, 5)}, {"mode": "nearest-exact", "scale_factor": 2.0},
] + [
    dict(mode=mode, align_corners=corners, **lengths)
    for mode in ("bilinear", "bicubic")
    for corners in (False, True)
    for lengths in (
        {"scale_factor": 2.0}, {"scale_factor": 1.5}, {"size": (9, 5)}, {"size": (1, 1)},
    )
]  # fmt: skip


class Up(torch.nn.Module):
    """One call."""

    def __init__(self, options: dict[str, Any]) -> None:
        """Keep its arguments."""
        super().__init__()
        self.options = options

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the call's output."""
        return torch.nn.functional.interpolate(x, **self.options)


class Area(torch.nn.Module):
    """A scripted area resize."""

    def forward(self, x):  # noqa: ANN001, ANN201 - scripted
        """Return the call's output."""
        return torch.nn.functional.interpolate(x, scale_factor=0.5, mode="area")


class Grid(torch.nn.Module):
    """An affine grid."""

    def __init__(self, *, corners: bool) -> None:
        """Keep its argument."""
        super().__init__()
        self.corners = corners

    def forward(self, theta: torch.Tensor) -> torch.Tensor:
        """Return the call's output."""
        return torch.nn.functional.affine_grid(theta, (1, 2, 4, 6), align_corners=self.corners)


def exported(module: Any, x: torch.Tensor, opset: int, *, dynamo: bool = False) -> bytes:
    """Return a model."""
    file = io.BytesIO()
    named: dict[str, Any] = {"input_names": ["x"], "output_names": ["y"], "opset_version": opset}
    if dynamo:
        torch.onnx.export(module, (x,), dynamo=True, verbose=False, **named).save(file)
    else:
        if VERSION >= DYNAMO:
            named["dynamo"] = False
        torch.onnx.export(module, (x,), file, **named)
    return file.getvalue()


def converted(body: bytes, opset: int) -> bytes:
    """Return a model that onnx has taken to another opset."""
    import onnx
    from onnx import version_converter

    return version_converter.convert_version(onnx.load_from_string(body), opset).SerializeToString()


def resizes(out: Written, opset: int, *, dynamo: bool) -> None:
    """Export every resize at an opset, and take those of opset 10 to opset 13."""
    x = torch.from_numpy(np.random.RandomState(7).rand(1, 2, 6, 7).astype(np.float32))
    for place, options in enumerate(CALLS):
        how = "dynamo" if dynamo else "torchscript"
        call = f"{options} {how} opset {opset}"
        name = f"{place:02d}-{how}-o{opset}.onnx"
        try:
            body = exported(Up(options).eval(), x, opset, dynamo=dynamo)
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            out.refuse(f"{options['mode']} opset {opset}", error)
            continue
        out.write(name, body)
        arrays = x.numpy(), Up(options)(x).numpy()
        out.add(name, call, arrays)
        if opset != 10:
            continue
        try:
            other = converted(body, 13)
        except Exception as error:  # noqa: BLE001 - onnx may be absent, or refuse
            out.refuse("taken from opset 10 to 13", error)
            continue
        out.write(f"{place:02d}-taken-o13.onnx", other)
        out.add(f"{place:02d}-taken-o13.onnx", f"{call}, taken to 13", arrays)


def others(out: Written) -> None:
    """Export what is no resize of a mode that ONNX has."""
    try:
        out.write("area.onnx", exported(torch.jit.script(Area()), torch.rand(1, 2, 6, 8), 13))
        out.add("area.onnx", "mode=area, scripted", attributes={"mode": "area"})
    except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
        out.refuse("mode=area, scripted", error)
    for corners in (False, True):
        name = f"grid{corners:d}.onnx"
        try:
            out.write(name, exported(Grid(corners=corners), torch.rand(1, 2, 3), 20))
            out.add(name, "affine_grid", attributes={"align_corners": int(corners)})
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            out.refuse("affine_grid opset 20", error)


def main() -> None:
    """Export at every opset that is asked for."""
    out = Written(sys.argv[2])
    for opset in map(int, sys.argv[1].split(",")):
        resizes(out, opset, dynamo=False)
    if VERSION >= DYNAMO:
        resizes(out, 18, dynamo=True)
    others(out)
    out.save()


if __name__ == "__main__":
    main()
