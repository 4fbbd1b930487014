"""Coordinates follow a scale where a size was meant, or the other way round.

## Why it matters
With a fractional scale the output length is rounded down, and then the scale and the ratio of
the lengths are two different steps: 5 pixels at scale 1.7 give 8, and 8 / 5 is 1.6. By the end
of the row the two sampling grids are 0.28 input pixels apart; from 7 to 3 by 0.5 it is 0.83.

## Where it comes from
- torch.onnx.export(dynamo=True) drops the scale factor of antialiased calls and writes sizes;
- a scripted module with recompute_scale_factor=True is exported with scales (the argument is
  dropped). The file does not show that case: nothing in it says that sizes were meant;
- converters that turn scales into sizes because their target knows only these: litert-torch, whose
  files hold nothing that tells the factor. No check of such a file can find it; with the module at
  hand it shows.

## What is reported
An error where the call is recorded, a warning where it is assumed, with how many of the lengths
that a free axis takes are wrong. A note where nothing is known and a fractional scale does not
divide out: that is what F.interpolate computes unless recompute_scale_factor=True was given.

## Fix safety
Safe where the call is recorded: the node is given the input that the call had.
"""

from collections.abc import Iterator

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
from halfpixel.sampling import Linear, Resize, Sampling, compare
from halfpixel.sampling.coordinate import ONE
from halfpixel.sampling.resize import given_scale
from halfpixel.site import Attribute, Site
from halfpixel_rules._meant import findings


def check(site: Site) -> Iterator[Finding]:
    """Compare where the site takes its step from with where its intent does."""
    intent = site.intent
    found = list(findings(site, frozenset({"scale"}), _why))
    yield from found
    if found or (intent is not None and intent.how != "assumed"):
        return
    operator = site.operator
    if not isinstance(operator, Resize):
        return
    ins, outs = site.operation.lengths
    for axis, sampling in operator.axes:
        n_in, n_out = ins[axis], outs[axis]
        if sampling.scale in {None, ONE} or n_in is None or n_out is None or n_in == n_out:
            continue
        verdict = compare(sampling, sampling.by_size(), n_in, n_out)
        if verdict.negligible:
            continue
        scale, off = float(sampling.scale or 1), float(verdict.displacement)
        yield Finding(
            f"scale {scale:.6g} takes length {n_in} to {n_out} (axis {axis}), a ratio of "
            f"{n_out / n_in:.6g}: by size, as with recompute_scale_factor=True, samples would "
            f"be up to {off:.3g} input px away",
            "note",
            "proven",
            declined="the scale is what F.interpolate uses by default",
        )
        return


def _why(site: Site, found: Deviation) -> str:
    """Return both steps in words: that of the call, and that of the file."""
    operator = site.operator
    here = operator.sampling(found.axis) if isinstance(operator, Resize) else None
    there = found.meant.sampling(found.axis)
    if here is None or there is None or (here.scale is None) == (there.scale is None):
        return "scale and size are two different steps here"
    by_size = found.n_in / found.n_out
    size = f"output size {found.n_out}" if found.certain else "output size"
    if there.scale is not None:
        scale = float(there.scale)
        called, stored = f"scale_factor={scale:.6g}, a step of {1 / scale:.3g} px", f"the {size}"
        return f"the call has {called}, and the file {stored}, a step of {by_size:.3g} px"
    scale = float(here.scale or 1)
    stored = f"the scale {scale:.6g}, a step of {1 / scale:.3g} px"
    return f"the call has the {size}, a step of {by_size:.3g} px, and the file {stored}"


def _scaled(text: str) -> Intent:
    call = parse_call(text)
    return example_record(call)


_AA = Linear(antialias=True)
_HALF = given_scale(0.5)
_BY_SIZE = Sampling("half_pixel", _AA, exclude_outside=True)
_BY_SCALE = Sampling("half_pixel", _AA, _HALF, exclude_outside=True, copies_same_length=True)
_CALL = 'F.interpolate(x, scale_factor=0.5, mode="bilinear", antialias=True)'
_ODD: Facts = {"input_shape": (1, 3, 5, 5), "output_shape": (1, 3, 2, 2)}
_WRITTEN: dict[str, Attribute] = {
    "antialias": 1,
    "exclude_outside": 1,
    "mode": "linear",
    "coordinate_transformation_mode": "half_pixel",
}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "Resize",
                example_resize(_BY_SIZE),
                intent=_scaled(_CALL),
                by="sizes",
                input_shape=(1, 3, 6, 6),
                output_shape=(1, 3, 3, 3),
            ),
            because="6 to 3 is exactly one half",
        ),
        Bad(
            example_site(
                "Resize",
                example_resize(_BY_SIZE),
                attributes=_WRITTEN,
                intent=_scaled(_CALL),
                by="sizes",
                like=_ODD,
            ),
            Finding(
                "the call has scale_factor=0.5, a step of 2 px, and the file the output size 2, a "
                "step of 2.5 px: at length 5 to 2 (axis 2) samples are up to 0.75 input px off, "
                "interpolation weights up to 0.193; F.interpolate(x, scale_factor=0.5, "
                'mode="bilinear", align_corners=False, antialias=True) was meant',
                "error",
                "proven",
                Fix("safe", example_resize(_BY_SCALE)),
            ),
        ),
        Bad(
            example_site(
                "Resize",
                example_resize(Sampling("half_pixel", Linear(), _HALF)),
                by="scales",
                like=_ODD,
            ),
            Finding(
                "scale 0.5 takes length 5 to 2 (axis 2), a ratio of 0.4: by size, as with "
                "recompute_scale_factor=True, samples would be up to 0.75 input px away",
                "note",
                "proven",
                declined="the scale is what F.interpolate uses by default",
            ),
        ),
    ),
)
