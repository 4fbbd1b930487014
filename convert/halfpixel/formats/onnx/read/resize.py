"""From one ONNX node to what it computes: the operation of a site, and how to evaluate it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, cast

from msgspec.structs import replace

from halfpixel.conventions.meaning import Meaning, check_lengths
from halfpixel.conventions.onnx import resize as onnx_resize
from halfpixel.conventions.onnx.attributes import DEFAULT_DOMAINS
from halfpixel.conventions.onnx.resize import Request
from halfpixel.errors import ConventionError, GraphError
from halfpixel.formats.onnx.read.constants import Numbers
from halfpixel.formats.onnx.read.domains.names import (
    ATEN,
    ATEN_OPS,
    ELSEWHERE,
    MICROSOFT,
    NHWC_RESIZE,
    TENSORFLOW,
    leftover,
)
from halfpixel.formats.onnx.read.evaluation import Described, bind, numbers_of
from halfpixel.formats.onnx.read.inputs import Lengths, check_type, resize_inputs
from halfpixel.formats.onnx.read.kept_axes import kept_axes, with_claim
from halfpixel.formats.onnx.read.scope import ANY, Scope, name_of
from halfpixel.origin import Origin, Producer
from halfpixel.sampling import Resize
from halfpixel.sampling.arithmetic import output_length_float32
from halfpixel.site import Attribute, Operation
from halfpixel.surroundings import Shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

    from halfpixel.arrays import Array
    from halfpixel.site import Compute

OPS: Final = frozenset(
    {"Resize", "Upsample", "GridSample", "AffineGrid", "RoiAlign", "ConvTranspose"}
    | {"DepthToSpace"}
)

RESAMPLING: Final = OPS | TENSORFLOW | ATEN_OPS | {op for _, op in ELSEWHERE}
"""Every type of node that is described, or was meant to become one."""


def is_resampling(node: "NodeProto") -> bool:
    """Whether a node is of a type that is described, or was meant to become one."""
    domain, op = node.domain, node.op_type
    if domain in DEFAULT_DOMAINS:
        return op in OPS or op in TENSORFLOW
    return (domain, op) in ELSEWHERE or (domain == ATEN and bool(leftover(node)))


def describe(scope: Scope, node: "NodeProto", producer: Producer) -> Described:
    """Return what a resampling node computes.

    Args:
        scope: the graph that it stands in.
        node: a node that `is_resampling`.
        producer: which program wrote the model.

    Returns:
        The operation; where the node's values are not such that it can be described,
        `operator` is None and `problem` says why.
    """
    opset = scope.opset(node.domain) or 0
    problem, attributes = "", dict[str, Attribute]()
    try:
        attributes = scope.attributes(node)
    except GraphError as error:
        problem = error.reason
    shape = scope.shape(node.input[0]) if node.input else None
    out = scope.shape(node.output[0]) if node.output else None
    if shape and out is not None and len(out) != len(shape) and node.op_type != "AffineGrid":
        out = None  # the file contradicts itself
    base = Operation(
        op_of(node),
        opset,
        attributes,
        None,
        input_shape=shape,
        output_shape=out,
        declared=scope.declared(node.output[0]) if node.output else None,
        origin=Origin(producer),
        dtype=scope.dtype(node.input[0]) if node.input else "",
    )
    if problem:
        return Described(replace(base, problem=problem), _refuse(node, problem))
    try:
        described = _describer(node)(scope, node, base)
        operator = described.operation.operator
        if isinstance(operator, Resize):
            check_lengths(operator, *described.operation.lengths, scales=described.operation.scales)
    except ConventionError as error:
        return Described(replace(base, problem=str(error)), _refuse(node, str(error)))
    except GraphError as error:
        if error.node:
            raise
        raise GraphError("", name_of(node), error.reason) from error
    return described


def misfit(scope: Scope, node: "NodeProto", producer: Producer, problem: str) -> Described:
    """Return a node that cannot be described, with the reason."""
    opset = scope.opset(node.domain) or 0
    operation = Operation(op_of(node), opset, {}, None, origin=Origin(producer), problem=problem)
    return Described(operation, _refuse(node, problem))


def _refuse(node: "NodeProto", reason: str) -> "Compute":
    def compute(_inputs: "Sequence[Array]") -> "NDArray[np.float64]":
        raise GraphError("", node.name, f"cannot be evaluated: {reason}")

    return compute


def _foreign(_scope: Scope, node: "NodeProto", _base: Operation) -> Described:
    raise ConventionError(leftover(node))


def _describer(node: "NodeProto") -> "Describer":
    if node.domain in DEFAULT_DOMAINS:
        return _DESCRIBE.get(node.op_type, _foreign)
    if (node.domain, node.op_type) == NHWC_RESIZE:
        return _resize
    from halfpixel.formats.onnx.read.domains.microsoft import DESCRIBED

    return DESCRIBED.get((node.domain, node.op_type), _foreign)


def op_of(node: "NodeProto") -> str:
    """Return the type of a node, with its domain where it is no operator of ONNX's own words."""
    if node.domain in DEFAULT_DOMAINS or (node.domain, node.op_type) == (MICROSOFT, "GridSample"):
        return node.op_type
    return f"{node.domain}.{node.op_type}"


