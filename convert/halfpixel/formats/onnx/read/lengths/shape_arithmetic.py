"""What a model's own shape arithmetic gives, tried at concrete sizes.

Where scales, sizes or gather indices are computed from free dimensions, the graph is a
function of those dimensions. It is evaluated by onnx itself: shape inference with the
symbols set to numbers gives every shape, and onnx's reference evaluator runs the few nodes
between those shapes and the value that is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions.onnx.resize import RESIZES
from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.constants import Numbers
from halfpixel.formats.onnx.read.lengths.evaluator import evaluated
from halfpixel.formats.onnx.read.lengths.inference import free_dimensions, inferred
from halfpixel.formats.onnx.read.lengths.made import Made
from halfpixel.formats.onnx.read.scope import ANY, Scope
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto

TRIALS: Final = (64, 96, 45, 50, 100, 30, 35, 224)
"""Lengths that free spatial dimensions are set to, one trial each; multiples of 32 first,
since many networks take nothing else."""

ROUNDS: Final = 24
"""Resizes in a row whose lengths are followed one after the other."""

MOST_NODES: Final = 400

FEW: Final = 4096
"""Numbers of a value that a trial remembers: lists of lengths, no tables of an image."""

UINT8: Final = 2
"""The number of that type in onnx.proto."""

NUMERIC: Final = "biuf"
"""Kinds of numpy's types that lengths, indices and scales may be computed in."""


def assignments(model: "ModelProto") -> Iterator[dict[str, int]]:
    """Yield numbers for the free dimensions: 1 for the batch, else `TRIALS`.

    A symbol that stands in several places gets one number. Bytes of three axes are one image, with
    its height first.
    """
    free = free_dimensions(model)
    symbols = {
        f"{value.name}:{axis}": dim.dim_param
        for value in model.graph.input
        for axis, dim in enumerate(value.type.tensor_type.shape.dim)
    }
    images = {value.name for value in model.graph.input if _is_image(value)}
    for step in range(len(TRIALS)):
        chosen: dict[str, int] = {}
        by_symbol: dict[str, int] = {}
        for place, key in enumerate(free):
            name, _, axis = key.rpartition(":")
            batch = axis == "0" and name not in images
            number = 1 if batch else TRIALS[(step + (place % 2) * (step % 3)) % len(TRIALS)]
            symbol = symbols.get(key) or key
            chosen[key] = by_symbol.setdefault(symbol, number)
        yield chosen


def _is_image(value: "ValueInfoProto") -> bool:
    kind = value.type.tensor_type
    return kind.elem_type == UINT8 and len(kind.shape.dim) == 3


class Trial:
    """One setting of the free dimensions: every shape, and values computed from shapes."""

    def __init__(self, scope: Scope, shapes: dict[str, Shape]) -> None:
        """Take the main graph and the shapes of its values at these lengths."""
        self._scope = scope
        self.shapes = shapes
        self._known: dict[str, NDArray[np.generic]] = {}
        self._asked: dict[str, NDArray[np.generic] | None] = {}
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
        needed = self._ancestors(name)
        if needed is None:
            return None
        try:
            found, made = evaluated(*needed, self._scope.opset("") or 18, self._known)
        except Exception:
            import logging

            logging.getLogger(__name__).debug("%s is not computed", name, exc_info=True)
            return None
        self._known.update((key, one) for key, one in made.items() if one.size <= FEW)
        if found is not None and found.dtype.kind not in NUMERIC:
            raise GraphError("", "", f"{name!r} is computed as {found.dtype}, expected numbers")
        return found

    def _ancestors(self, name: str) -> "tuple[str, list[NodeProto], list[TensorProto]] | None":
        """Return a value's name, the nodes between known shapes and it, and their constants.

        Values of a function's body are told from those around it by their depth.
        """
        from onnx import TensorProto, helper

        wanted, seen = [Made.of(self._scope, name)], set[str]()
        found: dict[tuple[int, int], NodeProto] = {}
        constants: list[TensorProto] = []
        while wanted:
            at = wanted.pop()
            if not at.name or at.unique in seen:
                continue
            seen.add(at.unique)
            if at.unique in self._known:
                continue
            tensor = at.scope.constants.get(at.name)
            if tensor is not None:
                if tensor.data_location == TensorProto.EXTERNAL:
                    return None
                constants.append(at.called(tensor))
                continue
            index = at.scope.producers.get(at.name)
            if index is None or len(found) > MOST_NODES:
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
                tensor = helper.make_tensor(at.unique, TensorProto.INT64, [len(part)], part)
                constants.append(tensor)
                continue
            sources = [Made.of(at.scope, source) for source in node.input]
            found[at.depth, index] = at.renamed(node, sources)
            wanted += sources
        nodes = [found[place] for place in sorted(found)]
        return Made.of(self._scope, name).unique, nodes, constants

    def _lengths_at(self, at: "Made") -> tuple[int, ...] | None:
        if not at.depth:
            return self.lengths(at.name)
        shape = at.scope.shape(at.name)
        if shape is None or not all(isinstance(dim, int) for dim in shape):
            return None
        return cast("tuple[int, ...]", shape)


