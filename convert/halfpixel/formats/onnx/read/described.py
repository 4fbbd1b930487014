"""An operation, and the function that evaluates it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from halfpixel.site import Operation

if TYPE_CHECKING:
    from onnx import NodeProto

    from halfpixel.site import Compute


@dataclass(frozen=True, slots=True)
class Described:
    """An operation and the function that evaluates it."""

    operation: Operation
    compute: "Compute"


def given_name(node: "NodeProto", place: int) -> str:
    """Return the name of an optional input, or an empty text."""
    return node.input[place] if place < len(node.input) else ""
