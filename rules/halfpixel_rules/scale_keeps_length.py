"""A scale other than 1 leaves a length as it was, and runtimes disagree on what that means.

## Why it matters
7 pixels at scale 1.1 stay 7. Is the axis copied or resampled? On the CPU PyTorch's linear modes,
and nearest over two axes, copy each such axis; its bicubic, and nearest over one or three axes,
resample. Its CUDA kernels copy where all lengths stay and resample otherwise (source: PyTorch 2.0,
aten/src/ATen/native/cuda/UpSampleBilinear2d.cu; not run). onnxruntime's CPU kernel copies where no
length at all changes and resamples otherwise; the specification always resamples.

## Where it comes from
Scale factors slightly above 1, or small images. The exporters write what the call says; the
decomposition of 1-D linear calls into gathers resamples where PyTorch copies.

## What is reported
An error where the call is recorded and the pixels differ, a warning where it is assumed; a
note where they agree on this runtime and would not on another, or where the length is free and
other axes decide whether onnxruntime copies. Nearest over two free axes is counted in image sizes:
at 1642 of the first 256x256 onnxruntime and PyTorch part at scale 1.1; below one in a hundred, a
note.

## Fix safety
Safe where the call is recorded and the file fixes the lengths: the axis is copied, or what
PyTorch computes there on the CPU is written out. None at other lengths: no attribute chooses
between copying and resampling.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.axis_deviation import Deviation
from halfpixel.origin import Intent
from halfpixel.rule import (
    Bad,
    Facts,
    Finding,
    Fix,
    Good,
    Rule,
    example_record,
    example_resize,
    example_site,
)
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling, Table, compare
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.resize import given_scale
from halfpixel.site import Site
from halfpixel_rules._meant import findings

DECLINED = "no attribute chooses between copying and resampling"


def check(site: Site) -> Iterator[Finding]:
    """Look for axes whose length stays though their scale, or their weights, say otherwise."""
    found = list(findings(site, frozenset({"copy"}), _why))
    for finding in found:
        yield finding if finding.fix else replace(finding, declined=DECLINED)
    operator = site.operator
    if found or not isinstance(operator, Resize):
        return
    ins, outs = site.operation.lengths
    for axis, sampling in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        if n_in is None or n_in != n_out:
            continue
        copy = Sampling("asymmetric", Nearest(), ONE)
        table = isinstance(sampling.kernel, Table)
        if table and not compare(sampling, copy, n_in, n_in).negligible:
            message = (
                f"length {n_in} stays (axis {axis}) and is resampled through {site.op}: PyTorch "
                "copies an axis whose length stays"
            )
            copied = tuple((a, copy if a == axis else s) for a, s in operator.axes)
            fix = Fix("unsafe", replace(operator, axes=copied))
            yield Finding(message, "warning", "proven", fix)
            return
        if sampling.scale not in {None, ONE} and n_in > 1:
            scale = float(sampling.scale or 1)
            message = (
                f"scale {scale:.6g} leaves length {n_in} (axis {axis}): onnxruntime copies where "
                "no length changes on the CPU, and resamples on CUDA"
            )
            yield Finding(message, "note", "simulated", declined=DECLINED)
            return


def _why(_site: Site, found: Deviation) -> str:
    """Return which side copies an axis whose length stays."""
    meant = found.meant.sampling(found.axis)
    if meant is None or meant.scale is None:
        return "a length that stays is copied by PyTorch or by the file, and resampled by the other"
    kept = f"{found.n_in} x {float(meant.scale):.6g} rounds down to {found.n_out}"
    if meant.copies_same_length:
        return f"{kept}, which PyTorch copies and onnxruntime resamples"
    return f"{kept}, which PyTorch still resamples and onnxruntime returns unchanged"


def _record(text: str) -> Intent:
    call = parse_call(text)
    return example_record(call)


_TENTH = given_scale(float.fromhex("0x1.19999ap+0"))  # 1.1 in float32
_SAME: Facts = {"input_shape": (1, 3, 5, 7), "output_shape": (1, 3, 5, 7), "by": "scales"}
_LINEAR = Sampling("half_pixel", Linear(), _TENTH)
_CUBIC = Sampling("half_pixel", Cubic(), _TENTH)

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "Resize",
                example_resize(_LINEAR),
                by="scales",
                input_shape=(1, 3, 20, 30),
                output_shape=(1, 3, 22, 33),
            ),
            because="every length changes",
        ),
        Bad(
            example_site(
                "Resize",
                example_resize(_LINEAR),
                intent=_record('F.interpolate(x, scale_factor=1.1, mode="bilinear")'),
                like=_SAME,
            ),
            Finding(
                "scale 1.1 leaves length 5 (axis 2): onnxruntime copies where no length changes "
                "on the CPU, and resamples on CUDA",
                "note",
                "simulated",
                declined=DECLINED,
            ),
        ),
        Bad(
            example_site(
                "Resize",
                example_resize(_CUBIC),
                intent=_record('F.interpolate(x, scale_factor=1.1, mode="bicubic")'),
                attributes={
                    "mode": "cubic",
                    "coordinate_transformation_mode": "half_pixel",
                    "cubic_coeff_a": -0.75,
                },
                like=_SAME,
            ),
            Finding(
                "7 x 1.1 rounds down to 7, which PyTorch still resamples and onnxruntime returns "
                "unchanged: at length 7 to 7 (axis 3) samples are up to 0.591 input px off; "
                'F.interpolate(x, scale_factor=1.1, mode="bicubic", align_corners=False) was meant',
                "error",
                "simulated",
                Fix("safe", example_resize(_CUBIC)),
            ),
        ),
    ),
)
