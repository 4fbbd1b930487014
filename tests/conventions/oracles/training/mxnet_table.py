"""MXNet: BilinearResize2D and UpSampling; 1.9.1 runs beside NumPy 1.23."""

import warnings
from importlib import import_module
from typing import Any

from conventions.oracles.oracle import Case, Lengths, Oracle


def _names() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that NumPy had once
        return {"mx": import_module("mxnet")}


def _version() -> str:
    return f"MXNet {_names()['mx'].__version__}"


CALL = "mx.nd.contrib.BilinearResize2D(mx.nd.array(x[None, None]), "
END = ").asnumpy()[0, 0]"
FEWER = tuple((n, m) for n in (1, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
NARROW: tuple[tuple[Lengths, Lengths], ...] = (
    ((5, 4), (0, 0)), ((4, 5), (0, 0)), ((6, 8), (0, 0)), ((7, 3), (0, 0)),
)  # fmt: skip

ORACLE = Oracle(
    "MXNet",
    "mxnet",
    _version,
    _names,
    (
        *(
            Case(f"{CALL}height={{h}}, width={{w}}{more}{END}", pairs=FEWER, bound=1e-5)
            for more in ("", ", align_corners=True", ", align_corners=False")
        ),
        *(
            Case(f"{CALL}{more}, align_corners={corners}{END}", planes=NARROW, bound=1e-5)
            for corners in (True, False)
            for more in (
                "scale_height=1.5, scale_width=0.5", "scale_height=2, scale_width=2",
                'scale_height=2, scale_width=0.5, mode="odd_scale"', 'mode="to_even_down"',
                'mode="to_even_up"', 'mode="to_odd_down"', 'mode="to_odd_up"',
            )
        ),
        *(
            Case(
                f'mx.nd.UpSampling(mx.nd.array(x[None, None]), scale={scale}, num_args=1, '
                f'sample_type="nearest"{END}',
                planes=NARROW,
            )
            for scale in (1, 2, 3)
        ),
    ),
)  # fmt: skip
