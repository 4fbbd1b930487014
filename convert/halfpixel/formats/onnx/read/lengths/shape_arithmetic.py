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
from halfpixel.formats.onnx.read.lengths.inference import free_dimensions, inferred
from halfpixel.formats.onnx.read.lengths.trial import Trial
from halfpixel.formats.onnx.read.scope import ANY, Scope
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.work import TooMuchWork, one_node, spend

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, ValueInfoProto

TRIALS: Final = (64, 96, 45, 50, 100, 30, 35, 224)
"""Lengths that free spatial dimensions are set to, one trial each; multiples of 32 first,
since many networks take nothing else."""

FEWEST: Final = 2
"""Trials that tell anything of a free length."""

ROUNDS: Final = 24
"""Resizes in a row whose lengths are followed one after the other."""

MOST_FACTORS: Final = 64
"""Constants of one value's arithmetic that are told."""

UINT8: Final = 2
"""The number of that type in onnx.proto."""


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
    """Return the float constants that a value's shape arithmetic multiplies by.

    Each value is looked at once for all that is computed of it.
    """
    known = cast("dict[str, frozenset[float]]", scope.memory.setdefault(factors, {}))
    waiting = [(name, False)]
    while waiting:
        current, ready = waiting.pop()
        index = scope.producers.get(current)
        node = None if index is None else scope.nodes[index]
        if node is None or node.op_type == "Shape" or (current in known and not ready):
            continue
        if not ready:
            spend()
            known[current] = frozenset()
            waiting.append((current, True))
            waiting += [(source, False) for source in node.input if source]
            continue
        found = [known[source] for source in node.input if known.get(source)]
        if node.op_type == "Mul":
            numbers = (scope.numbers(source) or () for source in node.input)
            floats = (one for one in numbers if all(isinstance(v, float) for v in one))
            found += [frozenset(one) for one in floats if one]
        whole = max(found, key=len, default=frozenset[float]())
        if any(not one <= whole for one in found):
            whole = frozenset(sorted(whole.union(*found))[:MOST_FACTORS])
        known[current] = whole
    return tuple(sorted(known.get(name, ())))


def trials(model: "ModelProto", scope: Scope) -> list[Trial]:
    """Return the trials of a model whose main graph is `scope`; empty where none is free.

    There are fewer where they take many steps: each counts as a node.

    Raises:
        TooMuchWork: not even the first two are to be had.
    """
    if not free_dimensions(model):
        return []
    found: list[Trial] = []
    for chosen in assignments(model):
        try:
            with one_node():
                found.append(trial_at(model, scope, chosen))
        except TooMuchWork:
            if len(found) < FEWEST:
                raise
            break
    return found
