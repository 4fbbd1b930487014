"""What PyTorch's exporter recorded on the node: the ATen call, and the user's own line.

`torch.onnx.export(dynamo=True)` writes into each node's metadata_props

- ``pkg.torch.onnx.fx_node``: the call with all its arguments, names with a percent sign;
- ``pkg.torch.onnx.stack_trace``: files, lines and source text down to the user's call;
- ``pkg.torch.onnx.class_hierarchy``: the modules that the call was made in, the innermost last.

The record describes the graph after decomposition: a resize that was decomposed into gathers
or pooling keeps only the source line and the modules.

Source: PyTorch `torch/onnx/_internal/exporter/_core.py`; ATen signatures in
`aten/src/ATen/native/native_functions.yaml`.
"""

import ast
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, cast

from halfpixel.conventions.python_call import silent
from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.aten_call import OPS, read_call
from halfpixel.late import late
from halfpixel.origin import Intent
from halfpixel.sampling import ConvTranspose
from halfpixel.site import Operation

FX_NODE: Final = "pkg.torch.onnx.fx_node"
STACK_TRACE: Final = "pkg.torch.onnx.stack_trace"
CLASSES: Final = "pkg.torch.onnx.class_hierarchy"

LONGEST: Final = 10_000
"""Characters of a call that is read: no call that resamples is as long."""

_NAME: Final = late(r"%[A-Za-z0-9_.]+")
_FRAME: Final = late(r'File "([^"]+)", line (\d+), in [^\n]*(?:\n    ([^\n]*))?')
_LIBRARY: Final = late(r"(^|[/\\])torch[/\\](nn|functional|utils|jit|onnx|export|fx|_)")
_INTERPOLATE: Final = late(r"(?:interpolate|Upsample)\(")
_BRACKET: Final = late(r"""[()]|"[^"]*"|'[^']*'""")


@lru_cache(maxsize=4096)
def parse_fx_node(text: str) -> tuple[str, tuple[object, ...]] | None:
    """Return the ATen target and its arguments, or None where the text is no call.

    Names of tensors and symbols become strings that start with a percent sign.

    >>> parse_fx_node("%u : [num_users=1] = call_function[target=torch.ops.aten.relu.default]"
    ...               "(args = (%x, [1, 2.5]), kwargs = {})")
    ('aten.relu.default', ('%x', [1, 2.5]))
    """
    target, opened, rest = text.partition("call_function[target=")[2].partition("](args = ")
    spelled, closed, last = rest.rpartition(", kwargs = ")
    whole = opened and closed and last.rstrip().endswith(")")
    if not target or "]" in target or not whole or len(spelled) > LONGEST:
        return None
    try:
        with silent():
            arguments = ast.literal_eval(_NAME().sub(lambda m: repr(m[0]), spelled))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    if not isinstance(arguments, tuple):
        return None
    return target.removeprefix(OPS), cast("tuple[object, ...]", arguments)


@lru_cache(maxsize=4096)
def user_line(trace: str) -> tuple[str, str] | None:
    r"""Return ("file.py:line", source text) of the innermost frame outside PyTorch.

    >>> user_line('File "net.py", line 3, in forward\n    y = up(x)')
    ('net.py:3', 'y = up(x)')
    """
    frames = [(m[1], m[2], m[3] or "") for m in _FRAME().finditer(trace)]
    own = [frame for frame in frames if not _LIBRARY().search(frame[0])]
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
    operator = operation.operator
    kernel = operator.kernel if isinstance(operator, ConvTranspose) else ()
    shapes = (operation.input_shape, (None, None, *kernel))
    found = read_call(target, arguments, shapes, "the exporter's record")
    intent = None if found is None else found[1]
    return intent or _from_source(operation, source_text)


def _from_source(operation: Operation, text: str) -> Intent | None:
    """Return the call that the user's own line spells, where all its arguments are literals."""
    spelled = spelled_call(text)
    if spelled is None:
        return None
    try:
        call = parse_call(spelled, max(operation.rank - 2, 1))
    except ValueError:
        return None
    return Intent("recorded", "the source line that the exporter kept", call.text(), call)


def spelled_call(text: str) -> str | None:
    """Return the first call of F.interpolate or nn.Upsample in a source line, to its last bracket.

    >>> spelled_call("y = F.interpolate(x, size=(3, 4), mode=')').mean(1)")
    "interpolate(x, size=(3, 4), mode=')')"
    """
    found = _INTERPOLATE().search(text)
    if found is None:
        return None
    depth = 1
    for bracket in _BRACKET().finditer(text, found.end(), found.start() + LONGEST):
        depth += {"(": 1, ")": -1}.get(bracket[0], 0)
        if depth == 0:
            return text[found.start() : bracket.end()]
    return None


def is_resampling_line(text: str) -> bool:
    """Whether a source line calls F.interpolate, nn.Upsample or adaptive pooling."""
    return bool(_INTERPOLATE().search(text)) or "adaptive_avg_pool" in text


_MODULE: Final = late(
    r"'torch\.nn\.modules\.(?:(pooling\.AdaptiveAvgPool\dd|upsampling\.Upsample)"
    r"|pooling\.AvgPool\dd)'",
    re.ASCII,
)
"""A module of PyTorch's own that averages or resizes: it holds no other."""


def is_resampling_module(text: str) -> bool | None:
    """Whether modules are of an adaptive pooling or a resize; None where they tell neither.

    >>> is_resampling_module("['Net', 'torch.nn.modules.pooling.AdaptiveAvgPool2d', 'aten.x']")
    True
    >>> is_resampling_module("['Net', 'torch.nn.modules.pooling.AvgPool2d', 'aten.x']")
    False
    >>> is_resampling_module("['Net', 'aten.avg_pool2d.default']") is None
    True
    """
    found = _MODULE().search(text)
    return None if found is None else found[1] is not None


_SIZE: Final = late(
    r"size=[\[(]?\d|interpolate\(\w{1,99},[\[(]?\d|pool\dd?\([^,]{0,99},[\[(]?\d", re.ASCII
)
"""A size in digits, in a line without its spaces; what is repeated is bounded."""


def spells_size(text: str) -> bool:
    """Whether a source line gives the output size in digits.

    >>> spells_size("y = F.interpolate(x, size=(32, 32))"), spells_size("F.interpolate(x, s)")
    (True, False)
    """
    return bool(_SIZE().search("".join(text.split())))
