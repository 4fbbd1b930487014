"""A model's sites as PyTorch: which call each one is, and a snippet that runs it.

A snippet is Python that makes an input of the site's own shape, makes the call, and holds what
comes out against the output shape; it names the node, and the line that the exporter recorded.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from halfpixel.checking.check import sites
from halfpixel.conventions.torch.interpolate import LENGTHS
from halfpixel.converting.result import MODELS
from halfpixel.errors import UsageError
from halfpixel.formats import atomic
from halfpixel.quoting import (
    is_expression,
    json_text,
    python_comment,
    python_docstring,
    python_literal,
)
from halfpixel.sampling import AffineGrid, ConvTranspose, Resize, RoiAlign
from halfpixel.site import Site
from halfpixel.surroundings import Shape

FREE: Final = 16
"""Length that a free axis has in a snippet."""

NAMES: Final = frozenset({
    "F", "torch", "torchvision", "x", "size", "grid", "theta", "n", "weight", "bias", "rois",
    "boxes", "batch_indices", "box_indices", "transform_matrix", "rows", "columns",
})  # fmt: skip
"""What a call may name: modules, and what a snippet makes before it."""


class TorchCall(Struct, frozen=True):
    """One site as PyTorch.

    Attributes:
        name: the node, with the path of the graph that it stands in.
        op: its type.
        call: the call as Python; None where PyTorch has none.
        source: "file.py:line" that the exporter recorded.
        snippet: Python that runs the call; empty where there is none.
        reason: why there is no call.
        where: at which lengths the site is that call; empty for all that it can take.
    """

    name: str
    op: str
    call: str | None
    source: str | None
    snippet: str
    reason: str = ""
    where: str = ""


def calls_of(source: str | Path) -> list[TorchCall]:
    """Return the calls of a model file.

    Raises:
        UsageError: it has no name of a model.
        ModelFileError: it cannot be read.
    """
    if not str(source).endswith(MODELS):
        raise UsageError(f"{source}: expected a model file, .onnx, .mlpackage, .mlmodel or .tflite")
    return torch_calls(sites(source))


def lines(calls: Sequence[TorchCall]) -> Iterator[str]:
    """Yield calls for people, a line each."""
    if not calls:
        yield "no resampling site"
    for one in calls:
        where = f"  [{one.source}]" if one.source else ""
        only = f"  # {one.where}" if one.where else ""
        yield f"{one.name} ({one.op}): {one.call or one.reason}{only}{where}"


def dumps(source: str, calls: Sequence[TorchCall]) -> str:
    """Return calls as JSON text."""
    rows = [asdict(one) for one in calls]
    return json_text({"version": 1, "path": source, "sites": rows})


def write(source: str, calls: Sequence[TorchCall], output: str | Path) -> None:
    """Write calls as a Python file.

    Raises:
        UsageError: the file has another name.
        ModelFileError: it cannot be written.
    """
    if not str(output).endswith(".py"):
        raise UsageError(f"--output {str(output)!r}: expected a name that ends in .py")
    atomic.write([script(source, calls).encode()], None, Path(output), replace=True)


def torch_calls(sites: Sequence[Site]) -> list[TorchCall]:
    """Return every site as the PyTorch call that it is, in graph order."""
    found: list[TorchCall] = []
    for number, site in enumerate(sites, 1):
        name = f"{site.graph}/{site.name}" if site.graph else site.name
        call = site.torch_call
        if call is not None and not is_expression(call, NAMES):
            call = None  # a factor of the file's is no number, or not finite
        reason = "" if call else (site.operation.problem or "no PyTorch call computes this")
        snippet = "\n".join(_snippet(number, name, site)) if call else ""
        found.append(
            TorchCall(name, site.op, call, site.source, snippet, reason, site.operation.torch_where)
        )
    return found


def script(source: str, calls: Sequence[TorchCall]) -> str:
    """Return one Python file with a mapping of node names to calls, and every snippet."""
    lines = [
        python_docstring(f"The resampling calls of {Path(source).name}, one a node."),
        "",
        "import torch",
        "import torch.nn.functional as F",
    ]
    if any("torchvision." in (one.call or "") for one in calls):
        lines.append("import torchvision")
    lines += ["", "CALLS = {"]
    lines += [f"    {python_literal(one.name)}: {python_literal(one.call)}," for one in calls]
    lines += ["}", "", "if __name__ == '__main__':"]
    bodies = [one.snippet for one in calls if one.snippet]
    for one in calls:
        text = one.snippet or python_comment(f"{one.name} ({one.op}): {one.reason}")
        lines += ["", *(f"    {line}" if line else "" for line in text.splitlines())]
    if not bodies:
        lines.append("    pass")
    return "\n".join(lines) + "\n"


def _snippet(number: int, name: str, site: Site) -> Iterator[str]:
    where = f", {site.source}" if site.source else ""
    yield python_comment(f"{number}. {name} ({site.op}, {site.operation.version}){where}")
    operator = site.operator
    shape = _lengths(site.input_shape, site.operation.rank, site.operation.scales)
    dtype = site.operation.dtype
    kind = f", dtype=torch.{dtype}" if dtype in {"float16", "float64"} else ""
    call = site.torch_call or ""
    match operator:
        case AffineGrid():
            axes = shape[-2] if len(shape) == 3 else 2
            yield f"theta = torch.rand({shape[0] if shape else 1}, {axes}, {axes + 1}{kind})"
            if "size, align" in call:
                free = (1, 1, *([FREE] * axes))
                yield f"size = {free}"
        case RoiAlign():
            yield f"x = torch.rand({shape}{kind})"
            yield f"rois = torch.tensor([[0.0, 0.0, 4.0, 4.0]]{kind})"
            yield "batch_indices = torch.zeros(1, dtype=torch.int64)"
        case ConvTranspose():
            inside = shape[1] if len(shape) > 1 else FREE
            weight = (inside, 1, *operator.kernel)
            yield f"x = torch.rand({shape}{kind})"
            yield f"weight = torch.rand({weight}{kind})"
            if "bias" in call:
                yield f"bias = torch.rand({operator.groups}{kind})"
        case _:
            yield f"x = {_tensor(shape, dtype)}"
            yield from _rest(operator, shape, call, kind)
    yield f"y = {site.operation.claim or ''}"
    known = site.output_shape is not None and all(isinstance(n, int) for n in site.output_shape)
    whole = site.input_shape is not None and all(isinstance(n, int) for n in site.input_shape)
    if known and whole and isinstance(operator, Resize):
        yield f"assert tuple(y.shape) == {tuple(site.output_shape or ())}, y.shape"


def _rest(operator: object, shape: Sequence[int], call: str, kind: str) -> Iterator[str]:
    """Yield what a call needs beside what it resamples."""
    spatial = len(shape) - 2
    if isinstance(operator, Resize):
        for name in LENGTHS.get(spatial, ()):
            if f"{name}," in call or f"{name})" in call:
                yield f"{name} = {2 * FREE}"
        return
    if "transform_matrix" in call:
        yield f"transform_matrix = torch.rand({shape[0]}, 6{kind})"
    elif "boxes" in call:
        yield f"boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0]]{kind})"
        yield "box_indices = torch.zeros(1, dtype=torch.int64)"
    elif "grid" in call:
        grid = (shape[0], *([FREE] * spatial), spatial)
        yield f"grid = 2 * torch.rand({grid}{kind}) - 1"


def _tensor(shape: Sequence[int], dtype: str) -> str:
    if dtype in {"uint8", "int8", "int32", "int64"}:
        return f"torch.randint(0, 100, {tuple(shape)}, dtype=torch.{dtype})"
    kind = f", dtype=torch.{dtype}" if dtype in {"float16", "float64"} else ""
    return f"torch.rand({tuple(shape)}{kind})"


def _lengths(
    shape: Shape | None, rank: int, scales: Sequence[float] | None = None
) -> tuple[int, ...]:
    """Return a shape with numbers for what is free: batch and channel 1, the rest `FREE`.

    Where a factor shrinks, an axis is as long as leaves two pixels at least.
    """
    given = shape if shape is not None else (None,) * rank
    least = [ceil(2 / scale) if 2**-16 < scale < 1 else 1 for scale in scales or (1.0,) * rank]
    return tuple(
        n if isinstance(n, int) else 1 if k < 2 else max(FREE, m)
        for k, (n, m) in enumerate(zip(given, least, strict=True))
    )
