"""A linear resize of Core ML is left at its default, which is what TensorFlow 1 computes.

## Why it matters
resize_bilinear and resize default to sampling_mode DEFAULT, and the upsample layer of a neural
network to linearUpsampleMode DEFAULT. Both read i X/N: the image is shifted by (1 - N/X) / 2
input pixels against PyTorch and TensorFlow 2, a quarter of one at x2. upsample_bilinear
says the same with half_pixel_centers=False.

## Where it comes from
Converters that leave the mode out: onnx-coreml for every linear Upsample of ONNX, tf-coreml (right
for TensorFlow 1 alone), the neural networks of specification 4 and earlier, whose upsample layer
knows nothing else; models built by hand. coremltools writes another mode for PyTorch's calls.

## What is reported
A warning, with the shift; a note where the model comes from TensorFlow 1, as a converter recorded
or the names of its tensors tell. A layer of Keras may be of TensorFlow 1 or 2: both are said.
Nothing where every sample of these lengths falls on a pixel.

## Fix safety
Unsafe: half pixels are what was meant, but a network that was trained or tuned with the shift has
learnt it. A network of specification 4 has no such mode, and gets products with constant matrices
at lengths that the file fixes; an older one has nothing.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.dialect import CORE_ML, ML_PROGRAM, NEURAL_NETWORK
from halfpixel.intents.exporter_habit import as_written, dropped
from halfpixel.origin import Intent, Producer
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_resize, example_site
from halfpixel.sampling import Linear, Nearest, Resize, Sampling, compare_resize
from halfpixel.site import Site
from halfpixel_rules._claim import whose
from halfpixel_rules._dropped import dropped_flags
from halfpixel_rules._meant import findings


def check(site: Site) -> Iterator[Finding]:
    """Compare a resize on asymmetric coordinates with the same on half pixels."""
    operation, operator = site.operation, site.operator
    if not isinstance(operator, Resize):
        return
    if not any(_shifted(sampling) for _, sampling in operator.axes):
        return
    if site.intent is not None:
        yield from findings(site, frozenset({"asymmetric"}), "samples start on the first pixel")
        return
    meant = replace(operator, axes=tuple((axis, _centred(s)) for axis, s in operator.axes))
    verdict = compare_resize(operator, meant, *operation.lengths)
    flags = dropped(operation, "coordinates")
    if flags is not None:
        yield from dropped_flags(site, flags, "samples start on the first pixel")
        return
    if verdict.negligible:
        return
    shift = float(verdict.worst.verdict.displacement)
    message = f"samples start on the first pixel, up to {shift:.3g} input px from half pixels"
    row = as_written(operation, "coordinates")
    if row is not None:
        told = f"{message}; {row.framework} computes this, TensorFlow 2 does not"
        yield Finding(told, "note", "proven", declined=f"{row.framework} means it")
        return
    fix = Fix("unsafe", meant)
    yield Finding(f"{message}; {whose(operation)}", "warning", "proven", fix)


def _shifted(sampling: Sampling) -> bool:
    return sampling.coordinate == "asymmetric" and isinstance(sampling.kernel, Linear)


def _centred(sampling: Sampling) -> Sampling:
    return replace(sampling, coordinate="half_pixel") if _shifted(sampling) else sampling


_OLD, _NEW = Sampling("asymmetric", Linear()), Sampling("half_pixel", Linear())
_CALL = parse_call('F.interpolate(x, size=(10, 14), mode="bilinear")')
_PROGRAM: Facts = {
    "dialect": ML_PROGRAM, "opset": 6, "by": "sizes",
    "input_shape": (1, 2, 5, 7), "output_shape": (1, 2, 10, 14),
    "attributes": {"target_size_height": 10, "target_size_width": 14},
}  # fmt: skip
_NETWORK: Facts = {
    "dialect": NEURAL_NETWORK, "opset": 4, "by": "scales", "scales": (1.0, 1.0, 2.0, 2.0),
    "input_shape": (1, 2, 5, 7), "output_shape": (1, 2, 10, 14),
}  # fmt: skip
RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("resize_bilinear", example_resize(_NEW), like=_PROGRAM)),
        Good(
            example_site(
                "upsample_nearest_neighbor",
                example_resize(Sampling("asymmetric", Nearest())),
                like=_PROGRAM,
            ),
            because="nearest from the first pixel on is PyTorch's own nearest",
        ),
        Bad(
            example_site("resize_bilinear", example_resize(_OLD), like=_PROGRAM),
            Finding(
                "samples start on the first pixel, up to 0.25 input px from half pixels; no plain "
                "F.interpolate computes this",
                "warning",
                "proven",
                Fix("unsafe", example_resize(_NEW)),
            ),
        ),
        Bad(
            example_site("upsample", example_resize(_OLD), like={**_NETWORK, "opset": 3}),
            Finding(
                "samples start on the first pixel, up to 0.25 input px from half pixels; no plain "
                "F.interpolate computes this",
                "warning",
                "proven",
                Fix("unsafe", example_resize(_NEW)),
            ),
        ),
        Bad(
            example_site(
                "upsample", example_resize(_OLD), framework="tensorflow==2.12.0",
                producer=Producer("coremltools"), like=_NETWORK,
            ),
            Finding(
                "samples start on the first pixel, up to 0.25 input px from half pixels; "
                "TensorFlow 1 computes this, TensorFlow 2 does not",
                "note",
                "proven",
                declined="TensorFlow 1 means it",
            ),
        ),
        Bad(
            example_site(
                "upsample", example_resize(_OLD),
                intent=Intent("assumed", "a habit", _CALL.text(), _CALL),
                like={**_NETWORK, "opset": 5},
            ),
            Finding(
                "samples start on the first pixel: at length 5 to 10 (axis 2) samples are up to "
                "0.25 input px off, interpolation weights up to 0.25; F.interpolate(x, "
                'size=(10, 14), mode="bilinear", align_corners=False) was meant',
                "warning",
                "assumed",
                Fix(
                    "unsafe",
                    example_resize(replace(_NEW, copies_same_length=True)),
                ),
            ),
        ),
    ),
    dialects=CORE_ML,
)  # fmt: skip
