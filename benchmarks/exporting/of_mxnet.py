"""Export MXNet's BilinearResize2D.

    python of_mxnet.py FOLDER

Runs under Python 3.8.
"""

import sys

import mxnet as mx
import numpy as np
from written import Written


def main():
    """Export both values of align_corners."""
    out = Written(sys.argv[1])
    x = np.random.RandomState(7).rand(1, 2, 6, 7).astype(np.float32)
    for corners in (False, True):
        told = "BilinearResize2D align_corners=%s" % corners
        try:
            data = mx.sym.Variable("data")
            made = mx.sym.contrib.BilinearResize2D(data, height=9, width=11, align_corners=corners)
            y = mx.nd.contrib.BilinearResize2D(
                mx.nd.array(x), height=9, width=11, align_corners=corners
            ).asnumpy()
            file = out.path("up%d.onnx" % corners)
            mx.onnx.export_model(made, {}, [x.shape], [np.float32], file)
        except Exception as error:
            out.refuse(told, error)
            continue
        out.add("up%d.onnx" % corners, told, x, y)
    out.save()


if __name__ == "__main__":
    main()
