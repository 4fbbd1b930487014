"""MIL operators that reduce, look up, sort, scatter and quantise, as ONNX.

===================================== =====================================================
operator                              ONNX
===================================== =====================================================
reduce_max, reduce_mean ...           the reduction of that name (`REDUCTIONS`)
reduce_argmax, reduce_argmin          ArgMax, ArgMin, as int32
gather                                Gather; GatherND where it has batch_dims
gather_along_axis, gather_nd          GatherElements, GatherND
scatter, scatter_nd,                  ScatterND, ScatterND, ScatterElements
scatter_along_axis
topk, argsort                         TopK, its places as int32
cumsum, one_hot, non_zero             CumSum, OneHot, Transpose(NonZero)
band_part                             Where with a constant band
quantize, dequantize                  QuantizeLinear, DequantizeLinear
===================================== =====================================================

Source: coremltools `converters/mil/mil/ops/defs/iOS15/reduction.py`, `scatter_gather.py` and
`tensor_operation.py`, with the changes of iOS16 and iOS17.
"""

from functools import partial
from typing import Final

from halfpixel.runtimes.mil_as_onnx.elementwise import SMALL, Lower
from halfpixel.runtimes.mil_as_onnx.step import Step

REDUCTIONS: Final = {
    "reduce_l1_norm": "ReduceL1", "reduce_l2_norm": "ReduceL2", "reduce_log_sum": "ReduceLogSum",
    "reduce_log_sum_exp": "ReduceLogSumExp", "reduce_max": "ReduceMax",
    "reduce_mean": "ReduceMean", "reduce_min": "ReduceMin", "reduce_prod": "ReduceProd",
    "reduce_sum": "ReduceSum", "reduce_sum_square": "ReduceSumSquare",
}  # fmt: skip
MODES: Final = {"update": "none", "add": "add", "mul": "mul", "max": "max", "min": "min"}
"""What scatter operators call ONNX's reduction."""


def _reduce(op: str, step: Step) -> None:
    axes = step.ints("axes")
    given = [step.tensor()] if axes is None else [step.tensor(), step.int64("axes")]
    step.result(op, given, keepdims=int(step.flag("keep_dims")))


def _arg(op: str, step: Step) -> None:
    axis, keep = int(step.number("axis", -1)), int(step.flag("keep_dims"))
    step.cast_result(step.add(op, [step.tensor()], axis=axis, keepdims=keep))


def _places(step: Step, parameter: str = "indices") -> str:
    """Return places in a type that ONNX takes."""
    found = step.tensor(parameter)
    return step.cast(found, "int32") if step.dtype(parameter) in SMALL | {"uint32"} else found


def _gather(step: Step) -> None:
    axis, batch = int(step.number("axis", 0)), int(step.number("batch_dims", 0))
    if not batch:
        step.result("Gather", [step.tensor(), _places(step)], axis=axis)
        return
    if axis % step.rank() != batch:
        raise step.refuse(f"batch_dims {batch} with axis {axis}")
    wide = step.cast(step.tensor("indices"), "int64")
    places = step.add("Unsqueeze", [wide, step.nodes.ints([-1], "last")])
    step.result("GatherND", [step.tensor(), places], batch_dims=batch)


def _gather_along_axis(step: Step) -> None:
    axis = int(step.number("axis", 0))
    step.result("GatherElements", [step.tensor(), _places(step)], axis=axis)


def _gather_nd(step: Step) -> None:
    places = step.cast(step.tensor("indices"), "int64")
    step.result("GatherND", [step.tensor(), places], batch_dims=int(step.number("batch_dims", 0)))


def _reduction(step: Step) -> str:
    mode = step.text("mode", "add")
    if mode not in MODES:
        raise step.refuse(f"mode {mode!r}")
    return MODES[mode]


def _scatter_nd(step: Step) -> None:
    places = step.cast(step.tensor("indices"), "int64")
    given = [step.tensor("data"), places, step.tensor("updates")]
    step.result("ScatterND", given, reduction=_reduction(step))


def _scatter(step: Step) -> None:
    axis = int(step.number("axis", 0))
    if axis % step.rank("data"):
        raise step.refuse(f"axis {axis}")
    wide = step.cast(step.tensor("indices"), "int64")
    places = step.add("Unsqueeze", [wide, step.nodes.ints([-1], "last")])
    given = [step.tensor("data"), places, step.tensor("updates")]
    step.result("ScatterND", given, reduction=_reduction(step))


