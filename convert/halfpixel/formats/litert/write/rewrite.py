"""Operators of a LiteRT model written anew, each in its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from struct import pack

from msgspec.structs import replace

from halfpixel.errors import ConventionError, GraphError, reason_of
from halfpixel.format import Change, Outcome
from halfpixel.formats.litert.edit import Flagged, LitertEdit, Place, Written
from halfpixel.formats.litert.graph import Graph, Node, Options, Value
from halfpixel.formats.litert.read.resampling import OPTIONS
from halfpixel.formats.litert.read.sites import LitertPlace
from halfpixel.formats.litert.write.plan import plan_of
from halfpixel.formats.plan import Copy, Gather, Matrix, Pixels, Plan, Product, Said
from halfpixel.printable import printable
from halfpixel.sampling import Weights

LAST = {2: 1, 3: 2}
"""Axes of a site, which has its channels first, where the file has them."""

FLAGS = ("align_corners", "half_pixel_centers")
HALF_SINCE = 3
"""Version of both resizes that came with half_pixel_centers."""

GATHER_OPTIONS, RESHAPE_OPTIONS, MATMUL_OPTIONS = 23, 17, 101
GATHERS_BYTES = {"INT8": 2, "UINT8": 1, "FLOAT32": 1, "INT32": 1, "INT64": 1, "INT16": 4, "BOOL": 3}
"""Version of GATHER by the type that it moves.

