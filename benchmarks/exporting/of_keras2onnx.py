"""Convert UpSampling2D by keras2onnx: of Keras itself on TensorFlow 1, or of tf.keras on 2.

    python of_keras2onnx.py OPSETS FOLDER

Runs under Python 3.7 and later.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from written import Written

if tf.__version__.startswith("1."):
    import keras
else:
    from tensorflow import keras
import keras2onnx
import onnx


def main():
    """Convert both kernels at every opset."""
    out = Written(sys.argv[2])
    x = np.random.RandomState(7).rand(1, 6, 7, 2).astype(np.float32)
    for opset in map(int, sys.argv[1].split(",")):
        for kernel in ("nearest", "bilinear"):
            told = "UpSampling2D %s opset %d, TensorFlow %s" % (kernel, opset, tf.__version__)
            try:
                layer = keras.layers.UpSampling2D(2, interpolation=kernel, input_shape=(6, 7, 2))
                model = keras.models.Sequential([layer])
                y = model.predict(x)
                file = "%s-o%d.onnx" % (kernel, opset)
                made = keras2onnx.convert_keras(model, "up", target_opset=opset)
                onnx.save_model(made, out.path(file))
            except Exception as error:
                out.refuse(told, error)
                continue
            flag = "" if tf.__version__.startswith("1.") else "half_pixel_centers=True"
            out.add(file, told, x, np.asarray(y), "NHWC", flag=flag)
    out.save()


if __name__ == "__main__":
    main()
