"""A chosen target computes something else than this node says.

## Why it matters
The model is right and its result is not: it differs between the provider that it was verified
on and the one that it is deployed on.

## Where it comes from
`--target NAME`: the table of what a runtime and provider computes, which `halfpixel conformance`
measured. Nothing is said without it.

## What is reported
A warning with the cause and the worst error that was seen on unit noise. Ties that float32
decides are left to nearest-off-by-one, since they show at some lengths only.

## Fix safety
None: the node is right. `halfpixel fix --lower NODE=matmul` writes it in operators that compute
what they say.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.site import Site
from halfpixel.target import load_target
from halfpixel_rules._target import DOUBLED, ON_THE_CPU, instead


def check(site: Site) -> Iterator[Finding]:
    """Look the node up in the table of each target."""
    for name in site.operation.targets:
        said = load_target(name).verdict(site.operation)
        if said is None or said.verdict != "different":
            continue
        worst = "" if said.worst is None else f", by up to {said.worst:.3g} where it was run"
        message = f"{name} computes it differently ({said.reason}{worst})"
        yield Finding(message, "warning", "simulated", declined=instead(site.operation))


RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(example_site("Resize", DOUBLED, ON_THE_CPU)),
        Bad(
            example_site("Resize", DOUBLED, ON_THE_CPU, dtype="int32"),
            Finding(
                "onnxruntime-cpu computes it differently (whole numbers, by up to 1 where it was "
                "run)",
                "warning",
                "simulated",
                declined="the node is right; between casts to float32 and back it computes what "
                "it says",
            ),
        ),
    ),
)
