"""An output axis of one pixel reads the first input pixel instead of the centre.

## Why it matters
`pytorch_half_pixel` differs from `half_pixel` in one case: an output length of 1 reads input
coordinate 0. PyTorch has read the centre since 1.10 (run with 1.12 and 2.13). A pyramid pooling
branch or a global descriptor that is resized to 1 takes the corner of the image, half its length
away.

## Where it comes from
PyTorch's TorchScript exporter up to 1.12 and onnxscript up to 0.7.0 wrote pytorch_half_pixel
(source: models/corpus, written by 1.8.1 and 1.12.1, and models/exporter_mismatches, H1 to H4).
Up to PyTorch 1.9 that was what PyTorch computed for linear; for cubic it read coordinate
-1/2, which blends pixels (source: the outputs of 1.8.1 beside models/corpus).

## What is reported
An error where the call is recorded and the output length is 1; a warning where it is assumed. At
free lengths a note, unless one in a hundred of the lengths that the model takes, or more, gives
an output of 1. A warning too where the exporter writes half_pixel for a framework that reads pixel
0, as Paddle does. A note where a LiteRT model has align_corners: its kernels read pixel 0 then, as
TensorFlow and PyTorch do, where half_pixel_centers read the centre. Where the lengths are known and
longer, the two modes are proven equal and nothing is said.

## Fix safety
Safe where the call is recorded; unsafe where it is assumed from the exporter's version.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.dialect import LITERT
from halfpixel.intents.exporter_habit import as_written, instead
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_record, example_site
from halfpixel.sampling import Cubic, Linear, Resize, Sampling, compare_resize
from halfpixel.site import Attribute, Site
from halfpixel_rules._meant import findings

if TYPE_CHECKING:
    from halfpixel.intents.exporter import Row

WHY = "an output length of 1 reads input pixel 0"
CORNERS = "align_corners=True reads it in PyTorch and TensorFlow too"


def check(site: Site) -> Iterator[Finding]:
    """Compare the site with its intent, or with half_pixel where there is none."""
    operator = site.operator
    if not isinstance(operator, Resize):
        return
    axes = [s for _, s in operator.axes if isinstance(s.kernel, Linear | Cubic)]
    reads_first = any(s.coordinate == "pytorch_half_pixel" for s in axes)
    if site.intent is not None:
        why = WHY if reads_first else "an output length of 1 reads the centre"
        yield from findings(site, frozenset({"single pixel"}), why)
        yield from _corner(site, operator)
        return
    found = instead(site.operation, "coordinates")
    if found is not None:
        yield from _never(site, operator, *found)
        return
    yield from _corner(site, operator)
    if not reads_first or as_written(site.operation, "coordinates") is not None:
        return
    fixed = replace(operator, axes=tuple((a, _centred(s)) for a, s in operator.axes))
    verdict = compare_resize(operator, fixed, *site.operation.lengths)
    if verdict.negligible:
        return
    worst = verdict.worst
    n_in, n_out = worst.verdict.witness or (0, 0)
    off = float(worst.verdict.displacement)
    message = (
        f"{WHY}: at length {n_in} to {n_out} (axis {worst.axis}) samples are up to {off:.3g} "
        "input px from the centre, which PyTorch reads"
    )
    known = site.operation.lengths[1][worst.axis] is not None
    fix = Fix("unsafe", fixed)
    yield Finding(message, "warning" if known else "note", "proven", fix)


def _never(site: Site, operator: Resize, row: "Row", meant: Resize) -> Iterator[Finding]:
    """Yield that a framework reads another coordinate, whatever it was asked for."""
    verdict = compare_resize(operator, meant, *site.operation.lengths)
    if verdict.negligible:
        return
    n_in, n_out = verdict.worst.verdict.witness or (0, 0)
    off = float(verdict.worst.verdict.displacement)
    message = (
        f"an output length of 1 reads the centre: at length {n_in} to {n_out} (axis "
        f"{verdict.worst.axis}) samples are up to {off:.3g} input px from where {row.framework} "
        f"reads; {row.note}"
    )
    yield Finding(message, "warning", "assumed", Fix("unsafe", meant))


def _corner(site: Site, operator: Resize) -> Iterator[Finding]:
    """Yield that corners which are aligned with one sample are the first pixel."""
    if site.operation.dialect != LITERT:
        return
    ins, outs = site.operation.lengths
    for axis, sampling in operator.axes:
        n_in = ins[axis]
        if sampling.coordinate != "align_corners" or outs[axis] != 1 or n_in is None or n_in < 2:
            continue
        message = (
            f"{WHY}: with align_corners length {n_in} to 1 (axis {axis}) samples a corner, "
            f"{(n_in - 1) / 2:.3g} input px from the centre"
        )
        yield Finding(message, "note", "proven", declined=CORNERS)
        return


def _centred(sampling: Sampling) -> Sampling:
    if sampling.coordinate != "pytorch_half_pixel":
        return sampling
    return replace(sampling, coordinate="half_pixel")


def _axes(coordinate: str, *, copies: bool = False) -> Resize:
    sampling = Sampling("half_pixel", Linear(), copies_same_length=copies)
    if coordinate == "pytorch":
        sampling = replace(sampling, coordinate="pytorch_half_pixel")
    return Resize(((2, sampling), (3, sampling)))


_CALL = parse_call('F.interpolate(x, size=(1, 4), mode="bilinear")')
_RECORD = example_record(_CALL)
_ONE: Facts = {"input_shape": (1, 3, 5, 7), "output_shape": (1, 3, 1, 4), "by": "sizes"}
_LONG: Facts = {"input_shape": (1, 3, 5, 7), "output_shape": (1, 3, 10, 14), "by": "sizes"}
_WRITTEN: dict[str, Attribute] = {
    "mode": "linear",
    "coordinate_transformation_mode": "pytorch_half_pixel",
}
_CORNERS = Resize(tuple((axis, Sampling("align_corners", Linear())) for axis in (2, 3)))
_TWICE = Sampling("pytorch_half_pixel", Linear(), Fraction(2))

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site("Resize", _axes("pytorch"), like=_LONG),
            because="no output length is 1: proven equal to half_pixel",
        ),
        Good(
            example_site("Resize", Resize(((2, _TWICE), (3, _TWICE))), by="scales"),
            because="a scale of 2 never gives a length of 1",
        ),
        Bad(
            example_site(
                "Resize", _axes("pytorch"), attributes=_WRITTEN, intent=_RECORD, like=_ONE
            ),
            Finding(
                "an output length of 1 reads input pixel 0: at length 5 to 1 (axis 2) samples "
                "are up to 2 input px off, interpolation weights up to 1; F.interpolate(x, "
                'size=(1, 4), mode="bilinear", align_corners=False) was meant',
                "error",
                "proven",
                Fix("safe", _axes("half", copies=True)),
            ),
        ),
        Good(
            example_site("Resize", _CORNERS, like=_ONE),
            because="PyTorch's align_corners=True reads pixel 0, too",
        ),
        Bad(
            example_site("RESIZE_BILINEAR", _CORNERS, dialect=LITERT, like=_ONE),
            Finding(
                "an output length of 1 reads input pixel 0: with align_corners length 5 to 1 "
                "(axis 2) samples a corner, 2 input px from the centre",
                "note",
                "proven",
                declined=CORNERS,
            ),
        ),
        Bad(
            example_site("Resize", _axes("pytorch"), attributes=_WRITTEN),
            Finding(
                "an output length of 1 reads input pixel 0: at length 2 to 1 (axis 2) samples "
                "are up to 0.5 input px from the centre, which PyTorch reads",
                "note",
                "proven",
                Fix("unsafe", _axes("half")),
            ),
        ),
    ),
)
