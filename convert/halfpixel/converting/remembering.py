"""A module whose outputs are remembered: it is asked whether it takes lengths, and then verified.

Each run of a large module takes as long as the file that is held against it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import TYPE_CHECKING, Final

from halfpixel.runtime import RunSettings, Side
from halfpixel.runtimes.torch_ import RUNTIME, TorchRunning

if TYPE_CHECKING:
    import torch

    from halfpixel.arrays import Array, Arrays

    Kept = tuple[torch.nn.Module, tuple[Array, ...], Arrays]

MOST: Final = 1 << 27
"""Bytes of outputs that are remembered."""


@dataclass
class Remembering(TorchRunning):
    """One module, in eager mode, that is run once on the same arrays.

    Attributes:
        kept: runs: the module, since a copy of it computes in float64; inputs and outputs.
        size: bytes of the outputs.
    """

    kept: "list[Kept]" = field(default_factory=list["Kept"])
    size: int = 0

    def run(self, feeds: "Mapping[str, Array]", wanted: Sequence[str] = ()) -> "dict[str, Array]":
        """Return the outputs, by position or key."""
        arrays = tuple(feeds.values())
        for module, before, made in self.kept:
            same = module is self.module and len(before) == len(arrays)
            if same and all(map(is_, before, arrays)):
                self.outputs = tuple(made)
                return dict(made)
        found = {name: array.copy() for name, array in super().run(feeds, wanted).items()}
        size = sum(array.nbytes for array in found.values())
        if self.size + size <= MOST:
            self.size += size
            self.kept.append((self.module, arrays, found))
        return dict(found)


def remembering(module: "torch.nn.Module", name: str) -> Remembering:
    """Return a module that is ready to run, under a name."""
    return Remembering(**vars(RUNTIME.started(Side(module, label=name), RunSettings())))
