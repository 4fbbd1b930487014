"""Convert UpSampling2D by keras2onnx: of Keras itself on TensorFlow 1, of tf.keras on 2.

python of_keras2onnx.py OPSETS FOLDER
"""

from __future__ import annotations

import os
import sys
from itertools import product

import numpy as np
from written import Written

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main() -> None:
    """Convert both kernels at every opset."""
    import keras2onnx
    import onnx
    import tensorflow as tf

    old = tf.__version__.startswith("1.")
    if old:
        import keras
    else:
        from tensorflow import keras
    out = Written(sys.argv[2])
    x = np.random.RandomState(7).rand(1, 6, 7, 2).astype(np.float32)
    for opset, kernel in product(map(int, sys.argv[1].split(",")), ("nearest", "bilinear")):
        told = f"UpSampling2D {kernel} opset {opset}, TensorFlow {tf.__version__}"
        file = f"{kernel}-o{opset}.onnx"
        try:
            layer = keras.layers.UpSampling2D(2, interpolation=kernel, input_shape=(6, 7, 2))
            model = keras.models.Sequential([layer])
            y = np.asarray(model.predict(x))
            onnx.save_model(
                keras2onnx.convert_keras(model, "up", target_opset=opset), out.path(file)
            )
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            out.refuse(told, error)
            continue
        flag = "" if old else "half_pixel_centers=True"
        out.add(file, told, (x, y), layout="NHWC", flag=flag)
    out.save()


if __name__ == "__main__":
    main()
