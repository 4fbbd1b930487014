"""A chosen target has no kernel for this node, or leaves it to the CPU.

## Why it matters
A node that is refused keeps the model from loading, or fails on its first run. One that falls
back runs on the CPU without a word, with a copy of its tensor there and back on every call.

## Where it comes from
`--target NAME`: a table that `halfpixel conformance` measured, or rows read from the runtime's own
source, each with its place in it ([docs/targets.md](targets.md)). Nothing is said without it.

## What is reported
A warning with the reason or the runtime's own words, and what runs in its place. A Core ML model of
a later specification than the target's is refused as a whole: no other operators mend that, and
`fix --lower` does not make it go away.

## Fix safety
Safe where other attributes that the target takes are proven to say the same at every size.
Otherwise none: the node is right. `halfpixel fix --lower NODE=matmul` writes it as matrix products,
which a CUDA provider rounds to TF32 unless use_tf32=0 (source: onnxruntime, docs of the CUDA
execution provider).
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Facts, Finding, Fix, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site
from halfpixel_rules._target import DOUBLED, ON_THE_CPU, alternative, known_by, objections


def check(site: Site) -> Iterator[Finding]:
    """Ask each target about the node."""
    for target, said in objections(site.operation):
        if said.verdict == "different":
            continue
        fallen = said.verdict == "fallback"
        what = f"{target.name} leaves it to the CPU" if fallen else f"{target.name} refuses it"
        fix, declined = alternative(site.operation, target, said)
        message = f"{what}: {said.reason}"
        yield Finding(message, "warning", known_by(said), fix, declined, whole=said.whole)


_SYMMETRIC = Resize(tuple((a, Sampling("half_pixel_symmetric", Linear())) for a in (2, 3)))
_ELSEWHERE: Facts = {
    **ON_THE_CPU,
    "attributes": {"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"},
    "targets": ("tensorrt",),
    "dtype": "float32",
}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", DOUBLED, ON_THE_CPU, dtype="float32")),
        Good(
            example_site("Resize", DOUBLED, ON_THE_CPU, dtype="float64", targets=()),
            because="no target is chosen",
        ),
        Bad(
            example_site("Resize", DOUBLED, ON_THE_CPU, dtype="float64"),
            Finding(
                "onnxruntime-cpu refuses it: it resizes float32, int32, int8 and uint8, and casts "
                "float16",
                "warning",
                "simulated",
                declined="the node is right; --lower NODE=matmul says the same in other operators",
            ),
        ),
        Bad(
            example_site("Resize", _SYMMETRIC, _ELSEWHERE),
            Finding(
                "tensorrt refuses it: the coordinate_transformation_mode",
                "warning",
                "assumed",
                Fix(
                    "safe",
                    DOUBLED,
                ),
            ),
        ),
    ),
    kind="target",
)
