"""The runtimes that decide what is right, and the rationals that do."""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator

from halfpixel.sampling import Resize
from halfpixel.sampling.lowering import meant_weights
from halfpixel.sampling.resize import along_axis

Array = np.ndarray[Any, np.dtype[Any]]


def by_onnxruntime(model: ModelProto, inputs: Mapping[str, Array]) -> Array:
    """Return the first output on onnxruntime's CPU provider."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    providers = ["CPUExecutionProvider"]
    session = ort.InferenceSession(model.SerializeToString(), options, providers=providers)
    outputs: Any = session.run(None, dict(inputs))
    return np.asarray(outputs[0])


def by_reference(model: ModelProto, inputs: Mapping[str, Array]) -> Array:
    """Return the first output of onnx's reference evaluator."""
    with np.errstate(all="ignore"):
        outputs: Any = ReferenceEvaluator(model).run(None, dict(inputs))
    return np.asarray(outputs[0])


def network_run(
    path: Path, inputs: dict[str, Array], resample: Callable[..., object]
) -> dict[str, Array]:
    """Run a Core ML neural network of a few layers by the recipe's interpreter."""
    where = Path(__file__).parents[1] / "models/recipes/coreml_network_run.py"
    spec = importlib.util.spec_from_file_location("coreml_network_run", where)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    values: dict[str, Array] = module.run(path, inputs, resample)
    return values


def as_written(model: object, feeds: dict[str, Array]) -> list[Array]:
    """Return what onnxruntime computes, nothing optimised."""
    assert isinstance(model, ModelProto)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = model.SerializeToString()
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return [np.asarray(y) for y in session.run(None, feeds)]


def by_rationals(operator: Resize, x: Array, outs: list[int]) -> Array:
    """Return what an operator computes, from its rationals; PyTorch's nearest in its own way."""
    y: Array = x.astype(np.float64)
    for axis, sampling in operator.axes:
        y = along_axis(meant_weights(sampling, x.shape[axis], outs[axis]), y, axis)
    return y
