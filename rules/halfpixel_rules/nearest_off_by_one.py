"""A nearest resize reads neighbouring pixels, because float32 arithmetic rounds.

## Why it matters
The attributes are right and the pixels are not. onnxruntime divides the output index by the
float32 scale; on 224 to 32 the quotient for output 1 is just below 7, and floor makes it 6.
PyTorch multiplies by the inverse and reads 7. 19 of these 32 columns are wrong.

## Where it comes from
torch.onnx.export writes asymmetric + floor for F.interpolate(mode="nearest"), which is exact
on paper. The whole factors 7, 13, 14, 15, 26, 28, 30, 51, 52, 56, 60, 63 ... fail: patch sizes of
vision transformers among them. A dynamic nearest-exact is exported as arithmetic in the
graph, whose own float32 rounding meets ties.

## What is reported
The pixels that onnxruntime reads are computed in its own arithmetic, and so are PyTorch's. An
error where the call is recorded, a warning where it is assumed. A free length is judged at the
first 256 that the model takes: how many go wrong, and the smallest; a note where fewer than one
in a hundred do, or where the factor itself is guessed. scale_factor 0.3, 0.6 and 2.4 go wrong at
most lengths, 0.7 and 1.7 at none.

## Fix safety
Safe for whole downscales: asymmetric + round_prefer_floor reads the same pixels in exact
arithmetic, and is checked here to read PyTorch's at these lengths. Otherwise the pixels that
PyTorch reads are gathered, from a table or computed in the graph as PyTorch computes them: safe
where the call is recorded, unsafe where it is assumed.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from halfpixel.conventions.torch.call import closest_nearest
from halfpixel.conventions.torch.interpolate import parse_call
from halfpixel.intents.axis_deviation import Deviation
from halfpixel.intents.deviation import Lengths, deviation
from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_record, example_site
from halfpixel.sampling import Nearest, Resize, Sampling
from halfpixel.sampling.pixels import LONGEST, runtime_pixels, torch_pixels
from halfpixel.sampling.resize import given_scale
from halfpixel.site import Operation, Site
from halfpixel.surroundings import FreeLengths
from halfpixel_rules._meant import how_of, severity_of


def check(site: Site) -> Iterator[Finding]:
    """Compare the pixels that the two runtimes read."""
    operation = site.operation
    if operation.surroundings.free_lengths.tables:
        yield from _tables(operation)
        return
    found = deviation(operation)
    if found is None or found.cause != "arithmetic" or operation.intent is None:
        return
    operator = operation.operator
    if not isinstance(operator, Resize):
        return
    here = runtime_pixels(dict(operator.axes)[found.axis], found.n_in, found.n_out) or ()
    there = torch_pixels(dict(found.meant.axes)[found.axis], found.n_in, found.n_out) or ()
    wrong = [i for i, (a, b) in enumerate(zip(here, there, strict=True)) if a != b]
    message = (
        f"{found.where} {len(wrong)} of {found.n_out} samples are off: output {wrong[0]} reads "
        f"pixel {here[wrong[0]]} in onnxruntime and {there[wrong[0]]} in PyTorch; "
        f"{operation.intent.text} was meant"
    )
    told = operation.intent.how != "assumed"
    fix = _fix(operator, found, operation.lengths) or Fix(
        "safe" if told else "unsafe",
        found.meant,
        exact=True,
    )
    yield Finding(message, severity_of(operation, found), how_of(operation, found), fix)


def _fix(operator: Resize, found: Deviation, lengths: Lengths) -> Fix | None:
    """Return asymmetric + round_prefer_floor, where it reads PyTorch's pixels on every axis."""
    axes = tuple((a, replace(s, kernel=Nearest("round_prefer_floor"))) for a, s in operator.axes)
    meant = dict(found.meant.axes)
    for axis, sampling in axes:
        n_in, n_out = lengths[0][axis], lengths[1][axis]
        if n_in is None or n_out is None or sampling.coordinate != "asymmetric":
            return None
        if axis not in meant or n_in % n_out or n_in > LONGEST:
            return None  # the rounding is one attribute for every axis
        if runtime_pixels(sampling, n_in, n_out) != torch_pixels(meant[axis], n_in, n_out):
            return None
    return Fix("safe", Resize(axes))


