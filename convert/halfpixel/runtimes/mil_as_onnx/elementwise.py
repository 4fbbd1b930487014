"""MIL operators that act on each number by itself, as ONNX.

======================================= ===================================================
operator                                ONNX
======================================= ===================================================
abs, acos ... tanh, relu, sigmoid ...   the operator of that name (`UNARY`)
add, equal, logical_and ...             the operator of that name (`BINARY`)
not_equal                               Not(Equal)
floor_div                               Floor(x / y); whole numbers (x - x mod y) / y
mod                                     Mod, the sign of y; floats x - y floor(x / y)
inverse, log, rsqrt                     of x + epsilon
relu6, clip, threshold, clamped_relu    Clip, Max
leaky_relu, elu, sigmoid_hard, prelu    LeakyRelu, Elu, HardSigmoid, PRelu
linear_activation, scaled_tanh, silu,   their formulas
square, exp2, softplus_parametric,
thresholded_relu
gelu                                    Gelu; SIGMOID_APPROXIMATION x sigmoid(1.702 x)
select, cast, identity                  Where, Cast, Identity
======================================= ===================================================

Source: coremltools `converters/mil/mil/ops/defs/iOS15/activation.py`, `elementwise_unary.py`,
`elementwise_binary.py` and `control_flow.py`, with the changes of iOS17.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from halfpixel.runtimes.mil_as_onnx.graph import code_of
from halfpixel.runtimes.mil_as_onnx.step import Step

Lower = Callable[[Step], None]

UNARY: Final = {
    "abs": "Abs", "acos": "Acos", "asin": "Asin", "atan": "Atan", "atanh": "Atanh",
    "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "erf": "Erf", "exp": "Exp", "floor": "Floor",
    "identity": "Identity", "logical_not": "Not", "relu": "Relu", "round": "Round",
    "sigmoid": "Sigmoid", "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "softplus": "Softplus",
    "softsign": "Softsign", "sqrt": "Sqrt", "tan": "Tan", "tanh": "Tanh",
}  # fmt: skip
BINARY: Final = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "real_div": "Div", "maximum": "Max",
    "minimum": "Min", "pow": "Pow", "equal": "Equal", "greater": "Greater",
    "greater_equal": "GreaterOrEqual", "less": "Less", "less_equal": "LessOrEqual",
    "logical_and": "And", "logical_or": "Or", "logical_xor": "Xor",
}  # fmt: skip
TYPES: Final = {
    "fp16": "float16", "fp32": "float32", "fp64": "float64", "bool": "bool", "int8": "int8",
    "uint8": "uint8", "int16": "int16", "uint16": "uint16", "int32": "int32", "int64": "int64",
}  # fmt: skip
"""What cast calls element types."""

SMALL: Final = frozenset({"int8", "int16", "uint8", "uint16", "bool"})
"""Whole numbers that onnxruntime does not compute with."""


def _unary(op: str, step: Step) -> None:
    step.result(op, [step.tensor()])


def _binary(op: str, step: Step) -> None:
    given = [step.tensor("x"), step.tensor("y")]
    dtype = step.dtype()
    if dtype in SMALL and op not in {"And", "Or", "Xor", "Equal"}:
        made = step.add(op, [step.cast(value, "int32") for value in given])
        step.cast_result(made)
        return
    step.result(op, given)


def _not_equal(step: Step) -> None:
    step.result("Not", [step.add("Equal", [step.tensor("x"), step.tensor("y")])])


def _floor_div(step: Step) -> None:
    x, y = step.tensor("x"), step.tensor("y")
    if "float" in step.dtype():
        step.result("Floor", [step.add("Div", [x, y])])
    else:
        step.result("Div", [step.add("Sub", [x, step.add("Mod", [x, y])]), y])


def _mod(step: Step) -> None:
    x, y = step.tensor("x"), step.tensor("y")
    if "float" not in step.dtype():
        step.result("Mod", [x, y])
        return
    times = step.add("Floor", [step.add("Div", [x, y])])
    step.result("Sub", [x, step.add("Mul", [times, y])])


def _shifted(step: Step, rest: float) -> str:
    """Return x + epsilon, or x where the type has no such small number."""
    import numpy as np

    epsilon = step.number("epsilon", rest)
    if not np.asarray(epsilon).astype(step.dtype()):
        return step.tensor()
    return step.add("Add", [step.tensor(), step.scalar(epsilon, "epsilon")])


def _inverse(step: Step) -> None:
    step.result("Reciprocal", [_shifted(step, 1e-4)])


def _log(step: Step) -> None:
    step.result("Log", [_shifted(step, 1e-45)])


def _rsqrt(step: Step) -> None:
    step.result("Reciprocal", [step.add("Sqrt", [_shifted(step, 1e-12)])])


def _square(step: Step) -> None:
    step.result("Mul", [step.tensor(), step.tensor()])


def _exp2(step: Step) -> None:
    step.result("Pow", [step.scalar(2.0, "two"), step.tensor()])


def _clip(low: float | str, high: float | str, step: Step) -> None:
    """Clip between two numbers, or the parameters that are named."""
    limits = [step.number(v) if isinstance(v, str) else v for v in (low, high)]
    names = [step.scalar(v, what) for v, what in zip(limits, ("low", "high"), strict=True)]
    step.result("Clip", [step.tensor(), *names])


def _threshold(step: Step) -> None:
    step.result("Max", [step.tensor(), step.scalar(step.number("alpha"), "alpha")])


def _clamped_relu(step: Step) -> None:
    leaky = step.add("LeakyRelu", [step.tensor()], alpha=step.number("alpha"))
    step.result("Min", [leaky, step.scalar(step.number("beta"), "beta")])


def _thresholded_relu(step: Step) -> None:
    x, alpha = step.tensor(), step.scalar(step.number("alpha"), "alpha")
    kept = step.add("GreaterOrEqual", [x, alpha])
    step.result("Where", [kept, x, step.scalar(0.0, "zero")])


def _with_alpha(op: str, step: Step) -> None:
    step.result(op, [step.tensor()], alpha=step.number("alpha"))


def _sigmoid_hard(step: Step) -> None:
    alpha, beta = step.number("alpha"), step.number("beta")
    step.result("HardSigmoid", [step.tensor()], alpha=alpha, beta=beta)


def _linear_activation(step: Step) -> None:
    alpha, beta = (step.scalar(step.number(name), name) for name in ("alpha", "beta"))
    step.result("Add", [step.add("Mul", [step.tensor(), alpha]), beta])


def _scaled_tanh(step: Step) -> None:
    alpha, beta = (step.scalar(step.number(name), name) for name in ("alpha", "beta"))
    inner = step.add("Tanh", [step.add("Mul", [step.tensor(), beta])])
    step.result("Mul", [inner, alpha])


def _by_channel(step: Step, parameter: str) -> str:
    """Return one number a channel, with the rank of x behind it."""
    values = step.known(parameter).reshape(-1, *[1] * (step.rank() - 2))
    return step.nodes.constant(values, parameter)


def _prelu(step: Step) -> None:
    step.result("PRelu", [step.tensor(), _by_channel(step, "alpha")])


def _softplus_parametric(step: Step) -> None:
    inner = step.add("Mul", [step.tensor(), _by_channel(step, "beta")])
    step.result("Mul", [step.add("Softplus", [inner]), _by_channel(step, "alpha")])


def _silu(step: Step) -> None:
    step.result("Mul", [step.tensor(), step.add("Sigmoid", [step.tensor()])])


def _gelu(step: Step) -> None:
    match step.text("mode", "EXACT"):
        case "EXACT":
            step.result("Gelu", [step.tensor()], approximate="none")
        case "TANH_APPROXIMATION":
            step.result("Gelu", [step.tensor()], approximate="tanh")
        case "SIGMOID_APPROXIMATION":
            inner = step.add("Mul", [step.tensor(), step.scalar(1.702, "slope")])
            step.result("Mul", [step.tensor(), step.add("Sigmoid", [inner])])
        case mode:
            raise step.refuse(f"unknown mode {mode!r}")


def _select(step: Step) -> None:
    given = [step.tensor(name) for name in ("cond", "a", "b")]
    if step.dtype("cond") != "bool":
        given[0] = step.cast(given[0], "bool")
    step.result("Where", given)


def _cast(step: Step) -> None:
    dtype = TYPES.get(step.text("dtype"))
    if dtype is None:
        raise step.refuse(f"unknown dtype {step.text('dtype')!r}")
    step.result("Cast", [step.tensor()], to=code_of(dtype))


OPS: Final[dict[str, Lower]] = {
    **{name: partial(_unary, op) for name, op in UNARY.items()},
    **{name: partial(_binary, op) for name, op in BINARY.items()},
    "not_equal": _not_equal,
    "floor_div": _floor_div,
    "mod": _mod,
    "inverse": _inverse,
    "log": _log,
    "rsqrt": _rsqrt,
    "square": _square,
    "exp2": _exp2,
    "clip": partial(_clip, "alpha", "beta"),
    "relu6": partial(_clip, 0.0, 6.0),
    "threshold": _threshold,
    "clamped_relu": _clamped_relu,
    "thresholded_relu": _thresholded_relu,
    "leaky_relu": partial(_with_alpha, "LeakyRelu"),
    "elu": partial(_with_alpha, "Elu"),
    "sigmoid_hard": _sigmoid_hard,
    "linear_activation": _linear_activation,
    "scaled_tanh": _scaled_tanh,
    "prelu": _prelu,
    "softplus_parametric": _softplus_parametric,
    "silu": _silu,
    "gelu": _gelu,
    "select": _select,
    "cast": _cast,
}
