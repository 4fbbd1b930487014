"""One site of an opened model as a model of its own, to be run by itself."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from msgspec import Struct, field

from halfpixel.format import Opened, Port
from halfpixel.site import Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CUTTERS: Final[Mapping[str, str]] = {
    "ONNX": "cutting.onnx_cut",
    "Core ML": "mil_as_onnx.cut",
    "LiteRT": "cutting.litert_cut",
}
"""The module of `runtimes/` whose `cut_out` cuts the sites of a format's models."""


class Cut(Struct, frozen=True):
    """One site as a model of its own.

    Attributes:
        model: a serialized model: ONNX, or LiteRT of a site of LiteRT.
        inputs: what it takes.
        site: the site as it is at these lengths; None where the model tells when it is read.
        constants: what the site reads beside the inputs, under its parameters' names; empty
            where the inputs have other names.
    """

    model: bytes
    inputs: tuple[Port, ...]
    site: Site | None = None
    constants: "Mapping[str, NDArray[np.generic]]" = field(default_factory=lambda: {})  # noqa: PIE807


def one_site(model: Opened, site: int, shape: Sequence[int], outs: Sequence[int]) -> Cut:
    """Return one site of a model as a model of its own, at given lengths.

    Args:
        model: the model.
        site: its place among the model's sites.
        shape: lengths of the input that is resampled.
        outs: output lengths, used where the model computes them.

    Raises:
        GraphError: it cannot stand alone.
    """
    module = import_module(f"halfpixel.runtimes.{CUTTERS[model.format]}")
    cut_out = cast("Callable[[Opened, int, Sequence[int], Sequence[int]], Cut]", module.cut_out)
    return cut_out(model, site, shape, outs)
