"""Where a value is made: in a graph, around it, or outside the function whose input it is."""

from typing import TYPE_CHECKING

from msgspec import Struct

from halfpixel.formats.onnx.read.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import NodeProto, TensorProto


class Made(Struct, frozen=True):
    """A value where it is made: a function's formal input is what is passed for it.

    Attributes:
        scope: the graph or the body that it is made in.
        name: its name there.
        depth: how many functions are around it.
    """

    scope: Scope
    name: str
    depth: int

    @staticmethod
    def of(scope: Scope, name: str) -> "Made":
        """Return where a value is made that is seen in a scope."""
        scope, name = scope.resolve(name)
        while scope.outer is not None:
            if name in scope.producers or name in scope.constants:
                break
            scope, name = scope.outer.resolve(name)
        depth, around = int(scope.container[0] == "function" and not scope.bound), scope
        while around.bound or around.outer is not None:
            depth += 1
            inner = next(iter(around.bound.values()), None)
            around = around.outer or (inner[0] if inner is not None else around)
        return Made(scope, name, depth)

    @property
    def unique(self) -> str:
        """A name that no value of another scope has."""
        return f"{self.depth}/{self.name}" if self.depth and self.name else self.name

    def called(self, tensor: "TensorProto") -> "TensorProto":
        """Return a constant by its unique name."""
        if not self.depth:
            return tensor
        copy = type(tensor)()
        copy.CopyFrom(tensor)
        copy.name = self.unique
        return copy

    def renamed(self, node: "NodeProto", sources: "Sequence[Made]") -> "NodeProto":
        """Return a node by the unique names of its inputs and outputs."""
        if not self.depth:
            return node
        copy = type(node)()
        copy.CopyFrom(node)
        del copy.input[:], copy.output[:]
        copy.input.extend(source.unique for source in sources)
        outputs = (Made(self.scope, name, self.depth).unique for name in node.output)
        copy.output.extend(outputs)
        return copy
