"""Export resizes of TensorFlow by a release of tf2onnx.

python of_tensorflow.py OPSETS FOLDER
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np
from tf2onnx_exports import TOLERANCES, Case, export, imported
from written import Written

UP, MIXED = ((6, 7), (13, 16)), ((6, 7), (9, 5))
FLAGS = {"": (False, False), "align_corners=True": (True, False),
         "half_pixel_centers=True": (False, True)}  # fmt: skip


def main() -> None:
    """Export every kernel with every flag, at lengths that grow and shrink, fixed and free."""
    tf2onnx = imported()
    import tensorflow as tf

    out = Written(sys.argv[2])
    for opset in map(int, sys.argv[1].split(",")):
        for flag, kernel, lengths, free in product(
            FLAGS, ("bilinear", "nearest", "bicubic", "image"), (UP, MIXED), (False, True)
        ):
            if (free and lengths == MIXED) or (kernel == "image" and "half" not in flag):
                continue
            case = Case(kernel, *FLAGS[flag], *lengths, free)
            call = f"{kernel} {flag or 'neither'}{' free' if free else ''} opset {opset}"
            try:
                model, image, want = export(tf, tf2onnx, case, opset)
            except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
                out.refuse(f"{kernel} opset {opset}", error)
                continue
            name = f"{case.name}-o{opset}.onnx"
            Path(out.path(name)).write_bytes(model.SerializeToString())
            out.add(
                name, call, (image, np.asarray(want)), layout="NHWC", flag=flag, free=free,
                tolerance=TOLERANCES.get(kernel, 1e-4),
            )  # fmt: skip
    out.save()


if __name__ == "__main__":
    main()
