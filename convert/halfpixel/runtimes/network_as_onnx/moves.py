"""Layers that move, cut, join, look up and reduce numbers.

======================================= ===================================================
layer                                   operator
======================================= ===================================================
concat, concatND, stack                 Concat, concat, stack
split, splitND                          split
reshape, flatten                        Reshape; the channel last between two Transposes
permute, transpose                      Transpose
reorganizeData                          space_to_depth, depth_to_space, pixel_shuffle
slice, sliceStatic                      Slice, slice_by_index
reshapeStatic, rankPreservingReshape,   Reshape, Flatten
flattenTo2D
squeeze, expandDims, tile, reverse      squeeze, expand_dims, tile, reverse
loadConstant, loadConstantND            a constant
broadcastToStatic                       Expand
reduce, reduceSum ... reduceLogSumExp   the reduction of that name
argMax, argMin                          reduce_argmax, reduce_argmin, in float32
gather, gatherAlongAxis, gatherND       of whole numbers
dot                                     ReduceSum of products along the third last axis
======================================= ===================================================

Source: apple/coremltools `mlmodel/format/NeuralNetwork.proto`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from halfpixel.formats.coreml.layer_messages import (
    Axes,
    Axis,
    Constant,
    Cut,
    Reduction,
    Reorganised,
    Split,
    StaticCut,
    Target,
)
from halfpixel.formats.coreml.network_messages import Concat
from halfpixel.runtimes.network_as_onnx.elementwise import SMALL, Lower
from halfpixel.runtimes.network_as_onnx.layer import Layer, Value
from halfpixel.runtimes.network_as_onnx.weights import array

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
REORGANISED: Final = (
    ("space_to_depth", "block_size"),
    ("depth_to_space", "block_size"),
    ("pixel_shuffle", "upscale_factor"),
)
MODES: Final = ("sum", "mean", "prod", "log_sum", "sum_square", "l1_norm", "l2_norm", "max", "min")
OVER: Final = ((-3, -2, -1), (-2, -1), (-3,), (-2,), (-1,))
LOG_SUM, ARGMAX = 3, 9
REDUCED: Final = {
    "reduceL1": "reduce_l1_norm", "reduceL2": "reduce_l2_norm", "reduceMax": "reduce_max",
    "reduceMin": "reduce_min", "reduceSum": "reduce_sum", "reduceProd": "reduce_prod",
    "reduceMean": "reduce_mean", "reduceLogSum": "reduce_log_sum",
    "reduceSumSquare": "reduce_sum_square", "reduceLogSumExp": "reduce_log_sum_exp",
}  # fmt: skip


def _concat(layer: Layer) -> None:
    sequence = layer.message(Concat).sequenceConcat
    if sequence and layer.exact:
        raise layer.refuse("sequenceConcat of arrays of 5 axes")
    layer.result("Concat", layer.inputs, axis=0 if sequence else -3)


def _concat_nd(layer: Layer) -> None:
    told = layer.message(Axis)
    if told.first:
        raise layer.refuse("interleave")
    layer.result("Concat", layer.inputs, axis=layer.axis(int(told.axis)))


def _stack(layer: Layer) -> None:
    layer.need_exact()
    axis = int(layer.message(Axis).axis)
    axis += len(layer.lengths()) + 1 if axis < 0 else 0
    place = layer.ints([axis], "axis")
    layer.result("Concat", [layer.add("Unsqueeze", [v, place]) for v in layer.inputs], axis=axis)


def _split(layer: Layer) -> None:
    layer.mil_result("split", x=layer.x(), axis=-3)


def _split_nd(layer: Layer) -> None:
    told = layer.message(Split)
    sizes = [int(n) for n in told.splitSizes]
    more = {"split_sizes": sizes} if sizes else {}
    layer.mil_result("split", x=layer.x(), axis=layer.axis(int(told.axis)), **more)


def _reshape(layer: Layer) -> None:
    layer.image()
    told = layer.message(Target)
    shape = [int(n) for n in told.targetShape]
    if len(shape) not in {3, 4}:
        raise layer.refuse(f"targetShape {shape}, expected 3 or 4 lengths")
    shape = [0, *shape] if len(shape) == 3 else shape
    if not told.mode:
        layer.result("Reshape", [layer.x(), layer.ints(shape, "shape")])
        return
    last = layer.add("Transpose", [layer.x()], perm=TO_LAST)
    target = layer.ints([shape[place] for place in TO_LAST], "shape")
    layer.result("Transpose", [layer.add("Reshape", [last, target])], perm=TO_FIRST)


def _flatten(layer: Layer) -> None:
    layer.image()
    x = layer.x()
    if layer.message(Axis).axis:  # its mode
        x = layer.add("Transpose", [x], perm=TO_LAST)
    layer.result("Reshape", [x, layer.ints([0, -1, 1, 1], "shape")])


def _permute(layer: Layer) -> None:
    layer.image()
    if layer.exact:
        raise layer.refuse("an array of 5 axes is permuted")
    axes = [int(a) for a in layer.message(Axes).axes] or [0, 1, 2, 3]
    layer.mil_result("transpose", x=layer.x(), perm=axes)


def _transpose(layer: Layer) -> None:
    layer.need_exact()
    axes = [int(a) for a in layer.message(Axes).axes]
    layer.mil_result("transpose", x=layer.x(), perm=axes)


def _reorganize(layer: Layer) -> None:
    layer.image()
    told = layer.message(Reorganised)
    if not 0 <= told.mode < len(REORGANISED):
        raise layer.refuse(f"mode {told.mode}")
    kind, parameter = REORGANISED[told.mode]
    layer.mil_result(kind, x=layer.x(), **{parameter: int(told.blockSize)})


def _slice(layer: Layer) -> None:
    told = layer.message(Cut)
    if not 0 <= told.axis < 3:
        raise layer.refuse(f"axis {told.axis}")
    numbers = (told.startIndex, told.endIndex, told.axis - 3, told.stride or 1)
    bounds = [layer.ints([int(n)], "bound") for n in numbers]
    layer.result("Slice", [layer.x(), *bounds])


def _slice_static(layer: Layer) -> None:
    layer.need_exact()
    told = layer.message(StaticCut)
    masks = {
        "begin_mask": told.beginMasks, "end_mask": told.endMasks, "squeeze_mask": told.squeezeMasks
    }  # fmt: skip
    given = {name: list(flags) for name, flags in masks.items() if len(flags)}
    layer.mil_result("slice_by_index", x=layer.x(), begin=list(told.beginIds),
                     end=list(told.endIds), stride=list(told.strides), **given)  # fmt: skip


def _reshape_static(layer: Layer) -> None:
    layer.need_exact()
    shape = [int(n) for n in layer.message(Target).targetShape]
    layer.result("Reshape", [layer.x(), layer.ints(shape, "shape")])


def _flatten_to_2d(layer: Layer) -> None:
    layer.need_exact()
    layer.result("Flatten", [layer.x()], axis=int(layer.message(Axis).axis))


def _squeeze(layer: Layer) -> None:
    layer.need_exact()
    told, rank = layer.message(Axes), len(layer.lengths())
    if rank == 1:
        layer.result("Identity", [layer.x()])
        return
    axes = {} if told.first else {"axes": [int(a) for a in told.axes]}
    layer.mil_result("squeeze", x=layer.x(), **axes)


def _expand_dims(layer: Layer) -> None:
    layer.need_exact()
    axes = [int(a) for a in layer.message(Axes).axes]
    layer.mil_result("expand_dims", x=layer.x(), axes=axes)


def _tile(layer: Layer) -> None:
    layer.need_exact()
    reps = [int(n) for n in layer.message(Axes).axes]
    if len(layer.inputs) > 1:
        raise layer.refuse("computed repetitions")
    missing = len(layer.lengths()) - len(reps)
    layer.mil_result("tile", x=layer.x(), reps=[1] * missing + reps)


def _reverse(layer: Layer) -> None:
    layer.need_exact()
    flags = list(layer.message(Axes).axes)
    layer.mil_result("reverse", x=layer.x(), axes=[k for k, flag in enumerate(flags) if flag])


def _load(layer: Layer) -> None:
    told = layer.message(Constant)
    shape = [int(n) for n in told.shape]
    values = array(told.data, shape)
    if layer.own.kind == "loadConstant":
        values = values[None]  # (channel, height, width) of one image
    layer.result("Identity", [layer.constant(values, "value")])


def _broadcast(layer: Layer) -> None:
    layer.need_exact()
    shape = layer.ints([int(n) for n in layer.message(Target).targetShape], "shape")
    layer.result("Expand", [layer.x(), shape])


def _reduce(layer: Layer) -> None:
    told, x = layer.message(Reduction), layer.x()
    if not 0 <= told.axis < len(OVER) or not 0 <= told.mode <= ARGMAX:
        raise layer.refuse(f"mode {told.mode} over axis {told.axis}")
    over = OVER[told.axis]
    if told.mode == ARGMAX:
        layer.single(layer.add("ArgMax", [x], axis=over[0], keepdims=1))
        return
    kind = f"reduce_{MODES[told.mode]}"
    if told.mode == LOG_SUM:  # the sum of logarithms
        x = layer.mil("log", x=x, epsilon=told.epsilon or SMALL)
        kind = "reduce_sum"
    layer.mil_result(kind, x=x, axes=list(over), keep_dims=True)


def _reduced(kind: str, layer: Layer) -> None:
    told = layer.message(Axes)
    if told.second:
        layer.mil_result(kind, x=layer.x(), keep_dims=told.first)
        return
    axes = [layer.axis(int(a)) for a in told.axes]
    layer.mil_result(kind, x=layer.x(), axes=axes, keep_dims=told.first)


def _arg(op: str, layer: Layer) -> None:
    told = layer.message(Axis)
    axis = layer.axis(int(told.axis))
    layer.single(layer.add(op, [layer.x()], axis=axis, keepdims=int(not told.first)))


def _gather(op: str, layer: Layer) -> None:
    layer.need_exact()
    places = layer.cast(layer.x(1), "int64")
    axis = {} if op == "GatherND" else {"axis": int(layer.message(Axis).axis)}
    layer.result(op, [layer.x(), places], **axis)


def _dot(layer: Layer) -> None:
    given: list[Value] = [layer.x(), layer.x(1)]
    over = layer.ints([-3], "axes")
    if layer.message(Axis).axis:
        given = [layer.add("Div", [v, layer.add("ReduceL2", [v, over], keepdims=1)]) for v in given]
    layer.result("ReduceSum", [layer.add("Mul", given), over], keepdims=1)


LAYERS: Final[Mapping[str, Lower]] = {
    "concat": _concat,
    "concatND": _concat_nd,
    "stack": _stack,
    "split": _split,
    "splitND": _split_nd,
    "reshape": _reshape,
    "flatten": _flatten,
    "permute": _permute,
    "transpose": _transpose,
    "reorganizeData": _reorganize,
    "slice": _slice,
    "sliceStatic": _slice_static,
    "reshapeStatic": _reshape_static,
    "rankPreservingReshape": _reshape_static,
    "flattenTo2D": _flatten_to_2d,
    "squeeze": _squeeze,
    "expandDims": _expand_dims,
    "tile": _tile,
    "reverse": _reverse,
    "loadConstant": _load,
    "loadConstantND": _load,
    "broadcastToStatic": _broadcast,
    "reduce": _reduce,
    **{name: partial(_reduced, kind) for name, kind in REDUCED.items()},
    "argMax": partial(_arg, "ArgMax"),
    "argMin": partial(_arg, "ArgMin"),
    "gather": partial(_gather, "Gather"),
    "gatherND": partial(_gather, "GatherND"),
    "gatherAlongAxis": partial(_gather, "GatherElements"),
    "dot": _dot,
}
"""How each of these layers is lowered."""
