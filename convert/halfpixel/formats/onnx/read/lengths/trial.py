"""One setting of a model's free dimensions: the shapes there, and what is computed of them."""

from collections import ChainMap
from typing import TYPE_CHECKING, Final, cast

from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.lengths.evaluator import COMPUTED, evaluated
from halfpixel.formats.onnx.read.lengths.made import Made
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.surroundings import Shape
from halfpixel.work import spend

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto, TensorProto

FEW: Final = 4096
"""Numbers of a value that a trial remembers: lists of lengths, no tables of an image."""

MANY: Final = 4
"""Larger values that a trial remembers."""

NUMERIC: Final = "biuf"
"""Kinds of numpy's types that lengths, indices and scales may be computed in."""


class Trial:
    """One setting of the free dimensions: every shape, and values computed from shapes."""

    def __init__(self, scope: Scope, shapes: dict[str, Shape]) -> None:
        """Take the main graph and the shapes of its values at these lengths."""
        self._scope = scope
        self.shapes = shapes
        self._known: dict[str, NDArray[np.generic]] = {}
        self._asked: dict[str, NDArray[np.generic] | None] = {}
        self._large: dict[str, NDArray[np.generic]] = {}
        self._closed: set[str] = set()
        self._inner: dict[int, Trial] = {}

    def within(self, scope: Scope) -> "Trial":
        """Return the same trial for the values that are seen in a scope."""
        if scope is self._scope:
            return self
        return self._inner.setdefault(id(scope), Trial(scope, self.shapes))

    def lengths(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a value where every length is a number."""
        shape = self.shapes.get(name) or self._scope.shape(name)
        if shape is None or not all(isinstance(dim, int) for dim in shape):
            return None
        return cast("tuple[int, ...]", shape)

    def value(self, name: str) -> "NDArray[np.generic] | None":
        """Return a value that is computed from shapes and constants alone; each is made once."""
        if name not in self._asked:
            found = self._computed(name)
            if found is not None and found.size > FEW:
                return found
            self._asked[name] = found
        return self._asked[name]

    def _computed(self, name: str) -> "NDArray[np.generic] | None":
        at = Made.of(self._scope, name)
        needed = self._needed(at)
        if needed is None or not at.name:
            return None
        nodes, constants = needed
        known = ChainMap(self._known, dict(self._large))  # of which some may be forgotten
        made: dict[str, NDArray[np.generic]] = {}
        for new in evaluated(nodes, constants, self._scope.opset("") or 18, known):
            made.update(new)
            self._remember(new)
        found = made.get(at.unique, known.get(at.unique))
        if found is None:
            failed = next((node for node in nodes if not made.keys() >= set(node.output)), None)
            self._closed.update([at.unique, *(failed.output if failed is not None else ())])
            return None
        if found.dtype.kind not in NUMERIC:
            raise GraphError("", "", f"{name!r} is computed as {found.dtype}, expected numbers")
        return found

    def _remember(self, new: "Mapping[str, NDArray[np.generic]]") -> None:
        for key, one in new.items():
            if one.size <= FEW:
                self._known[key] = one
                continue
            if len(self._large) >= MANY:
                del self._large[next(iter(self._large))]
            self._large[key] = one

    def _needed(self, wanted: "Made") -> "tuple[list[NodeProto], list[TensorProto]] | None":
        """Return the nodes between what is known and a value, each behind those that it needs.

        With them go the constants that they need. None where the value needs data: it is closed,
        and so is all that needs it, so that each value is looked at once. Values of a function's
        body are told from those around it by their depth.
        """
        nodes: dict[tuple[int, int], NodeProto] = {}
        constants: list[TensorProto] = []
        seen: set[str] = set()
        path: list[str] = []
        waiting: list[tuple[Made, tuple[tuple[int, int], NodeProto] | None]] = [(wanted, None)]
        while waiting:
            at, ready = waiting.pop()
            if ready is not None:
                nodes.setdefault(*ready)
                path.pop()
                continue
            known = at.unique in self._known or at.unique in self._large
            if not at.name or at.unique in seen or known:
                continue
            spend()
            seen.add(at.unique)
            path.append(at.unique)
            step = None if at.unique in self._closed else self._maker(at)
            if step is None:
                self._closed.update(path)
                return None
            if not isinstance(step, tuple):
                constants.append(step)
                path.pop()
                continue
            place, node, sources = step
            waiting.append((at, (place, node)))
            waiting += [(source, None) for source in sources]
        return list(nodes.values()), constants

    def _maker(
        self, at: "Made"
    ) -> "tuple[tuple[int, int], NodeProto, list[Made]] | TensorProto | None":
        """Return the constant that a value is, or its node's place, it, and what it reads."""
        from onnx import TensorProto, helper

        tensor = at.scope.constants.get(at.name)
        if tensor is not None:
            return None if tensor.data_location == TensorProto.EXTERNAL else at.called(tensor)
        index = at.scope.producers.get(at.name)
        if index is None:
            return None
        node = at.scope.nodes[index]
        shaped = node.op_type == "Shape" and node.input
        dims = self._lengths_at(Made.of(at.scope, node.input[0])) if shaped else None
        if shaped and dims is None and not self.shapes:
            return None  # it follows from what is free
        if dims is not None:
            given = at.scope.attributes(node)
            start, end = int(str(given.get("start", 0))), given.get("end")
            part = dims[start : int(str(end)) if end is not None else None]
            return helper.make_tensor(at.unique, TensorProto.INT64, [len(part)], part)
        if node.op_type not in COMPUTED:
            return None
        sources = [Made.of(at.scope, source) for source in node.input]
        return (at.depth, index), at.renamed(node, sources), sources

    def _lengths_at(self, at: "Made") -> tuple[int, ...] | None:
        if not at.depth:
            return self.lengths(at.name)
        shape = at.scope.shape(at.name)
        if shape is None or not all(isinstance(dim, int) for dim in shape):
            return None
        return cast("tuple[int, ...]", shape)
