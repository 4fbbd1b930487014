"""OpenVINO: Interpolate of opsets 1, 4 and 11 on the CPU, every mode and every coordinate."""

from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conventions.oracles.oracle import PLANES, Case, Lengths, Oracle

COMPILED: dict[str, Any] = {}


def _run(  # the arguments are whatever a call has
    operator: str,
    opset: int,
    x: NDArray[np.float32],
    *inputs: object,
    **words: object,
) -> NDArray[np.float32]:
    """Run one operator on the CPU, in float32: `inputs` are constants behind the image."""
    key = repr((operator, opset, x.shape, inputs, words))
    if key not in COMPILED:
        COMPILED[key] = _compiled(operator, opset, x.shape, inputs, words)
    made: NDArray[np.float32] = COMPILED[key](x)[0]
    return made


def _compiled(
    operator: str,
    opset: int,
    shape: tuple[int, ...],
    inputs: tuple[object, ...],
    words: dict[str, object],
) -> object:
    ov = import_module("openvino")
    image = ov.opset11.parameter(list(shape), np.float32)
    if operator == "interpolate":
        node = getattr(ov, f"opset{opset}").interpolate(
            image, *(np.array(one) if isinstance(one, list) else one for one in inputs),
            **{k: np.array(v) if k == "axes" else v for k, v in words.items()},
        )  # fmt: skip
    else:
        factory = import_module("openvino.utils.node_factory").NodeFactory(f"opset{opset}")
        arrays = [np.array(one) for one in inputs]
        nodes = [
            ov.opset11.constant(one.astype(np.float32) if one.dtype == np.float64 else one)
            for one in arrays
        ]
        node = factory.create("Interpolate", [image, *nodes], words)
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    return ov.Core().compile_model(ov.Model([node], [image]), "CPU", exact)


def _names() -> dict[str, Any]:
    opsets = {
        f"opset{n}": SimpleNamespace(
            interpolate=partial(_run, "interpolate", n), Interpolate=partial(_run, "", n)
        )
        for n in (1, 4, 11)
    }
    return opsets | {"ov": SimpleNamespace(**opsets)}


def _version() -> str:
    return f"OpenVINO {import_module('openvino').__version__.partition('-')[0]}"


COORDINATES = (
    "half_pixel", "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn", "align_corners",
)  # fmt: skip
FEWER = tuple((n, m) for n in (1, 3, 8, 17, 32) for m in (1, 2, 5, 16, 33))
BY_SCALE: tuple[tuple[Lengths, Lengths], ...] = (((5, 4), (0, 0)), ((7, 6), (0, 0)))
NARROWED = "antialias narrows the kernel where an axis grows"
IGNORED = "antialias is left out on the CPU where the input has up to four axes"


def _eleven(mode: str, more: str = "") -> str:
    image = "opset11.interpolate(x[None, None], [{h}, {w}], "
    return f'{image}"{mode}", "sizes"{more}, axes=[2, 3])[0, 0]'


def _four(mode: str, how: str, more: str = "", scales: str = "[1.0, 1.0]") -> str:
    image = f"opset4.Interpolate(x[None, None], [{{h}}, {{w}}], {scales}, [2, 3], "
    return f'{image}mode="{mode}", shape_calculation_mode="{how}"{more})[0, 0]'


def _one(mode: str, more: str = "", axes: str = "[2, 3]") -> str:
    image = "opset1.interpolate(x[None, None], [{h}, {w}], "
    if axes != "[2, 3]":
        image = "opset1.interpolate(x[None], [{h}, {w}], "
    attributes = f'{{"axes": {axes}, "mode": "{mode}"{more}}}'
    return f"{image}{attributes})[{'0, 0' if axes == '[2, 3]' else 0}]"


def _at(place: str) -> str:
    return f', coordinate_transformation_mode="{place}"'


ORACLE = Oracle(
    "OpenVINO",
    "openvino",
    _version,
    _names,
    (
        *(
            Case(_eleven(mode, _at(place)), pairs=FEWER, bound=1e-5)
            for mode in ("linear", "linear_onnx", "cubic")
            for place in COORDINATES
        ),
        *(
            Case(_eleven("nearest", f'{_at(place)}, nearest_mode="{how}"'), pairs=FEWER, ties=True)
            for place in COORDINATES
            for how in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil", "simple")
        ),
        *(Case(_eleven(mode), bound=1e-5) for mode in ("linear_onnx", "bilinear_pillow")),
        Case(_eleven("bicubic_pillow", ", cube_coeff=-0.5"), bound=1e-5),
        Case(_eleven("bicubic_pillow"), pairs=FEWER, bound=1e-5),
        Case(_eleven("cubic", ", cube_coeff=-0.5"), pairs=FEWER, bound=1e-5),
        Case(
            _eleven("linear", ", antialias=True"),
            pairs=(),
            planes=(),
            exceptions={(7, 3): IGNORED, (6, 3): IGNORED, (5, 1): IGNORED},
        ),
        Case(
            'opset11.interpolate(x[None, None, None], [{h}, {w}], "linear", "sizes", '
            "antialias=True, axes=[3, 4])[0, 0, 0]",
            pairs=tuple((n, m) for n, m in FEWER if n >= m),
            planes=(((6, 6), (3, 3)), ((7, 5), (2, 5))),
            bound=1e-5,
            exceptions={(4, 7): NARROWED, (1, 4): NARROWED},
        ),
        *(Case(_four(mode, "sizes"), pairs=FEWER, bound=1e-5) for mode in ("linear", "cubic")),
        *(
            Case(
                _four(mode, "scales", _at(place), scales=by).format(h=1, w=1),
                planes=BY_SCALE,
                bound=1e-5,
            )
            for mode in ("linear_onnx", "cubic", "nearest")
            for place in ("half_pixel", "asymmetric", "align_corners")
            for by in ("[1.5, 0.5]", "[1.125, 2.25]", "[1.0625, 1.0625]")
        ),
        *(Case(_one(mode), pairs=FEWER, bound=1e-5, ties=True) for mode in ("nearest", "linear")),
        *(
            Case(_one(mode, ', "align_corners": False'), pairs=FEWER, bound=1e-5, ties=True)
            for mode in ("nearest", "linear", "cubic")
        ),
        Case(
            _one("linear", ', "align_corners": False', "[1, 2]"),
            pairs=FEWER,
            planes=PLANES[:2],
            bound=1e-5,
        ),
    ),
)