def _tables(operation: Operation) -> Iterator[Finding]:
    """Judge the rows that a graph's own arithmetic gathers at trial inputs."""
    dynamic = operation.surroundings.free_lengths
    closest = closest_nearest(dynamic.trials, dynamic.tables, dynamic.factors)
    if closest is None or closest.first is None or closest.off * 4 > closest.samples:
        return
    n_in, n_out, i, here, there = closest.first
    message = (
        f"the graph's own arithmetic for {closest.call.text()} is off: at length {n_in} to "
        f"{n_out} output {i} reads pixel {here}, PyTorch reads {there}"
    )
    call = closest.call
    fix = None
    if operation.input_shape is not None and call.scale_factor is not None:
        meant = call.resize(operation.rank)
        fix = Fix("unsafe", meant, call.scale_factor, exact=True)
    declined = "" if fix else "the indices are computed by nodes of the graph"
    yield Finding(message, "warning", "simulated", fix, declined)


def _axes(rounding: str = "floor") -> Resize:
    kernel = Nearest("round_prefer_floor") if rounding != "floor" else Nearest("floor")
    sampling = Sampling("asymmetric", kernel)
    return Resize(((2, sampling), (3, sampling)))


_CALL = parse_call('F.interpolate(x, size=(32, 32), mode="nearest")')
_RECORD = example_record(_CALL)
_PATCHES: Facts = {"input_shape": (1, 3, 224, 224), "output_shape": (1, 3, 32, 32), "by": "sizes"}
_FACTOR = Resize(((2, Sampling("asymmetric", Nearest("floor"), given_scale(0.6))),))
_FREE: Facts = {"input_shape": (1, 3, "n"), "output_shape": (1, 3, "m"), "by": "scales"}
_BY_FACTOR = example_record(parse_call('F.interpolate(x, scale_factor=0.6, mode="nearest")', 1))
_EVEN: Facts = {"input_shape": (1, 3, 64, 64), "output_shape": (1, 3, 32, 32), "by": "sizes"}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", _axes(), intent=_RECORD, like=_EVEN)),
        Good(
            example_site("Resize", _axes("round_prefer_floor"), intent=_RECORD, like=_PATCHES),
            because="rounding to the nearest whole quotient is safe from float32",
        ),
        Bad(
            example_site("Resize", _axes(), intent=_RECORD, like=_PATCHES),
            Finding(
                "at length 224 to 32 (axis 2) 19 of 32 samples are off: output 1 reads pixel 6 "
                "in onnxruntime and 7 in PyTorch; F.interpolate(x, size=(32, 32), "
                'mode="nearest") was meant',
                "error",
                "simulated",
                Fix("safe", _axes("round_prefer_floor")),
            ),
        ),
        Bad(
            example_site("Resize", _FACTOR, intent=_BY_FACTOR, like=_FREE),
            Finding(
                "at 240 of the first 256 lengths, the smallest 17: at length 17 to 10 (axis 2) 1 "
                "of 10 samples are off: output 9 reads pixel 14 in onnxruntime and 15 in PyTorch; "
                'F.interpolate(x, scale_factor=0.6, mode="nearest") was meant',
                "error",
                "simulated",
                Fix("safe", _FACTOR, exact=True),
            ),
        ),
        Good(
            example_site(
                "GatherND",
                None,
                hidden="GatherND",
                free_lengths=FreeLengths((((4,), (8,)),), (((0, 0, 1, 1, 2, 2, 3, 3),),)),
            ),
        ),
    ),
)
