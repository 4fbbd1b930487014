"""MIL operators that move numbers, as ONNX.

===================================== =====================================================
operator                              ONNX
===================================== =====================================================
reshape                               Reshape to the lengths that the program states
transpose, tile, concat, split        the operator of that name; interleave by Reshape
expand_dims, squeeze, stack           Unsqueeze, Squeeze, Unsqueeze and Concat
pad                                   Pad constant, reflect, edge (replicate)
pixel_shuffle, depth_to_space         DepthToSpace CRD, DCR
pixel_unshuffle, space_to_depth       Reshape and Transpose, SpaceToDepth
shape, fill, fill_like, range_1d      Shape, Expand, Range
flatten2d, reshape_like,              Reshape to the lengths that the program states
space_to_batch, batch_to_space        Pad or Slice around Reshape, Transpose, Reshape
sliding_windows                       Gather
===================================== =====================================================

Source: coremltools `converters/mil/mil/ops/defs/iOS15/tensor_transformation.py` and
`tensor_operation.py`, with the changes of iOS16 and iOS17.
"""

from functools import partial
from typing import Final

from halfpixel.runtimes.mil_as_onnx.elementwise import Lower
from halfpixel.runtimes.mil_as_onnx.step import Step


def _reshape(step: Step) -> None:
    shape = step.out_shape()
    lengths = None if shape is None else [n if isinstance(n, int) else -1 for n in shape]
    if lengths is None or lengths.count(-1) > 1:
        asked = step.ints("shape") if step.constant("shape") is not None else None
        if asked is not None and 0 in asked and len(asked) != step.rank():
            raise step.refuse("0 in shape with another rank, at lengths that are not known")
        target = step.int64("shape") if step.has("shape") else ""
        if not target:
            raise step.refuse("the lengths of its output are not known")
    else:
        target = step.nodes.ints(lengths, "shape")
    step.result("Reshape", [step.tensor(), target])


def _transpose(step: Step) -> None:
    perm, rank = step.ints("perm") or [], step.rank()
    step.result("Transpose", [step.tensor()], perm=[axis % rank for axis in perm])


def _expand_dims(step: Step) -> None:
    step.result("Unsqueeze", [step.tensor(), step.int64("axes")])


def _squeeze(step: Step) -> None:
    lengths = step.lengths()
    asked = step.ints("axes", range(len(lengths))) or []
    free = step.has("axes")
    axes = [a for a in asked if lengths[a] == 1 or (free and lengths[a] is None)]
    if not axes:
        step.result("Identity", [step.tensor()])
        return
    step.result("Squeeze", [step.tensor(), step.nodes.ints(axes, "axes")])


def _concat(step: Step) -> None:
    axis = int(step.number("axis"))
    values = step.tensors("values")
    if step.out_shape() is not None and _scalars(step):
        values = [step.add("Unsqueeze", [v, step.nodes.ints([0], "axis")]) for v in values]
    if not step.flag("interleave"):
        step.result("Concat", values, axis=axis)
        return
    shape = step.out_shape()
    if shape is None or None in shape:
        raise step.refuse("interleave at lengths that are not known")
    axis %= len(shape)
    behind = step.nodes.ints([axis + 1], "behind")
    stacked = step.add(
        "Concat", [step.add("Unsqueeze", [v, behind]) for v in values], axis=axis + 1
    )
    step.result("Reshape", [stacked, step.nodes.ints([int(n or 0) for n in shape], "shape")])


def _scalars(step: Step) -> bool:
    bindings = step.operation.inputs["values"].arguments
    scope = step.graph.scope
    names = [b.name for b in bindings if b.WhichOneof("binding") != "value"]
    return bool(names) and all(scope.shape(name) == () for name in names)


def _stack(step: Step) -> None:
    rank = len(step.out_shape() or (None,))
    axis = int(step.number("axis")) % rank
    place = step.nodes.ints([axis], "axis")
    step.result("Concat", [step.add("Unsqueeze", [v, place]) for v in step.tensors("values")],
                axis=axis)  # fmt: skip


def _split(step: Step) -> None:
    axis = int(step.number("axis"))
    sizes, count = step.ints("split_sizes"), len(step.outs)
    if sizes is not None:
        step.emit("Split", [step.tensor(), step.nodes.ints(sizes, "sizes")], step.outs,
                  {"axis": axis})  # fmt: skip
    else:
        step.emit("Split", [step.tensor()], step.outs, {"axis": axis, "num_outputs": count})


def _pad(step: Step) -> None:
    rank, amounts = step.rank(), step.constant("pad")
    mode = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}.get(
        step.text("mode", "constant")
    )
    if mode is None:
        raise step.refuse(f"unknown mode {step.text('mode')!r}")
    if amounts is None:
        pairs = step.nodes.ints([rank, 2], "pairs")
        listed = step.add("Reshape", [step.int64("pad"), pairs])
        turned = step.add("Transpose", [listed], perm=[1, 0])
        pads = step.add("Reshape", [turned, step.nodes.ints([-1], "flat")])
    else:
        flat = [int(v) for v in amounts.reshape(-1)]
        flat = [0] * (2 * rank - len(flat)) + flat
        pads = step.nodes.ints(flat[::2] + flat[1::2], "pads")
    inputs = [step.tensor(), pads]
    if mode == "constant":
        inputs.append(step.scalar(step.number("constant_val"), "value"))
    step.result("Pad", inputs, mode=mode)


