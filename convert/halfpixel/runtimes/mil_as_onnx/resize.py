"""Core ML's resizes as ONNX, by the weights that they have at their lengths.

Where an ONNX Resize has exactly these weights, and onnxruntime reads exactly these pixels, it is a
Resize by sizes. A nearest resize is a Gather of its pixels otherwise, a linear one a product
with its matrix. Where lengths are free it is a Resize whose sizes are computed.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from halfpixel.conventions.onnx.vocabulary import exact_attributes, names_of
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.write.builder import Ends, Nodes
from halfpixel.formats.onnx.write.plan import OTHERS
from halfpixel.formats.onnx.write.site import add
from halfpixel.formats.plan import Copy, Plan, Product, Said, SizedResize
from halfpixel.formats.planner import lowered
from halfpixel.runtimes.mil_as_onnx.graph import code_of
from halfpixel.sampling import Linear, Nearest, Resize, Sampling
from halfpixel.site import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

Lengths = tuple[int | None, ...]

EXACT: Final = replace(OTHERS, dtypes=None, weights=Sampling.weights)
"""What ONNX can be asked to write for a resize whose weights are the exact ones."""

LONGEST: Final = 1 << 14
"""Longest axis whose weights are written out; a longer one goes by its coordinates."""

RANKS: Final = (3, 4, 5)
"""Ranks for which onnxruntime resizes the last two axes linearly."""


class Wires(Struct, frozen=True):
    """The values between which a site stands.

    Attributes:
        nodes: where nodes are added.
        tensors: the values that it reads, by the operator's own parameter names.
        y: the value that it makes.
        shapes: lengths of what it reads, as far as they are known.
        dtype: element type of x and y.
        dtypes: element types of what it reads, where they are others than that of x.
    """

    nodes: Nodes
    tensors: Mapping[str, str]
    y: str
    shapes: Mapping[str, Lengths]
    dtype: str = "float32"
    dtypes: Mapping[str, str] = field(default_factory=dict[str, str])

    def single(self, parameter: str) -> str:
        """Return what it reads as float32, in which coordinates and weights are computed."""
        value, dtype = self.tensors[parameter], self.dtypes.get(parameter, self.dtype)
        if dtype == "float32":
            return value
        return self.nodes.add("Cast", [value], to=code_of("float32"))

    def finish(self, value: str, dtype: str = "float32") -> None:
        """Make a value the site's output, in its element type."""
        if dtype == self.dtype:
            self.nodes.add("Identity", [value], output=self.y)
        else:
            self.nodes.add("Cast", [value], output=self.y, to=code_of(self.dtype))


def resize(wires: Wires, operation: Operation, meant: Resize) -> None:
    """Add the nodes of a resize.

    Args:
        wires: where it stands.
        operation: the site, with its lengths and scales.
        meant: what it computes.

    Raises:
        ConventionError: it has lengths that are not known, and no ONNX attributes for them.
    """
    plan, nodes = plan_of(operation, meant, wires.nodes.opset), wires.nodes
    match plan:
        case Said(by="computed"):
            _resized(wires, _sizes(wires, operation, meant), plan.attributes)
        case Said():
            _resized(wires, _lengths(wires, plan.values), plan.attributes)
        case Product():
            x = wires.single("x")
            if wires.dtype == "float32":
                add(nodes, Ends(x, wires.y), plan)
                return
            made = nodes.name("resized")
            add(nodes, Ends(x, made), plan)
            wires.finish(made)
        case _:
            add(nodes, Ends(wires.tensors["x"], wires.y), plan)


