"""onnxruntime's own operators that resample: com.microsoft, and the domains of its optimisers.

========================================== ====================================================
com.microsoft GridSample                   GridSample-16
com.microsoft CropAndResize                TensorFlow's crop_and_resize, the channels first
com.microsoft ConvTransposeWithDynamicPads ConvTranspose whose pads are an input
com.microsoft.nchwc Upsample               by whole factors; what an optimised file holds
com.ms.internal.nhwc Resize                Resize with the channels last, lengths in that order
com.ms.internal.nhwc GridSample            GridSample with the channels last
========================================== ====================================================

Source: onnxruntime `core/graph/contrib_ops/contrib_defs.cc`, `nchwc_schema_defs.cc`,
`contrib_ops/cpu/crop_and_resize.cc`, `contrib_ops/cpu/nchwc_ops.cc` and
`core/optimizer/layout_transformation`.
"""

from typing import TYPE_CHECKING, Final, Literal, cast

from msgspec.structs import replace

from halfpixel.conventions.meaning import choice
from halfpixel.conventions.onnx import grid as onnx_grid
from halfpixel.conventions.onnx import resize as onnx_resize
from halfpixel.conventions.onnx.resize import Request
from halfpixel.conventions.torch import grid as torch_grid
from halfpixel.conventions.torch.conv_transpose import conv_transpose_text
from halfpixel.conventions.torch.resample import crop_and_resize_text
from halfpixel.errors import ConventionError, GraphError
from halfpixel.formats.onnx.read.domains.names import BLOCKED, MICROSOFT, NHWC
from halfpixel.formats.onnx.read.evaluation import Described, arrays_of, guarded_compute
from halfpixel.formats.onnx.read.grids import (
    describe_grid_sample,
    kernel_of,
    lengthened,
)
from halfpixel.formats.onnx.read.kept_axes import with_claim
from halfpixel.formats.onnx.read.scope import Scope, given_name
from halfpixel.sampling import CropResize
from halfpixel.site import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.arrays import Array
    from halfpixel.surroundings import Shape

NEAREST: Final = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
"""What the blocked Upsample computes in mode nearest, by whole factors, whatever it says."""

_CROPS: Final[dict[str, Literal["linear", "nearest"]]] = {
    "bilinear": "linear",
    "nearest": "nearest",
}


