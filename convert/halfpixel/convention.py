"""What a convention is: one framework's names for the samplings it can compute.

A convention is a two-way dictionary. Reading turns the framework's own words into a
`Resize`; writing goes the other way, and answers None where the framework has no words for
a sampling. Adding a framework is adding one file to `conventions/`, which ends in a typed
constant ``CONVENTION``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from halfpixel.registry import load
from halfpixel.sampling import Sampling

MODULES: Final = (
    "onnx.resize",
    "torch.interpolate",
    "tf_resize",
    "opencv_resize",
    "coreml.mil",
    "coreml.neuralnetwork",
)


@dataclass(frozen=True, slots=True)
class Convention:
    """One framework's names for a sampling.

    Attributes:
        name: name of the framework's operator, as `explain` shows it.
        write: the sampling in the framework's words, for a number of spatial axes; None
            where it has none.
        examples: calls in the framework's words, with the sampling each one means.
    """

    name: str
    write: Callable[[Sampling, int], str | None]
    examples: tuple[tuple[str, Sampling], ...] = ()


def load_conventions() -> tuple[Convention, ...]:
    """Return every convention, in the order of `MODULES`."""
    return tuple(load("conventions", MODULES, Convention))
