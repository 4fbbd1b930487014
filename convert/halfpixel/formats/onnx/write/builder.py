"""New nodes and constants, with names that nothing else in the model has."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.read.scope import inner_graphs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto


def names_in(model: "ModelProto") -> set[str]:
    """Return every name of a value in a model, subgraphs and functions included."""
    names: set[str] = set()
    graphs, nodes = [model.graph], [n for f in model.functions for n in f.node]
    names.update(name for function in model.functions for name in function.input)
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            names.update(tensor.name for tensor in graph.initializer)
            names.update(value.name for value in graph.input)
            nodes += graph.node
        else:
            node = nodes.pop()
            names.update(node.output)
            graphs += [inner for _, _, inner in inner_graphs(node)]
    return names


class Nodes(Struct):
    """The nodes that come in the place of one.

    Attributes:
        stem: what new names start with.
        taken: names that the model has.
        opset: version of the default operator set that they are written for.
        made: the nodes so far, in order.
    """

    stem: str
    taken: set[str]
    opset: int
    made: "list[NodeProto]" = field(default_factory=lambda: [])  # noqa: PIE807 - typed by its place
    _own: set[str] = field(default_factory=set[str])

    def name(self, what: str) -> str:
        """Return a new name that says what a value is."""
        name, count = f"{self.stem}_{what}", 1
        while name in self.taken or name in self._own:
            count += 1
            name = f"{self.stem}_{what}_{count}"
        self._own.add(name)
        return name

    def add(
        self, op: str, inputs: Sequence[str], what: str = "", output: str = "", **attributes: object
    ) -> str:
        """Add a node and return its output, `output` or a new name."""
        return self.add_with(attributes, op, inputs, what, output)

    def add_with(
        self,
        attributes: Mapping[str, object],
        op: str,
        inputs: Sequence[str],
        what: str = "",
        output: str = "",
    ) -> str:
        """Add a node whose attributes were put together elsewhere; as `add`."""
        from onnx import helper

        result = output or self.name(what or op.lower())
        node = helper.make_node(op, list(inputs), [result], name=result)
        node.attribute.extend(helper.make_attribute(k, v) for k, v in sorted(attributes.items()))
        self.made.append(node)
        return result

    def constant(self, values: "NDArray[np.generic]", what: str) -> str:
        """Add a constant and return its name."""
        from onnx import helper, numpy_helper

        result = self.name(what)
        tensor = numpy_helper.from_array(values)
        self.made.append(helper.make_node("Constant", [], [result], name=result, value=tensor))
        return result

    def floats(self, values: Sequence[float], what: str, dtype: str = "float32") -> str:
        """Add a list of floats and return its name."""
        import numpy as np

        return self.constant(np.asarray(values, dtype=dtype), what)

    def ints(self, values: Sequence[int], what: str) -> str:
        """Add a list of int64 and return its name.

        Raises:
            ConventionError: a number that int64 does not hold.
        """
        import numpy as np

        beyond = next((value for value in values if not -(2**63) <= value < 2**63), None)
        if beyond is not None:
            raise ConventionError(f"{what} would hold {beyond}, which is no int64")

        return self.constant(np.asarray(values, dtype=np.int64), what)

    def number(self, value: float, what: str, dtype: str) -> str:
        """Add a number without axes and return its name."""
        import numpy as np

        return self.constant(np.asarray(value, dtype=dtype), what)

    def length(self, x: str, axis: int) -> str:
        """Return the length of an axis, an int64 of shape (1,)."""
        return self.add("Gather", [self.add("Shape", [x]), self.ints([axis], "axis")], "length")


class Ends(Struct, frozen=True):
    """The values between which a lowering stands.

    Attributes:
        x: the value that is resampled.
        y: the value that the resize makes.
        sizes: the value that holds the output lengths, one an axis; empty where none does.
    """

    x: str
    y: str
    sizes: str = ""
