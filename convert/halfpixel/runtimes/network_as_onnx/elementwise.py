"""Layers that act on each number by itself, or on those of several inputs.

======================================= ===================================================
layer                                   operator
======================================= ===================================================
activation                              the ML Program's of that name; PReLU and
                                        parametricSoftplus with one number a channel
unary                                   of scale x + shift: sqrt, rsqrt, inverse, Pow, exp, log,
                                        abs, threshold
add, multiply, average, max, min        Sum, Mul, Mean, Max, Min; with alpha where alone
addBroadcastable ...                    add, sub, mul, real_div, pow, maximum, minimum, mod,
                                        floor_div
equal ... logicalNot                    0 or 1 in float32; with alpha where alone
scale, bias                             Mul and Add of [1], [C], [1, H, W] or [C, H, W]
clip, gelu, clampedReLU, ceil ... erf   the ML Program's of that name
whereBroadcastable                      Where
======================================= ===================================================

Source: apple/coremltools `mlmodel/format/NeuralNetwork.proto`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from halfpixel.formats.coreml.layer_messages import (
    Activation,
    Axis,
    Constant,
    Scale,
    Slopes,
    Unary,
    Weights,
)
from halfpixel.runtimes.network_as_onnx.layer import Layer
from halfpixel.runtimes.network_as_onnx.weights import array

Lower = Callable[[Layer], None]

SMALL: Final = 1e-6
"""An epsilon that is not set."""

PLAIN: Final = {
    "ReLU": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "softsign": "softsign",
    "softplus": "softplus",
}  # fmt: skip
WITH_ALPHA: Final = {
    "leakyReLU": "leaky_relu", "thresholdedReLU": "thresholded_relu", "ELU": "elu",
}  # fmt: skip
WITH_BOTH: Final = {
    "linear": "linear_activation", "scaledTanh": "scaled_tanh", "sigmoidHard": "sigmoid_hard",
}  # fmt: skip
UNARY: Final = {
    name: name
    for name in ("ceil", "floor", "sign", "round", "exp2", "sin", "cos", "tan", "asin", "acos",
                 "atan", "sinh", "cosh", "tanh", "atanh", "erf")
} | {"copy": "identity"}  # fmt: skip
FUNCTIONS: Final = ("sqrt", "rsqrt", "inverse", "pow", "exp", "log", "abs", "threshold")
"""What a unary layer computes, by its type."""

WITH_EPSILON: Final = frozenset({1, 2})
POWER, LOG, THRESHOLD = 3, 5, 7
BINARY: Final = {
    "addBroadcastable": "add", "subtractBroadcastable": "sub", "multiplyBroadcastable": "mul",
    "divideBroadcastable": "real_div", "powBroadcastable": "pow", "maxBroadcastable": "maximum",
    "minBroadcastable": "minimum", "modBroadcastable": "mod", "floorDivBroadcastable": "floor_div",
}  # fmt: skip
COMPARED: Final[Mapping[str, str]] = {
    "equal": "Equal", "lessThan": "Less", "lessEqual": "LessOrEqual", "greaterThan": "Greater",
    "greaterEqual": "GreaterOrEqual",
}  # fmt: skip
LOGICAL: Final[Mapping[str, str]] = {"logicalOr": "Or", "logicalXor": "Xor", "logicalAnd": "And"}
GELU: Final = ("EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION")


def _activation(layer: Layer) -> None:
    told = layer.message(Activation)
    kind = told.WhichOneof("kind") or ""
    if kind in PLAIN:
        layer.mil_result(PLAIN[kind], x=layer.x())
    elif kind in WITH_ALPHA:
        slopes: Slopes = getattr(told, kind)
        layer.mil_result(WITH_ALPHA[kind], x=layer.x(), alpha=slopes.alpha)
    elif kind in WITH_BOTH:
        slopes = getattr(told, kind)
        layer.mil_result(WITH_BOTH[kind], x=layer.x(), alpha=slopes.alpha, beta=slopes.beta)
    elif kind == "PReLU":
        layer.result("PRelu", [layer.x(), channels(layer, told.PReLU.alpha, "alpha")])
    elif kind == "parametricSoftplus":
        both = told.parametricSoftplus
        inner = layer.add("Mul", [layer.x(), channels(layer, both.beta, "beta")])
        alpha = channels(layer, both.alpha, "alpha")
        layer.result("Mul", [layer.add("Softplus", [inner]), alpha])
    else:
        raise layer.refuse("an activation that is not known")


def channels(layer: Layer, weights: Weights, what: str) -> str:
    """Return one number, or one a channel, that broadcasts from the third last axis on."""
    count = layer.lengths()[-3] if len(layer.lengths()) >= 3 else None
    one = len(weights.floatValue) == 1 or len(weights.float16Value) == 2
    if not one and count is None:
        raise layer.refuse("the number of its channels is not known")
    return layer.constant(array(weights, [1 if one else count or 0]).reshape(-1, 1, 1), what)


def _unary(layer: Layer) -> None:
    told, x = layer.message(Unary), layer.x()
    if told.scale not in {0, 1}:
        x = layer.add("Mul", [x, layer.constant(told.scale, "scale")])
    if told.shift:
        x = layer.add("Add", [x, layer.constant(told.shift, "shift")])
    if told.type == POWER:
        layer.result("Pow", [x, layer.constant(told.alpha, "alpha")])
        return
    if not 0 <= told.type < len(FUNCTIONS):
        raise layer.refuse(f"type {told.type}")
    given: dict[str, float] = {}
    if told.type in WITH_EPSILON:
        given["epsilon"] = told.epsilon or SMALL
    elif told.type == LOG:
        given["epsilon"] = 0.0
    elif told.type == THRESHOLD:
        given["alpha"] = told.alpha
    layer.mil_result(FUNCTIONS[told.type], x=x, **given)


def _several(op: str, layer: Layer) -> None:
    """Join all inputs; one alone is joined with alpha."""
    given: list[str] = list(layer.inputs)
    if len(given) == 1 and op in {"Sum", "Mul"}:
        given.append(layer.constant(layer.message(Slopes).alpha, "alpha"))
    if op != "Mul":
        layer.result(op, given)
        return
    made = given[0]
    for place, other in enumerate(given[1:], 2):
        last = place == len(given)
        made = layer.add("Mul", [made, other], layer.outs[0] if last else "")


def _unary_of(kind: str, layer: Layer) -> None:
    layer.mil_result(kind, x=layer.x())


def _binary(kind: str, layer: Layer) -> None:
    layer.mil_result(kind, x=layer.x(), y=layer.x(1))


def _compared(op: str, layer: Layer) -> None:
    layer.single(layer.add(op, _pair(layer)))


def _not_equal(layer: Layer) -> None:
    layer.single(layer.add("Not", [layer.add("Equal", _pair(layer))]))


def _pair(layer: Layer) -> list[str]:
    if len(layer.inputs) > 1:
        return [layer.x(), layer.x(1)]
    told = layer.message(Slopes)
    alpha = told.alpha if layer.own.kind in {"equal", "notEqual"} else told.beta
    return [layer.x(), layer.constant(alpha, "alpha")]


def _logical(op: str, layer: Layer) -> None:
    given = [layer.cast(layer.x(place), "bool") for place in range(2)]
    layer.single(layer.add(op, given))


def _logical_not(layer: Layer) -> None:
    layer.single(layer.add("Not", [layer.cast(layer.x(), "bool")]))


def _where(layer: Layer) -> None:
    layer.result("Where", [layer.cast(layer.x(), "bool"), layer.x(1), layer.x(2)])


def _scale(layer: Layer) -> None:
    told = layer.message(Scale)
    scale = _spread(layer, told.scale, list(told.shapeScale), "scale")
    if not told.hasBias:
        layer.result("Mul", [layer.x(), scale])
        return
    bias = _spread(layer, told.bias, list(told.shapeBias), "bias")
    layer.result("Add", [layer.add("Mul", [layer.x(), scale]), bias])


def _bias(layer: Layer) -> None:
    told = layer.message(Constant)
    layer.result("Add", [layer.x(), _spread(layer, told.data, list(told.shape), "bias")])


def _spread(layer: Layer, weights: Weights, shape: Sequence[int], what: str) -> str:
    """Return numbers of lengths [1], [C], [1, H, W] or [C, H, W], to broadcast."""
    found = array(weights, [int(n) for n in shape])
    return layer.constant(found.reshape(-1, 1, 1) if found.ndim == 1 else found, what)


def _clip(layer: Layer) -> None:
    told = layer.message(Slopes)
    layer.mil_result("clip", x=layer.x(), alpha=told.alpha, beta=told.beta)


def _clamped_relu(layer: Layer) -> None:
    told = layer.message(Slopes)
    layer.mil_result("clamped_relu", x=layer.x(), alpha=told.alpha, beta=told.beta)


def _gelu(layer: Layer) -> None:
    mode = int(layer.message(Axis).axis)
    if not 0 <= mode < len(GELU):
        raise layer.refuse(f"mode {mode}")
    layer.mil_result("gelu", x=layer.x(), mode=GELU[mode])


LAYERS: Final[Mapping[str, Lower]] = {
    "activation": _activation,
    "unary": _unary,
    "add": partial(_several, "Sum"),
    "multiply": partial(_several, "Mul"),
    "average": partial(_several, "Mean"),
    "max": partial(_several, "Max"),
    "min": partial(_several, "Min"),
    **{name: partial(_unary_of, kind) for name, kind in UNARY.items()},
    **{name: partial(_binary, kind) for name, kind in BINARY.items()},
    **{name: partial(_compared, op) for name, op in COMPARED.items()},
    **{name: partial(_logical, op) for name, op in LOGICAL.items()},
    "notEqual": _not_equal,
    "logicalNot": _logical_not,
    "whereBroadcastable": _where,
    "scale": _scale,
    "bias": _bias,
    "clip": _clip,
    "clampedReLU": _clamped_relu,
    "gelu": _gelu,
}
"""How each of these layers is lowered."""
