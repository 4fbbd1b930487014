"""Export Paddle's interpolate by a release of Paddle2ONNX.

    python of_paddle.py OPSETS FOLDER

Runs under Python 3.8 and later.
"""

import os
import sys

import numpy as np
import paddle
from written import Written

CALLS = [
    {"mode": "nearest", "size": [12, 14]}, {"mode": "nearest", "size": [9, 11]},
    {"mode": "nearest", "size": [9, 11], "align_corners": True},
    {"mode": "bilinear", "size": [9, 11]}, {"mode": "bilinear", "size": [9, 1]},
    {"mode": "bilinear", "size": [9, 11], "align_corners": True},
    {"mode": "bilinear", "size": [9, 11], "align_mode": 1},
    {"mode": "bicubic", "size": [9, 11]}, {"mode": "bicubic", "size": [9, 1]},
    {"mode": "bicubic", "size": [9, 11], "align_corners": True},
]  # fmt: skip


class Up(paddle.nn.Layer):
    """One call."""

    def __init__(self, options):
        super().__init__()
        self.options = options

    def forward(self, x):
        """Return the call's output."""
        return paddle.nn.functional.interpolate(x, **self.options)


def main():
    """Export every call at every opset."""
    out = Written(sys.argv[2])
    x = np.random.RandomState(7).rand(1, 2, 6, 7).astype(np.float32)
    spec = [paddle.static.InputSpec([1, 2, 6, 7], "float32", "x")]
    for opset in map(int, sys.argv[1].split(",")):
        for place, options in enumerate(CALLS):
            told = "%s opset %d" % (options, opset)
            file = "%02d-o%d" % (place, opset)
            try:
                model = Up(options)
                model.eval()
                y = model(paddle.to_tensor(x)).numpy()
                paddle.onnx.export(model, out.path(file), input_spec=spec, opset_version=opset)
                if not os.path.exists(out.path(file + ".onnx")):
                    raise RuntimeError("no file")
            except Exception as error:
                out.refuse("%s opset %d" % (options["mode"], opset), error)
                continue
            out.add(file + ".onnx", told, x, y)
    out.save()


if __name__ == "__main__":
    main()
