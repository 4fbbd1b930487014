"""One model of a resampling node, and what onnxruntime makes of it at each level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

from halfpixel.site import Attribute

ALWAYS = frozenset({"disabled", "basic", "extended", "all"})
OPTIMISED = frozenset({"extended", "all"})
NEVER = frozenset[str]()

Array = NDArray[np.generic]


@dataclass(frozen=True)
class Case:
    """One model.

    Attributes:
        name: what is tried.
        nodes: its nodes, between x and y.
        constants: its constants.
        reason: the start of the reason that is given; empty where onnxruntime takes it.
        refused: levels at which onnxruntime does not run it.
        opset: version of its operators.
        shape: of its input x.
        dtype: of x.
        inputs: other inputs: element type and shape.
        outputs: names of its outputs.
    """

    name: str
    nodes: Sequence[NodeProto]
    constants: Mapping[str, Array] = field(default_factory=dict[str, Array])
    reason: str = ""
    refused: frozenset[str] = NEVER
    opset: int = 13
    shape: tuple[int, ...] = (1, 3, 8, 8)
    dtype: str = "float32"
    inputs: Mapping[str, tuple[str, tuple[int, ...]]] = field(
        default_factory=dict[str, tuple[str, tuple[int, ...]]]
    )
    outputs: tuple[str, ...] = ("y",)

    def model(self) -> ModelProto:
        """Return the model."""
        inputs = {"x": (self.dtype, self.shape), **self.inputs}
        graph = helper.make_graph(
            list(self.nodes),
            "g",
            [helper.make_tensor_value_info(n, _code(d), s) for n, (d, s) in inputs.items()],
            [helper.make_tensor_value_info(n, _code(self.dtype), None) for n in self.outputs],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()],
        )
        opsets = [("", self.opset), *((n.domain, 1) for n in self.nodes if n.domain)]
        imports = [helper.make_opsetid(*one) for one in opsets]
        return helper.make_model(graph, opset_imports=imports, ir_version=8)


def _code(dtype: str) -> int:
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def node(
    op: str, inputs: str, output: str = "y", domain: str = "", /, **given: Attribute
) -> NodeProto:
    """Return a node; its inputs stand in one text, `-` for one that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    made = helper.make_node(op, names, [output], name=output, domain=domain)
    made.attribute.extend(helper.make_attribute(key, value) for key, value in given.items())
    return made


def floats(*values: float, dtype: str = "float32") -> Array:
    """Return constants, float32 unless said otherwise."""
    return np.array(values, dtype)


def ints(*values: int, dtype: str = "int64") -> Array:
    """Return constants, int64 unless said otherwise."""
    return np.array(values, dtype)
