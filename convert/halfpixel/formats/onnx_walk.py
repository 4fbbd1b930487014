"""The walk over an ONNX model: every graph, subgraph and function body, every site."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from halfpixel.conventions.torch_call import closest_nearest
from halfpixel.errors import GraphError
from halfpixel.formats.onnx_hidden import HIDING, find_blends, gather_nd, read_gather
from halfpixel.formats.onnx_hidden import Gather, gather_operation, pool_operation
from halfpixel.formats.onnx_node import OPS, Described, describe
from halfpixel.formats.onnx_scope import Scope, subgraphs
from halfpixel.formats.onnx_trial import LARGEST_GRAPH, Fixed, Trial, factors, inferred, trials
from halfpixel.intent import intent_of, version_of
from halfpixel.intents.pytorch_record import STACK_TRACE, is_resampling_line, user_line
from halfpixel.sampling import AffineGrid, Resize
from halfpixel.site import Dynamic, Layer, Operation, Producer, Shape, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from onnx import FunctionProto, ModelProto, NodeProto, ValueInfoProto

NESTING: Final = frozenset({"If", "Loop", "Scan", "SequenceMap"})
DEEPEST: Final = 64
CARRIES: Final = frozenset({"Reshape", "Transpose", "Cast", "Identity", "Squeeze", "Unsqueeze"})


@dataclass(slots=True)
class Walk:
    """One walk over one model.

    Attributes:
        model: the model, or its skeleton.
        folder: folder that external data is relative to.
    """

    model: "ModelProto"
    folder: Path | None
    producer: Producer = field(init=False)
    functions: "Mapping[tuple[str, str], FunctionProto]" = field(init=False)
    _known: dict[object, Operation] = field(default_factory=dict)
    _alike: dict[object, Operation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read what belongs to the whole model."""
        name = self.model.producer_name.strip().lower()
        self.producer = Producer(name, version_of(self.model.producer_version))
        self.functions = {(f.domain, f.name): f for f in self.model.functions}

    def sites(self) -> list[Site]:
        """Return every site of the model, in graph order.

        Raises:
            GraphError: a cycle, functions that call themselves, or graphs nested too deep.
        """
        main = self._main()
        found = list(self._walk(main, 0))
        if any(_unsettled(site) for site in found):
            found = self._with_trials(main, found)
        return [site for site in found if not _ordinary(site)]

    def _main(self) -> Scope:
        graph = self.model.graph
        values = [*graph.value_info, *graph.input, *graph.output]
        main = Scope(
            path="",
            nodes=graph.node,
            opsets={entry.domain: entry.version for entry in self.model.opset_import},
            folder=self.folder,
            constants={tensor.name: tensor for tensor in graph.initializer},
            values={value.name: value for value in values},
        )
        main.producers  # noqa: B018 - refuses a cycle, before anything follows it
        if self._lacks_shapes(main):
            found = inferred(self.model)
            main.shapes.update(found.shapes)
            main.types.update(found.types)
        if len(main.nodes) <= LARGEST_GRAPH:
            main.compute = Fixed(self.model, main).value
        return main

    def _lacks_shapes(self, main: Scope) -> bool:
        """Whether a site stands on a value whose shape the file does not carry."""
        if len(main.nodes) > LARGEST_GRAPH:
            return False
        wanted = OPS | HIDING
        return any(
            node.op_type in wanted and node.input and main.shape(node.input[0]) is None
            for node in main.nodes
        )

    def _walk(self, scope: Scope, depth: int) -> Iterator[Site]:
        if depth > DEEPEST:
            raise GraphError("", scope.path, f"graphs are nested deeper than {DEEPEST}")
        gathers: dict[str, tuple[Gather, NodeProto]] = {}
        for node in scope.nodes:
            op = node.op_type
            if op in OPS and node.domain in {"", "ai.onnx"}:
                yield self._site(scope, node)
            elif op in HIDING:
                yield from self._hidden(scope, node, gathers)
            elif op in NESTING:
                for name, attribute in subgraphs(node):
                    graphs = attribute.graphs or [attribute.g]
                    for graph in graphs:
                        path = _path(scope.path, f"{node.name or op}.{name}")
                        yield from self._walk(_inner(scope, graph, path), depth + 1)
            if self.functions and (node.domain, op) in self.functions:
                body = self._body(scope, node, self.functions[node.domain, op])
                yield from self._walk(body, depth + 1)
        if gathers:
            yield from self._gathers(scope, gathers)

    def _body(self, scope: Scope, node: "NodeProto", function: "FunctionProto") -> Scope:
        """Return the body of a function as it is called by `node`."""
        given = {a.name: a for a in function.attribute_proto} | {a.name: a for a in node.attribute}
        opsets = {entry.domain: entry.version for entry in function.opset_import}
        body = Scope(
            path=_path(scope.path, f"{node.name or function.name}.{function.name}"),
            nodes=function.node,
            opsets=opsets or scope.opsets,
            folder=scope.folder,
            constants={},
            values={value.name: value for value in function.value_info},
            bound={
                formal: (scope, actual)
                for formal, actual in zip(function.input, node.input, strict=False)
                if actual
            },
            arguments=given,
        )
        return body

    def _site(self, scope: Scope, node: "NodeProto") -> Site:
        key = _likeness(scope, node)
        if key is None:
            return self._judged(scope, node)
        known = self._alike.get(key)
        if known is None:
            site = self._judged(scope, node)
            self._alike[key] = site.operation
            return site

        def compute(inputs: "Sequence[NDArray[np.generic]]") -> "NDArray[np.float64]":
            return describe(scope, node, self.producer).compute(inputs)

        return Site(_name(node), known, scope.path, compute=compute)

    def _judged(self, scope: Scope, node: "NodeProto") -> Site:
        described = describe(scope, node, self.producer)
        operation = described.operation
        if operation.op == "GridSample":
            operation = replace(operation, fed_by=_grid_maker(scope, node))
        if operation.op in {"Resize", "Upsample"}:
            operation = replace(
                operation,
                layers=_layers(scope, node),
                model_shape=self._image(scope),
                joined=bool(node.output) and node.output[0] in scope.joined,
            )
        return self._placed(scope, node, Described(operation, described.compute))

    def _placed(self, scope: Scope, node: "NodeProto", described: Described) -> Site:
        properties = {entry.key: entry.value for entry in node.metadata_props}
        line = user_line(properties.get(STACK_TRACE, ""))
        source, text = line or (None, "")
        operation = described.operation
        intent = intent_of(operation, properties, text)
        if intent is not None:
            operation = replace(operation, intent=intent)
        if text and _spells_size(text):
            operation = replace(operation, literal_size=True)
        operation = self._known.setdefault(_key(operation), operation)
        return Site(_name(node), operation, scope.path, source, text, described.compute)

    def _image(self, scope: Scope) -> Shape | None:
        """Return the shape of the model's first input that looks like an image."""
        while scope.outer is not None:
            scope = scope.outer
        for value in self.model.graph.input:
            shape = scope.shape(value.name)
            if shape is not None and len(shape) == 4:
                return shape
        return None

    def _hidden(
        self, scope: Scope, node: "NodeProto", gathers: "dict[str, tuple[Gather, NodeProto]]"
    ) -> Iterator[Site]:
        if node.op_type == "GatherND":
            gather = read_gather(scope, node)
            if gather is not None:
                gathers[node.output[0]] = (gather, node)
            return
        properties = {entry.key: entry.value for entry in node.metadata_props}
        if not is_resampling_line(properties.get(STACK_TRACE, "")):
            return
        operation = pool_operation(scope, node, self.producer)
        if operation is not None:
            yield self._placed(scope, node, Described(operation, _no_evaluation(node)))

    def _gathers(
        self, scope: Scope, gathers: "dict[str, tuple[Gather, NodeProto]]"
    ) -> Iterator[Site]:
        """Yield the gathers of a graph, two that are blended as one linear resize."""
        ends = dict(_after_transpose(scope, gathers))
        blends = find_blends(scope, {end: gathers[start][0] for end, start in ends.items()})
        seconds = {second for second, _ in blends.values()}
        for end, start in ends.items():
            if end in seconds:
                continue
            gather, node = gathers[start]
            blend = None
            if end in blends:
                second, weights = blends[end]
                blend = (gathers[ends[second]][0], weights)
            operation = gather_operation(scope, gather, self.producer, blend)
            if operation is None:
                continue
            properties = {entry.key: entry.value for entry in node.metadata_props}
            resized = _enlarges_or_shrinks(operation)
            if resized or is_resampling_line(properties.get(STACK_TRACE, "")):
                described = Described(operation, _gather_compute(gather, blend))
                yield self._placed(scope, node, described)

    def _with_trials(self, main: Scope, found: list[Site]) -> list[Site]:
        """Complete the sites whose lengths the graph computes, at trial sizes."""
        attempts = trials(self.model, main)
        return [self._tried(main, site, attempts) if not site.graph else site for site in found]

    def _tried(self, main: Scope, site: Site, attempts: list[Trial]) -> Site:
        if not _unsettled(site):
            return site
        node = next(
            (n for n in main.nodes if (n.name or (n.output and n.output[0])) == site.name), None
        )
        if node is None:
            return site
        operation = site.operation
        if operation.hidden == "GatherND":
            gather = read_gather(main, node)
            dynamic = _gather_trials(main, gather, attempts) if gather else Dynamic()
            closest = closest_nearest(dynamic.trials, dynamic.tables, dynamic.factors)
            if closest is not None and not closest.off:
                operation = replace(operation, torch_call=closest.call.text())
        else:
            dynamic = _resize_trials(main, node, operation, attempts)
        return replace(site, operation=replace(operation, dynamic=dynamic))


