"""An affine grid with aligned corners has an axis of one pixel.

## Why it matters
With align_corners the base coordinates run from -1 to 1. An axis of one pixel has only one of
them: PyTorch takes 0, the middle of the image; ONNX's reference evaluator takes -1, its edge, and
onnxruntime +1. The sampled row comes from the border of the image.

## Where it comes from
PyTorch's TorchScript exporter at opset 20, for F.affine_grid(align_corners=True) to a height
or width of 1. The dynamo exporter decomposes affine_grid and is right.

## What is reported
An error where PyTorch wrote the model, a warning otherwise.

## Fix safety
Unsafe: PyTorch's 0 is taken. AffineGrid has no attribute for it, so the grid is written as a
product of its constant base with theta.
"""

from collections.abc import Iterator

from halfpixel.intents.exporter_habit import as_written
from halfpixel.origin import Producer
from halfpixel.rule import Bad, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import AffineGrid
from halfpixel.site import Site


def check(site: Site) -> Iterator[Finding]:
    """Look for axes of length 1 under align_corners."""
    operator, sizes = site.operator, site.operation.sizes
    if not isinstance(operator, AffineGrid) or not operator.align_corners or sizes is None:
        return
    axes = [axis for axis, size in enumerate(sizes) if axis >= 2 and size == 1]
    if not axes:
        return
    pytorch = as_written(site.operation, "align_corners")
    yield Finding(
        f"axis {axes[0]} has one pixel: its base coordinate is -1 in ONNX's reference, +1 in "
        "onnxruntime and 0 in PyTorch",
        "error" if pytorch else "warning",
        "assumed" if pytorch else "proven",
        _FIX,
    )


_FIX = Fix(
    "unsafe",
    AffineGrid(align_corners=True, single=0.0),
)

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("AffineGrid", AffineGrid(align_corners=True), sizes=(1, 2, 5, 6))),
        Good(example_site("AffineGrid", AffineGrid(align_corners=False), sizes=(1, 2, 1, 6))),
        Bad(
            example_site(
                "AffineGrid",
                AffineGrid(align_corners=True),
                sizes=(1, 2, 1, 6),
                producer=Producer("pytorch"),
            ),
            Finding(
                "axis 2 has one pixel: its base coordinate is -1 in ONNX's reference, +1 in "
                "onnxruntime and 0 in PyTorch",
                "error",
                "assumed",
                _FIX,
            ),
        ),
    ),
)
