"""An adaptive resize keeps the windows of the exported size while its input is free.

## Why it matters
F.interpolate(mode="area") and adaptive_avg_pool derive their windows from both lengths. The
exporter writes the windows of the example image: a pooling of fixed kernel, or gathers with
fixed index tables. At another size the values are wrong, and with a pooling the output size
is wrong as well. There is no warning.

## Where it comes from
torch.onnx.export(dynamo=True) with dynamic axes. The TorchScript exporter refuses instead. The
AdaptiveAvgPool2d(6) of a pyramid head that was exported at 6 x 6 becomes a pooling of 1 x 1, which
does nothing at any other size.

## What is reported
A warning where an AveragePool stands on an input whose lengths are free, if the exporter kept the
user's line and it resamples, or if its windows are single pixels, which nobody else writes. Where
area shrinks by a whole factor and every input is a multiple of it, the windows do fit. Windows
that the graph gathers are computed at trial lengths and compared with PyTorch's.

## Fix safety
None: the call's own size or factor is not in the file.
"""

from collections.abc import Iterator

from halfpixel.intents.aten_call import NO_CALL
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Area, Resize, Sampling
from halfpixel.site import Operation, Site
from halfpixel.surroundings import FreeLengths

DECLINED = "the call's own size or factor is not in the file"


def check(site: Site) -> Iterator[Finding]:
    """Look for fixed windows on free lengths."""
    operation = site.operation
    if not operation.hidden or site.intent == NO_CALL:
        return  # a pooling that is meant, and no resize
    said = _gathered(operation) if operation.op != "AveragePool" else _pooled(operation)
    if said:
        yield Finding(said, "warning", "proven", declined=DECLINED)


def _pooled(operation: Operation) -> str:
    """Return what is fixed in a pooling; empty where nothing is, or pooling may be meant."""
    kernel = operation.attributes.get("kernel_shape")
    shape = operation.input_shape
    if not isinstance(kernel, tuple) or shape is None:
        return ""
    if not operation.origin.resampling_line and set(kernel) != {1}:
        return ""
    free = _free_axis(operation, range(2, len(shape)))
    if free is None:
        return ""
    return _fixed(f"windows of {kernel[free - len(shape)]} px", free)


def _gathered(operation: Operation) -> str:
    """Return what is fixed in windows or tables that are gathered; empty where nothing is."""
    free = operation.surroundings.free_lengths
    if free.windows:
        axis, n_in, n_out = free.windows[0]
        wrong = len({(ins, outs) for _, ins, outs in free.windows})
        tried = len({pair for ins, outs in free.trials for pair in zip(ins, outs, strict=True)})
        return (
            f"the windows belong to the exported size: at {wrong} of the {tried} lengths that were "
            f"tried they are not those that PyTorch computes, such as {n_in} to {n_out} (axis "
            f"{axis})"
        )
    if operation.operator is not None or not operation.constant_lengths:
        return ""
    unknown = _free_axis(operation, range(operation.rank)[-2:])
    return "" if unknown is None else _fixed("index tables", unknown)


def _free_axis(operation: Operation, axes: range) -> int | None:
    shape = operation.input_shape or ()
    return next((a for a in axes if a < len(shape) and not isinstance(shape[a], int)), None)


def _fixed(written: str, axis: int) -> str:
    return (
        f"{written} of the exported size are fixed on a free length (axis {axis}): "
        "PyTorch computes them anew for every size"
    )


_AREA = Resize(tuple((axis, Sampling("half_pixel", Area())) for axis in (2, 3)))
_POOLED: Facts = {
    "hidden": "AveragePool",
    "attributes": {"kernel_shape": (2, 2), "strides": (2, 2)},
    "resampling_line": True,
}
_SINGLE: Facts = {
    "hidden": "AveragePool",
    "attributes": {"kernel_shape": (1, 1), "strides": (1, 1)},
}
_FREE = (1, 2, "height", "width")


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "AveragePool",
                _AREA,
                like=_POOLED,
                input_shape=_FREE,
                intent=NO_CALL,
            ),
            because="PyTorch's own graph resamples nothing there",
        ),
        Good(
            example_site(
                "AveragePool",
                _AREA,
                like=_POOLED,
                input_shape=(1, 2, 6, 8),
                output_shape=(1, 2, 3, 4),
            ),
            because="the lengths are fixed, and the windows fit them",
        ),
        Good(
            example_site(
                "AveragePool",
                None,
                hidden="AveragePool",
                attributes={"kernel_shape": (2, 2), "strides": (2, 2)},
                input_shape=_FREE,
            ),
            because="nothing tells it from a pooling that is meant",
        ),
        Bad(
            example_site("AveragePool", None, like=_SINGLE, input_shape=_FREE),
            Finding(
                "windows of 1 px of the exported size are fixed on a free length (axis 2): "
                "PyTorch computes them anew for every size",
                "warning",
                "proven",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site(
                "GatherND",
                None,
                hidden="GatherND and ReduceMean",
                input_shape=_FREE,
                constant_lengths=False,
                free_lengths=FreeLengths(
                    (((64, 64), (3, 3)), ((96, 96), (3, 3))), windows=((2, 96, 3), (3, 96, 3))
                ),
            ),
            Finding(
                "the windows belong to the exported size: at 1 of the 2 lengths that were tried "
                "they are not those that PyTorch computes, such as 96 to 3 (axis 2)",
                "warning",
                "proven",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site("AveragePool", _AREA, like=_POOLED, input_shape=_FREE),
            Finding(
                "windows of 2 px of the exported size are fixed on a free length (axis 2): "
                "PyTorch computes them anew for every size",
                "warning",
                "proven",
                declined=DECLINED,
            ),
        ),
    ),
)
