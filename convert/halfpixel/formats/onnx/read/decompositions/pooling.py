"""Area resizes that an exporter wrote as pooling."""

from typing import TYPE_CHECKING, cast

from msgspec import Struct
from msgspec.structs import replace

from halfpixel.conventions.torch.text import claim
from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.decompositions.single import squeezed
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.origin import Origin, Producer
from halfpixel.sampling import Area, Resize, Sampling
from halfpixel.site import Lengths, Operation, known

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.arrays import Array
    from halfpixel.site import Compute


class Pool(Struct, frozen=True):
    """An AveragePool whose windows lie beside each other.

    Attributes:
        kernel: lengths of its windows along the last axes of `data`.
        data: the value that is pooled, before an axis that is put in for the pooling alone.
        output: the value that it ends in, likewise.
    """

    kernel: tuple[int, ...]
    data: str
    output: str


def read_pool(scope: Scope, node: "NodeProto") -> Pool | None:
    """Return the windows of an AveragePool, where they neither overlap nor reach beyond."""
    given = scope.attributes(node)
    kernel = cast("tuple[int, ...]", given.get("kernel_shape", ()))
    strides = cast("tuple[int, ...]", given.get("strides", (1,) * len(kernel)))
    padded = any(cast("tuple[int, ...]", given.get("pads", ())))
    padded |= str(given.get("auto_pad", "NOTSET")).startswith("SAME")
    dilated = set(cast("tuple[int, ...]", given.get("dilations", ()))) - {1}
    if not kernel or kernel != strides or padded or dilated or given.get("ceil_mode"):
        return None
    if min(kernel) < 1:  # no window is so long, and no runtime loads it
        return None
    outer = squeezed(scope, node.input[0], node.output[0])
    if outer is not None and len(kernel) > 1 and outer[2] >= 2 and kernel[outer[2] - 2] == 1:
        data, output, axis = outer
        return Pool(kernel[: axis - 2] + kernel[axis - 1 :], data, output)
    return Pool(kernel, node.input[0], node.output[0])


def pool_operation(
    scope: Scope, node: "NodeProto", pool: Pool, producer: Producer, *, adaptive: bool | None
) -> Operation | None:
    """Return what an AveragePool computes where it is an area resize by whole factors.

    Its windows cover the input wherever the length is a multiple of the kernel; there it equals
    F.interpolate(mode="area"). Windows of one pixel are a pooling that keeps every pixel, or an
    adaptive one that was exported at the length that it gives: on a free length that is open.

    Args:
        scope: the graph that it stands in.
        node: the AveragePool.
        pool: its windows.
        producer: which program wrote the model.
        adaptive: the exporter recorded that it resamples, or that it does not; None for neither.

    Returns:
        None where it is known to resample nothing.
    """
    kernel = pool.kernel
    rank = len(kernel) + 2
    shape, out = scope.shape(pool.data), scope.shape(pool.output)
    if shape is not None and len(shape) != rank:
        return None
    if out is not None and len(out) != rank:  # the file contradicts itself
        out = None
    lengths = known(shape, rank)
    pairs = list(zip(lengths[2:], kernel, strict=True))
    if any(n is not None and n % k for n, k in pairs) or _is_plain(kernel, lengths[2:], adaptive):
        return None
    sizes = known(out, rank)
    is_whole = None not in lengths[2:]
    if is_whole:
        sizes = (*lengths[:2], *(n // k for n, k in pairs if n is not None))
        out = (*(shape or lengths)[:2], *sizes[2:])
    resize = _area(kernel)
    found = Operation(
        node.op_type,
        scope.opset(node.domain) or 0,
        scope.attributes(node),
        resize if is_whole or adaptive else None,
        input_shape=shape,
        output_shape=out,
        sizes=sizes,
        by="sizes",
        origin=Origin(producer, resampling_line=bool(adaptive)),
        dtype=scope.dtype(pool.data),
        hidden="AveragePool",
    )
    if not is_whole:  # at others it leaves out the rest, which no resize does
        lengths_of = kernel[0] if len(kernel) == 1 else kernel
        return replace(found, torch_call=f"F.avg_pool{len(kernel)}d(x, kernel_size={lengths_of})")
    said = claim(resize, None, lengths, sizes, frozenset(range(rank)))
    return replace(found, torch_call=said.call, torch_where=said.where)


def _is_plain(kernel: tuple[int, ...], lengths: Lengths, adaptive: bool | None) -> bool:  # noqa: FBT001
    """Whether a pooling resamples nothing: a mean of all, or a copy where lengths are fixed."""
    if adaptive:
        return False
    if max(kernel) == 1:
        return adaptive is False or None not in lengths
    return lengths == kernel


def _area(kernel: tuple[int, ...]) -> Resize:
    pairs = ((axis + 2, Sampling("half_pixel", Area())) for axis in range(len(kernel)))
    return Resize(tuple(pairs))


def pool_compute(pool: Pool) -> "Compute":
    """Return the function that evaluates a pooling whose windows do not overlap."""
    kernel = pool.kernel

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x = inputs[0]
        if x.ndim != len(kernel) + 2:
            raise GraphError("", "", f"input has rank {x.ndim}, expected {len(kernel) + 2}")
        whole = [n // k for n, k in zip(x.shape[2:], kernel, strict=True)]
        cut = tuple(slice(m * k) for m, k in zip(whole, kernel, strict=True))
        return _area(kernel).evaluate(x[(slice(None), slice(None), *cut)], (*x.shape[:2], *whole))

    return compute
