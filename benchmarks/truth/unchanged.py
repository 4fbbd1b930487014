"""Ways to write a model that change nothing of what it computes but by rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from pathlib import Path

    from halfpixel.arrays import Arrays


def started(path: Path, target: Path | None = None) -> ort.InferenceSession:
    """Return a session without optimisation; or with the basic one, which is written to a file."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    if target is not None:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(target)
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def copied(path: Path, target: Path, _: list[Arrays]) -> str:
    """Write a copy; return why there is none: nothing."""
    target.write_bytes(path.read_bytes())
    return ""


def optimised(path: Path, target: Path, _: list[Arrays]) -> str:
    """Write what onnxruntime's basic optimisation makes of a model; return why there is none."""
    started(path, target)
    return ""


def raised(path: Path, target: Path, inputs: list[Arrays]) -> str:
    """Write a model at the next opset; return why there is none."""
    model = onnx.load(path)
    opset = next((one.version for one in model.opset_import if one.domain in {"", "ai.onnx"}), 0)
    try:
        onnx.save(onnx.version_converter.convert_version(model, opset + 1), target)
        ours, theirs = started(path), started(target)
    except Exception as error:  # noqa: BLE001 - the converter raises whatever its C++ throws
        return f"not converted: {(str(error).strip() or type(error).__name__).splitlines()[0]:.80}"
    same = all(
        np.array_equal(one, two, equal_nan=True)
        for feeds in inputs
        for one, two in zip(ours.run(None, feeds), theirs.run(None, feeds), strict=True)
    )
    return "" if same and inputs else "the converter changes what it returns"


def halved(path: Path, target: Path, _: list[Arrays]) -> str:
    """Write each convolution and product with weights as the sum of two halves of its terms.

    Return why there is none. Only the order of the sums is another: what differs is rounding.
    """
    model = onnx.load(path)
    opset = next((one.version for one in model.opset_import if one.domain in {"", "ai.onnx"}), 0)
    weights = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    weights |= {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t)
        for node in model.graph.node
        if node.op_type == "Constant" and node.attribute[0].name == "value"
    }
    nodes: list[onnx.NodeProto] = []
    for place, node in enumerate(model.graph.node):
        weight = weights.get(node.input[1]) if len(node.input) > 1 else None
        axis = {"Conv": 1, "MatMul": 0}.get(node.op_type, -1)
        one_group = all(one.name != "group" or one.i == 1 for one in node.attribute)
        fits = weight is not None and weight.dtype == np.float32 and one_group
        if weight is None or not fits or axis < 0 or weight.ndim < 2 or weight.shape[axis] < 2:
            nodes.append(node)
            continue
        if node.op_type == "MatMul" and (weight.ndim > 2 or opset < 11):
            nodes.append(node)  # an axis is counted from the end from opset 11 on
            continue
        half = weight.shape[axis] // 2
        parts = np.split(weight, [half], axis), (range(half), range(half, weight.shape[axis]))
        made: list[str] = []
        for number, (part, indices) in enumerate(zip(*parts, strict=True)):
            name = f"half{place}_{number}"
            model.graph.initializer.append(numpy_helper.from_array(part, f"{name}_w"))
            model.graph.initializer.append(
                numpy_helper.from_array(np.array(indices, np.int64), f"{name}_i")
            )
            given = [node.input[0], f"{name}_i"]
            on = 1 if node.op_type == "Conv" else -1
            nodes.append(helper.make_node("Gather", given, [f"{name}_x"], axis=on))
            product = onnx.NodeProto()
            product.CopyFrom(node)
            bias = list(node.input[2:]) if not number else []
            product.input[:] = [f"{name}_x", f"{name}_w", *bias]
            product.output[:] = [f"{name}_y"]
            product.name = name
            nodes.append(product)
            made.append(f"{name}_y")
        nodes.append(helper.make_node("Add", made, list(node.output)))
    if len(nodes) == len(model.graph.node):
        return "nothing to write in halves"
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, target)
    return ""


KINDS: Final = {"copy": copied, "basic": optimised, "opset": raised, "halves": halved}
"""What the other file of a pair is."""
