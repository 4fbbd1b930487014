"""Random nodes that resample, as models of one node: every attribute, fixed and free lengths."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Array = np.ndarray[Any, np.dtype[Any]]
Attribute = int | float | str | tuple[int, ...]

COORDINATES = (
    "half_pixel",
    "pytorch_half_pixel",
    "align_corners",
    "asymmetric",
    "tf_crop_and_resize",
)
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
FACTORS = (
    0.02, 0.25, 0.29, 1 / 3, 0.4, 0.5, 0.6, 2 / 3, 0.75, 0.99, 1.0, 1.01, 1.1, 1.25, 4 / 3, 1.5,
    1.7, 2.0, 2.04, 2.3, 2.5, 3.0, 4.0, 5.0, 7.0, 10 / 7, 49.0,
)  # fmt: skip
PLAIN = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
FAR = (31, 37, 64, 97, 128, 150, 211)
NEAR = (1, 2, 3, 4, 5, 7, 8, 11, 13, 16)
FARTHEST = 311
PYTORCH = "pytorch"


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
            inputs.append(helper.make_tensor_value_info("sizes", TensorProto.INT64, [len(self.axes)]))
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
        names = ["x"]
        constants: list[TensorProto] = []
        nodes: list[NodeProto] = []
        given = dict(self.attributes)
        if self.op == "GridSample":
            names.append("grid")
        elif self.opset < 9:
            given["scales"] = self.values  # type: ignore[assignment]
        else:
            if self.opset > 10:
                none = "" if self.opset > 11 else "none"
                constants += [numpy_helper.from_array(np.zeros(0, np.float32), "none")] * (not none == "")
                roi = "roi" if self.roi else none
                if self.roi:
                    constants.append(numpy_helper.from_array(np.array(self.roi, np.float32), "roi"))
                names += [roi] + [none] * (self.by != "scales")
            names.append("scales" if self.by == "scales" else "sizes")
            if self.by == "scales":
                constants.append(numpy_helper.from_array(np.array(self.values, np.float32), "scales"))
            elif self.by == "sizes":
                constants.append(numpy_helper.from_array(np.array(self.values, np.int64), "sizes"))
            elif self.by == "computed":
                tail = np.array(self.values[2:], np.int64)
                heads = np.array([0, 1], np.int64)
                constants.append(numpy_helper.from_array(heads, "heads"))
                constants.append(numpy_helper.from_array(tail, "tail"))
                nodes = [
                    helper.make_node("Shape", ["x"], ["all"]),
                    helper.make_node("Gather", ["all", "heads"], ["head"]),
                    helper.make_node("Concat", ["head", "tail"], ["sizes"], axis=0),
                ]
        node = helper.make_node(self.op, names, ["y"], "up")
        node.attribute.extend(helper.make_attribute(k, v) for k, v in given.items())
        if self.record:
            entry = node.metadata_props.add()
            entry.key, entry.value = "pkg.torch.onnx.fx_node", self.record
        return node, constants, nodes

    def trials(self, count: int = 8) -> Iterator[tuple[int, ...]]:
        """Yield input lengths: those of the model, and where some are free, others, far ones last."""
        yield self.shape
        if not self.free and not self.unranked:
            return
        chance = random.Random(repr(self))
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


def _kernel(draw: st.DrawFn, opset: int, op: str) -> dict[str, Attribute]:
    """Draw the attributes that say coordinates and kernel."""
    if op == "Upsample" or opset < 11:
        return {"mode": draw(st.sampled_from(("nearest", "linear")))}
    out: dict[str, Attribute] = {"mode": draw(st.sampled_from(("nearest", "linear", "cubic")))}
    coordinates = COORDINATES + ("half_pixel_symmetric",) * (opset > 18)
    coordinates += ("tf_half_pixel_for_nn",) * (opset == 11)
    plain = draw(st.booleans())
    out["coordinate_transformation_mode"] = draw(
        st.sampled_from(coordinates[:4] if plain else coordinates)
    )
    if out["mode"] == "nearest":
        out["nearest_mode"] = draw(st.sampled_from(ROUNDINGS if not plain else ("floor",)))
        return out
    if opset > 17 and draw(st.integers(0, 3)) == 0:
        out["antialias"] = 1
        out["exclude_outside"] = draw(st.sampled_from((1, 1, 0)))
    elif out["mode"] == "cubic":
        out["exclude_outside"] = int(draw(st.integers(0, 3)) == 0)
    if out["mode"] == "cubic":
        out["cubic_coeff_a"] = draw(st.sampled_from((-0.75, -0.75, -0.5, -0.6)))
    return out


def _moved(draw: st.DrawFn, rank: int) -> tuple[int, ...]:
    """Draw the axes that are resized."""
    spatial = tuple(range(min(2, rank - 1), rank))
    kind = draw(st.integers(0, 9))
    if kind < 7:
        return spatial
    if kind == 7 and rank == 4:
        return (1, 2)
    return tuple(sorted(draw(st.sets(st.integers(0, rank - 1), min_size=1, max_size=3))))


@st.composite
def resizes(draw: st.DrawFn) -> Node:
    """Draw a Resize or Upsample."""
    op, opset = draw(st.sampled_from((
        ("Upsample", 7), ("Upsample", 9), ("Resize", 10), ("Resize", 11), ("Resize", 13),
        ("Resize", 13), ("Resize", 18), ("Resize", 18), ("Resize", 19), ("Resize", 19),
    )))  # fmt: skip
    attributes = _kernel(draw, opset, op)
    rank = draw(st.sampled_from((4, 4, 4, 4, 3, 3, 5, 2)))
    moved = _moved(draw, rank)
    shape = [draw(st.integers(1, 4 if a < 2 and a not in moved else 16)) for a in range(rank)]
    if draw(st.integers(0, 7)) == 0:
        shape[-1] = draw(st.sampled_from((64, 97, 128, 131)))
    by = draw(st.sampled_from(("scales", "sizes"))) if opset > 10 else "scales"
    kind = draw(st.integers(0, 9))
    free = frozenset[int]()
    unranked = False
    if kind > 5:
        free = frozenset(a for a in range(rank) if a in moved or kind == 7)
        if kind == 8:
            free = frozenset(range(rank))
        if kind == 9:
            free = frozenset(draw(st.sets(st.integers(0, rank - 1))))
        unranked = kind == 6 and draw(st.integers(0, 4)) == 0
    if by == "sizes" and free and rank > 2:
        by = draw(st.sampled_from(("sizes", "computed", "computed", "fed")))
        if by == "computed" and min(moved) < 2:
            by = "sizes"
    around = draw(st.sampled_from((FACTORS, PLAIN)))
    values: list[float] = []
    same = draw(st.sampled_from(around)) if draw(st.booleans()) else None
    for axis, n in enumerate(shape):
        if axis not in moved:
            values.append(1 if by == "scales" else n)
        elif by == "scales":
            factor = same or draw(st.sampled_from(around))
            if op == "Upsample":
                factor = max(factor, 1.0)
            values.append(float(np.float32(factor)))
            if factor < 0.05:
                shape[axis] += 50
        else:
            values.append(draw(st.sampled_from((1, 2, 3, 5, 6, 9, 14, 21, n, n, 2 * n))))
    axes: tuple[int, ...] | None = None
    if opset > 17 and by != "computed" and draw(st.integers(0, 3)) == 0:
        axes = draw(st.permutations(moved)) if draw(st.booleans()) else moved  # type: ignore[assignment]
        values = [values[a] for a in axes or ()]
        negative = draw(st.booleans())
        attributes["axes"] = tuple(a - rank * negative for a in axes or ())
        if by == "sizes" and draw(st.booleans()):
            attributes["keep_aspect_ratio_policy"] = draw(
                st.sampled_from(("not_larger", "not_smaller"))
            )
    roi: tuple[float, ...] = ()
    if attributes.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        count = len(axes) if axes is not None else rank
        inside = [a in moved for a in (axes if axes is not None else range(rank))]
        starts = [draw(st.sampled_from((0.0, 0.1, -0.2))) if i else 0.0 for i in inside]
        ends = [draw(st.sampled_from((1.0, 0.8, 1.3))) if i else 1.0 for i in inside]
        roi = (*starts[:count], *ends[:count])
        attributes["extrapolation_value"] = draw(st.sampled_from((0.0, -3.5)))
    return Node(
        op, opset, tuple(attributes.items()), tuple(shape), free, by, tuple(values), roi, unranked,
        draw(st.sampled_from((PYTORCH, ""))),
    )  # fmt: skip


@st.composite
def grid_samples(draw: st.DrawFn) -> Node:
    """Draw a GridSample over two or three axes."""
    opset = draw(st.sampled_from((16, 20, 22)))
    modes = ("bilinear", "nearest", "bicubic") if opset < 20 else ("linear", "nearest", "cubic")
    attributes: dict[str, Attribute] = {
        "mode": draw(st.sampled_from(modes)),
        "padding_mode": draw(st.sampled_from(("zeros", "border", "reflection"))),
        "align_corners": draw(st.integers(0, 1)),
    }
    rank = draw(st.sampled_from((4, 4, 5)))
    shape = tuple(draw(st.integers(1, 3 if a < 2 else 9)) for a in range(rank))
    free = frozenset(range(rank)) if draw(st.booleans()) else frozenset[int]()
    return Node("GridSample", opset, tuple(attributes.items()), shape, free)
