"""onnxruntime leaves negative axes as they are under keep_aspect_ratio_policy.

## Why it matters
The specification counts a negative axis from the last one. Under a policy, onnxruntime looks for
each axis by its plain number and does not find it: the length stays, and the output is smaller or
larger than the model says. Nothing is reported but a warning at its run.

## Where it comes from
A Resize-18 or later with `axes` such as [-2, -1] and keep_aspect_ratio_policy not_larger or
not_smaller. Without a policy onnxruntime takes negative axes as it should.

## What is reported
A warning with the lengths that onnxruntime gives along these axes (run with 1.31), where the input
is known; with `--target onnxruntime-cpu` the [table of the target](targets.md) tells it.

## Fix safety
None: the node says what is meant; the same axes written without a sign mean the same everywhere.
"""

from collections.abc import Iterator
from typing import cast

from halfpixel.rule import Bad, Facts, Finding, Good, Rule, example_site
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Site
from halfpixel.targets.refusals import NAME, difference_of


def check(site: Site) -> Iterator[Finding]:
    """Look for axes that the policy of a node is not applied to."""
    operation = site.operation
    policy = operation.attributes.get("keep_aspect_ratio_policy")
    axes = cast("tuple[int, ...]", operation.attributes.get("axes") or ())
    negative = sorted(axis for axis in axes if axis < 0)
    if not negative or policy is None or NAME in operation.origin.targets:
        return
    if difference_of(operation) is None:
        return
    ins, outs = operation.lengths
    known = operation.input_shape is not None
    if known and all(ins[axis] is not None and ins[axis] == outs[axis] for axis in negative):
        return
    told = "x".join("?" if ins[a] is None else str(ins[a]) for a in negative) if known else ""
    stay = f" ({told})" if told.replace("?", "").replace("x", "") else ""
    named = f"axes {', '.join(map(str, negative))}"
    plain = ", ".join(str(axis % operation.rank) for axis in axes)
    message = (
        f"onnxruntime does not apply keep_aspect_ratio_policy={policy} to negative axes: the "
        f"lengths along {named} stay as they are{stay}"
    )
    declined = f"the node is right; written as axes {plain} it is so in onnxruntime, too"
    yield Finding(message, "warning", "simulated", declined=declined)


_RESIZE = Resize(tuple((axis, Sampling("half_pixel", Linear())) for axis in (2, 3)))
_LENGTHS: Facts = {
    "input_shape": (1, 1, 6, 4),
    "output_shape": (1, 1, 11, 7),
    "by": "sizes",
}

RULE = Rule(
    __name__,
    __doc__,
    check,
    examples=(
        Good(
            example_site(
                "Resize",
                _RESIZE,
                attributes={"axes": (2, 3), "keep_aspect_ratio_policy": "not_larger"},
                like=_LENGTHS,
            ),
        ),
        Good(
            example_site("Resize", _RESIZE, attributes={"axes": (-2, -1)}, like=_LENGTHS),
            because="without a policy negative axes are taken as they should be",
        ),
        Good(
            example_site(
                "Resize",
                _RESIZE,
                attributes={"axes": (-2, -1), "keep_aspect_ratio_policy": "not_larger"},
                targets=("onnxruntime-cpu",),
                like=_LENGTHS,
            ),
            because="the table of the target tells it",
        ),
        Bad(
            example_site(
                "Resize",
                _RESIZE,
                attributes={"axes": (-2, -1), "keep_aspect_ratio_policy": "not_larger"},
                like=_LENGTHS,
            ),
            Finding(
                "onnxruntime does not apply keep_aspect_ratio_policy=not_larger to negative "
                "axes: the lengths along axes -2, -1 stay as they are (6x4)",
                "warning",
                "simulated",
                declined="the node is right; written as axes 2, 3 it is so in onnxruntime, too",
            ),
        ),
    ),
)