def _name(node: "NodeProto") -> str:
    return node.name or (node.output[0] if node.output else node.op_type)


def _likeness(scope: Scope, node: "NodeProto") -> object:
    """Return what a plain resize has in common with others that are described alike.

    None where a node has to be looked at for itself: it carries a record, its path through the
    graph counts, or its shapes are not written in the file.
    """
    if node.op_type not in {"Resize", "Upsample"} or node.metadata_props or scope.bound:
        return None
    data, out = scope.values.get(node.input[0]), scope.values.get(node.output[0])
    if data is None or out is None:
        return None
    attributes = b"".join([a.SerializeToString() for a in node.attribute])
    if b"align_corners" in attributes or scope.arguments:
        return None
    joined = node.output[0] in scope.joined
    lengths = (data.type.SerializeToString(), out.type.SerializeToString())
    return (id(scope), node.op_type, tuple(node.input)[1:], attributes, lengths, joined)


def _path(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer else inner


def _inner(scope: Scope, graph: "ModelProto.graph", path: str) -> Scope:  # type: ignore[name-defined]
    values: Sequence[ValueInfoProto] = [*graph.value_info, *graph.input, *graph.output]
    return Scope(
        path=path,
        nodes=graph.node,
        opsets=scope.opsets,
        folder=scope.folder,
        constants={tensor.name: tensor for tensor in graph.initializer},
        values={value.name: value for value in values},
        outer=scope,
        arguments=scope.arguments,
    )


def _key(operation: Operation) -> object:
    """Return what makes two operations alike, hashable."""
    return (
        operation.op,
        operation.opset,
        tuple(sorted(operation.attributes.items())),
        operation.operator,
        operation.input_shape,
        operation.output_shape,
        operation.scales,
        operation.by,
        operation.constant_lengths,
        operation.intent,
        operation.dtype,
        operation.grid_dtype,
        operation.problem,
        operation.layers,
        operation.fed_by,
        operation.literal_size,
        operation.joined,
    )


_SIZE: Final = re.compile(r"size\s*=\s*[\[(]?\s*\d|interpolate\(\s*\w+\s*,\s*[\[(]?\s*\d|pool\dd?\([^,]*,\s*[\[(]?\d")


def _spells_size(text: str) -> bool:
    """Whether a source line gives the output size in digits.

    >>> _spells_size("y = F.interpolate(x, size=(32, 32))"), _spells_size("F.interpolate(x, s)")
    (True, False)
    """
    return bool(_SIZE.search(text))


def _unsettled(site: Site) -> bool:
    return not site.operation.constant_lengths


def _ordinary(site: Site) -> bool:
    """Whether a ConvTranspose does not upsample: no site of ours."""
    operator = site.operator
    strides = getattr(operator, "strides", None)
    return site.op == "ConvTranspose" and strides is not None and set(strides) == {1}


def _enlarges_or_shrinks(operation: Operation) -> bool:
    """Whether a gather's tables look like a resize: they ascend over the image."""
    operator = operation.operator
    if not isinstance(operator, Resize):
        return False
    for _, sampling in operator.axes:
        rows = getattr(sampling.kernel, "rows", ())
        first = [row[0][0] for row in rows]
        if first != sorted(first) or len(first) < 2:
            return False
    return bool(operator.axes) and operation.input_shape is not None


def _grid_maker(scope: Scope, node: "NodeProto") -> AffineGrid | None:
    """Return the AffineGrid that a GridSample's grid comes from, through reshapes."""
    name = node.input[1] if len(node.input) > 1 else ""
    for _ in range(8):
        found = scope.producer(name) if name else None
        if found is None:
            return None
        where, source = found
        if source.op_type == "AffineGrid":
            return AffineGrid(bool(where.attributes(source).get("align_corners", 0)))
        if source.op_type not in CARRIES:
            return None
        scope, name = where, source.input[0]
    return None


def _layers(scope: Scope, node: "NodeProto") -> tuple[Layer, ...]:
    """Return the strided layers on the main path into an aligned-corners resize."""
    attributes = scope.attributes(node)
    if attributes.get("coordinate_transformation_mode") != "align_corners":
        return ()
    name, layers = node.input[0], list[Layer]()
    for _ in range(512):
        found = scope.producer(name) if name else None
        if found is None or not found[1].input:
            break
        where, source = found
        if source.op_type in {"Conv", "MaxPool", "AveragePool"}:
            layers.append(_layer(where, source))
        scope, name = where, source.input[0]
    return tuple(reversed(layers))


def _layer(scope: Scope, node: "NodeProto") -> Layer:
    attributes = scope.attributes(node)
    shape = scope.shape(node.input[1]) if len(node.input) > 1 else None
    kernel = attributes.get("kernel_shape") or (shape[2:] if shape else ())
    lengths = tuple(int(k) for k in kernel if isinstance(k, int)) if isinstance(kernel, tuple) else ()
    strides = attributes.get("strides", (1,) * len(lengths))
    dilations = attributes.get("dilations", (1,) * len(lengths))
    pads = attributes.get("pads", (0,) * 2 * len(lengths))
    auto = str(attributes.get("auto_pad", "NOTSET"))
    same = auto.startswith("SAME")
    if isinstance(pads, tuple) and isinstance(dilations, tuple) and auto == "NOTSET":
        half = len(lengths)
        needed = [(k - 1) * int(d) for k, d in zip(lengths, dilations, strict=False)]
        total = [int(pads[i]) + int(pads[i + half]) for i in range(half)] if len(pads) == 2 * half else []
        same = total == needed
    steps = tuple(int(s) for s in strides) if isinstance(strides, tuple) else ()
    return Layer(node.op_type, lengths, steps, same)


def _after_transpose(
    scope: Scope, gathers: "Mapping[str, tuple[Gather, NodeProto]]"
) -> Iterator[tuple[str, str]]:
    """Yield (value after the Transpose behind a gather, value of the gather itself)."""
    ended: set[str] = set()
    for node in scope.nodes:
        if node.op_type == "Transpose" and node.input and node.input[0] in gathers:
            ended.add(node.input[0])
            yield node.output[0], node.input[0]
    for start in gathers:
        if start not in ended:
            yield start, start


def _gather_compute(gather: Gather, blend: "tuple[Gather, Sequence[float]] | None"):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def compute(inputs: "Sequence[NDArray[np.generic]]") -> "NDArray[np.float64]":
        y = gather_nd(inputs[0], gather)
        if blend is None:
            return y
        import numpy as np

        other, weights = blend
        part = np.asarray(weights).reshape((-1,) + (1,) * (y.ndim - 1))
        return y + (gather_nd(inputs[0], other) - y) * part

    return compute


def _no_evaluation(node: "NodeProto"):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def compute(_inputs: "Sequence[NDArray[np.generic]]") -> "NDArray[np.float64]":
        raise GraphError("", node.name, "a pooling is described, not evaluated")

    return compute


def _resize_trials(
    main: Scope, node: "NodeProto", operation: Operation, attempts: list[Trial]
) -> Dynamic:
    name = node.input[-1]
    constants = factors(main, name)
    ins, outs = operation.lengths()
    fixed_in = tuple(n for n in ins[2:] if n is not None)
    fixed_out = tuple(n for n in outs[2:] if n is not None)
    if len(fixed_in) == len(fixed_out) == operation.rank - 2:
        return Dynamic(((fixed_in, fixed_out),), factors=constants) if constants else Dynamic()
    pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for trial in attempts:
        lengths = trial.lengths(node.input[0])
        value = trial.value(name)
        if lengths is None or value is None:
            continue
        numbers = [float(v) for v in value.ravel().tolist()]
        if len(numbers) != len(lengths):
            continue
        if operation.by == "scales":
            out = tuple(int(n * s + 1e-6) for n, s in zip(lengths, numbers, strict=True))
        else:
            out = tuple(int(v) for v in numbers)
        pairs.append((lengths[2:], out[2:]))
    return Dynamic(tuple(pairs), factors=constants)


def _gather_trials(main: Scope, gather: Gather, attempts: list[Trial]) -> Dynamic:
    from halfpixel.formats.onnx_hidden import separate

    pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    tables: list[tuple[tuple[int, ...], ...]] = []
    for trial in attempts:
        lengths = trial.lengths(gather.data)
        value = trial.value(gather.indices)
        if lengths is None or value is None:
            continue
        found = separate([int(v) for v in value.ravel().tolist()], value.shape)
        if found is None:
            continue
        axes = gather.perm[: len(found)]
        pairs.append((tuple(lengths[a] for a in axes), tuple(len(t) for t in found)))
        tables.append(found)
    return Dynamic(tuple(pairs), tuple(tables), factors(main, gather.indices))



