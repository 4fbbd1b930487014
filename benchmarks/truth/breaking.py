"""Networks with one resize broken: moved to another convention, at several scales of weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCALES = (1, 10, 100, 1000)
LINEAR = ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
NEAREST = tuple((where, how) for where in ("asymmetric", "half_pixel", "align_corners")
                for how in ("floor", "round_prefer_floor", "ceil"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One verdict that is asked for; `node` is -1 for an unbroken pair."""

    path: Path
    scale: int
    node: int = -1
    change: tuple[tuple[str, str | int], ...] = ()


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return the attributes of a node."""
    found = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in found.items()}


def changes(node: onnx.NodeProto) -> Iterator[dict[str, str | int]]:
    """Yield what moves a node to each other convention of its operator."""
    own = attributes(node)
    where = own.get("coordinate_transformation_mode", "half_pixel")
    if node.op_type == "GridSample":
        yield {"align_corners": 1 - int(own.get("align_corners", 0))}
    elif node.op_type == "Resize" and own.get("mode", "nearest") == "nearest":
        how = own.get("nearest_mode", "round_prefer_floor")
        for other, rounding in NEAREST:
            if (other, rounding) != (where, how):
                yield {"coordinate_transformation_mode": other, "nearest_mode": rounding}
    elif node.op_type == "Resize":
        for other in LINEAR:
            if other != where:
                yield {"coordinate_transformation_mode": other}
        if own.get("mode") == "cubic":
            yield {"cubic_coeff_a": "-0.5" if own.get("cubic_coeff_a", -0.75) != -0.5 else "-0.75"}


def every(folder: Path) -> Iterator[Asked]:
    """Yield all verdicts of a folder of models."""
    for path in sorted(folder.glob("*.onnx")):
        nodes = onnx.load(path).graph.node
        for scale in SCALES:
            yield Asked(path, scale)
            for place, node in enumerate(nodes):
                for change in changes(node):
                    yield Asked(path, scale, place, tuple(change.items()))


def scaled(model: onnx.ModelProto, scale: int) -> None:
    """Divide the weights of a model: its float matrices and kernels."""
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if scale > 1 and array.ndim > 1 and array.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(array / np.float32(scale), tensor.name))


def changed(node: onnx.NodeProto, change: tuple[tuple[str, str | int], ...]) -> None:
    """Set attributes of a node."""
    names = {name for name, _ in change}
    kept = [one for one in node.attribute if one.name not in names]
    del node.attribute[:]
    node.attribute.extend(kept)
    for name, value in change:
        real = float(value) if name == "cubic_coeff_a" else value
        node.attribute.append(helper.make_attribute(name, real))