def _other(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    from halfpixel.formats.onnx.read.grids import DESCRIBE

    return DESCRIBE[node.op_type](scope, node, base)


def _depth_to_space(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    from halfpixel.formats.onnx.read.patterns.shuffle import describe_depth_to_space

    return describe_depth_to_space(scope, node, base)


def _resize(scope: Scope, node: "NodeProto", base: Operation) -> Described:
    lengths = resize_inputs(scope, node, base.opset)
    for what, name in (("scales", lengths.scales), ("sizes", lengths.sizes), ("roi", lengths.roi)):
        check_type(scope, what, name)
    scales = _scales(scope, lengths, base)
    sizes = scope.computed(lengths.sizes) if lengths.sizes else None
    roi = scope.numbers(lengths.roi) if lengths.roi else None
    request = Request(
        None if base.input_shape is None else base.lengths[0],
        lengths.by,
        scales,
        _positive(sizes),
        None if roi is None else tuple(float(v) for v in roi),
    )
    _check_rank(base, request)
    meaning = onnx_resize.read(base.op, base.opset, base.attributes, request)
    name = lengths.scales if lengths.by == "scales" else lengths.sizes
    constant = not name or scope.numbers(name) is not None
    base = replace(base, by=lengths.by, constant_lengths=constant)
    operation = settle(base, meaning)
    axes = cast("tuple[int, ...]", base.attributes.get("axes") or range(meaning.rank))
    every = len(axes) == meaning.rank
    kept = frozenset(range(meaning.rank)) - {axis % meaning.rank for axis in axes}
    if base.input_shape is not None and None in operation.lengths[0]:
        shapes = base.input_shape, operation.output_shape or ()
        kept |= kept_axes(scope, lengths.sizes if every else "", node.input[0], shapes)
    operation = with_claim(operation, meaning, kept)
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
    """Complete an operation with what its lengths mean: its shapes."""
    shape_in = base.input_shape or (None,) * meaning.rank
    shape_out = _output_shape(shape_in, base.output_shape, meaning)
    return base.settled(meaning, shape_out)


def _output_shape(shape_in: Shape, declared: Shape | None, meaning: Meaning) -> Shape:
    """Return the output shape: sizes where given, else by scale, else what is declared."""
    out: list[int | str | None] = []
    for axis in range(meaning.rank):
        dim_in = shape_in[axis]
        fits = declared is not None and len(declared) == meaning.rank
        dim = declared[axis] if fits and declared else None
        if meaning.sizes is not None and meaning.sizes[axis] is not None:
            dim = meaning.sizes[axis]
        elif meaning.scales is not None:
            scale = meaning.scales[axis]
            if isinstance(dim_in, int):
                dim = output_length_float32(dim_in, scale)
            elif scale == 1 and not isinstance(dim, int):
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
            numbers_of(scope, given, name) for name in (lengths.scales, lengths.sizes, lengths.roi)
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
    declared_in, declared_out = operation.lengths
    out: list[int] = []
    for axis, n in enumerate(shape):
        scale = 1.0 if meaning.scales is None else meaning.scales[axis]
        length = output_length_float32(n, scale)
        told = declared_out[axis] if axis < len(declared_out) else None
        same = axis < len(declared_in) and declared_in[axis] == n
        out.append(told if same and told is not None and abs(told - length) <= 1 else length)
    return out


Describer = Callable[[Scope, "NodeProto", Operation], Described]

_DESCRIBE: Final[dict[str, Describer]] = {
    "Resize": _resize,
    "Upsample": _resize,
    "GridSample": _other,
    "AffineGrid": _other,
    "RoiAlign": _other,
    "ConvTranspose": _other,
    "DepthToSpace": _depth_to_space,
}
