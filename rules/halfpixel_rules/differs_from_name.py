"""A resize computes something else than the operator whose name the converter kept.

## Why it matters
Converters rename the nodes that they write, and keep the original's name on what comes out:
`resize/ResizeArea` on a Transpose behind a Resize that picks single pixels is a mean over windows
that was lost, `ResizeNearestNeighbor` on a bilinear layer a label map that is blended. The file
loads, runs, and gives other values.

## Where it comes from
- tf2onnx writes TensorFlow's ResizeArea as nearest (source: models/reports,
  tf-area-6x8-to-3x4.onnx, which it wrote);
- coremltools writes ResizeNearestNeighbor that shrinks as bilinear, in ML Programs and neural
  networks (source: models/reports, tf-nearest-16x16-to-8x8-ios16.mlpackage and others);
- a node that was edited, or renamed by hand.

## What is reported
A warning with the lengths at which the two differ; nothing where they are the same, such as an
area resize that enlarges by a whole factor. Only the names that TensorFlow and Paddle give their
operators themselves count.

## Fix safety
Unsafe: a name may have been given by hand. What the operator of that name computes is written at
the coordinates that stand there; align_corners of ResizeArea is in no file.
"""

from collections.abc import Iterator

from halfpixel.intents.kept_name import computes
from halfpixel.origin import Intent
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_resize, example_site
from halfpixel.sampling import Area, Linear, Nearest, Resize, Sampling, compare_resize
from halfpixel.site import Site


def check(site: Site) -> Iterator[Finding]:
    """Compare the site with what its name says."""
    intent, operator = site.intent, site.operator
    if intent is None or intent.how != "named":
        return
    meant = intent.operator
    if not isinstance(operator, Resize) or not isinstance(meant, Resize):
        return
    verdict = compare_resize(operator, meant, *site.operation.lengths)
    if verdict.negligible:
        return
    worst = verdict.worst.verdict
    n_in, n_out = worst.witness or (0, 0)
    message = (
        f"its name is that of {intent.text}, which {computes(site.operation)}: at length {n_in} to "
        f"{n_out} (axis {verdict.worst.axis}) interpolation weights are up "
        f"to {float(worst.weight_difference):.3g} off"
    )
    yield Finding(message, "warning", "named", Fix("unsafe", meant))


_SIZES: Facts = {"input_shape": (1, 3, 6, 8), "output_shape": (1, 3, 3, 4), "by": "sizes"}
_UP: Facts = {"input_shape": (1, 3, 3, 4), "output_shape": (1, 3, 6, 8), "by": "sizes"}
_PICKED = example_resize(Sampling("asymmetric", Nearest("floor")))
_BLENDED = example_resize(Sampling("half_pixel", Linear()))
_MEAN = example_resize(Sampling("half_pixel", Area("overlap")))
_NEAREST = example_resize(Sampling("tf_half_pixel_for_nn", Nearest("floor")))


def _named(written: Resize, name: str, meant: Resize, like: Facts) -> Site:
    """Return an example with a name that was kept, and what it says."""
    intent = Intent("named", "a name", name, operator=meant)
    return example_site("Resize", written, like=like, kept=f"tensorflow {name}", intent=intent)


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _PICKED, like=_SIZES), because="no name was kept"),
        Good(
            _named(_PICKED, "ResizeArea", _MEAN, _UP),
            because="the mean of a pixel that is repeated is that pixel",
        ),
        Bad(
            _named(_PICKED, "ResizeArea", _MEAN, _SIZES),
            Finding(
                "its name is that of ResizeArea, which takes the mean of a window: at length 6 to "
                "3 (axis 2) interpolation weights are up to 0.5 off",
                "warning",
                "named",
                Fix("unsafe", _MEAN),
            ),
        ),
        Bad(
            _named(_BLENDED, "ResizeNearestNeighbor", _NEAREST, _SIZES),
            Finding(
                "its name is that of ResizeNearestNeighbor, which picks one pixel: at length 6 to "
                "3 (axis 2) interpolation weights are up to 0.5 off",
                "warning",
                "named",
                Fix("unsafe", _NEAREST),
            ),
        ),
    ),
)
