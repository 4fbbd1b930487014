"""Resizes between Transposes, which onnxruntime moves where it optimises."""

import numpy as np
from onnx import NodeProto

from halfpixel.formats.onnx.read.surroundings import BINARY, UNARY
from halfpixel.site import Attribute
from refusals.case import ALWAYS, NEVER, OPTIMISED, Case, floats, ints, node

TO_NCHW, TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)


def turn(names: str, output: str, perm: tuple[int, ...]) -> NodeProto:
    """Return a Transpose."""
    return node("Transpose", names, output, perm=perm)


def transposes() -> list[Case]:
    """Return cases of resizes between Transposes, cubic ones that shrink unless said otherwise."""
    moved = "with the Transposes around it moved"
    some = "as it moves the Transposes around it"
    down = {"z": ints(1, 3, 4, 4), "u": ints(1, 3, 16, 16), "h": ints(1, 4, 4, 3), "t": ints(4, 4),
            "s": floats(1, 1, 0.5, 0.5), "s2": floats(0.5, 0.5), "k": floats(2)}  # fmt: skip
    first, last = turn("x", "a", TO_NCHW), turn("b", "y", TO_NHWC)

    def cubic(names: str, output: str, **given: Attribute) -> NodeProto:
        return node("Resize", names, output, **{"mode": "cubic", **given})

    plain = cubic("a - - z", "b")
    weights = {"w": np.ones((3, 3, 1, 1), "float32")}
    table: list[tuple[str, list[NodeProto], str]] = [
        ("by sizes", [first, plain, last], moved),
        ("by scales", [first, cubic("a - s", "b"), last], moved),
        ("up", [first, cubic("a - - u", "b"), last], ""),
        ("antialias", [first, cubic("a - - z", "b", antialias=1), last], ""),
        ("linear", [first, cubic("a - - z", "b", mode="linear"), last], ""),
        ("before alone", [first, cubic("a - - z", "y")], ""),
        ("another perm behind", [first, plain, turn("b", "y", (0, 1, 3, 2))], moved),
        ("another perm before", [turn("x", "a", (0, 3, 2, 1)), plain, last], ""),
        ("Relu behind", [first, plain, node("Relu", "b", "c"), turn("c", "y", TO_NHWC)], moved),
        ("Relu before", [first, node("Relu", "a", "c"), cubic("c - - z", "b"), last], moved),
        ("Mul before", [first, node("Mul", "a k", "c"), cubic("c - - z", "b"), last], moved),
        ("Conv before", [first, node("Conv", "a w", "c"), cubic("c - - z", "b"), last], ""),
        ("Conv behind", [first, plain, node("Conv", "b w", "c"), turn("c", "y", TO_NHWC)], ""),
        ("a mean behind", [first, plain, node("ReduceMean", "b", "y", axes=(2, 3))], ""),
        ("axes", [first, cubic("a - - t", "b", mode="linear", axes=(2, 3)), last], some),
        ("axes, scales", [first, cubic("a - s2", "b", mode="nearest", axes=(-2, -1)), last], some),
        ("axes, before alone", [first, cubic("a - s2", "y", mode="linear", axes=(2, 3))], ""),
        ("every axis", [first, cubic("a - s", "b", mode="linear", axes=(0, 1, 2, 3)), last], ""),
    ]
    out = [
        Case(f"between Transposes: {name}", nodes, {**down, **weights}, reason,
             OPTIMISED if reason else NEVER, 17 if name == "a mean behind" else 18, (1, 8, 8, 3))
        for name, nodes, reason in table
    ]  # fmt: skip
    constants = {**down, "m": np.array(0.1, "float32"), "n": np.array(0, "uint8")}
    for op in sorted(UNARY | BINARY):
        if op in {"QuantizeLinear", "DequantizeLinear"}:
            between = [node("QuantizeLinear", "a m n", "q"), node("DequantizeLinear", "q m n", "c")]
        elif op == "Cast":
            between = [node("Cast", "a", "c", to=1)]
        else:
            between = [node(op, "a k" if op in BINARY else "a", "c")]
        out.append(
            Case(f"between Transposes: {op}", [first, *between, cubic("c - - z", "b"), last],
                 constants, moved, OPTIMISED, 18, (1, 8, 8, 3))
        )  # fmt: skip
    inverse = [turn("x", "a", TO_NHWC), cubic("a - - h", "b"), turn("b", "y", TO_NCHW)]
    out += [
        Case("taken once it is optimised", inverse, down, "", ALWAYS - OPTIMISED),
        Case("an output of the graph before", [first, plain, last], down, shape=(1, 8, 8, 3),
             outputs=("y", "a")),
        Case("an output of the graph behind", [first, plain, last], down, shape=(1, 8, 8, 3),
             outputs=("y", "b")),
    ]  # fmt: skip
    return out
