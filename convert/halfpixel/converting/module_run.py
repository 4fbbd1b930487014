"""What a run of the module makes: whether a file can be held against it."""

from typing import TYPE_CHECKING

from msgspec import Struct

from halfpixel.converting.export.quietly import quietly
from halfpixel.converting.source import Source
from halfpixel.runtime import Side
from halfpixel.runtimes.torch_ import TorchRunning

if TYPE_CHECKING:
    from halfpixel.arrays import Feeds


class ModuleRun(Struct, frozen=True):
    """What a run of the module made.

    Attributes:
        numbers: how many.
        column: an antialiased resize came to one column, of which PyTorch makes something else.
        finite: none of them is NaN or an infinity.
    """

    numbers: int
    column: bool = False
    finite: bool = True

    @property
    def tells(self) -> bool:
        """Whether a file can be held against it: there are numbers, and they are right."""
        return self.numbers > 0 and not self.column

    def like(self, usual: "ModuleRun | None") -> bool:
        """Whether it is finite where another run is: a division by a length less one is not."""
        return self.finite or usual is None or not usual.finite


def run_of(source: Source, feeds: "Feeds") -> ModuleRun | None:
    """Return what the module makes of inputs; None where it takes no such lengths."""
    import numpy as np

    try:
        with quietly():
            made = list(source.running.run(feeds).values())
            finite = all(bool(np.isfinite(array).all()) for array in made)
            count = sum(array.size for array in made)
            return ModuleRun(count, column=_column(source, feeds), finite=finite)
    except Exception:  # noqa: BLE001 - whatever a module raises, it does not take them
        return None


def _column(source: Source, feeds: "Feeds") -> bool:
    """Whether PyTorch's own result is wrong, as rule antialias-column has it."""
    told = source.program is not None or source.deferred
    if told and not any("_aa" in call.target for call in source.calls):
        return False
    with quietly():
        calls = TorchRunning(Side(source.module), source.module, "cpu").calls(feeds)
    return any(
        call.output.shape[-1] == 1 and call.output.shape[-2] != call.inputs[0].shape[-2]
        for call in calls
        if "_aa" in call.name
    )
