"""An adaptive resize keeps the windows of the exported size while its input is free.

## Why it matters
F.interpolate(mode="area") and adaptive_avg_pool derive their windows from both lengths. The
exporter writes the windows of the example image: a pooling of fixed kernel, or gathers with
fixed index tables. At another size the values are wrong, and with a pooling the output size
is wrong as well. There is no warning.

## Where it comes from
torch.onnx.export(dynamo=True) with dynamic axes. The TorchScript exporter refuses instead.

## What is reported
A warning wherever a decomposed resize stands on an input whose lengths are free. Where area
shrinks by a whole factor and every input is a multiple of it, the windows do fit.

## Fix safety
None: the call's own size or factor is not in the file.
"""

from collections.abc import Iterator

from halfpixel.intents.aten_call import NO_CALL
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Area, Resize, Sampling
from halfpixel.site import Site

DECLINED = "the call's own size or factor is not in the file"


def check(site: Site) -> Iterator[Finding]:
    """Look for fixed windows on free lengths."""
    operation = site.operation
    shape = operation.input_shape
    if not operation.hidden or not operation.constant_lengths or shape is None:
        return
    if site.intent == NO_CALL:
        return  # a pooling that is meant, and no resize
    if operation.op == "AveragePool":
        axes = range(2, len(shape))
    elif operation.operator is None:
        axes = range(len(shape))[-2:]
    else:
        return
    free = [axis for axis in axes if not isinstance(shape[axis], int)]
    if not free:
        return
    axis = free[0]
    kernel = operation.attributes.get("kernel_shape")
    written = "index tables"
    if isinstance(kernel, tuple):
        written = f"windows of {kernel[axis - 2]} px"
    yield Finding(
        f"{written} of the exported size are fixed on a free length (axis {axis}): "
        "PyTorch computes them anew for every size",
        "warning",
        "proven",
        declined=DECLINED,
    )


_AREA = Resize(tuple((axis, Sampling("half_pixel", Area())) for axis in (2, 3)))
_POOLED: Facts = {
    "hidden": "AveragePool",
    "attributes": {"kernel_shape": (2, 2), "strides": (2, 2)},
}


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
                input_shape=(1, 2, "height", "width"),
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
        Bad(
            example_site("AveragePool", _AREA, like=_POOLED, input_shape=(1, 2, "height", "width")),
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
