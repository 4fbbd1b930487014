"""onnxruntime's CPU provider has no kernel for this node.

## Why it matters
The model is right and does not load, or fails on its first run. Other providers may take the
node; the CPU is what they fall back to.

## Where it comes from
Operators that are legal in ONNX and not implemented: cubic resizes of other than two axes,
exclude_outside without a kernel that can use it, float64 and wide integer images, grids of
another type than the image, RoiAlign at opset 22.

## What is reported
A warning that says what is refused, by what onnxruntime 1.31 does.

## Fix safety
None: a cast or another decomposition changes the graph, not the node.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Details, Finding, Good, Rule, example_site
from halfpixel.sampling import Cubic, GridSample, Linear, Nearest, Resize, Sampling
from halfpixel.site import Operation, Site

DECLINED = "a cast or another decomposition changes the graph, not the node"
IMAGES = frozenset({"", "float32", "float16", "int32", "int8", "uint8"})
WHOLE = frozenset({"int32", "int8", "uint8"})


def check(site: Site) -> Iterator[Finding]:
    """Compare the node with what the CPU provider implements."""
    reason = _refused(site.operation)
    if reason:
        message = f"onnxruntime's CPU provider has no kernel for {reason}"
        yield Finding(message, "warning", "simulated", declined=DECLINED)


def _refused(operation: Operation) -> str:
    if operation.op == "RoiAlign" and operation.opset >= 22:
        return "RoiAlign at opset 22"
    if isinstance(operation.operator, GridSample):
        return _refused_grid(operation, operation.operator)
    if operation.op in {"Resize", "Upsample"} and isinstance(operation.operator, Resize):
        return _refused_resize(operation, operation.operator)
    return ""


def _refused_grid(operation: Operation, operator: GridSample) -> str:
    types = {operation.dtype, operation.grid_dtype} - {""}
    if len(types) > 1:
        return f"a {operation.grid_dtype} grid on a {operation.dtype} image"
    if "float64" in types and operation.opset < 20:
        return f"float64 images at opset {operation.opset}"
    if operator.mode == "cubic" and operator.spatial not in {None, 2}:
        return f"cubic grid samples over {operator.spatial} axes"
    return ""


def _refused_resize(operation: Operation, operator: Resize) -> str:
    if operation.dtype not in IMAGES:
        return f"{operation.dtype} images"
    kernels = [s.kernel for _, s in operator.axes]
    shape = operation.input_shape
    plain = [k for k in kernels if isinstance(k, Cubic) and not k.antialias]
    if plain and shape is not None and len(shape) not in {2, 4}:
        return f"cubic resizes of rank {len(shape)}"
    if plain and operation.dtype in WHOLE:
        return f"cubic resizes of {operation.dtype}"
    if operation.attributes.get("exclude_outside"):
        if any(isinstance(k, Nearest) for k in kernels):
            return "exclude_outside with nearest"
        if any(isinstance(k, Linear) and not k.antialias for k in kernels):
            return "exclude_outside with linear and no antialias"
    return ""


def _up(kernel: Linear | Cubic) -> Resize:
    return Resize(((2, Sampling("half_pixel", kernel)),))


_THREE: Details = {"input_shape": (1, 3, 8), "output_shape": (1, 3, 16)}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _up(Linear()), _THREE, dtype="float32")),
        Bad(
            example_site("Resize", _up(Cubic()), _THREE),
            Finding(
                "onnxruntime's CPU provider has no kernel for cubic resizes of rank 3",
                "warning",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site("Resize", _up(Linear()), _THREE, dtype="float64"),
            Finding(
                "onnxruntime's CPU provider has no kernel for float64 images",
                "warning",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site(
                "GridSample",
                GridSample("linear", "zeros", align_corners=False),
                dtype="float32",
                grid_dtype="float64",
            ),
            Finding(
                "onnxruntime's CPU provider has no kernel for a float64 grid on a float32 image",
                "warning",
                "simulated",
                declined=DECLINED,
            ),
        ),
    ),
)