Source: TensorFlow 2.21 `compiler/mlir/lite/tools/versioning/op_version.cc`.
"""


def rewritten(
    places: Sequence[LitertPlace],
    graphs: dict[int, Graph],
    before: LitertEdit,
    changes: Sequence[Change],
) -> tuple[LitertEdit, list[Outcome]]:
    """Return how a model differs from its file once changes are made, as far as they can be.

    Args:
        places: its sites.
        graphs: the graphs that they stand in, as the file has them.
        before: how it differs already.
        changes: what sites should compute.
    """
    made: dict[Place, Flagged | Written] = dict(before.changes)
    outcomes: list[Outcome] = []
    for change in changes:
        place = places[change.site]
        try:
            at, now, plan = _made(place, graphs[place.graph], made, change)
        except (ConventionError, GraphError) as error:
            outcomes.append(Outcome.declined(place.site, change.why, reason_of(error)))
            continue
        made[at] = now
        outcomes.append(
            Outcome.made(
                place.site,
                change,
                text=plan.text,
                before=(_line(place.node.op, place.site.operation.attributes),),
                after=_after(place.node.op, now),
            )
        )
    lines = [f"{printable(one.node)}: {one.why}: {one.text}" for one in outcomes if one.text]
    if not lines:
        return before, outcomes
    return LitertEdit(made, (*before.record, *lines)), outcomes


def _line(op: str, flags: Mapping[str, object]) -> str:
    """Return an operator in one line."""
    return f"{op}({', '.join(f'{name}={bool(value)}' for name, value in flags.items())})"


def _after(op: str, now: Flagged | Written) -> tuple[str, ...]:
    if isinstance(now, Written):
        return tuple(node.op for node in now.nodes)
    return (_line(op, dict(zip(FLAGS, now.options.fields.values(), strict=True))),)


def _made(
    place: LitertPlace,
    graph: Graph,
    made: dict[Place, Flagged | Written],
    change: Change,
) -> tuple[Place, Flagged | Written, Plan]:
    plan, _ = plan_of(place, change)
    order = [node.outputs for node in graph.nodes]
    at = place.graph, order.index(place.node.outputs)
    if isinstance(made.get(at), Written):
        raise ConventionError("it was written as several operators before")
    match plan:
        case Said():
            return at, _flagged(place.node, plan), plan
        case Copy() | Gather() | Product():
            new = [one for key, one in made.items() if key[0] == at[0] and isinstance(one, Written)]
            first = len(graph.values) + sum(len(one.values) for one in new)
            later = [key for key in made if key[0] == at[0] and key > at]
            if any(isinstance(made[key], Written) for key in later):
                raise ConventionError("an operator behind it was written anew before")
            steps = () if isinstance(plan, Copy) else plan.steps
            return at, _Operators(graph, place.node, first).written(steps), plan
        case _:
            raise ConventionError("LiteRT has no such operators")


def _flagged(node: Node, plan: Said) -> Flagged:
    if plan.op != node.op:
        raise ConventionError(f"{node.op} does not become {plan.op}")
    kind, first = OPTIONS[node.op]
    fields = {first + k: int(bool(plan.attributes[name])) for k, name in enumerate(FLAGS)}
    half = bool(plan.attributes["half_pixel_centers"])
    return Flagged(Options(kind, fields), max(node.version, HALF_SINCE) if half else node.version)


@dataclass
class _Operators:
    """The operators in the place of one, in the making.

    Attributes:
        graph: the graph.
        node: the operator.
        first: the number of the first new tensor.
    """

    graph: Graph
    node: Node
    first: int
    nodes: list[Node] = field(default_factory=list[Node])
    values: list[Value] = field(default_factory=list[Value])

    def written(self, steps: Sequence[object]) -> Written:
        """Return what the steps of a plan become; a reshape to its own lengths where none is."""
        image = self.graph.values[self.node.inputs[0]]
        shape = tuple(n for n in image.shape or () if isinstance(n, int))
        if len(shape) != 4:
            raise ConventionError("it needs lengths that the file fixes")
        at = self.node.inputs[0]
        for step in steps:
            match step:
                case Pixels():
                    at, shape = self._gather(at, shape, step)
                case Matrix():
                    at, shape = self._product(at, shape, step)
                case _:
                    raise ConventionError("LiteRT has no such operators")
        if not self.nodes:
            self._reshape(at, shape)
        last = self.nodes[-1]
        self.values.pop()
        self.nodes[-1] = replace(last, outputs=self.node.outputs, name=self.node.name)
        return Written(tuple(self.nodes), tuple(self.values))

    def _value(self, shape: tuple[int, ...], data: bytes | None = None, dtype: str = "") -> int:
        """Return the number of a new tensor: a constant, or like the image."""
        image = self.graph.values[self.node.inputs[0]]
        at = self.first + len(self.values)
        name = f"{self.node.name}/halfpixel_{at}"
        like = self.node.inputs[0] if data is None else None
        self.values.append(Value(name, dtype or image.dtype, shape, data, like=like))
        return at

    def _add(self, op: str, version: int, inputs: Sequence[int], out: int, given: Options) -> None:
        name = self.values[out - self.first].name
        self.nodes.append(Node(name, op, version, tuple(inputs), (out,), given=given))

    def _gather(self, at: int, shape: tuple[int, ...], step: Pixels) -> tuple[int, tuple[int, ...]]:
        axis = LAST[step.axis]
        version = GATHERS_BYTES.get(self.graph.values[self.node.inputs[0]].dtype)
        if version is None:
            raise ConventionError("GATHER has no such element type")
        count = len(step.pixels)
        pixels = self._value((count,), pack(f"<{count}i", *step.pixels), "INT32")
        after = (*shape[:axis], count, *shape[axis + 1 :])
        out = self._value(after)
        self._add("GATHER", version, (at, pixels), out, Options(GATHER_OPTIONS, {0: axis}))
        return out, after

    def _product(
        self, at: int, shape: tuple[int, ...], step: Matrix
    ) -> tuple[int, tuple[int, ...]]:
        """Multiply one axis: the axes before it become one, and those behind it too."""
        axis = LAST[step.axis]
        before, behind = prod(shape[:axis]), prod(shape[axis + 1 :])
        weights = self._value((1, step.n_out, step.n_in), _rows(step.weights), "FLOAT32")
        flat = self._reshape(at, (before, step.n_in, behind))
        out = self._value((before, step.n_out, behind))
        self._add("BATCH_MATMUL", 1, (weights, flat), out, Options(MATMUL_OPTIONS, {}))
        after = (*shape[:axis], step.n_out, *shape[axis + 1 :])
        return self._reshape(out, after), after

    def _reshape(self, at: int, shape: tuple[int, ...]) -> int:
        lengths = self._value((len(shape),), pack(f"<{len(shape)}i", *shape), "INT32")
        out = self._value(shape)
        self._add("RESHAPE", 1, (at, lengths), out, Options(RESHAPE_OPTIONS, {}))
        return out


def _rows(weights: Weights) -> bytes:
    """Return W as float32, row by row."""
    out = bytearray()
    for row in weights.rows:
        line = [0.0] * weights.n_in
        for j, weight in row:
            line[j] += float(weight)
        out += pack(f"<{weights.n_in}f", *line)
    return bytes(out)
