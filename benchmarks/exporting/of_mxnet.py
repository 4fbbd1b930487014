"""Export MXNet's BilinearResize2D.

python of_mxnet.py FOLDER
"""

from __future__ import annotations

import sys

import mxnet as mx
import numpy as np
from written import Written


def main() -> None:
    """Export both values of align_corners."""
    out = Written(sys.argv[1])
    x = np.random.RandomState(7).rand(1, 2, 6, 7).astype(np.float32)
    for corners in (False, True):
        name, told = f"up{corners:d}.onnx", f"BilinearResize2D align_corners={corners}"
        named = {"height": 9, "width": 11, "align_corners": corners}
        try:
            made = mx.sym.contrib.BilinearResize2D(mx.sym.Variable("data"), **named)
            y = mx.nd.contrib.BilinearResize2D(mx.nd.array(x), **named).asnumpy()
            mx.onnx.export_model(made, {}, [x.shape], [np.float32], out.path(name))
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            out.refuse(told, error)
            continue
        out.add(name, told, (x, y))
    out.save()


if __name__ == "__main__":
    main()