def _scatter_along_axis(step: Step) -> None:
    given = [step.tensor("data"), _places(step), step.tensor("updates")]
    axis = int(step.number("axis", 0))
    step.result("ScatterElements", given, axis=axis, reduction=_reduction(step))


def _topk(step: Step) -> None:
    count = step.nodes.ints([int(step.number("k", 1))], "k")
    _sorted(step, count, largest=not step.flag("ascending"), places=step.outs[1:2],
            values=step.outs[0])  # fmt: skip


def _argsort(step: Step) -> None:
    length = step.lengths()[int(step.number("axis", -1))]
    if length is None:
        raise step.refuse("the length that is sorted is not known")
    count = step.nodes.ints([length], "k")
    _sorted(step, count, largest=not step.flag("ascending"), places=step.outs)


def _sorted(
    step: Step, count: str, *, largest: bool, places: tuple[str, ...], values: str = ""
) -> None:
    found = step.nodes.name("places")
    order = {"axis": int(step.number("axis", -1)), "largest": int(largest), "sorted": 1}
    step.emit("TopK", [step.tensor(), count], [values or step.nodes.name("values"), found], order)
    for out in places:
        step.emit("Cast", [found], [out], {"to": 6})


def _cumsum(step: Step) -> None:
    axis = step.nodes.number(int(step.number("axis", 0)), "axis", "int64")
    flags = {name: int(step.flag(name)) for name in ("exclusive", "reverse")}
    step.result("CumSum", [step.tensor(), axis], **flags)


def _one_hot(step: Step) -> None:
    import numpy as np

    values = np.array([step.number("off_value", 0), step.number("on_value", 1)], step.out_dtype())
    given = [step.tensor("indices"), step.tensor("one_hot_vector_size")]
    axis = int(step.number("axis", -1))
    step.result("OneHot", [*given, step.nodes.constant(values, "values")], axis=axis)


def _non_zero(step: Step) -> None:
    places = step.add("Transpose", [step.add("NonZero", [step.tensor()])], perm=[1, 0])
    step.cast_result(places)


def _band_part(step: Step) -> None:
    import numpy as np

    lower, upper = int(step.number("lower", -1)), int(step.number("upper", -1))
    rows, columns = step.lengths()[-2:]
    if rows is None or columns is None:
        raise step.refuse("the lengths of the matrix are not known")
    away = np.arange(rows)[:, None] - np.arange(columns)
    band = ((lower < 0) | (away <= lower)) & ((upper < 0) | (-away <= upper))
    mask = step.nodes.constant(np.asarray(band), "band")
    step.result("Where", [mask, step.tensor(), step.scalar(0, "zero")])


def _quantize(step: Step) -> None:
    step.result("QuantizeLinear", _scaled(step), axis=int(step.number("axis", 1)))


def _dequantize(step: Step) -> None:
    step.result("DequantizeLinear", _scaled(step), axis=int(step.number("axis", 1)))


def _scaled(step: Step) -> list[str]:
    given = [step.tensor("input"), step.tensor("scale")]
    if step.has("zero_point"):
        return [*given, step.tensor("zero_point")]
    import numpy as np

    dtype = step.out_dtype() if step.operation.type == "quantize" else step.dtype("input")
    zero = np.zeros(step.known("scale").shape, np.dtype(dtype))
    return [*given, step.nodes.constant(zero, "zero_point")]


OPS: Final[dict[str, Lower]] = {
    **{name: partial(_reduce, op) for name, op in REDUCTIONS.items()},
    "reduce_argmax": partial(_arg, "ArgMax"),
    "reduce_argmin": partial(_arg, "ArgMin"),
    "gather": _gather,
    "gather_along_axis": _gather_along_axis,
    "gather_nd": _gather_nd,
    "scatter": _scatter,
    "scatter_nd": _scatter_nd,
    "scatter_along_axis": _scatter_along_axis,
    "topk": _topk,
    "argsort": _argsort,
    "cumsum": _cumsum,
    "one_hot": _one_hot,
    "non_zero": _non_zero,
    "band_part": _band_part,
    "quantize": _quantize,
    "dequantize": _dequantize,
}
