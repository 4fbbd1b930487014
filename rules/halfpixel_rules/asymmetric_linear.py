"""A linear or cubic resize starts on the centre of the first input pixel.

## Why it matters
On asymmetric coordinates output sample i reads input coordinate i / scale, so the whole image
is shifted by (1 - 1/scale) / 2 input pixels: a quarter pixel at x2, up to half a pixel at
large scales, and the other way when shrinking. PyTorch, TensorFlow 2, OpenCV and Pillow all
align the edges of the image instead; TensorFlow 1, and Paddle with align_mode=1, resize like this.

## Where it comes from
PyTorch's TorchScript exporter at opsets 7 to 10 (Upsample and Resize-10 know no other
coordinates; the exporter refuses align_corners=True there, so False was meant); TensorFlow 1
graphs, where it was meant; hand-written or converted graphs.

## What is reported
A warning where the exporter can only have meant align_corners=False, or where nothing is known
of what was meant; likewise where it drops the flags of TensorFlow's resizes, with what each would
compute and the option that settles it. A note for releases of the converters of TensorFlow and
Paddle that write what these compute. Of a LiteRT model always a note: TensorFlow 1 means it, and
where the converter may have dropped a half_pixel_centers (TOCO), or nobody knows it, that is said.
Nothing where every sample of these sizes falls on a pixel.

## Fix safety
Unsafe: half_pixel is what was meant, but a network that was trained or tuned with the shift
has learnt it.
"""

from collections.abc import Iterator
from fractions import Fraction

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.dialect import LITERT, ONNX
from halfpixel.intents.exporter_habit import as_written, cannot_be_known, dropped
from halfpixel.origin import Intent, Producer
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_resize, example_site
from halfpixel.sampling import Cubic, Linear, Nearest, Resize, Sampling, compare_resize
from halfpixel.site import Site
from halfpixel_rules._claim import whose
from halfpixel_rules._dropped import dropped_flags
from halfpixel_rules._meant import findings

UNTOLD = "the file does not tell what was meant; --expect align_corners=true or false does"


def check(site: Site) -> Iterator[Finding]:
    """Compare the site with the same resize on half-pixel coordinates."""
    operator = site.operator
    if not isinstance(operator, Resize) or not any(_asymmetric(s) for _, s in operator.axes):
        return
    lite = site.operation.dialect == LITERT
    if site.intent is not None:
        if not lite:  # there differs-from-intent tells what no flags say, too
            why = "samples on asymmetric coordinates"
            yield from findings(site, frozenset({"asymmetric"}), why)
        return
    flags = dropped(site.operation, "coordinates")
    if flags is not None:
        yield from dropped_flags(site, flags, "samples on asymmetric coordinates")
        return
    fixed = replace(operator, axes=tuple((a, _half_pixel(s)) for a, s in operator.axes))
    verdict = compare_resize(operator, fixed, *site.operation.lengths)
    if verdict.negligible:
        return
    shift = float(verdict.worst.verdict.displacement)
    message = (
        f"samples on asymmetric coordinates are up to {shift:.3g} input px from half-pixel ones"
    )
    row = as_written(site.operation, "coordinates")
    if row is not None:
        told = f"{message}; {row.framework} computes this"
        yield Finding(told, "note", "proven", declined=f"{row.framework} means it")
    elif lite:
        yield Finding(f"{message}; {_untold(site)}", "note", "proven", declined=UNTOLD)
    else:
        fix = Fix("unsafe", fixed)
        yield Finding(f"{message}; {whose(site.operation)}", "warning", "proven", fix)


def _untold(site: Site) -> str:
    """Return why nobody can tell what was meant."""
    exporter = cannot_be_known(site.operation, "coordinates")
    if exporter is None:
        return "nothing tells what was meant"
    return f"{exporter.title} writes so for half_pixel_centers=True too"


def _asymmetric(sampling: Sampling) -> bool:
    return sampling.coordinate == "asymmetric" and isinstance(sampling.kernel, Linear | Cubic)


def _half_pixel(sampling: Sampling) -> Sampling:
    return replace(sampling, coordinate="half_pixel") if _asymmetric(sampling) else sampling


_TWICE = Fraction(2)
_OLD = Sampling("asymmetric", Linear(), _TWICE)
_NEW = Sampling("half_pixel", Linear(), _TWICE)
_CALL = parse_call('F.interpolate(x, scale_factor=2.0, mode="bilinear")')
_SIZES: Facts = {"input_shape": (1, 3, 5, 5), "output_shape": (1, 3, 10, 10), "by": "scales"}

_MEANT = Finding(
    "samples on asymmetric coordinates are up to 0.25 input px from half-pixel ones; TensorFlow 1 "
    "computes this",
    "note",
    "proven",
    declined="TensorFlow 1 means it",
)

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", example_resize(_NEW))),
        Good(
            example_site("Resize", example_resize(Sampling("asymmetric", Nearest(), _TWICE))),
            because="nearest on asymmetric coordinates is PyTorch's own nearest",
        ),
        Bad(
            example_site("Resize", example_resize(_OLD)),
            Finding(
                "samples on asymmetric coordinates are up to 0.25 input px from half-pixel "
                "ones; no plain F.interpolate computes this",
                "warning",
                "proven",
                Fix("unsafe", example_resize(_NEW)),
            ),
        ),
        Bad(
            example_site(
                "Resize",
                example_resize(Sampling("asymmetric", Linear())),
                {"input_shape": (1, 3, 4, 4), "output_shape": (1, 3, 2, 2), "by": "sizes"},
                torch_call='F.interpolate(x, size=(2, 2), mode="nearest")',
            ),
            Finding(
                "samples on asymmetric coordinates are up to 0.5 input px from half-pixel ones; "
                'F.interpolate(x, size=(2, 2), mode="nearest") computes this',
                "warning",
                "proven",
                Fix("unsafe", example_resize(Sampling("half_pixel", Linear()))),
            ),
        ),
        Bad(
            example_site(
                "Resize",
                example_resize(_OLD),
                opset=10,
                attributes={"mode": "linear"},
                intent=Intent("assumed", "a habit", _CALL.text(), _CALL),
                like=_SIZES,
            ),
            Finding(
                "samples on asymmetric coordinates: at length 5 to 10 (axis 2) samples are up "
                "to 0.25 input px off, interpolation weights up to 0.25; F.interpolate(x, "
                'scale_factor=2.0, mode="bilinear", align_corners=False) was meant',
                "warning",
                "assumed",
                Fix(
                    "unsafe",
                    example_resize(replace(_NEW, copies_same_length=True)),
                ),
            ),
        ),
        Bad(
            example_site("Upsample", example_resize(_OLD), opset=9, producer=Producer("tf2onnx")),
            _MEANT,
        ),
        Bad(
            example_site(
                "RESIZE_BILINEAR",
                example_resize(replace(_OLD, scale=None)),
                {**_SIZES, "dialect": LITERT, "opset": 1, "by": "sizes"},
                producer=Producer("tflite-mlir converted."),
            ),
            _MEANT,
        ),
        Bad(
            example_site(
                "RESIZE_BILINEAR",
                example_resize(replace(_OLD, scale=None)),
                {**_SIZES, "dialect": LITERT, "opset": 1, "by": "sizes"},
                producer=Producer("tflite-toco converted."),
            ),
            Finding(
                "samples on asymmetric coordinates are up to 0.25 input px from half-pixel "
                "ones; TOCO writes so for half_pixel_centers=True too",
                "note",
                "proven",
                declined=UNTOLD,
            ),
        ),
    ),
    dialects=(ONNX, LITERT),
)
