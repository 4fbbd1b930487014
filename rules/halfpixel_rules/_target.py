"""What the rules about targets have in common: how else a node can be written."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from halfpixel.origin import How
from halfpixel.rule import Facts, Fix
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Operation

if TYPE_CHECKING:
    from halfpixel.targets.target import Target
    from halfpixel.targets.verdict import TargetVerdict

DOUBLED = Resize(tuple((axis, Sampling("half_pixel", Linear())) for axis in (2, 3)))
"""The resize of the examples, and what else they say of it."""

ON_THE_CPU: Facts = {
    "attributes": {"mode": "linear"},
    "input_shape": (1, 2, 4, 4),
    "output_shape": (1, 2, 8, 8),
    "by": "sizes",
    "targets": ("onnxruntime-cpu",),
}

WHOLE = "it is the model that is refused, whatever its nodes are: convert it again for that system"

FLOATS = frozenset({"", "float16", "float32", "float64"})


def objections(operation: Operation) -> Iterator["tuple[Target, TargetVerdict]"]:
    """Yield each target that has something against an operation, and what."""
    if not operation.origin.targets:
        return
    from halfpixel.targets.target import load_target

    for name in operation.origin.targets:
        target = load_target(name)
        said = target.verdict(operation)
        if said is not None:
            yield target, said


def known_by(said: "TargetVerdict") -> How:
    """Return how a verdict is known: it was run, or is assumed of what was read."""
    return "simulated" if said.how == "measured" else "assumed"


def alternative(
    operation: Operation, target: "Target", said: "TargetVerdict"
) -> tuple[Fix | None, str]:
    """Return attributes that say the same and are taken, or what else to do and why it is left."""
    if said.whole:
        return None, WHOLE
    from halfpixel.targets.advice import lowering, other_attributes

    other = other_attributes(operation, target)
    if other is not None:
        return Fix("safe", other.resize), ""
    told = f"the node is right; {said.instead}" if said.instead else ""
    kind = lowering(operation)
    if kind is None:
        return None, told or "the node is right, and nothing else says the same"
    if told:
        return None, f"{told}, or --lower NODE={kind} in other operators"
    if operation.dtype not in FLOATS:
        casts = "between casts to float32 and back it computes what it says"
        return None, f"the node is right; {casts}"
    return None, f"the node is right; --lower NODE={kind} says the same in other operators"