def plan_of(operation: Operation, meant: Resize, opset: int) -> Plan:
    """Return how a resize is written: by its exact weights where its lengths are known.

    Raises:
        ConventionError: it has lengths that are not known, and no ONNX attributes for them.
    """
    ins, outs = operation.lengths
    known = [(axis, s, ins[axis], outs[axis]) for axis, s in meant.axes]
    axes = [(axis, s, n, m) for axis, s, n, m in known if n is not None and m is not None]
    if len(axes) < len(known) or any(max(n, m) > LONGEST for _, _, n, m in axes):
        by_size = Resize(tuple((axis, sampling.by_size()) for axis, sampling in meant.axes))
        said = names_of(by_size)
        if said is None or any(one != said[0] for one in said):
            raise ConventionError("its weights need lengths that the file fixes")
        return Said("Resize", said[0], by="computed")
    moved = [(axis, s, n, m) for axis, s, n, m in axes if n != m or not s.weights(n, m).is_identity]
    if not moved:
        return Copy()
    kernels = {type(s.kernel) for _, s, _, _ in moved}
    attributes = None
    if kernels == {Nearest} or (kernels == {Linear} and len(ins) in RANKS):
        attributes = exact_attributes(moved, opset)
    if attributes is not None:
        by_axis = {axis: m for axis, _, _, m in moved}
        kept = (None,) * len(ins) if None in ins else ins
        values = tuple(by_axis.get(axis, n) for axis, n in enumerate(kept))
        return Said("Resize", attributes, by="sizes", values=values)
    goal = SizedResize(meant, operation.lengths, {}, dtype="float32")
    return lowered(goal, "gather" if kernels == {Nearest} else "matmul", EXACT)


def _resized(wires: Wires, sizes: str, attributes: Mapping[str, object]) -> None:
    roi = ""
    if attributes["coordinate_transformation_mode"] == "tf_crop_and_resize":
        rank = len(wires.shapes["x"])
        roi = wires.nodes.floats([0.0] * rank + [1.0] * rank, "roi")
    given = [wires.tensors["x"], roi, "", sizes]
    wires.nodes.add_with(attributes, "Resize", given, output=wires.y)


def _sizes(wires: Wires, operation: Operation, meant: Resize) -> str:
    nodes, rank = wires.nodes, len(wires.shapes["x"])
    if "shape" in wires.tensors:
        return _asked(wires, rank)
    if operation.by == "scales" and operation.scales is not None:
        own = nodes.add("Shape", [wires.tensors["x"]])
        scales = nodes.floats(operation.scales, "scales")
        longer = nodes.add("Mul", [nodes.add("Cast", [own], to=code_of("float32")), scales])
        return nodes.add("Cast", [nodes.add("Floor", [longer])], to=code_of("int64"))
    sizes = operation.sizes or (None,) * rank
    axes = dict(meant.axes)
    if any(sizes[axis] is None for axis in axes):
        raise ConventionError("its output lengths are not known")
    return _lengths(wires, [sizes[axis] if axis in axes else None for axis in range(rank)])


def _lengths(wires: Wires, lengths: "Sequence[float | None]") -> str:
    """Return lengths, of which those that are None are the input's own."""
    import numpy as np

    nodes, whole = wires.nodes, [int(n or 0) for n in lengths]
    if None not in lengths:
        return nodes.ints(whole, "sizes")
    own = nodes.add("Shape", [wires.tensors["x"]])
    kept = nodes.constant(np.array([n is None for n in lengths]), "kept")
    return nodes.add("Where", [kept, own, nodes.ints(whole, "lengths")])


def _asked(wires: Wires, rank: int) -> str:
    """Return the lengths that a computed `shape` asks for; 0 asks for the input's own."""
    nodes, shape = wires.nodes, wires.shapes.get("shape", ())
    count = shape[0] if shape else None
    if count is None:
        raise ConventionError("how many lengths its shape holds is not known")
    own = nodes.add("Shape", [wires.tensors["x"]])
    asked = nodes.add("Cast", [wires.tensors["shape"]], to=code_of("int64"))
    ends = [nodes.ints([n], "end") for n in (rank - count, rank)]
    zero = nodes.ints([0], "zero")
    behind = nodes.add("Slice", [own, *ends, zero])
    same = nodes.add("Equal", [asked, zero])
    asked = nodes.add("Where", [same, behind, asked])
    before = nodes.add("Slice", [own, zero, ends[0], zero])
    return nodes.add("Concat", [before, asked], axis=0)
