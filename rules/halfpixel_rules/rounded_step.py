"""A bilinear resize of whole numbers steps along its axis by a rounded number.

## Why it matters
LiteRT's own kernels blend int8 and int16 at coordinates in parts of 1/1024 pixel: the step is
rounded to ten fractional bits, and every output sample adds what that is off, so that the far end
of a long axis is read beside where it should be, up to 0.1 pixel and more. Where the sum passes the
last pixel (length 1 to 55, or 40 to 300 with neither flag), the kernel reads memory behind the
image: values that change from run to run, or a crash.

## Where it comes from
Quantised models with RESIZE_BILINEAR. XNNPACK, which LiteRT uses by default, steps exactly in int8
and uint8 to sizes that the file fixes; it leaves int16 and computed sizes to LiteRT's own kernels,
which also run where it is switched off, and on microcontrollers. uint8 is blended in float32 there.
Source: LiteRT 2.2.0, tflite/kernels/internal/reference/resize_bilinear.h, ResizeBilinearInteger,
and ai-edge-litert 2.3.0, run by `halfpixel conformance --provider litert`.

## What is reported
A note with the distance, where that can move a byte by half a grey level; which kernels it is of is
what the tables of [targets](targets.md) say. A warning where LiteRT as it comes reads memory
behind the image, a note where only its own kernels do. With `--target litert-builtin` and the like
the table tells it. Nothing where the step is a whole part of 1/1024, as by a factor of 2.

## Fix safety
None: the node is right. A resize in float32, or to lengths whose ratio is a whole part of 1/1024,
is another model.
"""

from collections.abc import Iterator
from typing import Final

from halfpixel.dialect import LITERT
from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Operation, Site

WHOLE: Final = frozenset({"int8", "int16"})
"""Element types that have a table's row about steps."""

KERNELS: Final = {
    "litert-xnnpack": "LiteRT as it comes",
    "litert-builtin": "LiteRT's own kernels, which run without XNNPACK",
}
"""Targets that are asked whatever is chosen, in order, and what they are."""

DECLINED = "the node is right: in float32 every kernel computes what it says"


def check(site: Site) -> Iterator[Finding]:
    """Ask the tables of LiteRT's kernels by how much their steps are off."""
    operation, operator = site.operation, site.operator
    if operation.dialect != LITERT or operation.dtype not in WHOLE or operation.hidden:
        return
    if not isinstance(operator, Resize) or not _blends(operator):
        return
    yield from _told(operation, operator)


def _blends(operator: Resize) -> bool:
    return any(isinstance(sampling.kernel, Linear) for _, sampling in operator.axes)


def _told(operation: Operation, operator: Resize) -> Iterator[Finding]:
    """Yield what the first of the kernels that steps so does."""
    from halfpixel.targets.steps import passed
    from halfpixel.targets.target import load_target

    if not KERNELS.keys().isdisjoint(operation.origin.targets):
        return  # the rules about targets tell it
    for name, who in KERNELS.items():
        target = load_target(name)
        row, said = target.row_of(operation), target.verdict(operation)
        if row is None or not row.step_bits or said is None or said.verdict != "different":
            continue
        outside = passed(operator, *operation.lengths, row.step_bits) is not None
        severe = outside and name == next(iter(KERNELS))
        message = f"{who}: {said.reason}"
        yield Finding(message, "warning" if severe else "note", "simulated", declined=DECLINED)
        return


def _flagged(coordinate: str) -> Resize:
    sampling = Sampling(coordinate, Linear())  # type: ignore[arg-type]
    return Resize(((2, sampling), (3, sampling)))


_BITS = "its step has ten fractional bits, and what that is off adds up: up to {} input px off at "
_BEHIND = "the last samples from length 40 to 300 (axis 3) read memory behind the image; "
_ONE = (
    "the last samples from length 1 to 55 (axis 2) read memory behind the image; its step has ten "
    "fractional bits, and what that is off adds up"
)
_OWN = "LiteRT's own kernels, which run without XNNPACK: "
_HALF, _NONE = _flagged("half_pixel"), _flagged("asymmetric")
_TWICE: Facts = {
    "dialect": LITERT, "opset": 3, "by": "sizes",
    "input_shape": (1, 3, 7, 10), "output_shape": (1, 3, 14, 20),
}  # fmt: skip
_LONG: Facts = {**_TWICE, "input_shape": (1, 3, 7, 40), "output_shape": (1, 3, 7, 300)}
_GROWN: Facts = {**_TWICE, "input_shape": (1, 3, 1, 8), "output_shape": (1, 3, 55, 16)}
_ODD: Facts = {**_TWICE, "input_shape": (1, 3, 7, 37), "output_shape": (1, 3, 7, 41)}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site("RESIZE_BILINEAR", _HALF, dtype="int8", like=_TWICE),
            because="a step of 1/2 is a whole part of 1/1024",
        ),
        Good(
            example_site("RESIZE_BILINEAR", _HALF, dtype="uint8", like=_ODD),
            because="uint8 is blended in float32",
        ),
        Bad(
            example_site("RESIZE_BILINEAR", _HALF, dtype="int8", like=_ODD),
            Finding(
                f"{_OWN}{_BITS.format(0.00376)}length 37 to 41",
                "note",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site("RESIZE_BILINEAR", _NONE, dtype="int8", like=_LONG),
            Finding(
                f"{_OWN}{_BEHIND}{_BITS.format(0.133)}length 40 to 300",
                "note",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site("RESIZE_BILINEAR", _NONE, dtype="int16", like=_LONG),
            Finding(
                f"LiteRT as it comes: {_BEHIND}{_BITS.format(0.133)}length 40 to 300",
                "warning",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site("RESIZE_BILINEAR", _NONE, dtype="int16", like=_GROWN),
            Finding(f"LiteRT as it comes: {_ONE}", "warning", "simulated", declined=DECLINED),
        ),
    ),
    dialects=(LITERT,),
)
