"""A Resize says neither its coordinates nor its rounding, as after a lossy opset upgrade.

## Why it matters
Up to opset 10 Resize and Upsample know asymmetric coordinates only, and say nothing of them.
From opset 11 on saying nothing means half_pixel and round_prefer_floor. An upgrade that does
not write the old meaning out changes what the node computes: linear at x2 moves by a quarter
pixel, nearest by half its step where it shrinks, which is 2 pixels from 5 to 1.

## Where it comes from
onnx.version_converter, and tools built on it, leave both attributes out when they take
Upsample or Resize-10 to opset 11 or later. PyTorch's exporters always write
coordinate_transformation_mode. Source: torch/onnx/symbolic_helper.py, _interpolate_helper;
onnxscript, function_libs/torch_lib/ops/nn.py.

## What is reported
A warning where the defaults compute something else than asymmetric coordinates would, and an
older opset can have said all that the node says: a mode, nearest or linear, and scales. What has
sizes, axes, a cubic kernel, antialias or any other attribute was never upgraded from one. Where
a known exporter's habit is that half pixels were meant (PyTorch's, for linear), the loss
has put right what the older opset could not say, and a note says so.

## Fix safety
Unsafe: that an upgrade was made is read from what is missing.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.deviation import deviation
from halfpixel.origin import Intent
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_resize, example_site
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling, compare_resize
from halfpixel.site import Site
from halfpixel_rules._upgraded import as_in_opset_10


def check(site: Site) -> Iterator[Finding]:
    """Compare the defaults with the asymmetric coordinates of older opsets."""
    operator, operation = site.operator, site.operation
    if not isinstance(operator, Resize) or not as_in_opset_10(site):
        return
    old = replace(operator, axes=tuple((axis, _asymmetric(s)) for axis, s in operator.axes))
    verdict = compare_resize(operator, old, *operation.lengths)
    if verdict.negligible:
        return
    off = float(verdict.worst.verdict.displacement)
    message = (
        "neither coordinate_transformation_mode nor nearest_mode is written: the defaults of "
        f"opset 11 sample up to {off:.3g} input px from where opset 10 did"
    )
    apart = deviation(operation)
    if site.intent is not None and (apart is None or apart.remote):
        agreed = f"{message}, which is where {site.intent.text} samples"
        yield Finding(agreed, "note", "assumed", declined="the defaults are what was meant")
        return
    yield Finding(message, "warning", "assumed", Fix("unsafe", old))


def _asymmetric(sampling: Sampling) -> Sampling:
    kernel = sampling.kernel
    if isinstance(kernel, Nearest):
        kernel = Nearest("floor")
    return replace(sampling, coordinate="asymmetric", kernel=kernel)


_LENGTHS: Facts = {"input_shape": (1, 3, 5, 5), "output_shape": (1, 3, 10, 10), "by": "scales"}
_LINEAR = Sampling("half_pixel", Linear())
_CALL = parse_call('F.interpolate(x, size=(10, 10), mode="bilinear")')
_WORDS = (
    "neither coordinate_transformation_mode nor nearest_mode is written: the defaults of opset "
    "11 sample up to 0.25 input px from where opset 10 did"
)

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "Resize",
                example_resize(_LINEAR),
                attributes={"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
                like=_LENGTHS,
            )
        ),
        Good(
            example_site(
                "Resize",
                example_resize(Sampling("half_pixel", Nearest("round_prefer_floor"))),
                like=_LENGTHS,
            ),
            because="enlarging by 2, both pick the same pixels",
        ),
        Good(
            example_site(
                "Resize",
                example_resize(Sampling("half_pixel", Cubic())),
                attributes={"mode": "cubic"},
                like=_LENGTHS,
            ),
            because="opset 10 has no cubic resize that an upgrade could have come from",
        ),
        Good(
            example_site(
                "Resize",
                example_resize(_LINEAR),
                attributes={"mode": "linear"},
                like={**_LENGTHS, "by": "sizes"},
            ),
            because="opset 10 has no sizes",
        ),
        Good(
            example_site(
                "Resize",
                example_resize(_LINEAR),
                attributes={"mode": "linear", "axes": (2, 3)},
                like=_LENGTHS,
            ),
            because="opset 10 has no axes",
        ),
        Bad(
            example_site(
                "Resize", example_resize(_LINEAR), attributes={"mode": "linear"}, like=_LENGTHS
            ),
            Finding(
                _WORDS,
                "warning",
                "assumed",
                Fix(
                    "unsafe",
                    example_resize(Sampling("asymmetric", Linear())),
                ),
            ),
        ),
        Bad(
            example_site(
                "Resize",
                example_resize(_LINEAR),
                attributes={"mode": "linear"},
                intent=Intent("assumed", "a habit", _CALL.text(), _CALL),
                like=_LENGTHS,
            ),
            Finding(
                f"{_WORDS}, which is where {_CALL.text()} samples",
                "note",
                "assumed",
                declined="the defaults are what was meant",
            ),
        ),
    ),
)
