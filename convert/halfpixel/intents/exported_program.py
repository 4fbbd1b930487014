"""What PyTorch's own graph says: the resampling calls of an ExportedProgram, before decomposition.

======================================== ================================================
ATen node                                what was called
======================================== ================================================
upsample_*, _upsample_*                  F.interpolate, nn.Upsample
adaptive_avg_pool1d, 2d, 3d              F.interpolate(mode="area"), adaptive pooling
grid_sampler                             F.grid_sample
affine_grid_generator                    F.affine_grid
conv_transpose1d, 2d, 3d; convolution    nn.ConvTranspose with a stride
torchvision.roi_align                    torchvision.ops.roi_align
======================================== ================================================

Nothing is lost on the way to this graph but recompute_scale_factor, which is a size by then.

Source: PyTorch `torch/export`, `aten/src/ATen/native/native_functions.yaml`; torchvision
`torchvision/csrc/ops/roi_align.cpp`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from halfpixel.conventions.torch_grid import (
    affine_grid_text,
    conv_transpose_text,
    grid_sample_from_aten,
    grid_sample_text,
    roi_align_text,
)
from halfpixel.conventions.torch_interpolate import Interpolate
from halfpixel.intents.pytorch_record import interpolated, user_line
from halfpixel.sampling import AffineGrid, ConvTranspose, RoiAlign
from halfpixel.site import Intent, Shape

if TYPE_CHECKING:
    import torch

AREA: Final = ("aten.adaptive_avg_pool", "aten._adaptive_avg_pool")
GRAPH: Final = "PyTorch's own graph"


@dataclass(frozen=True, slots=True)
class GraphCall:
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


def read_call(
    target: str, arguments: Sequence[object], shapes: Sequence[Shape | None] = ()
) -> tuple[str, Intent | None] | None:
    """Return the kind of a call and what it means; None for one that does not resample.

    Args:
        target: the ATen operator.
        arguments: its arguments; tensors and symbols are texts.
        shapes: shapes of the arguments that are tensors, None for the others.

    >>> read_call("aten.upsample_bilinear2d.vec", ("%x", None, True, [2.0, 2.0]))[1].text
    'F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)'
    >>> read_call("aten.relu.default", ("%x",)) is None
    True
    """
    origin = f"{GRAPH}: {target}"
    if target.startswith(("aten.upsample_", "aten._upsample_")):
        call = interpolated(target, arguments)
        return "resize", None if call is None else _resize(call, origin)
    if target.startswith(AREA) and len(arguments) > 1:
        several = isinstance(arguments[1], list | tuple)
        size = cast("list[object]", arguments[1] if several else [arguments[1]])
        lengths = tuple(n if isinstance(n, int) else None for n in size)
        return "resize", _resize(Interpolate("area", len(lengths), lengths), origin)
    if target.startswith("aten.grid_sampler"):
        return "grid", _grid_sample(arguments, shapes, origin)
    if target.startswith("aten.affine_grid_generator") and len(arguments) > 2:
        grid = AffineGrid(align_corners=bool(arguments[2]), single=0.0)
        size = cast("list[object]", arguments[1])
        numbers = [n for n in size if isinstance(n, int)]
        text = affine_grid_text(grid, numbers if len(numbers) == len(size) else None)
        return "theta", Intent("recorded", origin, text or "F.affine_grid", operator=grid)
    if target.startswith("torchvision.roi_align") and len(arguments) > 6:
        return "boxes", _roi_align(arguments, origin)
    return _convolution(target, arguments, shapes, origin)


def _resize(call: Interpolate, origin: str) -> Intent:
    return Intent("recorded", origin, call.text(), call)


def _grid_sample(
    arguments: Sequence[object], shapes: Sequence[Shape | None], origin: str
) -> Intent | None:
    if len(arguments) < 5:
        return None
    mode, padding = cast("tuple[int, int]", tuple(arguments[2:4]))
    shape = shapes[0] if shapes else None
    spatial = 2 if shape is None else len(shape) - 2
    meant = grid_sample_from_aten(mode, padding, align_corners=bool(arguments[4]), spatial=spatial)
    text = None if meant is None else grid_sample_text(meant)
    return Intent("recorded", origin, text, operator=meant) if text else None


def _roi_align(arguments: Sequence[object], origin: str) -> Intent:
    scale, height, width, ratio, aligned = cast(
        "tuple[float, int, int, int, bool]", tuple(arguments[2:7])
    )
    meant = RoiAlign(bool(aligned), "avg", (height, width), max(ratio, 0), scale)
    return Intent("recorded", origin, roi_align_text(meant) or "roi_align", operator=meant)


def _convolution(
    target: str, arguments: Sequence[object], shapes: Sequence[Shape | None], origin: str
) -> tuple[str, Intent | None] | None:
    """Return a transposed convolution that enlarges."""
    rest = list(arguments[3:])
    if target.startswith("aten.convolution.") and len(rest) > 5 and rest[3] is True:
        strides, padding, dilation, _, extra, groups = rest[:6]
    elif target.startswith("aten.conv_transpose"):
        defaults: list[object] = [[1], [0], [0], 1, [1]]
        strides, padding, extra, groups, dilation = [*rest, *defaults[len(rest) :]][:5]
    else:
        return None
    weight = shapes[1] if len(shapes) > 1 else None
    kernel = tuple(n for n in (weight or ())[2:] if isinstance(n, int))
    axes = len(kernel)
    steps, pads, outer, wide = (_each(v, axes) for v in (strides, padding, extra, dilation))
    if set(steps) <= {1}:
        return None
    count = groups if isinstance(groups, int) else 1
    meant = ConvTranspose(kernel, steps, pads, pads, outer, wide, count)
    text = conv_transpose_text(meant, bias=len(arguments) > 2 and arguments[2] is not None)
    return "convolution", Intent("recorded", origin, text or target, operator=meant)


def _each(value: object, axes: int) -> tuple[int, ...]:
    items = cast("Sequence[int]", value if isinstance(value, list | tuple) else [value])
    return tuple(items) * axes if len(items) == 1 else tuple(items)


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