def describe_crop_and_resize(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what a CropAndResize node computes."""
    mode = str(base.attributes.get("mode", "bilinear"))
    choice("mode", mode, sorted(_CROPS))
    value = float(cast("float", base.attributes.get("extrapolation_value", 0.0)))
    size = scope.computed(given_name(node, 3))

    def meant(size: "Sequence[float]") -> CropResize:
        if len(size) != 2 or min(size) < 1:
            raise ConventionError(f"crop_size is {list(size)}, expected two lengths of at least 1")
        output = int(size[0]), int(size[1])
        return CropResize(
            "tf_crop_and_resize", output, normalized=True, pad_value=value, mode=_CROPS[mode]
        )

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x, boxes, indices, size = (
            cast("Array", one) for one in arrays_of(scope, node, inputs, 4)[:4]
        )
        try:
            operator = meant(size.ravel().tolist())
        except ConventionError as error:
            raise GraphError("", node.name, f"cannot be evaluated: {error}") from error
        return operator.evaluate(x, boxes, indices)

    guarded = guarded_compute(node, compute)
    base = replace(base, constant_lengths=scope.numbers(given_name(node, 3)) is not None)
    if size is None:
        return Described(base, guarded)
    operator = meant(size)
    text, where = crop_and_resize_text(operator)
    boxes, image = scope.shape(given_name(node, 1)), base.input_shape
    first = boxes[0] if boxes else None
    shape: Shape = (first, image[1] if image and len(image) > 1 else None, *operator.output)
    return Described(
        replace(base, operator=operator, torch_call=text, torch_where=where, output_shape=shape),
        guarded,
    )


def describe_dynamic_pads(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what a ConvTransposeWithDynamicPads node computes."""
    kernel = kernel_of(scope, node, base)
    pads = scope.computed(given_name(node, 2)) if given_name(node, 2) else ()
    given = dict(base.attributes)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        arrays = arrays_of(scope, node, inputs, 2)
        x, weight, pads, bias = (*arrays, None, None)[:4]
        cut = () if pads is None else tuple(int(n) for n in pads.ravel().tolist())
        now = onnx_grid.conv_transpose({**given, "pads": cut}, kernel)
        return now.evaluate(cast("Array", x), cast("Array", weight), bias)

    if pads is None:
        return Described(replace(base, constant_lengths=False), guarded_compute(node, compute))
    attributes = {**given, "pads": tuple(int(n) for n in pads)}
    meant = onnx_grid.conv_transpose(attributes, kernel)
    bias = bool(given_name(node, 3))
    text = conv_transpose_text(meant, bias=bias, lengths=base.lengths[0][2:])
    shape = lengthened(base, meant)
    found = replace(base, operator=meant, torch_call=text, output_shape=shape)
    return Described(found, guarded_compute(node, compute))


def _is_whole(factor: object) -> bool:
    return isinstance(factor, int) and factor >= 1


def describe_blocked(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what an Upsample of blocked channels computes, on the image that the blocks hold."""
    given = base.attributes.get("scales")
    if not isinstance(given, tuple) or len(given) != 4 or not all(map(_is_whole, given)):
        raise ConventionError(f"scales is {given}, expected four whole factors")
    factors = cast("tuple[int, ...]", given)
    mode = str(base.attributes.get("mode", "nearest"))
    words = {"mode": mode, **base.attributes, **(NEAREST if mode == "nearest" else {})}
    shape = base.input_shape or (None,) * 4
    if len(shape) != 4:
        raise ConventionError(f"the input has rank {len(shape)}, expected 4")
    scales = tuple(float(factor) for factor in factors)
    request = Request(base.lengths[0], "scales", scales)
    meaning = onnx_resize.read("Resize", onnx_resize.FIRST_RESIZE, words, request)
    out = tuple(
        n * factor if isinstance(n, int) else n if factor == 1 else None
        for n, factor in zip(shape, factors, strict=True)
    )
    base = replace(base, input_shape=shape, by="scales").settled(meaning, out)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x = cast("Array", arrays_of(scope, node, inputs, 1)[0])
        if x.ndim != 4:
            raise ValueError(f"input has rank {x.ndim}, expected 4")
        lengths = [n * factor for n, factor in zip(x.shape, factors, strict=True)]
        return meaning.resize.evaluate(x, lengths)

    return Described(with_claim(base, meaning, frozenset()), guarded_compute(node, compute))


def describe_nhwc_grid_sample(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    """Return what a GridSample on channels that are last computes."""
    base = replace(base, grid_dtype=scope.dtype(given_name(node, 1)))
    meant = onnx_grid.grid_sample(max(base.opset, 16), base.attributes, 4)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x, grid = (cast("Array", one) for one in arrays_of(scope, node, inputs, 2)[:2])
        if x.ndim != 4:
            raise ValueError(f"input has rank {x.ndim}, expected 4")
        return meant.evaluate(x.transpose(0, 3, 1, 2), grid).transpose(0, 2, 3, 1)

    text = torch_grid.grid_sample_text(meant)
    if text is not None:
        text = text.replace("(x,", "(x.permute(0, 3, 1, 2),") + ".permute(0, 2, 3, 1)"
    return Described(replace(base, operator=meant, torch_call=text), guarded_compute(node, compute))


DESCRIBED: "Final[dict[tuple[str, str], Callable[[Scope, NodeProto, Operation], Described]]]" = {
    (MICROSOFT, "GridSample"): describe_grid_sample,
    (MICROSOFT, "CropAndResize"): describe_crop_and_resize,
    (MICROSOFT, "ConvTransposeWithDynamicPads"): describe_dynamic_pads,
    (BLOCKED, "Upsample"): describe_blocked,
    (NHWC, "GridSample"): describe_nhwc_grid_sample,
}
