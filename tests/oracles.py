"""The runtimes that decide what is right."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime as ort
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator

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
