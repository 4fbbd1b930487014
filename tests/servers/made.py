"""Models that are large for a test: a few megabytes of weights around one resize."""

import numpy as np
from onnx import ModelProto, numpy_helper

import example_models as models

PAYLOAD = 1 << 20


def model(payloads: int = 8, **attributes: str) -> ModelProto:
    """Return a model of an asymmetric resize and some weights of a megabyte."""
    asked = {"coordinate_transformation_mode": "asymmetric", "mode": "linear", **attributes}
    made = models.model([models.resize(attributes=asked)], (1, 1, 4, 4))
    for n in range(payloads):
        weights = np.full(PAYLOAD // 4, n, np.float32)
        made.graph.initializer.append(numpy_helper.from_array(weights, f"w{n}"))
    made.ir_version = 9
    return made


def data(payloads: int = 8, **attributes: str) -> bytes:
    """Return the bytes of such a model."""
    return model(payloads, **attributes).SerializeToString()
