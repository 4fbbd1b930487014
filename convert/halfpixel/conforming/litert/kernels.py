"""Which of its kernels LiteRT runs a model on: its reference, its optimised ones, or XNNPACK's."""

from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

from halfpixel.formats.litert.write.single import INPUT, OUTPUT
from halfpixel.runtimes.interpreter.process import loading, need_library, run
from halfpixel.runtimes.litert_ import KERNELS as RESOLVERS

if TYPE_CHECKING:
    from halfpixel.arrays import Array

Kernels = Literal["reference", "builtin", "xnnpack"]
KERNELS: Final[tuple[Kernels, ...]] = ("reference", "builtin", "xnnpack")


def runtime() -> str:
    """Return the name and the release of LiteRT.

    Raises:
        MissingExtraError: it is not installed.
    """
    need_library()
    return f"ai-edge-litert {import_module('ai_edge_litert').__version__}"


def on_litert(model: bytes, kernels: Kernels, x: "Array") -> "Array":
    """Run a model of one resize, in the process that a crash of a kernel ends alone.

    Args:
        model: as `written_single` makes it.
        kernels: what it runs on; what XNNPACK leaves runs on the optimised ones.
        x: its input.

    Raises:
        MissingExtraError: LiteRT is not installed.
        RuntimeRefusal: it refuses the model, in its own words, or crashes on it.
    """
    asked = loading(f"LiteRT {kernels}", model, RESOLVERS[kernels], keep=False)
    (found,) = run(asked, {INPUT: x}, [OUTPUT])
    return found