def trial_at(model: "ModelProto", scope: Scope, lengths: Mapping[str, int]) -> Trial:
    """Return a trial, with the outputs of resizes that inference itself cannot follow."""
    resizes = [node for node in scope.nodes if _is_resize(node)]
    found: dict[str, Sequence[int]] = {}
    trial = Trial(scope, inferred(model, lengths).shapes)
    for _ in range(ROUNDS if resizes else 0):
        new: dict[str, Sequence[int]] = {}
        for node in resizes:
            try:
                given = scope.attributes(node)
            except GraphError:
                continue  # which the site itself tells
            if trial.lengths(node.output[0]) is None and "axes" not in given:
                resized = _resized(trial, node, given.get("scales"))
                new |= {} if resized is None else {node.output[0]: resized}
        if new.keys() <= found.keys():
            break  # lengths of nothing stay so
        found |= new
        trial = Trial(scope, inferred(model, lengths, found).shapes)
    return trial


def _is_resize(node: "NodeProto") -> bool:
    return node.op_type in RESIZES and bool(node.input) and bool(node.output)


def _resized(trial: Trial, node: "NodeProto", scales: object) -> list[int] | None:
    """Return the output shape of one resize from its scales or sizes."""
    shape = trial.lengths(node.input[0])
    if shape is None:
        return None
    numbers = cast("Sequence[float] | None", scales)
    for place in (1,) if len(node.input) == 2 else (2, 3):
        name = node.input[place] if place < len(node.input) else ""
        value = trial.value(name) if name else None
        if value is None or value.size != len(shape):
            continue
        if place == 3:
            return [int(v) for v in value.ravel().tolist()]
        numbers = [float(v) for v in value.ravel().tolist()]
    if numbers is None or len(numbers) != len(shape):
        return None
    return [output_length_float32(n, s) for n, s in zip(shape, numbers, strict=True)]


class Fixed:
    """Values that follow from the lengths that a model fixes, its batch apart."""

    def __init__(self, model: "ModelProto", scope: Scope) -> None:
        """Take a model and its main graph; nothing is computed before it is asked for."""
        self._model, self._scope = model, scope
        self._trials: list[Trial] | None = None

    def value(self, name: str) -> Numbers | None:
        """Return the numbers of a value, `ANY` for a length that is the free batch.

        None where the value needs data, or other dimensions of the inputs that are free.
        """
        if self._trials is None:
            self._trials = self._prepared() or [Trial(self._scope, {})]
        found: list[list[float]] = []
        for trial in self._trials:
            value = trial.value(name)
            if value is None:
                return None
            found.append([float(v) for v in value.ravel().tolist()])
        if not found or len({len(numbers) for numbers in found}) > 1:
            return None
        out = [values[0] if len(set(values)) == 1 else ANY for values in zip(*found, strict=True)]
        whole = all(v == int(v) for v in out)
        return tuple(int(v) for v in out) if whole else tuple(out)

    def _prepared(self) -> list[Trial]:
        """Return trials at two batch sizes; none where more than the batch is free."""
        free = free_dimensions(self._model)
        if any(not key.endswith(":0") for key in free):
            return []
        batches = (2, 3) if free else (1,)
        chosen = [dict.fromkeys(free, batch) for batch in batches]
        return [trial_at(self._model, self._scope, lengths) for lengths in chosen]


def factors(scope: Scope, name: str) -> tuple[float, ...]:
    """Return the float constants that a value's shape arithmetic multiplies by."""
    wanted, seen, found = [name], {name}, set[float]()
    while wanted and len(seen) < MOST_NODES:
        index = scope.producers.get(wanted.pop())
        if index is None:
            continue
        node = scope.nodes[index]
        if node.op_type == "Shape":
            continue
        for source in node.input:
            values = scope.numbers(source) if node.op_type == "Mul" else None
            if values and all(isinstance(v, float) for v in values):
                found.update(float(v) for v in values)
            if source and source not in seen:
                seen.add(source)
                wanted.append(source)
    return tuple(sorted(found))


def trials(model: "ModelProto", scope: Scope) -> list[Trial]:
    """Return the trials of a model whose main graph is `scope`; empty where none is free."""
    if not free_dimensions(model):
        return []
    return [trial_at(model, scope, chosen) for chosen in assignments(model)]
