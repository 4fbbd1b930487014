"""A chosen target computes something else than this node says.

## Why it matters
The model is right and its result is not: it differs between the provider that it was verified
on and the one that it is deployed on.

## Where it comes from
`--target NAME`: a table that `halfpixel conformance` measured, or rows read from the runtime's own
source, each with its place in it ([docs/targets.md](targets.md)). Nothing is said without it.

## What is reported
A warning with the cause, and the worst error that was seen where it was run on unit noise. A
nearest resize is computed in the float32 steps of a target that are known, at its own lengths or at
the first 256 that a free axis takes: OpenVINO takes nearest-exact from 20 to 6 to pixel 14 for 15.

## Fix safety
Safe where other attributes that the target computes as they say are proven to say the same at
every size. Otherwise none: the node is right. `halfpixel fix --lower NODE=matmul` writes it in
operators that compute what they say.
"""

from collections.abc import Iterator

from halfpixel.rule import Bad, Finding, Good, Rule, example_site
from halfpixel.site import Site
from halfpixel_rules._target import DOUBLED, ON_THE_CPU, alternative, known_by, objections


def check(site: Site) -> Iterator[Finding]:
    """Ask each target about the node."""
    for target, said in objections(site.operation):
        if said.verdict != "different":
            continue
        worst = "" if said.worst is None else f", by up to {said.worst:.3g} where it was run"
        message = f"{target.name} computes it differently ({said.reason}{worst})"
        fix, declined = alternative(site.operation, target, said)
        yield Finding(message, "warning", known_by(said), fix, declined)


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
    kind="target",
    aliases=("roi-align-max",),
)
