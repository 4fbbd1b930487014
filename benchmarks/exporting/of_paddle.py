"""Export Paddle's interpolate by a release of Paddle2ONNX.

python of_paddle.py OPSETS FOLDER
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from written import Written

CALLS: list[dict[str, Any]] = [
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

    def __init__(self, options: dict[str, Any]) -> None:
        """Keep its arguments."""
        super().__init__()
        self.options = options

    def forward(self, x: Any) -> Any:
        """Return the call's output."""
        return paddle.nn.functional.interpolate(x, **self.options)


def main() -> None:
    """Export every call at every opset."""
    out = Written(sys.argv[2])
    x = np.random.RandomState(7).rand(1, 2, 6, 7).astype(np.float32)
    spec = [paddle.static.InputSpec([1, 2, 6, 7], "float32", "x")]
    for opset, (place, options) in product(map(int, sys.argv[1].split(",")), enumerate(CALLS)):
        file = f"{place:02d}-o{opset}"
        try:
            model = Up(options)
            model.eval()
            y = model(paddle.to_tensor(x)).numpy()
            paddle.onnx.export(model, out.path(file), input_spec=spec, opset_version=opset)
            Path(out.path(f"{file}.onnx")).stat()
        except Exception as error:  # noqa: BLE001 - every release has its own ways to refuse
            out.refuse(f"{options['mode']} opset {opset}", error)
            continue
        out.add(f"{file}.onnx", f"{options} opset {opset}", (x, y))
    out.save()


if __name__ == "__main__":
    main()
