"""An ONNX model whose inner values can be asked for, where nodes call functions or hold graphs.

Functions are inlined. What a branch of an If, or the body of a Loop or Scan, computes becomes an
output of that node: of a branch that is not taken it is empty, of a body it is stacked, one
iteration after the other (ONNX operators If-16, Loop-16 and Scan-16).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from halfpixel.errors import HalfpixelError
from halfpixel.format import SiteValues, Value
from halfpixel.formats.onnx.memory import in_memory
from halfpixel.formats.onnx.model import OnnxModel
from halfpixel.formats.onnx.read.scope import name_of
from halfpixel.runtimes.inside.inner_values import Container, Opening, inner_values, own_name
from halfpixel.runtimes.onnxruntime_ import OnnxRunning
from halfpixel.site import Site

if TYPE_CHECKING:
    from onnx import ModelProto

    from halfpixel.arrays import Array

MOST_VALUES: Final = 256
"""Inner values up to which all are asked for; of more, those at resampling nodes alone."""

MOST_BYTES: Final = 1 << 29
"""Bytes of a model file that is changed to be asked."""


@dataclass
class LaidOpen(OnnxModel):
    """A model whose inner values are outputs of the nodes that hold them.

    Attributes:
        inner: the names that inner values have in the main graph, by container and own name.
        inside: what is made inside of each node of the main graph.
        depths: Loops and Scans that a value is stacked by.
        own: names of the nodes of its functions.
        before: its sites as they were before.
        closed: the model with its functions inlined, and otherwise as it was.
        typed: the same with inferred types.
        wanted: names of inner values that may be asked for; None for all.
        untaken: outputs of sites in branches that are not taken, which stand between no values.
    """

    inner: dict[Container, dict[str, str]] = field(default_factory=dict[Container, dict[str, str]])
    inside: dict[int, list[Value]] = field(default_factory=dict[int, list[Value]])
    depths: dict[str, int] = field(default_factory=dict[str, int])
    own: frozenset[str] = frozenset()
    before: Sequence[Site] = ()
    closed: bytes = b""
    typed: "ModelProto | None" = None
    wanted: set[str] | None = None
    untaken: frozenset[str] = frozenset()

    def returning(self, names: Sequence[str]) -> bytes:
        """Return the model, serialized, with some inner values as outputs of the nodes around."""
        from onnx import ModelProto

        if not names or self.typed is None:
            return self.closed
        proto = ModelProto.FromString(self.closed)
        Opening(proto, self.typed, self.wanted, self.own, asked=frozenset(names)).open()
        return proto.SerializeToString()

    @property
    def sites(self) -> list[Site]:
        """Its sites, by the names and the graphs that they have where functions are called."""
        found = [replace(site, name=own_name(site.name, self.own)) for site in super().sites]
        names = [site.name for site in found]
        if [(site.name, site.op) for site in self.before] == [(one.name, one.op) for one in found]:
            return list(self.before)
        graphs: dict[str, list[str]] = {}
        for site in self.before:
            graphs.setdefault(site.name, []).append(site.graph)
        for place, site in enumerate(found):
            several, which = graphs.get(site.name, []), names[:place].count(site.name)
            if len(several) == names.count(site.name):
                found[place] = replace(site, graph=several[which])
        return found

    @property
    def values(self) -> tuple[Value, ...]:
        """Values of the main graph, those inside of a node before its own."""
        if self._values is None:
            found: list[Value] = []
            for index, node in enumerate(self.proto.graph.node):
                found += self.inside.get(index, ())
                called, reads = own_name(name_of(node), self.own), tuple(filter(None, node.input))
                made = (name for name in node.output if name and name not in self.depths)
                found += [Value(name, called, node.op_type, reads) for name in made]
            self._values = tuple(found)
        return self._values

    @property
    def site_values(self) -> tuple[SiteValues, ...]:
        """The values between which each site stands, by their names in the main graph."""
        ends = zip(super().site_values, self.places, strict=True)
        return tuple(self._ends(one, place.scope.container) for one, place in ends)

    def _ends(self, own: SiteValues, container: Container) -> SiteValues:
        known: Mapping[str, str] = {} if own.main else self._visible(container)
        if own.main or known.get(own.output, own.output) in {own.output, *self.untaken}:
            return own
        inputs = tuple(known.get(name, name) for name in own.inputs)
        return SiteValues(
            known.get(own.data, own.data), known[own.output], main=True, inputs=inputs
        )

    def _visible(self, container: Container) -> Mapping[str, str]:
        """Return the names that a graph sees, and those they have in the main graph."""
        seen: dict[str, str] = {}
        for length in range(1, len(container) + 1, 3):
            seen |= self.inner.get(container[:length], {})
        return seen


class IterationRunning(OnnxRunning):
    """One iteration of what Loops and Scans compute, of a model that is laid open.

    Attributes:
        iteration: which one; of several within each other, of the outermost, and the first of
            the others.
    """

    iteration: int = 0

    @property
    def values(self) -> Sequence[str]:
        """Values of the main graph, and those of inner graphs, what bodies are given too."""
        return tuple(dict.fromkeys((*super().values, *self._depths)))

    @property
    def stacked(self) -> bool:
        """Whether a Loop or Scan stacks any of them."""
        return any(self._depths.values())

    @property
    def _depths(self) -> Mapping[str, int]:
        return self.model.depths if isinstance(self.model, LaidOpen) else {}

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs, or the values that are wanted.

        Those that are stacked are asked for one by one, as they take the memory of all iterations.
        """
        depths = self._depths
        stacked = [name for name in wanted if depths.get(name)]
        found: dict[str, Array] = {}
        rest = [name for name in wanted if name not in stacked]
        for names in ([rest] if rest or not wanted else []) + [[name] for name in stacked]:
            found |= self._ran(feeds, names)
        return {name: found[name] for name in wanted or found}

    def _ran(self, feeds: "Mapping[str, Array]", names: Sequence[str]) -> "dict[str, Array]":
        closed, depths = self.data, self._depths
        inner = [name for name in names if name in depths]
        try:
            if inner and isinstance(self.model, LaidOpen):
                self.data = self.model.returning(inner)
            found = super().run(feeds, names)
        finally:
            self.data = closed
        return {name: self._cut(array, depths.get(name, 0)) for name, array in found.items()}

    def _cut(self, array: "Array", depth: int) -> "Array":
        """Return one iteration of what is stacked; nothing where there are not as many."""
        if not depth or array.ndim < depth:
            return array
        if self.iteration >= array.shape[0] or not all(array.shape[:depth]):
            return array.reshape(-1)[:0]
        cut: Array = array[(self.iteration, *(0,) * (depth - 1))]
        return cut


