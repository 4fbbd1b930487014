"""What PyTorch's exporter recorded on the node: the ATen call, and the user's own line.

`torch.onnx.export(dynamo=True)` writes into each node's metadata_props

- ``pkg.torch.onnx.fx_node``: the call with all its arguments, names with a percent sign;
- ``pkg.torch.onnx.stack_trace``: files, lines and source text down to the user's call.

The record describes the graph after decomposition: a resize that was decomposed into gathers
or pooling keeps only the source line.

Source: PyTorch `torch/onnx/_internal/exporter/_core.py`; ATen signatures in
`aten/src/ATen/native/native_functions.yaml`.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, cast

from halfpixel.conventions.torch_grid import grid_sample_from_aten, grid_sample_text
from halfpixel.conventions.torch_interpolate import Interpolate, parse_call
from halfpixel.site import Intent, Operation

FX_NODE: Final = "pkg.torch.onnx.fx_node"
STACK_TRACE: Final = "pkg.torch.onnx.stack_trace"

_CALL: Final = re.compile(
    r"call_function\[target=([^\]]+)\]\(args = (.*), kwargs = (.*)\)\s*$", re.DOTALL
)
_NAME: Final = re.compile(r"%[A-Za-z0-9_.]+")
_FRAME: Final = re.compile(r'File "([^"]+)", line (\d+), in [^\n]*(?:\n    ([^\n]*))?')
_LIBRARY: Final = re.compile(r"(^|[/\\])torch[/\\](nn|functional|utils|jit|onnx|export|fx|_)")
_UPSAMPLE: Final = re.compile(
    r"aten\._?upsample_(nearest_exact|nearest|linear|bilinear|trilinear|bicubic)(\d)d(_aa)?"
)
_INTERPOLATE: Final = re.compile(r"(?:\w+\.)*(?:interpolate|Upsample)\(")
_FAMILY: Final = {
    "nearest": "nearest",
    "nearest_exact": "nearest-exact",
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "bicubic": "cubic",
}


@lru_cache(maxsize=4096)
def parse_fx_node(text: str) -> tuple[str, tuple[object, ...]] | None:
    """Return the ATen target and its arguments, or None where the text is no call.

    Names of tensors and symbols become strings that start with a percent sign.

    >>> parse_fx_node("%u : [num_users=1] = call_function[target=torch.ops.aten.relu.default]"
    ...               "(args = (%x, [1, 2.5]), kwargs = {})")
    ('aten.relu.default', ('%x', [1, 2.5]))
    """
    found = _CALL.search(text)
    if found is None:
        return None
    try:
        arguments = ast.literal_eval(_NAME.sub(lambda m: repr(m[0]), found[2]))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if not isinstance(arguments, tuple):
        return None
    return found[1].removeprefix("torch.ops."), cast("tuple[object, ...]", arguments)


@lru_cache(maxsize=4096)
def user_line(trace: str) -> tuple[str, str] | None:
    r"""Return ("file.py:line", source text) of the innermost frame outside PyTorch.

    >>> user_line('File "net.py", line 3, in forward\n    y = up(x)')
    ('net.py:3', 'y = up(x)')
    """
    frames = [(m[1], m[2], m[3] or "") for m in _FRAME.finditer(trace)]
    own = [frame for frame in frames if not _LIBRARY.search(frame[0])]
    if not own:
        return None
    file, line, text = own[-1]
    return f"{file}:{line}", text.strip()


def recorded(
    operation: Operation, properties: Mapping[str, str], source_text: str
) -> Intent | None:
    """Return the call that the exporter recorded on the node."""
    parsed = parse_fx_node(properties.get(FX_NODE, ""))
    if parsed is None:
        return _from_source(operation, source_text)
    target, arguments = parsed
    if _UPSAMPLE.match(target):
        call = interpolated(target, arguments)
        origin = f"the exporter's record: {target}"
        return None if call is None else Intent("recorded", origin, call.text(), call)
    if target.startswith("aten.grid_sampler"):
        return _grid_sample(arguments, operation)
    if target.startswith("aten.adaptive_avg_pool") and len(arguments) > 1:
        size = _lengths(arguments[1])
        if size is not None:
            call = Interpolate("area", len(size), size)
            return Intent("recorded", f"the exporter's record: {target}", call.text(), call)
    return _from_source(operation, source_text)


def interpolated(target: str, arguments: Sequence[object]) -> Interpolate | None:
    """Return the F.interpolate that an ATen operator is; None for a mode that has no description.

    >>> interpolated("aten._upsample_bilinear2d_aa.default", ("%x", [3, 4], False, 0.5, 0.5)).text()
    'F.interpolate(x, scale_factor=0.5, mode="bilinear", align_corners=False, antialias=True)'
    """
    found = _UPSAMPLE.match(target)
    if found is None:
        return None
    family, spatial, antialias = _FAMILY[found[1]], int(found[2]), bool(found[3])
    smooth = family in {"linear", "cubic"}
    rest = list(arguments[1:])
    size = _lengths(rest.pop(0)) if rest else None
    corners = bool(rest.pop(0)) if smooth and rest else None
    if target.endswith(".vec"):
        factors = _factors(rest[0] if rest else None)
    else:
        factors = _factors(rest[:spatial] if len(rest) >= spatial else None)
    if size is None and factors is None:
        return None
    return Interpolate(
        family,  # type: ignore[arg-type]
        spatial,
        None if factors is not None else size,
        factors,
        corners if smooth else None,
        antialias,
    )


def _grid_sample(arguments: Sequence[object], operation: Operation) -> Intent | None:
    if len(arguments) < 5 or not all(isinstance(a, int) for a in arguments[2:5]):
        return None
    mode, padding, corners = cast("tuple[int, int, bool]", tuple(arguments[2:5]))
    spatial = max(operation.rank - 2, 2)
    meant = grid_sample_from_aten(mode, padding, align_corners=bool(corners), spatial=spatial)
    if meant is None:
        return None
    text = grid_sample_text(meant) or "F.grid_sample(x, grid)"
    return Intent("recorded", "the exporter's record: aten.grid_sampler", text, operator=meant)


def _lengths(value: object) -> tuple[int | None, ...] | None:
    """Return output lengths; a symbol in the record is a length that is not known."""
    if not isinstance(value, list | tuple):
        return None
    items = cast("Sequence[object]", value)
    return tuple(v if isinstance(v, int) else None for v in items)


def _factors(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    items = cast("Sequence[object]", value)
    if not items or not all(isinstance(v, int | float) for v in items):
        return None
    return tuple(float(cast("float", v)) for v in items)


def _from_source(operation: Operation, text: str) -> Intent | None:
    """Return the call that the user's own line spells, where all its arguments are literals."""
    found = _INTERPOLATE.search(text)
    if found is None:
        return None
    spatial = max(operation.rank - 2, 1)
    for end in range(len(text), found.end(), -1):
        if text[end - 1] != ")":
            continue
        try:
            call = parse_call(text[found.start() : end], spatial)
        except ValueError:
            continue
        return Intent("recorded", "the source line that the exporter kept", call.text(), call)
    return None


def is_resampling_line(text: str) -> bool:
    """Whether a source line calls F.interpolate, nn.Upsample or adaptive pooling."""
    return bool(_INTERPOLATE.search(text)) or "adaptive_avg_pool" in text
