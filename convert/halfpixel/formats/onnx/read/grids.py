"""From one GridSample, AffineGrid, RoiAlign or ConvTranspose node to what it computes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.conventions.onnx import grid as onnx_grid
from halfpixel.conventions.torch import grid as torch_grid
from halfpixel.conventions.torch.conv_transpose import conv_transpose_text, interpolate_text
from halfpixel.errors import ConventionError
from halfpixel.formats.onnx.read.domains.names import MICROSOFT
from halfpixel.formats.onnx.read.evaluation import Described, arrays_of, guarded_compute
from halfpixel.formats.onnx.read.patterns.linear_kernel import is_linear
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.sampling import ConvTranspose
from halfpixel.site import Operation
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.arrays import Array


def describe_grid_sample(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what a GridSample node computes."""
    base = replace(base, grid_dtype=scope.dtype(given_name(node, 1)))
    rank = None if base.input_shape is None else len(base.input_shape)
    words = 16 if node.domain == MICROSOFT else base.opset
    meant = onnx_grid.grid_sample(words, base.attributes, rank)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x, grid = arrays_of(scope, node, inputs, 2)[:2]
        return meant.evaluate(cast("Array", x), cast("Array", grid))

    text = torch_grid.grid_sample_text(meant)
    return Described(replace(base, operator=meant, torch_call=text), guarded_compute(node, compute))


def describe_affine_grid(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what an AffineGrid node computes."""
    meant = onnx_grid.affine_grid(base.attributes)
    size = scope.numbers(given_name(node, 1))
    sizes = None if size is None else tuple(int(v) for v in size)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        theta, size = arrays_of(scope, node, inputs, 2)[:2]
        return meant.evaluate(cast("Array", theta), [int(v) for v in cast("Array", size).ravel()])

    text = torch_grid.affine_grid_text(meant, sizes)
    operation = replace(base, operator=meant, torch_call=text, sizes=sizes)
    return Described(operation, guarded_compute(node, compute))


def describe_roi_align(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what a RoiAlign node computes."""
    meant = onnx_grid.roi_align(base.opset, base.attributes)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x, rois, batch = arrays_of(scope, node, inputs, 3)[:3]
        return meant.evaluate(cast("Array", x), cast("Array", rois), cast("Array", batch))

    text = torch_grid.roi_align_text(meant)
    return Described(replace(base, operator=meant, torch_call=text), guarded_compute(node, compute))


def kernel_of(scope: Scope, node: "NodeProto", base: Operation) -> tuple[int, ...]:
    """Return the kernel's lengths of a transposed convolution.

    Raises:
        ConventionError: they are not known.
    """
    weight = scope.shape(given_name(node, 1)) or scope.constant_dims(given_name(node, 1))
    lengths = cast("tuple[int, ...] | None", base.attributes.get("kernel_shape"))
    if lengths is None and weight is not None and all(isinstance(n, int) for n in weight[2:]):
        lengths = cast("tuple[int, ...]", weight[2:])
    if not lengths:
        raise ConventionError("the kernel's lengths are not known")
    return lengths


def describe_conv_transpose(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what a ConvTranspose node computes."""
    meant = onnx_grid.conv_transpose(base.attributes, kernel_of(scope, node, base))
    meant = replace(meant, linear=is_linear(scope, node, meant))

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        arrays = arrays_of(scope, node, inputs, 2)
        bias = arrays[2] if len(arrays) > 2 else None
        return meant.evaluate(cast("Array", arrays[0]), cast("Array", arrays[1]), bias)

    bias, spatial = bool(given_name(node, 2)), base.lengths[0][2:]
    text = interpolate_text(meant, spatial) or conv_transpose_text(
        meant, bias=bias, lengths=spatial
    )
    operation = replace(base, operator=meant, torch_call=text, output_shape=lengthened(base, meant))
    return Described(operation, guarded_compute(node, compute))


def lengthened(base: Operation, meant: ConvTranspose) -> Shape | None:
    """Return the output shape of a transposed convolution: computed where the input's is known."""
    if base.input_shape is None or len(base.input_shape) != len(meant.kernel) + 2:
        return base.output_shape
    declared = base.output_shape
    if declared is None or len(declared) != len(base.input_shape):
        declared = (base.input_shape[0], *[None] * (len(meant.kernel) + 1))
    lengths = [
        meant.output_length(axis, n) if isinstance(n, int) else declared[axis + 2]
        for axis, n in enumerate(base.input_shape[2:])
    ]
    return (*declared[:2], *lengths)


DESCRIBE: Final[dict[str, Callable[[Scope, "NodeProto", Operation], Described]]] = {
    "GridSample": describe_grid_sample,
    "AffineGrid": describe_affine_grid,
    "RoiAlign": describe_roi_align,
    "ConvTranspose": describe_conv_transpose,
}
"""What describes a node of each type."""