def laid_open(running: object) -> IterationRunning | None:
    """Return a model that can be asked for its inner values; None where it cannot.

    Args:
        running: the model as it runs.
    """
    if not isinstance(running, OnnxRunning) or running.size > MOST_BYTES:
        return None
    source = running.side.source
    try:
        if isinstance(source, str | Path):
            data = Path(source).read_bytes()
        else:
            data = running.data or in_memory(source).SerializeToString()
        model = opened_up(data)
        if model is None:
            return None
        model.before = running.model.sites
        return IterationRunning(running.side, running.settings, model, model.closed)
    except (HalfpixelError, OSError, ValueError):
        return None


def opened_up(data: bytes) -> LaidOpen | None:
    """Return a serialized model with its inner values laid open; None where it has none."""
    from onnx import ModelProto, inliner, shape_inference

    proto = ModelProto.FromString(data)
    own: frozenset[str] = frozenset()
    if proto.functions:
        own = frozenset(node.name for one in proto.functions for node in one.node if node.name)
        try:
            proto = inliner.inline_local_functions(proto)
        except Exception:  # noqa: BLE001 - what it refuses stays as it is
            return None
    nested = inner_values(proto.graph)
    if not (nested or own):
        return None
    typed, closed = proto, proto.SerializeToString()
    if nested:
        try:
            typed = shape_inference.infer_shapes(proto)
        except Exception:  # noqa: BLE001 - types that the file declares are left
            typed = ModelProto.FromString(closed)
    wanted = None
    if nested > MOST_VALUES:
        ends = [end for end in OnnxModel(proto, None).site_values if not end.main]
        wanted = {name for end in ends for name in (end.data, end.output, *end.inputs)}
    opening = Opening(proto, typed, wanted, own)
    opening.open()
    return LaidOpen(
        proto, None, inner=opening.names, inside=opening.inside, depths=opening.depths, own=own,
        closed=closed, typed=typed, wanted=wanted,
    )  # fmt: skip
