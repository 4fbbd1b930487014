"""onnxruntime's CPU provider has no kernel for this node.

## Why it matters
The model is right and does not load, or fails on its first run. Other providers may take the
node; the CPU is what they fall back to.

## Where it comes from
Operators that are legal in ONNX and not implemented: linear and cubic resizes of some ranks and
axes, exclude_outside without a kernel that can use it, float64 and wide integer images, a
float64 grid on a float32 image, RoiAlign at opset 22.

## What is reported
A warning that says what is refused, by what onnxruntime 1.31 does: at load, or for sizes and
cubic integers on the first run.

## Fix safety
None: a cast or another decomposition changes the graph, not the node.
"""

from collections.abc import Iterator

from halfpixel.conventions.onnx.resize import RESIZES
from halfpixel.dialect import ONNX
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Cubic, GridSample, Linear, Nearest, Resize, Sampling
from halfpixel.site import Operation, Site

DECLINED = "a cast or another decomposition changes the graph, not the node"
IMAGES = frozenset({"", "float32", "float16", "int32", "int8", "uint8"})
WHOLE = frozenset({"int32", "int8", "uint8"})
GRIDS = frozenset({"float32", "float64"})
PLACES = {
    2: ({0, 1},),
    3: ({0, 1, 2},),
    4: ({2, 3}, {1, 2}),
    5: ({2, 3, 4},),
}
"""Axes that a linear resize of each rank may change together."""


def check(site: Site) -> Iterator[Finding]:
    """Compare the node with what the CPU provider implements."""
    reason = _refused(site.operation) if site.operation.dialect == ONNX else ""
    if reason:
        message = f"onnxruntime's CPU provider has no kernel for {reason}"
        yield Finding(message, "warning", "simulated", declined=DECLINED)


def _refused(operation: Operation) -> str:
    if operation.op == "RoiAlign" and operation.opset >= 22:
        return "RoiAlign at opset 22"
    if isinstance(operation.operator, GridSample):
        return _refused_grid(operation, operation.operator)
    if operation.op in RESIZES and isinstance(operation.operator, Resize):
        return _refused_resize(operation, operation.operator)
    return ""


def _refused_grid(operation: Operation, operator: GridSample) -> str:
    as_run = {"float16": "float32"}  # the provider casts float16 itself
    types = {as_run.get(dtype, dtype) for dtype in (operation.dtype, operation.grid_dtype)} - {""}
    if not types <= GRIDS:
        return f"{' and '.join(sorted(types - GRIDS))} in a GridSample"
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
    cubic = [k for k in kernels if isinstance(k, Cubic)]
    plain = [k for k in cubic if not k.antialias]
    if cubic or any(isinstance(k, Linear) for k in kernels):
        reason = _refused_axes(operation, "cubic" if cubic else "linear", plain=bool(plain))
        if reason:
            return reason
    if plain and operation.dtype in WHOLE:
        return f"cubic resizes of {operation.dtype}"
    if operation.attributes.get("exclude_outside"):
        if any(isinstance(k, Nearest) for k in kernels):
            return "exclude_outside with nearest"
        if any(isinstance(k, Linear) and not k.antialias for k in kernels):
            return "exclude_outside with linear and no antialias"
    return ""


def _refused_axes(operation: Operation, name: str, *, plain: bool) -> str:
    """Return which rank or set of axes is refused; `plain` is a cubic without antialias."""
    if operation.input_shape is None:
        return ""
    rank = len(operation.input_shape)
    if rank not in PLACES or (name == "cubic" and rank not in {2, 4}):
        return f"{name} resizes of rank {rank}"
    ratios = _ratios(operation)
    if not any(ratios.keys() <= allowed for allowed in PLACES[rank]):
        return f"{name} resizes of rank {rank} over axes {', '.join(map(str, ratios))}"
    if plain and rank == 4 and 1 in ratios and min(ratios.values()) < 1:
        return f"cubic resizes that shrink over axes {', '.join(map(str, ratios))}"
    return ""


def _ratios(operation: Operation) -> dict[int, float]:
    """Return by how much each axis is known to change, axes that are copied left out."""
    if operation.scales is not None:
        return {axis: scale for axis, scale in enumerate(operation.scales) if scale != 1}
    pairs = enumerate(zip(*operation.lengths, strict=False))
    return {axis: m / n for axis, (n, m) in pairs if n and m is not None and n != m}


def _up(kernel: Linear | Cubic) -> Resize:
    return Resize(((2, Sampling("half_pixel", kernel)),))


_THREE: Facts = {"input_shape": (1, 3, 8), "output_shape": (1, 3, 16)}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _up(Linear()), _THREE, dtype="float32")),
        Good(
            example_site(
                "GridSample",
                GridSample("linear", "zeros", align_corners=False),
                dtype="float32",
                grid_dtype="float16",
            ),
            because="the provider casts float16 itself",
        ),
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
            example_site("Resize", _up(Cubic(antialias=True)), _THREE),
            Finding(
                "onnxruntime's CPU provider has no kernel for cubic resizes of rank 3",
                "warning",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site(
                "Resize",
                _up(Linear()),
                input_shape=(1, 4, 8, 8),
                scales=(1.0, 2.0, 2.0, 2.0),
                by="scales",
            ),
            Finding(
                "onnxruntime's CPU provider has no kernel for linear resizes of rank 4 over axes "
                "1, 2, 3",
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
