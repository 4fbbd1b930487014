"""onnxruntime refuses this node on the CPU.

## Why it matters
The model does not load, or fails on its first run. Other providers may take what is legal; the
CPU is what they fall back to.

## Where it comes from
- Nodes that ONNX does not allow: opsets 11 and 12 without a roi or scales input, scales or sizes
  of another type, as half-precision converters leave them, a negative sampling_ratio.
- Operators that are legal and not implemented: linear and cubic resizes of some ranks and axes,
  exclude_outside without a kernel that can use it, float64 and wide integer images, a float64
  grid on a float32 image, RoiAlign at opset 22.
- Transposes around a resize, which the default optimisation takes away: a cubic that then shrinks
  axes 1 and 2, `axes` that then name others.

## What is reported
The row of the table of [onnxruntime-cpu](targets.md#onnxruntime-cpu) that holds (run with 1.31):
an error where ONNX does not allow the node either. A legal node is a warning, since most models
are first run there and this one is not; with `--target` it is known where the model runs, and
target-refuses speaks of that in its place. An Upsample that shrinks has a rule of its own.

## Fix safety
Safe where an input is missing or of another type: an empty one is connected, or the same values as
the type that is taken. Unsafe for a negative sampling_ratio, which torchvision reads as 0. None
otherwise: a cast or another decomposition changes the graph, not the node.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, Severity, example_site
from halfpixel.sampling import Cubic, GridSample, Linear, Nearest, Resize, RoiAlign, Sampling
from halfpixel.site import Operation, Site
from halfpixel.surroundings import Input

if TYPE_CHECKING:
    from halfpixel.targets.row import Row

DECLINED = "a cast or another decomposition changes the graph, not the node"
USUAL = {"scales": "float32", "sizes": "int64", "roi": "float32"}
INPUTS = frozenset({"roi_input", "scales_input", "sizes_input"})


def check(site: Site) -> Iterator[Finding]:
    """Look the node up in the table of what onnxruntime refuses."""
    operation = site.operation
    if operation.operator is None or (operation.op == "Upsample" and _shrinks(operation)):
        return
    if _is_plain(operation):
        return  # no row is about these, and the table is not read for them
    from halfpixel.targets.refusals import refusal_of

    row = refusal_of(operation)
    if row is None or (operation.origin.targets and not row.illegal):
        return
    when = " as it optimises it by default" if row.optimised else ""
    message = f"onnxruntime refuses it on the CPU{when}: {row.reason}"
    severity: Severity = "error" if row.illegal else "warning"
    fix = _fix(operation, row)
    yield Finding(message, severity, "simulated", fix, "" if fix else row.instead or DECLINED)


def _is_plain(operation: Operation) -> bool:
    """Whether it is a float32 image resized as everywhere: the table has no row for such a node."""
    operator, around = operation.operator, operation.surroundings
    if operation.op != "Resize" or operation.opset < 13 or not isinstance(operator, Resize):
        return False
    if operation.dtype != "float32" or len(operation.input_shape or ()) != 4:
        return False
    given = operation.attributes
    if given.get("antialias") or given.get("exclude_outside") or "axes" in given:
        return False
    if given.get("keep_aspect_ratio_policy", "stretch") != "stretch" or around.transposed:
        return False
    for one in around.inputs:
        if one.state not in {"", "left out"} or one.dtype not in {"", USUAL.get(one.role)}:
            return False
    return all(
        axis >= 2
        and sampling.coordinate != "tf_crop_and_resize"
        and isinstance(sampling.kernel, Linear | Nearest)
        and not getattr(sampling.kernel, "antialias", False)
        for axis, sampling in operator.axes
    )


def _shrinks(operation: Operation) -> bool:
    return any(scale < 1 for scale in operation.scales or ())


def _fix(operation: Operation, row: "Row") -> Fix | None:
    """Return the operator as it is, where its inputs are written so that it is taken."""
    operator = operation.operator
    if operator is None:
        return None
    if isinstance(operator, Resize) and row.conditions.when.keys() & INPUTS:
        return Fix("safe", operator)
    return Fix("unsafe", operator) if row.illegal and isinstance(operator, RoiAlign) else None


def _up(kernel: Linear | Cubic | Nearest) -> Resize:
    return Resize(((2, Sampling("half_pixel", kernel)),))


def _refused(reason: str) -> Finding:
    message = f"onnxruntime refuses it on the CPU: {reason}"
    return Finding(message, "warning", "simulated", declined=DECLINED)


_THREE: Facts = {"input_shape": (1, 3, 8), "output_shape": (1, 3, 16)}
_CUBIC: Facts = {"attributes": {"mode": "cubic"}, **_THREE}
_LINEAR: Facts = {"attributes": {"mode": "linear"}}
_SHRUNK: Facts = {
    "attributes": {"mode": "cubic"},
    "input_shape": (1, 3, 8, 8),
    "output_shape": (1, 3, 4, 4),
}
_NO_ROI = (Input("roi", state="left out"), Input("scales", "float32"))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _up(Linear()), {**_THREE, **_LINEAR}, dtype="float32")),
        Good(
            example_site(
                "GridSample",
                GridSample("linear", "zeros", align_corners=False),
                dtype="float32",
                grid_dtype="float16",
            ),
            because="the provider casts float16 itself",
        ),
        Good(
            example_site("Resize", _up(Nearest("floor")), opset=13, inputs=_NO_ROI),
            because="opset 13 made the roi optional",
        ),
        Bad(
            example_site("Resize", _up(Nearest("floor")), opset=11, inputs=_NO_ROI),
            Finding(
                "onnxruntime refuses it on the CPU: opsets 11 and 12 require the input roi, an "
                "empty one where it is not used",
                "error",
                "simulated",
                Fix("safe", _up(Nearest("floor"))),
            ),
        ),
        Bad(
            example_site("Resize", _up(Cubic()), _CUBIC),
            _refused("cubic takes ranks 2 and 4"),
        ),
        Bad(
            example_site(
                "Resize",
                _up(Linear()),
                _LINEAR,
                input_shape=(1, 4, 8, 8),
                scales=(1.0, 2.0, 2.0, 2.0),
                by="scales",
            ),
            _refused("linear over batch or channels as well"),
        ),
        Good(
            example_site(
                "Resize",
                _up(Linear()),
                {**_THREE, **_LINEAR},
                dtype="float64",
                targets=("onnxruntime-cpu",),
            ),
            because="target-refuses says it of the target that is chosen",
        ),
        Bad(
            example_site("Resize", _up(Linear()), {**_THREE, **_LINEAR}, dtype="float64"),
            _refused("it resizes float32, int32, int8 and uint8, and casts float16"),
        ),
        Bad(
            example_site("Resize", _up(Cubic()), _SHRUNK, transposed="to NCHW"),
            Finding(
                "onnxruntime refuses it on the CPU as it optimises it by default: with the "
                "Transposes around it moved, a cubic would shrink axes 1 and 2, of which it has "
                "no kernel",
                "warning",
                "simulated",
                declined="at ORT_ENABLE_BASIC it runs",
            ),
        ),
        Bad(
            example_site(
                "GridSample",
                GridSample("linear", "zeros", align_corners=False),
                dtype="float32",
                grid_dtype="float64",
            ),
            _refused("a float64 grid on a float32 image"),
        ),
        Bad(
            example_site(
                "RoiAlign", RoiAlign(aligned=True), opset=16, attributes={"sampling_ratio": -1}
            ),
            Finding(
                "onnxruntime refuses it on the CPU: sampling_ratio has to be 0, which is adaptive, "
                "or more",
                "error",
                "simulated",
                Fix("unsafe", RoiAlign(aligned=True)),
            ),
        ),
    ),
)
