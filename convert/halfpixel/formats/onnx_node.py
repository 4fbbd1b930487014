"""From one ONNX node to what it computes: the operation of a site, and how to evaluate it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from halfpixel.conventions import onnx_grid, onnx_resize, torch_grid
from halfpixel.conventions.onnx_resize import Meaning, Request
from halfpixel.conventions.torch_call import call_text, matching_call
from halfpixel.errors import ConventionError, GraphError
from halfpixel.formats.onnx_scope import Scope
from halfpixel.formats.onnx_tensor import Numbers
from halfpixel.formats.onnx_trial import ANY
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.site import Operation, Producer, Shape, known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    Array = NDArray[np.generic]
    from halfpixel.site import Compute

OPS: Final = frozenset(
    {"Resize", "Upsample", "GridSample", "AffineGrid", "RoiAlign", "ConvTranspose"}
)


@dataclass(frozen=True, slots=True)
class Described:
    """An operation and the function that evaluates it."""

    operation: Operation
    compute: "Compute"


def describe(scope: Scope, node: "NodeProto", producer: Producer) -> Described:
    """Return what a resampling node computes.

    Args:
        scope: the graph that it stands in.
        node: a node whose type is in `OPS`.
        producer: which program wrote the model.

    Returns:
        The operation; where the node's values are not such that it can be described,
        `operator` is None and `problem` says why.
    """
    opset = scope.opset(node.domain) or 0
    attributes = scope.attributes(node)
    base = Operation(
        node.op_type,
        opset,
        attributes,
        None,
        input_shape=scope.shape(node.input[0]) if node.input else None,
        output_shape=scope.shape(node.output[0]) if node.output else None,
        producer=producer,
        dtype=scope.dtype(node.input[0]) if node.input else "",
    )
    try:
        return _DESCRIBE[node.op_type](scope, node, base)
    except ConventionError as error:
        return Described(replace(base, problem=str(error)), _refuse(node, str(error)))


def misfit(scope: Scope, node: "NodeProto", producer: Producer, problem: str) -> Described:
    """Return a node that cannot be described, with the reason."""
    opset = scope.opset(node.domain) or 0
    operation = Operation(node.op_type, opset, {}, None, producer=producer, problem=problem)
    return Described(operation, _refuse(node, problem))


def _refuse(node: "NodeProto", reason: str) -> "Compute":
    def compute(_inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        raise GraphError("", node.name, f"cannot be evaluated: {reason}")

    return compute


def _given(node: "NodeProto", place: int) -> str:
    """Return the name of an optional input, or an empty text."""
    return node.input[place] if place < len(node.input) else ""


@dataclass(frozen=True, slots=True)
class Lengths:
    """The scales, sizes and roi inputs of a Resize: names, and values where constant."""

    by: str
    scales: str = ""
    sizes: str = ""
    roi: str = ""


def resize_inputs(scope: Scope, node: "NodeProto", opset: int) -> Lengths:
    """Return which inputs of an Upsample or Resize say its lengths.

    Raises:
        ConventionError: neither scales nor sizes are connected, or both are.
    """
    if node.op_type == "Upsample" and opset < 9:
        return Lengths("scales")
    if opset < 11:
        return Lengths("scales", scales=_given(node, 1))
    roi, scales, sizes = (_given(node, place) for place in (1, 2, 3))
    if scales and _is_empty(scope, scales):
        scales = ""
    if sizes and _is_empty(scope, sizes):
        sizes = ""
    if bool(scales) == bool(sizes):
        found = "both scales and sizes" if scales else "neither scales nor sizes"
        raise ConventionError(f"{found} are given, expected exactly one")
    return Lengths("scales" if scales else "sizes", scales, sizes, roi)


def _is_empty(scope: Scope, name: str) -> bool:
    tensor = scope.constant(name)
    return tensor is not None and 0 in tensor.dims


def _resize(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    lengths = resize_inputs(scope, node, base.opset)
    scales = _scales(scope, lengths, base)
    sizes = scope.computed(lengths.sizes) if lengths.sizes else None
    roi = scope.numbers(lengths.roi) if lengths.roi else None
    shape = base.input_shape
    request = Request(
        None if shape is None else known(shape, len(shape)),
        lengths.by,
        scales,
        _positive(sizes),
        None if roi is None else tuple(float(v) for v in roi),
    )
    _check_rank(base, request)
    meaning = onnx_resize.read(base.op, base.opset, base.attributes, request)
    name = lengths.scales if lengths.by == "scales" else lengths.sizes
    constant = not name or scope.numbers(name) is not None
    operation = settle(replace(base, by=lengths.by, constant_lengths=constant), meaning)
    return Described(operation, _resize_compute(scope, node, lengths, operation))


def _scales(scope: Scope, lengths: Lengths, base: Operation) -> tuple[float, ...] | None:
    if lengths.by != "scales":
        return None
    values: Numbers | None
    if lengths.scales:
        values = scope.computed(lengths.scales)
    else:
        values = cast("Numbers | None", base.attributes.get("scales"))
        if values is None:
            raise ConventionError("the attribute scales is missing")
    return None if values is None else tuple(float(v) for v in values)


def _positive(sizes: Numbers | None) -> tuple[int | None, ...] | None:
    if sizes is None:
        return None
    for size in sizes:
        if size < 1 and size != ANY:
            raise ConventionError(f"sizes holds {size}, expected at least 1")
    return tuple(None if size == ANY else int(size) for size in sizes)


def _check_rank(base: Operation, request: Request) -> None:
    given = request.scales or request.sizes
    axes = base.attributes.get("axes")
    if given is None or request.input_shape is None or axes:
        return
    if len(given) != len(request.input_shape):
        reason = f"{request.by} has {len(given)} values, input has rank {len(request.input_shape)}"
        raise ConventionError(reason)


def settle(base: Operation, meaning: Meaning) -> Operation:
    """Complete an operation with what its lengths mean: shapes, and the PyTorch call."""
    shape_in = base.input_shape or (None,) * meaning.rank
    shape_out = _output_shape(shape_in, base.output_shape, meaning)
    scales = meaning.scales if base.by == "scales" else None
    operation = replace(
        base,
        operator=meaning.resize,
        input_shape=base.input_shape,
        output_shape=shape_out,
        scales=scales,
        sizes=meaning.sizes,
    )
    lengths_in, lengths_out = known(shape_in, meaning.rank), known(shape_out, meaning.rank)
    if base.by == "scales" and scales is None:
        return operation
    call = matching_call(meaning.resize, scales, lengths_in, lengths_out)
    if call is None:
        return operation
    return replace(operation, torch_call=call_text(call, meaning.resize, meaning.rank))


def _output_shape(shape_in: Shape, declared: Shape | None, meaning: Meaning) -> Shape:
    """Return the output shape: sizes where given, else what is declared, else by scale."""
    out: list[int | str | None] = []
    for axis in range(meaning.rank):
        dim_in = shape_in[axis]
        fits = declared is not None and len(declared) == meaning.rank
        dim = declared[axis] if fits and declared else None
        if meaning.sizes is not None and meaning.sizes[axis] is not None:
            dim = meaning.sizes[axis]
        elif not isinstance(dim, int) and meaning.scales is not None:
            scale = meaning.scales[axis]
            if isinstance(dim_in, int):
                dim = output_length_float32(dim_in, scale)
            elif scale == 1:
                dim = dim_in
        out.append(dim)
    return tuple(out)


def _resize_compute(
    scope: Scope, node: "NodeProto", lengths: Lengths, operation: Operation
) -> "Compute":
    names = [name for name in node.input if name]

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        given = bind(scope, node, names, inputs)
        x = given[node.input[0]]
        scales, sizes, roi = (
            _numbers_of(scope, given, name) for name in (lengths.scales, lengths.sizes, lengths.roi)
        )
        if lengths.by == "scales" and scales is None:
            scales = cast("Numbers | None", operation.attributes.get("scales"))
        if (scales if lengths.by == "scales" else sizes) is None:
            raise GraphError("", node.name, f"cannot be evaluated: {lengths.by} is not given")
        request = Request(
            x.shape,
            lengths.by,
            None if scales is None else tuple(float(v) for v in scales),
            _positive(sizes),
            None if roi is None else tuple(float(v) for v in roi),
        )
        try:
            _check_rank(operation, request)
            meaning = onnx_resize.read(operation.op, operation.opset, operation.attributes, request)
            return meaning.resize.evaluate(x, _lengths_out(x.shape, meaning, operation))
        except (ConventionError, ValueError) as error:
            raise GraphError("", node.name, f"cannot be evaluated: {error}") from error

    return compute


def _lengths_out(shape: Sequence[int], meaning: Meaning, operation: Operation) -> list[int]:
    """Return output lengths; the declared one where the input is the declared input."""
    if meaning.sizes is not None:
        pairs = zip(meaning.sizes, shape, strict=True)
        return [n if size is None else size for size, n in pairs]
    declared_in, declared_out = operation.lengths()
    out: list[int] = []
    for axis, n in enumerate(shape):
        scale = 1.0 if meaning.scales is None else meaning.scales[axis]
        length = output_length_float32(n, scale)
        told = declared_out[axis] if axis < len(declared_out) else None
        same = axis < len(declared_in) and declared_in[axis] == n
        out.append(told if same and told is not None and abs(told - length) <= 1 else length)
    return out


def bind(
    scope: Scope, node: "NodeProto", names: Sequence[str], inputs: "Sequence[Array]"
) -> "dict[str, Array]":
    """Match given tensors with a node's inputs: all of them, or those not constant.

    Raises:
        GraphError: the count fits neither.
    """
    varying = [name for name in names if scope.constant(name) is None]
    for wanted in (names, varying, names[: len(inputs)]):
        if len(wanted) == len(inputs):
            return dict(zip(wanted, inputs, strict=True))
    expected = f"{len(varying)} (or all {len(names)})"
    raise GraphError("", node.name, f"{len(inputs)} inputs given, expected {expected}")


def _numbers_of(scope: Scope, given: "dict[str, Array]", name: str) -> Numbers | None:
    if not name:
        return None
    if name in given:
        return tuple(given[name].ravel().tolist())
    return scope.numbers(name)


def array_of(scope: Scope, given: "dict[str, Array]", name: str) -> "Array | None":
    """Return an input as an array: as given, or the constant that it is."""
    import numpy as np

    if not name:
        return None
    if name in given:
        return given[name]
    tensor, values = scope.constant(name), scope.numbers(name)
    if values is None:
        return None
    flat = np.asarray(values)
    return flat if tensor is None else flat.reshape(tuple(tensor.dims))


def _arrays(
    scope: Scope, node: "NodeProto", inputs: "Sequence[Array]", least: int
) -> "list[Array | None]":
    """Return all inputs of a node as arrays; the first `least` must be at hand."""
    names = [name for name in node.input if name]
    given = bind(scope, node, names, inputs)
    arrays = [array_of(scope, given, name) for name in node.input]
    for place in range(least):
        if place >= len(arrays) or arrays[place] is None:
            raise GraphError("", node.name, f"cannot be evaluated: input {place} is not at hand")
    return arrays


def _guard(node: "NodeProto", compute: "Compute") -> "Compute":
    """Turn a misfit of shapes into one clear line."""

    def guarded(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        try:
            return compute(inputs)
        except (ValueError, IndexError) as error:
            raise GraphError("", node.name, f"cannot be evaluated: {error}") from error

    return guarded


def _grid_sample(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    base = replace(base, grid_dtype=scope.dtype(_given(node, 1)))
    rank = None if base.input_shape is None else len(base.input_shape)
    meant = onnx_grid.grid_sample(base.opset, base.attributes, rank)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x, grid = _arrays(scope, node, inputs, 2)[:2]
        return meant.evaluate(cast("Array", x), cast("Array", grid))

    text = torch_grid.grid_sample_text(meant)
    return Described(replace(base, operator=meant, torch_call=text), _guard(node, compute))


def _affine_grid(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    meant = onnx_grid.affine_grid(base.attributes)
    size = scope.numbers(_given(node, 1))
    sizes = None if size is None else tuple(int(v) for v in size)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        theta, size = _arrays(scope, node, inputs, 2)[:2]
        return meant.evaluate(cast("Array", theta), [int(v) for v in cast("Array", size).ravel()])

    text = torch_grid.affine_grid_text(meant, sizes)
    operation = replace(base, operator=meant, torch_call=text, sizes=sizes)
    return Described(operation, _guard(node, compute))


def _roi_align(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    meant = onnx_grid.roi_align(base.opset, base.attributes)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        x, rois, batch = _arrays(scope, node, inputs, 3)[:3]
        return meant.evaluate(cast("Array", x), cast("Array", rois), cast("Array", batch))

    text = torch_grid.roi_align_text(meant)
    return Described(replace(base, operator=meant, torch_call=text), _guard(node, compute))


def _conv_transpose(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    weight = scope.shape(_given(node, 1))
    kernel = base.attributes.get("kernel_shape")
    lengths = cast("tuple[int, ...] | None", kernel)
    if lengths is None and weight is not None and all(isinstance(n, int) for n in weight[2:]):
        lengths = cast("tuple[int, ...]", weight[2:])
    if not lengths:
        raise ConventionError("the kernel's lengths are not known")
    meant = onnx_grid.conv_transpose(base.attributes, lengths)

    def compute(inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        arrays = _arrays(scope, node, inputs, 2)
        bias = arrays[2] if len(arrays) > 2 else None
        return meant.evaluate(cast("Array", arrays[0]), cast("Array", arrays[1]), bias)

    text = torch_grid.conv_transpose_text(meant, bias=bool(_given(node, 2)))
    return Described(replace(base, operator=meant, torch_call=text), _guard(node, compute))


_DESCRIBE: Final[dict[str, Callable[[Scope, "NodeProto", Operation], Described]]] = {
    "Resize": _resize,
    "Upsample": _resize,
    "GridSample": _grid_sample,
    "AffineGrid": _affine_grid,
    "RoiAlign": _roi_align,
    "ConvTranspose": _conv_transpose,
}
