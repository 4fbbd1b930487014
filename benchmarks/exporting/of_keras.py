"""Export UpSampling2D and image.resize by Keras 3, by the backend that KERAS_BACKEND names.

    python of_keras.py BACKEND FOLDER
"""

import os
import sys
import warnings

os.environ["KERAS_BACKEND"] = sys.argv[1]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")

import keras
import numpy as np
from written import Written

LAYERS = {
    "UpSampling2D nearest": lambda: keras.layers.UpSampling2D(2, interpolation="nearest"),
    "UpSampling2D bilinear": lambda: keras.layers.UpSampling2D(2, interpolation="bilinear"),
    "UpSampling2D bicubic": lambda: keras.layers.UpSampling2D(2, interpolation="bicubic"),
    "Resizing nearest": lambda: keras.layers.Resizing(9, 11, interpolation="nearest"),
    "Resizing bilinear": lambda: keras.layers.Resizing(9, 11, interpolation="bilinear"),
    "Resizing bicubic": lambda: keras.layers.Resizing(9, 11, interpolation="bicubic"),
}


def main():
    """Export every layer, with fixed and free lengths."""
    out = Written(sys.argv[2])
    x = np.random.RandomState(7).rand(1, 6, 7, 2).astype(np.float32)
    for name, layer in LAYERS.items():
        for free in (False, True):
            told = "%s %s%s" % (name, sys.argv[1], " free" if free else "")
            file = "%s%s.onnx" % (name.replace(" ", "-"), "-free" if free else "")
            try:
                shape = (None, None, 2) if free else (6, 7, 2)
                model = keras.Sequential([keras.layers.Input(shape, batch_size=1), layer()])
                y = keras.ops.convert_to_numpy(model(x))
                model.export(out.path(file), format="onnx", verbose=False)
            except Exception as error:
                out.refuse(told, error)
                continue
            flag = "half_pixel_centers=True"
            tolerance = 5e-3 if "bicubic" in name else 1e-4
            out.add(file, told, x, y, "NHWC", flag=flag, free=free, tolerance=tolerance)
    out.save()


if __name__ == "__main__":
    main()
