"""What PyTorch's own graph says: the resampling calls of an ExportedProgram, before decomposition.

Nothing is lost on the way to this graph but recompute_scale_factor, which is a size by then.

Source: PyTorch `torch/export`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from halfpixel.intents.aten_call import read_call
from halfpixel.intents.pytorch_record import user_line
from halfpixel.origin import Intent
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    import torch


class GraphCall(Struct, frozen=True):
    """One resampling call of a program.

    Attributes:
        name: the node's name in PyTorch's graph.
        target: the ATen operator, such as aten.upsample_bilinear2d.vec.
        kind: resize, grid, theta, boxes or convolution.
        intent: the call; None where it is not described.
        input_shape: shape of what is resampled, symbols for free lengths; None where unknown.
        output_shape: shape of the result, likewise.
        module: path of the module that made the call, such as "neck.up".
        source: "file.py:line" of the user's own call.
        source_text: that line.
    """

    name: str
    target: str
    kind: str
    intent: Intent | None
    input_shape: Shape | None = None
    output_shape: Shape | None = None
    module: str = ""
    source: str | None = None
    source_text: str = ""

    @property
    def text(self) -> str:
        """The call as Python, or its ATen name."""
        return self.target if self.intent is None else self.intent.text


def graph_calls(program: "torch.export.ExportedProgram") -> tuple[GraphCall, ...]:
    """Return the resampling calls of a program, in the order in which they are made."""
    return tuple(_calls(program.graph))


def _calls(graph: Any) -> Iterator[GraphCall]:  # noqa: ANN401 - torch.fx is untyped here
    for node in graph.nodes:
        if node.op != "call_function":
            continue
        target = str(node.target)
        values = [*node.args, *node.kwargs.values()]
        found = read_call(target, tuple(_plain(value) for value in values), _shapes(values))
        if found is None:
            continue
        kind, intent = found
        line = user_line(str(node.meta.get("stack_trace") or ""))
        source, text = line or (None, "")
        yield GraphCall(
            str(node.name),
            target,
            kind,
            intent,
            _shapes(values)[0] if values else None,
            _shape(node),
            _module(node.meta.get("nn_module_stack")),
            source,
            text,
        )


def _plain(value: object) -> object:
    """Return an argument with tensors and symbols as texts."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in cast("Sequence[object]", value)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return f"%{value}"


def _shapes(values: Sequence[object]) -> list[Shape | None]:
    return [_shape(value) for value in values]


def _shape(node: object) -> Shape | None:
    """Return the shape of a node's value; a free length is its symbol."""
    meta = cast("Mapping[str, Any]", getattr(node, "meta", {}))
    shape = getattr(meta.get("val"), "shape", None)
    return None if shape is None else tuple(n if isinstance(n, int) else str(n) for n in shape)


def _module(stack: object) -> str:
    """Return the path of the innermost module, without the names that exporting adds."""
    if not isinstance(stack, Mapping):
        return ""
    paths = [str(path) for path, _ in cast("Mapping[str, tuple[object, object]]", stack).values()]
    path = paths[-1] if paths else ""
    return path.removeprefix("L['self'].").removeprefix("L__self__").strip("_.")


def origins(program: object, calls: Sequence[GraphCall]) -> dict[str, str]:
    """Return, for values of a decomposed program, the name of the call that each came from.

    Args:
        program: what the exporter made of the program: its nodes remember where they came from.
        calls: the calls of the program that it was made of.
    """
    names = {call.name for call in calls}
    found: dict[str, str] = {}
    graph: Any = getattr(program, "graph", None)
    for node in () if graph is None else graph.nodes:
        before = [str(one.name) for one in node.meta.get("from_node", ())]
        name = next((one for one in (*before, str(node.name)) if one in names), None)
        if name is not None:
            found[str(node.name)] = name
    return found


def placeholders(program: "torch.export.ExportedProgram") -> "list[torch.fx.Node]":
    """Return the nodes of what the user gives, in order."""
    wanted = set(program.graph_signature.user_inputs)
    nodes: Any = program.graph.nodes
    return [node for node in nodes if node.op == "placeholder" and node.name in wanted]


def unread(program: "torch.export.ExportedProgram", names: Sequence[str]) -> frozenset[str]:
    """Return the inputs of which a program reads no value: nothing, or their lengths alone."""
    found: set[str] = set()
    for name, node in zip(names, placeholders(program), strict=False):
        if all(str(user.target).startswith("aten.sym_size") for user in node.users):
            found.add(name)
    return frozenset(found)


ROLES: Final[Mapping[str, Mapping[int, str]]] = {
    "resize": {0: "image"},
    "grid": {0: "image", 1: "grid"},
    "theta": {0: "theta"},
    "boxes": {0: "image"},
}


def roles(program: "torch.export.ExportedProgram") -> dict[str, str]:
    """Return what the inputs of a program are for, where a resampling call reads them."""
    found: dict[str, str] = {}
    calls = {call.name: call for call in graph_calls(program)}
    graph: Any = program.graph
    for node in graph.nodes:
        if node.name not in calls:
            continue
        for place, role in ROLES.get(calls[node.name].kind, {}).items():
            given: Any = node.args[place] if place < len(node.args) else None
            if getattr(given, "op", "") == "placeholder":
                found.setdefault(str(given.name), role)
    return found


COARSE: Final[Mapping[str, str]] = {"torch.float16": "float16", "torch.bfloat16": "bfloat16"}


def coarse_types(program: "torch.export.ExportedProgram | None") -> tuple[str, ...]:
    """Return the element types of half precision that a program computes in."""
    if program is None:
        return ()
    graph: Any = program.graph
    values = [node.meta.get("val") for node in graph.nodes]
    found = {str(getattr(value, "dtype", "")) for value in values}
    return tuple(name for dtype, name in COARSE.items() if dtype in found)
