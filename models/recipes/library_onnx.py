"""The library's networks by both of PyTorch's exporters, one file an exporter and opset.

`architectures.csv` lists the resampling calls that a module made in an eager run, in order, and
how far onnxruntime is from eager.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import measure
import numpy as np
import onnx
import torch
from library import LIBRARY, Network, made
from recorded import recording
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

COUNTED = {
    "AffineGrid", "ConvTranspose", "DepthToSpace", "GridSample", "Resize", "RoiAlign", "Upsample",
}  # fmt: skip
LARGE_FILE = 200_000  # bytes


def export(  # noqa: PLR0913, PLR0917 - what torch.onnx.export takes
    model: torch.nn.Module, about: Network, image: Tensor, path: Path, exporter: str, opset: int
) -> None:
    """Write a model without the paths of this machine."""
    axes = {2: "height", 3: "width"} if about.dynamic else None
    options: dict[str, Any] = {
        "input_names": ["image"],
        "output_names": list(about.outputs),
        "opset_version": opset,
    }
    if exporter == "dynamo":
        shapes = (axes,) if axes else None
        options |= {"dynamic_shapes": shapes, "external_data": False, "verbose": False}
    else:
        options |= {"dynamo": False, "dynamic_axes": {"image": axes} if axes else None}
    torch.onnx.export(model, (image,), path, **options)
    measure.clean(path)
    if path.stat().st_size > LARGE_FILE:
        thin(path)


def thin(path: Path) -> None:
    """Keep of the exporter's notes only the call itself on nodes that do not resample.

    They are four fifths of a tiny network's file, and nothing here reads them.
    """
    model = onnx.load(path)
    for node in model.graph.node:
        if node.op_type not in measure.RESAMPLING:
            kept = [entry for entry in node.metadata_props if entry.key.endswith("fx_node")]
            del node.metadata_props[:]
            node.metadata_props.extend(kept)
    onnx.save(model, path)


def rows(name: str, about: Network, folder: Path) -> Iterator[dict[str, object]]:
    """Export one network with both exporters; yield a line for each file."""
    model, image = made(about)
    calls: list[str] = []
    with torch.no_grad(), recording(calls):
        given = model(image)
    tensors = (given,) if isinstance(given, Tensor) else given
    arrays = {"image": image.numpy()}
    arrays |= {key: y.numpy() for key, y in zip(about.outputs, tensors, strict=True)}
    for exporter, opset in about.exports:
        path = folder / f"{name}-{exporter}-o{opset}.onnx"
        try:
            with torch.no_grad():
                export(model, about, image, path, exporter, opset)
        except Exception as error:  # noqa: BLE001 - exporters raise of every kind
            path.unlink(missing_ok=True)
            reason = (str(error.__cause__ or error).strip() or repr(error)).splitlines()[0]
            sys.stderr.write(f"refused {path.name}: {type(error).__name__}: {reason}\n")
            continue
        np.savez_compressed(path.with_suffix(".npz"), **arrays)  # type: ignore[arg-type]
        verdict = measure.judge(path, arrays)
        graph = onnx.load(path)
        yield {
            "file": path.name,
            "exporter": exporter,
            "opset": graph.opset_import[0].version,
            "calls": " | ".join(calls),
            "resampling_nodes": sum(node.op_type in COUNTED for node in graph.graph.node),
            "onnxruntime_vs_eager": verdict.word,
            "max_abs_diff": verdict.digits,
        }


def build(root: Path, names: Sequence[str]) -> None:
    """Export the named networks, or all of them, and write the table."""
    folder = root / "architectures"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or LIBRARY:
        lines = list(rows(name, LIBRARY[name], folder))
        if lines:
            measure.update_rows(folder / "architectures.csv", lines)
