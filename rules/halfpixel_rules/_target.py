"""What the rules about targets have in common: how else a node can be written."""

from halfpixel.rule import Details
from halfpixel.sampling import Linear, Resize, Sampling
from halfpixel.site import Operation

DOUBLED = Resize(tuple((axis, Sampling("half_pixel", Linear())) for axis in (2, 3)))
"""The resize of the examples, and what else they say of it."""

ON_THE_CPU: Details = {
    "attributes": {"mode": "linear"},
    "input_shape": (1, 2, 4, 4),
    "output_shape": (1, 2, 8, 8),
    "by": "sizes",
    "targets": ("onnxruntime-cpu",),
}

FLOATS = frozenset({"", "float16", "float32", "float64"})


def instead(operation: Operation) -> str:
    """Return why nothing is fixed, and what says the same in other operators."""
    if not isinstance(operation.operator, Resize):
        return "the node is right, and nothing else says the same"
    if operation.dtype not in FLOATS:
        return "the node is right; between casts to float32 and back it computes what it says"
    return "the node is right; --lower NODE=matmul says the same in other operators"
