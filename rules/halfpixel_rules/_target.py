"""What the rules about targets have in common: how else a node can be written."""

from halfpixel.sampling import Resize
from halfpixel.site import Operation

FLOATS = frozenset({"", "float16", "float32", "float64"})


def instead(operation: Operation) -> str:
    """Return why nothing is fixed, and what says the same in other operators."""
    if not isinstance(operation.operator, Resize):
        return "the node is right, and nothing else says the same"
    if operation.dtype not in FLOATS:
        return "the node is right; between casts to float32 and back it computes what it says"
    return "the node is right; --lower NODE=matmul says the same in other operators"
