"""Nodes that resample, as models of one node, and the lengths at which they are tried."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Array = np.ndarray[Any, np.dtype[Any]]
Attribute = int | float | str | tuple[int, ...]

FAR = (31, 37, 64, 97, 128, 150, 211)
NEAR = (1, 2, 3, 4, 5, 7, 8, 11, 13, 16)
FARTHEST = 311


@dataclass(frozen=True)
class Node:
    """A resampling node.

    Attributes:
        op: Resize, Upsample or GridSample.
        opset: version of the operator set.
        attributes: names and values.
        shape: lengths of the input.
        free: axes whose lengths the model leaves open.
        by: scales, sizes, or computed: sizes, those of axes that stay taken from the input;
            or fed: sizes that are an input of the model.
        values: scales or sizes, one an axis, or one an axis of the attribute `axes`.
        roi: starts, then ends; empty where there is none.
        unranked: the input has no shape at all.
        producer: which program is said to have written the model.
        record: PyTorch's record of the call that was meant; empty where there is none.
    """

    op: str
    opset: int
    attributes: tuple[tuple[str, Attribute], ...]
    shape: tuple[int, ...]
    free: frozenset[int] = frozenset()
    by: str = ""
    values: tuple[float, ...] = ()
    roi: tuple[float, ...] = ()
    unranked: bool = False
    producer: str = ""
    record: str = ""

    def attribute(self, name: str) -> Attribute | None:
        """Return an attribute's value, or None."""
        return dict(self.attributes).get(name)

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that the values are for, none of them negative."""
        given = self.attribute("axes")
        rank = len(self.shape)
        return tuple(a % rank for a in given) if isinstance(given, tuple) else tuple(range(rank))

    def model(self) -> ModelProto:
        """Return the model of this node alone."""
        node, constants, nodes = self._node()
        dims = [f"d{axis}" if axis in self.free else n for axis, n in enumerate(self.shape)]
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT,
                                                None if self.unranked else dims)]  # fmt: skip
        if self.by == "fed":
            inputs.append(
                helper.make_tensor_value_info("sizes", TensorProto.INT64, [len(self.axes)])
            )
        if self.op == "GridSample":
            spatial = len(self.shape) - 2
            grid = [dims[0], *[None] * spatial, spatial]
            inputs.append(helper.make_tensor_value_info("grid", TensorProto.FLOAT, grid))
        output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        graph = helper.make_graph([*nodes, node], "claims", inputs, [output], constants)
        opset = helper.make_opsetid("", self.opset)
        made = helper.make_model(graph, opset_imports=[opset], ir_version=8)
        made.producer_name = self.producer
        return made

    def most(self, lengths: tuple[int, ...]) -> float:
        """Return about how many samples come out, at least, at these input lengths."""
        values = dict(zip(self.axes, self.values, strict=True)) if self.values else {}
        if self.by == "scales":
            return math.prod(n * values.get(axis, 1.0) for axis, n in enumerate(lengths))
        return math.prod(max(n, values.get(axis, n)) for axis, n in enumerate(lengths))

    def _node(self) -> tuple[NodeProto, list[TensorProto], list[NodeProto]]:
        """Return the node, its constants, and the nodes that compute its sizes."""
        given: dict[str, object] = dict(self.attributes)
        names, constants = ["x"], dict[str, Array]()
        if self.op == "GridSample":
            names.append("grid")
        elif self.opset < 9:
            given["scales"] = self.values
        else:
            names += self._inputs(constants)
        node = helper.make_node(self.op, names, ["y"], "up")
        node.attribute.extend(helper.make_attribute(k, v) for k, v in given.items())
        if self.record:
            entry = node.metadata_props.add()
            entry.key, entry.value = "pkg.torch.onnx.fx_node", self.record
        return node, [numpy_helper.from_array(v, k) for k, v in constants.items()], self._before()

    def _inputs(self, constants: dict[str, Array]) -> list[str]:
        """Return the inputs behind the data, and add their values to the constants."""
        name = "scales" if self.by == "scales" else "sizes"
        if self.by in {"scales", "sizes"}:
            constants[name] = np.array(self.values, np.float32 if name == "scales" else np.int64)
        elif self.by == "computed":
            constants["heads"] = np.array([0, 1], np.int64)
            constants["tail"] = np.array(self.values[2:], np.int64)
        if self.opset < 11:
            return [name]
        none = "" if self.opset > 12 else "none"
        if none:
            constants[none] = np.zeros(0, np.float32)
        if self.roi:
            constants["roi"] = np.array(self.roi, np.float32)
        return ["roi" if self.roi else none, *[none] * (name == "sizes"), name]

    def _before(self) -> list[NodeProto]:
        if self.by != "computed":
            return []
        return [
            helper.make_node("Shape", ["x"], ["all"]),
            helper.make_node("Gather", ["all", "heads"], ["head"]),
            helper.make_node("Concat", ["head", "tail"], ["sizes"], axis=0),
        ]

    def trials(self, count: int = 8) -> Iterator[tuple[int, ...]]:
        """Yield input lengths: the model's own, and where some are free, others, far ones last."""
        yield self.shape
        if not self.free and not self.unranked:
            return
        chance = random.Random(repr(self))  # noqa: S311 - lengths, no secrets
        free = sorted(self.free) or list(range(len(self.shape)))
        scales = dict(zip(self.axes, self.values, strict=True)) if self.by == "scales" else {}
        for number in range(count):
            lengths = list(self.shape)
            far = chance.choice([a for a in free if a > 1] or free) if number > count // 2 else None
            for axis in free:
                least = max(1, int(1 / scales.get(axis, 1.0)))
                choices = FAR if axis == far else NEAR
                lengths[axis] = max(chance.choice(choices), 1 if axis < 2 else min(least, 60))
                if axis < 2:
                    lengths[axis] = min(lengths[axis], 5)
            if far is not None and number == count - 1:
                lengths[far] = FARTHEST
            yield tuple(lengths)
