"""Export UpSampling2D and Resizing by Keras 3, on TensorFlow or on PyTorch.

python of_keras.py BACKEND FOLDER
"""

from __future__ import annotations

import os
import sys
import warnings

import numpy as np
from written import Written

os.environ["KERAS_BACKEND"] = sys.argv[1]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")

KERNELS = ("nearest", "bilinear", "bicubic")


def main() -> None:
    """Export every layer, with fixed and free lengths."""
    import keras

    layers = {f"UpSampling2D {k}": keras.layers.UpSampling2D(2, interpolation=k) for k in KERNELS}
    layers |= {f"Resizing {k}": keras.layers.Resizing(9, 11, interpolation=k) for k in KERNELS}
    out = Written(sys.argv[2])
    x = np.random.RandomState(7).rand(1, 6, 7, 2).astype(np.float32)
    for (name, layer), free in [(one, free) for one in layers.items() for free in (False, True)]:
        told = f"{name} {sys.argv[1]}{' free' if free else ''}"
        file = f"{name.replace(' ', '-')}{'-free' if free else ''}.onnx"
        try:
            shape = (None, None, 2) if free else (6, 7, 2)
            model = keras.Sequential([keras.layers.Input(shape, batch_size=1), layer])
            y = keras.ops.convert_to_numpy(model(x))
            model.export(out.path(file), format="onnx", verbose=False)
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            out.refuse(told, error)
            continue
        flag = "half_pixel_centers=True" if sys.argv[1] == "tensorflow" else ""
        tolerance = 5e-3 if "bicubic" in name else 1e-4
        more = {"flag": flag, "free": free, "tolerance": tolerance}
        out.add(file, told, (x, y), layout="NHWC", **more)
    out.save()


if __name__ == "__main__":
    main()
