"""A chosen target has no kernel for this node, or leaves it to the CPU.

## Why it matters
A node that is refused keeps the model from loading, or fails on its first run. One that falls
back runs on the CPU without a word, with a copy of its tensor there and back on every call.

## Where it comes from
`--target NAME`: the table of what a runtime and provider takes, which `halfpixel conformance`
measured. Nothing is said without it.

## What is reported
A warning with the runtime's own words, and the operators in which the same resize runs.

## Fix safety
None: the node is right. `halfpixel fix --lower NODE=matmul` writes it in operators that every
provider has, exactly.
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
        if said is None or said.verdict == "different":
            continue
        fallen = said.verdict == "fallback"
        what = "leaves it to the CPU" if fallen else f"refuses it: {said.reason}"
        yield Finding(f"{name} {what}", "warning", "simulated", declined=instead(site.operation))


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
                "onnxruntime-cpu refuses it: Could not find an implementation for Resize(19) node "
                "with name 'node'",
                "warning",
                "simulated",
                declined="the node is right; --lower NODE=matmul says the same in other operators",
            ),
        ),
    ),
)
