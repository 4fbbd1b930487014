"""An ML Program on its way to ONNX: the nodes so far, and its constants.

Values keep their names, so that one that a runtime is asked for is the one that the program
names. A constant becomes an initializer where a node reads it as a tensor, and is read from the
weights file only then.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from halfpixel.errors import GraphError
from halfpixel.formats.coreml.messages import MilOperation
from halfpixel.formats.coreml.read.program import (
    MilScope,
    named,
)
from halfpixel.formats.coreml.read.weights import array_of
from halfpixel.formats.onnx.write.builder import Nodes
from halfpixel.runtimes.mil_as_onnx.constexpr import decompressed

if TYPE_CHECKING:
    from onnx import TensorProto

    from halfpixel.arrays import Array


OPSET: Final = 20
"""The one opset that programs are lowered to; its ir_version is 9."""

LAST: Final = (1 << 63) - 1
"""As an end of ONNX's Slice: up to the end, or with its sign the start."""


def code_of(dtype: str) -> int:
    """Return ONNX's number of an element type.

    Raises:
        GraphError: values of this type are not lowered.

    >>> code_of("float16"), code_of("bool")
    (10, 9)
    """
    import numpy as np
    from onnx import helper

    try:
        return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
    except (TypeError, ValueError, KeyError) as error:
        raise GraphError("", "", f"values of type {dtype} are not lowered to ONNX") from error


@dataclass
class Graph:
    """The nodes of a program, as far as it is lowered.

    Attributes:
        scope: the block that is lowered.
        nodes: the nodes and the names that are taken.
        initializers: the constants that nodes read, by name.
    """

    scope: MilScope
    nodes: Nodes
    initializers: "dict[str, TensorProto]" = field(default_factory=lambda: {})  # noqa: PIE807
    _arrays: "dict[str, Array]" = field(default_factory=lambda: {})  # noqa: PIE807

    def array(self, name: str) -> "Array | None":
        """Return the constant that a name stands for, decompressed; None for a computed value.

        Raises:
            GraphError: its record in the weights file is broken.
            ModelFileError: the weights file is missing.
        """
        if name in self._arrays:
            return self._arrays[name]
        value = self.scope.constant(name)
        if value is not None:
            return array_of(value, self.scope.package, name)
        made = self.scope.producer(name)
        if made is None:
            return None
        scope, place = made
        operation = scope.block.operations[place]
        if not operation.type.startswith("constexpr_"):
            return None
        results = decompressed(operation, lambda parameter: self.argument(operation, parameter))
        for out, array in zip(named(iter(operation.outputs)), results, strict=True):
            self._arrays[out] = array
        return self._arrays[name]

    def argument(self, operation: MilOperation, parameter: str) -> "Array | None":
        """Return a parameter that is a constant; None where it is none, or left out.

        The compressed constants of iOS 16 keep their parameters among the attributes.
        """
        name, value = self.scope.argument(operation, parameter)
        if value is None and not name and operation.type.startswith("constexpr_"):
            value = operation.attributes.get(parameter)
        if value is not None:
            return array_of(value, self.scope.package, name or parameter)
        return self.array(name) if name else None

    def value(self, name: str) -> str:
        """Return a name that nodes can read; a constant becomes an initializer."""
        if name not in self.initializers:
            found = self.array(name)
            if found is not None:
                self.keep(name, found)
                self._arrays.pop(name, None)
        return name

    def keep(self, name: str, array: "Array") -> str:
        """Add an initializer and return its name."""
        import numpy as np
        from onnx import numpy_helper

        self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(array).reshape(
            array.shape), name)  # fmt: skip
        return name
