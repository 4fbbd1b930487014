"""Area resizes that an exporter wrote as pooling."""

from typing import TYPE_CHECKING, cast

from halfpixel.conventions.torch.text import claim
from halfpixel.errors import GraphError
from halfpixel.formats.onnx.read.scope import Scope
from halfpixel.origin import Origin, Producer
from halfpixel.sampling import Area, Resize, Sampling
from halfpixel.site import Operation, known

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.site import Compute


def pool_operation(scope: Scope, node: "NodeProto", producer: Producer) -> Operation | None:
    """Return what an AveragePool computes where it is an area resize by whole factors.

    Its windows do not overlap, are not padded, and cover the input wherever the length is a
    multiple of the kernel; there it equals F.interpolate(mode="area").
    """
    attributes = scope.attributes(node)
    kernel = cast("tuple[int, ...]", attributes.get("kernel_shape", ()))
    strides = cast("tuple[int, ...]", attributes.get("strides", (1,) * len(kernel)))
    padded = any(cast("tuple[int, ...]", attributes.get("pads", ())))
    if not kernel or kernel != strides or padded or max(kernel) == 1:
        return None
    shape = scope.shape(node.input[0])
    rank = len(kernel) + 2
    lengths = known(shape, rank)
    whole = all(n is None or n % k == 0 for n, k in zip(lengths[2:], kernel, strict=True))
    if not whole:
        return None
    pairs = tuple((axis + 2, Sampling("half_pixel", Area())) for axis in range(len(kernel)))
    out = scope.shape(node.output[0])
    sizes = known(out, rank)
    resize = Resize(pairs)
    found = claim(resize, None, lengths, sizes, frozenset(range(rank)))
    return Operation(
        node.op_type,
        scope.opset(node.domain) or 0,
        attributes,
        resize,
        input_shape=shape,
        output_shape=out,
        torch_call=found.call,
        torch_where=found.where,
        sizes=sizes,
        by="sizes",
        origin=Origin(producer),
        dtype=scope.dtype(node.input[0]),
        hidden="AveragePool",
    )


def pool_compute(operation: Operation) -> "Compute":
    """Return the function that evaluates a pooling whose windows do not overlap."""
    kernel = cast("tuple[int, ...]", operation.attributes["kernel_shape"])

    def compute(inputs: "Sequence[NDArray[np.generic]]") -> "NDArray[np.float64]":
        x = inputs[0]
        if x.ndim != len(kernel) + 2:
            raise GraphError("", "", f"input has rank {x.ndim}, expected {len(kernel) + 2}")
        whole = [n // k for n, k in zip(x.shape[2:], kernel, strict=True)]
        cut = tuple(slice(m * k) for m, k in zip(whole, kernel, strict=True))
        area = Resize(
            tuple((axis + 2, Sampling("half_pixel", Area())) for axis in range(len(kernel)))
        )
        return area.evaluate(x[(slice(None), slice(None), *cut)], (*x.shape[:2], *whole))

    return compute
