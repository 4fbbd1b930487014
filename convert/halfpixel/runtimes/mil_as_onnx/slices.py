"""MIL operators that cut parts out of tensors and write parts into them, as ONNX.

===================================== =====================================================
operator                              ONNX
===================================== =====================================================
slice_by_index, slice_by_size         Slice; a squeezed axis is cut to one and squeezed
crop                                  Slice of the last two axes
reverse                               Slice with step -1
slice_update                          Where, the update padded to the whole
===================================== =====================================================

Source: coremltools `converters/mil/mil/ops/defs/iOS15/tensor_transformation.py` and
`iOS18/tensor_transformation.py`.
"""

from typing import Final

from halfpixel.runtimes.mil_as_onnx.elementwise import Lower
from halfpixel.runtimes.mil_as_onnx.graph import LAST
from halfpixel.runtimes.mil_as_onnx.step import Step


def masks(step: Step, rank: int) -> list[list[bool]]:
    """Return begin_mask, end_mask and squeeze_mask of a slice."""
    names = ("begin_mask", "end_mask", "squeeze_mask")
    return [[bool(v) for v in step.ints(name, [0] * rank) or [0] * rank] for name in names]


def bounds(step: Step, rank: int) -> tuple[list[int], list[int], list[int], list[int]] | None:
    """Return starts, ends and steps as ONNX's Slice takes them, and the axes to squeeze.

    None where begin or end is computed.
    """
    if step.constant("begin") is None or step.constant("end") is None:
        return None
    begin = step.ints("begin", [0] * rank) or [0] * rank
    end = step.ints("end", [LAST] * rank) or [LAST] * rank
    strides = step.ints("stride", [1] * rank) or [1] * rank
    first, last, squeezed = masks(step, rank)
    for axis in range(rank):
        back = strides[axis] < 0
        if squeezed[axis]:
            end[axis] = begin[axis] + 1 if begin[axis] != -1 else LAST
            strides[axis] = 1
            continue
        if first[axis]:
            begin[axis] = LAST if back else 0
        if last[axis]:
            end[axis] = -LAST if back else LAST
    return begin, end, strides, [axis for axis in range(rank) if squeezed[axis]]


def _slice_by_index(step: Step) -> None:
    rank = step.rank()
    found = bounds(step, rank)
    axes = step.nodes.ints(range(rank), "axes")
    if found is not None:
        begin, end, strides, squeezed = found
        given = [step.nodes.ints(v, what) for v, what in ((begin, "begin"), (end, "end"))]
    else:
        strides = step.ints("stride", [1] * rank) or [1] * rank
        first, last, squeeze = masks(step, rank)
        squeezed = [axis for axis in range(rank) if squeeze[axis]]
        back = [stride < 0 for stride in strides]
        starts = step.int64("begin")
        ends = step.int64("end")
        one = step.add("Add", [starts, step.nodes.ints([1], "one")])
        wraps = step.add("Equal", [one, step.nodes.ints([0], "zero")])
        after = step.add("Where", [wraps, step.nodes.ints([LAST], "last"), one])
        ends = _chosen(step, squeeze, after, ends)
        limits = [-LAST if b else LAST for b in back]
        ends = _chosen(step, last, step.nodes.ints(limits, "limits"), ends)
        zeros = [LAST if b else 0 for b in back]
        given = [_chosen(step, first, step.nodes.ints(zeros, "zeros"), starts), ends]
    inputs = [step.tensor(), *given, axes, step.nodes.ints(strides, "steps")]
    if not squeezed:
        step.result("Slice", inputs)
        return
    step.result("Squeeze", [step.add("Slice", inputs), step.nodes.ints(squeezed, "squeezed")])


def _chosen(step: Step, mask: list[bool], one: str, other: str) -> str:
    """Return `one` where the mask is set, else `other`."""
    import numpy as np

    if not any(mask):
        return other
    return step.add("Where", [step.nodes.constant(np.array(mask), "mask"), one, other])


def _slice_by_size(step: Step) -> None:
    rank = step.rank()
    begin, size = step.constant("begin"), step.constant("size")
    if begin is not None and size is not None:
        starts = [int(v) for v in begin.reshape(-1)]
        counts = [int(v) for v in size.reshape(-1)]
        ends = [
            LAST if n == -1 or (b < 0 and b + n >= 0) else b + n
            for b, n in zip(starts, counts, strict=True)
        ]
        given = [step.nodes.ints(starts, "begin"), step.nodes.ints(ends, "end")]
    else:
        first, count = step.int64("begin"), step.int64("size")
        rest = step.add("Equal", [count, step.nodes.ints([-1], "all")])
        last = step.nodes.ints([LAST], "last")
        given = [first, step.add("Where", [rest, last, step.add("Add", [first, count])])]
    step.result("Slice", [step.tensor(), *given, step.nodes.ints(range(rank), "axes")])


def _crop(step: Step) -> None:
    cuts = [step.ints(name) or [0, 0] for name in ("crop_height", "crop_width")]
    rank = step.rank()
    starts = [first for first, _ in cuts]
    ends = [-last if last else LAST for _, last in cuts]
    names = [step.nodes.ints(v, "crop") for v in (starts, ends, [rank - 2, rank - 1])]
    step.result("Slice", [step.tensor(), *names])


def _reverse(step: Step) -> None:
    axes = step.ints("axes", range(step.rank())) or []
    if not axes:
        step.result("Identity", [step.tensor()])
        return
    values = ([-1] * len(axes), [-LAST] * len(axes), axes, [-1] * len(axes))
    names = [step.nodes.ints(v, "reverse") for v in values]
    step.result("Slice", [step.tensor(), *names])


def _slice_update(step: Step) -> None:
    import numpy as np

    lengths = step.lengths()
    found = bounds(step, len(lengths))
    if found is None or None in lengths:
        raise step.refuse("the slice that it writes is not known")
    begin, end, strides, squeezed = found
    size = [n or 0 for n in lengths]
    if any(stride != 1 for stride in strides):
        raise step.refuse(f"strides {strides}")
    chosen = np.zeros(size, bool)
    spans = [slice(b, e).indices(n)[:2] for b, e, n in zip(begin, end, size, strict=True)]
    chosen[tuple(slice(*span) for span in spans)] = True
    update = step.tensor("update")
    if squeezed:
        update = step.add("Unsqueeze", [update, step.nodes.ints(squeezed, "squeezed")])
    before = [first for first, _ in spans]
    after = [n - last for n, (_, last) in zip(size, spans, strict=True)]
    padded = step.add("Pad", [update, step.nodes.ints([*before, *after], "pads")])
    mask = step.nodes.constant(chosen, "mask")
    step.result("Where", [mask, padded, step.tensor()])


OPS: Final[dict[str, Lower]] = {
    "slice_by_index": _slice_by_index,
    "slice_by_size": _slice_by_size,
    "crop": _crop,
    "reverse": _reverse,
    "slice_update": _slice_update,
}
