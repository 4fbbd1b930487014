"""Shape arithmetic, run by onnx's reference evaluator one node at a time, within bounds.

A model can ask for a range of a million millions; nothing is run before its result is known to
be small, and only operators of which that can be said.
"""

from collections import ChainMap
from typing import TYPE_CHECKING, Final, Protocol, cast

from halfpixel.work import TooMuchWork, remembered, spend

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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


COMPUTED: Final = ELEMENTWISE | SMALLER | SHAPED | {"Range"}
"""Operators that are run at all."""

A_NODE: Final = 30
"""Steps of work that it takes to run a node, whatever it computes."""

A_STEP: Final = 256
"""Elements of its inputs and outputs that a node is run on for a further step."""


class _Evaluator(Protocol):
    """onnx's ReferenceEvaluator, as far as it is used here."""

    def run(self, output_names: None, feed_inputs: "dict[str, Array]") -> "list[Array]": ...


def evaluated(
    nodes: "Sequence[NodeProto]",
    constants: "Sequence[TensorProto]",
    opset: int,
    known: "Mapping[str, Array]",
) -> "Iterator[dict[str, Array]]":
    """Yield the values that nodes compute from constants, up to one that is not bounded.

    Args:
        nodes: the nodes, each behind those that it needs.
        constants: the constants that they need; they are values too.
        opset: version of the default operator set.
        known: values that were computed before.
    """
    from onnx import NodeProto, TensorProto, numpy_helper

    values: dict[str, Array] = {}
    every = ChainMap(values, cast("dict[str, Array]", known))
    steps: list[NodeProto | TensorProto] = [*constants, *nodes]
    for step in steps:
        try:
            if isinstance(step, TensorProto):
                new = {step.name: numpy_helper.to_array(step)}
            else:
                new = _run(step, every, opset)
        except TooMuchWork:
            raise
        except Exception:  # whatever onnx raises on a tensor without a type, a node it cannot run
            import logging

            logging.getLogger(__name__).debug("%s is not computed", step.name, exc_info=True)
            return
        if not new:
            return
        values.update(new)
        yield new


def _run(node: "NodeProto", values: "Mapping[str, Array]", opset: int) -> "dict[str, Array]":
    """Return what one node makes; nothing where that is not known to be small."""
    import numpy as np

    feeds = {i: values[i] for i in node.input if i}
    if not _bounded(node.op_type, [values[i] for i in node.input if i]):
        return {}
    spend(A_NODE + sum(x.size for x in feeds.values()) // A_STEP)
    version = max(min(opset, NEWEST), FIRST.get(node.op_type, 1))
    with np.errstate(all="ignore"):
        results = _evaluator(node.SerializeToString(), version).run(None, feeds)
    if not all(isinstance(x, np.ndarray | np.generic) for x in cast("list[object]", results)):
        return {}  # a sequence, or nothing
    spend(sum(x.size for x in results) // A_STEP)
    return dict(zip(node.output, map(np.asarray, results), strict=False))


@remembered(1024)
def _evaluator(node: bytes, version: int) -> _Evaluator:
    """Return what runs one node; it is made once for all the lengths that are tried."""
    from onnx import NodeProto, TypeProto, helper
    from onnx.reference import ReferenceEvaluator

    own = NodeProto.FromString(node)
    before = [helper.make_value_info(i, TypeProto()) for i in dict.fromkeys(own.input) if i]
    after = [helper.make_value_info(o, TypeProto()) for o in own.output]
    graph = helper.make_graph([own], "one", before, after)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)])
    return cast("_Evaluator", ReferenceEvaluator(model))


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