def _tile(step: Step) -> None:
    step.result("Tile", [step.tensor(), step.int64("reps")])


def _depth_to_space(mode: str, parameter: str, step: Step) -> None:
    block = int(step.number(parameter))
    step.result("DepthToSpace", [step.tensor()], blocksize=block, mode=mode)


def _space_to_depth(step: Step) -> None:
    step.result("SpaceToDepth", [step.tensor()], blocksize=int(step.number("block_size")))


def _pixel_unshuffle(step: Step) -> None:
    factor = int(step.number("downscale_factor"))
    out = step.out_shape()
    if out is None or any(not isinstance(n, int) for n in out[1:]):
        raise step.refuse("the lengths of its input are not known")
    depth, height, width = (int(n or 0) for n in out[1:])
    inner = [-1, depth // factor**2, height, factor, width, factor]
    parts = step.add("Reshape", [step.tensor(), step.nodes.ints(inner, "parts")])
    turned = step.add("Transpose", [parts], perm=[0, 1, 3, 5, 2, 4])
    step.result("Reshape", [turned, step.nodes.ints([-1, depth, height, width], "shape")])


def _space_to_batch(step: Step) -> None:
    blocks = step.ints("block_shape") or []
    (up, down), (left, right) = step.known("paddings").reshape(2, 2).tolist()
    pads = step.nodes.ints([0, 0, up, left, 0, 0, down, right], "pads")
    padded = step.add("Pad", [step.tensor(), pads])
    _, depth, height, width = (int(n or 0) for n in step.out_shape() or (0,) * 4)
    inner = [-1, depth, height, blocks[0], width, blocks[1]]
    parts = step.add("Reshape", [padded, step.nodes.ints(inner, "parts")])
    turned = step.add("Transpose", [parts], perm=[3, 5, 0, 1, 2, 4])
    step.result("Reshape", [turned, step.nodes.ints([-1, depth, height, width], "shape")])


def _batch_to_space(step: Step) -> None:
    blocks = step.ints("block_shape") or []
    (up, down), (left, right) = step.known("crops").reshape(2, 2).tolist()
    _, depth, height, width = (int(n or 0) for n in step.lengths())
    inner = [blocks[0], blocks[1], -1, depth, height, width]
    parts = step.add("Reshape", [step.tensor(), step.nodes.ints(inner, "parts")])
    turned = step.add("Transpose", [parts], perm=[2, 3, 4, 0, 5, 1])
    grown = [-1, depth, height * blocks[0], width * blocks[1]]
    whole = step.add("Reshape", [turned, step.nodes.ints(grown, "shape")])
    ends = [grown[2] - down, grown[3] - right]
    names = [step.nodes.ints(v, "crop") for v in ([up, left], ends, [2, 3])]
    step.result("Slice", [whole, *names])


def _shape(step: Step) -> None:
    step.cast_result(step.add("Shape", [step.tensor()]))


def _fill(step: Step) -> None:
    value = step.constant("value")
    number = 0.0 if value is None else value.reshape(-1)[0].item()
    made = step.scalar(number, "value", step.out_dtype())
    step.result("Expand", [made, step.int64("shape")])


def _fill_like(step: Step) -> None:
    value = step.constant("value")
    number = 0.0 if value is None else value.reshape(-1)[0].item()
    made = step.scalar(number, "value", step.out_dtype())
    step.result("Expand", [made, step.add("Shape", [step.tensor("ref_tensor")])])


def _range(step: Step) -> None:
    step.result("Range", [step.tensor(name) for name in ("start", "end", "step")])


def _sliding_windows(step: Step) -> None:
    import numpy as np

    lengths, axis = step.lengths(), int(step.number("axis"))
    axis %= len(lengths)
    length = lengths[axis]
    size, stride = int(step.number("size")), int(step.number("stride", 1))
    if length is None:
        raise step.refuse("the length that is slid over is not known")
    starts = np.arange((length - size) // stride + 1, dtype=np.int64) * stride
    places = starts[:, None] + np.arange(size, dtype=np.int64)
    step.result("Gather", [step.tensor(), step.nodes.constant(places, "windows")], axis=axis)


OPS: Final[dict[str, Lower]] = {
    "reshape": _reshape,
    "reshape_like": _reshape,
    "flatten2d": _reshape,
    "transpose": _transpose,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "concat": _concat,
    "stack": _stack,
    "split": _split,
    "pad": _pad,
    "tile": _tile,
    "pixel_shuffle": partial(_depth_to_space, "CRD", "upscale_factor"),
    "depth_to_space": partial(_depth_to_space, "DCR", "block_size"),
    "space_to_depth": _space_to_depth,
    "pixel_unshuffle": _pixel_unshuffle,
    "space_to_batch": _space_to_batch,
    "batch_to_space": _batch_to_space,
    "shape": _shape,
    "fill": _fill,
    "fill_like": _fill_like,
    "range_1d": _range,
    "sliding_windows": _sliding_windows,
}
