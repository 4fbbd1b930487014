"""An adaptive resize keeps the windows of the exported size while its input is free.

## Why it matters
F.interpolate(mode="area") and adaptive_avg_pool derive their windows from both lengths. The
exporter writes the windows of the example image: a pooling of fixed kernel, or gathers with
fixed index tables. At another size the values are wrong, and with a pooling the output size
is wrong as well. There is no warning.

## Where it comes from
torch.onnx.export(dynamo=True) with dynamic axes. The TorchScript exporter refuses instead. The
AdaptiveAvgPool2d(6) of a pyramid head that was exported at 6 x 6 becomes a pooling of 1 x 1, which
does nothing at any other size. nn.AvgPool2d(1), which keeps every pixel at all sizes, becomes the
same node.

## What is reported
A warning where an AveragePool stands on an input whose lengths are free, if the exporter kept the
user's line or module and it resamples. Where neither is kept and the windows are single pixels, a
warning that is assumed: both readings are named; nothing where the exporter writes an adaptive
pooling otherwise. Where
area shrinks by a whole factor and every input is a multiple of it, the windows do fit. Windows
that the graph gathers are computed at trial lengths and compared with PyTorch's.

## Fix safety
None: the call's own size or factor is not in the file.
"""

from collections.abc import Iterator

from halfpixel.intents.aten_call import NO_CALL
from halfpixel.intents.exporter_habit import as_written
from halfpixel.origin import Producer
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
    if operation.op == "AveragePool":
        yield from _pooled(operation)
    elif said := _gathered(operation):
        yield Finding(said, "warning", "proven", declined=DECLINED)


def _pooled(operation: Operation) -> Iterator[Finding]:
    """Look for what is fixed in a pooling that is recorded as adaptive, or may be it."""
    kernel = operation.attributes.get("kernel_shape")
    shape = operation.input_shape
    if not isinstance(kernel, tuple) or shape is None:
        return
    free = _free_axis(operation, range(2, len(shape)))
    if free is None:
        return
    if operation.origin.resampling_line:
        said = _fixed(f"windows of {kernel[free - len(shape)]} px", free)
        yield Finding(said, "warning", "proven", declined=DECLINED)
    elif set(kernel) == {1} and as_written(operation, "windows") is None:
        said = (
            f"windows of 1 px on a free length (axis {free}): either a pooling by 1 was meant, "
            "which keeps every pixel, or an adaptive pooling was exported at its own output size, "
            "and is wrong at every other"
        )
        yield Finding(said, "warning", "assumed", declined=DECLINED)


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
        Good(
            example_site(
                "AveragePool",
                None,
                hidden="AveragePool",
                attributes={"kernel_shape": (1, 1), "strides": (1, 1), "pads": (0, 0, 0, 0)},
                input_shape=_FREE,
                producer=Producer("pytorch", (2, 13, 0)),
            ),
            because="this exporter writes pads for a pooling that is meant alone",
        ),
        Bad(
            example_site("AveragePool", None, like=_SINGLE, input_shape=_FREE),
            Finding(
                "windows of 1 px on a free length (axis 2): either a pooling by 1 was meant, "
                "which keeps every pixel, or an adaptive pooling was exported at its own output "
                "size, and is wrong at every other",
                "warning",
                "assumed",
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
