"""Shape arithmetic, run by onnx's reference evaluator one node at a time, within bounds.

A model can ask for a range of a million millions; nothing is run before its result is known to
be small, and only operators of which that can be said.
"""

from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onnx import NodeProto, TensorProto

    from halfpixel.arrays import Array


LARGEST: Final = 1 << 21
"""Elements of a value that is computed: index tables of an image, never its pixels."""

NEWEST: Final = 25
"""Opset whose operators the evaluator is asked for where the file's own is newer."""

FIRST: Final = {"DequantizeLinear": 19}
"""First opset of an operator that the evaluator has, where those before mean the same."""

ELEMENTWISE: Final = frozenset(
    [
        "Abs",
        "Add",
        "And",
        "Cast",
        "Ceil",
        "Clip",
        "DequantizeLinear",
        "Div",
        "Equal",
        "Floor",
        "Greater",
        "GreaterOrEqual",
        "Less",
        "LessOrEqual",
        "Max",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Pow",
        "Round",
        "Sign",
        "Sqrt",
        "Sub",
        "Where",
    ]
)
SMALLER: Final = frozenset(
    [
        "Concat",
        "Constant",
        "Gather",
        "Identity",
        "ReduceMax",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "Reshape",
        "Shape",
        "Size",
        "Slice",
        "Squeeze",
        "Transpose",
        "Unsqueeze",
    ]
)
SHAPED: Final = frozenset({"ConstantOfShape", "Expand"})
"""Operators whose last input is the shape that they make."""


class _Evaluator(Protocol):
    """onnx's ReferenceEvaluator, as far as it is used here."""

    def run(self, output_names: None, feed_inputs: "dict[str, Array]") -> "list[Array]": ...


def evaluated(
    name: str,
    nodes: "Sequence[NodeProto]",
    constants: "Sequence[TensorProto]",
    opset: int,
    known: "Mapping[str, Array]",
) -> "tuple[Array | None, dict[str, Array]]":
    """Return the value that nodes compute from constants; None where it is not bounded.

    With it go all values that were computed on the way.

    Args:
        name: the value that is asked for.
        nodes: the nodes that it needs, in order.
        constants: the constants that they need.
        opset: version of the default operator set.
        known: values that were computed before.

    Raises:
        Exception: whatever the reference evaluator raises on a node that it cannot run.
    """
    import numpy as np
    from onnx import TypeProto, helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    values: dict[str, Array] = {**known}
    made: dict[str, Array] = {}
    for tensor in constants:
        values[tensor.name] = numpy_helper.to_array(tensor)
    for node in nodes:
        version = max(min(opset, NEWEST), FIRST.get(node.op_type, 1))
        opsets = [helper.make_opsetid("", version)]
        if not _bounded(node.op_type, [values[i] for i in node.input if i]):
            return None, made
        feeds = {i: values[i] for i in node.input if i}
        before = [helper.make_value_info(i, TypeProto()) for i in feeds]
        after = [helper.make_value_info(o, TypeProto()) for o in node.output]
        graph = helper.make_graph([node], "one", before, after)
        model = helper.make_model(graph, opset_imports=opsets)
        evaluator = cast("_Evaluator", ReferenceEvaluator(model))
        with np.errstate(all="ignore"):
            results = evaluator.run(None, feeds)
        new = dict(zip(node.output, results, strict=False))
        values.update(new)
        made.update(new)
    return values.get(name), made


def _bounded(op: str, inputs: "Sequence[Array]") -> bool:
    """Whether a node's result is known to be small before it is run."""
    import numpy as np

    if op in SHAPED:
        dims = [float(n) for n in inputs[-1].ravel().tolist()]
        return (
            float(np.prod(dims)) <= LARGEST and max((x.size for x in inputs), default=0) <= LARGEST
        )
    if op == "Range":
        start, limit, delta = (float(x.ravel()[0]) for x in inputs)
        return delta != 0 and (limit - start) / delta <= LARGEST
    if op in ELEMENTWISE:
        shape = np.broadcast_shapes(*(x.shape for x in inputs))
        return float(np.prod([float(n) for n in shape])) <= LARGEST
    return op in SMALLER and sum(x.size for x in inputs) <= LARGEST
